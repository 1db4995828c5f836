"""The family of CatBoost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from skhpo.boosting._early_stopping import EarlyStopping
from skhpo.boosting.families._base import (
    Evaluation,
    Family,
    Fit,
    Observer,
    is_ranker,
)

__all__ = ["CatBoost"]


class CatBoost(Family):
    """CatBoostClassifier, CatBoostRegressor, CatBoostRanker."""

    name, package, model = "CatBoost", "catboost", "CatBoost"
    rounds = ("iterations", "n_estimators", "num_boost_round", "num_trees")
    threads = ("thread_count",)
    by_hand = frozenset({"eval_set"})

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
        """Fit with ``early_stopping_rounds`` and ``eval_set``."""
        from catboost import Pool

        if stopping.metric is not None:
            model.set_params(eval_metric=stopping.metric)
        if "allow_writing_files" not in model.get_params():
            model.set_params(allow_writing_files=False)
        own = model.get_params() | dict(params)
        given: dict[str, Any] = {
            "eval_set": Pool(
                evaluation.X,
                evaluation.y,
                weight=evaluation.sample_weight,
                group_id=evaluation.queries if is_ranker(model) else None,
                cat_features=own.get("cat_features"),
                text_features=own.get("text_features"),
                embedding_features=own.get("embedding_features"),
            ),
            "early_stopping_rounds": int(stopping.rounds),
        }
        if not {"verbose", "logging_level", "silent"} & set(model.get_params()):
            given["verbose"] = False
        if observer.is_needed:
            given["callbacks"] = [CatBoostObserver(observer)]
        fit(X, y, **given | dict(params))

    def with_queries(
        self, model: Any, params: Mapping[str, Any], queries: NDArray[Any], X: Any
    ) -> dict[str, Any]:
        """Add the query of each row for CatBoostRanker."""
        return ({"group_id": queries} if is_ranker(model) else {}) | dict(params)

    def best_rounds(self, model: Any) -> int:
        """Return the number of trees that are kept."""
        return int(model.tree_count_)

    def curve(self, model: Any) -> list[float]:
        """Return the values of the last metric, which is the monitored one."""
        return [float(value) for value in list(model.get_evals_result()["validation"].values())[-1]]

    def unset(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Turn off ``use_best_model``, which CatBoost refuses without an evaluation set."""
        return {"use_best_model": False} if given.get("use_best_model") else {}


class CatBoostObserver:
    """Callback that passes the last metric to an observer."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def after_iteration(self, info: Any) -> bool:
        """Return whether the fit continues."""
        return not self._observer.saw(float(list(info.metrics["validation"].values())[-1][-1]))
