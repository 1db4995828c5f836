"""The budget of fits: how many the candidates have spent, and whether another one may start."""

from __future__ import annotations

import math
from collections.abc import Callable

from skhpo.history import SUBMODEL_OF
from skhpo.search._records import Candidate
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.search.persistence._checkpoint import N_JUDGED, TAKEN_FROM
from skhpo.trial import FrozenTrial

__all__ = ["FitBudget"]


class FitBudget:
    """The fits that the candidates of a search may spend.

    A candidate in flight may still need all its fits, so these are set aside for it. An ended
    candidate has spent the fits that its end was decided on. Therefore the limit is never
    exceeded, and whether a candidate starts depends only on how the candidates before it ended,
    not on when they did.

    Candidates that were taken over from an earlier search count as nothing: their fits were spent
    there.

    Fits are counted in units of the resource, so that sums are exact: a fit with a part of the
    resource counts as that part.

    Parameters
    ----------
    plan : EvaluationPlan
        The tasks of a candidate.
    max_fits : int or None
        Maximal number of fits with the full resource; None is no limit.
    n_candidates : int or float
        Maximal number of candidates.

    Attributes
    ----------
    max_fits : int or None
        The limit; None if there is none, or if `n_candidates` candidates cannot reach it.
    n_candidates : int or float
        Maximal number of candidates that both limits allow.

    Raises
    ------
    ValueError
        If the limit does not suffice for one candidate.
    """

    def __init__(
        self, plan: EvaluationPlan, max_fits: int | None, n_candidates: int | float
    ) -> None:
        self._plan = plan
        self._needed = plan.amount(range(plan.n_tasks))  # by a candidate that is not stopped
        self._limit = math.inf if max_fits is None else max_fits * plan.full_amount
        at_most = math.inf if max_fits is None else self._limit // plan.amount([0])
        self._open: list[Candidate] = []
        self._own: set[int] = set()  # numbers of the trials that run or ended here
        self._spent = 0
        if self._needed > self._limit:
            n_fits = math.ceil(self._needed / plan.full_amount)
            raise ValueError(
                f"`max_fits={max_fits}` is too small: a candidate needs up to {n_fits} fits, for "
                f"{plan.n_folds} splits."
            )
        is_limit = n_candidates * self._needed > self._limit
        self.max_fits = max_fits if is_limit else None
        self.n_candidates = min(n_candidates, at_most)

    def add_earlier(self, n_candidates: int) -> None:
        """Allow candidates that were taken over, besides the others."""
        self.n_candidates += n_candidates

    def begin(self, candidate: Candidate) -> None:
        """Set the fits of a candidate aside."""
        self._own.add(candidate.trial_number)
        if not candidate.is_taken_over:
            self._open.append(candidate)

    def allows_another(self, others: Callable[[set[int]], list[FrozenTrial]]) -> bool:
        """Return whether the fits left suffice for a candidate that is not stopped.

        Parameters
        ----------
        others : callable
            Returns the trials of other processes that have begun, given the numbers of those
            that belong to this one.
        """
        if self.max_fits is None:
            return True
        self._settle()
        left = self._limit - self._spent - self._needed
        left -= sum(self._plan.amount(candidate.fold_order) for candidate in self._open)
        return left >= 0 and left >= sum(map(self._committed, others(self._own)))

    def _settle(self) -> None:
        """Count what ended candidates have spent."""
        for candidate in self._open:
            if candidate.status == "interrupted":  # another process continues it
                self._own.discard(candidate.trial_number)
            elif candidate.status is not None:
                self._spent += self._plan.amount(candidate.results)
        self._open = [candidate for candidate in self._open if candidate.status is None]

    def _committed(self, trial: FrozenTrial) -> int:
        if TAKEN_FROM in trial.system_attrs or SUBMODEL_OF in trial.system_attrs:
            return 0
        tasks = self._plan.order(trial.number)
        n_spent = trial.system_attrs[N_JUDGED] if trial.state.is_finished() else len(tasks)
        return self._plan.amount(tasks[:n_spent])
