"""HistGradientBoosting of scikit-learn."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from skhpo.boosting._early_stopping import EarlyStopping
from skhpo.boosting.families._base import (
    Evaluation,
    Family,
    Fit,
    Observer,
)

__all__ = ["HistGradientBoosting"]


class HistGradientBoosting(Family):
    """HistGradientBoostingClassifier and -Regressor of scikit-learn."""

    name, package, model = "HistGradientBoosting", "sklearn", "BaseHistGradientBoosting"
    rounds = ("max_iter",)
    threads = ()
    can_be_observed = False
    by_hand = frozenset({"X_val", "y_val", "sample_weight_val"})

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
        """Fit with ``X_val`` and ``y_val``."""
        model.set_params(early_stopping=True, n_iter_no_change=stopping.rounds)
        if stopping.metric is not None:
            model.set_params(scoring=stopping.metric)
        given: dict[str, Any] = {"X_val": evaluation.X, "y_val": evaluation.y}
        if evaluation.sample_weight is not None:
            given["sample_weight_val"] = evaluation.sample_weight
        fit(X, y, **given | dict(params))

    def best_rounds(self, model: Any) -> int:
        """All rounds: the model predicts with those after the best one, too."""
        return int(model.n_iter_)

    def curve(self, model: Any) -> list[float]:
        """Validation scores; the first is that before any round."""
        return [float(value) for value in model.validation_score_[1:]]

    def refit_params(self, n_rounds: int, given: Mapping[str, Any]) -> dict[str, Any]:
        """Without early stopping, which would hold out rows."""
        return {"max_iter": n_rounds, "early_stopping": False}

    def check(self, model: Any) -> None:
        """Its ``fit`` takes an evaluation set since scikit-learn 1.7."""
        if "X_val" not in inspect.signature(type(model).fit).parameters:
            raise ValueError(
                f"`early_stopping` of {type(model).__name__} needs scikit-learn 1.7 or newer, in "
                "which its `fit` takes an evaluation set."
            )
