"""The predictions of all folds of a candidate, in the order of the rows of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skhpo.search.execution._responses import FoldPredictions

__all__ = ["join_folds"]

Part = tuple[NDArray[np.int64], Any]  # the rows of a test part, and what is predicted for them


def join_folds(
    folds: Sequence[tuple[NDArray[np.int64], FoldPredictions]], n_rows: int, y: Any
) -> Any:
    """Put the predictions of the folds together.

    Parameters
    ----------
    folds : sequence of (ndarray, FoldPredictions)
        The rows of each test part, and the predictions for them.
    n_rows : int
        Number of rows of the data.
    y : array-like or None
        The targets.

    Returns
    -------
    predictions : ndarray, masked array, sparse matrix, or list of ndarray
        One prediction for each row of the data, as from
        :func:`sklearn.model_selection.cross_val_predict`. Rows without a prediction are NaN, or
        masked if predictions are labels. A row in several test parts has the mean of its
        predictions, or the most frequent label. None if there are no predictions.
    """
    if not folds:
        return None
    method = folds[0][1].method
    made = [(rows, one) for rows, one in folds if one.method == method]
    first = made[0][1]
    if isinstance(first.values, list) and method != "predict":  # one table for each target
        return [
            _of_a_target(made, n_rows, _classes_of(y, place), place)
            for place in range(len(first.values))
        ]
    if first.classes is None:
        parts = [(rows, _as_array(one.values)) for rows, one in made]
        return _joined(parts, n_rows, are_labels=first.are_labels)
    return _of_a_target(made, n_rows, _classes_of(y, None), None)


def _of_a_target(
    made: Sequence[tuple[NDArray[np.int64], FoldPredictions]],
    n_rows: int,
    classes: NDArray[Any] | None,
    place: int | None,
) -> Any:
    """Return the predictions of the classes of a target, with one column for each class.

    Parameters
    ----------
    made : sequence of (ndarray, FoldPredictions)
        The rows, and the predictions for them.
    n_rows : int
        Number of rows of the data.
    classes : ndarray or None
        All classes; None if they are not known.
    place : int or None
        The place of the target, if there are several.
    """
    parts = []
    for rows, one in made:
        values, own = one.values, one.classes
        if place is not None:
            values, own = values[place], None if own is None else own[place]
        parts.append((rows, _with_all_classes(_as_array(values), own, classes, one.method)))
    return _joined(parts, n_rows, are_labels=False)


def _classes_of(y: Any, place: int | None) -> NDArray[Any] | None:
    """Return the classes of the targets; None if they have none, or there are several targets."""
    if y is None or sparse.issparse(y):
        return None
    targets = np.asarray(y)
    if place is not None and targets.ndim == 2:
        return np.unique(targets[:, place])
    return np.unique(targets) if targets.ndim == 1 else None


def _as_array(values: Any) -> Any:
    return values if sparse.issparse(values) else np.asarray(values)


def _with_all_classes(
    values: Any, own: Any, classes: NDArray[Any] | None, method: str
) -> NDArray[Any] | None:
    """Return predictions with a column for each class; None if it is not known which is which.

    A class that is not in the training part gets the probability 0, or the smallest number as the
    value of its decision function, as in scikit-learn.
    """
    if classes is None or own is None or len(own) == len(classes):
        return values  # type: ignore[no-any-return]
    is_known = values.ndim == 2 and values.shape[1] == len(own) and np.isin(own, classes).all()
    if not is_known:
        return None
    absent = 0 if method == "predict_proba" else np.finfo(values.dtype).min
    table: NDArray[Any] = np.full((len(values), len(classes)), absent, dtype=values.dtype)
    table[:, np.searchsorted(classes, own)] = values
    return table


def _joined(
    parts: Sequence[tuple[NDArray[np.int64], Any]], n_rows: int, *, are_labels: bool
) -> Any:
    """Put arrays of predictions together, in the order of the rows of the data."""
    known = [(rows, values) for rows, values in parts if values is not None]
    if not known:
        return None
    shapes = [values.shape[1:] for _, values in known]
    usual = max(shapes, key=shapes.count)
    known = [part for part, shape in zip(known, shapes, strict=True) if shape == usual]
    rows = np.concatenate([rows for rows, _ in known])
    times = np.bincount(rows, minlength=n_rows)
    if any(sparse.issparse(values) for _, values in known):
        if (times == 1).all():
            together = sparse.vstack([values for _, values in known], format="csr")
            return together[np.argsort(rows)].asformat(known[0][1].format)
        known = [(rows, sparse.csr_matrix(values).toarray()) for rows, values in known]
    values = np.concatenate([values for _, values in known])
    if are_labels or values.dtype.kind not in "biufc":
        return _labels(rows, values, times)
    return _means(rows, values, times)


def _means(rows: NDArray[np.int64], values: NDArray[Any], times: NDArray[np.int64]) -> Any:
    """Return the mean prediction of each row; NaN for rows without any."""
    if values.dtype.kind not in "fc" and (times != 1).any():
        values = values.astype(np.float64)
    shape = (len(times), *values.shape[1:])
    if times.max(initial=0) <= 1:
        means = np.full(shape, np.nan if values.dtype.kind in "fc" else 0, dtype=values.dtype)
        means[rows] = values
        return means
    sums = np.zeros(shape, dtype=values.dtype)
    np.add.at(sums, rows, values)
    with np.errstate(invalid="ignore"):  # 0 / 0 is NaN
        return sums / times.astype(sums.real.dtype).reshape(-1, *[1] * (sums.ndim - 1))


def _labels(rows: NDArray[np.int64], labels: NDArray[Any], times: NDArray[np.int64]) -> Any:
    """Return the most frequent label of each row, the first in order among equals."""
    if times.max(initial=0) <= 1:
        chosen = np.empty((len(times), *labels.shape[1:]), dtype=labels.dtype)
        chosen[rows] = labels
    elif labels.ndim == 1:
        chosen = _most_frequent(rows, labels, len(times))
    else:
        columns = [_most_frequent(rows, column, len(times)) for column in labels.T]
        chosen = np.stack(columns, axis=1)
    if (times > 0).all():
        return chosen
    masked = np.ma.masked_array(chosen)
    masked[times == 0] = np.ma.masked
    return masked


def _most_frequent(rows: NDArray[np.int64], labels: NDArray[Any], n_rows: int) -> NDArray[Any]:
    known, codes = np.unique(labels, return_inverse=True)
    counts = np.zeros((n_rows, len(known)), dtype=np.int64)
    np.add.at(counts, (rows, codes.ravel()), 1)
    most: NDArray[Any] = known[counts.argmax(axis=1)]
    return most
