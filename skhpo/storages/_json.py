"""Conversion of attributes and distributions to JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from skhpo.distributions import BaseDistribution, labelled_json

__all__ = ["DamagedError", "attribute_json", "distribution_json", "plain_attribute", "read_json"]


def attribute_json(key: str, value: Any) -> str:
    """Return an attribute as JSON; raise a TypeError that names it if this is impossible."""
    try:
        return json.dumps(value, default=_plain)
    except TypeError as error:
        raise TypeError(
            f"The attribute {key!r} cannot be stored: it must consist of dicts, lists, strings, "
            f"numbers, booleans and None ({error})."
        ) from None


def plain_attribute(key: str, value: Any) -> Any:
    """Return an attribute as it will be read from a storage."""
    return json.loads(attribute_json(key, value))


class DamagedError(ValueError):
    """Error: the content of a storage cannot be read."""


def read_json(text: str, parse: Callable[[str], Any], what: str) -> Any:
    """Parse stored JSON; raise a DamagedError that names it if this is impossible."""
    try:
        return parse(text)
    except (TypeError, ValueError) as error:
        raise DamagedError(f"{what} is damaged ({error})") from error


def _plain(value: Any) -> Any:
    """Convert numpy values and anything else with `tolist` for JSON."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"it contains {value!r} of type {type(value).__name__}")


def distribution_json(distribution: BaseDistribution) -> str:
    """Return a distribution as JSON, with labels for choices that JSON cannot represent."""
    kinds = tuple(type(choice) for choice in getattr(distribution, "choices", ()))
    return _typed_distribution_json(distribution, kinds)


@lru_cache(maxsize=1024)
def _typed_distribution_json(distribution: BaseDistribution, kinds: tuple[type, ...]) -> str:
    return labelled_json(distribution)  # `kinds` distinguishes [1, 0] from the equal [True, False]
