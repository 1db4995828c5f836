"""Data of the slice plot: the values by each parameter, and the partial dependence on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo.plots._axes import ParamAxis
from skhpo.plots._data._choose import choose_params, most_important
from skhpo.plots._data._scores import scores_of
from skhpo.plots._data._surrogate import Dependence
from skhpo.plots._data._trials import Target
from skhpo.trial import TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["Curve", "SliceData", "slice_data"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass
class Curve(Dependence):
    """The partial dependence on one parameter, as arrays of shape (n_points,).

    Attributes
    ----------
    position : ndarray
        Positions on the axis of the parameter.
    mean : ndarray
        Mean of the objective over the other parameters; NaN where no trial is similar.
    low, high : ndarray
        Ends of the 95 % interval of the mean.
    """

    position: FloatArray


@dataclass
class SliceData:
    """The values of the trials by each parameter, and the partial dependence on it.

    Attributes
    ----------
    axes : list of ParamAxis
        The axes of the parameters, with their names.
    positions : ndarray of shape (n_trials, n_params)
        Position of each trial on each axis; NaN if it does not have the parameter.
    value, predicted : ndarray of shape (n_trials,)
        Measured values of complete trials, and predicted values of those that were stopped.
    is_failed, is_feasible : ndarray of bool of shape (n_trials,)
        Whether a trial failed, and whether it satisfies the constraints.
    number : ndarray of int of shape (n_trials,)
        Numbers of the trials.
    curves : list of Curve or None
        For each parameter, the partial dependence; None if there are fewer than 5 values, or if
        it was not wanted.
    name : str
        Name of the objective.
    greater_is_better : bool or None
        Whether larger values are better; None if unknown.
    """

    axes: list[ParamAxis]
    positions: FloatArray
    value: FloatArray
    predicted: FloatArray
    is_failed: BoolArray
    is_feasible: BoolArray
    number: NDArray[np.int64]
    curves: list[Curve | None]
    name: str
    greater_is_better: bool | None


def slice_data(
    study: Study,
    *,
    params: Sequence[str] | None = None,
    objective: str | None = None,
    target: Target | None = None,
    name: str | None = None,
    dependence: bool = True,
    n_points: int = 40,
    n_params: int | None = None,
) -> SliceData:
    """Return the data of a slice plot.

    Parameters
    ----------
    study : Study
        The study.
    params : sequence of str, default=None
        Names of the parameters; by default, all that have more than one value.
    objective : str, default=None
        Name of the objective; required if there are several.
    target : callable, default=None
        Function that takes a complete trial and returns the number to show instead of an
        objective.
    name : str, default=None
        Name of the values.
    dependence : bool, default=True
        Whether to compute the partial dependence.
    n_points : int, default=40
        Number of points of the partial dependence on a number.
    n_params : int, default=None
        Largest number of parameters, if `params` is None: the most important ones.

    Returns
    -------
    data : SliceData
    """
    scores = scores_of(study, objective=objective, target=target, name=name)
    names = choose_params(scores.table, params)
    if params is None and n_params is not None:
        names = most_important(study, names, objective, target)[:n_params]
    axes = scores.axes(names)
    curves: list[Curve | None] = [None] * len(axes)
    model, columns = scores.surrogate() if dependence else (None, [])
    if model is not None:
        for i, axis in enumerate(axes):
            if axis.name in columns:
                grid = axis.grid(n_points)
                found = model.dependence([columns.index(axis.name)], grid[:, None])
                curves[i] = Curve(position=grid, **vars(found))
    positions = [scores.positions(axis) for axis in axes]
    n_trials = len(scores.value)
    return SliceData(
        axes=axes,
        positions=np.column_stack(positions) if axes else np.empty((n_trials, 0)),
        value=np.where(np.isfinite(scores.value), scores.value, np.nan),
        predicted=scores.predicted,
        is_failed=np.equal(scores.table.states, TrialState.FAIL),
        is_feasible=scores.table.is_feasible,
        number=scores.table.numbers,
        curves=curves,
        name=scores.name,
        greater_is_better=scores.greater_is_better,
    )
