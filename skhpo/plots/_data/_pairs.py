"""Pairs of parameters: where the trials are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skhpo.plots._axes import ParamAxis
from skhpo.plots._data._scores import Scores

__all__ = ["PairsData", "evenly_chosen", "pairs_data", "pairs_of"]

FloatArray = NDArray[np.float64]


@dataclass
class PairsData:
    """The trials in the planes of two parameters each.

    Attributes
    ----------
    axes : list of ParamAxis
        The axes of the parameters, with their names.
    positions : ndarray of shape (n_trials, n_params)
        Position of each trial on each axis; NaN if it does not have the parameter.
    value, predicted : ndarray of shape (n_trials,)
        Measured values of complete trials, and predicted values of those that were stopped.
    is_feasible : ndarray of bool of shape (n_trials,)
        Whether a trial satisfies the constraints.
    number : ndarray of int of shape (n_trials,)
        Numbers of the trials.
    name : str
        Name of the objective.
    greater_is_better : bool or None
        Whether larger values are better; None if unknown.
    """

    axes: list[ParamAxis]
    positions: FloatArray
    value: FloatArray
    predicted: FloatArray
    is_feasible: NDArray[np.bool_]
    number: NDArray[np.int64]
    name: str
    greater_is_better: bool | None

    def best(self) -> int | None:
        """Return the row of the best feasible trial; None if there is none."""
        losses = -self.value if self.greater_is_better else self.value
        rows = np.flatnonzero(np.isfinite(losses) & self.is_feasible)
        return int(rows[np.argmin(losses[rows])]) if len(rows) else None


def pairs_data(scores: Scores, names: Sequence[str]) -> PairsData:
    """Return the trials in the planes of parameters."""
    axes = scores.axes(names)
    positions = [scores.positions(axis) for axis in axes]
    return PairsData(
        axes=axes,
        positions=np.column_stack(positions) if axes else np.empty((len(scores.value), 0)),
        value=scores.value,
        predicted=scores.predicted,
        is_feasible=scores.table.is_feasible,
        number=scores.table.numbers,
        name=scores.name,
        greater_is_better=scores.greater_is_better,
    )


def evenly_chosen(rows: NDArray[np.bool_], n_wanted: int) -> NDArray[np.bool_]:
    """Mark at most `n_wanted` of the marked rows, evenly spaced."""
    found = np.flatnonzero(rows)
    kept = np.linspace(0, len(found) - 1, min(n_wanted, len(found))).round().astype(np.int64)
    chosen = np.zeros(len(rows), dtype=bool)
    chosen[found[kept]] = True
    return chosen


def pairs_of(n_params: int) -> list[tuple[int, int]]:
    """Return the pairs (x, y) of different parameters, each once."""
    return [(x, y) for y in range(1, n_params) for x in range(y)]
