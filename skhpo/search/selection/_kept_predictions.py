"""Which candidates' predictions are kept: those of the best so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from skhpo.history import total_violation
from skhpo.multi_objective import is_nondominated, select_by_hypervolume
from skhpo.search._records import Candidate
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.search.objectives._problem import Problem

__all__ = ["KeptPredictions"]

MARGIN = 0.1  # how far the reference point is behind the front, as a share of its range


class KeptPredictions:
    """The best complete candidates so far, whose predictions are kept.

    Parameters
    ----------
    n_kept : int
        Maximal number of candidates.
    problem : Problem
        The objectives and constraints.
    plan : EvaluationPlan
        The tasks of a candidate.
    place : callable
        Returns the place of a candidate, by which ties are broken.
    """

    def __init__(
        self,
        n_kept: int,
        problem: Problem,
        plan: EvaluationPlan,
        place: Callable[[Candidate], int],
    ) -> None:
        self._n_kept = n_kept
        self._problem = problem
        self._plan = plan
        self._place = place
        self._held: list[Candidate] = []

    def offer(self, candidate: Candidate) -> None:
        """Keep the predictions of a candidate that has ended if it is one of the best so far.

        The predictions of all others are dropped.
        """
        offered = [*self._held, candidate]
        self._held = self.best(offered)
        for one in offered:
            if not any(one is other for other in self._held):
                one.predictions.clear()

    def best(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return the best of some candidates, at most as many as are kept.

        These have the best means. With several objectives they belong to the front; if it has
        more candidates, those are chosen that have most of the volume behind it.
        """
        known = [one for one in candidates if one.status == "complete" and self._is_feasible(one)]
        if not known:
            return []
        known.sort(key=self._place)
        losses = np.array([self._losses(candidate) for candidate in known])
        if losses.shape[1] == 1:
            rows = np.argsort(losses[:, 0], kind="stable")[: self._n_kept]
        else:
            rows = np.flatnonzero(is_nondominated(losses))
            if len(rows) > self._n_kept:
                rows = rows[_most_of_the_volume(losses[rows], self._n_kept)]
        return [known[row] for row in rows]

    def _losses(self, candidate: Candidate) -> NDArray[np.float64]:
        results = self._plan.by_fold(candidate.results)
        values = self._problem.mean_values([results[k] for k in range(self._plan.n_folds)])
        losses: NDArray[np.float64] = self._problem.signs * values
        return losses

    def _is_feasible(self, candidate: Candidate) -> bool:
        results = list(candidate.results.values())
        return total_violation(self._problem.violations(results)) <= 0.0


@np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
def _most_of_the_volume(front: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    worst = front.max(axis=0)
    span = worst - front.min(axis=0)
    span = np.where(np.isfinite(span) & (span > 0.0), span, 1.0)
    return select_by_hypervolume(front, n, worst + MARGIN * span)
