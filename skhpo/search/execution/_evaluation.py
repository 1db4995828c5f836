"""The evaluation of a fold: fit a candidate on the training part, score it on the test part."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from sklearn.base import clone

from skhpo._sklearn import fit_and_score
from skhpo.boosting import limit_threads, limited
from skhpo.search._records import FoldResult, FoldTask
from skhpo.search.execution._responses import listening
from skhpo.search.execution._shared_fit import evaluate_shared, stamped
from skhpo.search.objectives._costs import (
    KNOWN_COSTS,
    Cost,
    Stopwatch,
    measure_costs,
    stopwatch,
)
from skhpo.search.sharing._fold import FoldOnRows, is_pure, may_share
from skhpo.search.sharing._kept_rows import RowKeeping, rows_of_fold
from skhpo.search.sharing._settings import Sharing, place
from skhpo.search.sharing._store import store_of_process
from skhpo.tracking._autologging import without_autologging

__all__ = ["Evaluation", "evaluate_fold"]


@dataclass(frozen=True)
class Evaluation:
    """Settings shared by the evaluations of all folds of a search.

    Attributes
    ----------
    estimator : estimator
        The estimator of the search. Each evaluation fits a clone.
    scorer : object
        The scorer, or scikit-learn's container of several scorers.
    fit_params, score_params : mapping of str to object
        Parameters of the estimator's ``fit`` and of the scorer, for all rows.
    return_train_score : bool
        Whether to score on the training part, too.
    error_score : float or "raise"
        Score of a fit that fails; "raise" raises its error instead.
    verbose : int
        scikit-learn's verbosity.
    costs : tuple of Cost
        Costs to measure on the fitted model.
    caller : estimator or None
        The search, for scikit-learn's callbacks; None without callbacks.
    sharing : Sharing or None
        How fitted steps are shared between candidates; None if they are not.
    keeps_predictions : bool
        Whether the results have the predictions for the test part.
    keeping : RowKeeping or None
        How the rows of the folds are kept; None if they are not.
    """

    estimator: Any
    scorer: Any
    fit_params: Mapping[str, Any]
    score_params: Mapping[str, Any]
    return_train_score: bool
    error_score: Any
    verbose: int
    costs: tuple[Cost, ...] = ()
    caller: Any = None
    sharing: Sharing | None = None
    keeps_predictions: bool = False
    keeping: RowKeeping | None = None

    @property
    def tokens(self) -> list[str]:
        """The names under which processes keep what evaluations share."""
        return [one.token for one in (self.keeping, self.sharing) if one is not None]

    def on_workers(self, n_workers: int, caller: Any = None) -> Evaluation:
        """Return these settings for a number of workers, and for scikit-learn's callbacks."""
        sharing = None if self.sharing is None else replace(self.sharing, n_workers=n_workers)
        return replace(self, sharing=sharing, caller=caller)


class _StopListener:
    """A callback context that remembers whether a callback asked to stop."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self.stop = False

    def propagate_callback_context(self, estimator: Any) -> Any:
        return self._context.propagate_callback_context(estimator)

    def call_on_fit_task_begin(self, **arguments: Any) -> Any:
        return self._context.call_on_fit_task_begin(**arguments)

    def call_on_fit_task_end(self, **arguments: Any) -> bool:
        self.stop = bool(self._context.call_on_fit_task_end(**arguments))
        return self.stop


def evaluate_fold(evaluation: Evaluation, X: Any, y: Any, task: FoldTask) -> FoldResult:
    """Fit a clone with a candidate's parameters on ``X[train]``, score it on ``X[test]``.

    Parameters
    ----------
    evaluation : Evaluation
        Settings shared by all folds.
    X, y : array-like
        All data.
    task : FoldTask
        The fold and the candidate.

    Returns
    -------
    result : FoldResult
    """
    started_at, clock = time.time(), time.perf_counter()
    with without_autologging(), _in_use(evaluation):  # in a worker process, too
        if task.shared is None:
            result = _evaluate_fold(evaluation, X, y, task)
        else:
            result = evaluate_shared(_evaluate_fold, evaluation, X, y, task, task.shared)
    seconds = time.perf_counter() - clock
    return stamped(result, started_at, seconds, _worker())


def _in_use(evaluation: Evaluation) -> AbstractContextManager[None]:
    if evaluation.keeping is None:
        return nullcontext()
    return store_of_process().in_use(empties_itself=place() != evaluation.keeping.owner)


def _worker() -> str:
    host, process = place()
    return f"{host}:{process}:{threading.get_native_id()}"


def _evaluate_fold(evaluation: Evaluation, X: Any, y: Any, task: FoldTask) -> FoldResult:
    estimator, train, parameters = clone(evaluation.estimator), task.train, task.parameters
    fit_params: Mapping[str, Any] = evaluation.fit_params
    if task.n_threads is not None:
        limit_threads(estimator, task.n_threads)
        parameters = {name: limited(value, task.n_threads) for name, value in parameters.items()}
    if task.allocation is not None:
        estimator, train, parameters, fit_params = task.allocation.prepare(
            estimator, y, train, parameters, fit_params
        )
    watch = None
    if task.stopping is not None:
        watch = task.stopping.watch(estimator, X, y, train, task.test, fit_params, task.fold)
    clock = None
    if any(cost.is_time for cost in evaluation.costs):
        clock = stopwatch(evaluation.scorer)
    listener = None if task.callback_context is None else _StopListener(task.callback_context)
    of_all = None if task.n_candidates is None else (task.candidate, task.n_candidates)
    scorer = evaluation.scorer if clock is None else clock
    keeper = None
    if evaluation.keeps_predictions and (task.allocation is None or not task.allocation.keeps):
        keeper = scorer = listening(scorer, hears=clock is None)
    on_rows = _on_rows(evaluation, task, estimator, X, y, train)
    if on_rows is not None and watch is not None:
        on_rows.watched_by(watch)
    if on_rows is not None:
        fitted: tuple[Any, ...] = on_rows, on_rows.all_rows, None
    elif train is task.train:
        fitted = estimator, *_kept(evaluation, X, y, task)
    else:
        fitted = estimator, X, y
    raw: dict[str, Any] = fit_and_score(
        *fitted,
        scorer=scorer if on_rows is None else on_rows.scorer(scorer),
        train=train,
        test=task.test,
        verbose=evaluation.verbose,
        parameters=parameters,
        fit_params=fit_params,
        score_params=evaluation.score_params,
        return_train_score=evaluation.return_train_score,
        return_n_test_samples=True,
        return_times=True,
        error_score=evaluation.error_score,
        split_progress=(task.fold, task.n_folds),
        candidate_progress=of_all,
        **({} if listener is None else {"caller": evaluation.caller, "callback_ctx": listener}),
    )
    predictions = None
    if keeper is not None and (watch is None or watch.stopped_at is None):
        predictions = keeper.predictions(evaluation.error_score)
    if on_rows is not None:
        on_rows.close()
    is_stop = listener is not None and listener.stop
    result = FoldResult(**raw, stop=is_stop, predictions=predictions)
    if task.allocation is not None and result.fit_error is None:
        result = replace(result, model=task.allocation.model_to_keep(estimator))
    if evaluation.costs:
        result = _with_costs(result, evaluation, estimator, clock, task.is_alone)
    if watch is not None:
        result = replace(
            result,
            best_iteration=watch.best_rounds,
            curve=watch.curve,
            stopped_at=watch.stopped_at,
        )
        if watch.stopped_at is not None:
            result = result.without_scores()
    return result


def _kept(evaluation: Evaluation, X: Any, y: Any, task: FoldTask) -> tuple[Any, Any]:
    """Return the data, of which the rows of a fold are taken out only once."""
    keeping = evaluation.keeping
    part = task.train, task.test, task.fold, task.n_folds
    return rows_of_fold(keeping, X, "X", *part), rows_of_fold(keeping, y, "y", *part)


def _on_rows(
    evaluation: Evaluation, task: FoldTask, estimator: Any, X: Any, y: Any, train: Any
) -> FoldOnRows | None:
    """Return what shares the leading steps of the estimator; None if none can be shared."""
    sharing, allocation = evaluation.sharing, task.allocation
    if sharing is None or task.callback_context is not None or not may_share(sharing):
        return None
    continues = allocation is not None and allocation.is_of_training
    known = KNOWN_COSTS.values()
    return FoldOnRows(
        sharing,
        estimator,
        X,
        y,
        train,
        is_private=is_pure(evaluation.scorer, evaluation.score_params)
        and not continues
        and all(cost in known for cost in evaluation.costs),
        is_fitted=allocation is not None and allocation.model is not None,
        needs_rows=task.stopping is not None and task.stopping.settings.on == "inner",
    )


def _with_costs(
    result: FoldResult,
    evaluation: Evaluation,
    estimator: Any,
    clock: Stopwatch | None,
    is_alone: bool,
) -> FoldResult:
    """Add the costs of the fitted model; a cost that is a time replaces the time of the fold."""
    costs = measure_costs(
        evaluation.costs,
        estimator,
        result,
        clock,
        is_alone=is_alone,
        error_score=evaluation.error_score,
    )
    result = replace(result, costs=costs)
    if result.fit_error is not None:
        return result
    times: dict[str, Any] = {c.name: costs[c.name] for c in evaluation.costs if c.is_time}
    return replace(result, **times)
