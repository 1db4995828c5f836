"""How a parameter lies on an axis: linear, logarithmic, or one place for each choice."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skhpo.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    OrdinalDistribution,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

__all__ = ["ParamAxis", "jittered", "lay_out", "param_axis", "short", "short_names"]

LONGEST_NAME = 30  # characters of a parameter's name
LONGEST_LABEL = 14  # characters of a choice
MAX_TICKS = 12  # choices that have a tick of their own
MAX_TICKS_OF_NUMBERS = 7  # the same for choices that are ordered numbers
MANY_NUMBERS = 6  # from here on, choices that are evenly spaced numbers are a scale
MARGIN = 0.04

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ParamAxis:
    """The axis of a parameter.

    Attributes
    ----------
    name : str
        Name of the parameter.
    distribution : BaseDistribution
        Its distribution.
    scale : {"linear", "log", "category"}
        How values become positions. A number is its own position. A choice has the position 0, 1,
        ..., in the order of the choices, or in numerical order if they are ordered numbers. Many
        choices that are evenly spaced numbers are numbers.
    low, high : float
        Smallest and largest position of the values; for choices, of all choices. The other way
        round if the axis is turned over.
    """

    name: str
    distribution: BaseDistribution
    scale: str
    low: float
    high: float

    @property
    def labels(self) -> list[str]:
        """The choices as texts, in the order of their positions; empty for numbers."""
        if self.scale != "category":
            return []
        order = self.distribution.cell_values(np.arange(self.distribution.n_cells or 0))
        labels = self.distribution.labels  # type: ignore[attr-defined]
        return [str(labels[int(i)]) for i in order]

    @property
    def limits(self) -> tuple[float, float]:
        """Ends of the axis, with a margin."""
        if self.scale == "category":
            return self.low - 0.5, self.high + 0.5
        low, high = (self._scaled(np.array([end]))[0] for end in (self.low, self.high))
        margin = MARGIN * (high - low) or 0.5 * (abs(low) if self.scale == "linear" else 1.0) or 0.5
        low, high = low - margin, high + margin
        return (10.0**low, 10.0**high) if self.scale == "log" else (low, high)

    def positions(self, values: Iterable[Any]) -> FloatArray:
        """Return the positions of values of the parameter."""
        if self.scale != "category":
            return _numbers(self.distribution, values)
        internal = np.array([self.distribution.to_internal_repr(one) for one in values], float)
        unit = self.distribution.to_unit(internal)
        return np.floor(unit * (self.distribution.n_cells or 1))

    def to_unit(self, positions: FloatArray) -> FloatArray:
        """Map positions to 0 (low end) to 1 (high end), evenly on the scale of the axis."""
        low, high = self._scaled(np.array([self.low, self.high]))
        if low == high:
            return np.full(np.shape(positions), 0.5)
        unit: FloatArray = (self._scaled(np.asarray(positions, dtype=float)) - low) / (high - low)
        return unit

    def grid(self, n_points: int, *, with_margin: bool = False) -> FloatArray:
        """Return evenly spaced positions between the ends; all positions, for choices.

        With ``with_margin=True``, between the limits.
        """
        if self.scale == "category":
            return np.arange(self.low, self.high + 1.0)
        if with_margin:
            space = np.geomspace if self.scale == "log" else np.linspace
            return space(*self.limits, n_points)
        low, high = self._scaled(np.array([self.low, self.high]))
        grid = np.linspace(low, high, n_points if low < high else 1)
        grid = 10.0**grid if self.scale == "log" else grid
        if isinstance(self.distribution, IntDistribution):
            grid = np.unique(np.rint(grid))
        return np.clip(grid, self.low, self.high)

    def _scaled(self, positions: FloatArray) -> FloatArray:
        scaled: FloatArray = np.log10(positions) if self.scale == "log" else positions
        return scaled


def param_axis(name: str, distribution: BaseDistribution, values: Iterable[Any]) -> ParamAxis:
    """Return the axis of a parameter.

    Parameters
    ----------
    name : str
        Name of the parameter.
    distribution : BaseDistribution
        Its distribution.
    values : iterable
        Values that the axis shows.

    Returns
    -------
    axis : ParamAxis

    Examples
    --------
    >>> from skhpo.distributions import CategoricalDistribution, FloatDistribution
    >>> from skhpo.plots._axes import param_axis
    >>> param_axis("C", FloatDistribution(0.01, 100, log=True), [0.1, 10]).scale
    'log'
    >>> kernel = param_axis("kernel", CategoricalDistribution(["linear", "rbf"]), ["rbf"])
    >>> kernel.scale, kernel.positions(["rbf", "linear"]).tolist(), kernel.labels
    ('category', [1.0, 0.0], ['linear', 'rbf'])
    """
    if isinstance(distribution, CategoricalDistribution):
        scale = _scale_of_choices(distribution)
        if scale == "category":
            return ParamAxis(name, distribution, scale, 0.0, distribution.n_cells - 1.0)
    positions = _numbers(distribution, values)
    low, high = (positions.min(), positions.max()) if len(positions) else (math.nan, math.nan)
    if not isinstance(distribution, CategoricalDistribution):
        scale = "log" if low > 0.0 and _is_log(distribution) else "linear"
    return ParamAxis(name, distribution, scale, float(low), float(high))


def _numbers(distribution: BaseDistribution, values: Iterable[Any]) -> FloatArray:
    """Return values that are numbers as floats."""
    if isinstance(distribution, CategoricalDistribution):
        return np.array([float(distribution.canonical(one)) for one in values], dtype=float)
    return np.array([distribution.to_internal_repr(one) for one in values], dtype=float)


def _scale_of_choices(distribution: CategoricalDistribution) -> str:
    """Return the scale of choices; many numbers at even distances are no categories."""
    if not isinstance(distribution, OrdinalDistribution) or distribution.n_cells < MANY_NUMBERS:
        return "category"
    numbers = np.sort(np.array(distribution.choices, dtype=float))
    if _is_even(numbers):
        return "linear"
    return "log" if numbers[0] > 0.0 and _is_even(np.log(numbers)) else "category"


def _is_even(numbers: FloatArray) -> bool:
    steps = np.diff(numbers)
    return bool(steps.max() <= 1.01 * steps.min())


def _is_log(distribution: BaseDistribution) -> bool:
    """Return whether the prior is more even on a log scale."""
    if isinstance(distribution, FloatDistribution | IntDistribution):
        return distribution.log
    low, middle, high = distribution.from_unit([0.001, 0.5, 0.999]).tolist()
    if not 0.0 < low < high:
        return False
    linear = abs((middle - low) / (high - low) - 0.5)
    log = abs(math.log(middle / low) / math.log(high / low) - 0.5)
    return bool(log < linear)


def lay_out(
    ax: Axes,
    which: str,
    axis: ParamAxis,
    *,
    has_label: bool = True,
    longest_name: int = LONGEST_NAME,
) -> None:
    """Set scale, limits, ticks and label of an axis of matplotlib.

    Parameters
    ----------
    ax : matplotlib Axes
        The axes.
    which : {"x", "y"}
        The axis.
    axis : ParamAxis
        The parameter.
    has_label : bool, default=True
        Whether to show the name of the parameter.
    longest_name : int, default=30
        Longer names are shortened.
    """
    own: Axis = ax.xaxis if which == "x" else ax.yaxis
    low, high = axis.limits
    if axis.scale == "category":
        labels = axis.labels
        is_ordered = axis.distribution.is_ordered
        at = tick_places(len(labels), MAX_TICKS_OF_NUMBERS if is_ordered else MAX_TICKS)
        own.set_ticks(at, [short(labels[i], LONGEST_LABEL) for i in at])
        if which == "x" and sum(len(short(labels[i], LONGEST_LABEL)) for i in at) > 22:
            ax.tick_params(axis="x", labelrotation=30)
            for tick in ax.get_xticklabels():
                tick.set(ha="right", rotation_mode="anchor")
    elif axis.scale == "log":
        ax.set(**{f"{which}scale": "log"})
    if math.isfinite(low):
        ax.set(**{f"{which}lim": (low, high)})
    if has_label:
        own.set_label_text(short(axis.name, longest_name))


def jittered(positions: FloatArray, axis: ParamAxis, *, turned: bool = False) -> FloatArray:
    """Move the positions of choices apart, always in the same way, so that dots can be seen.

    With ``turned=True``, in another way, so that a plane of choices is filled evenly.
    """
    if axis.scale != "category":
        return positions
    step = 0.5698402909980532 if turned else 0.7548776662466927  # of a low-discrepancy sequence
    return positions + 0.5 * (np.arange(len(positions)) * step % 1.0 - 0.5)


def tick_places(n_choices: int, n_ticks: int = MAX_TICKS) -> list[int]:
    """Return which choices get a tick: all, or evenly spaced ones if there are many."""
    if n_choices <= n_ticks:
        return list(range(n_choices))
    return sorted({round(place) for place in np.linspace(0, n_choices - 1, n_ticks)})


def short(text: str, n_characters: int) -> str:
    """Shorten a text; of a name with parts (``a__b__c``), the last ones are kept.

    Examples
    --------
    >>> from skhpo.plots._axes import short
    >>> short("columntransformer__numeric__simpleimputer__strategy", 30)
    '…simpleimputer__strategy'
    >>> short("a long description", 8)
    'a long …'
    """
    if len(text) <= n_characters:
        return text
    end = text
    while len(end) >= n_characters and "__" in end:
        end = end.partition("__")[2]
    if len(end) < n_characters and end != text:
        return f"…{end}"
    return f"{text[: n_characters - 1]}…"


def short_names(names: Sequence[str], n_characters: int = LONGEST_NAME) -> list[str]:
    """Shorten names, but not if they become equal."""
    shortened = [short(name, n_characters) for name in names]
    return [
        name if shortened.count(text) > 1 else text
        for name, text in zip(names, shortened, strict=True)
    ]
