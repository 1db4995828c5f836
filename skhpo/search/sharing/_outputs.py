"""Outputs of transformers to keep: each use gets a copy that equals the original in every way."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skhpo.search.sharing._value_keys import NoKeyError, dump_state, with_strides

__all__ = ["KeptOutput", "checksum", "keep", "share_memory"]

_CELLS = (str, bytes, int, float, complex, bool, type(None), np.generic)


@dataclass(frozen=True)
class KeptOutput:
    """An output of a transformer that cannot be changed any more.

    Attributes
    ----------
    copy : callable
        Returns a copy, with the same memory layout: sums depend on it in their last bits.
    n_bytes : int
        Size of what is kept.
    """

    copy: Callable[[], Any]
    n_bytes: int


def keep(output: Any) -> KeptOutput:
    """Keep a copy of an output.

    Parameters
    ----------
    output : object
        Output of a transformer: an array, a sparse matrix, a data frame, or anything that can be
        pickled.

    Returns
    -------
    kept : KeptOutput

    Raises
    ------
    NoKeyError
        If the output is none of these, or its memory layout cannot be kept.
    """
    if type(output) is np.ndarray and _has_plain_cells(output):
        return _keep_array(output)
    if sparse.issparse(output):
        return KeptOutput(output.copy().copy, _size_of_sparse(output))
    library = type(output).__module__.partition(".")[0]
    is_frame = library == "pandas" and getattr(output, "ndim", 0) == 2
    if is_frame and (kept := _keep_frame(output)) is not None:
        return kept
    if library == "pandas" and not is_frame and _has_plain_cells(output.to_numpy()):
        series = output.copy()
        return KeptOutput(series.copy, int(series.memory_usage(deep=True)))
    if library == "polars" and hasattr(output, "estimated_size"):
        return KeptOutput(output.clone().clone, int(output.estimated_size()))
    state = dump_state(output)
    if is_frame and not _have_same_layout(output, pickle.loads(state)):
        raise NoKeyError("The memory layout of the data frame would be lost.")
    return KeptOutput(lambda: pickle.loads(state), len(state))


def _has_plain_cells(array: np.ndarray[Any, Any]) -> bool:
    return not array.dtype.hasobject or (
        array.dtype == object and all(isinstance(one, _CELLS) for one in array.flat)
    )


def _keep_array(array: np.ndarray[Any, Any]) -> KeptOutput:
    kept = array.copy(order="K")
    n_bytes = kept.nbytes
    if array.dtype.hasobject:
        n_bytes += sum(sys.getsizeof(one) for one in kept.flat)
    if kept.strides == array.strides or any(stride < 0 for stride in array.strides):
        return KeptOutput(lambda: kept.copy(order="K"), n_bytes)
    strides = array.strides
    return KeptOutput(lambda: with_strides(kept, strides), n_bytes)


def _size_of_sparse(matrix: Any) -> int:
    parts = ("data", "indices", "indptr", "row", "col", "offsets")
    return sum(int(getattr(getattr(matrix, name, None), "nbytes", 0)) for name in parts)


def _keep_frame(frame: Any) -> KeptOutput | None:
    """Keep a data frame of pandas; None if a copy would depend on it, or be laid out otherwise."""
    if not all(_has_plain_cells(frame.iloc[:, j].to_numpy()) for j in range(frame.shape[1])):
        return None
    kept = frame.copy()
    if not _have_same_layout(frame, kept):
        return None
    return KeptOutput(kept.copy, int(np.sum(frame.memory_usage(deep=True))))


def _have_same_layout(frame: Any, other: Any) -> bool:
    """Whether two equal data frames give NumPy arrays with the same strides."""
    dtypes = set(frame.dtypes)
    if len(dtypes) == 1 and isinstance(next(iter(dtypes)), np.dtype):
        return bool(frame.to_numpy().strides == other.to_numpy().strides)
    return all(
        frame.iloc[:, j].to_numpy().strides == other.iloc[:, j].to_numpy().strides
        for j in range(frame.shape[1])
    )


def checksum(rows: Any) -> int:
    """Return a sum over the memory of rows, which changes if a step changes them in place."""
    if type(rows).__module__.partition(".")[0] == "pandas" and getattr(rows, "ndim", 0) == 2:
        return sum(checksum(rows.iloc[:, j].to_numpy()) for j in range(rows.shape[1]))
    array = rows.data if sparse.issparse(rows) else rows
    if not isinstance(array, np.ndarray) or array.dtype.hasobject:
        return 0  # texts and the like cannot be changed
    memory = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    n_whole = len(memory) - len(memory) % 8
    whole = int(memory[:n_whole].view(np.uint64).sum(dtype=np.uint64))
    return whole + int(memory[n_whole:].sum())


def share_memory(one: Any, other: Any) -> bool:
    """Whether a change of one array or data frame might change the other."""
    if one is other:
        return True
    arrays = [thing.data if sparse.issparse(thing) else thing for thing in (one, other)]
    if all(isinstance(array, np.ndarray) for array in arrays):
        return bool(np.may_share_memory(*arrays))
    return False
