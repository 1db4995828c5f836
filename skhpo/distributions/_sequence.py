"""Long lists of numbers, which are stored by value instead of by label."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skhpo.distributions._base import (
    LARGEST_INT,
    BaseDistribution,
    FloatArray,
    cell_of,
    middle_of_cell,
)

MAX_LISTED = 1_000
"""Length of the longest list of numbers that a database stores as a list with each trial."""


@dataclass(frozen=True, eq=False, repr=False, init=False)
class SequenceDistribution(BaseDistribution):
    """A choice among the numbers of a long list, all equally likely, in numerical order.

    Like an `OrdinalDistribution`, but the internal representation is the number itself. So a
    list of a million numbers needs no Python object for each, and a database stores the range
    instead of the list. Values are the elements of the list, with their types.

    Parameters
    ----------
    values : sequence of numbers
        Distinct finite numbers, in any order. An array is copied.

    Raises
    ------
    ValueError
        If the list is empty, or if numbers are equal as floats, not finite, or integers of at
        least 2**53 in absolute value.

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.distributions import SequenceDistribution
    >>> fractions = SequenceDistribution(np.linspace(0, 1, 100_001))
    >>> fractions
    SequenceDistribution(100001 numbers from 0.0 to 1.0)
    >>> fractions.from_unit([0.0, 0.5, 1.0]).tolist()
    [0.0, 0.5, 1.0]
    """

    values: Any

    def __init__(self, values: Sequence[Any] | NDArray[Any]) -> None:
        kept: Any = np.array(values) if isinstance(values, np.ndarray) else tuple(values)
        if isinstance(kept, np.ndarray):
            kept.setflags(write=False)
        object.__setattr__(self, "values", kept)
        numbers = self._numbers
        if numbers.ndim != 1 or not len(numbers) or not math.isfinite(numbers[-1] - numbers[0]):
            raise ValueError("values must be one or more finite numbers.")
        if np.any(numbers[1:] == numbers[:-1]):
            raise ValueError("values must be distinct when converted to floats.")
        if self.is_discrete and max(-numbers[0], numbers[-1]) >= LARGEST_INT:
            raise ValueError("values must be below 2**53 in absolute value if they are integers.")

    @property
    def low(self) -> float:
        """Smallest value."""
        return float(self._numbers[0])

    @property
    def high(self) -> float:
        """Largest value."""
        return float(self._numbers[-1])

    @cached_property
    def is_discrete(self) -> bool:
        """Whether all values are integers."""
        if isinstance(self.values, np.ndarray):
            return self.values.dtype.kind in "iu"
        return all(issubclass(kind, Integral) for kind in self._kinds)

    def to_internal_repr(self, value: Any) -> float:
        try:
            internal = float(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{value!r} is not a number, as {self} requires.") from error
        if math.isnan(internal):
            raise ValueError(f"{value!r} is not a valid value for {self}.")
        return internal

    def to_external_repr(self, internal: float) -> Any:
        if not self._contains(internal):
            raise ValueError(f"{internal!r} is not among the {self}.")
        rank = int(np.searchsorted(self._numbers, internal))
        return self.nth(rank if self._order is None else int(self._order[rank]))

    def nth(self, position: int) -> Any:
        return self.values[position]

    def single(self) -> bool:
        return self.n_cells == 1

    def _contains(self, internal: float) -> bool:
        return bool(self._rank(np.asarray(internal))[1])

    @property
    def n_cells(self) -> int:
        return len(self.values)

    def to_unit(self, internal: ArrayLike) -> FloatArray:
        rank, is_inside = self._rank(np.asarray(internal, dtype=np.float64))
        return np.where(is_inside, middle_of_cell(rank, self.n_cells), np.nan)

    def from_unit(self, u: ArrayLike) -> FloatArray:
        u = np.asarray(u, dtype=np.float64)
        is_nan = np.isnan(u)
        values = self.cell_values(cell_of(np.where(is_nan, 0.0, u), self.n_cells))
        return np.where(is_nan, np.nan, values)

    def cell_values(self, ranks: ArrayLike) -> FloatArray:
        values: FloatArray = self._numbers[np.asarray(ranks, dtype=np.int64)]
        return values

    def _rank(self, numbers: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Return the ranks of numbers, and whether they are among the values."""
        rank = np.minimum(np.searchsorted(self._numbers, numbers), self.n_cells - 1)
        return rank.astype(np.float64), self._numbers[rank] == numbers

    @cached_property
    def _order(self) -> NDArray[np.int64] | None:
        """Position of each value by rank; None if the values are in ascending order."""
        numbers = np.asarray(self.values, dtype=np.float64)
        return None if np.all(numbers[1:] > numbers[:-1]) else np.argsort(numbers, kind="stable")

    @cached_property
    def _numbers(self) -> FloatArray:
        """The values in ascending order."""
        numbers = np.asarray(self.values, dtype=np.float64)
        return numbers if self._order is None else numbers[self._order]

    @cached_property
    def _kinds(self) -> frozenset[Any]:
        if isinstance(self.values, np.ndarray):
            return frozenset([self.values.dtype])
        return frozenset(map(type, self.values))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, BaseDistribution):
            return NotImplemented
        return (
            isinstance(other, SequenceDistribution)
            and self._kinds == other._kinds
            and np.array_equal(self._numbers, other._numbers)
        )

    def __hash__(self) -> int:
        return hash(("SequenceDistribution", self.n_cells, self.low, self.high))

    def __repr__(self) -> str:
        kind = int if self.is_discrete else float
        return (
            f"SequenceDistribution({self.n_cells} numbers "
            f"from {kind(self.low)} to {kind(self.high)})"
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> "SequenceDistribution":
        return self  # immutable
