"""Transform losses for the Gaussian process: bad outliers compressed, mean 0, variance 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skhpo.multi_objective import shrink

__all__ = ["clip_infinite", "scale", "soften", "standardise"]

FloatArray = NDArray[np.float64]

KNEES = (np.inf, 4.0, 2.0, 1.0, 0.5)
"""Candidates for the scale of the logarithm, in units of the better half's spread; infinity means
no transform."""
ABSURD = 1e8
"""Losses are bounded at this multiple of the best loss's distance from the median."""
MAX_NOISE_SD = 1e3  # of a target; beyond this, a target is uninformative anyway
SMALLEST_UNIT = 1e-200


def standardise(losses: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Transform losses for a Gaussian process.

    Losses worse than the median are compressed logarithmically (:func:`soften`) if this makes the
    losses more likely under a normal distribution. Then all losses are shifted and scaled.

    Parameters
    ----------
    losses : ndarray of shape (n_trials,)
        Finite losses, in any unit.
    variance : ndarray of shape (n_trials,)
        Known noise variance of each loss, in the squared unit.

    Returns
    -------
    targets : ndarray of shape (n_trials,)
        With mean 0 and variance 1; all 0 if the losses are equal.
    target_variance : ndarray of shape (n_trials,)
        The noise variance of the targets, to first order.
    """
    targets, slope = soften(losses)
    spread = targets.std()
    if not spread > 1e-12 * np.abs(targets).max():
        return np.zeros_like(targets), np.zeros_like(targets)
    with np.errstate(over="ignore"):
        noise_sd = np.minimum(np.sqrt(variance) * slope / spread, MAX_NOISE_SD)
    return (targets - targets.mean()) / spread, noise_sd**2


def scale(constraint: FloatArray) -> tuple[FloatArray, float]:
    """Shift and scale the values of a constraint, which is satisfied at 0 and below.

    Returns
    -------
    targets : ndarray of shape (n_trials,)
        With mean 0 and variance 1; all 0 if the values are equal.
    threshold : float
        Targets above it violate the constraint.
    """
    unit = max(np.abs(constraint).max(), SMALLEST_UNIT)
    values = constraint / unit
    mean = values.mean()
    spread = values.std()
    if not spread > 1e-12:
        return np.zeros_like(values), float(-np.sign(mean))
    return (values - mean) / spread, float(-mean / spread)


def soften(losses: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Compress the worse half of the losses if this makes them more normal.

    With median m and s the root mean square distance of the better half from m, a loss y
    beyond m becomes ``m + c s log(1 + (y - m) / (c s))``. `c` is the element of ``KNEES`` with the
    largest profile likelihood under a normal distribution (with the transform's Jacobian, as in
    Box and Cox 1964).

    Returns
    -------
    softened : ndarray of shape (n_trials,)
        In units of the largest magnitude of the losses.
    slope : ndarray of shape (n_trials,)
        Derivative of each softened loss with respect to the loss.
    """
    losses = _without_absurd(losses)
    unit = max(np.abs(losses).max(), SMALLEST_UNIT)
    y = losses / unit  # squares of huge losses would overflow
    median = np.median(y)
    better = y[y <= median]
    scale = np.sqrt(np.mean((median - better) ** 2))
    if not scale > 1e-12:
        return y, np.full_like(y, 1.0 / unit)
    excess = np.maximum(y - median, 0.0)
    softened = y
    slope = np.ones_like(y)
    best = -np.inf
    for knee in KNEES:
        if np.isinf(knee):
            candidate, stretch = y, np.ones_like(y)
        else:
            stretch = 1.0 + excess / (knee * scale)
            candidate = np.minimum(y, median) + knee * scale * np.log(stretch)
        log_likelihood = -len(y) * np.log(candidate.std()) - np.log(stretch).sum()
        if log_likelihood > best:
            best, softened, slope = log_likelihood, candidate, 1.0 / stretch
    return softened, slope / unit


def _without_absurd(losses: FloatArray) -> FloatArray:
    """Bound extremely bad losses, so that the others remain distinguishable."""
    y, unit = shrink(losses)
    median = np.median(y)
    better = median - y[y <= median]
    spread = better.max()
    if not spread > 0.0:
        return losses
    bounded: FloatArray = np.minimum(y, median + ABSURD * spread) * unit
    return bounded


def clip_infinite(losses: FloatArray) -> FloatArray:
    """Replace infinite losses by the worst or best finite one, or by 0 if there is none."""
    finite = losses[np.isfinite(losses)]
    if len(finite) == 0:
        return np.zeros_like(losses)
    clipped: FloatArray = np.clip(losses, finite.min(), finite.max())
    return clipped
