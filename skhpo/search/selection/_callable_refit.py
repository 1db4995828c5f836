"""A callable `refit`: it chooses among the complete candidates in ``cv_results_``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["choose", "complete_rows"]

_RANK, _MEAN = "rank_test_", "mean_test_"


def choose(choose_row: Callable[[dict[str, Any]], int], cv_results: Mapping[str, Any]) -> int:
    """Let a rule choose among the complete candidates only.

    The means of pruned and failed candidates are NaN, which numpy sorts as the largest number.
    The table that the rule receives therefore omits them.

    Parameters
    ----------
    choose_row : callable
        Takes a table such as ``cv_results_`` with complete candidates only, and returns a row of
        it.
    cv_results : mapping of str to ndarray
        The ``cv_results_`` of a search.

    Returns
    -------
    row : int
        The row of `cv_results` that was chosen.

    Raises
    ------
    ValueError
        If no candidate is complete.
    """
    rows = complete_rows(cv_results)
    if len(rows) == 0:
        raise ValueError(
            "`refit` has no candidate to choose from: none has a score on every fold. What was "
            "run is in cv_results_."
        )
    return int(rows[choose_row(_table_of(cv_results, rows))])


def complete_rows(cv_results: Mapping[str, Any]) -> NDArray[np.intp]:
    """Return the rows of complete candidates, without those that lack a metric others have."""
    is_complete = cv_results["status"] == "complete"
    for name, means in cv_results.items():
        if name.startswith(_MEAN):
            is_known = ~np.isnan(means)
            if (is_complete & is_known).any():
                is_complete = is_complete & is_known
    return np.flatnonzero(is_complete)


def _table_of(cv_results: Mapping[str, Any], rows: NDArray[np.intp]) -> dict[str, Any]:
    """Return some rows of a table, with ranks recomputed among these rows."""
    table: dict[str, Any] = {}
    for name, column in cv_results.items():
        if name == "params":
            table[name] = [column[row] for row in rows]
        elif name.startswith(_RANK):
            means = cv_results[_MEAN + name.removeprefix(_RANK)][rows]
            table[name] = _ranks(means) if not np.isnan(means).any() else column[rows]
        else:
            table[name] = column[rows]
    return table


def _ranks(means: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return the ranks of values: 1 is the largest, and equal values share the smallest rank."""
    ranks: NDArray[np.int32] = (np.searchsorted(np.sort(-means), -means) + 1).astype(np.int32)
    return ranks
