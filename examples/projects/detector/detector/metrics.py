"""Mean average precision at an intersection over union of 0.5 (mAP50)."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Detections:
    """Boxes of one image: corners of shape (n, 4), classes of shape (n,), scores of shape (n,)."""

    corners: np.ndarray
    classes: np.ndarray
    scores: np.ndarray


def corners_of(boxes: np.ndarray) -> np.ndarray:
    """Turn centre x, centre y, width, height into x0, y0, x1, y1."""
    centre, half = boxes[:, :2], boxes[:, 2:4] / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def iou(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the intersection over union of each pair of boxes, given by their corners."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (some, others)]
    return common / np.maximum(areas[0][:, None] + areas[1][None, :] - common, 1e-12)


def average_precision(is_right: np.ndarray, n_objects: int) -> float:
    """Return the area under the precision-recall curve.

    Parameters
    ----------
    is_right : ndarray of bool
        Whether each detection is right; the highest score first.
    n_objects : int
        Number of objects in all images.

    Notes
    -----
    At each recall, the precision is the best one at this recall or a higher one, as in PASCAL VOC
    since 2010.
    """
    n_right = np.cumsum(is_right)
    precision = n_right / np.arange(1, len(is_right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(envelope[is_right].sum() / n_objects)


def map50(
    detections: list[Detections], truths: list[tuple[np.ndarray, np.ndarray]], n_classes: int
) -> float:
    """Return the mean of the average precision over the classes that occur.

    Parameters
    ----------
    detections : list of Detections
        One for each image.
    truths : list of (corners, classes)
        The objects of each image.
    n_classes : int
        Number of classes.
    """
    precisions = []
    for kind in range(n_classes):
        n_objects = sum(int((classes == kind).sum()) for _, classes in truths)
        if n_objects:
            scored = [
                match(found, corners[classes == kind], kind)
                for found, (corners, classes) in zip(detections, truths, strict=True)
            ]
            scores, is_right = (np.concatenate(column) for column in zip(*scored, strict=True))
            order = np.argsort(-scores, kind="stable")
            precisions.append(average_precision(is_right[order], n_objects))
    return float(np.mean(precisions)) if precisions else 0.0


def match(found: Detections, corners: np.ndarray, kind: int) -> tuple[np.ndarray, np.ndarray]:
    """Match detections of a class to objects, the best first; an object is found once."""
    chosen = np.flatnonzero(found.classes == kind)
    chosen = chosen[np.argsort(-found.scores[chosen], kind="stable")]
    is_right = np.zeros(len(chosen), dtype=bool)
    is_free = np.ones(len(corners), dtype=bool)
    if len(corners):
        for k, overlaps in enumerate(iou(found.corners[chosen], corners)):
            best = int(overlaps.argmax())  # the object with the largest overlap, found or not
            is_right[k] = overlaps[best] >= 0.5 and is_free[best]
            is_free[best] &= not is_right[k]
    return found.scores[chosen], is_right
