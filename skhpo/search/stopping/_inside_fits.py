"""Learning curves of the fits of a search, and predictions from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from skhpo.boosting import CurveModel, FinishedFit, Stopping, finished_fit
from skhpo.boosting._curves import rounds_to_keep
from skhpo.search._records import Candidate, FoldResult

__all__ = ["LearningCurves", "as_stopped", "finished_before", "with_rule"]


class LearningCurves:
    """The curves of complete candidates, with a model of them.

    Parameters
    ----------
    n_folds : int
        Number of folds of a candidate.
    stops_fits : bool
        Whether fits may be stopped.
    """

    def __init__(self, n_folds: int, *, stops_fits: bool) -> None:
        self._n_folds = n_folds
        self._stops_fits = stops_fits
        self._complete: list[list[FinishedFit]] = []
        self._means: list[tuple[float, float]] = []  # loss and score of each complete candidate
        self._model: CurveModel | None = None
        self._as_of = 0

    def add(self, candidate: Candidate, score: float) -> None:
        """Add the fits of a candidate that has ended, with its mean score or NaN."""
        if candidate.status != "complete":
            return
        fits = [
            finished_fit(fold, result.curve)
            for fold, result in candidate.results.items()
            if result.curve
        ]
        finished = [fit for fit in fits if fit is not None]
        if len(finished) == self._n_folds:
            self._complete.append(finished)
            self._means.append((float(np.mean([fit.final for fit in finished])), score))

    def model(self) -> CurveModel | None:
        """Return the model of the curves so far; None without complete candidates."""
        if not self._means or not self._stops_fits:
            return None
        if self._as_of != len(self._complete):
            target = max(self._means, key=lambda mean: mean[1])[0]
            self._model = CurveModel.fit(self._complete, target)
            self._as_of = len(self._complete)
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


def finished_before(candidate: Candidate, fold: int) -> dict[int, float] | None:
    """Return the final losses on the folds before one in a candidate's order, by fold.

    None if a fold before has no result yet, or one without a final loss.
    """
    finished: dict[int, float] = {}
    for before in candidate.fold_order:
        if before == fold:
            return finished
        result = candidate.results.get(before)
        if result is None or not result.curve or "final" not in result.curve:
            return None
        finished[before] = result.curve["final"]
    return finished


def with_rule(stopping: Stopping | None, candidate: Candidate, fold: int) -> Stopping | None:
    """Give a fit the rule that may stop it.

    Without the results of the earlier folds there is no rule yet. Such a fit runs to its end, and
    is judged by :func:`as_stopped`.
    """
    finished = finished_before(candidate, fold)
    if stopping is None or candidate.curve_model is None or finished is None:
        return stopping
    candidate.watched.add(fold)
    return replace(stopping, curves=candidate.curve_model, finished=finished)


def as_stopped(candidate: Candidate, fold: int, result: FoldResult) -> FoldResult:
    """Return the result of a fold as it is if its fit is stopped where the rule says so.

    A fit that began before the folds ahead of it had ended did not know of them, and ran to its
    end. So that the number of workers changes nothing, it counts as stopped at the round after
    which the rule, with these folds, would have stopped it. A stopped fit has no score.
    """
    model, curve = candidate.curve_model, result.curve
    if fold in candidate.watched:
        return result
    if candidate.ended_after is not None:  # in an earlier fit, maybe by another pruner
        return result
    if result.stopped_at is None and model is not None and curve and "losses" in curve:
        finished = finished_before(candidate, fold)
        if finished is not None and curve["n_rounds"] == model.n_rounds and "final" in curve:
            stop = model.rule(fold, curve["log_rate"], finished).first_stop(curve["losses"])
            if stop is not None:
                return _cut(result, *stop)
    return result


def _cut(result: FoldResult, stopped_at: int, predicted: float) -> FoldResult:
    """Return a result as if its fit had been stopped after a round."""
    curve = dict(result.curve or {})
    kept = rounds_to_keep(curve["n_rounds"])
    losses = [
        loss if at <= stopped_at else None for at, loss in zip(kept, curve["losses"], strict=True)
    ]
    del curve["final"]
    curve |= {"losses": losses, "predicted": predicted}
    cut = replace(result, stopped_at=stopped_at, best_iteration=None, curve=curve, predictions=None)
    return cut.without_scores()
