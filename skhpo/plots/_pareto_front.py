"""Plot of the Pareto front of a multi-objective search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import NotFittedError

from skhpo.multi_objective import is_nondominated
from skhpo.plots._axes import short
from skhpo.plots._data._pareto_front import ShownObjective, standard_errors
from skhpo.plots._data._trials import TrialTable, trial_table
from skhpo.plots._regions import Bounds, Limits, bounds_by_axis, draw_limits, draw_region, extent
from skhpo.plots._style import BLUE, DARK, GREY, ORANGE, RED, inches_of, legend, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from skhpo.study import Study

__all__ = ["ParetoFrontDisplay"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

POINTS = 72.0  # in an inch
WIDTH_OF_CHARACTER = 0.6  # of the size of the font, on average
SHARE_OF_COLORBAR = 0.3  # of the width, with its labels
SMALL = 2.6  # inches; in lower axes, the legend is small
SMALL_LEGEND = {
    "fontsize": "xx-small",
    "markerscale": 0.6,
    "labelspacing": 0.2,
    "handlelength": 1.2,
}


class Objective(Protocol):
    """Description of an objective."""

    @property
    def name(self) -> str | None: ...
    @property
    def unit(self) -> str | None: ...
    @property
    def greater_is_better(self) -> bool | None: ...


class ParetoFrontDisplay:
    """Plot of a Pareto front in two or three objectives.

    Create it with :meth:`from_search` or :meth:`from_study`. Two objectives are the axes, and the
    dominated area is shaded; a third objective, or an attribute of the trials, is the colour of the
    candidates on the front. The good end of each axis is marked "better".

    Parameters
    ----------
    values : array-like of shape (n_candidates, n_objectives)
        Values of 2 or 3 objectives in their own units; NaN if unknown. Candidates with unknown
        values are not shown.

    objectives : list
        One object per objective, with ``name`` (str), ``unit`` (str or None) and
        ``greater_is_better`` (bool; None if it is unknown).

    front : array-like of int
        Indices of the candidates on the front.

    chosen : int, default=None
        Index of the chosen candidate, which is circled.

    feasible : array-like of bool of shape (n_candidates,), default=None
        Which candidates satisfy the constraints; the others are crosses. By default, all.

    errors : array-like of shape (n_candidates, n_objectives), default=None
        Standard errors of the values, which are the bars of the candidates on the front; 0 or NaN
        for a value without an error.

    preferred : dict of str to tuple, default=None
        The region where you will choose, which is shaded: lower and upper limit by the name of an
        objective, None for no limit.

    limits : dict of str to tuple, default=None
        Limits of objectives by constraints, which are dashed lines, in the same form.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.

    figure_ : matplotlib Figure
        The figure of the axes.

    colorbar_ : matplotlib Colorbar or None
        The colour bar of the third objective.

    See Also
    --------
    skhpo.multi_objective : Fronts, hypervolumes and knees of arrays.

    Notes
    -----
    Times and sizes are often easier to read on a log scale: ``display.ax_.set_xscale("log")``,
    and for the colour ``front_kw={"norm": "log"}``.

    Candidates are evaluated on the same folds, so their errors have a part in common: two
    candidates may differ clearly although their bars overlap.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from skhpo.plots import ParetoFrontDisplay
    >>> accuracy = SimpleNamespace(name="accuracy", unit=None, greater_is_better=True)
    >>> seconds = SimpleNamespace(name="fit_time", unit="s", greater_is_better=False)
    >>> values = [[0.90, 0.1], [0.95, 0.3], [0.93, 0.5], [0.96, 2.0]]
    >>> display = ParetoFrontDisplay(
    ...     values, objectives=[accuracy, seconds], front=[0, 1, 3], chosen=1
    ... )
    >>> display.plot()  # doctest: +SKIP
    ParetoFrontDisplay(objectives=['accuracy', 'fit_time'], n_candidates=4, n_front=3, chosen=1)
    """

    ax_: Axes
    figure_: Figure
    colorbar_: Any

    def __init__(
        self,
        values: ArrayLike,
        *,
        objectives: Sequence[Objective],
        front: ArrayLike,
        chosen: int | None = None,
        feasible: ArrayLike | None = None,
        errors: ArrayLike | None = None,
        preferred: Mapping[str, Limits] | None = None,
        limits: Mapping[str, Limits] | None = None,
    ) -> None:
        self.values = values
        self.objectives = objectives
        self.front = front
        self.chosen = chosen
        self.feasible = feasible
        self.errors = errors
        self.preferred = preferred
        self.limits = limits

    def __repr__(self) -> str:
        names = [objective.name for objective in self.objectives]
        n_candidates, n_front = len(np.asarray(self.values)), len(np.asarray(self.front))
        return (
            f"ParetoFrontDisplay(objectives={names}, n_candidates={n_candidates}, "
            f"n_front={n_front}, chosen={self.chosen})"
        )

    @classmethod
    def from_study(
        cls,
        study: Study,
        objectives: Sequence[str] | None = None,
        *,
        chosen: int | None = None,
        color: str | None = None,
        ax: Axes | None = None,
        scatter_kw: dict[str, Any] | None = None,
        front_kw: dict[str, Any] | None = None,
        chosen_kw: dict[str, Any] | None = None,
    ) -> ParetoFrontDisplay:
        """Plot the front of a study.

        Parameters
        ----------
        study : Study
            A study with several objectives.

        objectives : list of str, default=None
            Names of 2 or 3 objectives, in the order of the axes; by default, all. Objectives
            without names are called "value 0", "value 1", ... If some are omitted, the front is
            that of the objectives shown.

        chosen : int, default=None
            Number of the chosen trial, which is circled.

        color : str, default=None
            Name of a user attribute, a number that each complete trial must have. It is the
            colour of the trials on a front of two objectives.

        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.

        scatter_kw, front_kw, chosen_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ParetoFrontDisplay
            Its candidates are the trials; only those that are complete are shown.

        Raises
        ------
        ValueError
            If the chosen trial is not complete, or the colour is not known.

        Examples
        --------
        >>> import skhpo
        >>> from skhpo.plots import ParetoFrontDisplay
        >>> def objective(trial):
        ...     width = trial.suggest_int("width", 1, 64)
        ...     trial.set_user_attr("latency", 0.01 * width)
        ...     return 1 - 0.5 / width, width
        >>> study = skhpo.create_study(
        ...     directions=["maximize", "minimize"], sampler=skhpo.samplers.RandomSampler(seed=0)
        ... )
        >>> study.optimize(objective, n_trials=20)
        >>> ParetoFrontDisplay.from_study(study, chosen=3, color="latency")  # doctest: +SKIP
        ParetoFrontDisplay(objectives=['value 0', 'value 1', 'latency'], ..., chosen=3)
        """
        table = trial_table(study)
        known = [
            ShownObjective(name, greater)
            for name, greater in zip(table.names, table.greater_is_better, strict=True)
        ]
        columns = _columns(known, objectives)
        shown = [known[column] for column in columns]
        values = table.values[:, columns]
        front = _front_of(values, shown, table.is_feasible)
        if color is not None:
            values = np.column_stack([values, _attribute(table, color, len(shown))])
            shown.append(ShownObjective(color))
        if chosen is not None and chosen not in np.flatnonzero(table.is_complete):
            raise ValueError(f"`chosen` must be the number of a complete trial; got {chosen!r}.")
        display = cls(
            values, objectives=shown, front=front, chosen=chosen, feasible=table.is_feasible
        )
        return display.plot(ax, scatter_kw=scatter_kw, front_kw=front_kw, chosen_kw=chosen_kw)

    @classmethod
    def from_search(
        cls,
        search: Any,
        objectives: Sequence[str] | None = None,
        *,
        show_errors: bool = True,
        ax: Axes | None = None,
        scatter_kw: dict[str, Any] | None = None,
        front_kw: dict[str, Any] | None = None,
        chosen_kw: dict[str, Any] | None = None,
        error_kw: dict[str, Any] | None = None,
    ) -> ParetoFrontDisplay:
        """Plot the front of a fitted search.

        The `preferred` region of the search is shaded, and limits by its constraints are lines.

        Parameters
        ----------
        search : ParetoSearchCV
            A fitted multi-objective search.

        objectives : list of str, default=None
            Names of 2 or 3 objectives, in the order of the axes; by default, all. If some are
            omitted, the front is that of the objectives shown.

        show_errors : bool, default=True
            Whether candidates on the front have bars with the standard errors, over the folds, of
            scores and times. Other costs, such as the size of the model, have none.

        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.

        scatter_kw, front_kw, chosen_kw, error_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ParetoFrontDisplay
        """
        if not hasattr(search, "pareto_front_"):
            raise NotFittedError(
                "`search` must be a fitted search for several objectives, such as ParetoSearchCV; "
                f"this {type(search).__name__} has no attribute 'pareto_front_'."
            )
        columns = _columns(search.objectives_, objectives)
        shown = [search.objectives_[column] for column in columns]
        values = np.asarray(search.values_, dtype=float)[:, columns]
        feasible = np.asarray(search.is_feasible_, dtype=bool)
        front = np.asarray(search.pareto_front_)
        if len(columns) < len(search.objectives_):
            front = _front_of(values, shown, feasible)
        chosen = getattr(search, "best_index_", None)
        names = [one.name for one in shown]
        preferred, limits = (
            {name: pair for name, pair in getattr(search, which).items() if name in names}
            for which in ("preferred_", "limits_")
        )
        display = cls(
            values,
            objectives=shown,
            front=front,
            chosen=chosen,
            feasible=feasible,
            errors=standard_errors(search, shown) if show_errors else None,
            preferred=preferred,
            limits=limits,
        )
        return display.plot(
            ax,
            scatter_kw=scatter_kw,
            front_kw=front_kw,
            chosen_kw=chosen_kw,
            error_kw=error_kw,
        )

    def plot(
        self,
        ax: Axes | None = None,
        *,
        scatter_kw: dict[str, Any] | None = None,
        front_kw: dict[str, Any] | None = None,
        chosen_kw: dict[str, Any] | None = None,
        error_kw: dict[str, Any] | None = None,
    ) -> ParetoFrontDisplay:
        """Plot the front.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.

        scatter_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.scatter` for the candidates behind
            the front.

        front_kw : dict, default=None
            The same for the front.

        chosen_kw : dict, default=None
            The same for the circle around the chosen candidate.

        error_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.errorbar` for the errors.

        Returns
        -------
        display : ParetoFrontDisplay
            This object.
        """
        objectives = list(self.objectives)
        values = np.asarray(self.values, dtype=float)
        if values.ndim != 2 or values.shape[1] != len(objectives):
            raise ValueError(
                f"`values` must have a column for each of the {len(objectives)} objectives; got "
                f"shape {values.shape}."
            )
        _check_number(objectives)
        errors = self._checked_errors(values.shape)
        names = [objective.name for objective in objectives]
        preferred = bounds_by_axis(self.preferred, names, "`preferred`")
        limits = bounds_by_axis(self.limits, names, "`limits`")
        is_known = np.isfinite(values).all(axis=1)
        is_feasible = np.ones(len(values), dtype=bool)
        if self.feasible is not None:
            is_feasible = np.asarray(self.feasible, dtype=bool)
        on_front = np.zeros(len(values), dtype=bool)
        on_front[np.asarray(self.front, dtype=np.intp)] = True
        on_front &= is_known

        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure  # type: ignore[assignment]
        self.colorbar_ = None
        self._draw_others(values, is_known & ~on_front, is_feasible, scatter_kw or {})
        bars = [values[on_front] + sign * errors[on_front] for sign in (-1.0, 1.0)]
        ends = extent(np.vstack([values[is_known], *bars]), [preferred, limits])
        self._draw_front(values[on_front], ends, front_kw or {})
        if on_front.any():
            self._draw_errors(values[on_front], errors[on_front], error_kw or {})
        if self.chosen is not None and is_known[self.chosen]:
            ring: dict[str, Any] = {"s": 170, "facecolors": "none", "edgecolors": ORANGE}
            ring |= {"linewidths": 2.2, "zorder": 6}
            ring["label"] = f"chosen (candidate {self.chosen})"
            self.ax_.scatter(*values[self.chosen, :2], **ring | (chosen_kw or {}))
        self._draw_bounds(ends, preferred, limits)
        share = 1.0 if self.colorbar_ is None else 1.0 - SHARE_OF_COLORBAR
        _name_axis(self.ax_, "x", objectives[0], share)
        _name_axis(self.ax_, "y", objectives[1])
        is_small = inches_of(self.ax_)[1] < SMALL
        legend(self.ax_, **(SMALL_LEGEND if is_small else {}))
        return self

    def _checked_errors(self, shape: tuple[int, ...]) -> FloatArray:
        """Return the errors; 0 where there is none."""
        if self.errors is None:
            return np.zeros(shape)
        errors = np.asarray(self.errors, dtype=float)
        if errors.shape != shape or (errors < 0.0).any():
            raise ValueError(
                f"`errors` must be numbers of 0 or more, of the same shape as `values`, {shape}; "
                f"got shape {errors.shape}, and {np.nanmin(errors, initial=np.inf):g} as the "
                "smallest."
            )
        return np.where(np.isfinite(errors), errors, 0.0)

    def _draw_others(
        self,
        values: FloatArray,
        is_other: BoolArray,
        is_feasible: BoolArray,
        scatter_kw: dict[str, Any],
    ) -> None:
        """Draw the dominated and the infeasible candidates."""
        dots = {"s": 24, "color": GREY, "alpha": 0.7, "linewidths": 0, "label": "dominated"}
        crosses = {"s": 26, "marker": "x", "color": RED, "alpha": 0.6, "linewidths": 1.2}
        crosses["label"] = "breaks a constraint"
        for points, style in (
            (values[is_other & is_feasible], dots),
            (values[is_other & ~is_feasible], crosses),
        ):
            if len(points):
                self.ax_.scatter(points[:, 0], points[:, 1], **{"zorder": 2, **style, **scatter_kw})

    def _draw_front(self, front: FloatArray, ends: FloatArray, front_kw: dict[str, Any]) -> None:
        if len(front) == 0:
            return
        style: dict[str, Any] = {"s": 48, "zorder": 5, "linewidths": 0.8, "label": "Pareto front"}
        is_objective = [one.greater_is_better is not None for one in self.objectives]
        if is_objective in ([True, True], [True, True, False]):
            self._shade_what_is_dominated(front[:, :2], ends[:, :2])
        if front.shape[1] == 2:
            style |= {"color": BLUE, "edgecolors": "white"}
            self.ax_.scatter(front[:, 0], front[:, 1], **style | front_kw)
            return
        third = self.objectives[2]
        style |= {"s": 62, "edgecolors": DARK, "c": front[:, 2]}
        style["cmap"] = "viridis_r" if third.greater_is_better else "viridis"  # dark is good
        points = self.ax_.scatter(front[:, 0], front[:, 1], **style | front_kw)
        self.colorbar_ = self.figure_.colorbar(points, ax=self.ax_)
        _name_axis(self.colorbar_.ax, "y", third)

    def _draw_errors(self, front: FloatArray, errors: FloatArray, error_kw: dict[str, Any]) -> None:
        """Draw the standard errors of the two objectives that are axes."""
        if not errors[:, :2].any():
            return
        x_errors, y_errors = (one if one.any() else None for one in errors.T[:2])
        style: dict[str, Any] = {"fmt": "none", "elinewidth": 1.1, "zorder": 3.5}
        style |= {"alpha": 0.45, "ecolor": BLUE if front.shape[1] == 2 else DARK}
        style |= {"xerr": x_errors, "yerr": y_errors, "label": "± standard error"}
        self.ax_.errorbar(front[:, 0], front[:, 1], **style | error_kw)

    def _draw_bounds(self, ends: FloatArray, preferred: Bounds, limits: Bounds) -> None:
        """Shade the preferred region, and draw limits by constraints as lines."""
        color_ax = None if self.colorbar_ is None else self.colorbar_.ax
        draw_region(self.ax_, color_ax, ends, preferred)
        draw_limits(self.ax_, color_ax, ends, limits)

    def _shade_what_is_dominated(self, front: FloatArray, ends: FloatArray) -> None:
        """Draw the attainment line through the front, and shade the dominated area."""
        steps, corner = _stairs(front, ends, _signs(self.objectives[:2]))
        self.ax_.plot(*steps.T, color=BLUE, linewidth=1.3, alpha=0.8, zorder=4)
        (area,) = self.ax_.fill(*np.vstack([steps, corner]).T, color=BLUE, alpha=0.08, zorder=1)
        area.set_linewidth(0)
        # Without a margin at the bad ends, the shaded area fills the corner.
        area.sticky_edges.x.append(corner[0])
        area.sticky_edges.y.append(corner[1])


def _columns(objectives: Sequence[Objective], names: Sequence[str] | None) -> list[int]:
    """Return the columns of the objectives to show."""
    known = [objective.name for objective in objectives]
    if names is None:
        _check_number(objectives)
        return list(range(len(known)))
    if isinstance(names, str) or len(names) not in (2, 3) or len(set(names)) < len(names):
        raise ValueError(f"`objectives` must be a list of 2 or 3 different names; got {names!r}.")
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"Unknown objective {unknown[0]!r}; the objectives are {known}.")
    return [known.index(name) for name in names]


def _attribute(table: TrialTable, name: str, n_objectives: int) -> FloatArray:
    """Return a user attribute of all trials; NaN for those that are not complete."""
    if n_objectives != 2:
        raise ValueError(
            f"`color` needs a plot of two objectives, because a third one is the colour; got "
            f"{n_objectives}: select two with `objectives=[names]`."
        )
    values = np.full(len(table.trials), np.nan)
    for row in np.flatnonzero(table.is_complete):
        value = table.trials[row].user_attrs.get(name)
        if not isinstance(value, int | float | np.number):
            raise ValueError(
                f"`color` must be the name of a user attribute, a number that each complete trial "
                f"has; trial {row} has {name!r}: {value!r}."
            )
        values[row] = value
    return values


def _check_number(objectives: Sequence[Objective]) -> None:
    if len(objectives) not in (2, 3):
        names = [objective.name for objective in objectives]
        raise ValueError(
            f"A plot shows 2 or 3 objectives, not {len(names)}: select them with "
            f"`objectives=[names]` from {names}."
        )


def _signs(objectives: Sequence[Objective]) -> FloatArray:
    """Return the factors that turn values into losses."""
    return np.array([-1.0 if objective.greater_is_better else 1.0 for objective in objectives])


def _front_of(
    values: FloatArray, objectives: Sequence[Objective], feasible: BoolArray
) -> NDArray[np.intp]:
    candidates = np.flatnonzero(feasible & np.isfinite(values).all(axis=1))
    return candidates[is_nondominated(_signs(objectives) * values[candidates])]


def _stairs(
    front: FloatArray, ends: FloatArray, signs: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the border of the dominated area, and its worst corner."""
    losses, seen = signs * front, signs * ends
    span = np.ptp(seen, axis=0)
    corner = seen.max(axis=0) + 0.05 * np.where(span > 0.0, span, 1.0)
    losses = losses[np.lexsort((losses[:, 1], losses[:, 0]))]
    x = np.append(np.repeat(losses[:, 0], 2), corner[0])
    y = np.concatenate([corner[1:], np.repeat(losses[:, 1], 2)])
    return signs * np.column_stack([x, y]), signs * corner


def _name_axis(ax: Axes, axis: str, objective: Objective, share: float = 1.0) -> None:
    """Label an axis with name and unit, and with "better" at the good end.

    `share` is the share of the length that a colour bar leaves.
    """
    unit = f" ({objective.unit})" if objective.unit else ""
    n_characters = int(share * _n_characters(ax, axis))
    text = f"{short(str(objective.name), max(8, n_characters - len(unit)))}{unit}"
    if objective.greater_is_better is None:
        ax.set(**{f"{axis}label": text})
        return
    end, word = (1.0, "better →") if objective.greater_is_better else (0.0, "← better")
    if len(text) + 2 * len(word) > n_characters:  # they would overlap
        ax.set(**{f"{axis}label": f"{text}\n{word}"})
        return
    style: dict[str, Any] = {"color": DARK, "fontsize": "small", "annotation_clip": False}
    if axis == "x":
        ax.set_xlabel(text)
        where: Any = ("axes fraction", ax.xaxis.label)
        side = "right" if end else "left"
        ax.annotate(word, (end, 0.5), xycoords=where, ha=side, va="center", **style)
    else:
        ax.set_ylabel(text)
        where = (ax.yaxis.label, "axes fraction")
        side = "top" if end else "bottom"
        ax.annotate(word, (0.5, end), xycoords=where, ha="center", va=side, rotation=90, **style)


def _n_characters(ax: Axes, axis: str) -> int:
    """Return how many characters of a label fit along an axis, about."""
    inches = inches_of(ax)[0 if axis == "x" else 1]
    label = ax.xaxis.label if axis == "x" else ax.yaxis.label
    return int(inches * POINTS / (WIDTH_OF_CHARACTER * float(label.get_fontsize())))
