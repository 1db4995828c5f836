"""Running a search together with other processes: store each result, wait for the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from skhpo.exceptions import UpdateFinishedTrialError
from skhpo.search._records import Candidate, FoldResult
from skhpo.search.execution._controller import StudyController
from skhpo.search.execution._scheduler import Scheduler
from skhpo.search.persistence._checkpoint import Checkpoint
from skhpo.study._runs import Runs

__all__ = ["record", "run_with_others"]

logger = logging.getLogger("skhpo.search")

POLL = 0.5  # seconds between two checks of the other processes


def record(
    scheduler: Scheduler,
    controller: StudyController,
    checkpoint: Checkpoint,
    candidate: Candidate,
    fold: int,
    result: FoldResult,
) -> None:
    """Record the result of a fold: store it and its consequences in one transaction."""
    trial_id = candidate.trial_id
    if candidate.status is None and not checkpoint.is_still_ours(trial_id):
        _let_go(scheduler, candidate, "Another process runs its candidate by now.")
        return
    try:
        with checkpoint.whole():
            if fold not in candidate.known and candidate.status is None:
                checkpoint.keep(trial_id, fold, result)
            scheduler.record(candidate, fold, result)
    except UpdateFinishedTrialError as error:
        _let_go(scheduler, candidate, str(error))
    controller.call_back()


def _let_go(scheduler: Scheduler, candidate: Candidate, why: str) -> None:
    """Leave a candidate to the process that took it over."""
    logger.warning("A result comes too late. %s", why)
    scheduler.release(candidate)


def run_with_others(
    run: Callable[[], str | None],
    scheduler: Scheduler,
    runs: Runs,
    checkpoint: Checkpoint,
    deadline: float | None,
) -> str | None:
    """Run a scheduler, then wait for other processes and take over candidates of dead ones.

    Parameters
    ----------
    run : callable
        Runs the scheduler until no task is left. Returns why it ended early, or None.
    scheduler : Scheduler
        The scheduler.
    runs : Runs
        Tells whether a stop was requested.
    checkpoint : Checkpoint
        Tells whether other processes run candidates.
    deadline : float or None
        ``time.monotonic()`` at which to stop waiting.

    Returns
    -------
    reason : str or None
        Why the search ended early; None if it did not.
    """
    were_others = checkpoint.is_at_work_elsewhere()
    reason = run()
    while reason is None and not runs.stop_requested:
        are_others = checkpoint.is_at_work_elsewhere()
        if are_others:
            left = POLL if deadline is None else deadline - time.monotonic()
            if left <= 0.0:
                return "timeout"
            try:
                time.sleep(min(left, POLL))
            except KeyboardInterrupt:
                return "interrupt"
        elif not were_others:
            break
        were_others = are_others  # how they end may leave fits for further candidates
        scheduler.reopen()
        reason = run()
    return reason
