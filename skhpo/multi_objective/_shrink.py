"""Scaling or ranking of extremely large or small losses, so that arithmetic is safe."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ranked_where_absurd", "shrink"]

FloatArray = NDArray[np.float64]

LIMIT = 2.0**960
FACTOR = 2.0**-60
USUAL = (1e-100, 1e100)  # magnitudes whose squares and quotients fit into floats


def shrink(values: FloatArray) -> tuple[FloatArray, float]:
    """Scale values by a power of two if a finite one is huge; otherwise return them unchanged.

    Returns
    -------
    values : ndarray
        The values, with the same order and proportions.
    unit : float
        The divisor of the values.
    """
    if np.abs(values).max(initial=0.0) <= LIMIT:  # the usual case, in which all are finite
        return values, 1.0
    largest = np.abs(values, where=np.isfinite(values), out=np.zeros(values.shape)).max(initial=0.0)
    if largest <= LIMIT:
        return values, 1.0
    return values * FACTOR, 1.0 / FACTOR


def ranked_where_absurd(losses: FloatArray) -> FloatArray:
    """Replace the losses of an objective by their ranks if their size or spread is extreme.

    Parameters
    ----------
    losses : ndarray of shape (n_points, n_objectives)

    Returns
    -------
    losses : ndarray of shape (n_points, n_objectives)
        The losses or ranks; infinite losses are unchanged.
    """
    ranked = losses.astype(float)
    for values in ranked.T:
        is_finite = np.isfinite(values)
        distinct, ranks = np.unique(values[is_finite], return_inverse=True)
        if len(distinct) == 0:
            continue
        halves = distinct / 2
        spread = halves[-1] - halves[0]
        largest = max(abs(halves[0]), abs(halves[-1]))
        if largest > USUAL[1] or 0.0 < spread < USUAL[0]:
            values[is_finite] = ranks.reshape(-1)
    return ranked
