"""Early termination between the folds of a candidate, and predictions for stopped candidates."""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import NDArray

from skhpo.history import Table
from skhpo.pruners import BasePruner, Decision
from skhpo.pruners._fold_model import FoldModel
from skhpo.pruners._front_race import FrontRace
from skhpo.search._records import Candidate, StoppingRule
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.search.objectives._problem import Problem
from skhpo.search.stopping._inside_fits import LearningCurves
from skhpo.study import Study
from skhpo.trial import FrozenTrial

__all__ = ["EarlyTermination", "FrontEarlyTermination", "make_early_termination"]

FloatArray = NDArray[np.float64]


class EarlyTermination:
    """Early termination with one objective.

    The scores are reported to the trial, and the study's pruner decides.

    Parameters
    ----------
    study : Study
        The study of the search, with its pruner.
    plan : EvaluationPlan
        The tasks of a candidate.
    problem : Problem
        The objective.
    curves : LearningCurves
        Learning curves, which predict the score of a candidate without a complete fold.
    """

    def __init__(
        self, study: Study, plan: EvaluationPlan, problem: Problem, curves: LearningCurves
    ) -> None:
        self._study = study
        self._pruner: BasePruner = study.pruner
        self._plan = plan
        self._problem = problem
        self._curves = curves
        self._rule: StoppingRule | None = None
        self._rule_as_of = -1
        self._losses = Table(plan.n_folds)  # losses of the complete candidates
        self._model: FoldModel | None = None
        self._model_as_of = 0

    @property
    def is_on(self) -> bool:
        """Whether the pruner may stop candidates."""
        return self._pruner.can_stop

    def report(self, candidate: Candidate, trial: FrozenTrial) -> bool:
        """Report the last result to the trial; return whether there is a report to decide on."""
        scores = [float(values[0]) for values in candidate.values]
        report = self._plan.report(list(candidate.results), scores)
        if report is None:
            return False
        step, value = report
        candidate.reports[step] = value
        if candidate.submodel_of is None and step not in trial.intermediate_values:
            self._study.log.report(candidate.trial_id, step, value)
        return True

    def rule(self) -> StoppingRule:
        """Return the current rule that decides on candidates."""
        as_of = self._study.history.n_finished
        if self._rule is None or as_of != self._rule_as_of:
            self._rule, self._rule_as_of = self._freeze(), as_of
        return self._rule

    def _freeze(self) -> StoppingRule:
        decide, log = self._pruner.freeze(self._study), self._study.log

        def rule(candidate: Candidate) -> Decision:
            return decide(_as_of(candidate, log.record(candidate.trial_id)))

        return rule

    def add(self, candidate: Candidate) -> None:
        """Add the results of a complete candidate."""
        folds = self._plan.by_fold(candidate.results)
        values = [self._problem.values(folds[k])[0] for k in range(self._plan.n_folds)]
        self._losses.append(-np.array(values))

    @np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
    def predict(self, candidate: Candidate) -> tuple[FloatArray, FloatArray]:
        """Predict the means of a stopped candidate over all folds, and the variances of the errors.

        The prediction comes from the pruner if it makes one, otherwise from a fold model of the
        complete candidates. If no fold of the candidate is complete, it comes from the learning
        curves.
        """
        run = {k: r for k, r in candidate.results.items() if r.stopped_at is None}
        if not run:
            score, variance = self._curves.predict_score(candidate)
            return np.array([score]), np.array([variance])
        decision = self.rule()(candidate)
        if decision.predicted is not None and decision.variance is not None:
            return np.array([decision.predicted]), np.array([decision.variance])
        losses = np.array([-self._problem.values(result)[0] for result in run.values()])
        if len(self._losses) == 0:
            return np.array([-losses.mean()]), np.zeros(1)
        if self._model is None or self._model_as_of != len(self._losses):
            self._model, self._model_as_of = FoldModel.fit(self._losses.rows), len(self._losses)
        mean, variance = self._model.predict(list(run), losses)
        return np.array([-mean]), np.array([variance])

    def predict_violations(self, candidate: Candidate) -> dict[str, float]:
        """Return nothing: searches with one objective have no constraints."""
        return {}


class FrontEarlyTermination(EarlyTermination):
    """Early termination with several objectives.

    A candidate stops when its optimistic corner is dominated or violates a constraint. Nothing is
    reported to the trial, because a report is a single number.

    Parameters
    ----------
    study : Study
        The study of the search, with its pruner.
    plan : EvaluationPlan
        The tasks of a candidate.
    problem : Problem
        The objectives and constraints.
    curves : LearningCurves
        Not used.

    Raises
    ------
    ValueError
        If the pruner supports a single objective only.
    """

    def __init__(
        self, study: Study, plan: EvaluationPlan, problem: Problem, curves: LearningCurves
    ) -> None:
        super().__init__(study, plan, problem, curves)
        self._all_losses = Table(plan.n_folds * problem.n_losses)
        self._race: FrontRace | None = None
        self._race_as_of = -1
        if self.is_on:
            self._race_as_of_now()  # raises if the pruner does not support several objectives

    def report(self, candidate: Candidate, trial: FrozenTrial) -> bool:
        """Return True, because there is a decision after each fold."""
        return True

    def _freeze(self) -> StoppingRule:
        race, problem = self._race_as_of_now(), self._problem

        def rule(candidate: Candidate) -> Decision:
            stop = race.should_stop(*_seen(candidate, problem))
            return Decision(stop, "little chance to come to the front" if stop else "")

        return rule

    def add(self, candidate: Candidate) -> None:
        """Add the results of a complete candidate."""
        rows = [self._problem.losses(candidate.results[k]) for k in range(self._plan.n_folds)]
        self._all_losses.append(np.concatenate(rows))

    def predict(self, candidate: Candidate) -> tuple[FloatArray, FloatArray]:
        """Predict the means of a stopped candidate, and the variances of the errors."""
        mean, variance = self._predict_losses(candidate)
        n_objectives = len(self._problem.objectives)
        return self._problem.signs * mean[:n_objectives], variance[:n_objectives]

    def predict_violations(self, candidate: Candidate) -> dict[str, float]:
        """Predict by how much a stopped candidate violates each constraint and preference."""
        if not self._problem.steering:
            return {}
        results = list(candidate.results.values())
        return self._problem.violations_for_sampler(results, self._predict_losses(candidate)[0])

    @np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
    def _predict_losses(self, candidate: Candidate) -> tuple[FloatArray, FloatArray]:
        folds, losses = _seen(candidate, self._problem)
        race = self._race_as_of_now()
        if not race.models:
            return losses.mean(axis=0), np.zeros(losses.shape[1])
        return race.predict(folds, losses)

    def _race_as_of_now(self) -> FrontRace:
        if self._race is None or self._race_as_of != len(self._all_losses):
            problem = self._problem
            self._race_as_of = len(self._all_losses)
            self._race = self._pruner.fit_front(
                self._all_losses.rows.reshape(-1, self._plan.n_folds, problem.n_losses),
                len(problem.objectives),
                bounds=problem.bounds,
                is_scale=problem.is_scale,
            )
        return self._race


def make_early_termination(
    study: Study, plan: EvaluationPlan, problem: Problem, curves: LearningCurves
) -> EarlyTermination:
    """Return the early termination for one objective or for several."""
    kind = EarlyTermination if len(problem.objectives) == 1 else FrontEarlyTermination
    return kind(study, plan, problem, curves)


def _seen(candidate: Candidate, problem: Problem) -> tuple[NDArray[np.int64], FloatArray]:
    """Return the folds that a candidate has run, and its losses on them."""
    folds = np.array(list(candidate.results))
    return folds, np.array([problem.losses(result) for result in candidate.results.values()])


def _as_of(candidate: Candidate, trial: FrozenTrial) -> FrozenTrial:
    """Return a candidate's trial with the reports so far only: an earlier fit may have made more.

    The trial of a submodel is still that of the candidate with the fits.
    """
    seen = copy.copy(trial)
    seen.intermediate_values = dict(candidate.reports)
    return seen
