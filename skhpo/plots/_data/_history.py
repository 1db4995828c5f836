"""Data of the history plot: the values of the trials, and the best so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skhpo.plots._data._trials import Target, TrialTable, one_objective, trial_table
from skhpo.trial import TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["HistoryData", "ended_rows", "history_data", "positions_over"]

_FAIL = int(TrialState.FAIL)
X_AXES = ("candidates", "fits", "seconds")

FloatArray = NDArray[np.float64]


@dataclass
class HistoryData:
    """The values of the trials in their order, and the best so far.

    Attributes
    ----------
    x : ndarray of shape (n_trials,)
        Position of each trial on the x-axis.
    value : ndarray of shape (n_trials,)
        Measured value; NaN unless the trial is complete.
    predicted : ndarray of shape (n_trials,)
        Predicted value of a trial that was stopped early; otherwise NaN.
    is_failed, is_feasible : ndarray of bool of shape (n_trials,)
        Whether a trial failed, and whether it satisfies the constraints.
    best : ndarray of shape (n_trials,)
        Best measured value among the feasible trials so far; NaN before the first.
    number : ndarray of int of shape (n_trials,)
        Numbers of the trials.
    x_name : {"candidates", "fits", "seconds"}
        The unit of the x-axis.
    name : str
        Name of the objective.
    greater_is_better : bool
        Whether larger values are better.
    """

    x: FloatArray
    value: FloatArray
    predicted: FloatArray
    is_failed: NDArray[np.bool_]
    is_feasible: NDArray[np.bool_]
    best: FloatArray
    number: NDArray[np.int64]
    x_name: str
    name: str
    greater_is_better: bool


def history_data(
    study: Study,
    *,
    x: str = "candidates",
    objective: str | None = None,
    target: Target | None = None,
    name: str | None = None,
    n_fits: Any = None,
) -> HistoryData:
    """Return the data of a history plot.

    Trials that have not ended are left out.

    Parameters
    ----------
    study : Study
        The study.
    x : {"candidates", "fits", "seconds"}, default="candidates"
        The x-axis: the number of the trial, the fits until its end, or the seconds between the
        first start in the study and its end. Over fits and seconds, trials are sorted by their
        end.
    objective : str, default=None
        Name of the objective; required if there are several.
    target : callable, default=None
        Function that takes a trial and returns the number to show instead of an objective.
    name : str, default=None
        Name of the values.
    n_fits : mapping of int to int, default=None
        Number of fits by trial number. By default, the number of reported values, and at least 1.

    Returns
    -------
    data : HistoryData
    """
    table = trial_table(study, target=target, target_name=name)
    column = one_objective(table, objective)
    rows = ended_rows(table, x)
    value = table.values[rows, column]
    greater = table.greater_is_better[column]
    return HistoryData(
        x=positions_over(table, rows, x, n_fits),
        value=value,
        predicted=table.predicted[rows, column],
        is_failed=table.states[rows] == _FAIL,
        is_feasible=table.is_feasible[rows],
        best=best_so_far(np.where(table.is_feasible[rows], value, np.nan), greater),
        number=table.numbers[rows],
        x_name=x,
        name=table.names[column],
        greater_is_better=greater,
    )


def best_so_far(values: FloatArray, greater_is_better: bool) -> FloatArray:
    """Return the running best of values; NaN before the first value that is not NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.plots._data._history import best_so_far
    >>> best_so_far(np.array([np.nan, 3.0, np.nan, 1.0, 2.0]), greater_is_better=False)
    array([nan,  3.,  3.,  1.,  1.])
    """
    running = np.fmax if greater_is_better else np.fmin
    best: FloatArray = running.accumulate(values) if len(values) else values
    return best


def ended_rows(table: TrialTable, x: str) -> NDArray[np.int64]:
    """Return the rows of the trials that have ended, in their order on the x-axis.

    Raises
    ------
    ValueError
        If the x-axis is unknown.
    """
    if x not in X_AXES:
        raise ValueError(f"`x` must be one of {list(X_AXES)}; got {x!r}.")
    ended = [row for row, trial in enumerate(table.trials) if trial.state.is_finished()]
    rows = np.array(ended, dtype=np.int64)
    return rows if x == "candidates" else rows[np.argsort(table.ends[rows], kind="stable")]


def positions_over(
    table: TrialTable, rows: NDArray[np.int64], x: str, n_fits: Any = None
) -> FloatArray:
    """Return the positions of trials on the x-axis; for the parameters, see `history_data`."""
    if x == "candidates":
        return table.numbers[rows].astype(float)
    if x == "seconds":
        if len(rows) == 0:
            return np.empty(0)
        since = table.ends[rows] - np.nanmin(table.starts)
        seconds: FloatArray = since / np.timedelta64(1, "s")
        return seconds
    if n_fits is None:
        fits = [max(1, len(table.trials[row].intermediate_values)) for row in rows]
    else:
        fits = [n_fits.get(int(table.numbers[row]), 0) for row in rows]
    return np.cumsum(fits, dtype=float)
