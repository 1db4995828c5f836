"""Losses that are absurdly large or small, made fit for arithmetic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ranked_where_absurd", "shrink"]

FloatArray = NDArray[np.float64]

LIMIT = 2.0**960
FACTOR = 2.0**-60
USUAL = (1e-100, 1e100)  # magnitudes whose squares and quotients are within the range of floats


def shrink(values: FloatArray) -> tuple[FloatArray, float]:
    """Scale values by a power of two if one of the finite ones is huge; otherwise leave them.

    Returns
    -------
    values : ndarray
        Their order and proportions are kept.
    unit : float
        What the values have been divided by.
    """
    largest = np.abs(values, where=np.isfinite(values), out=np.zeros(values.shape)).max(initial=0.0)
    if largest <= LIMIT:
        return values, 1.0
    return values * FACTOR, 1.0 / FACTOR


def ranked_where_absurd(losses: FloatArray) -> FloatArray:
    """Replace the losses of an objective by their ranks if their size or spread is absurd.

    Parameters
    ----------
    losses : ndarray of shape (n_points, n_objectives)

    Returns
    -------
    losses : ndarray of shape (n_points, n_objectives)
        Infinite ones stay as they are.
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
