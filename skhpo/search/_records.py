"""The records of a search: a task for a worker, its result, and a candidate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from skhpo.boosting import CurveModel, Stopping
    from skhpo.pruners import Decision
    from skhpo.search.execution._responses import FoldPredictions
    from skhpo.search.fidelity._resource import Allocation
    from skhpo.search.fidelity._submodels import SharedFit

__all__ = [
    "ENDED_AT_A_LIMIT",
    "Candidate",
    "FoldResult",
    "FoldTask",
    "Scores",
    "Status",
    "StoppingRule",
]

Status = Literal["complete", "pruned", "failed", "timed out", "out of memory", "interrupted"]
ENDED_AT_A_LIMIT: tuple[Status, ...] = ("timed out", "out of memory")

Scores: TypeAlias = float | dict[str, float]
"""The score of a fold, or the scores by metric."""


@dataclass(frozen=True)
class FoldTask:
    """One fold of one candidate, as it is sent to a worker.

    Attributes
    ----------
    parameters : mapping of str to object
        Parameters of the candidate, with the estimator's names.
    train, test : ndarray
        Indices of the rows to fit and to score on.
    fold : int
        Index of the fold.
    candidate : int
        Number of the candidate.
    n_folds : int
        Number of folds, for scikit-learn's messages.
    n_candidates : int or None
        Number of candidates, for the same; None if it is not known.
    is_alone : bool
        Whether no other task runs at the same time.
    n_threads : int or None
        Number of threads of a booster, unless the user has set it. None changes nothing.
    allocation : Allocation or None
        How much of a resource the fit may use; None without a resource.
    stopping : Stopping or None
        Early stopping of boosters.
    callback_context : object
        Context of the task for scikit-learn's callbacks; None without callbacks.
    shared : SharedFit or None
        The submodels to score as well; None if there are none.
    """

    parameters: Mapping[str, Any]
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    fold: int = 0
    candidate: int = 0
    n_folds: int = 1
    n_candidates: int | None = 1
    is_alone: bool = True
    n_threads: int | None = None
    allocation: Allocation | None = None
    stopping: Stopping | None = None
    callback_context: Any = None
    shared: SharedFit | None = None


@dataclass(frozen=True)
class FoldResult:
    """The result of a fold.

    Attributes
    ----------
    test_scores : float or dict of str to float
        The score on the test part, or the scores by metric.
    train_scores : float, dict of str to float, or None
        The same on the training part; None if it was not requested.
    n_test_samples : int
        Number of rows of the test part.
    fit_time, score_time : float
        Seconds; NaN if the fold was not run.
    fit_error : str or None
        The traceback of a fit that failed.
    ended_as : str or None
        "timed out" or "out of memory" if the fit was terminated at a limit.
    costs : dict of str to float, or None
        Costs of the fitted model by name, if the search measures any.
    best_iteration : int or None
        With early stopping, the number of rounds with which the model predicts.
    curve : dict or None
        With early stopping, the learning curve of the fit.
    stopped_at : int or None
        The round at which the fit was stopped, because it was unlikely to become the best.
    started_at : float or None
        Start of the evaluation, in seconds since the epoch, by the clock of the worker.
    seconds : float or None
        Duration of the evaluation, including what is in neither `fit_time` nor `score_time`.
    worker : str or None
        The worker, as "host:process:thread".
    model : estimator or None
        The fitted model if its training may continue later. It is not stored.
    stop : bool
        Whether a callback of the estimator requested that the search stops. It is not stored.
    submodels : tuple of FoldResult
        The results of the submodels that were scored on the same fit.
    predictions : FoldPredictions or None
        The predictions for the test part, if the search keeps some. They are not stored.
    """

    test_scores: Scores
    train_scores: Scores | None = None
    n_test_samples: int = 0
    fit_time: float = np.nan
    score_time: float = np.nan
    fit_error: str | None = None
    ended_as: Status | None = None
    costs: dict[str, float] | None = None
    best_iteration: int | None = None
    curve: dict[str, Any] | None = None
    stopped_at: int | None = None
    started_at: float | None = None
    seconds: float | None = None
    worker: str | None = None
    model: Any = None
    stop: bool = False
    submodels: tuple[FoldResult, ...] = ()
    predictions: FoldPredictions | None = field(default=None, repr=False, compare=False)

    @classmethod
    def not_run(cls, scores: Scores, *, return_train_score: bool = False) -> Self:
        """Return the result of a fold that was not run, with the given scores."""
        return cls(scores, train_scores=scores if return_train_score else None)

    @classmethod
    def failed(
        cls,
        scores: Scores,
        error: str,
        *,
        return_train_score: bool = False,
        ended_as: Status | None = None,
    ) -> Self:
        """Return the result of a fold whose fit failed, with the given (error) scores."""
        blank = cls.not_run(scores, return_train_score=return_train_score)
        return replace(blank, fit_error=error, ended_as=ended_as)

    @property
    def metrics(self) -> dict[str, float]:
        """All scores and costs, by name; a single score is called "score"."""
        return _named(self.test_scores) | {n: float(v) for n, v in (self.costs or {}).items()}

    @property
    def train_metrics(self) -> dict[str, float]:
        """The scores on the training part, by name; empty if they were not requested."""
        return {} if self.train_scores is None else _named(self.train_scores)

    def on_its_own(self) -> Self:
        """Return the same result without the fitted model, submodels and predictions."""
        return replace(self, model=None, submodels=(), predictions=None)

    def with_scores(self, scores: float) -> Self:
        """Return the same result with each score replaced by a number."""
        train = None if self.train_scores is None else _like(self.train_scores, scores)
        return replace(self, test_scores=_like(self.test_scores, scores), train_scores=train)

    def without_scores(self) -> Self:
        """Return the same result with all scores and costs NaN, as a stopped fit has none."""
        costs = None if self.costs is None else dict.fromkeys(self.costs, np.nan)
        return replace(self.with_scores(np.nan), costs=costs)

    def to_json(self) -> dict[str, Any]:
        """Return the fields to store: those that are set, and are no more than numbers."""
        stored = {
            one.name: value
            for one in fields(self)
            if one.name not in _NOT_STORED
            and ((value := getattr(self, one.name)) is not None or one.name in _ALWAYS_STORED)
        }
        if self.submodels:
            stored["submodels"] = [result.to_json() for result in self.submodels]
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Restore a result of :meth:`to_json`; unknown fields, of newer versions, are ignored."""
        known = {one.name for one in fields(cls)}
        given = {name: value for name, value in stored.items() if name in known}
        given["submodels"] = tuple(map(cls.from_json, stored.get("submodels", ())))
        return cls(**given)


_ALWAYS_STORED = ("test_scores", "fit_error")
_NOT_STORED = ("model", "stop", "submodels", "predictions")


def _named(scores: Scores) -> dict[str, float]:
    named = scores if isinstance(scores, dict) else {"score": scores}
    return {name: float(value) for name, value in named.items()}


def _like(scores: Scores, value: float) -> Scores:
    return dict.fromkeys(scores, value) if isinstance(scores, dict) else value


@dataclass
class Candidate:
    """A candidate, in flight or ended.

    Attributes
    ----------
    number : int
        Its number in this fit, from 0, in the order of the start.
    fold_order : sequence of int
        Its tasks in their order: folds, or the folds at each rung of a resource.
    params : mapping of str to object
        Its parameters, with the estimator's names.
    config : mapping of str to object
        Its parameters, with the study's names.
    trial_number, trial_id : int
        Number of its trial in the study, and id of the trial in the storage; -1 without a trial.
    results : dict of int to FoldResult
        Results by task, in the order of the tasks.
    status : str or None
        How it ended; None while it is in flight.
    known : dict of int to FoldResult
        Results from an earlier fit, by task. These tasks do not run again.
    ended_after : int or None
        Number of tasks after which it ended, if that was in an earlier fit.
    is_taken_over : bool
        Whether it was taken over from another search.
    stopping_rule : callable or None
        Decides after each task whether to stop it; None uses the current rule of the search.
    curve_model : CurveModel or None
        The model of learning curves when it was proposed.
    watched : set of int
        Tasks whose fits were given this model, so that they stop by themselves.
    models : dict of int to estimator
        Models by fold whose training may continue.
    reason : str
        Why it was stopped.
    prediction : tuple of ndarray, or None
        For a stopped candidate, the predicted objectives and the variances of the errors.
    predictions : dict of int to FoldPredictions
        The predictions of its folds, if the search keeps them.
    n_dispatched : int
        Number of its tasks that have been taken to run.
    early : dict of int to FoldResult
        Results of tasks for which an earlier task in the order has no result yet.
    values : list of ndarray
        Values of the objectives in its results, in the same order.
    reports : dict of int to float
        The values reported to the pruner, by step.
    shared : SharedFit or None
        How its fits are shared with its submodels; None if it has none.
    submodels : list of Candidate
        The candidates that are scored on its fits. They are not in flight themselves; until it has
        ended, their trial is its own one.
    told_early : bool
        Whether it is recorded before its turn, because the search is cut short.
    submodel_of : int or None
        For a submodel, the number of the trial on whose fits it is scored.
    is_extra : bool
        Whether it is a submodel that does not count as one of the candidates of the search.
    is_untold : bool
        Whether samplers and pruners do not see it, because another size of its fit is better.
    seconds : float
        Mean seconds of a fold, as its cost for the sampler; 0 if it is unknown.
    """

    number: int
    fold_order: Sequence[int]
    params: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    trial_number: int = -1
    trial_id: int = -1
    results: dict[int, Any] = field(default_factory=dict)
    status: Status | None = None
    known: dict[int, Any] = field(default_factory=dict)
    ended_after: int | None = None
    is_taken_over: bool = False
    stopping_rule: StoppingRule | None = None
    curve_model: CurveModel | None = None
    watched: set[int] = field(default_factory=set)
    models: dict[int, Any] = field(default_factory=dict)
    reason: str = ""
    prediction: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    predictions: dict[int, FoldPredictions] = field(default_factory=dict)
    n_dispatched: int = 0
    early: dict[int, Any] = field(default_factory=dict)
    values: list[NDArray[np.float64]] = field(default_factory=list)
    reports: dict[int, float] = field(default_factory=dict)
    shared: SharedFit | None = None
    submodels: list[Candidate] = field(default_factory=list)
    told_early: bool = False
    submodel_of: int | None = None
    is_extra: bool = False
    is_untold: bool = False
    seconds: float = 0.0

    @property
    def n_judged(self) -> int:
        """Number of tasks with a result, in the order of the tasks."""
        return len(self.results)

    @property
    def is_waiting(self) -> bool:
        """Whether some of its tasks are running, so that a decision is pending."""
        return self.n_dispatched > self.n_judged

    @property
    def has_folds_left(self) -> bool:
        """Whether some of its tasks have not been taken to run."""
        return self.n_dispatched < len(self.fold_order)

    def next_fold(self) -> int:
        """Take the next task to run."""
        fold = self.fold_order[self.n_dispatched]
        self.n_dispatched += 1
        return int(fold)


StoppingRule: TypeAlias = "Callable[[Candidate], Decision]"
"""Decides whether to stop a candidate in flight."""
