"""What is known of an estimator's losses before its first candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from skhpo.priors._units import DataTraits, Unit
from skhpo.samplers._gp_model import matern, squared_distances

__all__ = ["LossFunctions", "Prior", "standardised"]

FloatArray = NDArray[np.float64]

RANK = 6  # directions in which the losses on two datasets differ
WORST = 4.0  # a standardised loss is at most this
BEST_SHARE = 0.05
RIDGE = 0.05  # noise of a standardised loss, for the interpolation between configurations


@dataclass(frozen=True)
class Prior:
    """The losses of one estimator's configurations on several datasets.

    Parameters
    ----------
    name : str
        Name of the estimator's class.
    units : tuple of Unit
        The parameters, and how they are measured.
    coordinates : ndarray of shape (n_configurations, n_coordinates)
        The configurations, in the units.
    tables : dict of str to ndarray of shape (n_datasets, n_configurations)
        For each metric the standardised losses: 0 is the median configuration of a dataset, -1
        one that is better than 95 % of them.
    lengthscales : ndarray of shape (n_units,)
        How far the losses are alike along each parameter.
    requires : dict of str to object
        Values of other parameters for which the losses were measured.
    about : dict of str to object
        Where the numbers come from.

    References
    ----------
    Z. Wang et al., "Pre-trained Gaussian processes for Bayesian optimization", JMLR 25 (2024).

    Examples
    --------
    >>> from skhpo.priors import known_prior
    >>> prior = known_prior("SVC")
    >>> n_datasets, n_configurations = prior.tables["accuracy"].shape
    >>> [unit.name for unit in prior.units]
    ['C', 'gamma', 'class_weight']
    """

    name: str
    units: tuple[Unit, ...]
    coordinates: FloatArray
    tables: Mapping[str, FloatArray]
    lengthscales: FloatArray
    requires: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def scales(self) -> FloatArray:
        """The length-scale of each coordinate."""
        return np.repeat(self.lengthscales, [unit.width for unit in self.units])

    @cached_property
    def _smoother(self) -> FloatArray:
        """The matrix that turns values at the configurations into weights of their kernels."""
        scaled = self.coordinates / self.scales
        kernel, _ = matern(squared_distances(scaled, scaled), 1.0)
        kernel[np.diag_indices_from(kernel)] += RIDGE
        inverse: FloatArray = cho_solve(cho_factor(kernel, lower=True), np.eye(len(kernel)))
        return inverse

    def functions(self, metric: str) -> LossFunctions:
        """Return the mean and the covariance of the losses as smooth functions."""
        losses = np.asarray(self.tables[metric], dtype=float)
        n_datasets = len(losses)
        mean = losses.mean(axis=0)
        _, sizes, directions = np.linalg.svd(losses - mean, full_matrices=False)
        rank = min(RANK, n_datasets - 1)
        spread = sizes[:rank] / np.sqrt(max(n_datasets - 1, 1))
        basis = directions[:rank].T * spread
        level = float(mean.mean())
        values = np.column_stack([mean - level, basis])
        return LossFunctions(self, self._smoother @ values, level, self._smoother @ losses.T)


@dataclass(frozen=True)
class LossFunctions:
    """Smooth functions of a configuration: the mean loss, and how datasets differ from it.

    Parameters
    ----------
    prior : Prior
        The configurations.
    weights : ndarray of shape (n_configurations, 1 + rank)
        Weights of the kernels for the mean and for each direction.
    level : float
        Average of the mean.
    of_datasets : ndarray of shape (n_configurations, n_datasets)
        Weights of the kernels for each dataset.
    """

    prior: Prior
    weights: FloatArray
    level: float
    of_datasets: FloatArray

    def __call__(self, coordinates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mean, and directions whose products are the covariance.

        Parameters
        ----------
        coordinates : ndarray of shape (n_points, n_coordinates)

        Returns
        -------
        mean : ndarray of shape (n_points,)
        basis : ndarray of shape (n_points, rank)
        """
        values = self._kernel(coordinates) @ self.weights
        return values[:, 0] + self.level, values[:, 1:]

    def on_datasets(self, coordinates: FloatArray) -> FloatArray:
        """Return the losses on each dataset, of shape (n_points, n_datasets)."""
        return self._kernel(coordinates) @ self.of_datasets

    def _kernel(self, coordinates: FloatArray) -> FloatArray:
        scales = self.prior.scales
        squared = squared_distances(coordinates / scales, self.prior.coordinates / scales)
        return matern(squared, 1.0)[0]


def standardised(losses: FloatArray) -> FloatArray:
    """Return losses as multiples of the distance between the median and a very good one.

    Parameters
    ----------
    losses : ndarray of shape (n_datasets, n_configurations)
        NaN where a configuration failed.

    Returns
    -------
    ndarray of shape (n_datasets, n_configurations)
        Losses above the median are compressed logarithmically.
    """
    middle = np.nanmedian(losses, axis=1, keepdims=True)
    best = np.nanquantile(losses, BEST_SHARE, axis=1, keepdims=True)
    unit = np.maximum(middle - best, 1e-9)
    linear = np.nan_to_num((losses - middle) / unit, nan=np.inf)
    worse = np.log1p(np.maximum(linear, 0.0))
    return np.clip(np.where(linear <= 0.0, linear, worse), -WORST, WORST)


def encode(
    units: Sequence[Unit], configurations: Sequence[Mapping[str, Any]], traits: DataTraits
) -> FloatArray:
    """Return configurations in the units of a prior, of shape (n, n_coordinates)."""
    blocks = [
        unit.encode([params[unit.name] for params in configurations], traits) for unit in units
    ]
    return np.hstack(blocks)
