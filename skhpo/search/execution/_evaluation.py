"""One task of a search: fit a candidate on the training part of a fold, and score it.

A result is the dict that scikit-learn's own function returns (``test_scores``, ``train_scores``,
``n_test_samples``, ``fit_time``, ``score_time``, ``fit_error``), and

- ``stop``: whether a callback asked to stop the search;
- ``ended_as``: how its candidate ended, if the fit was ended at a limit;
- ``costs``: what the fitted model costs, by name, where the search asks for it;
- with early stopping, ``best_iteration``: the rounds with which the model predicts; ``curve``: its
  learning curve; ``stopped_at``: the round at which a hopeless fit was ended, or None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skhpo._sklearn import fit_and_score
from skhpo.boosting import Stopping, limit_threads, limited
from skhpo.search.execution._scheduler import Status
from skhpo.search.fidelity._resource import Allocation
from skhpo.search.objectives._costs import Cost, measure_costs, stopwatch

__all__ = ["evaluate_fold", "result_without_fit"]


class _Listener:
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


def evaluate_fold(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    parameters: Mapping[str, Any],
    stopping: Stopping | None = None,
    n_threads: int | None = None,
    allocation: Allocation | None = None,
    costs: Sequence[Cost] = (),
    is_alone: bool = True,
    caller: Any = None,
    callback_context: Any = None,
    **settings: Any,
) -> dict[str, Any]:
    """Fit a clone of `estimator` with `parameters` on ``X[train]``, score it on ``X[test]``.

    Parameters
    ----------
    estimator : estimator
        The search's estimator.
    X, y : array-like
        All data.
    train, test : ndarray
        The fold's indices.
    parameters : mapping of str to object
        The candidate.
    stopping : Stopping, optional
        Early stopping of boosters.
    n_threads : int, optional
        Threads of a booster whose user has not said how many.
    allocation : Allocation, optional
        What may be used of a resource.
    costs : sequence of Cost, default=()
        What to measure of the fitted model.
    is_alone : bool, default=True
        Whether no other task runs at the same time.
    caller : estimator, optional
        The search, for callbacks.
    callback_context : CallbackContext, optional
        This task's place among the tasks of the search; None without callbacks.
    **settings : dict
        Handed on to scikit-learn: the scorer, fit parameters, the error score, ...

    Returns
    -------
    result : dict
    """
    callbacks: dict[str, Any] = {}
    if callback_context is not None:
        callbacks = {"caller": caller, "callback_ctx": _Listener(callback_context)}
    estimator = clone(estimator)
    if n_threads is not None:
        limit_threads(estimator, n_threads)
        parameters = {name: limited(value, n_threads) for name, value in parameters.items()}
    if allocation is not None:
        estimator, train, parameters, settings["fit_params"] = allocation.prepare(
            estimator, y, train, parameters, settings["fit_params"]
        )
    watch = None
    if stopping is not None:
        fold = settings["split_progress"][0]
        watch = stopping.watch(estimator, X, y, train, test, settings["fit_params"], fold)
    clock = None
    if any(cost.is_time for cost in costs):
        clock = settings["scorer"] = stopwatch(settings["scorer"])
    result: dict[str, Any] = fit_and_score(
        estimator,
        X,
        y,
        train=train,
        test=test,
        parameters=parameters,
        return_n_test_samples=True,
        return_times=True,
        **settings,
        **callbacks,
    )
    if allocation is not None and result["fit_error"] is None:
        result["model"] = allocation.model_to_keep(estimator)
    if costs:
        result["costs"] = measure_costs(
            costs, estimator, result, clock, is_alone=is_alone, error_score=settings["error_score"]
        )
        times = {cost.name: result["costs"][cost.name] for cost in costs if cost.is_time}
        result |= times if result["fit_error"] is None else {}
    if watch is not None:
        result["best_iteration"] = watch.best_rounds
        result["curve"], result["stopped_at"] = watch.curve, watch.stopped_at
    result["stop"] = bool(callbacks) and callbacks["callback_ctx"].stop
    return result


def result_without_fit(
    scores: Any,
    *,
    return_train_score: bool,
    fit_error: str | None = None,
    ended_as: Status | None = None,
) -> dict[str, Any]:
    """The result of a fold that was not fitted, with `scores` (NaN, error score) in its place."""
    result = {
        "test_scores": scores,
        "n_test_samples": 0,
        "fit_time": np.nan,
        "score_time": np.nan,
        "fit_error": fit_error,
        "ended_as": ended_as,
        "best_iteration": None,
        "curve": None,
        "stopped_at": None,
        "costs": None,
        "stop": False,
    }
    return result | {"train_scores": scores} if return_train_score else result
