"""Choices among any objects, without an order or in numerical order."""

import operator
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skhpo.distributions._base import BaseDistribution, FloatArray, cell_of, middle_of_cell
from skhpo.distributions._labels import labels_of

_MAX_SHOWN = 30  # number of choices shown in full in a message


@dataclass(frozen=True, eq=False)
class CategoricalDistribution(BaseDistribution):
    """A choice among objects of any kind, all equally likely.

    Parameters
    ----------
    choices : sequence
        One or more objects: strings, numbers, None, estimators, functions, arrays, ... A value
        is looked up by identity first, then by equality and type, then by equality alone; so 1,
        1.0 and True can all be choices. The label of a choice is accepted in its place.

    Attributes
    ----------
    labels : list
        The choices as a database stores them: JSON values as they are, others as a text.

    Raises
    ------
    ValueError
        If there are no choices.

    Examples
    --------
    >>> from skhpo.distributions import CategoricalDistribution
    >>> penalty = CategoricalDistribution(["l1", "l2", None])
    >>> penalty.to_internal_repr(None)
    2.0
    >>> penalty.to_external_repr(1.0)
    'l2'
    """

    is_ordered: ClassVar[bool] = False

    choices: tuple[Any, ...]

    def __init__(self, choices: Sequence[Any]) -> None:
        object.__setattr__(self, "choices", tuple(choices))
        if not self.choices:
            raise ValueError(f"choices must hold one or more objects, but got {choices!r}.")

    def to_internal_repr(self, value: Any) -> float:
        index = self._index_of_id.get(id(value))
        if index is None:
            index = self._index_of_value.get(_typed(value))
        if index is None and _typed(value) is not None:
            index = self._index_of_equal.get(value)
        if index is None and isinstance(value, str):
            index = self._index_of_label.get(value)
        if index is None:
            index = find(value, self.choices)
        if index is None:
            raise ValueError(f"{value!r} is not among the choices {_shown(self.choices)}.")
        return float(index)

    def to_external_repr(self, internal: float) -> Any:
        return self.choices[int(internal)]

    def nth(self, position: int) -> Any:
        return self.choices[position]

    def single(self) -> bool:
        return len(self.choices) == 1

    def _contains(self, internal: float) -> bool:
        return 0 <= internal < len(self.choices) and internal == int(internal)

    @property
    def n_cells(self) -> int:
        return len(self.choices)

    def to_unit(self, internal: ArrayLike) -> FloatArray:
        index = np.asarray(internal, dtype=np.float64)
        inside = (index >= 0.0) & (index < self.n_cells) & (index == np.floor(index))
        return np.where(inside, middle_of_cell(index, self.n_cells), np.nan)

    def from_unit(self, u: ArrayLike) -> FloatArray:
        return cell_of(u, self.n_cells)

    def cell_values(self, ranks: ArrayLike) -> FloatArray:
        return np.asarray(ranks, dtype=np.float64)

    @cached_property
    def labels(self) -> list[bool | int | float | str | None]:
        return labels_of(self.choices)

    @cached_property
    def _index_of_id(self) -> dict[int, int]:
        return {id(c): i for i, c in reversed(list(enumerate(self.choices)))}

    @cached_property
    def _index_of_value(self) -> dict[Hashable, int]:
        indices = {_typed(c): i for i, c in reversed(list(enumerate(self.choices)))}
        indices.pop(None, None)
        return indices

    @cached_property
    def _index_of_equal(self) -> dict[Hashable, int]:
        hashable = [(i, c) for i, c in enumerate(self.choices) if _typed(c) is not None]
        return {choice: i for i, choice in reversed(hashable)}

    @cached_property
    def _index_of_label(self) -> dict[str, int]:
        labels = reversed(list(enumerate(self.labels)))
        return {label: i for i, label in labels if isinstance(label, str)}

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, BaseDistribution):
            return NotImplemented
        return (
            isinstance(other, CategoricalDistribution)
            and type(self) is type(other)
            and same_choices(self.choices, other.choices)
        )

    def __hash__(self) -> int:
        return hash((type(self).__name__, len(self.choices)))  # choices may be unhashable


@dataclass(frozen=True, eq=False, init=False)
class OrdinalDistribution(CategoricalDistribution):
    """A choice among numbers, all equally likely, in numerical order.

    Like a categorical choice, but neighbouring numbers are similar, so that an algorithm can
    learn from one about the next. The unit coordinate follows the rank, so uneven lists such as
    ``[1, 10, 100]`` are spread evenly.

    Parameters
    ----------
    choices : sequence of numbers
        Distinct numbers. The order is descending if they are listed so, else ascending.

    Raises
    ------
    ValueError
        If the choices are not numbers, or some are equal.

    Examples
    --------
    >>> from skhpo.distributions import OrdinalDistribution
    >>> OrdinalDistribution([1, 10, 100]).to_unit([0, 1, 2]).round(3).tolist()
    [0.167, 0.5, 0.833]
    >>> OrdinalDistribution([10, 100, 1]).to_unit([0, 1, 2]).round(3).tolist()
    [0.5, 0.833, 0.167]
    """

    is_ordered: ClassVar[bool] = True

    def __init__(self, choices: Sequence[float]) -> None:
        super().__init__(choices)
        if not are_distinct_numbers(self.choices):
            raise ValueError(f"choices must be distinct numbers, but got {_shown(self.choices)}.")

    def to_unit(self, internal: ArrayLike) -> FloatArray:
        index = np.asarray(internal, dtype=np.float64)
        inside = (index >= 0.0) & (index < self.n_cells) & (index == np.floor(index))
        rank = self._ranks[np.where(inside, index, 0.0).astype(np.int64)].astype(np.float64)
        return np.where(inside, middle_of_cell(rank, self.n_cells), np.nan)

    def from_unit(self, u: ArrayLike) -> FloatArray:
        u = np.asarray(u, dtype=np.float64)
        cells = cell_of(np.where(np.isnan(u), 0.0, u), self.n_cells)
        return np.where(np.isnan(u), np.nan, self.cell_values(cells))

    def cell_values(self, ranks: ArrayLike) -> FloatArray:
        return self._positions[np.asarray(ranks, dtype=np.int64)].astype(np.float64)

    @cached_property
    def _positions(self) -> NDArray[np.int64]:
        """Position of each choice by rank."""
        order = sorted(range(self.n_cells), key=self.choices.__getitem__)
        is_falling = order == list(range(self.n_cells))[::-1]
        return np.array(order[::-1] if is_falling else order, dtype=np.int64)

    @cached_property
    def _ranks(self) -> NDArray[np.int64]:
        """Rank of each choice by position."""
        return np.argsort(self._positions)


def are_distinct_numbers(values: Sequence[Any]) -> bool:
    """Return whether the values are distinct real numbers, without bools and NaN."""
    if not all(isinstance(v, Real) and not isinstance(v, bool | np.bool_) for v in values):
        return False
    return len(set(values)) == len(values) and not any(map(is_nan, values))


def _shown(choices: Sequence[Any]) -> str:
    """Format the choices for a message, shortened if there are many."""
    if len(choices) <= _MAX_SHOWN:
        return repr(choices)
    return f"({', '.join(map(repr, choices[:3]))}, ... {choices[-1]!r}), {len(choices)} in all"


def find(value: Any, choices: Sequence[Any]) -> int | None:
    """Return the index of a value: by identity, else by equality and type, else by equality."""
    for i, choice in enumerate(choices):
        if choice is value:
            return i
    equal = [i for i, choice in enumerate(choices) if same_object(choice, value)]
    of_type = [i for i in equal if type(choices[i]) is type(value)]
    return next(iter(of_type + equal), None)


def _typed(value: Any) -> Hashable | None:
    """Return a key shared by equal values of one type; None if the value is not hashable."""
    try:
        hash(value)
    except Exception:
        return None
    return type(value), value


def same_choices(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Return whether two sequences hold equal objects in the same order."""
    return len(a) == len(b) and (_same_at_once(a, b) or all(map(same_object, a, b)))


def _same_at_once(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Return whether two sequences compare equal as a whole, with equal types.

    This fast path may miss sequences that are equal element by element.
    """
    try:
        return bool(a == b) and all(map(operator.is_, map(type, a), map(type, b)))
    except Exception:  # some comparisons fail, for example of arrays
        return False


def same_object(a: Any, b: Any) -> bool:
    """Return whether two objects are equal.

    NaN equals NaN, and a comparison that fails means unequal.
    """
    if a is b or (is_nan(a) and is_nan(b)):
        return True
    try:
        return bool(a == b) if not _is_array(a, b) else _same_array(a, b)
    except Exception:
        return _same_array(a, b)


def _is_array(a: Any, b: Any) -> bool:
    return isinstance(a, np.ndarray) or isinstance(b, np.ndarray)


def _same_array(a: Any, b: Any) -> bool:
    try:
        return type(a) is type(b) and bool(np.array_equal(a, b))
    except Exception:
        return False


def is_nan(value: Any) -> bool:
    return isinstance(value, Real) and bool(value != value)  # an int may be too large for a float
