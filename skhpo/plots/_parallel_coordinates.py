"""Plot of the candidates as lines through the axes of all parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plots._axes import LONGEST_LABEL, ParamAxis, short, short_names, tick_places
from skhpo.plots._base import Display
from skhpo.plots._data._parallel_coordinates import (
    FloatArray,
    ParallelCoordinatesData,
    parallel_coordinates_data,
)
from skhpo.plots._data._rank import relative_ranks
from skhpo.plots._data._sources import name_of_values
from skhpo.plots._data._trials import Target, check_fitted
from skhpo.plots._style import DARK, GREY, contrast_is_good, inches_of, legend, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["ParallelCoordinatesDisplay"]

NOT_USED = -0.16  # height of the tick for parameters that a candidate does not have
N_TICKS = 5  # of an axis of numbers
FAINT_FROM = 100  # lines; more of them are more transparent
WIDTH_OF_AXIS = 1.7  # inches
MOST_CHARACTERS = 14.0  # of labels per inch


class ParallelCoordinatesDisplay(ParallelCoordinatesData, Display):
    """Plot of the complete candidates as lines through the axes of all parameters.

    Create it with :meth:`from_search` or :meth:`from_study`. Each vertical axis is a parameter,
    and the last one is the objective, with the better end at the top. Each line is a candidate.
    Its colour is its rank: the lines that stand out from the background are better, and lie above
    the others. A line passes "not used" below an axis if the candidate does not have the
    parameter. Lines of candidates that break a constraint are grey. With ``front=True``, it shows
    the Pareto front of a search with several objectives, and an axis for each of them.

    Parameters
    ----------
    axes : list of ParamAxis
        The axes of the parameters, with their names, and of further objectives.
    positions : ndarray of shape (n_complete, n_axes)
        Position of each candidate on each axis; NaN if it does not have the parameter.
    value : ndarray of shape (n_complete,)
        Measured values.
    is_feasible : ndarray of bool of shape (n_complete,)
        Whether a candidate satisfies the constraints.
    number : ndarray of int of shape (n_complete,)
        Numbers of the candidates.
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
    >>> from skhpo.plots import ParallelCoordinatesDisplay
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> def objective(trial):
    ...     return trial.suggest_float("x", -5, 5) ** 2 + trial.suggest_float("y", -5, 5) ** 2
    >>> study.optimize(objective, n_trials=40)
    >>> display = ParallelCoordinatesDisplay.from_study(study)
    >>> display.positions.shape
    (40, 2)
    """

    @classmethod
    def from_study(
        cls,
        study: Study,
        *,
        params: Sequence[str] | None = None,
        objective: str | None = None,
        target: Target | None = None,
        name: str | None = None,
        front: bool = False,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the complete trials of a study.

        Parameters
        ----------
        study : Study
            A study.
        params : sequence of str, default=None
            Names of the parameters, in the order of the axes. By default, the 8 most important of
            those that have more than one value, in the order in which the study has them.
        objective : str, default=None
            Name of the objective; required if there are several.
        target : callable, default=None
            Function that takes a complete trial and returns the number to show instead of an
            objective.
        name : str, default=None
            Name of the values, for the label of their axis.
        front : bool, default=False
            Whether to show the trials on the Pareto front only, with an axis for each objective.
            The last one, which the colours show, is that of `objective`, by default the first.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ParallelCoordinatesDisplay
        """
        data = parallel_coordinates_data(
            study, params=params, objective=objective, target=target, name=name, front=front
        )
        return cls(**vars(data)).plot(ax, line_kw=line_kw)

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        params: Sequence[str] | None = None,
        objective: str | None = None,
        front: bool = False,
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the complete candidates of a fitted search.

        Parameters
        ----------
        search : estimator
            A fitted search.
        params, objective, front, ax
            See :meth:`from_study`.
        line_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ParallelCoordinatesDisplay
        """
        check_fitted(search)
        return cls.from_study(
            search.study_,
            params=params,
            objective=objective,
            name=name_of_values(search),
            front=front,
            ax=ax,
            line_kw=line_kw,
        )

    def plot(self, ax: Axes | None = None, *, line_kw: dict[str, Any] | None = None) -> Self:
        """Plot the lines.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw : dict, default=None
            Keyword arguments of :class:`matplotlib.collections.LineCollection`.

        Returns
        -------
        display : ParallelCoordinatesDisplay
            This object.
        """
        width = max(6.4, WIDTH_OF_AXIS * (len(self.axes) + 1))
        ax = self._use(new_axes(ax, figsize=(width, 4.2)))
        heights = np.column_stack([self._heights(), self._height_of_value(self.value)])
        is_good = relative_ranks(self.value if self.greater_is_better else -self.value)
        for rows, is_measured in ((~self.is_feasible, False), (self.is_feasible, True)):
            chosen = np.flatnonzero(rows)
            if len(chosen):
                chosen = chosen[np.argsort(is_good[chosen], kind="stable")]  # good ones on top
                self._draw_lines(ax, heights[chosen], is_good[chosen], is_measured, line_kw or {})
        labels = [*short_names([axis.name for axis in self.axes], 22), self.name]
        ax.set_xticks(range(len(labels)), labels)
        crowded = sum(map(len, labels)) / inches_of(ax)[0]
        if crowded > MOST_CHARACTERS:
            ax.tick_params(axis="x", labelrotation=20 if crowded < 2 * MOST_CHARACTERS else 45)
            for label in ax.get_xticklabels():
                label.set(ha="right", rotation_mode="anchor")
        ax.set_xlim(-0.05, len(self.axes) + 0.05)
        is_partial = bool(np.isnan(self.positions).any())
        ax.set_ylim(NOT_USED - 0.06 if is_partial else -0.03, 1.03)
        ax.yaxis.set_visible(False)
        ax.spines[:].set_visible(False)
        ax.tick_params(axis="x", length=0)
        for i, axis in enumerate(self.axes):
            missing = bool(np.isnan(self.positions[:, i]).any())
            self._draw_axis(ax, i, *_ticks(axis, missing), missing)
        self._draw_value_axis(ax)
        legend(ax, loc="upper center", bbox_to_anchor=(0.5, 1.12))
        return self

    def _heights(self) -> FloatArray:
        """Return the heights of the lines at each parameter, from 0 to 1, or "not used"."""
        columns = [
            np.where(np.isnan(at), NOT_USED, axis.to_unit(at))
            for axis, at in zip(self.axes, self.positions.T, strict=True)
        ]
        return np.column_stack(columns) if columns else np.empty((len(self.value), 0))

    def _height_of_value(self, values: FloatArray) -> FloatArray:
        """Return the heights on the axis of the objective, with the better end at the top."""
        if len(self.value) == 0 or np.ptp(self.value) == 0.0:
            return np.full(len(values), 0.5)
        low, high = self.value.min(), self.value.max()
        height: FloatArray = (values - low) / (high - low)
        return 1.0 - height if self.greater_is_better is False else height

    def _draw_lines(
        self,
        ax: Axes,
        heights: FloatArray,
        is_good: FloatArray,
        is_feasible: bool,
        line_kw: dict[str, Any],
    ) -> None:
        from matplotlib.collections import LineCollection

        n_lines = len(heights)
        x = np.broadcast_to(np.arange(heights.shape[1], dtype=float), heights.shape)
        style: dict[str, Any] = {"linewidths": 1.1, "rasterized": n_lines > 1_000}
        style["alpha"] = float(np.clip(0.85 * np.sqrt(FAINT_FROM / n_lines), 0.12, 0.85))
        if is_feasible:
            style |= {"array": is_good, "cmap": contrast_is_good(ax), "zorder": 2}
            style |= {"norm": _unit_norm()}
        else:
            style |= {"colors": GREY, "linestyles": "dotted", "label": "breaks a constraint"}
        lines = LineCollection(list(np.stack([x, heights], axis=2)), **{**style, **line_kw})
        ax.add_collection(lines, autolim=False)

    def _draw_axis(
        self, ax: Axes, i: int, heights: Sequence[float], texts: Sequence[str], missing: bool
    ) -> None:
        color = ax.xaxis.label.get_color()
        ax.plot([i, i], [0.0, 1.0], color=DARK, linewidth=1.0, zorder=4)
        if missing:
            ax.plot(i, NOT_USED, "o", color=DARK, ms=3, zorder=4)
        background = {"facecolor": ax.get_facecolor(), "edgecolor": "none", "alpha": 0.7}
        for height, text in zip(heights, texts, strict=True):
            ax.annotate(text, (i, height), (4, 0), textcoords="offset points", va="center",
                        fontsize="x-small", color=color, zorder=5,
                        bbox={"boxstyle": "square,pad=0.1", **background})  # fmt: skip

    def _draw_value_axis(self, ax: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        i = len(self.axes)
        values = np.empty(0)
        if len(self.value):
            low, high = self.value.min(), self.value.max()
            values = np.array(MaxNLocator(N_TICKS).tick_values(low, high))
            values = values[(values >= low) & (values <= high)] if low < high else np.array([low])
        heights = self._height_of_value(values)
        self._draw_axis(ax, i, heights.tolist(), [f"{value:.4g}" for value in values], False)


def _ticks(axis: ParamAxis, missing: bool) -> tuple[list[float], list[str]]:
    """Return heights and texts of the ticks of a parameter."""
    if axis.scale == "category":
        labels = axis.labels
        at = tick_places(len(labels))
        heights = axis.to_unit(np.array(at, dtype=float)).tolist()
        texts = [short(labels[i], LONGEST_LABEL) for i in at]
    elif np.isfinite(axis.low):
        places = _round_places(axis)
        heights = axis.to_unit(places).tolist()
        texts = [f"{place:.3g}" for place in places]
    else:
        heights, texts = [], []
    if missing:
        return [NOT_USED, *heights], ["not used", *texts]
    return heights, texts


def _round_places(axis: ParamAxis) -> FloatArray:
    """Return round numbers on an axis, or its ends if there are fewer than two."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    locator = LogLocator(numticks=N_TICKS + 2) if axis.scale == "log" else MaxNLocator(N_TICKS)
    low, high = sorted((axis.low, axis.high))
    places = np.array(locator.tick_values(low, high), dtype=float)
    places = places[(places >= low) & (places <= high)]
    return places if len(places) > 1 else np.unique([low, high])


def _unit_norm() -> Any:
    from matplotlib.colors import Normalize

    return Normalize(0.0, 1.0)
