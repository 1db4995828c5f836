"""The controller: it creates candidates, decides which to stop, and records how they end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhpo.exceptions import UpdateFinishedTrialError
from skhpo.history import COST, SUBMODEL_OF, UNTOLD
from skhpo.samplers._base import draws_by_groups
from skhpo.search._records import ENDED_AT_A_LIMIT, Candidate, FoldResult, Status
from skhpo.search.execution._candidates import CandidateMaker, create_trial, stored_submodels
from skhpo.search.execution._events import end_of_candidate, end_of_fold, start_of_candidate
from skhpo.search.execution._fit_budget import FitBudget
from skhpo.search.execution._listeners import Listeners
from skhpo.search.execution._told import choose_told
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.search.fidelity._submodels import Submodels
from skhpo.search.objectives._problem import Problem
from skhpo.search.persistence._checkpoint import (
    N_JUDGED,
    Checkpoint,
    folds_of,
)
from skhpo.search.selection._kept_predictions import KeptPredictions
from skhpo.search.stopping._between_folds import make_early_termination
from skhpo.search.stopping._inside_fits import LearningCurves, as_stopped
from skhpo.space import SearchSpace
from skhpo.study import Study
from skhpo.study._ask import Gathered, ask_in_space
from skhpo.study._draw import note_tried
from skhpo.study._tell import end_trial
from skhpo.trial import FrozenTrial, TrialState

__all__ = ["StudyController"]

FAILURE = "failure"  # user attribute of a trial with a fit that was terminated at a limit

_STATUS: dict[TrialState, Status] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


class StudyController:
    """Connects the scheduler and the study.

    The study proposes the candidates, and its log records their folds and how they end.

    Parameters
    ----------
    study : Study
        Its sampler proposes candidates, its pruner stops them, and its log records the trials.
    space : SearchSpace
        The search space.
    plan : EvaluationPlan
        The tasks of a candidate.
    problem : Problem
        The objectives of the search.
    submodels : Submodels
        The candidates that are scored on the fits of larger ones.
    enqueued : sequence of mapping of str to object
        The first configurations. Parameters that they omit are sampled.
    n_candidates : int or float
        Maximal number of trials of the study.
    budget : FitBudget
        The fits that all candidates may spend.
    in_order : bool
        Whether to decide on a candidate by the results known when it was proposed, not by those
        known now.
    callbacks : sequence of callable
        Called with the study and the record of a trial when the trial ends.
    listeners : Listeners
        Receive the events.
    checkpoint : Checkpoint
        Stores the folds, and has those of earlier fits.
    kept : KeptPredictions, optional
        Holds the predictions of the best candidates. Default: none are kept.
    stops_fits : bool, default=False
        Whether fits of boosters may be stopped if they are unlikely to become the best.

    Attributes
    ----------
    stops_fits : bool
        Whether this may happen: not with several objectives or a resource, nor without a pruner.
    """

    def __init__(
        self,
        study: Study,
        space: SearchSpace,
        *,
        plan: EvaluationPlan,
        problem: Problem,
        submodels: Submodels,
        enqueued: Sequence[Mapping[str, Any]],
        n_candidates: int | float,
        budget: FitBudget,
        in_order: bool,
        callbacks: Sequence[Callable[[Study, FrozenTrial], None]],
        listeners: Listeners,
        checkpoint: Checkpoint,
        kept: KeptPredictions | None = None,
        stops_fits: bool = False,
    ) -> None:
        self._study = study
        self._log = study.log
        self._space = space
        self._plan = plan
        self._problem = problem
        self._submodels = submodels
        self._candidates = CandidateMaker(space, plan, submodels)
        self._enqueued = enqueued
        self._n_candidates = n_candidates
        self._budget = budget
        self._in_order = in_order
        self._callbacks = callbacks
        self._listeners = listeners
        self._checkpoint = checkpoint
        self._kept = kept
        self._ended: deque[FrozenTrial] = deque()  # trials that the callbacks have not yet received
        self._tried: set[Any] = set()
        for trial in checkpoint.begun_elsewhere(set()):  # in earlier fits, and by other processes
            note_tried(space, trial, self._tried)
        self._unrecorded: deque[Candidate] = deque()  # submodels that have no trial yet
        self._submodels_ended: list[Candidate] = []
        self._are_submodels_later = False  # whether some are left to the fit that resumes
        is_single = len(problem.objectives) == 1 and plan.resource is None
        self.stops_fits = stops_fits and is_single and study.pruner.can_stop
        self._curves = LearningCurves(plan.n_folds, stops_fits=self.stops_fits)
        self._termination = make_early_termination(study, plan, problem, self._curves)

    # ---------------------------------------------------------------------- a new candidate

    def ask(self, number: int) -> Candidate | None:
        """Create the next candidate.

        None if the space or the budget is exhausted, or if a stop was requested.
        """
        self.call_back()
        candidate = self._next_candidate(number)
        if candidate is not None:
            self._budget.begin(candidate)
            self._listeners.send("on_candidate_start", start_of_candidate(candidate))
        return candidate

    def must_wait(self) -> bool:
        """Return whether the fits left may become too few for another candidate.

        This depends on how the candidates in flight end. Those of earlier fits never wait.
        """
        return not self._checkpoint.has_past() and not self._may_begin()

    def _may_begin(self) -> bool:
        return self._budget.allows_another(self._checkpoint.begun_elsewhere)

    def _next_candidate(self, number: int) -> Candidate | None:
        past = self._checkpoint.next_past()
        while past is not None and SUBMODEL_OF in past.system_attrs:
            past = self._checkpoint.next_past()
        if past is not None:
            return self._resume(number, past)
        with self._checkpoint.whole():
            self._record_submodels()
        if self._log.runs.stop_requested:
            return None
        asked = ask_in_space(
            self._study, self._space, self._tried, self._enqueued, self._n_candidates,
            self._checkpoint.mark, self._may_begin, self._gather,
        )  # fmt: skip
        if asked is None:
            return None
        trial, config = asked
        self._checkpoint.began(trial.trial_id, is_new=True)
        return self._with_rules(self._candidates.of_trial(number, trial, config))

    def _gather(self, config: Mapping[str, Any], tried: set[Any]) -> Gathered:
        """Gather a drawn candidate and its submodels; a sampler of points chooses each itself."""
        sampler = self._study.sampler
        if not draws_by_groups(sampler.unwrapped):
            return Gathered(config)
        return self._submodels.gather(config, tried, sampler.held_params)

    def _resume(self, number: int, past: FrozenTrial) -> Candidate:
        """Create a candidate from a trial of an earlier fit."""
        note_tried(self._space, past, self._tried)
        if not past.state.is_finished():
            self._checkpoint.began(past.trial_id, is_new=False)
        candidate = self._with_rules(self._candidates.of_trial(number, past))
        candidate.known = folds_of(past)
        for submodel in candidate.submodels:
            submodel.known = candidate.known
        return candidate

    def _with_rules(self, candidate: Candidate) -> Candidate:
        """Add the stopping rule and the curve model that decide on a candidate while it runs."""
        if self._termination.is_on:
            candidate.stopping_rule = self._termination.rule() if self._in_order else None
            candidate.curve_model = self._curves.model()
        for submodel in candidate.submodels:
            submodel.stopping_rule = candidate.stopping_rule
        return candidate

    # ------------------------------------------------------------------------ after a fold

    def judge(self, candidate: Candidate) -> Status | None:
        """Report the last result of a candidate; return its status if it ends here, else None."""
        task, result = next(reversed(candidate.results.items()))
        judged = as_stopped(candidate, task, result)
        if judged is not result:
            candidate.results[task] = result = judged
            if task not in candidate.known:
                self._checkpoint.keep(candidate.trial_id, task, result)
        if self._listeners.are_any:
            self._listeners.add("on_fold_end", end_of_fold(self._plan, candidate, task, result))
        if result.stop:
            self._log.runs.stop_requested = True
        self._take_apart(candidate, task, result)
        if candidate.submodels:
            self._distribute(candidate, task, result)
        trial = self._log.record(candidate.trial_id)
        ends = [self._judge_one(submodel, trial) for submodel in candidate.submodels]
        if trial.state.is_finished():  # in an earlier fit, or by another process
            is_judged = candidate.n_judged == (candidate.ended_after or candidate.n_judged)
            status = _status(trial, candidate.results) if is_judged else None
        else:
            status = self._judge_one(candidate, trial)
            if None in ends:  # a submodel needs further fits
                status = None
        if status is not None:
            for submodel, end in zip(candidate.submodels, ends, strict=True):
                submodel.status = end or "pruned"
        return status

    def _take_apart(self, candidate: Candidate, task: int, result: FoldResult) -> None:
        """Keep the model and the predictions of a result apart from its numbers."""
        fold = self._plan.place(task)[1]
        if result.model is not None:
            candidate.models[fold] = result.model
        if result.predictions is not None:
            candidate.predictions[fold] = result.predictions
        if result.model is not None or result.predictions is not None:
            candidate.results[task] = result.on_its_own()

    def _distribute(self, candidate: Candidate, task: int, result: FoldResult) -> None:
        """Give the submodels their results; a fit that was lost with its worker is lost for all."""
        results = result.submodels or [result] * len(candidate.submodels)
        for submodel, own in zip(candidate.submodels, results, strict=True):
            submodel.results[task] = own
            self._take_apart(submodel, task, own)
        candidate.results[task] = result.on_its_own()

    def _judge_one(self, candidate: Candidate, trial: FrozenTrial) -> Status | None:
        """Report the last result; return the status of a candidate that needs no further fit.

        Parameters
        ----------
        candidate : Candidate
            A candidate, or one of its submodels.
        trial : FrozenTrial
            The trial of the candidate.
        """
        result = next(reversed(candidate.results.values()))
        if result.stopped_at is not None:
            candidate.reason = f"its fit had little chance after {result.stopped_at} rounds"
            return "pruned"
        values = self._problem.values(result)
        candidate.values.append(values)
        is_news = self._termination.report(candidate, trial)
        if candidate.n_judged == len(candidate.fold_order):
            return _how_failed(candidate.results) if self._is_any_nan(candidate) else "complete"
        if not self._termination.is_on:
            return None
        if self._has_failed(candidate, result, values):
            return _how_failed(candidate.results)
        if not is_news:
            return None
        decide = candidate.stopping_rule or self._termination.rule()
        decision = decide(candidate)
        candidate.reason = decision.reason
        return "pruned" if decision else None

    def _has_failed(
        self, candidate: Candidate, result: FoldResult, values: NDArray[np.float64]
    ) -> bool:
        """Whether the last score is NaN; among submodels, whether one of the scores is."""
        if np.isnan(self._problem.losses(result, values)).any():
            return True
        is_alone = candidate.shared is None and candidate.submodel_of is None
        return not is_alone and any(
            np.isnan(self._problem.losses(one)).any() for one in candidate.results.values()
        )

    # ------------------------------------------------------------------- after a candidate

    def tell(self, candidate: Candidate) -> None:
        """Record how a candidate ended."""
        is_early = candidate.told_early and self._checkpoint.can_resume
        is_finished = self._log.record(candidate.trial_id).state.is_finished()
        if is_early and self._are_submodels_later and not is_finished:
            self._leave_if_pruned(candidate)
        with self._checkpoint.whole():
            # Whether an earlier fit or another process may have recorded its submodels.
            may_be_known = is_finished or bool(candidate.known)
            values = self._values(candidate)
            if candidate.shared is not None and candidate.shared.is_extra:
                self._choose_told(candidate, is_finished=is_finished)
            try:
                with self._checkpoint.whole():
                    self._finish(candidate, values)
            except UpdateFinishedTrialError:  # another process took it over and finished it
                self._log.note_finished(candidate.trial_id)
                may_be_known = True
            if self._kept is not None:
                self._kept.offer(candidate)
            if self._listeners.are_any:
                self._listeners.add(
                    "on_candidate_end", end_of_candidate(self._plan, candidate, values)
                )
            if candidate.submodels and candidate.status != "interrupted":
                if is_early:
                    self._are_submodels_later = True
                else:
                    self._end_submodels(candidate, may_be_known)

    def _leave_if_pruned(self, candidate: Candidate) -> None:
        """Leave a stopped candidate to a later fit, which predicts its score with all submodels."""
        if candidate.status == "pruned":
            candidate.status = "interrupted"

    def _choose_told(self, candidate: Candidate, *, is_finished: bool) -> None:
        """Choose the sizes that the sampler is told of; an earlier fit may have done so."""
        was_untold = candidate.is_untold
        choose_told(candidate, self._plan, self._problem, self._termination)
        for submodel in candidate.submodels:
            submodel.seconds = self._plan.seconds(candidate.results, candidate.status)
        if is_finished:
            candidate.is_untold = was_untold

    def _values(self, candidate: Candidate) -> NDArray[np.float64]:
        """Return the means of the objectives; NaN unless the candidate is complete.

        With a resource, they are the means at its largest amount.
        """
        if candidate.status == "complete":
            results = self._plan.by_fold(candidate.results)
            return self._problem.mean_values([results[k] for k in range(self._plan.n_folds)])
        return np.full(len(self._problem.objectives), np.nan)

    def _finish(self, candidate: Candidate, values: NDArray[np.float64]) -> None:
        trial = self._log.record(candidate.trial_id)
        candidate.models.clear()
        if not trial.state.is_finished() and not self._checkpoint.has_all(trial, candidate.results):
            candidate.status = "interrupted"  # its last result could not be stored
        if len(values) == 1:
            self._curves.add(candidate, float(values[0]))
        if candidate.status == "complete" and not candidate.is_untold:
            self._termination.add(candidate)
        if trial.state.is_finished():
            self._log.note_finished(candidate.trial_id)
            return
        if candidate.status == "interrupted" and self._checkpoint.let_go(candidate.trial_id):
            self._log.release(candidate.trial_number)
            return
        if candidate.status != "interrupted":
            self._checkpoint.ends(candidate.trial_id, candidate.n_judged)
        self._end_trial(candidate, trial, values)
        self._ended.append(self._log.record(candidate.trial_id))

    def _end_trial(
        self, candidate: Candidate, trial: FrozenTrial, values: NDArray[np.float64]
    ) -> None:
        """Finish the trial of a candidate that has ended."""
        study = self._study
        if study.sampler.unwrapped.uses_seconds:
            self._record_seconds(candidate)
        if candidate.is_untold:
            self._log.set_system_attrs(candidate.trial_id, {UNTOLD: True})
        if candidate.status == "complete":
            results = list(candidate.results.values())
            violations = self._problem.violations_for_sampler(results)
            self._log.set_constraints(candidate.trial_id, violations)
            end_trial(study, trial, TrialState.COMPLETE, values.tolist())
        elif candidate.status == "pruned" and self._plan.resource is not None:
            last = trial.intermediate_values[max(trial.intermediate_values)]
            end_trial(study, trial, TrialState.PRUNED, [last])
        elif candidate.status == "pruned":
            if candidate.prediction is None:
                candidate.prediction = self._termination.predict(candidate)
            violations = self._termination.predict_violations(candidate)
            self._log.set_constraints(candidate.trial_id, violations)
            means, variances = (array.tolist() for array in candidate.prediction)
            end_trial(study, trial, TrialState.PRUNED, None, prediction=(means, variances))
        else:
            if candidate.status in ENDED_AT_A_LIMIT:
                self._log.storage.set_trial_user_attr(candidate.trial_id, FAILURE, candidate.status)
            end_trial(study, trial, TrialState.FAIL, None)

    def _record_seconds(self, candidate: Candidate) -> None:
        """Store the mean seconds of a fold as the cost of a candidate, if it is known.

        Extra sizes have that of the fits, as the sampler is told of them instead.
        """
        seconds = candidate.seconds
        if candidate.submodel_of is None:
            seconds = self._plan.seconds(candidate.results, candidate.status)
        if seconds > 0.0:
            self._log.storage.set_trial_system_attr(candidate.trial_id, COST, seconds)

    # ------------------------------------------------------------------------- submodels

    def _end_submodels(self, candidate: Candidate, may_be_known: bool) -> None:
        """Record the submodels of a candidate that has ended, each as a trial of its own.

        Parameters
        ----------
        candidate : Candidate
            The candidate.
        may_be_known : bool
            Whether an earlier fit or another process may have recorded them.
        """
        if candidate.shared is not None and candidate.shared.is_extra:
            self._leave_out_unscored(candidate)
        self._checkpoint.pass_submodels(candidate.trial_number)
        stored = stored_submodels(self._log, self._space, candidate) if may_be_known else {}
        for submodel in candidate.submodels:
            trial = stored.get(self._space.config_key(submodel.config))
            if trial is None:
                self._unrecorded.append(submodel)
                continue
            submodel.trial_number, submodel.trial_id = trial.number, trial.trial_id
            submodel.ended_after = trial.system_attrs[N_JUDGED]
            submodel.status = _status(trial, submodel.results)
            submodel.is_untold = UNTOLD in trial.system_attrs
            self._note_submodel(submodel)
        self._record_submodels()

    def _leave_out_unscored(self, candidate: Candidate) -> None:
        """Leave out the extra sizes that the fitted models do not contain, or that failed."""
        candidate.submodels = [one for one in candidate.submodels if one.status != "failed"]

    def _record_submodels(self) -> None:
        """Create the trials of ended submodels, unless trials of earlier fits come first."""
        while self._unrecorded and not self._checkpoint.has_past():
            submodel = self._unrecorded.popleft()
            trial = create_trial(submodel, self._log, self._space, self._tried, self._checkpoint)
            self._end_trial(submodel, trial, self._values(submodel))
            self._ended.append(self._log.record(trial.trial_id))
            self._note_submodel(submodel)

    def _note_submodel(self, submodel: Candidate) -> None:
        """Use the results of a recorded submodel, and send its events."""
        if submodel.status == "complete" and not submodel.is_untold:
            self._termination.add(submodel)
        if self._kept is not None:
            self._kept.offer(submodel)
        self._submodels_ended.append(submodel)
        if self._listeners.are_any:
            self._listeners.add("on_candidate_start", start_of_candidate(submodel))
            end = end_of_candidate(self._plan, submodel, self._values(submodel))
            self._listeners.add("on_candidate_end", end)

    def call_back(self) -> None:
        """Send the pending events, and call the callbacks for candidates that have ended."""
        if self._listeners.are_any:
            self._listeners.deliver()
            if self._listeners.should_stop():
                self._log.runs.stop_requested = True
        while self._ended:
            trial = self._ended.popleft()
            for callback in self._callbacks:
                callback(self._study, trial)

    def with_those_of_others(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return these candidates and those of other processes, sorted by trial number."""
        with self._checkpoint.whole():
            self._record_submodels()
        ended = [*candidates, *self._submodels_ended]
        everything = {candidate.trial_number: candidate for candidate in ended}
        known = {n for n, candidate in everything.items() if candidate.status != "interrupted"}
        for trial in self._checkpoint.others(known):
            folds = folds_of(trial)
            candidate = self._candidates.of_trial(len(everything), trial)
            judged = list(candidate.fold_order)[: candidate.ended_after]
            candidate.results = {task: folds[task] for task in judged if task in folds}
            candidate.known = folds
            candidate.status = _status(trial, candidate.results)
            everything[trial.number] = candidate
        return [everything[number] for number in sorted(everything)]

    @np.errstate(over="ignore", invalid="ignore")
    def _is_any_nan(self, candidate: Candidate) -> bool:
        """Whether a score is NaN, or the mean of the scores is (as for inf and -inf)."""
        results = self._plan.by_fold(candidate.results).values()
        losses = np.array([self._problem.losses(result) for result in results])
        return bool(np.isnan(losses.mean(axis=0)).any())


def _status(trial: FrozenTrial, results: Mapping[int, FoldResult]) -> Status:
    """Return the status of a candidate whose trial has ended."""
    status = _STATUS[trial.state]
    return _how_failed(results) if status == "failed" else status


def _how_failed(results: Mapping[int, FoldResult]) -> Status:
    """Return the status of a failed candidate.

    It is "timed out" or "out of memory" if a limit ended one of the fits, otherwise "failed".
    """
    ends = (result.ended_as for result in results.values())
    return next((end for end in ends if end is not None), "failed")
