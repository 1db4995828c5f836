"""Submodels of nearest neighbors: the nearer ones of more neighbors."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from skhpo._sklearn import safe_indexing
from skhpo.submodels._base import SubmodelFamily

__all__ = ["Neighbors"]

# Distances that differ by no more may change their order if fewer neighbors are searched.
RELATIVE_TOLERANCE = 1e-6


class Neighbors(SubmodelFamily):
    """Nearest neighbors: one query for the largest number serves all numbers.

    If neighbors are equally far, a query for fewer may find others, or in another order. The
    smaller query is therefore made for rows with such ties.
    """

    parameter = "n_neighbors"
    grows = False

    def view(self, model: Any, value: Any) -> Any:
        """Return the model with fewer neighbors; None if it would use another algorithm."""
        n = int(value)
        if _is_brute_for_many(model, n) != _is_brute_for_many(model, model.n_neighbors):
            return None
        return copy.copy(model).set_params(n_neighbors=n)

    def views(self, model: Any, values: Sequence[Any]) -> list[Any]:
        """Return the models, which share the query of the fitted one."""
        query = LargestQuery(model)
        views = super().views(model, values)
        for view in views:
            if view is not None:
                view.kneighbors = NearerNeighbors(view, query)
        return views


def _is_brute_for_many(model: Any, n_neighbors: int) -> bool:
    """Return whether ``algorithm="auto"`` means brute force because of this many neighbors."""
    return bool(model.algorithm == "auto" and n_neighbors >= model.n_samples_fit_ // 2)


class LargestQuery:
    """The query of a fitted model, which keeps its last result.

    Parameters
    ----------
    model : estimator
        The model with the most neighbors.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._last: tuple[Any, tuple[NDArray[Any], NDArray[Any]]] | None = None
        self.n_neighbors = min(int(model.n_neighbors), int(model.n_samples_fit_))

    def __call__(self, X: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return distances and indices of the nearest neighbors, sorted by distance."""
        if self._last is None or self._last[0] is not X:
            self._last = X, self._model.kneighbors(X, self.n_neighbors)
        return self._last[1]


class NearerNeighbors:
    """Replaces ``kneighbors`` of a model with fewer neighbors.

    Parameters
    ----------
    model : estimator
        The model.
    largest : LargestQuery
        The query for more neighbors.
    """

    def __init__(self, model: Any, largest: LargestQuery) -> None:
        self._own = type(model).kneighbors.__get__(model)
        self._largest = largest
        self._n = int(model.n_neighbors)
        self._is_in_blocks = model._fit_method == "brute"  # a row depends on the others, in bits
        counts_only = is_classifier(model) and model.weights in ("uniform", None)
        self._order_matters = not counts_only

    def __call__(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True):  # type: ignore[no-untyped-def]
        """Return the result of the model's own ``kneighbors``."""
        n = self._n
        if X is None or n_neighbors is not None or n > self._largest.n_neighbors:
            return self._own(X, n_neighbors, return_distance)
        distances, indices = self._largest(X)
        rows = self._rows_with_ties(distances)
        if len(rows) and self._is_in_blocks:
            return self._own(X, None, return_distance)
        distances, indices = distances[:, :n].copy(), indices[:, :n].copy()
        if len(rows):
            distances[rows], indices[rows] = self._own(safe_indexing(X, rows))
        return (distances, indices) if return_distance else indices

    def _rows_with_ties(self, distances: NDArray[Any]) -> NDArray[np.intp]:
        """Return the rows whose nearest neighbors, or their order, may depend on their number."""
        n = self._n
        if n == distances.shape[1]:
            return np.empty(0, dtype=np.intp)
        seen = distances[:, : n + 1] if self._order_matters else distances[:, n - 1 : n + 1]
        with np.errstate(invalid="ignore"):  # distances may be infinite
            is_clear = np.diff(seen, axis=1) > RELATIVE_TOLERANCE * seen[:, 1:]
        return np.flatnonzero(~is_clear.all(axis=1))
