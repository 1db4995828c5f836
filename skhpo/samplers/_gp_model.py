"""Gaussian processes on mixed spaces: kernel, hyperparameters, posterior.

Equation numbers refer to Rasmussen and Williams, "Gaussian processes for machine learning" (2006).
The kernel is Matern's with smoothness 5/2 and one length-scale per parameter. The hyperparameters
maximise the posterior density under weak log-normal priors. All gradients are analytic and computed
by matrix products: no array has more than two axes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, lapack
from scipy.optimize import minimize

from skhpo.distributions import BaseDistribution

__all__ = ["Features", "GaussianProcess", "fit_hyperparameters", "log_posterior"]

FloatArray = NDArray[np.float64]

LENGTHSCALE_PRIOR = (np.log(0.5), 0.7)  # mean and sd of the logarithm; unit: the range
SIGNAL_PRIOR = (0.0, 1.0)  # of the signal's variance; unit: that of the targets
NOISE_PRIOR = (np.log(0.01), 1.5)  # of the noise's variance
LENGTHSCALE_BOUNDS = (0.005, 50.0)
SIGNAL_BOUNDS = (1e-3, 1e3)
NOISE_BOUNDS = (1e-6, 10.0)
MAX_ITERATIONS = 50
MAX_INDICATORS = 50  # with more choices, only those that were tried have their own indicator
N_UNSEEN = 8  # untried choices that the search considers if there are many
MAX_EXCHANGED_CELLS = 32  # an ordered parameter with more values is searched as continuous


class Features:
    """Transform points of the unit cube to features of the kernel.

    An ordered parameter is one feature: its coordinate, moved to the middle of its cell if it is
    discrete. A categorical parameter is a block of indicators times ``sqrt(1/2)``, so the squared
    distance between different choices is 1. If there are more than 50 choices, the untried ones
    share one indicator, so the kernel does not distinguish them.

    Parameters
    ----------
    distributions : sequence of BaseDistribution
        One per dimension.
    tried : ndarray of shape (n_trials, n_dims), optional
        Points of the trials that a model may use. Default: none.
    rng : numpy.random.Generator, optional
        Draws some of the untried choices for the search; required if there are more than 50
        choices.

    Attributes
    ----------
    blocks : ndarray of shape (n_features,)
        The dimension to which each feature belongs.
    relaxed : ndarray of shape (n_relaxed,)
        Continuous or nearly continuous dimensions, which are searched by gradient.
    cells : dict of int to ndarray
        For each other dimension, the unit coordinates of its values; if there are more than 50
        choices, of the tried ones and a few others.
    """

    def __init__(
        self,
        distributions: Sequence[BaseDistribution],
        tried: FloatArray | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.n_dims = len(distributions)
        self._discrete = {
            j: distribution
            for j, distribution in enumerate(distributions)
            if distribution.n_cells is not None or getattr(distribution, "is_discrete", False)
        }
        self._n_choices = {
            j: int(distribution.n_cells or 1)
            for j, distribution in enumerate(distributions)
            if not distribution.is_ordered
        }
        self.ordered = np.array([j for j in range(self.n_dims) if j not in self._n_choices], int)
        self._shown = {
            j: _shown_choices(np.empty(0) if tried is None else tried[:, j], n)
            for j, n in self._n_choices.items()
        }
        repeats = [
            np.full(len(shown) + (len(shown) < self._n_choices[j]), j)
            for j, shown in self._shown.items()
        ]
        self.blocks = np.concatenate([self.ordered, *repeats]).astype(np.int64)
        self.cells = {
            j: distribution.to_unit(distribution.cell_values(np.arange(distribution.n_cells)))
            for j, distribution in self._discrete.items()
            if distribution.n_cells is not None
            and (j in self._n_choices or distribution.n_cells <= MAX_EXCHANGED_CELLS)
            and self._n_choices.get(j, 0) <= MAX_INDICATORS
        }
        for j, n in self._n_choices.items():
            if n > MAX_INDICATORS:
                others = (rng or np.random.default_rng(0)).integers(n, size=N_UNSEEN)
                ranks = np.union1d(self._shown[j], others)
                distribution = distributions[j]
                self.cells[j] = distribution.to_unit(distribution.cell_values(ranks))
        self.relaxed = np.array([j for j in range(self.n_dims) if j not in self.cells], int)

    def snap(self, points: FloatArray) -> FloatArray:
        """Move discrete coordinates to the middle of their cells."""
        snapped = points.copy()
        for j, distribution in self._discrete.items():
            snapped[:, j] = distribution.to_unit(distribution.from_unit(points[:, j]))
        return snapped

    def __call__(self, points: FloatArray) -> FloatArray:
        """Return the features of points, ndarray of shape (n_points, n_features)."""
        indicators = []
        for j, n in self._n_choices.items():
            shown = self._shown[j]
            is_it = np.floor(points[:, j, None] * n) == shown
            if len(shown) < n:
                is_it = np.hstack([is_it, ~is_it.any(axis=1, keepdims=True)])
            indicators.append(np.sqrt(0.5) * is_it)
        return np.hstack([points[:, self.ordered], *indicators])

    def pull_back(self, gradient: FloatArray) -> FloatArray:
        """Convert gradients with respect to features to gradients with respect to points.

        Parameters
        ----------
        gradient : ndarray of shape (n_points, n_features)

        Returns
        -------
        gradient : ndarray of shape (n_points, n_dims)
            0 in the categorical dimensions.
        """
        pulled = np.zeros((len(gradient), self.n_dims))
        pulled[:, self.ordered] = gradient[:, : len(self.ordered)]
        return pulled


def _shown_choices(tried: FloatArray, n_choices: int) -> NDArray[np.int64]:
    """Return the choices with their own indicator: all, or the tried ones if there are many."""
    if n_choices <= MAX_INDICATORS:
        return np.arange(n_choices)
    return np.unique(np.floor(tried[~np.isnan(tried)] * n_choices).astype(np.int64))


class GaussianProcess:
    """A Gaussian process with mean 0, conditioned on targets.

    Parameters
    ----------
    features : ndarray of shape (n_trials, n_features)
        Features of the trials.
    targets : ndarray of shape (n_trials,)
        Standardised losses.
    variance : ndarray of shape (n_trials,)
        Known noise variance of each target, in addition to the common one.
    theta : ndarray of shape (n_dims + 2,)
        Logarithms of the length-scales, the signal variance and the noise variance.
    blocks : ndarray of shape (n_features,)
        Index of each feature's length-scale.

    Attributes
    ----------
    noise : float
        The common noise variance.
    """

    def __init__(
        self,
        features: FloatArray,
        targets: FloatArray,
        variance: FloatArray,
        theta: FloatArray,
        blocks: NDArray[np.int64],
    ) -> None:
        self.inverse_lengthscales = np.exp(-theta[:-2])[blocks]
        self.signal, self.noise = np.exp(theta[-2:])
        self.scaled = features * self.inverse_lengthscales
        kernel, _ = _matern(self.scaled, self.scaled, self.signal)
        kernel[np.diag_indices_from(kernel)] += self.noise + variance
        lower = cholesky(kernel, lower=True, overwrite_a=True, check_finite=False)
        self.whitener, _ = lapack.dtrtri(lower, lower=1)  # inverse of the Cholesky factor
        self.weights = self.whitener.T @ (self.whitener @ targets)

    def posterior(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mean and standard deviation of the function, without noise.

        Parameters
        ----------
        features : ndarray of shape (n_points, n_features)

        Returns
        -------
        mean, sd : ndarray of shape (n_points,)
        """
        kernel, _ = _matern(features * self.inverse_lengthscales, self.scaled, self.signal)
        return kernel @ self.weights, self._sd(kernel @ self.whitener.T)

    def posterior_gradient(
        self, features: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return the mean, the standard deviation and their gradients.

        Returns
        -------
        mean, sd : ndarray of shape (n_points,)
        mean_gradient, sd_gradient : ndarray of shape (n_points, n_features)
        """
        scaled = features * self.inverse_lengthscales
        kernel, slope = _matern(scaled, self.scaled, self.signal)
        whitened = kernel @ self.whitener.T
        sd = self._sd(whitened)
        mean_gradient = self._weighted_gradient(scaled, slope * self.weights)
        half_variance_gradient = -self._weighted_gradient(
            scaled, slope * (whitened @ self.whitener)
        )
        return kernel @ self.weights, sd, mean_gradient, half_variance_gradient / sd[:, None]

    def _sd(self, whitened: FloatArray) -> FloatArray:
        variance = self.signal - np.einsum("ij,ij->i", whitened, whitened)
        sd: FloatArray = np.sqrt(np.maximum(variance, 1e-10 * self.signal))
        return sd

    def _weighted_gradient(self, scaled: FloatArray, slopes: FloatArray) -> FloatArray:
        """Return the gradient of a weighted sum of kernels, from weights times kernel slopes."""
        gradient: FloatArray = slopes @ self.scaled - slopes.sum(axis=1, keepdims=True) * scaled
        return gradient * self.inverse_lengthscales


def fit_hyperparameters(
    features: FloatArray,
    targets: FloatArray,
    variance: FloatArray,
    blocks: NDArray[np.int64],
    *,
    is_noisy: bool = True,
) -> FloatArray:
    """Find the hyperparameters with the largest posterior density.

    The search starts at the mode of the prior, so the result depends only on the data.

    Parameters
    ----------
    features, targets, variance, blocks
        As for :class:`GaussianProcess`.
    is_noisy : bool, default=True
        Whether to fit the common noise. False fixes it at its lower bound.

    Returns
    -------
    theta : ndarray of shape (n_dims + 2,)
        Logarithms of the length-scales, the signal variance and the noise variance.
    """
    start, _ = _prior(int(blocks.max()) + 1)
    bounds = np.log([LENGTHSCALE_BOUNDS] * (len(start) - 2) + [SIGNAL_BOUNDS, NOISE_BOUNDS])
    if not is_noisy:
        bounds[-1, 1] = start[-1] = bounds[-1, 0]

    def loss(theta: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = log_posterior(theta, features, targets, variance, blocks)
        return -value, -gradient

    options = {"maxiter": MAX_ITERATIONS, "gtol": 1e-2, "ftol": 1e-6}
    found = minimize(loss, start, method="L-BFGS-B", jac=True, bounds=bounds, options=options)
    theta: FloatArray = found.x
    return theta


def log_posterior(
    theta: FloatArray,
    features: FloatArray,
    targets: FloatArray,
    variance: FloatArray,
    blocks: NDArray[np.int64],
) -> tuple[float, FloatArray]:
    """Return the hyperparameters' log posterior density, up to a constant, and its gradient.

    Rasmussen and Williams 2006, equations 5.8 and 5.9.

    Returns
    -------
    value : float
    gradient : ndarray of shape (n_dims + 2,)
    """
    inverse_lengthscales = np.exp(-theta[:-2])[blocks]
    signal, noise = np.exp(theta[-2:])
    scaled = features * inverse_lengthscales
    kernel, slope = _matern(scaled, scaled, signal)
    covariance = kernel.copy()
    covariance[np.diag_indices_from(covariance)] += noise + variance
    lower = cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)
    weights = lapack.dpotrs(lower, targets, lower=1)[0]
    inverse = lapack.dpotri(lower, lower=1)[0]
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    value = -0.5 * targets @ weights - np.log(lower.diagonal()).sum()  # eq. 5.8
    sensitivity = np.outer(weights, weights) - inverse  # eq. 5.9: alpha alpha' - K^-1
    weighted = sensitivity * slope
    squares = weighted.sum(axis=1) @ scaled**2
    products = np.einsum("ij,ij->j", scaled, weighted @ scaled)
    gradient = np.empty_like(theta)
    gradient[:-2] = np.bincount(blocks, squares - products, minlength=len(theta) - 2)
    gradient[-2] = 0.5 * np.einsum("ij,ij->", sensitivity, kernel)
    gradient[-1] = 0.5 * noise * np.trace(sensitivity)
    mean, sd = _prior(len(theta) - 2)
    deviation = (theta - mean) / sd
    return value - 0.5 * deviation @ deviation, gradient - deviation / sd


def _prior(n_dims: int) -> tuple[FloatArray, FloatArray]:
    """Return means and standard deviations of the hyperparameters' logarithms."""
    priors = [LENGTHSCALE_PRIOR] * n_dims + [SIGNAL_PRIOR, NOISE_PRIOR]
    mean, sd = np.array(priors).T
    return mean.copy(), sd.copy()


def _matern(a: FloatArray, b: FloatArray, signal: float) -> tuple[FloatArray, FloatArray]:
    """Return Matern's kernel between scaled features, and its slope, as :func:`matern` does."""
    return matern(squared_distances(a, b), signal)


def squared_distances(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the squared distances between the rows of two arrays, of shape (n_a, n_b)."""
    squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2.0 * (a @ b.T)
    distances: FloatArray = np.maximum(squared, 0.0)
    return distances


def matern(squared: FloatArray, signal: float) -> tuple[FloatArray, FloatArray]:
    """Return Matern's kernel with smoothness 5/2 of squared scaled distances, and its slope.

    Returns
    -------
    kernel : ndarray of shape (n_a, n_b)
        ``s (1 + r + r^2 / 3) exp(-r)``, r being sqrt(5) times the distance (eq. 4.17).
    slope : ndarray of shape (n_a, n_b)
        ``s 5/3 (1 + r) exp(-r)``: the kernel's gradient with respect to `a` is ``slope (b - a)``.
    """
    r = np.sqrt(5.0 * squared)
    decay = signal * np.exp(-r)
    slope = decay * (1.0 + r)
    return slope + decay * (r * r / 3.0), slope * (5.0 / 3.0)
