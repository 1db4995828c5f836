"""The choice of one point of a front: its knee, or the best weighted sum."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skhpo.multi_objective._dominance import is_nondominated
from skhpo.multi_objective._shrink import shrink

__all__ = ["knee", "weighted_choice"]

FloatArray = NDArray[np.float64]

TOLERANCE = 1e-9  # scaled distances that differ by less count as equal
FARTHEST = 1e100  # scaled loss of a point far behind the front that gives the scales


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
    return int(order_by_knee(losses)[0])


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
    return int(order_by_weights(losses, weights)[0])


def order_by_knee(losses: ArrayLike, scale: ArrayLike | None = None) -> NDArray[np.intp]:
    """Return the indices of a front: first the knee, then what comes nearest to it in depth.

    Parameters
    ----------
    losses : array-like of shape (n_points, n_objectives)
        Smaller is better.
    scale : array-like of shape (n_others, n_objectives), optional
        Losses whose front determines the scales and the hyperplane. Default: `losses`.

    Returns
    -------
    order : ndarray of int of shape (n_front,)
    """
    front, scaled, others = _scaled_front(losses, scale)
    distance = -np.linalg.norm(scaled, axis=1)
    normal = _normal_of_extremes(others)
    if normal is not None and (1.0 - others @ normal).max() > TOLERANCE * np.linalg.norm(normal):
        distance = (1.0 - scaled @ normal) / np.linalg.norm(normal)
    return front[_largest_first(distance)]


def order_by_weights(
    losses: ArrayLike, weights: ArrayLike, scale: ArrayLike | None = None
) -> NDArray[np.intp]:
    """Return the indices of a front, sorted by the weighted sum of its losses.

    Parameters
    ----------
    losses : array-like of shape (n_points, n_objectives)
        Smaller is better.
    weights : array-like of shape (n_objectives,)
        Weight of each objective.
    scale : array-like of shape (n_others, n_objectives), optional
        Losses whose front determines the scales. Default: `losses`.

    Returns
    -------
    order : ndarray of int of shape (n_front,)
    """
    front, scaled, _ = _scaled_front(losses, scale)
    shares = _checked_weights(weights, scaled.shape[1])
    return front[_largest_first(-scaled @ shares)]


def _scaled_front(
    losses: ArrayLike, scale: ArrayLike | None
) -> tuple[NDArray[np.intp], FloatArray, FloatArray]:
    """Return the indices of the front, and the losses of two fronts.

    In both, 0 is the ideal and 1 the nadir of the second front, which is that of `scale`.
    """
    points = np.asarray(losses, dtype=float)
    if points.ndim != 2:
        raise ValueError(f"`losses` must have shape (n_points, n_objectives); got {points.shape}.")
    front = _finite_front(points)
    others = points[front]
    if scale is not None:
        others = np.asarray(scale, dtype=float)
        others = others[_finite_front(others)]
    together, _ = shrink(np.vstack([points[front], others]))
    own, others = together[: len(front)], together[len(front) :]
    ideal, nadir = others.min(axis=0), others.max(axis=0)
    span = np.where(nadir > ideal, nadir - ideal, 1.0)
    with np.errstate(over="ignore"):
        scaled = np.clip((own - ideal) / span, -FARTHEST, FARTHEST)
    return front, scaled, (others - ideal) / span


def _finite_front(points: FloatArray) -> NDArray[np.intp]:
    finite = np.flatnonzero(np.isfinite(points).all(axis=1))
    if len(finite) == 0 or points.shape[1] == 0:
        raise ValueError("`losses` must have a point with a finite loss in each objective.")
    return finite[is_nondominated(points[finite])]


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


def _largest_first(values: FloatArray) -> NDArray[np.intp]:
    """Return the order of values; among those near the largest, the first one comes first."""
    first = np.flatnonzero(values >= values.max() - TOLERANCE)[0]
    order = np.argsort(-values, kind="stable")
    return np.concatenate([[first], order[order != first]])


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
