"""Running a search that others may run, too: each result is kept, and the last ones awaited."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from skhpo.exceptions import UpdateFinishedTrialError
from skhpo.search._ledger import Ledger
from skhpo.search._referee import StudyReferee
from skhpo.search._schedule import Candidate, Schedule
from skhpo.study import Study

__all__ = ["record", "run_with_others"]

logger = logging.getLogger("skhpo.search")

POLL = 0.5  # seconds between two looks at what others do


def record(
    schedule: Schedule,
    referee: StudyReferee,
    ledger: Ledger,
    candidate: Candidate,
    fold: int,
    result: Any,
) -> None:
    """Take in the result of a fold: what follows from it is kept with it, as a whole."""
    trial_id = candidate.payload.trial._trial_id
    if candidate.status is None and not ledger.is_still_ours(trial_id):
        _let_go(schedule, candidate, "Another process runs its candidate by now.")
        return
    try:
        with ledger.whole():
            if fold not in candidate.known and candidate.status is None:
                ledger.keep(trial_id, fold, result)
            schedule.record(candidate, fold, result)
    except UpdateFinishedTrialError as error:
        _let_go(schedule, candidate, str(error))
    referee.call_back()


def _let_go(schedule: Schedule, candidate: Candidate, why: str) -> None:
    """Leave a candidate to the process that took it over while this one gave no sign of life."""
    logger.warning("A result comes too late. %s", why)
    schedule.release(candidate)


def run_with_others(
    run: Callable[[], str | None],
    schedule: Schedule,
    study: Study,
    ledger: Ledger,
    deadline: float | None,
) -> str | None:
    """Run a schedule; while others still run candidates, wait, and take over those who die.

    Parameters
    ----------
    run : callable
        Runs the schedule to its end; returns why it was cut short, or None.
    schedule : Schedule
        The schedule.
    study : Study
        Its study.
    ledger : Ledger
        Knows of the others.
    deadline : float or None
        ``time.monotonic()`` at which to wait no more.

    Returns
    -------
    reason : str or None
        Why the search was cut short.
    """
    reason = run()
    while reason is None and not study._stop_flag and ledger.is_at_work_elsewhere():
        left = POLL if deadline is None else deadline - time.monotonic()
        if left <= 0.0:
            return "timeout"
        try:
            time.sleep(min(left, POLL))
        except KeyboardInterrupt:
            return "interrupt"
        schedule.reopen()
        reason = run()
    return reason
