"""What storages write as JSON: notes, and distributions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from skhpo.distributions import BaseDistribution, labelled_json

__all__ = ["DamagedError", "attribute_json", "distribution_json", "plain_attribute", "read_json"]


def attribute_json(key: str, value: Any) -> str:
    """A note as JSON; a TypeError names the one that is none."""
    try:
        return json.dumps(value, default=_plain)
    except TypeError as error:
        raise TypeError(
            f"The attribute {key!r} cannot be stored: it must be made of dicts, lists, texts, "
            f"numbers, booleans and None ({error})."
        ) from None


def plain_attribute(key: str, value: Any) -> Any:
    """A note as it is when it is read again."""
    return json.loads(attribute_json(key, value))


class DamagedError(ValueError):
    """What a storage holds cannot be read."""


def read_json(text: str, parse: Callable[[str], Any], what: str) -> Any:
    """Parse what is stored; a DamagedError says what it was to be."""
    try:
        return parse(text)
    except (TypeError, ValueError) as error:
        raise DamagedError(f"{what} is damaged ({error})") from error


def _plain(value: Any) -> Any:
    """What JSON takes for numpy's values, and for labels of anything else that has a list."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"it holds {value!r} of type {type(value).__name__}")


def distribution_json(distribution: BaseDistribution) -> str:
    """A distribution as JSON, with labels for choices that no JSON can hold."""
    kinds = tuple(type(choice) for choice in getattr(distribution, "choices", ()))
    return _typed_distribution_json(distribution, kinds)


@lru_cache(maxsize=1024)
def _typed_distribution_json(distribution: BaseDistribution, kinds: tuple[type, ...]) -> str:
    return labelled_json(distribution)  # the kinds tell [1, 0] from the equal [True, False]
