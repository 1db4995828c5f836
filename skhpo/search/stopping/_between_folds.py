"""How candidates are judged between their folds, and what becomes of those that were stopped."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from skhpo.history import Table
from skhpo.pruners import BasePruner, RacingPruner
from skhpo.pruners._fold_model import FoldModel
from skhpo.pruners._front_race import FrontRace
from skhpo.search.execution._scheduler import Candidate
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.search.objectives._problem import Problem
from skhpo.search.stopping._inside_fits import LearningCurves
from skhpo.study import Study
from skhpo.trial import FrozenTrial

__all__ = ["EarlyTermination", "FrontEarlyTermination", "StoppingRule", "make_early_termination"]

FloatArray = NDArray[np.float64]

StoppingRule: TypeAlias = Callable[[Candidate], bool]
"""Says of a candidate under way whether to stop it."""


class EarlyTermination:
    """One objective: scores are reported to the trial, and the study's pruner judges it.

    Parameters
    ----------
    study : Study
        The study of the search.
    pruner : BasePruner or None
        Judges; None runs everything.
    plan : EvaluationPlan
        What a candidate runs through.
    problem : Problem
        The objective.
    curves : LearningCurves
        Learning curves, of which a candidate's score can be predicted, too.
    """

    def __init__(
        self,
        study: Study,
        pruner: BasePruner | None,
        plan: EvaluationPlan,
        problem: Problem,
        curves: LearningCurves,
    ) -> None:
        self._study = study
        self._pruner = pruner
        self._plan = plan
        self._problem = problem
        self._curves = curves
        self._judge: StoppingRule | None = None
        self._judge_as_of = -1
        self._losses = Table(plan.n_folds)  # of the complete candidates
        self._model: FoldModel | None = None
        self._model_as_of = 0

    @property
    def is_on(self) -> bool:
        """Whether candidates are judged before their end."""
        return self._pruner is not None

    def report(self, candidate: Candidate) -> bool:
        """Report what came in last to the candidate's trial; say whether there is news to judge."""
        trial = candidate.payload.trial
        scores = [float(self._problem.values(result)[0]) for result in candidate.results.values()]
        report = self._plan.report(list(candidate.results), scores)
        if report is not None and report[0] not in trial._frozen.intermediate_values:
            trial.report(report[1], step=report[0])
        return report is not None

    def judge(self) -> StoppingRule:
        """What judges as of now."""
        as_of = self._study.history.n_finished
        if self._judge is None or as_of != self._judge_as_of:
            self._judge, self._judge_as_of = self._freeze(), as_of
        return self._judge

    def _freeze(self) -> StoppingRule:
        assert self._pruner is not None
        judge, plan = self._pruner.freeze(self._study), self._plan

        def judge_candidate(candidate: Candidate) -> bool:
            trial = candidate.payload.trial._frozen
            return judge(_as_of(trial, plan.n_reports(candidate.n_judged)))

        return judge_candidate

    def take(self, candidate: Candidate) -> None:
        """Take in the results of a complete candidate."""
        folds = self._plan.by_fold(candidate.results)
        values = [self._problem.values(folds[k])[0] for k in range(self._plan.n_folds)]
        self._losses.append(-np.array(values))

    @np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
    def predict(self, candidate: Candidate) -> tuple[FloatArray, FloatArray]:
        """What a stopped candidate's mean values would have been, and the variance of that."""
        run = {k: r for k, r in candidate.results.items() if r.get("stopped_at") is None}
        if not run:
            score, variance = self._curves.predict_score(candidate)
            return np.array([score]), np.array([variance])
        losses = np.array([-self._problem.values(result)[0] for result in run.values()])
        if len(self._losses) == 0:
            return np.array([-losses.mean()]), np.zeros(1)
        if self._model is None or self._model_as_of != len(self._losses):
            self._model, self._model_as_of = FoldModel.fit(self._losses.rows), len(self._losses)
        mean, variance = self._model.predict(list(run), losses)
        return np.array([-mean]), np.array([variance])


class FrontEarlyTermination(EarlyTermination):
    """Several objectives: a candidate stops once its optimistic corner is dominated.

    Nothing is reported to the trial: a report is a single number.

    Parameters
    ----------
    study : Study
        The study of the search.
    pruner : RacingPruner or None
        Its level and its number of trials to begin with are used.
    plan : EvaluationPlan
        What a candidate runs through.
    problem : Problem
        The objectives and constraints.
    curves : LearningCurves
        Not used.
    """

    def __init__(
        self,
        study: Study,
        pruner: BasePruner | None,
        plan: EvaluationPlan,
        problem: Problem,
        curves: LearningCurves,
    ) -> None:
        super().__init__(study, pruner, plan, problem, curves)
        self._all_losses = Table(plan.n_folds * problem.n_losses)
        self._termination: FrontRace | None = None
        self._race_as_of = -1

    def report(self, candidate: Candidate) -> bool:
        """There is always news."""
        return True

    def _freeze(self) -> StoppingRule:
        termination, problem = self._race_as_of_now(), self._problem

        def judge_candidate(candidate: Candidate) -> bool:
            folds, losses = _seen(candidate, problem)
            return termination.should_stop(folds, losses)

        return judge_candidate

    def take(self, candidate: Candidate) -> None:
        """Take in the results of a complete candidate."""
        rows = [self._problem.losses(candidate.results[k]) for k in range(self._plan.n_folds)]
        self._all_losses.append(np.concatenate(rows))

    @np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
    def predict(self, candidate: Candidate) -> tuple[FloatArray, FloatArray]:
        """What a stopped candidate's mean values would have been, and the variances of that."""
        folds, losses = _seen(candidate, self._problem)
        termination, n_objectives = self._race_as_of_now(), len(self._problem.objectives)
        if not termination.models:
            return self._problem.signs * losses.mean(axis=0)[:n_objectives], np.zeros(n_objectives)
        mean, variance = termination.predict(folds, losses)
        return self._problem.signs * mean[:n_objectives], variance[:n_objectives]

    def _race_as_of_now(self) -> FrontRace:
        if self._termination is None or self._race_as_of != len(self._all_losses):
            problem, pruner = self._problem, self._pruner
            assert isinstance(pruner, RacingPruner)
            self._race_as_of = len(self._all_losses)
            self._termination = FrontRace.fit(
                self._all_losses.rows.reshape(-1, self._plan.n_folds, problem.n_losses),
                len(problem.objectives),
                alpha=pruner.alpha,
                n_startup_trials=pruner.n_startup_trials,
                bounds=problem.bounds,
                is_scale=problem.is_scale,
            )
        return self._termination


def make_early_termination(
    study: Study,
    pruner: BasePruner | None,
    plan: EvaluationPlan,
    problem: Problem,
    curves: LearningCurves,
) -> EarlyTermination:
    """Early termination that suits the number of objectives."""
    kind = EarlyTermination if len(problem.objectives) == 1 else FrontEarlyTermination
    return kind(study, pruner, plan, problem, curves)


def _seen(candidate: Candidate, problem: Problem) -> tuple[NDArray[np.int64], FloatArray]:
    """The folds that a candidate has run, and its losses there."""
    folds = np.array(list(candidate.results))
    return folds, np.array([problem.losses(result) for result in candidate.results.values()])


def _as_of(trial: FrozenTrial, n_reports: int) -> FrozenTrial:
    """A trial as it was after its first reports: an earlier fit may have made more."""
    if len(trial.intermediate_values) <= n_reports:
        return trial
    seen = copy.copy(trial)
    seen.intermediate_values = dict(list(trial.intermediate_values.items())[:n_reports])
    return seen
