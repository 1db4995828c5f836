"""A model of one objective among several that starts from what is known of other data.

The standardised losses of the trials are ``c + s t(x)`` with an unknown constant c and an unknown
scale s. The loss t has a learned mean and a learned low-rank covariance, plus a Matern kernel for
what these leave open, as in ``_gp_prior``. The hypervolume improvement needs a mean and a variance
of each objective, so hypotheses are averaged: several scales, each with the learned mean and
without it, and the plain process, weighted by the marginal likelihood of the losses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, lapack

from skhpo.samplers._gp_model import Features, GaussianProcess, matern, squared_distances
from skhpo.samplers._gp_prior import (
    ODDS,
    ODDS_OF_COVARIANCE,
    ODDS_OF_PLAIN,
    RESIDUAL_LENGTHSCALE,
    LearnedLoss,
)

__all__ = ["InformedProcess", "posteriors"]

FloatArray = NDArray[np.float64]
Learned = tuple[FloatArray, FloatArray]

SCALES = (0.25, 0.5, 1.0, 2.0)  # of the learned loss, in standard deviations of the losses
CONSTANT = 4.0  # variance of the unknown constant
NEGLIGIBLE = 1e-4  # hypotheses with less than this share of the best one's weight are left out
SMALLEST_VARIANCE = 1e-10


@dataclass(frozen=True)
class _Hypothesis:
    """A hypothesis, and its share before the first trial.

    Attributes
    ----------
    odds : float
        The share.
    source : int or None
        The learned loss; None is the plain process.
    scale : float
        The scale of the learned loss.
    slope : float
        Factor of the learned mean: the scale, or 0 to leave it out.
    """

    odds: float
    source: int | None = None
    scale: float = 0.0
    slope: float = 0.0


@dataclass(frozen=True)
class _Part:
    """A hypothesis, conditioned on the trials.

    Attributes
    ----------
    hypothesis : _Hypothesis
        The hypothesis.
    weight : float
        Its share after the trials.
    whitener : ndarray of shape (n_trials, n_trials)
        Inverse of the Cholesky factor of the covariance.
    whitened : ndarray of shape (n_trials,)
        The targets, less their mean, multiplied by it.
    """

    hypothesis: _Hypothesis
    weight: float
    whitener: FloatArray
    whitened: FloatArray


class InformedProcess:
    """Hypotheses on an objective, weighted by the evidence.

    Parameters
    ----------
    sources : sequence of LearnedLoss
        What is known of the parameters, one or several times.
    features : Features
        Transforms points to features.
    points : ndarray of shape (n_trials, n_dims)
        The trials.
    targets : ndarray of shape (n_trials,)
        Their standardised losses.
    variance : ndarray of shape (n_trials,)
        Known noise variance of each target, in addition to the common one.
    theta : ndarray of shape (n_dims + 2,)
        Hyperparameters of the plain process.

    Attributes
    ----------
    noise : float
        The common noise variance.
    share_of_plain : float
        The weight of the plain process.
    """

    def __init__(
        self,
        sources: Sequence[LearnedLoss],
        features: Features,
        points: FloatArray,
        targets: FloatArray,
        variance: FloatArray,
        theta: FloatArray,
    ) -> None:
        self._sources = sources
        self._features = features
        self._inverse = np.exp(-theta[:-2])[features.blocks]
        self._signal, self.noise = (float(value) for value in np.exp(theta[-2:]))
        self._known = features(points)
        self._learned = [source(points) for source in sources]
        diagonal = self.noise + variance
        parts = [self._condition(one, targets, diagonal) for one in _hypotheses(len(sources))]
        evidence = np.array([logarithm for *_, logarithm in parts])
        weights = np.exp(evidence - evidence.max())
        weights /= weights.sum()
        self.share_of_plain = float(weights[0])
        self._parts = [
            _Part(hypothesis, float(weight), whitener, whitened)
            for (hypothesis, whitener, whitened, _), weight in zip(parts, weights, strict=True)
            if weight > NEGLIGIBLE * weights.max()
        ]

    def _condition(
        self, hypothesis: _Hypothesis, targets: FloatArray, diagonal: FloatArray
    ) -> tuple[_Hypothesis, FloatArray, FloatArray, float]:
        """Return what a hypothesis predicts with, and the logarithm of its evidence."""
        kernel = self._kernel(hypothesis, self._known, self._learned)
        kernel[np.diag_indices_from(kernel)] += diagonal
        lower = cholesky(kernel, lower=True, check_finite=False)
        whitener, _ = lapack.dtrtri(lower, lower=1)
        whitened = whitener @ (targets - self._mean(hypothesis, self._learned))
        likelihood = -0.5 * whitened @ whitened - np.log(lower.diagonal()).sum()
        return hypothesis, whitener, whitened, float(likelihood + np.log(hypothesis.odds))

    def _kernel(
        self, hypothesis: _Hypothesis, features: FloatArray, learned: Sequence[Learned]
    ) -> FloatArray:
        """Return the covariance of points with the trials, (n_points, n_trials)."""
        k = hypothesis.source
        if k is None:
            squared = squared_distances(features * self._inverse, self._known * self._inverse)
            return matern(squared, self._signal)[0]
        squared = squared_distances(features, self._known) / RESIDUAL_LENGTHSCALE**2
        shared: FloatArray = learned[k][1] @ self._learned[k][1].T
        residual = matern(squared, self._sources[k].residual)[0]
        return CONSTANT + hypothesis.scale**2 * (shared + residual)

    def _variance(self, hypothesis: _Hypothesis, learned: Sequence[Learned]) -> FloatArray | float:
        """Return the variance at points before the first trial."""
        k = hypothesis.source
        if k is None:
            return self._signal
        shared: FloatArray = (learned[k][1] ** 2).sum(axis=1)
        return CONSTANT + hypothesis.scale**2 * (shared + self._sources[k].residual)

    @staticmethod
    def _mean(hypothesis: _Hypothesis, learned: Sequence[Learned]) -> FloatArray | float:
        """Return the mean at points before the first trial."""
        k = hypothesis.source
        return 0.0 if k is None else hypothesis.slope * learned[k][0]

    def posterior_at(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mean and the standard deviation of the objective, without noise.

        Parameters
        ----------
        points : ndarray of shape (n_points, n_dims)
            Points of the unit cube.

        Returns
        -------
        mean, sd : ndarray of shape (n_points,)
        """
        features = self._features(points)
        learned = [source(points) for source in self._sources]
        mean, square = np.zeros((2, len(points)))
        for part in self._parts:
            cross = self._kernel(part.hypothesis, features, learned) @ part.whitener.T
            own = cross @ part.whitened + self._mean(part.hypothesis, learned)
            variance = self._variance(part.hypothesis, learned) - (cross * cross).sum(axis=1)
            mean += part.weight * own
            square += part.weight * (np.maximum(variance, SMALLEST_VARIANCE) + own * own)
        return mean, np.sqrt(np.maximum(square - mean * mean, SMALLEST_VARIANCE))


def _hypotheses(n_sources: int) -> Iterator[_Hypothesis]:
    """Yield all hypotheses, the plain process first."""
    yield _Hypothesis(ODDS_OF_PLAIN)
    share = 1.0 / (n_sources * len(SCALES))
    for k in range(n_sources):
        for scale in SCALES:
            yield _Hypothesis(ODDS * share, k, scale, scale)
            yield _Hypothesis(ODDS_OF_COVARIANCE * share, k, scale)


def posteriors(
    models: Sequence[GaussianProcess | InformedProcess],
    transform: Callable[[FloatArray], FloatArray],
    points: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the means and the standard deviations of several models.

    Parameters
    ----------
    models : sequence of GaussianProcess or InformedProcess
        The models.
    transform : callable
        Transforms points to features.
    points : ndarray of shape (n_points, n_dims)
        Points of the unit cube.

    Returns
    -------
    mean, sd : ndarray of shape (n_points, n_models)
    """
    features = transform(points)
    each = [
        model.posterior_at(points)
        if isinstance(model, InformedProcess)
        else model.posterior(features)
        for model in models
    ]
    mean, sd = (np.column_stack(columns) for columns in zip(*each, strict=True))
    return mean, sd
