"""Acquisition functions of Gaussian processes: how promising a point is, given mean and spread.

Each takes the posterior means and standard deviations of all outputs (the objectives, then the
constraints). It returns the value, which is to be maximised, and its derivatives.
Objectives are minimised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, log_ndtr, ndtr

from skhpo.multi_objective import is_nondominated

__all__ = [
    "Acquisition",
    "ExpectedHypervolumeImprovement",
    "ExpectedImprovement",
    "Feasibility",
    "LowerConfidenceBound",
    "ProbabilityOfImprovement",
    "constrained",
    "log_expected_excess",
    "nondominated_boxes",
]

FloatArray = NDArray[np.float64]
ValueAndSlopes = tuple[FloatArray, FloatArray, FloatArray]
"""Value (n_points,); derivatives by mean and by standard deviation (n_points, n_outputs)."""

Acquisition = Callable[[FloatArray, FloatArray], ValueAndSlopes]

_LOG_SQRT_2PI = 0.5 * np.log(2.0 * np.pi)
_SMALLEST = 1e-300


def log_expected_excess(u: FloatArray) -> ValueAndSlopes:
    """Return the logarithm of ``h(u) = E[max(u + e, 0)]`` for standard normal e and any u.

    With Mills' ratio ``M(u) = Phi(u) / phi(u)``, it is ``log phi(u) + log(1 + u M(u))``, which does
    not underflow (Ament et al. 2023, equation 9).

    Returns
    -------
    log_h : ndarray
    cdf_ratio : ndarray
        ``Phi / h``, the derivative of ``log h``.
    pdf_ratio : ndarray
        ``phi / h``.
    """
    v = np.clip(u, -1e4, 25.0)
    mills = np.sqrt(0.5 * np.pi) * erfcx(-v / np.sqrt(2.0))
    tail = np.where(u < -1e4, 1.0 / (u * u + 1.0), 1.0 + v * mills)  # 1 + u M ~ 1 / u^2
    log_h = np.log(tail) - 0.5 * np.minimum(u, 25.0) ** 2 - _LOG_SQRT_2PI
    is_sure = u > 25.0
    positive = np.where(is_sure, u, 1.0)
    return (
        np.where(is_sure, np.log(positive), log_h),
        np.where(is_sure, 1.0 / positive, np.where(u < -1e4, -u, mills / tail)),
        np.where(is_sure, 0.0, 1.0 / tail),
    )


@dataclass(frozen=True)
class ExpectedImprovement:
    """Logarithm of the expected improvement on an incumbent (Ament et al. 2023)."""

    incumbent: float

    def __call__(self, mean: FloatArray, sd: FloatArray) -> ValueAndSlopes:
        log_h, cdf_ratio, pdf_ratio = log_expected_excess((self.incumbent - mean) / sd)
        return (np.log(sd) + log_h)[:, 0], -cdf_ratio / sd, pdf_ratio / sd


@dataclass(frozen=True)
class ProbabilityOfImprovement:
    """Logarithm of the probability of improving on an incumbent."""

    incumbent: float

    def __call__(self, mean: FloatArray, sd: FloatArray) -> ValueAndSlopes:
        u = (self.incumbent - mean) / sd
        slope = _log_ndtr_slope(u) / sd
        return log_ndtr(u)[:, 0], -slope, -slope * u


@dataclass(frozen=True)
class LowerConfidenceBound:
    """Lower confidence bound, negated: ``beta sd - mean``."""

    beta: float

    def __call__(self, mean: FloatArray, sd: FloatArray) -> ValueAndSlopes:
        value: FloatArray = self.beta * sd - mean
        return value[:, 0], np.full_like(mean, -1.0), np.full_like(sd, self.beta)


class ExpectedHypervolumeImprovement:
    """Logarithm of the expected hypervolume improvement of independent objectives.

    The non-dominated region is cut into boxes. In each box the expectation is a product over the
    objectives, and the sum over the boxes is exact (Emmerich et al. 2011).

    Parameters
    ----------
    front : ndarray of shape (n_front, n_objectives)
        Mutually non-dominated losses; may be empty.
    reference : ndarray of shape (n_objectives,)
        Losses worse than all losses of interest.
    """

    def __init__(self, front: FloatArray, reference: FloatArray) -> None:
        lower, upper = nondominated_boxes(front, reference)
        self._limits = []  # per objective, the distinct box bounds
        self._ends = []  # per objective, the indices of each box's lower and upper bound
        for low, high in zip(lower.T, upper.T, strict=True):
            limits, index = np.unique(np.concatenate([low, high]), return_inverse=True)
            self._limits.append(limits)
            self._ends.append(np.split(index.reshape(-1), 2))

    def __call__(self, mean: FloatArray, sd: FloatArray) -> ValueAndSlopes:
        sides = [self._sides(k, mean[:, [k]], sd[:, [k]]) for k in range(mean.shape[1])]
        volume = np.prod([length for length, _, _ in sides], axis=0).sum(axis=1)
        volume = np.maximum(volume, _SMALLEST)
        by_mean, by_sd = np.empty_like(mean), np.empty_like(sd)
        for k, (_, cdf, pdf) in enumerate(sides):
            others = [length for i, (length, _, _) in enumerate(sides) if i != k]
            face = np.prod(others, axis=0)
            by_mean[:, k] = -(face * cdf).sum(axis=1) / volume
            by_sd[:, k] = (face * pdf).sum(axis=1) / volume
        return np.log(volume), by_mean, by_sd

    def _sides(self, k: int, mean: FloatArray, sd: FloatArray) -> ValueAndSlopes:
        """Return the expected gain along objective `k` in each box, and its slopes."""
        low, high = self._ends[k]
        shortfall, cdf, pdf = _expected_shortfall(self._limits[k], mean, sd)
        return (
            shortfall[:, high] - shortfall[:, low],
            cdf[:, high] - cdf[:, low],
            pdf[:, high] - pdf[:, low],
        )


def nondominated_boxes(front: FloatArray, reference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Cut the region that a front does not dominate into boxes.

    Parameters
    ----------
    front : ndarray of shape (n_front, n_objectives)
        Losses, all better than the reference; may be empty.
    reference : ndarray of shape (n_objectives,)
        Upper corner of the region.

    Returns
    -------
    lower, upper : ndarray of shape (n_boxes, n_objectives)
        Corners of disjoint boxes. Their number is of the order of
        ``n_front ** (n_objectives - 1)``.
    """
    if len(reference) == 1:
        top = front.min(initial=reference[0])
        return np.array([[-np.inf]]), np.array([[top]])
    # Between two levels of the last objective, the same points dominate.
    levels = np.concatenate([[-np.inf], np.unique(front[:, -1]), reference[-1:]])
    lower, upper = [], []
    for start, end in pairwise(levels):
        shadow = front[front[:, -1] <= start, :-1]
        low, high = nondominated_boxes(shadow[is_nondominated(shadow)], reference[:-1])
        lower.append(np.column_stack([low, np.full(len(low), start)]))
        upper.append(np.column_stack([high, np.full(len(high), end)]))
    return np.vstack(lower), np.vstack(upper)


def _expected_shortfall(limits: FloatArray, mean: FloatArray, sd: FloatArray) -> ValueAndSlopes:
    """Return ``E[max(limit - y, 0)]`` for normal y, and the normal's cdf and pdf at the limit."""
    u = np.maximum((limits - mean) / sd, -1e4)
    cdf = ndtr(u)
    pdf = np.exp(-0.5 * u * u - _LOG_SQRT_2PI)
    return sd * (u * cdf + pdf), cdf, pdf


@dataclass(frozen=True)
class Feasibility:
    """Logarithm of the probability that all constraints are at most their thresholds."""

    thresholds: FloatArray

    def __call__(self, mean: FloatArray, sd: FloatArray) -> ValueAndSlopes:
        u = (self.thresholds - mean) / sd
        slope = _log_ndtr_slope(u) / sd
        return log_ndtr(u).sum(axis=1), -slope, -slope * u


def constrained(objective: Acquisition, n_objectives: int, feasibility: Acquisition) -> Acquisition:
    """Weight an acquisition by the probability of feasibility (Gardner et al. 2014)."""

    def acquisition(mean: FloatArray, sd: FloatArray) -> ValueAndSlopes:
        k = n_objectives
        gain, *slopes = objective(mean[:, :k], sd[:, :k])
        log_probability, *more_slopes = feasibility(mean[:, k:], sd[:, k:])
        by_mean, by_sd = (np.hstack(pair) for pair in zip(slopes, more_slopes, strict=True))
        return gain + log_probability, by_mean, by_sd

    return acquisition


def _log_ndtr_slope(u: FloatArray) -> FloatArray:
    """Return the derivative of ``log Phi``: ``phi / Phi``."""
    slope: FloatArray = np.sqrt(2.0 / np.pi) / erfcx(-np.minimum(u, 35.0) / np.sqrt(2.0))
    return slope
