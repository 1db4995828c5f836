"""What a fit or a transform changes besides its result: its rows, the estimator, random states."""

from __future__ import annotations

import pickle
import random
from typing import Any

import numpy as np

from skhpo.search.sharing._outputs import checksum
from skhpo.search.sharing._value_keys import dump_state

__all__ = ["random_state", "restore", "sum_of_rows", "transform_with_copy"]


def random_state() -> bytes:
    """Return the states of the global random number generators."""
    return pickle.dumps((random.getstate(), np.random.get_state(legacy=False)))  # noqa: NPY002


def restore(state: bytes) -> None:
    """Restore the states of the global random number generators."""
    of_python, of_numpy = pickle.loads(state)
    random.setstate(of_python)
    np.random.set_state(of_numpy)  # noqa: NPY002


def sum_of_rows(rows: Any) -> int | None:
    """Return a checksum of rows; None for rows that have none."""
    try:
        return checksum(rows)
    except Exception:  # of data of an unknown kind
        return None


def transform_with_copy(step: Any, X: Any) -> tuple[Any, bool]:
    """Transform rows by a copy of a step; return them, and whether that has changed the copy."""
    copy = pickle.loads(dump_state(step))
    before = dump_state(copy)
    X = copy.transform(X)
    return X, dump_state(copy) != before
