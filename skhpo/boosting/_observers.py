"""What the boosters call after each round of a fit that is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skhpo.boosting._families import Observer

__all__ = ["CatBoostObserver", "LightGBMObserver", "xgboost_observer"]


def xgboost_observer(observer: Observer) -> Any:
    """A callback of XGBoost that hands the last metric to an observer."""
    from xgboost.callback import TrainingCallback

    class XGBoostObserver(TrainingCallback):
        def after_iteration(
            self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, Any]]
        ) -> bool:
            return observer.saw(float(list(evals_log["validation_0"].values())[-1][-1]))

    return XGBoostObserver()


class LightGBMObserver:
    """Hands the first metric to an observer."""

    order = 25  # before LightGBM's own early stopping
    before_iteration = False

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def __call__(self, env: Any) -> None:
        """End the fit if the observer says so."""
        from lightgbm.callback import EarlyStopException

        if self._observer.saw(float(env.evaluation_result_list[0][2])):
            raise EarlyStopException(env.iteration, env.evaluation_result_list)


class CatBoostObserver:
    """Hands the last metric to an observer."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def after_iteration(self, info: Any) -> bool:
        """Say whether the fit goes on."""
        return not self._observer.saw(float(list(info.metrics["validation"].values())[-1][-1]))
