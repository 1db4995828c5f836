"""Values of events in forms that trackers accept: JSON values, and names of objectives."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skhpo._text import range_text, short
from skhpo.callbacks import SearchEvent
from skhpo.space import suggest_space
from skhpo.trial import TrialState

__all__ = [
    "by_objective",
    "has_results",
    "rows_of",
    "settings_of",
    "space_of",
    "to_json",
    "to_text",
]

_SPACES = ("param_distributions", "param_grid")
_NOT_SETTINGS = (*_SPACES, "callbacks", "storage")
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


def to_text(value: Any) -> str:
    """Return a value as a text, with all digits of a float, and at most 500 characters.

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.tracking._values import to_text
    >>> to_text(np.float64(0.123456789)), to_text(None), to_text((50, 0.25)), to_text("rbf")
    ('0.123456789', 'None', '[50, 0.25]', 'rbf')
    """
    if isinstance(value, float | np.floating):
        return repr(float(value))
    value = to_json(value)
    text = json.dumps(value) if isinstance(value, list | dict) else str(value)
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 3]}..."


def by_objective(names: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    """Return the values of the objectives by name; empty if there are none."""
    return dict(zip(names, values, strict=True)) if values else {}


def has_results(event: SearchEvent) -> bool:
    """Whether a search that has ended has results.

    After an error, or an interrupt before the first candidate was complete, the attributes of
    the search may be those of an earlier fit.
    """
    if event.reason == "error" or not hasattr(event.search, "cv_results_"):
        return False
    if event.reason != "interrupt":
        return True
    trials = event.study.get_trials(deepcopy=False)
    return any(trial.state == TrialState.COMPLETE for trial in trials)


def rows_of(columns: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a table of arrays of equal length. Masked values are None.

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.tracking._values import rows_of
    >>> rows_of({"a": np.array([1, 2]), "b": np.ma.array([0.5, 0.1], mask=[False, True])})
    [(1, 0.5), (2, None)]
    """
    return list(zip(*(np.ma.asarray(column).tolist() for column in columns.values()), strict=True))


def settings_of(search: Any) -> dict[str, Any]:
    """Return the settings of a search: its own arguments, without the space.

    The storage is left out, because its URL may contain a password, and so are the callbacks.
    """
    settings = search.get_params(deep=False)
    return {name: value for name, value in settings.items() if name not in _NOT_SETTINGS}


def space_of(search: Any) -> dict[str, str]:
    """Return the search space as texts by parameter; with branches, the index comes first.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.svm import SVC
    >>> from skhpo import TPESearchCV
    >>> from skhpo.tracking._values import space_of
    >>> space_of(TPESearchCV(SVC(), {"C": loguniform(0.01, 100), "kernel": ["rbf", "poly"]}))
    {'C': 'loguniform(0.01, 100)', 'kernel': '[rbf, poly]'}
    >>> space_of(TPESearchCV(SVC(), [{"C": [1, 2]}, {"nu": [0.1, 0.2]}]))
    {'0.C': '[1, 2]', '1.nu': '[0.1, 0.2]'}
    """
    given = [getattr(search, name, None) for name in _SPACES]
    space = next((one for one in given if one is not None), None)
    if isinstance(space, str):  # "suggest"
        space = suggest_space(search.estimator)
    space = getattr(space, "param_grid", getattr(space, "param_distributions", space))
    if isinstance(space, Mapping):
        return {str(name): range_text(values, LONGEST_TEXT) for name, values in space.items()}
    return {
        f"{index}.{name}": range_text(values, LONGEST_TEXT)
        for index, branch in enumerate(space or ())
        for name, values in branch.items()
    }
