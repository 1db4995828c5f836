"""Pareto dominance: non-domination ranks and crowding distances."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skhpo.multi_objective._shrink import shrink

__all__ = ["crowding_distance", "is_nondominated", "nondomination_rank"]

FloatArray = NDArray[np.float64]

BLOCK = 128  # number of points compared with all others at once; bounds the memory


def is_nondominated(losses: ArrayLike) -> NDArray[np.bool_]:
    """Return which points are non-dominated.

    A point dominates another if it is no worse in any objective and better in at least one.
    Equal points do not dominate each other.

    Parameters
    ----------
    losses : array-like of shape (n_points, n_objectives)
        Smaller is better; NaN counts as infinite.

    Returns
    -------
    mask : ndarray of bool of shape (n_points,)

    Examples
    --------
    >>> from skhpo.multi_objective import is_nondominated
    >>> is_nondominated([[1, 3], [2, 2], [3, 3]]).tolist()
    [True, True, False]
    """
    unique, inverse = np.unique(without_nan(losses), axis=0, return_inverse=True)
    mask: NDArray[np.bool_] = _front_of_sorted(unique)[inverse.reshape(-1)]
    return mask


def without_nan(losses: ArrayLike) -> FloatArray:
    """Return losses as floats, with infinity for NaN."""
    points = np.asarray(losses, dtype=float)
    return np.where(np.isnan(points), np.inf, points)


def _front_of_sorted(points: FloatArray) -> NDArray[np.bool_]:
    """Mark the front of distinct points in lexicographic order: only earlier ones can dominate."""
    n_points, n_objectives = points.shape
    if n_objectives == 1 or n_points <= 1:
        first: NDArray[np.bool_] = np.arange(n_points) == 0
        return first
    if n_objectives == 2:
        best_before = np.minimum.accumulate(points[:, 1])[:-1]
        return np.concatenate([[True], points[1:, 1] < best_before])
    mask = np.zeros(n_points, dtype=bool)
    left = np.arange(n_points)
    while len(left):
        block, left = left[:BLOCK], left[BLOCK:]
        is_first = ~np.triu(_covers(points[block], points[block]), 1).any(axis=0)
        mask[block[is_first]] = True
        left = left[~_covers(points[block[is_first]], points[left]).any(axis=0)]
    return mask


def _covers(points: FloatArray, others: FloatArray) -> NDArray[np.bool_]:
    """Return whether points (rows) are <= others (columns) in all losses but the first."""
    covers = np.ones((len(points), len(others)), dtype=bool)
    for values, other_values in zip(points.T[1:], others.T[1:], strict=True):
        covers &= values[:, None] <= other_values
    return covers


def nondomination_rank(
    losses: ArrayLike, violation: ArrayLike | None = None, n_below: int | None = None
) -> NDArray[np.int64]:
    """Rank points by fronts: 0 for the non-dominated points, 1 for the next front, and so on.

    Parameters
    ----------
    losses : array-like of shape (n_points, n_objectives)
        Smaller is better; NaN counts as infinite.
    violation : array-like of shape (n_points,), optional
        Constraint violation of each point; feasible points have 0 or less. Infeasible points rank
        after all others, ordered by violation ("constrained domination", Deb et al. 2002,
        section VI).
    n_below : int, optional
        Stop when at least this number of points is ranked; the others share the next rank.

    Returns
    -------
    rank : ndarray of int of shape (n_points,)

    References
    ----------
    K. Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE
    Transactions on Evolutionary Computation 6 (2002).

    Examples
    --------
    >>> from skhpo.multi_objective import nondomination_rank
    >>> nondomination_rank([[1, 3], [2, 2], [3, 3], [4, 4]]).tolist()
    [0, 0, 1, 2]
    """
    points = without_nan(losses)
    n_wanted = len(points) if n_below is None else min(n_below, len(points))
    if violation is None:
        return _ranks(points, n_wanted)
    broken = np.maximum(np.asarray(violation, dtype=float), 0.0)
    feasible = broken == 0.0
    rank = np.zeros(len(points), dtype=np.int64)
    rank[feasible] = _ranks(points[feasible], min(n_wanted, int(feasible.sum())))
    _, by_violation = np.unique(broken[~feasible], return_inverse=True)
    first = rank[feasible].max() + 1 if feasible.any() else 0
    rank[~feasible] = first + by_violation.reshape(-1)
    return rank


def _ranks(points: FloatArray, n_wanted: int) -> NDArray[np.int64]:
    unique, inverse, counts = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    inverse = inverse.reshape(-1)
    if points.shape[1] == 1:  # each distinct loss is a front
        last = np.searchsorted(np.cumsum(counts), n_wanted) + 1 if n_wanted else 0
        return np.minimum(inverse, last)
    rank = np.zeros(len(unique), dtype=np.int64)
    left = np.arange(len(unique))
    n_ranked, front = 0, 0
    while len(left) and n_ranked < n_wanted:
        is_front = _front_of_sorted(unique[left])
        rank[left[is_front]] = front
        n_ranked += int(counts[left[is_front]].sum())
        left, front = left[~is_front], front + 1
    rank[left] = front
    by_point: NDArray[np.int64] = rank[inverse]
    return by_point


def crowding_distance(losses: ArrayLike) -> FloatArray:
    """Return the crowding distance of each point of a front.

    Parameters
    ----------
    losses : array-like of shape (n_points, n_objectives)
        The points of one front; NaN counts as infinite.

    Returns
    -------
    distance : ndarray of shape (n_points,)
        Sum over the objectives of the distance between a point's two neighbours, relative to the
        range; inf for the extreme points.

    References
    ----------
    K. Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE
    Transactions on Evolutionary Computation 6 (2002), section III B.

    Examples
    --------
    >>> from skhpo.multi_objective import crowding_distance
    >>> crowding_distance([[0, 4], [1, 1], [4, 0]]).tolist()
    [inf, 2.0, inf]
    """
    points, _ = shrink(without_nan(losses))
    distance = np.zeros(len(points))
    for values in points.T:
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        finite = ordered[np.isfinite(ordered)]
        span = finite[-1] - finite[0] if len(finite) else 0.0
        distance[order[:1]] = distance[order[-1:]] = np.inf
        if span > 0.0:
            with np.errstate(invalid="ignore", over="ignore"):  # inf - inf, or a tiny span
                gap = (ordered[2:] - ordered[:-2]) / span
            distance[order[1:-1]] += np.nan_to_num(gap, nan=0.0, posinf=np.inf)
    return distance
