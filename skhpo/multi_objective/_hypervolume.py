"""Exact hypervolume, contributions of points, and greedy subset selection."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skhpo.multi_objective._boxes import volume_by_boxes
from skhpo.multi_objective._dominance import _front_of_sorted, is_nondominated, without_nan

__all__ = [
    "hypervolume",
    "hypervolume_contributions",
    "reference_point",
    "select_by_hypervolume",
]

FloatArray = NDArray[np.float64]

USUAL_EXPONENT = 200  # power of two; products of a few such numbers fit into floats
LARGEST = np.finfo(float).max


def hypervolume(losses: ArrayLike, reference_point: ArrayLike) -> float:
    """Return the hypervolume dominated by points and bounded by a reference point.

    Parameters
    ----------
    losses : array-like of shape (n_points, n_objectives)
        Smaller is better.
    reference_point : array-like of shape (n_objectives,)
        Points that are not better than the reference in all objectives contribute nothing.

    Returns
    -------
    volume : float

    Notes
    -----
    The algorithm is a sweep for two objectives and slicing for three. For more, it sweeps over
    one objective and represents the dominated region of the others as disjoint boxes. With four
    objectives, the number of boxes is proportional to that of the points; it grows steeply with
    each further objective.

    References
    ----------
    R. Lacour, K. Klamroth and C. M. Fonseca, "A box decomposition algorithm to compute the
    hypervolume indicator", Computers & Operations Research 79 (2017).

    Examples
    --------
    >>> from skhpo.multi_objective import hypervolume
    >>> hypervolume([[1, 2], [2, 1]], reference_point=[3, 3])
    3.0
    """
    points = np.asarray(losses, dtype=float)
    reference = np.asarray(reference_point, dtype=float)
    if points.ndim != 2 or reference.shape != points.shape[1:]:
        raise ValueError(
            "`losses` must have shape (n_points, n_objectives) and `reference_point` "
            f"(n_objectives,); got {points.shape} and {reference.shape}."
        )
    points = points[(points < reference).all(axis=1)]
    if np.isneginf(points).any() or (len(points) > 0 and np.isposinf(reference).any()):
        return np.inf
    exponents = _exponents(points, reference)
    front = np.ldexp(_sorted_front(points), -exponents)
    volume = _volume(front, np.ldexp(reference, -exponents))
    return float(_times_powers(volume, exponents))


def _exponents(points: FloatArray, reference: FloatArray) -> NDArray[np.int64]:
    """Return exponents of powers of two to divide the objectives by.

    They keep products from overflow and underflow. The exponent is 0 unless the values of an
    objective are extremely large or small.
    """
    both = np.vstack([points, reference])
    finite = np.where(np.isfinite(both), np.abs(both), 0.0)
    exponents = np.frexp(finite.max(axis=0, initial=0.0))[1].astype(np.int64)
    return np.where(np.abs(exponents) > USUAL_EXPONENT, exponents, 0)


def _times_powers(volumes: ArrayLike, exponents: NDArray[np.int64]) -> FloatArray:
    """Multiply volumes by the powers of two that the objectives were divided by."""
    with np.errstate(over="ignore", under="ignore"):
        scaled: FloatArray = np.ldexp(volumes, int(exponents.sum()))
    return scaled


def _sorted_front(points: FloatArray) -> FloatArray:
    """Return the distinct non-dominated points in lexicographic order."""
    unique = np.unique(points, axis=0)
    return unique[is_nondominated(unique)]


def _volume(points: FloatArray, reference: FloatArray) -> float:
    """Return the hypervolume of points that are better than the reference point."""
    if len(points) == 0:
        return 0.0
    match points.shape[1]:
        case 1:
            return float(reference[0] - points.min())
        case 2:
            return _area(points, reference)
        case 3:
            return _volume_by_slices(points, reference)
        case _:
            return volume_by_boxes(points, reference)


def _area(points: FloatArray, reference: FloatArray) -> float:
    """Return the dominated area: sum the steps of the running minimum of the second objective."""
    points = points[np.argsort(points[:, 0], kind="stable")]
    lowest = np.minimum.accumulate(points[:, 1])
    widths = np.diff(points[:, 0], append=reference[0])
    return float(((reference[1] - lowest) * widths).sum())


def _volume_by_slices(points: FloatArray, reference: FloatArray) -> float:
    """Sum the slices between neighbouring values of the first objective.

    The area of a slice is that of the points up to it, sorted by the second objective: the steps
    of the running minimum of the third.
    """
    points = points[np.argsort(points[:, 0], kind="stable")]
    by_second = np.argsort(points[:, 1], kind="stable")
    second, third = points[by_second, 1], points[by_second, 2]
    # Row k: the points that belong to slice k are those of rank k and before.
    in_slice = by_second <= np.arange(len(points))[:, None]
    lowest = np.minimum.accumulate(np.where(in_slice, third, reference[2]), axis=1)
    areas = (reference[2] - lowest) @ np.diff(second, append=reference[1])
    return float(areas @ np.diff(points[:, 0], append=reference[0]))


def _gain(point: FloatArray, others: FloatArray, reference: FloatArray) -> float:
    """Return the volume that a point dominates and others do not."""
    own = float(np.prod(reference - point))
    clipped = np.maximum(others, point)
    if len(point) > 3:  # few of them are non-dominated; of duplicates, the first is kept
        clipped = clipped[np.lexsort(clipped.T[::-1])]
        clipped = clipped[_front_of_sorted(clipped)]
    return max(own - _volume(clipped, reference), 0.0)


def hypervolume_contributions(losses: ArrayLike, reference_point: ArrayLike) -> FloatArray:
    """Return the volume that only one point dominates, for each point.

    Parameters
    ----------
    losses : array-like of shape (n_points, n_objectives)
        Smaller is better. Minus infinity counts as one range better than the best finite loss.
    reference_point : array-like of shape (n_objectives,)
        Upper bound of the volume.

    Returns
    -------
    contributions : ndarray of shape (n_points,)
        The contributions; 0 for a point that is dominated or has a duplicate.

    Examples
    --------
    >>> from skhpo.multi_objective import hypervolume_contributions
    >>> hypervolume_contributions([[1, 2], [2, 1]], reference_point=[3, 3]).tolist()
    [1.0, 1.0]
    """
    points = _bounded(losses)
    reference = np.asarray(reference_point, dtype=float)
    exponents = _exponents(points, reference)
    points, reference = np.ldexp(points, -exponents), np.ldexp(reference, -exponents)
    contributions = np.zeros(len(points))
    inside = np.flatnonzero((points < reference).all(axis=1))
    for k in inside:
        others = points[inside[inside != k]]
        if not (others <= points[k]).all(axis=1).any():
            contributions[k] = _gain(points[k], others, reference)
    return _times_powers(contributions, exponents)


def _bounded(losses: ArrayLike) -> FloatArray:
    """Replace minus infinity by a value one range better than the best finite loss."""
    points = without_nan(losses)
    if not np.isneginf(points).any():
        return points
    finite = np.isfinite(points)
    best = np.where(finite, points, np.inf).min(axis=0)
    worst = np.where(finite, points, -np.inf).max(axis=0)
    best = np.where(np.isfinite(best), best, 0.0)
    worst = np.where(np.isfinite(worst), worst, 0.0)
    with np.errstate(over="ignore"):
        span = np.where(worst > best, worst - best, 1.0)
        better = np.maximum(best - span, -LARGEST)
    return np.where(np.isneginf(points), better, points)


def select_by_hypervolume(
    losses: ArrayLike, n: int, reference_point: ArrayLike
) -> NDArray[np.int64]:
    """Choose points greedily: each is the one that adds most to the hypervolume.

    Parameters
    ----------
    losses : array-like of shape (n_points, n_objectives)
        Smaller is better. Minus infinity counts as one range better than the best finite loss.
    n : int
        Maximal number of points.
    reference_point : array-like of shape (n_objectives,)
        Upper bound of the volume.

    Returns
    -------
    chosen : ndarray of int of shape (min(n, n_points),)
        Indices in the order of the choice. Ties are broken by index. Points that add nothing come
        last, by index.

    Notes
    -----
    The greedy choice has at least 1 - 1/e of the best volume, as the hypervolume is submodular
    (Nemhauser et al. 1978). For the same reason a point's gain never grows. So with three
    objectives or more, only gains that may be the largest are recomputed; with two, a point's
    gain is a rectangle between its chosen neighbours.

    Examples
    --------
    >>> from skhpo.multi_objective import select_by_hypervolume
    >>> select_by_hypervolume([[0, 3], [1, 1], [3, 0]], 2, reference_point=[4, 4]).tolist()
    [1, 0]
    """
    points = _bounded(losses)
    reference = np.asarray(reference_point, dtype=float)
    exponents = _exponents(points, reference)
    points, reference = np.ldexp(points, -exponents), np.ldexp(reference, -exponents)
    adds = np.zeros(len(points), dtype=bool)
    adds[np.unique(points, axis=0, return_index=True)[1]] = True
    adds &= is_nondominated(points) & (points < reference).all(axis=1)
    front = np.flatnonzero(adds)
    choose = _choose_by_rectangles if points.shape[1] == 2 else _choose_lazily
    chosen = front[choose(points[front], min(n, len(front)), reference)]
    return np.concatenate([chosen, np.flatnonzero(~adds)[: max(n - len(front), 0)]])


def _choose_by_rectangles(front: FloatArray, n: int, reference: FloatArray) -> NDArray[np.int64]:
    """Choose from a front of two objectives; `corners` bound the gain of each point."""
    corners = np.tile(reference, (len(front), 1))
    is_left = np.ones(len(front), dtype=bool)
    chosen = np.empty(n, dtype=np.int64)
    for k in range(n):
        gains = np.where(is_left, np.prod(corners - front, axis=1), -1.0)
        best = chosen[k] = np.argmax(gains)
        is_left[best] = False
        before = front[:, 0] < front[best, 0]
        np.minimum(corners[:, 0], front[best, 0], out=corners[:, 0], where=before)
        np.minimum(corners[:, 1], front[best, 1], out=corners[:, 1], where=~before)
    return chosen


def _choose_lazily(front: FloatArray, n: int, reference: FloatArray) -> NDArray[np.int64]:
    """Choose from a front, recomputing a gain only if it may be the largest."""
    gains = np.prod(reference - front, axis=1)
    is_current = np.ones(len(front), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < n:
        best = int(np.argmax(gains))
        if is_current[best]:
            chosen.append(best)
            gains[best] = -np.inf
            is_current[:] = False
        else:
            gains[best] = _gain(front[best], front[chosen], reference)
            is_current[best] = True
    return np.array(chosen, dtype=np.int64)


def reference_point(losses: ArrayLike) -> FloatArray:
    """Return a reference point for hypervolumes, slightly worse than the worst losses.

    Parameters
    ----------
    losses : array-like of shape (n_points, n_objectives)
        Smaller is better; infinite losses are ignored.

    Returns
    -------
    reference_point : ndarray of shape (n_objectives,)
        For the worst loss w of an objective, ``max(1.1 w, 0.9 w)``.

    Examples
    --------
    >>> from skhpo.multi_objective import reference_point
    >>> reference_point([[1, -2], [2, -1]]).tolist()
    [2.2, -0.9]
    """
    points = np.asarray(losses, dtype=float)
    worst = np.where(np.isfinite(points), points, -np.inf).max(axis=0, initial=-np.inf)
    worst = np.asarray(np.where(np.isfinite(worst), worst, 0.0))
    with np.errstate(over="ignore"):
        reference: FloatArray = np.asarray(np.maximum(1.1 * worst, 0.9 * worst))
    reference = np.minimum(reference, LARGEST)
    reference[reference == 0.0] = np.finfo(float).eps
    return reference
