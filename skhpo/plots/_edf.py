"""Plot of the distribution of the values of the candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plots._base import Display
from skhpo.plots._data._edf import EDFData, edf_data
from skhpo.plots._data._sources import name_of_values, named_searches, named_studies
from skhpo.plots._data._trials import Target
from skhpo.plots._style import SERIES, legend, new_axes, with_direction

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["EDFDisplay"]


class EDFDisplay(EDFData, Display):
    """Plot of the fraction of candidates whose value is at most each value.

    Create it with :meth:`from_search` or :meth:`from_study`. EDF stands for empirical
    distribution function. Several searches on different search spaces show which space has more
    good candidates. Only complete candidates count.

    Parameters
    ----------
    labels : list of str
        Names of the studies.
    values : list of ndarray of shape (n_complete,)
        For each study, the values of its complete candidates, in ascending order.
    name : str
        Name of the objective.
    greater_is_better : bool or None
        Whether larger values are better; None if unknown.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the axes.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.plots import EDFDisplay
    >>> def objective(trial, high):
    ...     return trial.suggest_float("x", 0, high) ** 2
    >>> narrow, wide = skhpo.create_study(), skhpo.create_study()
    >>> narrow.optimize(lambda trial: objective(trial, 1), n_trials=20)
    >>> wide.optimize(lambda trial: objective(trial, 10), n_trials=20)
    >>> display = EDFDisplay.from_study({"narrow": narrow, "wide": wide})
    >>> display.labels
    ['narrow', 'wide']
    """

    @classmethod
    def from_study(
        cls,
        study: Study | Sequence[Study] | Mapping[str, Study],
        *,
        objective: str | None = None,
        target: Target | None = None,
        name: str | None = None,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the distribution of the values of one or more studies.

        Parameters
        ----------
        study : Study, sequence of Study or mapping of str to Study
            One or more studies. The keys of a mapping are the labels of the lines.
        objective : str, default=None
            Name of the objective; required if there are several.
        target : callable, default=None
            Function that takes a complete trial and returns the number to show instead of an
            objective.
        name : str, default=None
            Name of the values, for the label of the x-axis.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : EDFDisplay
        """
        data = edf_data(named_studies(study), objective=objective, target=target, name=name)
        return cls(**vars(data)).plot(ax, line_kw=line_kw)

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        objective: str | None = None,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the distribution of the scores of one or more fitted searches.

        Parameters
        ----------
        search : estimator, sequence of estimators or mapping of str to estimator
            One or more fitted searches. The keys of a mapping are the labels of the lines.
        objective : str, default=None
            Name of the objective; required if there are several.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : EDFDisplay
        """
        searches = named_searches(search)
        names = [name_of_values(one) for one in searches.values()]
        data = edf_data(
            {label: one.study_ for label, one in searches.items()},
            objective=objective,
            name=next(iter(names), None),
        )
        return cls(**vars(data)).plot(ax, line_kw=line_kw)

    def plot(self, ax: Axes | None = None, *, line_kw: dict[str, Any] | None = None) -> Self:
        """Plot the distributions.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : EDFDisplay
            This object.
        """
        ax = self._use(new_axes(ax))
        for i, (label, values) in enumerate(zip(self.labels, self.values, strict=True)):
            if len(values) == 0:
                continue
            style = {"color": SERIES[i % len(SERIES)], "linewidth": 1.8, "label": label}
            x = np.concatenate([values[:1], values])
            y = np.concatenate([[0.0], self.fractions[i]])
            ax.plot(x, y, drawstyle="steps-post", **{**style, **(line_kw or {})})
        ax.set_ylim(0.0, 1.02)
        ax.set_xlabel(with_direction(self.name, self.greater_is_better))
        ax.set_ylabel("fraction of candidates")
        if len(self.labels) > 1:
            legend(ax)
        return self
