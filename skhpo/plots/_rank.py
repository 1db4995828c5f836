"""Plot of the candidates by pairs of parameters, coloured by rank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plots._axes import jittered
from skhpo.plots._base import Display
from skhpo.plots._data._rank import RankData, rank_data
from skhpo.plots._data._sources import name_of_values
from skhpo.plots._data._trials import Target, check_fitted
from skhpo.plots._pairs import lay_out_pairs, pair_axes
from skhpo.plots._style import GREY, RED, dot_style, legend, with_direction

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["RankDisplay"]

TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


class RankDisplay(RankData, Display):
    """Plot of the candidates by pairs of parameters, coloured by the rank of their values.

    Create it with :meth:`from_search` or :meth:`from_study`. Blue is good and red is bad.
    Ranks show differences between good candidates that the values would hide. Candidates that
    were stopped early are open grey circles, and those that break a constraint are crosses. More
    than two parameters make a grid with one plot per pair.

    Parameters
    ----------
    axes : list of ParamAxis
        The axes of the parameters, with their names.
    positions : ndarray of shape (n_trials, n_params)
        Position of each candidate on each axis; NaN if it does not have the parameter.
    value, predicted : ndarray of shape (n_trials,)
        Measured values, and predicted values of stopped candidates.
    is_feasible : ndarray of bool of shape (n_trials,)
        Whether a candidate satisfies the constraints.
    number : ndarray of int of shape (n_trials,)
        Numbers of the candidates.
    name : str
        Name of the objective.
    greater_is_better : bool or None
        Whether larger values are better; None if unknown.
    rank : ndarray of shape (n_trials,)
        Rank of each measured value, from 0 for the smallest to 1 for the largest.

    Attributes
    ----------
    axes_ : dict of (int, int) to matplotlib Axes
        The axes of each pair of parameters, by their indices.
    ax_ : matplotlib Axes
        The first of them.
    figure_ : matplotlib Figure
        The figure of the axes.
    colorbar_ : matplotlib Colorbar or None
        The colour bar; None if no candidate is complete.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.plots import RankDisplay
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> def objective(trial):
    ...     return trial.suggest_float("x", -5, 5) ** 2 + trial.suggest_float("y", -5, 5) ** 2
    >>> study.optimize(objective, n_trials=40)
    >>> display = RankDisplay.from_study(study)
    >>> int(display.rank.argmin()) == study.best_trial.number
    True
    """

    axes_: dict[tuple[int, int], Axes]
    colorbar_: Any

    @classmethod
    def from_study(
        cls,
        study: Study,
        *,
        params: Sequence[str] | None = None,
        objective: str | None = None,
        target: Target | None = None,
        name: str | None = None,
        ax: Any = None,
        scatter_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the trials of a study by pairs of parameters.

        Parameters
        ----------
        study : Study
            A study.
        params : sequence of str, default=None
            Names of two or more parameters; by default, the 4 most important of those that have
            more than one value.
        objective : str, default=None
            Name of the objective; required if there are several.
        target : callable, default=None
            Function that takes a complete trial and returns the number to show instead of an
            objective.
        name : str, default=None
            Name of the values, for the label of the colour bar.
        ax : matplotlib Axes or array of Axes, default=None
            Axes to plot on: one for two parameters, and a grid of ``n_params - 1`` rows and
            columns for more. By default, those of a new figure.
        scatter_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : RankDisplay

        Raises
        ------
        ValueError
            If there are fewer than two parameters.
        """
        data = rank_data(study, params=params, objective=objective, target=target, name=name)
        return cls(**vars(data)).plot(ax, scatter_kw=scatter_kw)

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        params: Sequence[str] | None = None,
        objective: str | None = None,
        ax: Any = None,
        scatter_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the candidates of a fitted search by pairs of parameters.

        Parameters
        ----------
        search : estimator
            A fitted search.
        params, objective, ax
            See :meth:`from_study`.
        scatter_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : RankDisplay
        """
        check_fitted(search)
        return cls.from_study(
            search.study_,
            params=params,
            objective=objective,
            name=name_of_values(search),
            ax=ax,
            scatter_kw=scatter_kw,
        )

    def plot(self, ax: Any = None, *, scatter_kw: dict[str, Any] | None = None) -> Self:
        """Plot the candidates by pairs of parameters.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, default=None
            Axes to plot on: one for two parameters, and a grid of ``n_params - 1`` rows and
            columns for more. By default, those of a new figure.
        scatter_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.scatter` for the complete
            candidates.

        Returns
        -------
        display : RankDisplay
            This object.
        """
        self.axes_ = pair_axes(ax, len(self.axes))
        self._use(self.axes_[0, 1])
        drawn = [self._draw(one, i, j, scatter_kw or {}) for (i, j), one in self.axes_.items()]
        lay_out_pairs(self.axes_, self.axes)
        self.colorbar_ = None
        dots = next((one for one in drawn if one is not None), None)
        if dots is not None:
            values = np.sort(self.value[~np.isnan(self.value)])
            at = np.round(np.array(TICKS) * (len(values) - 1)).astype(int)
            self.colorbar_ = self.figure_.colorbar(dots, ax=list(self.axes_.values()), ticks=TICKS)
            self.colorbar_.set_ticklabels([f"{values[i]:.3g}" for i in at])
            label = with_direction(self.name, self.greater_is_better)
            self.colorbar_.set_label(f"{label}, by rank")
            self.colorbar_.solids.set_alpha(1.0)
        if len(self.axes_) == 1:
            legend(self.ax_)
        return self

    def _draw(self, ax: Axes, i: int, j: int, scatter_kw: dict[str, Any]) -> Any:
        """Draw a pair of parameters, and return the coloured dots, if there are any."""
        x = jittered(self.positions[:, i], self.axes[i])
        y = jittered(self.positions[:, j], self.axes[j], turned=True)
        has_both = np.isfinite(x) & np.isfinite(y)
        is_measured = ~np.isnan(self.rank)
        stopped = has_both & np.isfinite(self.predicted)
        if stopped.any():
            ax.scatter(x[stopped], y[stopped], s=14, facecolors="none", edgecolors=GREY,
                       linewidths=0.8, label="stopped")  # fmt: skip
        broken = has_both & is_measured & ~self.is_feasible
        if broken.any():
            ax.scatter(x[broken], y[broken], s=16, marker="x", color=RED, linewidths=1.1,
                       label="breaks a constraint")  # fmt: skip
        rows = np.flatnonzero(has_both & is_measured & self.is_feasible)
        if len(rows) == 0:
            return None
        style = dot_style(len(rows)) | {"linewidths": 0.4, "edgecolors": GREY, "zorder": 3}
        if len(rows) > 200:
            style["linewidths"] = 0.0
        style |= {"cmap": "RdYlBu" if self.greater_is_better else "RdYlBu_r"}
        style |= {"vmin": 0.0, "vmax": 1.0}
        return ax.scatter(x[rows], y[rows], c=self.rank[rows], **{**style, **scatter_kw})
