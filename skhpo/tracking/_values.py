"""Values of events in forms that trackers accept: JSON values, and names of objectives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skhpo._text import short

__all__ = ["by_objective", "settings_of", "to_json"]

LARGEST_ARRAY = 100  # maximal number of elements of an array that is written in full
LONGEST_TEXT = 500  # maximal number of characters of an object that is not a JSON value


def to_json(value: Any) -> Any:
    """Return a value as strict JSON can hold it.

    NaN becomes None, infinities become texts. Arrays become lists, and sets sorted lists.
    Functions and classes become their names. Other objects become their texts, in one line.

    Parameters
    ----------
    value : object
        Any value, such as a parameter of an estimator.

    Returns
    -------
    json : dict, list, str, int, float, bool or None

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.svm import SVC
    >>> from skhpo.tracking._values import to_json
    >>> to_json({"C": np.float64(0.5), "sizes": (np.int64(3), 4), "model": SVC(C=2), "f": np.log})
    {'C': 0.5, 'sizes': [3, 4], 'model': 'SVC(C=2)', 'f': 'log'}
    >>> to_json([float("nan"), float("-inf"), np.arange(3)])
    [None, '-Infinity', [0, 1, 2]]
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _json_float(float(value))
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray) and value.size <= LARGEST_ARRAY:
        return to_json(value.tolist())
    if isinstance(value, list | tuple) and len(value) <= LARGEST_ARRAY:
        return [to_json(item) for item in value]
    if isinstance(value, set | frozenset) and len(value) <= LARGEST_ARRAY:
        return sorted((to_json(item) for item in value), key=str)
    return short(value, LONGEST_TEXT)


def _json_float(value: float) -> float | str | None:
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def by_objective(names: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    """Return the values of the objectives by name; empty if there are none."""
    return dict(zip(names, values, strict=True)) if values else {}


def settings_of(search: Any) -> dict[str, Any]:
    """Return the settings of a search, without those of its parts."""
    settings: dict[str, Any] = search.get_params(deep=False)
    return settings
