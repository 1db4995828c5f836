"""The family of scikit-learn's HistGradientBoosting."""

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
    greater_is_better = True  # losses are negated
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
        """Return the number of all rounds: the model also predicts with those after the best."""
        return int(model.n_iter_)

    def curve(self, model: Any) -> list[float]:
        """Return the validation scores without the first, which precedes all rounds."""
        return [float(value) for value in model.validation_score_[1:]]

    def refit_params(self, n_rounds: int, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the number of rounds, and no early stopping, which would hold out rows."""
        return {"max_iter": n_rounds, "early_stopping": False}

    def check(self, model: Any) -> None:
        """Raise a ValueError before scikit-learn 1.7, where ``fit`` has no evaluation set."""
        if "X_val" not in inspect.signature(type(model).fit).parameters:
            raise ValueError(
                f"`early_stopping` of {type(model).__name__} needs scikit-learn 1.7 or newer, "
                "where its `fit` accepts an evaluation set."
            )
