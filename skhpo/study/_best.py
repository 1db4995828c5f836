"""Find the best trials of a history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skhpo.history import History
from skhpo.multi_objective import is_nondominated
from skhpo.trial import TrialState

__all__ = ["best_row", "best_rows"]


def best_row(history: History) -> int:
    """Return the row of the best complete feasible trial, the first one in case of ties."""
    if history.n_objectives > 1:
        raise RuntimeError(
            "A study with several objectives has no single best trial: use `best_trials`."
        )
    complete = np.flatnonzero(history.state == TrialState.COMPLETE)
    if len(complete) == 0:
        raise ValueError("No trial is complete yet.")
    feasible = complete[history.violation[complete] <= 0.0]
    if len(feasible) == 0:
        raise ValueError("No complete trial is feasible: each violates a constraint.")
    return int(feasible[np.argmin(history.loss[feasible])])


def best_rows(history: History) -> NDArray[np.int64]:
    """Return the rows of the Pareto front of the complete feasible trials, by number."""
    complete = history.state == TrialState.COMPLETE
    rows = np.flatnonzero(complete & (history.violation <= 0.0))
    return rows[is_nondominated(history.losses[rows])] if len(rows) else rows
