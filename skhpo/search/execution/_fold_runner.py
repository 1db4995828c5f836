"""Sending folds to the workers, and reading their results."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skhpo._sklearn import FitCallbacks, MultimetricScorer, num_samples, scorers_by_name
from skhpo.boosting import threads_each
from skhpo.exceptions import FitMemoryError, FitTimeoutError, WorkerDiedError
from skhpo.parallel import Outcome
from skhpo.search._limits import status_of
from skhpo.search._records import Candidate, FoldResult, FoldTask, Scores
from skhpo.search.execution._evaluation import Evaluation, evaluate_fold
from skhpo.search.execution._run import Workers
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.search.stopping._inside_fits import with_rule

if TYPE_CHECKING:
    from skhpo.search._setup import Setup

__all__ = ["FoldRunner"]

_LOST = (WorkerDiedError, FitTimeoutError, FitMemoryError)  # errors of fits that lost their worker


class FoldRunner:
    """Turns the folds of candidates into tasks, and the outcomes of tasks into results.

    Parameters
    ----------
    setup : Setup
        The data, the splits and the early stopping.
    evaluation : Evaluation
        Settings shared by all folds.
    plan : EvaluationPlan
        The tasks of a candidate.
    callbacks : FitCallbacks
        scikit-learn's callbacks.
    """

    def __init__(
        self, setup: Setup, evaluation: Evaluation, plan: EvaluationPlan, callbacks: FitCallbacks
    ) -> None:
        self._setup = setup
        self._evaluation = evaluation
        self._plan = plan
        self._callbacks = callbacks

    def submit(self, workers: Workers, candidate: Candidate, number: int) -> None:
        """Send task `number` of a candidate to the workers."""
        setup = self._setup
        key = candidate.number, number
        task = self._task(candidate, number, workers.n_workers)
        workers.submit(key, evaluate_fold, self._evaluation, setup.X, setup.y, task)

    def _task(self, candidate: Candidate, number: int, n_workers: int) -> FoldTask:
        setup, plan = self._setup, self._plan
        rung, fold = plan.place(number)
        train, test = setup.splits[fold]
        allocation = None
        if plan.resource is not None:
            model = candidate.models.pop(fold, None)
            allocation = plan.resource.allocation(rung, num_samples(setup.X), model)
        return FoldTask(
            candidate.params,
            train,
            test,
            fold=fold,
            candidate=candidate.number,
            n_folds=plan.n_folds,
            n_candidates=None if math.isinf(setup.n_candidates) else int(setup.n_candidates),
            is_alone=n_workers == 1,
            n_threads=None if n_workers == 1 else threads_each(n_workers),
            allocation=allocation,
            stopping=with_rule(setup.stopping, candidate, number),
            shared=candidate.shared,
            callback_context=self._callbacks.evaluation(candidate.number * plan.n_tasks + number),
        )

    def receive(self, outcome: Outcome) -> FoldResult:
        """Return a fold's result; a fold whose worker died or was terminated counts as failed."""
        error, error_score = outcome.error, self._evaluation.error_score
        if not isinstance(error, _LOST) or error_score == "raise":
            result: FoldResult = outcome.result()
            return result
        scores: Scores = error_score
        if isinstance(self._evaluation.scorer, MultimetricScorer):
            scores = dict.fromkeys(scorers_by_name(self._evaluation.scorer), error_score)
        return FoldResult.failed(
            scores,
            f"{type(error).__name__}: {error}",
            return_train_score=self._evaluation.return_train_score,
            ended_as=status_of(error),
        )
