"""Conversion of sequences of values to distributions."""

from collections import UserString
from collections.abc import Hashable, Mapping, Sequence, Set
from numbers import Real
from typing import Any

import numpy as np

from skhpo.distributions import (
    MAX_LISTED,
    BaseDistribution,
    CategoricalDistribution,
    IntDistribution,
    OrdinalDistribution,
    SequenceDistribution,
)
from skhpo.distributions._base import LARGEST_INT
from skhpo.distributions._categorical import are_distinct_numbers, is_nan, same_object
from skhpo.distributions._quantile import describe

_NO_SEQUENCES = (str, bytes, bytearray, UserString, Mapping, Set)


def is_distribution(value: Any) -> bool:
    """Return whether a value is a distribution of skhpo or Optuna."""
    names = {base.__name__ for base in type(value).__mro__}
    return isinstance(value, BaseDistribution) or not names.isdisjoint(
        ("FloatDistribution", "IntDistribution", "CategoricalDistribution")
    )


def is_sequence(value: Any) -> bool:
    """Return whether a value is a list of choices, or like one."""
    return (
        hasattr(value, "__len__")
        and hasattr(value, "__getitem__")
        and not isinstance(value, (*_NO_SEQUENCES, type))
        and not hasattr(value, "get_params")  # a Pipeline has a length
        and getattr(value, "shape", None) != ()
    )


def from_sequence(value: Any) -> BaseDistribution:
    """Convert a sequence to a distribution: numbers are ordered, anything else is not.

    Among equal values of one type, only the first is kept.

    Parameters
    ----------
    value : sequence
        One or more values. Long arrays of numbers are read without creating Python objects.

    Returns
    -------
    BaseDistribution

    Raises
    ------
    TypeError
        If one of the values is a distribution.
    """
    if isinstance(value, range) and len(value) > MAX_LISTED:
        low, high = sorted((value[0], value[-1]))
        if max(-low, high) < LARGEST_INT:
            return IntDistribution(low, high, step=abs(value.step))
    is_array = isinstance(value, np.ndarray) and value.dtype.kind in "iuf"
    values = value if is_array else list(value)
    if len(values) > MAX_LISTED:
        numbers = _long_numbers(values)
        if numbers is not None:
            return numbers
    return _from_list(list(values))


def _from_list(values: list[Any]) -> CategoricalDistribution:
    distinct = without_repeats(values)
    for choice in distinct:
        if is_distribution(choice) or hasattr(choice, "rvs"):
            raise TypeError(
                f"the distribution {describe(choice)} is among the choices of a list; "
                "pass it without the list."
            )
    is_ordinal = len(distinct) > 1 and are_distinct_numbers(distinct)
    return OrdinalDistribution(distinct) if is_ordinal else CategoricalDistribution(distinct)


def check_form(value: Any) -> None:
    """Raise a ValueError if an array has several dimensions or masked elements."""
    shape = getattr(value, "shape", ())
    if len(shape) > 1:
        raise ValueError(
            f"it needs to have one dimension, but got the shape {tuple(shape)} of type "
            f"{type(value).__name__}. Convert it with list(...) to use its rows as choices."
        )
    if np.ma.is_masked(value):
        raise ValueError(f"it has masked elements, but got {value!r}; write .compressed().")


def _long_numbers(values: Any) -> SequenceDistribution | None:
    """Convert a long list of numbers; return None if it is not one, or not distinct as floats."""
    kept: Any
    if isinstance(values, np.ndarray):
        kept = values[np.sort(np.unique(values, return_index=True)[1])]
    else:
        kinds = set(map(type, values))
        if not all(issubclass(k, Real) and not issubclass(k, bool | np.bool_) for k in kinds):
            return None
        kept = list(dict.fromkeys(values)) if len(kinds) == 1 else without_repeats(values)
    if len(kept) <= MAX_LISTED:
        return None
    try:
        return SequenceDistribution(kept)
    except (ValueError, OverflowError):
        return None


def _key(value: Any) -> Hashable:
    """Return a key shared by equal values of one type.

    NaN, which does not equal itself, and arrays, which have no hash, need one of their own.
    """
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return value.dtype.str, value.shape, value.tobytes()
    return None if is_nan(value) else value


def without_repeats(values: Sequence[Any]) -> list[Any]:
    """Drop values that equal an earlier value of the same type."""
    hashed: set[tuple[type, Hashable]] = set()
    kept: list[Any] = []
    unhashable: list[Any] = []
    for value in values:
        try:
            key = (type(value), _key(value))
            is_new = key not in hashed
            hashed.add(key)
        except Exception:  # unhashable, or arrays or unfitted models that cannot be compared
            is_new = not any(type(v) is type(value) and same_object(v, value) for v in unhashable)
            unhashable.append(value)
        if is_new:
            kept.append(value)
    return kept
