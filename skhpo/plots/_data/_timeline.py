"""Data of the timeline: what ran when, by worker or by trial."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skhpo.plots._data._evaluations import check_evaluated
from skhpo.plots._data._trials import check_study, is_feasible
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["TimelineData", "timeline_of_search", "timeline_of_study"]

FloatArray = NDArray[np.float64]

SHORTEST = datetime.timedelta(seconds=1)  # shown for a trial that has no duration yet
ALIVE = 5  # a trial that runs for more than this multiple of the longest one counts as lost
_STATUS = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}


@dataclass
class TimelineData:
    """The bars of a timeline.

    Attributes
    ----------
    start, seconds : ndarray of shape (n_bars,)
        Start of each bar, in seconds since `origin`, and its duration.
    lane : ndarray of int of shape (n_bars,)
        Number of the worker or of the trial.
    number : ndarray of int of shape (n_bars,)
        Number of the trial.
    status : ndarray of str of shape (n_bars,)
        How the trial ended, such as "complete" or "pruned"; "infeasible" if it is complete and
        breaks a constraint.
    lanes : {"worker", "trial"}
        What a lane is.
    origin : datetime or None
        The time of 0; None if it is unknown.
    """

    start: FloatArray
    seconds: FloatArray
    lane: NDArray[np.int64]
    number: NDArray[np.int64]
    status: NDArray[np.str_]
    lanes: str
    origin: datetime.datetime | None = None

    @property
    def busy(self) -> float:
        """Share of the time in which the workers ran, from the first start to the last end.

        It is NaN for the lanes of trials, and without bars.
        """
        if self.lanes != "worker" or len(self.start) == 0:
            return float("nan")
        total = float((self.start + self.seconds).max() - self.start.min())
        n_workers = len(np.unique(self.lane))
        return float(self.seconds.sum()) / (n_workers * total) if total > 0.0 else float("nan")


def timeline_of_search(search: Any, *, include_stored: bool = True) -> TimelineData:
    """Return the folds of a search by worker.

    Parameters
    ----------
    search : estimator
        A fitted search.
    include_stored : bool, default=True
        Whether to include the folds that earlier fits or other processes evaluated.

    Returns
    -------
    data : TimelineData
        Folds whose start is unknown are left out.
    """
    check_evaluated(search)
    table = search.evaluations_
    is_shown = np.isfinite(table["started_at"]) & np.isfinite(table["seconds"])
    if not include_stored:
        is_shown &= ~table["from_storage"]
    start = table["started_at"][is_shown]
    lanes = np.unique(table["worker"][is_shown], return_inverse=True)[1]
    results = search.cv_results_
    return TimelineData(
        start=start - start.min() if len(start) else start,
        seconds=table["seconds"][is_shown],
        lane=lanes.astype(np.int64),
        number=table["trial_number"][is_shown].astype(np.int64),
        status=results["status"].astype(str)[table["candidate"][is_shown]],
        lanes="worker",
    )


def timeline_of_study(study: Study, *, n_recent_trials: int | None = None) -> TimelineData:
    """Return the trials of a study with their start and duration.

    Running trials last until now, or until the last end if they seem to be lost: if each has run
    for more than five times the longest finished trial. Waiting trials are at this end.

    Parameters
    ----------
    study : Study
        The study.
    n_recent_trials : int, default=None
        If given, only the last trials.

    Returns
    -------
    data : TimelineData
    """
    check_study(study)
    if n_recent_trials is not None and n_recent_trials <= 0:
        raise ValueError(f"`n_recent_trials` must be a positive integer; got {n_recent_trials}.")
    trials = study.get_trials(deepcopy=False)
    now = _now(trials)
    shown = trials if n_recent_trials is None else trials[-n_recent_trials:]
    starts = [trial.datetime_start or now for trial in shown]
    ends = [_end(trial, start, now) for trial, start in zip(shown, starts, strict=True)]
    origin = min(starts, default=None)
    status = [
        "infeasible"
        if trial.state == TrialState.COMPLETE and not is_feasible(trial)
        else _STATUS[trial.state]
        for trial in shown
    ]
    numbers = np.array([trial.number for trial in shown], dtype=np.int64)
    since = [] if origin is None else [(one - origin).total_seconds() for one in starts]
    lasts = [(end - start).total_seconds() for start, end in zip(starts, ends, strict=True)]
    return TimelineData(
        start=np.array(since, dtype=float),
        seconds=np.array(lasts, dtype=float),
        lane=numbers,
        number=numbers,
        status=np.array(status, dtype=np.str_),
        lanes="trial",
        origin=origin,
    )


def _end(trial: FrozenTrial, start: datetime.datetime, now: datetime.datetime) -> datetime.datetime:
    if trial.state == TrialState.RUNNING:
        return now + SHORTEST
    return trial.datetime_complete or start + SHORTEST


def _now(trials: list[FrozenTrial]) -> datetime.datetime:
    """Return the present if a trial runs, otherwise the last end."""
    present = datetime.datetime.now()
    spans = [
        trial.datetime_complete - trial.datetime_start
        for trial in trials
        if trial.datetime_start is not None and trial.datetime_complete is not None
    ]
    longest = max(spans, default=None)
    for trial in trials:
        start = trial.datetime_start
        if trial.state != TrialState.RUNNING or start is None:
            continue
        if longest is None or present - start < ALIVE * longest:
            return present
    ends = [trial.datetime_complete for trial in trials if trial.datetime_complete is not None]
    return max(ends, default=present)
