"""Text labels for choices that are not JSON values, such as estimators and functions."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import joblib
import numpy as np
from sklearn import config_context

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_LONGEST = 200  # maximal number of characters of a label


def labels_of(choices: Sequence[Any]) -> list[bool | int | float | str | None]:
    """Return the choices as JSON values: unchanged if they are JSON values, else as a text.

    Labels are unique within a list. The same choices have the same labels in any process.

    Parameters
    ----------
    choices : sequence
        Objects of any kind.

    Returns
    -------
    list

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> from skhpo.distributions._labels import labels_of
    >>> labels_of(["l1", None, (100, 50), SVC(C=10), len])
    ['l1', None, '(100, 50)', 'SVC(C=10)', 'builtins.len']
    """
    labels: list[Any] = []
    seen: Counter[str] = Counter(choice for choice in choices if isinstance(choice, str))
    with config_context(print_changed_only=True):
        for choice in choices:
            if is_json(choice):
                labels.append(choice.item() if isinstance(choice, np.generic) else choice)
                continue
            label = _text(choice)
            seen[label] += 1
            labels.append(label if seen[label] == 1 else f"{label} #{seen[label]}")
    return labels


def is_json(choice: Any) -> bool:
    """Return whether a choice is a JSON value."""
    if isinstance(choice, np.generic):
        choice = choice.item()
    return choice is None or isinstance(choice, bool | int | float | str)


def describe(thing: Any) -> str:
    """Return a short text that is the same for the same object in any process.

    Parameters
    ----------
    thing : object
        An estimator, a function, an array, ...

    Returns
    -------
    str
    """
    with config_context(print_changed_only=True):
        return _text(thing)


def _text(thing: Any) -> str:
    if isinstance(thing, np.ndarray):
        return f"array(shape={thing.shape}, dtype={thing.dtype}, hash={joblib.hash(thing)[:12]})"
    name = getattr(thing, "__qualname__", None)
    if name is not None:  # a function or a class
        return f"{thing.__module__}.{name}"
    text = " ".join(_ADDRESS.sub("", repr(thing)).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."
