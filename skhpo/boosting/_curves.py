"""Learning curves of boosters: where a fit will end, seen at its beginning.

A fit is looked at after some shares of all its rounds. From the best loss so far, how fast it has
fallen, and the learning rate, a ridge regression on the finished fits predicts the loss at the end.
Comparing losses at the same round instead would punish small learning rates: early in a fit, the
order of candidates says little about the order at the end.
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

SHARES = (0.05, 0.1, 0.2, 0.4, 0.7)  # of all rounds, at which a fit is looked at
PARTS = (0.5, 0.75, 1.0)  # of those rounds, at which the loss is taken
MIN_FITS = 8  # finished fits that have come so far, before any is stopped
RIDGE = 1.0  # penalty on the standardised features
ALPHA = 0.02  # a fit is stopped when its chance to reach the best falls below this

FloatArray = NDArray[np.float64]


def rounds_to_keep(n_rounds: int) -> list[int]:
    """Rounds, from 1, after which the loss of a fit of at most `n_rounds` is kept."""
    kept = {
        max(1, round(part * max(1, round(share * n_rounds)))) for share in SHARES for part in PARTS
    }
    return sorted(kept | {n_rounds})


def running_best(losses: Sequence[float], rounds: Sequence[int]) -> list[float | None]:
    """The best loss up to each of some rounds; None for those that the fit did not reach."""
    best = np.minimum.accumulate(losses) if len(losses) else np.empty(0)
    return [float(best[r - 1]) if r <= len(best) else None for r in rounds]


@dataclass(frozen=True)
class FinishedFit:
    """A fit that came to its end.

    Attributes
    ----------
    fold : int
        The fold.
    log_rate : float
        Logarithm of the learning rate; 0 if it has none.
    n_rounds : int
        How many rounds it might have taken.
    best : sequence of float or None
        Best losses after the rounds of :func:`rounds_to_keep`.
    final : float
        The loss at its end.
    sign : float
        What turns values of the metric into losses.
    """

    fold: int
    log_rate: float
    n_rounds: int
    best: Sequence[float | None]
    final: float
    sign: float


@dataclass(frozen=True)
class CurveRule:
    """Says of one fit whether to stop; travels with its task.

    Attributes
    ----------
    sign : float
        What turns values of the metric into losses.
    looks : tuple
        For each round to look: the round, those of the features, and the regression.
    effect : float
        What is special about the fold.
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
        """The rounds after which to look."""
        return frozenset(at for at, _, _ in self.looks)

    def predict_if_hopeless(self, values: Sequence[float]) -> float | None:
        """Judge a fit by the values of its metric so far, one a round.

        Returns
        -------
        predicted : float or None
            The loss at its end, without the fold's effect, if it is to be stopped.
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
    """A ridge regression with the spread of its predictions."""

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
        """Mean and standard deviation."""
        z = (features - self.center) / self.scale
        spread = 1.0 + 1.0 / (self.dof + 1.0) + float(z @ self.inverse @ z)
        return self.intercept + float(z @ self.weights), math.sqrt(self.variance * spread)


@dataclass(frozen=True)
class CurveModel:
    """What the finished fits of a search say about those to come.

    Attributes
    ----------
    sign : float
        What turns values of the metric into losses.
    n_rounds : int
        Rounds that a fit may take, at most.
    effects : dict of int to float
        What is special about each fold.
    target : float
        Mean final loss of the best candidate.
    looks : tuple
        As a :class:`CurveRule` has them.
    """

    sign: float
    n_rounds: int
    effects: dict[int, float]
    target: float
    looks: tuple[tuple[int, tuple[int, ...], _Regression], ...]

    @classmethod
    def fit(cls, fits: Sequence[FinishedFit], target: float) -> CurveModel | None:
        """Learn from finished fits; None if there are too few.

        Parameters
        ----------
        fits : sequence of FinishedFit
            Of all candidates and folds.
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
        """The rule for a fit on a fold with a learning rate."""
        return CurveRule(self.sign, self.looks, self.effects.get(fold, 0.0), log_rate, self.target)


def _effects(fits: Sequence[FinishedFit]) -> dict[int, float]:
    """By how much the final losses of each fold lie above those of all, on average."""
    overall = float(np.mean([fit.final for fit in fits]))
    by_fold: dict[int, list[float]] = {}
    for fit in fits:
        by_fold.setdefault(fit.fold, []).append(fit.final - overall)
    return {fold: float(np.median(values)) for fold, values in by_fold.items()}


def _features(best: Sequence[float], log_rate: float) -> FloatArray:
    """Best loss so far, how it fell in the two last parts, the rate, and their product."""
    half, late, now = best
    return np.array([now, half - now, late - now, log_rate, log_rate * (half - now)])


def _known(value: Any) -> float:
    return float(value)
