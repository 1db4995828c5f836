"""Plot of the timeline: what ran when, by worker or by trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plots._base import Display
from skhpo.plots._data._timeline import TimelineData, timeline_of_search, timeline_of_study
from skhpo.plots._racing import STATUS_COLORS, draw_boxes
from skhpo.plots._style import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["TimelineDisplay"]

_COLORS = {
    **STATUS_COLORS,
    "infeasible": "#e08214",
    "running": "#1b9e77",
    "waiting": "#80cdc1",
}
_UNITS = ((2 * 86_400.0, 86_400.0, "days"), (7200.0, 3600.0, "hours"), (120.0, 60.0, "minutes"))
_MANY = 150  # trials from which lanes have no gaps
_MAX_TICKS = 24
_FEW = 40  # folds of a worker up to which bars have edges


class TimelineDisplay(TimelineData, Display):
    """Plot of what ran when: the folds of a search by worker, or the trials of a study.

    Create it with :meth:`from_search` or :meth:`from_study`. Each bar of a search is the
    evaluation of one fold, with the colour of how its candidate ended. Gaps are idle time. The
    title says how busy the workers were.

    Parameters
    ----------
    start, seconds : ndarray of shape (n_bars,)
        Start of each bar, in seconds since `origin`, and its duration.
    lane : ndarray of int of shape (n_bars,)
        Number of the worker or of the trial.
    number : ndarray of int of shape (n_bars,)
        Number of the trial.
    status : ndarray of str of shape (n_bars,)
        How the trial ended, such as "complete" or "pruned"; "infeasible" if it is complete and
        breaks a constraint.
    lanes : {"worker", "trial"}
        What a lane is.
    origin : datetime, default=None
        The time of 0; None if it is unknown.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the axes.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import TPESearchCV
    >>> from skhpo.plots import TimelineDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> search = TPESearchCV(SVC(), {"C": [0.1, 1, 10]}, random_state=0).fit(X, y)
    >>> display = TimelineDisplay.from_search(search)
    >>> 0 < display.busy <= 1
    True
    """

    @classmethod
    def from_study(
        cls,
        study: Study,
        *,
        n_recent_trials: int | None = None,
        ax: Axes | None = None,
        bar_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the trials of a study, one per lane.

        Parameters
        ----------
        study : Study
            A study.
        n_recent_trials : int, default=None
            If given, only the last trials.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        bar_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : TimelineDisplay
        """
        data = timeline_of_study(study, n_recent_trials=n_recent_trials)
        return cls(**vars(data)).plot(ax, bar_kw=bar_kw)

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        include_stored: bool = True,
        ax: Axes | None = None,
        bar_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the folds of a fitted search by worker.

        Parameters
        ----------
        search : estimator
            A fitted search.
        include_stored : bool, default=True
            Whether to include the folds that earlier fits or other processes evaluated.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        bar_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : TimelineDisplay
        """
        data = timeline_of_search(search, include_stored=include_stored)
        return cls(**vars(data)).plot(ax, bar_kw=bar_kw)

    def plot(self, ax: Axes | None = None, *, bar_kw: dict[str, Any] | None = None) -> Self:
        """Plot the timeline.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        bar_kw : dict, default=None
            Keyword arguments of :class:`matplotlib.collections.PolyCollection` for the bars.

        Returns
        -------
        display : TimelineDisplay
            This object.
        """
        lanes = np.unique(self.lane)
        is_by_worker = self.lanes == "worker"
        height = 1.6 + 0.4 * min(len(lanes), _MAX_TICKS) if is_by_worker else 4.8
        ax = self._use(new_axes(ax, figsize=(6.4, height)))
        length = float((self.start + self.seconds).max()) if len(self.start) else 0.0
        scale, unit = next(
            ((size, name) for least, size, name in _UNITS if length >= least), (1.0, "seconds")
        )
        thickness = 0.8 if is_by_worker or len(lanes) <= _MANY else 1.0
        for status, color in _COLORS.items():
            bars = self.status == status
            if not bars.any():
                continue
            style: dict[str, Any] = {"facecolor": color, "label": status}
            if is_by_worker and np.bincount(self.lane).max() <= _FEW:
                style |= {"edgecolor": ax.get_facecolor(), "linewidths": 0.5}
            draw_boxes(
                ax, self.start[bars] / scale, self.seconds[bars] / scale,
                self.lane[bars] - thickness / 2, np.full(bars.sum(), thickness),
                **{**style, **(bar_kw or {})},
            )  # fmt: skip
        self._name_axes(ax, lanes, unit)
        return self

    def _name_axes(self, ax: Axes, lanes: Any, unit: str) -> None:
        ax.set(xlabel=unit, ylabel=self.lanes)
        if self.lanes == "worker":
            n_workers = f"{len(lanes)} worker{'s' if len(lanes) != 1 else ''}"
            busy = "" if np.isnan(self.busy) else f", {self.busy:.0%} busy"
            ax.set_title(f"{n_workers}{busy}", fontsize="medium", pad=22)
        if len(lanes):
            ax.set_ylim(lanes.max() + 0.6, lanes.min() - 0.6)
        if self.lanes == "worker" and len(lanes) <= _MAX_TICKS:
            ax.set_yticks(lanes)
        else:
            ax.yaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]
        if ax.get_legend_handles_labels()[0]:
            ax.legend(
                loc="lower center", bbox_to_anchor=(0.5, 0.99), ncols=6, frameon=False,
                fontsize="small", columnspacing=1.0, handletextpad=0.4, handlelength=1.2,
            )  # fmt: skip
