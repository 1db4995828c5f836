"""How far losses are alike along each parameter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import minimize

from skhpo.priors._units import Unit
from skhpo.samplers._gp_model import matern, squared_distances

__all__ = ["fit_lengthscales"]

FloatArray = NDArray[np.float64]

START = 0.5
MEAN, SD = np.log(0.7), 0.7  # of the logarithm, before the data
BOUNDS = np.log([0.15, 10.0])


def fit_lengthscales(
    units: Sequence[Unit], coordinates: FloatArray, losses: FloatArray
) -> FloatArray:
    """Return the length-scales under which the losses of all datasets are most likely.

    The losses of each dataset are an independent draw from one Gaussian process with Matern's
    kernel; signal and noise are fitted too.

    Parameters
    ----------
    units : sequence of Unit
        The parameters.
    coordinates : ndarray of shape (n_configurations, n_coordinates)
    losses : ndarray of shape (n_datasets, n_configurations)
        Standardised losses.

    Returns
    -------
    ndarray of shape (n_units,)
    """
    widths = [unit.width for unit in units]
    centred = losses - losses.mean(axis=1, keepdims=True)
    products = centred.T @ centred / len(losses)

    def cost(theta: FloatArray) -> float:
        scaled = coordinates / np.repeat(np.exp(theta[:-2]), widths)
        signal, noise = np.exp(theta[-2:])
        kernel, _ = matern(squared_distances(scaled, scaled), signal)
        kernel[np.diag_indices_from(kernel)] += noise
        try:
            factor = cho_factor(kernel, lower=True)
        except LinAlgError:
            return 1e10
        log_determinant = 2.0 * np.log(factor[0].diagonal()).sum()
        fit = np.trace(cho_solve(factor, products))
        penalty = (((theta[:-2] - MEAN) / SD) ** 2).sum() / len(losses)
        return float(0.5 * (log_determinant + fit + penalty))

    start = np.append(np.full(len(units), np.log(START)), np.log([1.0, 0.05]))
    bounds = [tuple(BOUNDS)] * len(units) + [(-5.0, 5.0), (-9.0, 1.0)]
    found = minimize(cost, start, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60})
    lengthscales: FloatArray = np.exp(found.x[:-2])
    return lengthscales
