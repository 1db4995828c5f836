"""Predict which points are likely to fail from the trials near them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skhpo.history import Columns
from skhpo.trial import TrialState

__all__ = ["has_failures", "is_likely_to_fail", "likely_last"]

FloatArray = NDArray[np.float64]

MAX_TRIALS = 1000  # the newest


def has_failures(columns: Columns) -> bool:
    """Return whether any trial with these parameters has failed."""
    return bool((columns.history.state[columns.unknown] == TrialState.FAIL).any())


def likely_last(points: FloatArray, columns: Columns) -> FloatArray:
    """Move points that are likely to fail to the end; keep the order if no trial has failed.

    A point is likely to fail if the trial nearest to it has failed.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_params)
        Points in the unit cube.
    columns : Columns
        The trials.

    Returns
    -------
    points : ndarray of shape (n_points, n_params)
        The points, otherwise in their original order.
    """
    if len(points) < 2 or not has_failures(columns):
        return points
    return points[np.argsort(is_likely_to_fail(points, columns), kind="stable")]


def is_likely_to_fail(points: FloatArray, columns: Columns) -> NDArray[np.bool_]:
    """Return whether the trial nearest to each point has failed; one must have finished."""
    rows = columns.finished[-MAX_TRIALS:]
    has_failed = columns.history.state[rows] == TrialState.FAIL
    distance = np.zeros((len(points), len(rows)))
    for j, distribution in enumerate(columns.distributions):
        own, others = points[:, [j]], columns.points[rows, j]
        if distribution.is_ordered:
            distance += (own - others) ** 2
        else:
            cell = distribution.to_unit(distribution.from_unit(own))
            distance += ~np.isclose(cell, others, rtol=0.0, atol=1e-9)
    nearest: NDArray[np.bool_] = has_failed[distance.argmin(axis=1)]
    return nearest
