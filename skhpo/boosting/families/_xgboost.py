"""The family of XGBoost."""

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
    without_callback,
)

__all__ = ["XGBoost"]


class XGBoost(Family):
    """XGBClassifier, XGBRegressor, XGBRanker."""

    name, package, model = "XGBoost", "xgboost", "XGBModel"
    continues_by_fit = True
    threads = ("n_jobs", "nthread")
    stops = ("early_stopping_rounds",)
    default_rate = 0.3
    by_hand = frozenset(
        {"eval_set", "eval_group", "eval_qid", "sample_weight_eval_set", "base_margin_eval_set"}
    )

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
        model.set_params(**self.unset(model.get_params()))
        model.set_params(early_stopping_rounds=int(stopping.rounds))
        if stopping.metric is not None:
            model.set_params(eval_metric=stopping.metric)
        given: dict[str, Any] = {"eval_set": [(evaluation.X, evaluation.y)], "verbose": False}
        if evaluation.sample_weight is not None:
            given["sample_weight_eval_set"] = [evaluation.sample_weight]
        if evaluation.queries is not None and is_ranker(model) and not _has_qid(evaluation.X):
            given["eval_qid"] = [evaluation.queries]
        if observer.is_needed:
            own = model.get_params().get("callbacks") or []
            model.set_params(callbacks=[*own, xgboost_observer(observer)])
        fit(X, y, **given | dict(params))
        if observer.is_needed:
            model.set_params(callbacks=own or None)

    def with_queries(
        self, model: Any, params: Mapping[str, Any], queries: NDArray[Any], X: Any
    ) -> dict[str, Any]:
        """Add the query of each row for XGBRanker, unless X has a column ``qid``."""
        is_given = not is_ranker(model) or "group" in params or _has_qid(X)
        return dict(params) if is_given else {"qid": queries} | dict(params)

    def has_rounds(self, model: Any) -> bool:
        """Return False for XGBRFClassifier and XGBRFRegressor, which use a single round."""
        return not type(model).__name__.startswith("XGBRF")

    def best_rounds(self, model: Any) -> int:
        """Return the number of the best round; for linear models, the number of all rounds."""
        if model.get_params().get("booster") == "gblinear":  # it predicts with all rounds
            return int(model.get_booster().num_boosted_rounds())
        return int(model.best_iteration) + 1

    def curve(self, model: Any) -> list[float]:
        """Return the values of the last metric, which is the monitored one."""
        return [float(value) for value in list(model.evals_result()["validation_0"].values())[-1]]

    def unset(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Also remove the callback ``EarlyStopping``, which acts like the parameter."""
        return super().unset(given) | without_callback("EarlyStopping", given)

    def params_to_continue(self, model: Any) -> dict[str, Any]:
        """Return the booster as ``xgb_model``."""
        return {"xgb_model": model.get_booster()}


def xgboost_observer(observer: Observer) -> Any:
    """Return a callback of XGBoost that passes the last metric to an observer."""
    from xgboost.callback import TrainingCallback

    class XGBoostObserver(TrainingCallback):
        def after_iteration(
            self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, Any]]
        ) -> bool:
            return observer.saw(float(list(evals_log["validation_0"].values())[-1][-1]))

    return XGBoostObserver()


def _has_qid(X: Any) -> bool:
    return "qid" in getattr(X, "columns", ())
