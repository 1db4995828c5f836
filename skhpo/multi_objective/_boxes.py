"""Hypervolume by a box decomposition, in a sweep over the last objective."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["volume_by_boxes"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

BLOCK = 50_000  # number of boxes whose volumes are computed at once; bounds the memory


class _Boxes(NamedTuple):
    """Boxes in all objectives but the last, in ranks; each exists for a part of the sweep.

    Attributes
    ----------
    upper : ndarray of shape (n_boxes, n_swept)
        Local upper bound of each box: no point so far is better in all objectives.
    below : ndarray of shape (n_boxes, n_swept, n_swept)
        Row j is the point that defines component j of the bound: it equals the bound in objective
        j, and is better in all others. -1 on the diagonal, and for a component that no point
        defines.
    begin : ndarray of shape (n_boxes,)
        Index of the point that created the box.
    """

    upper: IntArray
    below: IntArray
    begin: IntArray

    def take(self, which: NDArray[np.bool_]) -> _Boxes:
        return _Boxes(self.upper[which], self.below[which], self.begin[which])

    def join(self, others: _Boxes) -> _Boxes:
        return _Boxes(*map(np.concatenate, zip(self, others, strict=True)))


def volume_by_boxes(points: FloatArray, reference: FloatArray) -> float:
    """Return the hypervolume of points that are better than the reference point.

    There must be at least two objectives. The points are processed in the order of the last one.
    The region that they dominate in the others so far is a set of disjoint boxes, one per local
    upper bound. A new point replaces the bounds that it is better than. Their boxes end, and
    contribute the volume of their base times the distance swept since they began (Lacour,
    Klamroth and Fonseca 2017). The bounds need distinct values, so comparisons use ranks with
    ties broken; as the volume is continuous, this does not change it.
    """
    # Lexicographic order breaks ties: a point that is nowhere worse comes first.
    points = points[np.lexsort(points.T)]
    rank, values = _ranks(points[:, :-1], reference[:-1])
    heights = np.append(points[:, -1], reference[-1])
    n_points, n_swept = rank.shape
    rows = np.where(np.eye(n_swept, dtype=bool), np.int32(-1), rank[:, None, :])

    boxes = _Boxes(
        np.full((1, n_swept), n_points, dtype=np.int32),
        np.full((1, n_swept, n_swept), -1, dtype=np.int32),
        np.zeros(1, dtype=np.int32),
    )
    ended: list[tuple[_Boxes, int]] = []
    n_ended, volume = 0, 0.0
    for k in range(n_points):
        is_hit = (rank[k] < boxes.upper).all(axis=1)
        parents = boxes.take(is_hit)
        boxes = boxes.take(~is_hit).join(_children(parents, rank[k], rows[k], k))
        ended.append((parents, k))
        n_ended += len(parents.begin)
        if n_ended > BLOCK:
            volume += _volume_of(ended, values, heights)
            ended.clear()
            n_ended = 0
    return volume + _volume_of([*ended, (boxes, n_points)], values, heights)


def _ranks(points: FloatArray, reference: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return ranks per objective, and the value of each rank; the last is the reference."""
    order = np.argsort(points, axis=0, kind="stable")
    rank = np.empty(points.shape, dtype=np.int32)
    np.put_along_axis(rank, order, np.arange(len(points), dtype=np.int32)[:, None], axis=0)
    return rank, np.vstack([np.take_along_axis(points, order, axis=0), reference])


def _children(parents: _Boxes, point: IntArray, rows: IntArray, k: int) -> _Boxes:
    """Lower each bound to the point, one objective at a time, where the bound stays defined."""
    parent, lowered = np.nonzero(point > parents.below.max(axis=1))
    upper, below = parents.upper[parent], parents.below[parent]
    each = np.arange(len(parent))
    upper[each, lowered] = point[lowered]
    below[each, lowered] = rows[lowered]
    return _Boxes(upper, below, np.full(len(parent), k, dtype=np.int32))


def _volume_of(ended: list[tuple[_Boxes, int]], values: FloatArray, heights: FloatArray) -> float:
    """Return the total volume of groups of boxes, each given with the index where it ends."""
    upper, below, begin = map(np.concatenate, zip(*(boxes for boxes, _ in ended), strict=True))
    end = np.repeat([index for _, index in ended], [len(boxes.begin) for boxes, _ in ended])
    volumes = (heights[end] - heights[begin]) * (values[-1, 0] - values[upper[:, 0], 0])
    for j in range(1, values.shape[1]):
        lower = below[:, :j, j].max(axis=1)  # -1 is the reference: another factor is 0
        volumes *= values[upper[:, j], j] - values[lower, j]
    return float(volumes.sum())
