"""The search loop: fill the free workers, wait for a result, record it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from skhpo.search._records import Candidate
from skhpo.search.execution._scheduler import Scheduler

__all__ = ["Workers", "is_over", "run"]


class Workers(Protocol):
    """Interface of the workers: :class:`skhpo.parallel.Executor`, or a simulation of it."""

    n_workers: int

    @property
    def n_outstanding(self) -> int: ...

    def submit(
        self, key: Any, function: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> None: ...

    def wait(self, timeout: float | None = None) -> tuple[Any, Any]: ...

    def abort(self) -> None: ...


def run(
    scheduler: Scheduler,
    workers: Workers,
    submit: Callable[[Workers, Candidate, int], None],
    receive: Callable[[Any], Any],
    deadline: float | None = None,
    record: Callable[[Candidate, int, Any], None] | None = None,
    n_awaited: int = 1,
) -> str | None:
    """Run a scheduler until no task is left.

    Parameters
    ----------
    scheduler : Scheduler
        Chooses the next task.
    workers : Workers
        Run the tasks.
    submit : callable
        Sends a fold of a candidate to the workers, with the key ``(candidate.number, fold)``.
    receive : callable
        Turns the outcome of a task into a result. An error that it raises ends the run.
    deadline : float, optional
        ``time.monotonic()`` at which to stop, and to interrupt the candidates in flight.
    record : callable, optional
        Records the result of a fold of a candidate. Default: the scheduler's own method.
    n_awaited : int, default=1
        If fewer candidates are complete at the deadline, those in flight continue, the oldest
        first, until this number is complete or none is left.

    Returns
    -------
    reason : str or None
        Why the run ended early: "interrupt" or "timeout"; None if it did not.
    """
    was_cut = False
    record = scheduler.record if record is None else record
    try:
        while True:
            _fill(scheduler, workers, submit, record)
            if workers.n_outstanding == 0:
                return "timeout" if was_cut else None
            if is_over(deadline):
                if scheduler.n_complete >= n_awaited:
                    workers.abort()
                    scheduler.interrupt()
                    return "timeout"
                was_cut |= scheduler.close_in()
            try:
                (number, fold), outcome = workers.wait(_time_left(deadline))
            except TimeoutError:
                continue
            record(scheduler.candidates[number], fold, receive(outcome))
    except KeyboardInterrupt:
        workers.abort()
        scheduler.interrupt()
        return "interrupt"
    except BaseException:
        workers.abort()
        scheduler.interrupt()
        raise


def _fill(
    scheduler: Scheduler,
    workers: Workers,
    submit: Callable[[Workers, Candidate, int], None],
    record: Callable[[Candidate, int, Any], None],
) -> None:
    """Give each idle worker a task, and queue a few more, so that no worker has to wait.

    A fold that runs ahead of a decision may prove useless, so such folds are never queued.
    """
    n_queued = 0 if workers.n_workers == 1 else 1 + workers.n_workers // 8
    while workers.n_outstanding < workers.n_workers + n_queued:
        task = scheduler.next_task(ahead=workers.n_outstanding < workers.n_workers)
        if task is None:
            return
        candidate, fold = task
        if fold in candidate.known:
            record(candidate, fold, candidate.known[fold])
        else:
            submit(workers, candidate, fold)


def is_over(deadline: float | None) -> bool:
    """Whether a deadline has passed; False if there is none."""
    return deadline is not None and time.monotonic() >= deadline


def _time_left(deadline: float | None) -> float | None:
    """Seconds until the deadline; None (wait without limit) if it has passed or there is none."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    return left if left > 0 else None
