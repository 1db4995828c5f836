"""The rows of the folds, which are taken out of the data once and not again for each candidate."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import numpy as np
from scipy import sparse
from sklearn import get_config

from skhpo._sklearn import num_samples, safe_indexing
from skhpo.search.sharing._outputs import KeptOutput, keep
from skhpo.search.sharing._settings import place
from skhpo.search.sharing._store import store_of_process

__all__ = ["RowKeeping", "RowsOfFold", "rows_of_fold"]

MOST = 32 * 1024**2  # bytes of all rows that a process keeps; of larger data, taking rows is cheap
_ARRAYS = (np.ndarray, np.memmap)
_LIBRARIES = ("pandas", "polars")
_BYTES_OF_ENTRY = 12  # of a sparse matrix


@dataclass(frozen=True)
class RowKeeping:
    """How the tasks of one run keep the rows of its folds.

    Attributes
    ----------
    token : str
        Identifies the run, and so its data and folds.
    owner : tuple of (str, int)
        Host and process of the search.
    """

    token: str = field(default_factory=lambda: uuid4().hex)
    owner: tuple[str, int] = field(default_factory=place)


class RowsOfFold:
    """Data, for scikit-learn's function that takes out the rows of a fold.

    It has what scikit-learn recognizes a data frame of pandas by, and is then asked to `take` rows.
    Each fit gets a copy of the rows, so it may change them.

    Parameters
    ----------
    data : array-like
        The data.
    name : str
        "X" or "y".
    train, test : ndarray
        The rows of the fold.
    fold : int
        The number of the fold.
    n_folds : int
        Number of folds.
    token : str
        Identifies the run.
    """

    iloc = None

    def __init__(
        self, data: Any, name: str, train: Any, test: Any, fold: int, n_folds: int, token: str
    ) -> None:
        self._data = data
        self._name = name
        self._parts = {"train": train, "test": test}
        self._fold = fold
        self._n_folds = n_folds
        self._token = token

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the data."""
        shape: tuple[int, ...] = self._data.shape
        return shape

    def __len__(self) -> int:
        return int(num_samples(self._data))

    def __getitem__(self, key: Any) -> Any:
        return self._data[key]  # of a kernel, rows and columns are taken

    def take(self, rows: Any, axis: int = 0) -> Any:
        """Return rows of the data, as ``sklearn.utils._safe_indexing`` takes them."""
        part = next((name for name, own in self._parts.items() if own is rows), None)
        if part is None:
            return safe_indexing(self._data, rows)
        key = (self._token, self._name, self._fold, part)
        store = store_of_process()
        kept: KeptOutput | None = store.get(key)
        if kept is not None:
            return kept.copy()
        taken = safe_indexing(self._data, rows)
        kept = _kept(taken)
        if kept is not None and self._n_folds * kept.n_bytes <= MOST:
            store.put(key, kept, kept.n_bytes, sys.maxsize)  # bounded here
        return taken


def _kept(rows: Any) -> KeptOutput | None:
    """Return rows that copies can be made of; None if they cannot be kept, or only slowly."""
    library = type(rows).__module__.partition(".")[0]
    if not (type(rows) is np.ndarray or sparse.issparse(rows) or library in _LIBRARIES):
        return None
    try:
        return keep(rows)
    except Exception:  # of whatever data do when they are copied
        return None


def rows_of_fold(
    keeping: RowKeeping | None,
    data: Any,
    name: str,
    train: Any,
    test: Any,
    fold: int,
    n_folds: int,
) -> Any:
    """Return data whose rows of a fold are taken out once; the data themselves if that is no gain.

    Parameters
    ----------
    keeping : RowKeeping or None
        How rows are kept; None if they are not.
    data : array-like or None
        The data.
    name : str
        "X" or "y".
    train, test : ndarray
        The rows of the fold.
    fold, n_folds : int
        The number of the fold, and of all folds.
    """
    if keeping is None or data is None or not _is_small(data) or get_config()["array_api_dispatch"]:
        return data
    if not (_are_numbers(train) and _are_numbers(test)):  # masks, say, which are indexed otherwise
        return data
    return RowsOfFold(data, name, train, test, fold, n_folds, keeping.token)


def _are_numbers(rows: Any) -> bool:
    """Return whether rows are given by their numbers in an array, as splitters give them."""
    return isinstance(rows, np.ndarray) and rows.dtype.kind == "i"


def _is_small(data: Any) -> bool:
    """Return whether data are of a known kind, and so small that the rows of all folds are kept."""
    if type(data) in _ARRAYS:
        return bool(data.nbytes <= MOST)
    if sparse.issparse(data):
        return bool(_BYTES_OF_ENTRY * data.nnz <= MOST)
    shape = getattr(data, "shape", ())
    is_known = type(data).__module__.partition(".")[0] in _LIBRARIES
    return is_known and 8 * math.prod(shape) <= MOST
