"""Plot of the history of a search: the values of its candidates, and the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plots._base import Display
from skhpo.plots._data._history import HistoryData, history_data
from skhpo.plots._data._trials import Target, check_fitted
from skhpo.plots._style import (
    BLUE,
    GREY,
    ORANGE,
    RED,
    X_LABELS,
    legend,
    limits_without_outliers,
    new_axes,
)
from skhpo.submodels import fits_by_row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["HistoryDisplay"]


class HistoryDisplay(HistoryData, Display):
    """Plot of the values of the candidates in their order, and of the best so far.

    Create it with :meth:`from_search` or :meth:`from_study`. Complete candidates are dots.
    Candidates that were stopped early are open circles at their predicted value. Failed
    candidates are crosses at the lower edge. If a few values lie so far out that they would hide
    how the others differ, triangles at the edge mark them; ``display.ax_.autoscale()`` shows all.

    Parameters
    ----------
    x, value, predicted : ndarray of shape (n_trials,)
        Positions on the x-axis, measured values, and predicted values of stopped trials. NaN if
        there is none.
    is_failed, is_feasible : ndarray of bool of shape (n_trials,)
        Whether a trial failed, and whether it satisfies the constraints.
    best : ndarray of shape (n_trials,)
        Best measured value so far; NaN before the first.
    number : ndarray of int of shape (n_trials,)
        Numbers of the trials.
    x_name : {"candidates", "fits", "seconds"}
        The unit of the x-axis.
    name : str
        Name of the objective.
    greater_is_better : bool
        Whether larger values are better.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the axes.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.plots import HistoryDisplay
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> study.optimize(lambda trial: trial.suggest_float("x", -5, 5) ** 2, n_trials=20)
    >>> display = HistoryDisplay.from_study(study)
    >>> float(display.best[-1]) == study.best_value
    True
    """

    @classmethod
    def from_study(
        cls,
        study: Study,
        *,
        x: str = "candidates",
        objective: str | None = None,
        target: Target | None = None,
        name: str | None = None,
        ax: Axes | None = None,
        scatter_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the history of a study.

        Parameters
        ----------
        study : Study
            A study.
        x : {"candidates", "fits", "seconds"}, default="candidates"
            The x-axis.
        objective : str, default=None
            Name of the objective; required if there are several.
        target : callable, default=None
            Function that takes a trial and returns the number to show instead of an objective.
        name : str, default=None
            Name of the values, for the label of the y-axis.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        scatter_kw, line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : HistoryDisplay
        """
        data = history_data(study, x=x, objective=objective, target=target, name=name)
        return cls(**vars(data)).plot(ax, scatter_kw=scatter_kw, line_kw=line_kw)

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        x: str = "candidates",
        objective: str | None = None,
        ax: Axes | None = None,
        scatter_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the history of a fitted search.

        Parameters
        ----------
        search : estimator
            A fitted search.
        x : {"candidates", "fits", "seconds"}, default="candidates"
            The x-axis. A fit is the evaluation of a candidate on one fold.
        objective : str, default=None
            Name of the objective; required if there are several.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        scatter_kw, line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : HistoryDisplay
        """
        check_fitted(search)
        results = search.cv_results_
        n_fits = dict(zip(results["trial_number"], fits_by_row(results), strict=True))
        name = None if search.study_.metric_names else "score"
        data = history_data(search.study_, x=x, objective=objective, name=name, n_fits=n_fits)
        return cls(**vars(data)).plot(ax, scatter_kw=scatter_kw, line_kw=line_kw)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        scatter_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the history.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        scatter_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.scatter` for the candidates.
        line_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.plot` for the best so far.

        Returns
        -------
        display : HistoryDisplay
            This object.
        """
        ax = self._use(new_axes(ax))
        is_first = not ax.has_data()
        is_measured = np.isfinite(self.value)
        is_stopped = np.isfinite(self.predicted)
        dots: dict[str, Any] = {"s": 22, "color": BLUE, "linewidths": 0, "label": "complete"}
        rings: dict[str, Any] = {"s": 18, "facecolors": "none", "edgecolors": GREY}
        rings["label"] = "stopped (predicted)"
        crosses: dict[str, Any] = {"s": 26, "marker": "x", "color": RED, "linewidths": 1.2}
        crosses["label"] = "breaks a constraint"
        for rows, y, style in (
            (is_stopped, self.predicted, rings),
            (is_measured & self.is_feasible, self.value, dots),
            (is_measured & ~self.is_feasible, self.value, crosses),
        ):
            if rows.any():
                ax.scatter(self.x[rows], y[rows], **{"zorder": 3, **style, **(scatter_kw or {})})
        if self.is_failed.any():
            failed = self.x[self.is_failed]
            ax.plot(failed, np.full(len(failed), 0.02), "x", color=RED, label="failed",
                    transform=ax.get_xaxis_transform())  # fmt: skip
        if np.isfinite(self.best).any():
            line = {"color": ORANGE, "linewidth": 1.8, "drawstyle": "steps-post", "zorder": 4}
            ax.plot(self.x, self.best, **{**line, "label": "best so far", **(line_kw or {})})
        if is_first:
            self._leave_out_outliers(ax)
        ax.set_xlabel(X_LABELS[self.x_name])
        ax.set_ylabel(self.name)
        legend(ax)
        return self

    def _leave_out_outliers(self, ax: Axes) -> None:
        """Mark outliers at the edge if they would hide how the other values differ."""
        values = np.where(np.isfinite(self.value), self.value, self.predicted)
        limits = limits_without_outliers(values, self.best)
        if limits is None:
            return
        ax.set_ylim(limits)
        label = "outside of the plot"
        for is_beyond, y, marker in (
            (values < limits[0], 0.02, "v"),
            (values > limits[1], 0.98, "^"),
        ):
            if is_beyond.any():
                ax.plot(self.x[is_beyond], np.full(is_beyond.sum(), y), marker, color=GREY, ms=4,
                        label=label, transform=ax.get_xaxis_transform())  # fmt: skip
                label = ""
