"""Plot of curves: intermediate values, scores by amount of a resource, and learning curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plots._base import Display
from skhpo.plots._data._curves import CurvesData, curves_of_search, curves_of_study
from skhpo.plots._racing import STATUS_COLORS
from skhpo.plots._style import GREY, ORANGE, legend, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["CurvesDisplay"]

_COLORS = {**STATUS_COLORS, "running": "#1b9e77"}


class CurvesDisplay(CurvesData, Display):
    """Plot of the curves of the candidates, from their first value to where they ended.

    Create it with :meth:`from_search` or :meth:`from_study`. The curves of a search are the mean
    scores by the amount of its resource, the learning curves of boosters with early stopping, or
    the mean scores by the number of folds. Those of a study are the intermediate values that its
    trials reported. The best candidate is highlighted. A cross marks where a candidate was
    stopped.

    Parameters
    ----------
    x, y : list of ndarray
        Positions and values of each curve. Values may be NaN or infinite.
    number : ndarray of int of shape (n_curves,)
        Number of the trial of each curve; a trial may have several.
    status : ndarray of str of shape (n_curves,)
        How the trial ended, such as "complete" or "pruned".
    is_feasible : ndarray of bool of shape (n_curves,)
        Whether the trial satisfies the constraints.
    best : int or None
        Number of the best trial; None if there is none.
    x_name, y_name : str
        Names of the axes.
    x_is_log : bool, default=False
        Whether the positions are spaced geometrically.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the axes.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.plots import CurvesDisplay
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 1)
    ...     for step in range(5):
    ...         trial.report(x + 1 / (step + 1), step)
    ...     return x
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> study.optimize(objective, n_trials=10)
    >>> display = CurvesDisplay.from_study(study)
    >>> display.best == study.best_trial.number
    True
    >>> display.x[0]
    array([0, 1, 2, 3, 4])
    """

    @classmethod
    def from_study(
        cls,
        study: Study,
        *,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
        best_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the intermediate values of a study.

        Parameters
        ----------
        study : Study
            A study. Trials that failed or reported nothing are omitted.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw, best_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : CurvesDisplay
        """
        return cls(**vars(curves_of_study(study))).plot(ax, line_kw=line_kw, best_kw=best_kw)

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        kind: str = "auto",
        metric: str | None = None,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
        best_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the curves of a fitted search.

        Parameters
        ----------
        search : estimator
            A fitted search.
        kind : {"auto", "resource", "rounds", "folds"}, default="auto"
            What the curves show: the mean score by the amount of the resource; the learning curve
            of each fit, by rounds of a booster, with early stopping; or the mean score by the
            number of folds. "auto" is the first of these that the search has.
        metric : str, default=None
            Name of a score or a cost; by default, the score that the search maximises. Required if
            there are several objectives. Learning curves always show the metric that early
            stopping monitors.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw, best_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : CurvesDisplay
        """
        data = curves_of_search(search, kind=kind, metric=metric)
        return cls(**vars(data)).plot(ax, line_kw=line_kw, best_kw=best_kw)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        line_kw: dict[str, Any] | None = None,
        best_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw : dict, default=None
            Keyword arguments of :class:`matplotlib.collections.LineCollection` for the curves.
        best_kw : dict, default=None
            The same for the best candidate.

        Returns
        -------
        display : CurvesDisplay
            This object.
        """
        ax = self._use(new_axes(ax))
        is_best = self.number == (-1 if self.best is None else self.best)
        alpha = float(np.clip(12.0 / max(len(self.x), 1) ** 0.5, 0.15, 0.8))
        for status in _COLORS:
            curves = np.flatnonzero((self.status == status) & ~is_best)
            feasible = self.is_feasible[curves]
            style: dict[str, Any] = {"color": _COLORS[status], "alpha": alpha, "linewidths": 1.0}
            style |= {"label": status, "zorder": 3 if status == "complete" else 2}
            self._draw(ax, curves[feasible], {**style, **(line_kw or {})})
            style |= {"color": GREY, "linestyles": "dotted", "label": "breaks a constraint"}
            self._draw(ax, curves[~feasible], {**style, **(line_kw or {})})
            if status == "pruned":
                self._mark_ends(ax, curves, alpha)
        style = {"color": ORANGE, "linewidths": 2.0, "zorder": 4, "label": f"best (#{self.best})"}
        self._draw(ax, np.flatnonzero(is_best), {**style, **(best_kw or {})})
        ax.autoscale_view()
        self._name_axes(ax)
        return self

    def _draw(self, ax: Axes, curves: Any, style: dict[str, Any]) -> None:
        """Draw curves as one collection. A curve of one value is a dot."""
        from matplotlib.collections import LineCollection

        paths = [np.column_stack([self.x[i], _finite(self.y[i])]) for i in curves]
        lines = [path for path in paths if len(path) > 1]
        if lines:
            ax.add_collection(LineCollection(lines, **style))
        if dots := [path for path in paths if len(path) == 1]:
            kept = {name: style[name] for name in ("color", "alpha", "zorder") if name in style}
            label = None if lines else style.get("label")
            x, y = np.concatenate(dots).T
            ax.scatter(x, y, s=10, linewidths=0, label=label, **kept)

    def _mark_ends(self, ax: Axes, curves: Any, alpha: float) -> None:
        ends = [(self.x[i][-1], _finite(self.y[i])[-1]) for i in curves if len(self.x[i]) > 1]
        if ends:
            x, y = np.array(ends).T
            style: dict[str, Any] = {"marker": "x", "s": 14, "color": _COLORS["pruned"]}
            ax.scatter(x, y, alpha=alpha, linewidths=1.0, zorder=2, **style)

    def _name_axes(self, ax: Axes) -> None:
        if self.x_is_log and self.x:
            ax.set_xscale("log")
            amounts = np.unique(np.concatenate(self.x))
            ax.set_xticks(amounts, [f"{amount:,}" for amount in amounts.tolist()])
            ax.minorticks_off()
        elif self.x:
            ax.xaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]
        ax.set(xlabel=self.x_name, ylabel=self.y_name)
        legend(ax)


def _finite(values: Any) -> Any:
    """Return the values with NaN in place of infinities, which have no place on an axis."""
    return np.where(np.isfinite(values), values, np.nan)
