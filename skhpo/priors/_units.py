"""The units in which a prior measures parameters, so that they mean the same on other data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["ChoiceUnit", "DataTraits", "LayersUnit", "NumericUnit", "Unit", "unit_from_json"]

FloatArray = NDArray[np.float64]

UNLIKE = math.sqrt(0.5)  # of an indicator: different choices have distance 1


@dataclass(frozen=True)
class DataTraits:
    """What the units of parameters need to know of the data.

    Parameters
    ----------
    n_features : int
        Number of columns of the training data.
    variance : float, default=1.0
        Variance of the entries of X, which `gamma` of kernel machines is relative to.
    target_sd : float, default=1.0
        Standard deviation of the target of a regression.
    """

    n_features: int
    variance: float = 1.0
    target_sd: float = 1.0


class Unit:
    """How a parameter enters a prior: as one or several coordinates.

    Attributes
    ----------
    name : str
        The parameter.
    width : int
        Number of coordinates.
    n_draws : int
        How many numbers of the unit interval determine a value.
    """

    kind: ClassVar[str]
    n_draws: ClassVar[int] = 1
    name: str

    @property
    def width(self) -> int:
        raise NotImplementedError

    def encode(self, values: Iterable[Any], traits: DataTraits) -> FloatArray:
        """Return the coordinates of values, of shape (n_values, width).

        Values that the prior does not know have NaN.
        """
        raise NotImplementedError

    def decode(self, draws: Sequence[float], traits: DataTraits) -> Any:
        """Return the value that `n_draws` numbers of the unit interval determine."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """Return the unit as values of JSON."""
        return {"kind": self.kind, **asdict(self)}  # type: ignore[call-overload]


# A value in the unit is the value times this factor.
SCALES: Mapping[str, Callable[[DataTraits], float]] = {
    "": lambda traits: 1.0,
    "gamma": lambda traits: traits.n_features * traits.variance,  # gamma="scale" is 1
    "target": lambda traits: 1.0 / traits.target_sd,
}

# Values that are no numbers.
WORDS: Mapping[str, Callable[[DataTraits], float]] = {
    "sqrt": lambda traits: math.sqrt(traits.n_features) / traits.n_features,
    "log2": lambda traits: math.log2(max(traits.n_features, 2)) / traits.n_features,
    "scale": lambda traits: 1.0 / (traits.n_features * traits.variance),
    "auto": lambda traits: 1.0 / traits.n_features,
}


@dataclass(frozen=True)
class NumericUnit(Unit):
    """A number on a linear or logarithmic scale.

    Parameters
    ----------
    name : str
        The parameter.
    low, high : float
        The range that was learned, in the unit. Values outside are moved to its ends.
    log : bool, default=False
        Whether the scale is logarithmic. Smaller values, such as 0, are then moved to `low`.
    integer : bool, default=False
        Whether the values are integers.
    scale : str, default=""
        What the unit is relative to: "" for nothing, "gamma" for the scale of kernels' features,
        "target" for the standard deviation of the target.
    share : bool, default=False
        Whether the value is a share of the features. An integer is then a number of features.
    none : float, optional
        What None stands for, in the unit. Default: None is unknown.
    negative : float, optional
        What a negative number stands for. Default: `low`.
    """

    kind: ClassVar[str] = "numeric"

    name: str
    low: float
    high: float
    log: bool = False
    integer: bool = False
    scale: str = ""
    share: bool = False
    none: float | None = None
    negative: float | None = None

    @property
    def width(self) -> int:
        return 1

    def encode(self, values: Iterable[Any], traits: DataTraits) -> FloatArray:
        if isinstance(values, np.ndarray) and values.dtype.kind == "f" and not self.share:
            numbers = values * SCALES[self.scale](traits)
            if self.negative is not None:
                numbers = np.where(values < 0, self.negative, numbers)
        else:
            numbers = np.array([self._number(value, traits) for value in values], dtype=float)
        numbers = np.clip(numbers, self.low, self.high)
        if self.log:
            share = np.log(numbers / self.low) / math.log(self.high / self.low)
        else:
            share = (numbers - self.low) / (self.high - self.low)
        encoded: FloatArray = share[:, None]
        return encoded

    def _number(self, value: Any, traits: DataTraits) -> float:
        """Return a value in the unit; NaN if it is unknown."""
        if value is None:
            return math.nan if self.none is None else self.none
        if isinstance(value, str):
            word = WORDS.get(value)
            return math.nan if word is None else word(traits) * SCALES[self.scale](traits)
        if not isinstance(value, Real) or isinstance(value, bool | np.bool_):
            return math.nan
        number = float(value)
        if self.negative is not None and number < 0:
            return self.negative
        if self.share and isinstance(value, Integral):
            return number / traits.n_features
        return number * SCALES[self.scale](traits)

    def decode(self, draws: Sequence[float], traits: DataTraits) -> float | int:
        (coordinate,) = draws
        if self.log:
            number = self.low * (self.high / self.low) ** coordinate
        else:
            number = self.low + coordinate * (self.high - self.low)
        number = float(number / SCALES[self.scale](traits))
        return round(number) if self.integer else number


@dataclass(frozen=True)
class ChoiceUnit(Unit):
    """One of several values without an order.

    Parameters
    ----------
    name : str
        The parameter.
    choices : tuple
        The values that were learned: texts, numbers, booleans or None.
    """

    kind: ClassVar[str] = "choice"

    name: str
    choices: tuple[Any, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", tuple(map(_hashable, self.choices)))

    @property
    def width(self) -> int:
        return len(self.choices)

    def encode(self, values: Iterable[Any], traits: DataTraits) -> FloatArray:
        given = list(values)
        encoded = np.zeros((len(given), self.width))
        for row, value in zip(encoded, given, strict=True):
            index = self._index(value)
            if index is None:
                row[:] = np.nan
            else:
                row[index] = UNLIKE
        return encoded

    def _index(self, value: Any) -> int | None:
        for i, choice in enumerate(self.choices):
            if _is_same(choice, value):
                return i
        return None

    def decode(self, draws: Sequence[float], traits: DataTraits) -> Any:
        return self.choices[min(int(draws[0] * self.width), self.width - 1)]


@dataclass(frozen=True)
class LayersUnit(Unit):
    """The hidden layers of a network: their mean width, on a logarithmic scale, and their number.

    Parameters
    ----------
    name : str
        The parameter.
    low, high : float
        Range of the width.
    n_layers : int
        The largest number of layers.
    """

    kind: ClassVar[str] = "layers"
    n_draws: ClassVar[int] = 2

    name: str
    low: float
    high: float
    n_layers: int

    @property
    def width(self) -> int:
        return 2

    def encode(self, values: Iterable[Any], traits: DataTraits) -> FloatArray:
        return np.array([self._coordinates(value) for value in values], dtype=float).reshape(-1, 2)

    def _coordinates(self, value: Any) -> tuple[float, float]:
        widths = [value] if isinstance(value, Integral) else value
        if not isinstance(widths, Sequence | np.ndarray) or isinstance(widths, str):
            return math.nan, math.nan
        if len(widths) == 0 or not all(isinstance(w, Integral) and int(w) > 0 for w in widths):
            return math.nan, math.nan
        mean = math.exp(float(np.mean(np.log([float(w) for w in widths]))))
        width = min(max(mean, self.low), self.high)
        depth = min(len(widths), self.n_layers)
        share = math.log(width / self.low) / math.log(self.high / self.low)
        return share, (depth - 1) / max(self.n_layers - 1, 1)

    def decode(self, draws: Sequence[float], traits: DataTraits) -> tuple[int, ...]:
        width = self.low * (self.high / self.low) ** draws[0]
        depth = 1 + min(int(draws[1] * self.n_layers), self.n_layers - 1)
        return (round(width),) * depth


def _hashable(choice: Any) -> Any:
    return tuple(choice) if isinstance(choice, list) else choice


def _is_same(choice: Any, value: Any) -> bool:
    """Return whether two values are equal and of one kind: True is not 1."""
    if isinstance(choice, bool) != isinstance(value, bool | np.bool_):
        return False
    if isinstance(choice, Real) and isinstance(value, Real):
        return float(choice) == float(value)
    return type(choice) is type(value) and bool(choice == value)


def unit_from_json(stored: Mapping[str, Any]) -> Unit:
    """Return the unit that `to_json` described."""
    kinds: dict[str, Any] = {unit.kind: unit for unit in (NumericUnit, ChoiceUnit, LayersUnit)}
    arguments = dict(stored)
    unit: Unit = kinds[arguments.pop("kind")](**arguments)
    return unit
