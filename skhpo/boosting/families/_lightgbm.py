"""The family of LightGBM."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier

from skhpo.boosting._early_stopping import EarlyStopping
from skhpo.boosting.families._base import (
    Evaluation,
    Family,
    Fit,
    Observer,
    is_ranker,
    without_callback,
)

__all__ = ["LightGBM"]


class LightGBM(Family):
    """LGBMClassifier, LGBMRegressor, LGBMRanker."""

    name, package, model = "LightGBM", "lightgbm", "LGBMModel"
    rounds = (
        "n_estimators", "num_iterations", "num_iteration", "n_iter", "num_tree", "num_trees",
        "num_round", "num_rounds", "nrounds", "num_boost_round", "max_iter",
    )  # fmt: skip
    continues_by_fit = True
    threads = ("n_jobs", "num_threads", "num_thread", "nthread", "nthreads")
    stops = (
        "early_stopping_round", "early_stopping_rounds", "early_stopping", "n_iter_no_change",
    )  # fmt: skip
    by_hand = frozenset(
        {
            "eval_set", "eval_X", "eval_y", "eval_group", "eval_sample_weight", "eval_init_score",
            "eval_class_weight",
        }
    )  # fmt: skip

    def fit(
        self,
        model: Any,
        fit: Fit,
        X: Any,
        y: Any,
        params: Mapping[str, Any],
        evaluation: Evaluation,
        stopping: EarlyStopping,
        observer: Observer,
    ) -> None:
        """Fit with the callback ``early_stopping`` and an evaluation set."""
        from lightgbm import early_stopping

        params = dict(params)
        model.set_params(**self.unset(model.get_params()))
        callbacks = [*(params.pop("callbacks", None) or ())]
        only_first = stopping.metric is not None  # a name may give several metrics: ndcg@1, ...
        callbacks.append(early_stopping(int(stopping.rounds), only_first, verbose=False))
        if observer.is_needed:
            callbacks.append(LightGBMObserver(observer))
        given: dict[str, Any] = {"eval_names": ["validation"], "callbacks": callbacks}
        if isinstance(evaluation.X, list):  # `fit` converts only its own X
            evaluation = replace(evaluation, X=np.asarray(evaluation.X))
        takes = inspect.signature(type(model).fit).parameters
        if "eval_X" in takes and not (is_classifier(model) and "eval_set" in takes):
            given |= {"eval_X": evaluation.X, "eval_y": evaluation.y}
        else:  # LightGBM 4.7 encodes the labels of `eval_set`, but not those of `eval_y`
            given["eval_set"] = [(evaluation.X, evaluation.y)]
        if stopping.metric is not None:
            model.set_params(metric="None")  # the model's own metrics might come first
            params["eval_metric"] = stopping.metric
        if evaluation.sample_weight is not None:
            given["eval_sample_weight"] = [evaluation.sample_weight]
        if evaluation.queries is not None and is_ranker(model):
            given["eval_group"] = [_sizes(evaluation.queries)]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The argument 'eval_set' is deprecated")
            fit(X, y, **given | params)

    def with_queries(
        self, model: Any, params: Mapping[str, Any], queries: NDArray[Any], X: Any
    ) -> dict[str, Any]:
        """Add the query sizes for LGBMRanker; the rows of a query must be consecutive."""
        given = {"group": _sizes(queries)} if is_ranker(model) else {}
        return given | dict(params)

    def unset(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Also remove the callback ``early_stopping``, which acts like the parameters."""
        return super().unset(given) | without_callback("_EarlyStoppingCallback", given)

    def best_rounds(self, model: Any) -> int:
        """Return the number of the best round; if there is none, the number of all rounds."""
        return int(model.best_iteration_ or model.n_iter_)

    def curve(self, model: Any) -> list[float]:
        """Return the values of the first metric."""
        return [float(value) for value in next(iter(model.evals_result_["validation"].values()))]

    def params_to_continue(self, model: Any) -> dict[str, Any]:
        """Return the booster as ``init_model``."""
        return {"init_model": model.booster_}


class LightGBMObserver:
    """Callback that passes the first metric to an observer."""

    order = 25  # before LightGBM's own early stopping
    before_iteration = False

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def __call__(self, env: Any) -> None:
        """Stop the fit if the observer decides so."""
        from lightgbm.callback import EarlyStopException

        if self._observer.saw(float(env.evaluation_result_list[0][2])):
            raise EarlyStopException(env.iteration, env.evaluation_result_list)


def _sizes(queries: ArrayLike) -> list[int]:
    """Return the number of rows of each block of consecutive equal queries."""
    queries = np.asarray(queries)
    starts = np.flatnonzero(np.r_[True, queries[1:] != queries[:-1]])
    return [int(size) for size in np.diff(np.r_[starts, len(queries)])]
