"""Which row of ``cv_results_`` is refitted: the one that a rule chooses among the complete ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["choose", "complete_rows"]

_RANK, _MEAN = "rank_test_", "mean_test_"


def choose(choose_row: Callable[[dict[str, Any]], int], cv_results: Mapping[str, Any]) -> int:
    """Have a rule choose among the complete candidates alone.

    Means of candidates that were stopped or failed are NaN, which numpy takes for the largest
    number; so the rule does not see them.

    Parameters
    ----------
    choose_row : callable
        Takes a table such as ``cv_results_``, of complete candidates, and returns a row of it.
    cv_results : mapping of str to ndarray
        The table of a search.

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
    """The rows of complete candidates, but for those without a metric that others have."""
    is_complete = cv_results["status"] == "complete"
    for name, means in cv_results.items():
        if name.startswith(_MEAN):
            is_known = ~np.isnan(means)
            if (is_complete & is_known).any():
                is_complete = is_complete & is_known
    return np.flatnonzero(is_complete)


def _table_of(cv_results: Mapping[str, Any], rows: NDArray[np.intp]) -> dict[str, Any]:
    """Some rows of a table, with the ranks among them."""
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
    """Rank values from the largest, 1; equal values share the smallest rank."""
    ranks: NDArray[np.int32] = (np.searchsorted(np.sort(-means), -means) + 1).astype(np.int32)
    return ranks
