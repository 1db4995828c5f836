"""What stands between the schedule and the study: makes candidates, judges them, tells."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhpo.history import Table
from skhpo.pruners import BasePruner, Judge
from skhpo.pruners._fold_model import FoldModel
from skhpo.search._progress import Progress
from skhpo.search._schedule import Candidate, Status
from skhpo.space import SearchSpace
from skhpo.study import Study
from skhpo.trial import FrozenTrial, Trial, TrialState

__all__ = ["Entry", "StudyReferee"]


@dataclass
class Entry:
    """What the referee keeps with a candidate."""

    trial: Trial
    params: dict[str, Any]
    judge: Judge | None = None


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
    n_folds : int
        Folds of a candidate.
    objective : callable
        Takes the result of a fold, returns the score that the search follows.
    enqueued : iterable of mapping of str to object
        Configurations to begin with; what they leave open is sampled.
    in_order : bool
        Judge a candidate by what was known when it was asked, not by what is known now.
    callbacks : sequence of callable
        Called with the study and a trial's record as it ends.
    progress : Progress
        Is shown what happens.
    """

    def __init__(
        self,
        study: Study,
        space: SearchSpace,
        *,
        pruner: BasePruner | None,
        n_folds: int,
        objective: Callable[[Mapping[str, Any]], float],
        enqueued: Iterable[Mapping[str, Any]],
        in_order: bool,
        callbacks: Sequence[Callable[[Study, FrozenTrial], None]],
        progress: Progress,
    ) -> None:
        self._study = study
        self._space = space
        self._pruner = pruner
        self._n_folds = n_folds
        self._objective = objective
        self._enqueued = deque(enqueued)
        self._in_order = in_order
        self._callbacks = callbacks
        self._progress = progress
        self._tried: set[Any] = set()
        self._losses = Table(n_folds)  # of the complete candidates
        self._model: FoldModel | None = None
        self._model_as_of = 0
        self._judge: Judge | None = None
        self._judge_as_of = -1

    def ask(self, number: int) -> Candidate | None:
        """Make the next candidate; None if the space is used up or someone asked to stop."""
        if self._study._stop_flag:
            return None
        fixed = self._enqueued.popleft() if self._enqueued else None
        asked = self._study._ask_space(self._space, self._tried, fixed)
        if asked is None:
            return None
        trial, config = asked
        entry = Entry(trial, self._space.to_params(config))
        order: Sequence[int] = range(self._n_folds)
        if self._pruner is not None:
            order = self._pruner.fold_order(number, self._n_folds).tolist()
            entry.judge = self._current_judge() if self._in_order else None
        return Candidate(number, order, payload=entry)

    def _current_judge(self) -> Judge:
        assert self._pruner is not None
        as_of = self._study.history.n_finished
        if self._judge is None or as_of != self._judge_as_of:
            self._judge, self._judge_as_of = self._pruner.freeze(self._study), as_of
        return self._judge

    def judge(self, candidate: Candidate) -> Status | None:
        """Report the fold that came in last; say whether the candidate ends here."""
        fold, result = next(reversed(candidate.results.items()))
        self._progress.fold_done()
        if result["stop"]:
            self._study._stop_flag = True
        scores = [self._objective(result) for result in candidate.results.values()]
        entry: Entry = candidate.payload
        if self._pruner is None or self._pruner.reads_fold_scores:
            entry.trial.report(scores[-1], step=fold)
        else:
            entry.trial.report(float(np.mean(scores)), step=len(scores) - 1)
        if candidate.n_judged == self._n_folds:
            return "failed" if np.isnan(scores).any() else "complete"
        if self._pruner is None:
            return None
        if np.isnan(scores[-1]):
            return "failed"
        judge = entry.judge or self._current_judge()
        return "pruned" if judge(entry.trial._frozen) else None

    def tell(self, candidate: Candidate) -> None:
        """Tell the study how a candidate ended, and call back."""
        entry: Entry = candidate.payload
        frozen = entry.trial._frozen
        score = np.nan
        if candidate.status == "complete":
            score = self.mean_score(candidate)
            self._losses.append(-self._scores(candidate))
            self._study._finish(frozen, TrialState.COMPLETE, [score])
        elif candidate.status == "pruned":
            mean, variance = self._predict(candidate)
            self._study._finish(frozen, TrialState.PRUNED, [mean], prediction=(mean, variance))
        else:
            self._study._finish(frozen, TrialState.FAIL, None)
        self._progress.candidate_done(candidate, entry.params, score)
        for callback in self._callbacks:
            callback(self._study, frozen)

    def mean_score(self, candidate: Candidate) -> float:
        """Mean of the scores over all folds, as ``cv_results_`` has it."""
        return float(np.average(self._scores(candidate)[None, :], axis=1)[0])

    def _scores(self, candidate: Candidate) -> NDArray[np.float64]:
        """Scores of all folds, ndarray of shape (n_folds,)."""
        return np.array([self._objective(candidate.results[k]) for k in range(self._n_folds)])

    def _predict(self, candidate: Candidate) -> tuple[float, float]:
        """Mean and variance of what a pruned candidate's mean score would have been."""
        folds = np.array(list(candidate.results))
        losses = np.array([-self._objective(result) for result in candidate.results.values()])
        if len(self._losses) == 0:
            return float(-losses.mean()), 0.0
        if self._model is None or self._model_as_of != len(self._losses):
            self._model, self._model_as_of = FoldModel.fit(self._losses.rows), len(self._losses)
        mean, variance = self._model.predict(folds, losses)
        return -mean, variance
