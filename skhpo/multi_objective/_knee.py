"""The choice of one point of a front: its knee, or the best weighted sum."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skhpo.multi_objective._dominance import is_nondominated
from skhpo.multi_objective._shrink import shrink

__all__ = ["knee", "weighted_choice"]

FloatArray = NDArray[np.float64]

TOLERANCE = 1e-9  # scaled distances that differ by less count as equal


def knee(losses: ArrayLike) -> int:
    """Return the index of the knee of a front, the point with the best trade-off.

    Parameters
    ----------
    losses : array-like of shape (n_points, n_objectives)
        Smaller is better. Dominated points, and those with an unknown or infinite loss, are never
        chosen.

    Returns
    -------
    index : int
        Index of the knee. Ties are broken by index.

    Raises
    ------
    ValueError
        If no point has finite losses in all objectives.

    Notes
    -----
    Objectives are scaled to [0, 1] over the front, from the ideal point (the best of each) to the
    nadir point (the worst). A hyperplane passes through the extreme points, which are best in one
    objective. The knee is the point farthest below it [1]_. With two objectives, the hyperplane
    is the line between the two ends.

    A front has no knee if it has fewer than three points, if the extreme points do not determine
    a hyperplane that faces the ideal point, or if no point lies below it. Then the point nearest
    to the ideal point is returned. Objectives that are constant over the front are ignored.

    References
    ----------
    .. [1] I. Das, "On characterizing the 'knee' of the Pareto curve based on normal-boundary
       intersection", Structural Optimization 18 (1999).

    Examples
    --------
    >>> from skhpo.multi_objective import knee
    >>> knee([[0.0, 10.0], [1.0, 2.0], [5.0, 1.0], [10.0, 0.0]])
    1
    """
    front, scaled = _scaled_front(losses)
    distance = -np.linalg.norm(scaled, axis=1)
    normal = _normal_of_extremes(scaled)
    if normal is not None:
        depth = (1.0 - scaled @ normal) / np.linalg.norm(normal)
        if depth.max() > TOLERANCE:
            distance = depth
    return int(front[_first_largest(distance)])


def weighted_choice(losses: ArrayLike, weights: ArrayLike) -> int:
    """Return the index of the point of a front with the smallest weighted sum of losses.

    Parameters
    ----------
    losses : array-like of shape (n_points, n_objectives)
        Smaller is better. Dominated points, and those with an unknown or infinite loss, are never
        chosen.
    weights : array-like of shape (n_objectives,)
        Weight of each objective, after scaling to [0, 1] over the front. Weights must be 0 or
        more, and not all 0. Only their proportions matter.

    Returns
    -------
    index : int
        Index of the point. Ties are broken by index.

    Raises
    ------
    ValueError
        If the weights are invalid, or no point has finite losses in all objectives.

    Notes
    -----
    With two objectives and equal weights this is the knee of the front, if it has one.

    Examples
    --------
    >>> from skhpo.multi_objective import weighted_choice
    >>> losses = [[0.0, 10.0], [1.0, 2.0], [5.0, 1.0], [10.0, 0.0]]
    >>> weighted_choice(losses, [1, 1]), weighted_choice(losses, [1, 20])
    (1, 3)
    """
    front, scaled = _scaled_front(losses)
    shares = _checked_weights(weights, scaled.shape[1])
    return int(front[_first_largest(-scaled @ shares)])


def _scaled_front(losses: ArrayLike) -> tuple[NDArray[np.intp], FloatArray]:
    """Return the indices of the front, and its losses from 0 (ideal) to 1 (nadir)."""
    points = np.asarray(losses, dtype=float)
    if points.ndim != 2:
        raise ValueError(f"`losses` must have shape (n_points, n_objectives); got {points.shape}.")
    finite = np.flatnonzero(np.isfinite(points).all(axis=1))
    if len(finite) == 0 or points.shape[1] == 0:
        raise ValueError("`losses` must have a point with a finite loss in each objective.")
    front = finite[is_nondominated(points[finite])]
    points, _ = shrink(points)
    ideal, nadir = points[front].min(axis=0), points[front].max(axis=0)
    span = np.where(nadir > ideal, nadir - ideal, 1.0)
    scaled: FloatArray = (points[front] - ideal) / span
    return front, scaled


def _normal_of_extremes(scaled: FloatArray) -> FloatArray | None:
    """Solve ``x @ normal == 1`` for the extreme points x, in the objectives that vary.

    Return None if there is no solution, or one that would prefer a larger loss.
    """
    varies = scaled.max(axis=0) > 0.0
    if not varies.any():
        return None
    points = scaled[:, varies]
    # Among the points that are best in an objective, take the one that is best in the others.
    extremes = points[[np.lexsort((points.sum(axis=1), values))[0] for values in points.T]]
    if np.linalg.matrix_rank(extremes, tol=TOLERANCE) < len(extremes):
        return None
    normal = np.zeros(scaled.shape[1])
    normal[varies] = np.linalg.solve(extremes, np.ones(len(extremes)))
    return normal if (normal[varies] > 0.0).all() else None


def _first_largest(values: FloatArray) -> int:
    return int(np.flatnonzero(values >= values.max() - TOLERANCE)[0])


def _checked_weights(weights: ArrayLike, n_objectives: int) -> FloatArray:
    """Return the weights, normalised to sum 1."""
    given = np.asarray(weights, dtype=float)
    if given.shape != (n_objectives,):
        raise ValueError(
            f"`weights` must hold one number for each of the {n_objectives} objectives; "
            f"got {weights!r}."
        )
    if not (np.isfinite(given).all() and (given >= 0.0).all() and given.any()):
        raise ValueError(f"`weights` must be 0 or more, and not all 0; got {weights!r}.")
    shares: FloatArray = given / given.max()  # so that the sum stays finite
    shares /= shares.sum()
    return shares
