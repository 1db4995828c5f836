"""A Gaussian process that starts from what is known of other data.

The loss of a configuration x on the data at hand is ``a + s t(x)`` with unknown a and s. The
standardised loss t has a learned mean and a learned low-rank covariance, plus a Matern kernel for
what these leave open. Unknown a and s are integrated out on a grid of cells, each weighted by its
marginal likelihood. Beside this model run one with the learned covariance alone, and the plain one,
which knows nothing; all are weighted in the same way, so the evidence decides how much is believed.

Wang et al., "Pre-trained Gaussian processes for Bayesian optimization", JMLR 25 (2024), learn the
mean and the covariance from other datasets; Wistuba and Grabocka, "Few-shot Bayesian
optimization with deep kernel surrogates", ICLR 2021, do so with networks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, lapack
from scipy.special import erfcx, ndtr

from skhpo.distributions import BaseDistribution
from skhpo.samplers._gp_model import Features, matern, squared_distances

__all__ = ["Expert", "LearnedLoss", "LossPrior", "Mixture", "cells_of", "experts_of"]

FloatArray = NDArray[np.float64]

N_LEVELS = 7
N_SCALES = 7
LEVELS = (-1.0, 2.5)  # of a, above the best loss, in units of s
SCALES = (-1.3, 1.2)  # decimal logarithm of s, in units of the spread of the losses
NOISE = 0.02  # variance of a standardised loss
INCUMBENT_MARGIN = 0.5
RESIDUAL_LENGTHSCALE = 0.5
ODDS = 0.6  # of the learned model before the first trial, ...
ODDS_OF_COVARIANCE = 0.3  # ... of that with the learned covariance alone, ...
ODDS_OF_PLAIN = 0.1  # ... and of the plain one
SMALLEST_NOISE = 1e-4
NEGLIGIBLE = 1e-4  # cells with less than this share of the best one's weight are left out


class LearnedLoss(Protocol):
    """The learned mean and covariance of the standardised loss, over a group of parameters."""

    @property
    def residual(self) -> float:
        """Variance of the standardised loss that the mean and the covariance leave open."""

    def __call__(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mean, (n_points,), and the directions of the covariance, (n_points, rank)."""
        ...


class LossPrior(Protocol):
    """What is known of the losses of an estimator."""

    def bind(
        self, names: Sequence[str], distributions: Sequence[BaseDistribution]
    ) -> Sequence[LearnedLoss]:
        """Return what is known of these parameters, from each source; empty if it is nothing."""
        ...


@dataclass(frozen=True)
class Expert:
    """One model of the standardised loss, at the trials and at other points.

    Parameters
    ----------
    odds : float
        Its weight before the first trial.
    noise : float
        Variance of the noise.
    mean : callable
        Returns the mean of the process at points, (n_points,).
    kernel : callable
        Returns the covariance of two sets of points, (n_a, n_b).
    variance : callable
        Returns the variance at points, (n_points,).
    """

    odds: float
    noise: float
    mean: Callable[[FloatArray], FloatArray]
    kernel: Callable[[FloatArray, FloatArray], FloatArray]
    variance: Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Cells:
    """Hypotheses of the shift and the scale of the losses.

    Parameters
    ----------
    targets : ndarray of shape (n_trials, n_cells)
        The losses of the trials, standardised under each hypothesis.
    log_jacobian : ndarray of shape (n_cells,)
        Logarithm of the derivative of all targets with respect to the losses.
    scale : ndarray of shape (n_cells,)
        The unit of the losses.
    """

    targets: FloatArray
    log_jacobian: FloatArray
    scale: FloatArray


def cells_of(losses: FloatArray) -> Cells:
    """Return the hypotheses for the losses of the trials: a grid of shifts and scales."""
    best = losses.min()
    spread = float(np.median(losses) - best)
    if not spread > 0.0:
        spread = float(losses.max() - best)
    if not spread > 0.0:
        spread = max(abs(float(best)), 1.0) * 1e-3
    scale = np.tile(spread * 10.0 ** np.linspace(*SCALES, N_SCALES), N_LEVELS)
    level = np.repeat(np.linspace(*LEVELS, N_LEVELS), N_SCALES)
    linear = (losses[:, None] - best) / scale - level
    excess = np.log1p(np.maximum(linear, 0.0))
    targets = np.where(linear <= 0.0, linear, excess)
    return Cells(targets, -(len(losses) * np.log(scale) + excess.sum(axis=0)), scale)


def experts_of(
    sources: Sequence[LearnedLoss], features: Features, theta: FloatArray, *, is_noisy: bool = True
) -> list[Expert]:
    """Return the learned models, and last the plain one.

    Parameters
    ----------
    sources : sequence of LearnedLoss
        What is known of the parameters, one or several times.
    features : Features
        Transforms points to features.
    theta : ndarray of shape (n_dims + 2,)
        Hyperparameters of the plain model, fitted to the trials.
    is_noisy : bool, default=True
        Whether the same parameters may give different losses.
    """
    inverse = np.exp(-theta[:-2])[features.blocks]
    signal, noise = np.exp(theta[-2:])

    def plain_kernel(a: FloatArray, b: FloatArray) -> FloatArray:
        return matern(squared_distances(features(a) * inverse, features(b) * inverse), signal)[0]

    plain = Expert(
        ODDS_OF_PLAIN,
        max(float(noise), SMALLEST_NOISE),
        lambda points: np.zeros(len(points)),
        plain_kernel,
        lambda points: np.full(len(points), signal),
    )
    own_noise = NOISE if is_noisy else SMALLEST_NOISE
    learned = [_learned_experts(one, features, len(sources), own_noise) for one in sources]
    return [*chain.from_iterable(learned), plain]


def _learned_experts(
    learned: LearnedLoss, features: Features, n_sources: int, noise: float
) -> list[Expert]:
    """Return the model with a learned mean and covariance, and that with the covariance alone.

    The second one is right if the data differ from others as others do from each other, but their
    best configurations are elsewhere.
    """
    at = _Remembering(learned)

    def kernel(a: FloatArray, b: FloatArray) -> FloatArray:
        shared: FloatArray = at(a)[1] @ at(b)[1].T
        squared = squared_distances(features(a), features(b)) / RESIDUAL_LENGTHSCALE**2
        return shared + matern(squared, learned.residual)[0]

    def variance(points: FloatArray) -> FloatArray:
        total: FloatArray = (at(points)[1] ** 2).sum(axis=1) + learned.residual
        return total

    return [
        Expert(ODDS / n_sources, noise, lambda points: at(points)[0], kernel, variance),
        Expert(
            ODDS_OF_COVARIANCE / n_sources,
            noise,
            lambda points: np.zeros(len(points)),
            kernel,
            variance,
        ),
    ]


class _Remembering:
    """A learned loss that remembers its values at the last arrays of points."""

    def __init__(self, learned: LearnedLoss) -> None:
        self._learned = learned
        self._last: deque[tuple[FloatArray, tuple[FloatArray, FloatArray]]] = deque(maxlen=4)

    def __call__(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        for known, values in self._last:
            if known is points:
                return values
        values = self._learned(points)
        self._last.append((points, values))
        return values


class Mixture:
    """Experts, weighted by the marginal likelihood of the losses under each.

    Parameters
    ----------
    experts : sequence of Expert
        The models.
    points : ndarray of shape (n_trials, n_dims)
        The trials with known losses.
    losses : ndarray of shape (n_trials,)
        Their losses.
    variance : ndarray of shape (n_trials,)
        Known noise variance of each loss, in the squared unit of the losses.
    pending : ndarray of shape (n_pending, n_dims)
        Trials under way.

    Attributes
    ----------
    weights : ndarray of shape (n_experts,)
        The share of each expert, which sum to 1.
    """

    def __init__(
        self,
        experts: Sequence[Expert],
        points: FloatArray,
        losses: FloatArray,
        variance: FloatArray,
        pending: FloatArray,
    ) -> None:
        cells = cells_of(losses)
        everywhere = np.vstack([points, pending])
        n = len(points)
        spread = np.median(cells.scale)
        known = np.minimum(variance / spread**2, 1e6)
        self._parts = []
        evidence = []
        for expert in experts:
            kernel = expert.kernel(everywhere, everywhere)
            diagonal = expert.noise + np.concatenate([known, np.zeros(len(pending))])
            kernel[np.diag_indices_from(kernel)] += diagonal
            lower = cholesky(kernel, lower=True, check_finite=False)
            whitener, _ = lapack.dtrtri(lower, lower=1)
            residual = cells.targets - expert.mean(points)[:, None]
            # The factor of the first rows is the upper left part of the factor of all rows.
            whitened = whitener[:n, :n] @ residual
            log_likelihood = (
                -0.5 * np.einsum("ij,ij->j", whitened, whitened)
                - np.log(lower.diagonal()[:n]).sum()
                + cells.log_jacobian
                + np.log(expert.odds)
            )
            evidence.append(log_likelihood)
            at_trials = cells.targets - diagonal[:n, None] * (whitener[:n, :n].T @ whitened)
            incumbent = at_trials.min(axis=0) - INCUMBENT_MARGIN * np.sqrt(expert.noise)
            self._parts.append((expert, whitener, whitened, incumbent))
        logs = np.array(evidence)
        weights = np.exp(logs - logs.max())
        weights /= weights.sum()
        self.weights: FloatArray = weights.sum(axis=1)
        self._cell_weights = weights
        self._scale = cells.scale
        self._points, self._everywhere = points, everywhere

    def __call__(self, points: FloatArray) -> FloatArray:
        """Return the logarithm of the expected improvement at points."""
        total = np.zeros(len(points))
        top = self._cell_weights.max()
        n = len(self._points)
        for part, weights in zip(self._parts, self._cell_weights, strict=True):
            expert, whitener, whitened, incumbent = part
            used = np.flatnonzero(weights > NEGLIGIBLE * top)
            if len(used) == 0:
                continue
            cross = expert.kernel(points, self._everywhere) @ whitener.T
            mean = expert.mean(points)[:, None] + cross[:, :n] @ whitened[:, used]
            variance = expert.variance(points) - np.einsum("ij,ij->i", cross, cross)
            sd = np.sqrt(np.maximum(variance, 1e-10))[:, None]
            improvement = sd * _expected((incumbent[used] - mean) / sd)
            total += improvement @ (weights[used] * self._scale[used])
        log_total: FloatArray = np.log(np.maximum(total, 1e-300))
        return log_total

    def mean(self, points: FloatArray) -> FloatArray:
        """Return the mean of the standardised loss, weighted over experts and cells."""
        total = np.zeros(len(points))
        n = len(self._points)
        for part, weights in zip(self._parts, self._cell_weights, strict=True):
            expert, whitener, whitened, _ = part
            cross = expert.kernel(points, self._points) @ whitener[:n, :n].T
            total += (expert.mean(points)[:, None] + cross @ whitened) @ weights
        return total


def _expected(z: FloatArray) -> FloatArray:
    """Return the expected improvement in standard deviations: ``phi(z) + z Phi(z)``."""
    density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    far = z < -5.0
    value = density + z * ndtr(z)
    if far.any():
        tail = z[far]
        ratio = np.sqrt(0.5 * np.pi) * erfcx(-tail / np.sqrt(2.0))
        value[far] = density[far] * np.maximum(1.0 + tail * ratio, 1e-16)
    found: FloatArray = np.maximum(value, 0.0)
    return found
