"""What stands between the scheduler and the study: makes candidates, judges them, tells."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhpo.boosting import CurveModel
from skhpo.exceptions import UpdateFinishedTrialError
from skhpo.pruners import BasePruner
from skhpo.search._progress import Progress
from skhpo.search.execution._scheduler import Candidate, Status
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.search.objectives._problem import Problem
from skhpo.search.persistence._checkpoint import N_JUDGED, Checkpoint, folds_of
from skhpo.search.stopping._between_folds import StoppingRule, make_early_termination
from skhpo.search.stopping._inside_fits import LearningCurves
from skhpo.space import SearchSpace
from skhpo.study import Study
from skhpo.trial import FrozenTrial, Trial, TrialState

__all__ = ["Entry", "StudyController"]


@dataclass
class Entry:
    """What the controller keeps with a candidate.

    Attributes
    ----------
    trial : Trial
        Its trial.
    params : dict of str to object
        Its parameters, by the estimator's names.
    judge : callable or None
        Judges it; None judges by what is known at the time.
    n_judged_before : int or None
        Of a candidate that ended in an earlier fit: after how many folds.
    models : dict of int to estimator
        By fold, models that are to be trained further.
    curves : CurveModel or None
        What was known of learning curves when it was asked.
    """

    trial: Trial
    params: dict[str, Any]
    judge: StoppingRule | None = None
    n_judged_before: int | None = None
    models: dict[int, Any] = field(default_factory=dict)
    curves: CurveModel | None = None

    @property
    def number(self) -> int:
        """Number of its trial in the study."""
        return self.trial.number

    @property
    def config(self) -> dict[str, Any]:
        """Its parameters, by the study's names."""
        return self.trial.params


_STATUS: dict[TrialState, Status] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


ENDED_AT_A_LIMIT = ("timed out", "out of memory")
FAILURE = "failure"  # user attribute of a trial that ended so


def _status(trial: FrozenTrial, results: Mapping[int, Any]) -> Status:
    """How a candidate ended whose trial has ended."""
    status = _STATUS[trial.state]
    return _how_failed(results) if status == "failed" else status


def _how_failed(results: Mapping[int, Any]) -> Status:
    """Say of a candidate that failed whether a fit of it was ended at a limit."""
    ends = (result.get("ended_as") for result in results.values())
    return next((end for end in ends if end is not None), "failed")


class StudyController:
    """Candidates come from a study, and the study is told how they end.

    Parameters
    ----------
    study : Study
        Samples, and keeps the trials.
    space : SearchSpace
        Where candidates come from.
    pruner : BasePruner or None
        Judges after each fold; None runs every fold.
    plan : EvaluationPlan
        What a candidate runs through.
    problem : Problem
        The objectives that the search follows.
    enqueued : sequence of mapping of str to object
        Configurations to begin with; what they leave open is sampled.
    n_candidates : int
        How many trials the study is to have, at most.
    in_order : bool
        Judge a candidate by what was known when it was asked, not by what is known now.
    callbacks : sequence of callable
        Called with the study and a trial's record as it ends.
    progress : Progress
        Is shown what happens.
    checkpoint : Checkpoint
        Keeps the folds, and knows those of earlier fits.
    """

    def __init__(
        self,
        study: Study,
        space: SearchSpace,
        *,
        pruner: BasePruner | None,
        plan: EvaluationPlan,
        problem: Problem,
        enqueued: Sequence[Mapping[str, Any]],
        n_candidates: int,
        in_order: bool,
        callbacks: Sequence[Callable[[Study, FrozenTrial], None]],
        progress: Progress,
        checkpoint: Checkpoint,
    ) -> None:
        self._study = study
        self._space = space
        self._plan = plan
        self._problem = problem
        self._enqueued = enqueued
        self._n_candidates = n_candidates
        self._in_order = in_order
        self._callbacks = callbacks
        self._progress = progress
        self._checkpoint = checkpoint
        self._ended: deque[FrozenTrial] = deque()  # whose callbacks are still to be called
        self._tried: set[Any] = set()
        self._curves = LearningCurves(plan.n_folds)
        self._termination = make_early_termination(study, pruner, plan, problem, self._curves)

    def ask(self, number: int) -> Candidate | None:
        """Make the next candidate; None if the space is used up or someone asked to stop."""
        self.call_back()
        past = self._checkpoint.next_past()
        if past is not None:
            return self._go_on(number, past)
        if self._study._stop_flag:
            return None
        asked = self._study._ask_space(
            self._space, self._tried, self._enqueued, self._n_candidates, self._checkpoint.mark
        )
        if asked is None:
            return None
        trial, config = asked
        self._checkpoint.began(trial._trial_id, is_new=True)
        return self._candidate(number, Entry(trial, self._space.to_params(config)))

    def _go_on(self, number: int, past: FrozenTrial) -> Candidate:
        """Make a candidate of a trial of an earlier fit."""
        self._tried.add(self._space.config_key(past.params))
        entry = Entry(Trial(self._study, past._trial_id), self._space.to_params(past.params))
        if past.state.is_finished():
            entry.n_judged_before = past.system_attrs[N_JUDGED]
        else:
            self._checkpoint.began(past._trial_id, is_new=False)
        candidate = self._candidate(number, entry)
        candidate.known = folds_of(past)
        return candidate

    def _candidate(self, number: int, entry: Entry) -> Candidate:
        if self._termination.is_on:
            entry.judge = self._termination.judge() if self._in_order else None
            entry.curves = self._curves.model()
        return Candidate(number, self._plan.order(entry.number), payload=entry)

    def judge(self, candidate: Candidate) -> Status | None:
        """Report what came in last; say whether the candidate ends here."""
        entry: Entry = candidate.payload
        task, result = next(reversed(candidate.results.items()))
        self._progress.fold_done()
        if result["stop"]:
            self._study._stop_flag = True
        if (model := result.pop("model", None)) is not None:
            entry.models[self._plan.place(task)[1]] = model
        frozen = entry.trial._frozen
        if frozen.state.is_finished():  # in an earlier fit, or by another process
            is_judged = candidate.n_judged == (entry.n_judged_before or candidate.n_judged)
            return _status(frozen, candidate.results) if is_judged else None
        if result.get("stopped_at") is not None:
            return "pruned"
        is_news = self._termination.report(candidate)
        if candidate.n_judged == len(candidate.fold_order):
            return _how_failed(candidate.results) if self._is_any_nan(candidate) else "complete"
        if not self._termination.is_on:
            return None
        if np.isnan(self._problem.losses(result)).any():
            return _how_failed(candidate.results)
        if not is_news:
            return None
        judge = entry.judge or self._termination.judge()
        return "pruned" if judge(candidate) else None

    def tell(self, candidate: Candidate) -> None:
        """Tell the study how a candidate ended."""
        entry: Entry = candidate.payload
        values = np.full(len(self._problem.objectives), np.nan)
        if candidate.status == "complete":
            values = self.mean_values(candidate)
        try:
            with self._checkpoint.whole():
                self._finish(candidate, entry.trial._frozen, values)
        except UpdateFinishedTrialError:  # by a process that took it over meanwhile
            self._study.history.finish(entry.trial._frozen)
        self._progress.candidate_done(candidate, entry.params, values)

    def _finish(
        self, candidate: Candidate, frozen: FrozenTrial, values: NDArray[np.float64]
    ) -> None:
        study = self._study
        candidate.payload.models.clear()
        if len(values) == 1:
            self._curves.take(candidate, float(values[0]))
        if candidate.status == "complete":
            self._termination.take(candidate)
        if frozen.state.is_finished():
            study.history.finish(frozen)
            return
        if candidate.status == "interrupted" and self._checkpoint.let_go(frozen._trial_id):
            study._open_elsewhere.add(frozen.number)
            return
        self._checkpoint.ends(frozen._trial_id, candidate.n_judged)
        if candidate.status == "complete":
            for name, violation in self._problem.violations(
                list(candidate.results.values())
            ).items():
                candidate.payload.trial.set_constraint(name, violation)
            study._finish(frozen, TrialState.COMPLETE, values.tolist())
        elif candidate.status == "pruned" and self._plan.resource is not None:
            last = frozen.intermediate_values[max(frozen.intermediate_values)]
            study._finish(frozen, TrialState.PRUNED, [last])
        elif candidate.status == "pruned":
            means, variances = (array.tolist() for array in self._termination.predict(candidate))
            shown = means if len(means) == 1 else None
            study._finish(frozen, TrialState.PRUNED, shown, prediction=(means, variances))
        else:
            if candidate.status in ENDED_AT_A_LIMIT:
                candidate.payload.trial.set_user_attr(FAILURE, candidate.status)
            study._finish(frozen, TrialState.FAIL, None)
        self._ended.append(frozen)

    def call_back(self) -> None:
        """Call the callbacks of the candidates that have ended since."""
        while self._ended:
            trial = self._ended.popleft()
            for callback in self._callbacks:
                callback(self._study, trial)

    def with_those_of_others(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates, and those that other processes have run, by the numbers of the trials."""
        everything = {candidate.payload.number: candidate for candidate in candidates}
        known = {n for n, candidate in everything.items() if candidate.status != "interrupted"}
        for trial in self._checkpoint.others(known):
            entry = Entry(Trial(self._study, trial._trial_id), self._space.to_params(trial.params))
            folds, order = folds_of(trial), self._plan.order(trial.number)
            judged = list(order)[: trial.system_attrs[N_JUDGED]]
            candidate = Candidate(len(everything), order, entry)
            candidate.results = {task: folds[task] for task in judged if task in folds}
            candidate.status = _status(trial, candidate.results)
            everything[trial.number] = candidate
        return [everything[number] for number in sorted(everything)]

    @np.errstate(over="ignore", invalid="ignore")
    def _is_any_nan(self, candidate: Candidate) -> bool:
        """Whether a score is NaN, or a mean, such as that of inf and -inf."""
        results = self._plan.by_fold(candidate.results).values()
        losses = np.array([self._problem.losses(result) for result in results])
        return bool(np.isnan(losses.mean(axis=0)).any())

    @np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
    def mean_values(self, candidate: Candidate) -> NDArray[np.float64]:
        """Means of the objectives over all folds, as ``cv_results_`` has them.

        With a resource, those with all of it; ndarray of shape (n_objectives,).
        """
        results = self._plan.by_fold(candidate.results)
        values = [self._problem.values(results[fold]) for fold in range(self._plan.n_folds)]
        by_objective = np.ascontiguousarray(np.array(values).T)
        means: NDArray[np.float64] = np.average(by_objective, axis=1)
        return means
