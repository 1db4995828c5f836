"""The scheduler: which fold of which candidate runs next, and when a candidate ends.

Folds and candidates are not synchronized by barriers. A free worker gets, in this order of
priority,

1. the next fold of a candidate in flight that does not wait for a decision, the oldest first,
2. the first fold of a new candidate, while fewer than `window` are in flight,
3. a further fold of the oldest candidate in flight, before the decision on its earlier folds. If
   fits may be stopped, not before its first fold has ended.

With ``in_order=True`` (for reproducible searches), candidate ``t`` starts once candidates
``0..t-window`` have ended, and is proposed from exactly their results. The result therefore does
not depend on timing. With ``begins_alone=True``, all other candidates also wait for candidate 0,
whose folds run at the same time. With ``in_order=False`` every result is used at once.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, Protocol

from skhpo.search._records import Candidate, Status

__all__ = ["Controller", "Scheduler"]


class Controller(Protocol):
    """Interface of a search that the scheduler uses."""

    def ask(self, number: int) -> Candidate | None:
        """Return candidate `number`, or None if there are no more."""

    def judge(self, candidate: Candidate) -> Status | None:
        """Return the status with which a candidate ends after its last result, None if not yet."""

    def tell(self, candidate: Candidate) -> None:
        """Record a candidate that has ended."""


class Scheduler:
    """The state of a search over candidates and folds.

    Parameters
    ----------
    controller : Controller
        Proposes candidates, decides when they end, and records them.
    n_candidates : int or float
        Maximal number of candidates to run; infinite if something else limits the search.
    window : int or float
        Maximal number of candidates in flight.
    in_order : bool
        Whether the result must not depend on timing.
    prunes : bool, default=True
        Whether a candidate may be stopped before its last fold.
    must_wait : callable, optional
        Returns whether a new candidate has to wait for those in flight: the fits left may suffice
        for it or not, depending on how these end.
    begins_alone : bool, default=False
        Whether the first candidate runs alone, so that all others are judged by its results.
    """

    def __init__(
        self,
        controller: Controller,
        *,
        n_candidates: int | float,
        window: int | float,
        in_order: bool,
        prunes: bool = True,
        must_wait: Callable[[], bool] = lambda: False,
        begins_alone: bool = False,
    ) -> None:
        self._controller = controller
        self._n_candidates = n_candidates
        self._window = window
        self._in_order = in_order
        self._prunes = prunes
        self._must_wait = must_wait
        self._begins_alone = begins_alone
        self._in_flight: dict[int, Candidate] = {}
        self._ready: list[int] = []  # heap of numbers whose next fold may run
        self._untold: dict[int, Candidate] = {}
        self._n_told = 0  # with in_order: all candidates below this number have been recorded
        self._closed = False
        self._is_cut = False  # whether the search ends before its budget
        self._runs_oldest_alone = False
        self.candidates: list[Candidate] = []

    # ------------------------------------------------------------------ what runs next

    def next_task(self, ahead: bool = True) -> tuple[Candidate, int] | None:
        """Take the next fold to run; None if there is none at present.

        Parameters
        ----------
        ahead : bool, default=True
            Whether a fold may run before a decision that could make it useless.
        """
        if self._runs_oldest_alone:
            oldest = next(iter(self._in_flight.values()), None)
            if oldest is None or not oldest.has_folds_left:
                return None
            candidate = oldest
        elif self._ready:
            candidate = self._in_flight[heapq.heappop(self._ready)]
        elif (new := self._start_candidate()) is not None:
            candidate = new
        elif (ahead or not self._prunes) and (oldest := self._oldest_with_folds_left()) is not None:
            candidate = oldest
        else:
            return None
        return candidate, candidate.next_fold()

    def _start_candidate(self) -> Candidate | None:
        number = len(self.candidates)
        if self._closed or number >= self._n_candidates:
            return None
        if self._begins_alone and 0 in self._in_flight:
            return None
        oldest = next(iter(self._in_flight), number) if self._in_order else 0
        in_flight = number - oldest if self._in_order else len(self._in_flight)
        if in_flight >= self._window or (self._in_flight and self._must_wait()):
            return None
        candidate = self._controller.ask(number)
        if candidate is None:
            self.close()
            return None
        self.candidates.append(candidate)
        self._in_flight[number] = candidate
        self._tell_what_may_be_told()
        return candidate

    def _oldest_with_folds_left(self) -> Candidate | None:
        """Return the oldest candidate with a fold to run ahead of a decision.

        If fits may be stopped, most are stopped in their first fold after a few rounds. A fold
        ahead of it would run to its end for nothing, so none does.
        """
        for candidate in self._in_flight.values():
            may_be_stopped_soon = candidate.curve_model is not None and not candidate.results
            if candidate.has_folds_left and not may_be_stopped_soon:
                return candidate
        return None

    # ------------------------------------------------------------------- what came back

    def record(self, candidate: Candidate, fold: int, result: Any) -> None:
        """Record the result of a fold; it is discarded if the candidate has ended."""
        if candidate.status is not None:
            return
        results, early, order = candidate.results, candidate.early, candidate.fold_order
        early[fold] = result
        while len(results) < candidate.n_dispatched and (due := int(order[len(results)])) in early:
            results[due] = early.pop(due)
            status = self._controller.judge(candidate)
            if status is None and len(results) == len(order):
                status = "complete"
            if status is not None:
                self._end(candidate, status)
                return
        if not candidate.is_waiting:
            heapq.heappush(self._ready, candidate.number)

    def release(self, candidate: Candidate) -> None:
        """End a candidate that another process has taken over, and allow another in its place."""
        if candidate.status is None:
            self._n_candidates += 1
            self._end(candidate, "interrupted")

    def _end(self, candidate: Candidate, status: Status) -> None:
        candidate.status = status
        candidate.early.clear()
        del self._in_flight[candidate.number]
        if candidate.number in self._ready:
            self._ready.remove(candidate.number)
            heapq.heapify(self._ready)
        self._untold[candidate.number] = candidate
        self._tell_what_may_be_told()

    def _tell_what_may_be_told(self) -> None:
        """Record the ended candidates that the next proposal may use.

        Without `in_order` these are all of them.
        """
        if not self._in_order:
            for number in list(self._untold):
                self._controller.tell(self._untold.pop(number))
            return
        due: int | float = len(self.candidates) - self._window
        if self._begins_alone:
            due = max(due, 0)
        last = due
        if self._closed or len(self.candidates) >= self._n_candidates:
            last = len(self.candidates)
        while self._n_told <= last and self._n_told in self._untold:
            candidate = self._untold.pop(self._n_told)
            candidate.told_early = self._is_cut and self._n_told > due
            self._n_told += 1
            self._controller.tell(candidate)

    # -------------------------------------------------------------------------- the end

    def close(self) -> None:
        """Start no further candidate."""
        self._closed = True
        self._tell_what_may_be_told()

    def close_in(self) -> bool:
        """Start no further candidate, and run only the oldest in flight.

        If the oldest one does not complete, the next oldest runs, and so on. Return whether fewer
        candidates than planned have started.
        """
        self._runs_oldest_alone = self._is_cut = True
        self.close()
        return len(self.candidates) < self._n_candidates

    def reopen(self) -> None:
        """Allow new candidates again."""
        self._closed = False

    def interrupt(self) -> None:
        """End every candidate in flight, with the results that it has."""
        self._closed = self._is_cut = True
        self._ready.clear()
        for candidate in list(self._in_flight.values()):
            self._end(candidate, "interrupted")
        self._tell_what_may_be_told()

    @property
    def n_in_flight(self) -> int:
        """How many candidates are in flight."""
        return len(self._in_flight)

    @property
    def n_complete(self) -> int:
        """How many candidates are complete."""
        return sum(candidate.status == "complete" for candidate in self.candidates)
