"""Learning curves of boosters: judge a fit by its first rounds, together with earlier folds.

A fit is checked after 8, 11, 16, 23, ... rounds. What is predicted is not the end of this fit but
the candidate's mean loss over all folds, from the curve so far and from the folds that are
finished. Two sources are combined:

- extrapolation: the distance to the end of a curve falls about like
  ``exp(-2.4 * sqrt(learning rate * rounds))``, the same for all libraries and datasets that were
  measured;
- a ridge regression on the complete candidates. Their curves on the same fold are taken at the
  same product of learning rate and rounds: at the same round, small learning rates would look bad.

The predictions were compared on the curves of 600 candidates, see ``docs/benchmarks/boosting.md``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

__all__ = ["CurveModel", "CurveRule", "FinishedFit", "rounds_to_keep", "running_best"]

FIRST_CHECK = 8  # the first round after which a fit is checked
ALPHA = 0.25  # a fit is stopped if the candidate's probability of becoming the best is lower
MOST_CANDIDATES = 30  # number of complete candidates, the best ones, that are used
DECAY = 2.4  # the distance to the end falls like exp(-DECAY * sqrt(learning rate * rounds))
EARLIEST = -1.0  # least log(learning rate * rounds) at which complete candidates are compared
LATEST = 10.0  # largest such time; after it nothing is left to decrease
ERROR = 0.25  # error of an extrapolation, as a share of the decrease in the last half of the rounds
PRIOR_DOF = 3.0  # weight of this error against the residuals, in degrees of freedom
RIDGE = 1.0  # penalty on the standardised features
FOLD_PRIOR_DOF = 2.0  # weight of the prior variance between folds, in degrees of freedom
FOLD_PRIOR_SHARE = 0.25  # this prior variance, as a share of the variance of a candidate's folds

FloatArray = NDArray[np.float64]


@cache
def rounds_to_keep(n_rounds: int) -> tuple[int, ...]:
    """Return the rounds, from 1, whose losses are stored for a fit of at most `n_rounds`.

    Each is about the square root of 2 times the one before, so every second one is the double.
    """
    kept, power = [], 0
    while (at := round(2 ** (power / 2))) < n_rounds:
        kept.append(at)
        power += 1
    return tuple(sorted({*kept, n_rounds}))


def running_best(losses: Sequence[float], rounds: Sequence[int]) -> list[float | None]:
    """Return the best loss up to each round; None for rounds that the fit did not reach."""
    best = np.minimum.accumulate(losses) if len(losses) else np.empty(0)
    return [float(best[r - 1]) if r <= len(best) else None for r in rounds]


@dataclass(frozen=True)
class FinishedFit:
    """A fit on a fold that was not stopped by the prediction.

    Attributes
    ----------
    fold : int
        The fold.
    log_rate : float
        Logarithm of the learning rate.
    n_rounds : int
        Maximal number of rounds.
    losses : sequence of float or None
        Best losses up to the rounds of ``rounds_to_keep(n_rounds)``; None after the last round.
    final : float
        Final loss.
    sign : float
        Factor that turns values of the metric into losses.
    """

    fold: int
    log_rate: float
    n_rounds: int
    losses: Sequence[float | None]
    final: float
    sign: float


@dataclass(frozen=True, eq=False)
class CurveModel:
    """The learning curves of the complete candidates of a search, which predict others.

    Attributes
    ----------
    sign : float
        Factor that turns values of the metric into losses.
    n_rounds : int
        Maximal number of rounds of a fit.
    target : float
        Mean final loss of the best candidate.
    log_rates : ndarray of shape (n_candidates,)
        Logarithms of the learning rates.
    losses : ndarray of shape (n_candidates, n_folds, n_kept)
        Best losses up to the rounds of ``rounds_to_keep(n_rounds)``.
    finals : ndarray of shape (n_candidates, n_folds)
        Final losses.
    """

    sign: float
    n_rounds: int
    target: float
    log_rates: FloatArray
    losses: FloatArray
    finals: FloatArray

    @classmethod
    def fit(cls, candidates: Sequence[Sequence[FinishedFit]], target: float) -> CurveModel | None:
        """Collect the curves of complete candidates; return None if there are none.

        Parameters
        ----------
        candidates : sequence of sequence of FinishedFit
            For each complete candidate, its fits, one a fold. Those that differ from the last
            candidate in the number of rounds or folds are ignored.
        target : float
            Mean final loss of the best candidate.
        """
        kinds = [(fits[0].n_rounds, fits[0].sign, len(fits)) for fits in candidates]
        alike = [
            sorted(fits, key=lambda fit: fit.fold)
            for fits, kind in zip(candidates, kinds, strict=True)
            if kind == kinds[-1] and all(math.isfinite(fit.final) for fit in fits)
        ]
        if not alike:
            return None
        alike.sort(key=lambda fits: float(np.mean([fit.final for fit in fits])))
        alike = alike[:MOST_CANDIDATES]
        return cls(
            sign=alike[0][0].sign,
            n_rounds=alike[0][0].n_rounds,
            target=target,
            log_rates=np.array([fits[0].log_rate for fits in alike]),
            losses=np.array([[_filled(fit) for fit in fits] for fits in alike]),
            finals=np.array([[fit.final for fit in fits] for fits in alike]),
        )

    def rule(
        self, fold: int, log_rate: float, finished: Mapping[int, float] | None = None
    ) -> CurveRule:
        """Return the rule for a fit.

        Parameters
        ----------
        fold : int
            Its fold.
        log_rate : float
            Logarithm of its learning rate.
        finished : mapping of int to float, optional
            Final losses of the candidate's fits on other folds.
        """
        return CurveRule(self, fold, log_rate, dict(finished or {}))


@dataclass(frozen=True, eq=False)
class CurveRule:
    """Rule that decides whether to stop a fit.

    Attributes
    ----------
    model : CurveModel
        The complete candidates.
    fold : int
        The fold of the fit.
    log_rate : float
        Logarithm of its learning rate.
    finished : dict of int to float
        Final losses of the candidate's fits on other folds.
    """

    model: CurveModel
    fold: int
    log_rate: float
    finished: dict[int, float] = field(default_factory=dict)

    @property
    def sign(self) -> float:
        """Factor that turns values of the metric into losses."""
        return self.model.sign

    @cached_property
    def rounds(self) -> frozenset[int]:
        """The rounds after which the fit is checked."""
        return frozenset(at for at in rounds_to_keep(self.model.n_rounds)[:-1] if at >= FIRST_CHECK)

    def predict_if_hopeless(self, losses: Sequence[float | None]) -> float | None:
        """Predict the mean loss of the candidate over all folds if the fit should be stopped.

        Parameters
        ----------
        losses : sequence of float
            Best losses up to the rounds of ``rounds_to_keep(n_rounds)`` so far. The last of them
            is one of `rounds`.

        Returns
        -------
        predicted : float or None
            None if the fit should continue.
        """
        mean, deviation, dof = self._predict(np.array(losses[-3:], dtype=float), len(losses) - 1)
        if not math.isfinite(mean):
            return None
        chance = stdtr(dof, (self.model.target - mean) / max(deviation, 1e-300))
        return mean if chance < ALPHA else None

    def first_stop(self, losses: Sequence[float | None]) -> tuple[int, float] | None:
        """Find where a fit that has run would have been stopped.

        Parameters
        ----------
        losses : sequence of float or None
            Best losses up to the rounds of ``rounds_to_keep(n_rounds)``.

        Returns
        -------
        stop : tuple of (int, float) or None
            The round, and the predicted mean loss over all folds.
        """
        for place, at in enumerate(rounds_to_keep(self.model.n_rounds)):
            if losses[place] is None:
                return None
            if at in self.rounds:
                predicted = self.predict_if_hopeless(losses[: place + 1])
                if predicted is not None:
                    return at, predicted
        return None

    def _predict(self, recent: FloatArray, place: int) -> tuple[float, float, float]:
        """Predict the mean loss over all folds.

        Parameters
        ----------
        recent : ndarray of shape (3,)
            Best losses after half of the rounds, after the square root of a half, and now.
        place : int
            Place of the present round among those that are kept.

        Returns
        -------
        mean, deviation, dof : float
            Location and scale of a t distribution, and its degrees of freedom.
        """
        model = self.model
        finals, (n_known, n_folds) = model.finals, model.finals.shape
        rounds = rounds_to_keep(model.n_rounds)
        time = self.log_rate + math.log(rounds[place])
        of_known, times = _at_time(model, self.fold, max(time, EARLIEST))
        others = sorted(self.finished)
        share = 1.0 / (1 + len(others))

        means = finals.mean(axis=1)
        own = self._extrapolated(recent, self.log_rate, time)
        known = self._extrapolated(of_known, model.log_rates, times)
        others_of_known = finals[:, others].sum(axis=1)
        own = share * (own + sum(self.finished[one] for one in others))
        known = share * (known + others_of_known)

        # Two sources of the mean: the population of candidates, and this one's curve.
        decrease = max(float((of_known[0] - of_known[2]).mean()), 0.0)
        error = (share * ERROR * decrease) ** 2
        error += _variance_between_folds(finals) * (share - 1.0 / n_folds)
        error = max(error, 1e-24 * float(np.abs(means).max()) ** 2, 1e-300)
        spread = float(means.var()) * (n_known + 1) / n_known if n_known > 1 else error
        weight = spread / (spread + error)
        offsets = means - means.mean() - weight * (known - known.mean())

        features = _features(recent, self.log_rate, own, self.finished)
        seen = _features(of_known, model.log_rates, known, self.finished, others_of_known)
        shift, uncertainty, squares, dof = _ridge(seen, offsets, features)
        variance = (PRIOR_DOF * weight * error + squares) / (PRIOR_DOF + dof)
        mean = float(means.mean() + weight * (own - known.mean()) + shift)
        deviation = math.sqrt(variance * (1.0 + 1.0 / n_known + uncertainty))
        return mean, deviation, PRIOR_DOF + dof

    def _extrapolated(self, recent: FloatArray, log_rate: Any, time: Any) -> Any:
        """Return the loss at the end of a curve: half the way back, a part of it, and now."""
        half, _, now = recent
        time = np.minimum(time, LATEST)
        end = log_rate + math.log(self.model.n_rounds)
        left = _distance(time) - _distance(np.clip(end, time, LATEST))
        return now - (half - now) * left / (_distance(time - math.log(2.0)) - _distance(time))


def _filled(fit: FinishedFit) -> list[float]:
    """Return the losses, and the final one for the rounds after the end of the fit."""
    return [fit.final if loss is None else loss for loss in fit.losses]


def _distance(time: Any) -> Any:
    """Return the distance to the end of a curve, in units of that at the beginning."""
    return np.exp(-DECAY * np.exp(time / 2.0))


def _at_time(model: CurveModel, fold: int, time: float) -> tuple[FloatArray, FloatArray]:
    """Return the losses of the complete candidates on a fold at a time, and their times.

    The shape is (3, n_candidates): after half of the rounds, the square root of a half, and now.
    Times are logarithms of learning rate times rounds; curves begin and end at different ones.
    """
    kept = np.log(rounds_to_keep(model.n_rounds))
    now = np.clip(time - model.log_rates, math.log(4.0), kept[-1])
    back = np.array([math.log(2.0), math.log(2.0) / 2.0, 0.0])
    curves = model.losses[:, fold]
    losses = [np.interp(at - back, kept, curve) for at, curve in zip(now, curves, strict=True)]
    return np.array(losses).T, now + model.log_rates


def _variance_between_folds(finals: FloatArray) -> float:
    """Return the variance of the folds' residuals: what neither fold nor candidate explains."""
    n_known, n_folds = finals.shape
    if n_folds == 1:
        return 0.0
    centred = finals - finals.mean(axis=1, keepdims=True)
    prior = FOLD_PRIOR_SHARE * float((centred**2).sum()) / (n_known * (n_folds - 1))
    squares = float(((centred - centred.mean(axis=0)) ** 2).sum())
    dof = (n_known - 1) * (n_folds - 1)
    return float((FOLD_PRIOR_DOF * prior + squares) / (FOLD_PRIOR_DOF + dof))


def _features(
    recent: FloatArray, log_rate: Any, level: Any, finished: Mapping[int, float], others: Any = None
) -> FloatArray:
    """Return the features, one row a candidate.

    These are the extrapolated level, the decreases in the last half of the rounds and in the last
    part of them, the learning rate, and the sum of the final losses on other folds.
    """
    half, late, now = recent
    columns = [level, half - now, late - now, log_rate]
    if finished:
        columns.append(sum(finished.values()) if others is None else others)
    return np.atleast_2d(np.array(columns, dtype=float).T)


def _ridge(seen: FloatArray, y: FloatArray, new: FloatArray) -> tuple[float, float, float, float]:
    """Fit a ridge regression without intercept and predict one new row.

    Returns
    -------
    predicted : float
        The prediction; 0 if there are fewer than three rows.
    uncertainty : float
        Variance of the prediction's mean, in units of the residual variance.
    squares : float
        Sum of the squared residuals.
    dof : float
        Their degrees of freedom.
    """
    n_rows, n_features = seen.shape
    if n_rows < 3:
        return 0.0, 0.0, float(y @ y), 0.5 * (n_rows - 1)
    center, scale = seen.mean(axis=0), seen.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    Z = (seen - center) / scale
    z = np.clip((new[0] - center) / scale, -4.0, 4.0)
    inverse = np.linalg.inv(Z.T @ Z + RIDGE * np.eye(n_features))
    weights = inverse @ Z.T @ y
    residuals = y - Z @ weights
    dof = max(n_rows - 1 - float(np.trace(Z @ inverse @ Z.T)), 0.0)
    return float(z @ weights), float(z @ inverse @ z), float(residuals @ residuals), dof
