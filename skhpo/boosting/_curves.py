"""Learning curves of boosters: predict the final loss of a fit from its first rounds.

A fit is checked after certain fractions of its rounds. A ridge regression on the finished fits
predicts the final loss from the best loss so far, its recent decrease and the learning rate.
A comparison of losses at the same round would penalise small learning rates, because early in a
fit the ranking of the candidates says little about the final ranking.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

__all__ = ["CurveModel", "CurveRule", "FinishedFit", "rounds_to_keep", "running_best"]

SHARES = (0.05, 0.1, 0.2, 0.4, 0.7)  # fractions of all rounds after which a fit is checked
PARTS = (0.5, 0.75, 1.0)  # fractions of the rounds so far whose losses are features
MIN_FITS = 8  # finished fits needed at a check before any fit is stopped there
RIDGE = 1.0  # penalty on the standardised features
ALPHA = 0.02  # a fit is stopped if its probability of reaching the best is lower

FloatArray = NDArray[np.float64]


def rounds_to_keep(n_rounds: int) -> list[int]:
    """Return the rounds, from 1, whose losses are stored for a fit of at most `n_rounds`."""
    kept = {
        max(1, round(part * max(1, round(share * n_rounds)))) for share in SHARES for part in PARTS
    }
    return sorted(kept | {n_rounds})


def running_best(losses: Sequence[float], rounds: Sequence[int]) -> list[float | None]:
    """Return the best loss up to each round; None for rounds that the fit did not reach."""
    best = np.minimum.accumulate(losses) if len(losses) else np.empty(0)
    return [float(best[r - 1]) if r <= len(best) else None for r in rounds]


@dataclass(frozen=True)
class FinishedFit:
    """A fit that was not stopped by the prediction.

    Attributes
    ----------
    fold : int
        The fold.
    log_rate : float
        Logarithm of the learning rate; 0 if it has none.
    n_rounds : int
        Maximal number of rounds.
    best : sequence of float or None
        Best losses after the rounds of ``rounds_to_keep(n_rounds)``.
    final : float
        Final loss.
    sign : float
        Factor that turns values of the metric into losses.
    """

    fold: int
    log_rate: float
    n_rounds: int
    best: Sequence[float | None]
    final: float
    sign: float


@dataclass(frozen=True)
class CurveRule:
    """Rule that decides whether to stop a fit; it is sent with the task.

    Attributes
    ----------
    sign : float
        Factor that turns values of the metric into losses.
    looks : tuple
        For each check: the round, the rounds of the features, and the regression.
    effect : float
        Effect of the fold on the loss.
    log_rate : float
        Logarithm of the learning rate.
    target : float
        The loss to beat, without the fold's effect.
    """

    sign: float
    looks: tuple[tuple[int, tuple[int, ...], _Regression], ...]
    effect: float
    log_rate: float
    target: float

    @property
    def rounds(self) -> frozenset[int]:
        """The rounds after which the fit is checked."""
        return frozenset(at for at, _, _ in self.looks)

    def predict_if_hopeless(self, values: Sequence[float]) -> float | None:
        """Predict the final loss of a fit if it should be stopped.

        Parameters
        ----------
        values : sequence of float
            Values of the metric so far, one per round.

        Returns
        -------
        predicted : float or None
            Predicted final loss, without the fold's effect. None if the fit should continue.
        """
        for at, rounds, regression in self.looks:
            if at == len(values):
                best = np.minimum.accumulate(self.sign * np.asarray(values))
                features = _features([best[r - 1] - self.effect for r in rounds], self.log_rate)
                mean, deviation = regression.predict(features)
                least = mean + float(stdtrit(regression.dof, ALPHA)) * deviation
                return mean if self.target < least else None
        return None


@dataclass(frozen=True)
class _Regression:
    """A ridge regression with the standard deviation of its predictions."""

    center: FloatArray
    scale: FloatArray
    weights: FloatArray
    intercept: float
    inverse: FloatArray
    variance: float
    dof: float

    @classmethod
    def fit(cls, X: FloatArray, y: FloatArray) -> _Regression:
        center, scale = X.mean(axis=0), X.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        Z = (X - center) / scale
        intercept = float(y.mean())
        inverse = np.linalg.inv(Z.T @ Z + RIDGE * np.eye(X.shape[1]))
        weights = inverse @ Z.T @ (y - intercept)
        residuals = y - intercept - Z @ weights
        dof = max(len(y) - 1 - float(np.trace(Z @ inverse @ Z.T)), 2.0)
        variance = float(residuals @ residuals) / dof
        return cls(center, scale, weights, intercept, inverse, variance, dof)

    def predict(self, features: FloatArray) -> tuple[float, float]:
        """Return the predicted mean and standard deviation."""
        z = (features - self.center) / self.scale
        spread = 1.0 + 1.0 / (self.dof + 1.0) + float(z @ self.inverse @ z)
        return self.intercept + float(z @ self.weights), math.sqrt(self.variance * spread)


@dataclass(frozen=True)
class CurveModel:
    """Model of learning curves, fitted on the finished fits of a search.

    Attributes
    ----------
    sign : float
        Factor that turns values of the metric into losses.
    n_rounds : int
        Maximal number of rounds of a fit.
    effects : dict of int to float
        Effect of each fold on the loss.
    target : float
        Mean final loss of the best candidate.
    looks : tuple
        See ``CurveRule``.
    """

    sign: float
    n_rounds: int
    effects: dict[int, float]
    target: float
    looks: tuple[tuple[int, tuple[int, ...], _Regression], ...]

    @classmethod
    def fit(cls, fits: Sequence[FinishedFit], target: float) -> CurveModel | None:
        """Fit the model on finished fits; return None if there are too few.

        Parameters
        ----------
        fits : sequence of FinishedFit
            Finished fits of all candidates and folds.
        target : float
            Mean final loss of the best candidate.
        """
        if len(fits) < MIN_FITS:
            return None
        n_rounds, sign = fits[-1].n_rounds, fits[-1].sign
        fits = [fit for fit in fits if (fit.n_rounds, fit.sign) == (n_rounds, sign)]
        effects = _effects(fits)
        kept = rounds_to_keep(n_rounds)
        looks = []
        for share in SHARES:
            at = max(1, round(share * n_rounds))
            rounds = tuple(max(1, round(part * at)) for part in PARTS)
            places = [kept.index(r) for r in rounds]
            rows = [fit for fit in fits if fit.best[kept.index(at)] is not None]
            if len(rows) < MIN_FITS or at == n_rounds:
                continue
            X = np.array(
                [
                    _features(
                        [_known(fit.best[p]) - effects[fit.fold] for p in places], fit.log_rate
                    )
                    for fit in rows
                ]
            )
            y = np.array([fit.final - effects[fit.fold] for fit in rows])
            looks.append((at, rounds, _Regression.fit(X, y)))
        return cls(sign, n_rounds, effects, target, tuple(looks))

    def rule(self, fold: int, log_rate: float) -> CurveRule:
        """Return the rule for a fit on a fold with a learning rate."""
        return CurveRule(self.sign, self.looks, self.effects.get(fold, 0.0), log_rate, self.target)


def _effects(fits: Sequence[FinishedFit]) -> dict[int, float]:
    """Return the median difference of each fold's final losses from the mean of all losses."""
    overall = float(np.mean([fit.final for fit in fits]))
    by_fold: dict[int, list[float]] = {}
    for fit in fits:
        by_fold.setdefault(fit.fold, []).append(fit.final - overall)
    return {fold: float(np.median(values)) for fold, values in by_fold.items()}


def _features(best: Sequence[float], log_rate: float) -> FloatArray:
    """Return the features: best loss, two recent decreases, learning rate, and an interaction."""
    half, late, now = best
    return np.array([now, half - now, late - now, log_rate, log_rate * (half - now)])


def _known(value: Any) -> float:
    return float(value)
