"""Learning curves of the fits of a search, and predictions from them."""

from __future__ import annotations

import numpy as np

from skhpo.boosting import CurveModel, FinishedFit, finished_fit
from skhpo.search._records import Candidate

__all__ = ["LearningCurves"]


class LearningCurves:
    """Finished fits of boosters, with the model of their learning curves.

    Parameters
    ----------
    n_folds : int
        Number of folds of a candidate.
    """

    def __init__(self, n_folds: int) -> None:
        self._n_folds = n_folds
        self._fits: list[FinishedFit] = []
        self._means: list[tuple[float, float]] = []  # loss and score of each complete candidate
        self._model: CurveModel | None = None
        self._as_of = 0

    def add(self, candidate: Candidate, score: float) -> None:
        """Add the fits of a candidate that has ended, with its mean score or NaN."""
        fits = [
            finished_fit(fold, result.curve)
            for fold, result in candidate.results.items()
            if result.curve
        ]
        finished = [fit for fit in fits if fit is not None]
        self._fits += finished
        if candidate.status == "complete" and len(finished) == self._n_folds:
            self._means.append((float(np.mean([fit.final for fit in finished])), score))

    def model(self) -> CurveModel | None:
        """Return the model of the curves so far; None while there are too few finished fits."""
        if not self._means:
            return None
        if self._as_of != len(self._fits):
            target = max(self._means, key=lambda mean: mean[1])[0]
            self._model, self._as_of = CurveModel.fit(self._fits, target), len(self._fits)
        return self._model

    def predict_score(self, candidate: Candidate) -> tuple[float, float]:
        """Predict the score of a candidate whose first fit was stopped.

        Return the mean and the variance of the prediction.
        """
        predicted = [
            result.curve["predicted"]
            for result in candidate.results.values()
            if result.curve and "predicted" in result.curve
        ]
        losses, scores = np.array(self._means).T
        if len(losses) < 3 or losses.std() == 0.0:
            return float(scores.min()), float(scores.var())
        slope, intercept = np.polyfit(losses, scores, 1)
        residuals = scores - intercept - slope * losses
        mean = min(float(intercept + slope * predicted[0]), float(scores.max()))
        return mean, float(residuals.var())
