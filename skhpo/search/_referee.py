"""What stands between the schedule and the study: makes candidates, judges them, tells."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhpo.boosting import CurveModel
from skhpo.history import Table
from skhpo.pruners import BasePruner, Judge
from skhpo.pruners._fold_model import FoldModel
from skhpo.search._course import Course
from skhpo.search._curves import Curves
from skhpo.search._ledger import N_JUDGED, Ledger, folds_of
from skhpo.search._progress import Progress
from skhpo.search._schedule import Candidate, Status
from skhpo.space import SearchSpace
from skhpo.study import Study
from skhpo.trial import FrozenTrial, Trial, TrialState

__all__ = ["Entry", "StudyReferee"]


@dataclass
class Entry:
    """What the referee keeps with a candidate.

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
    judge: Judge | None = None
    n_judged_before: int | None = None
    models: dict[int, Any] = field(default_factory=dict)
    curves: CurveModel | None = None

    @property
    def number(self) -> int:
        """Number of its trial in the study."""
        return self.trial.number


_STATUS: dict[TrialState, Status] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


class StudyReferee:
    """Candidates come from a study, and the study is told how they end.

    Parameters
    ----------
    study : Study
        Samples, and keeps the trials. Its direction is "maximize".
    space : SearchSpace
        Where candidates come from.
    pruner : BasePruner or None
        Judges after each fold; None runs every fold.
    course : Course
        What a candidate runs through.
    objective : callable
        Takes the result of a fold, returns the score that the search follows.
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
    ledger : Ledger
        Keeps the folds, and knows those of earlier fits.
    """

    def __init__(
        self,
        study: Study,
        space: SearchSpace,
        *,
        pruner: BasePruner | None,
        course: Course,
        objective: Callable[[Mapping[str, Any]], float],
        enqueued: Sequence[Mapping[str, Any]],
        n_candidates: int,
        in_order: bool,
        callbacks: Sequence[Callable[[Study, FrozenTrial], None]],
        progress: Progress,
        ledger: Ledger,
    ) -> None:
        self._study = study
        self._space = space
        self._pruner = pruner
        self._course = course
        self._objective = objective
        self._enqueued = enqueued
        self._n_candidates = n_candidates
        self._in_order = in_order
        self._callbacks = callbacks
        self._progress = progress
        self._ledger = ledger
        self._ended: deque[FrozenTrial] = deque()  # whose callbacks are still to be called
        self._tried: set[Any] = set()
        self._losses = Table(course.n_folds)  # of the complete candidates
        self._model: FoldModel | None = None
        self._model_as_of = 0
        self._judge: Judge | None = None
        self._judge_as_of = -1
        self._curves = Curves(course.n_folds)

    def ask(self, number: int) -> Candidate | None:
        """Make the next candidate; None if the space is used up or someone asked to stop."""
        past = self._ledger.next_past()
        if past is not None:
            return self._go_on(number, past)
        if self._study._stop_flag:
            return None
        asked = self._study._ask_space(
            self._space, self._tried, self._enqueued, self._n_candidates, self._ledger.mark
        )
        if asked is None:
            return None
        trial, config = asked
        self._ledger.began(trial._trial_id, is_new=True)
        return self._candidate(number, Entry(trial, self._space.to_params(config)))

    def _go_on(self, number: int, past: FrozenTrial) -> Candidate:
        """Make a candidate of a trial of an earlier fit."""
        self._tried.add(self._space.config_key(past.params))
        entry = Entry(Trial(self._study, past._trial_id), self._space.to_params(past.params))
        if past.state.is_finished():
            entry.n_judged_before = past.system_attrs[N_JUDGED]
        else:
            self._ledger.began(past._trial_id, is_new=False)
        candidate = self._candidate(number, entry)
        candidate.known = folds_of(past)
        return candidate

    def _candidate(self, number: int, entry: Entry) -> Candidate:
        if self._pruner is not None:
            entry.judge = self._current_judge() if self._in_order else None
            entry.curves = self._curves.model()
        return Candidate(number, self._course.order(entry.number), payload=entry)

    def _current_judge(self) -> Judge:
        assert self._pruner is not None
        as_of = self._study.history.n_finished
        if self._judge is None or as_of != self._judge_as_of:
            self._judge, self._judge_as_of = self._pruner.freeze(self._study), as_of
        return self._judge

    def judge(self, candidate: Candidate) -> Status | None:
        """Report what came in last; say whether the candidate ends here."""
        entry: Entry = candidate.payload
        task, result = next(reversed(candidate.results.items()))
        self._progress.fold_done()
        if result["stop"]:
            self._study._stop_flag = True
        if (model := result.pop("model", None)) is not None:
            entry.models[self._course.place(task)[1]] = model
        frozen = entry.trial._frozen
        if frozen.state.is_finished():  # in an earlier fit, or by another process
            is_judged = candidate.n_judged == (entry.n_judged_before or candidate.n_judged)
            return _STATUS[frozen.state] if is_judged else None
        if result.get("stopped_at") is not None:
            return "pruned"
        scores = [self._objective(result) for result in candidate.results.values()]
        report = self._course.report(list(candidate.results), scores)
        if report is not None and report[0] not in frozen.intermediate_values:
            entry.trial.report(report[1], step=report[0])
        if candidate.n_judged == len(candidate.fold_order):
            return "failed" if np.isnan(self._scores(candidate)).any() else "complete"
        if self._pruner is None:
            return None
        if np.isnan(scores[-1]):
            return "failed"
        if report is None:
            return None
        judge = entry.judge or self._current_judge()
        seen = _as_of(entry.trial._frozen, self._course.n_reports(candidate.n_judged))
        return "pruned" if judge(seen) else None

    def tell(self, candidate: Candidate) -> None:
        """Tell the study how a candidate ended."""
        entry: Entry = candidate.payload
        score = self.mean_score(candidate) if candidate.status == "complete" else np.nan
        with self._ledger.whole():
            self._finish(candidate, entry.trial._frozen, score)
        self._progress.candidate_done(candidate, entry.params, score)

    def _finish(self, candidate: Candidate, frozen: FrozenTrial, score: float) -> None:
        study = self._study
        candidate.payload.models.clear()
        self._curves.take(candidate, score)
        if candidate.status == "complete":
            self._losses.append(-self._scores(candidate))
        if frozen.state.is_finished():
            study.history.finish(frozen)
            return
        if candidate.status == "interrupted" and self._ledger.let_go(frozen._trial_id):
            return
        self._ledger.ends(frozen._trial_id, candidate.n_judged)
        if candidate.status == "complete":
            study._finish(frozen, TrialState.COMPLETE, [score])
        elif candidate.status == "pruned" and self._course.resource is not None:
            last = frozen.intermediate_values[max(frozen.intermediate_values)]
            study._finish(frozen, TrialState.PRUNED, [last])
        elif candidate.status == "pruned":
            mean, variance = self._predict(candidate)
            study._finish(frozen, TrialState.PRUNED, [mean], prediction=(mean, variance))
        else:
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
        for trial in self._ledger.others(set(everything)):
            entry = Entry(Trial(self._study, trial._trial_id), self._space.to_params(trial.params))
            folds, order = folds_of(trial), self._course.order(trial.number)
            judged = list(order)[: trial.system_attrs[N_JUDGED]]
            candidate = Candidate(len(everything), order, entry, status=_STATUS[trial.state])
            candidate.results = {task: folds[task] for task in judged if task in folds}
            everything[trial.number] = candidate
        return [everything[number] for number in sorted(everything)]

    def mean_score(self, candidate: Candidate) -> float:
        """Mean of the scores over all folds, as ``cv_results_`` has it."""
        return float(np.average(self._scores(candidate)[None, :], axis=1)[0])

    def _scores(self, candidate: Candidate) -> NDArray[np.float64]:
        """Scores of all folds, with all of a resource, ndarray of shape (n_folds,)."""
        results = self._course.by_fold(candidate.results)
        return np.array([self._objective(results[k]) for k in range(self._course.n_folds)])

    def _predict(self, candidate: Candidate) -> tuple[float, float]:
        """Mean and variance of what a pruned candidate's mean score would have been."""
        run = {k: r for k, r in candidate.results.items() if r.get("stopped_at") is None}
        if not run:
            return self._curves.predict_score(candidate)
        folds = np.array(list(run))
        losses = np.array([-self._objective(result) for result in run.values()])
        if len(self._losses) == 0:
            return float(-losses.mean()), 0.0
        if self._model is None or self._model_as_of != len(self._losses):
            self._model, self._model_as_of = FoldModel.fit(self._losses.rows), len(self._losses)
        mean, variance = self._model.predict(folds, losses)
        return -mean, variance


def _as_of(trial: FrozenTrial, n_reports: int) -> FrozenTrial:
    """A trial as it was after its first reports: an earlier fit may have made more."""
    if len(trial.intermediate_values) <= n_reports:
        return trial
    seen = copy.copy(trial)
    seen.intermediate_values = dict(list(trial.intermediate_values.items())[:n_reports])
    return seen
