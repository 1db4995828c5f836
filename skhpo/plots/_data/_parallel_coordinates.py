"""Data of the parallel coordinates: each trial as a line through its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo.plots._axes import ParamAxis
from skhpo.plots._data._choose import choose_params, most_important
from skhpo.plots._data._pairs import pairs_data
from skhpo.plots._data._scores import scores_of
from skhpo.plots._data._trials import Target

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["ParallelCoordinatesData", "parallel_coordinates_data"]

N_PARAMS = 8  # by default

FloatArray = NDArray[np.float64]


@dataclass
class ParallelCoordinatesData:
    """The complete trials, as lines through the axes of the parameters.

    Attributes
    ----------
    axes : list of ParamAxis
        The axes of the parameters, with their names.
    positions : ndarray of shape (n_complete, n_params)
        Position of each trial on each axis; NaN if it does not have the parameter.
    value : ndarray of shape (n_complete,)
        Measured values.
    is_feasible : ndarray of bool of shape (n_complete,)
        Whether a trial satisfies the constraints.
    number : ndarray of int of shape (n_complete,)
        Numbers of the trials.
    name : str
        Name of the objective.
    greater_is_better : bool or None
        Whether larger values are better; None if unknown.
    """

    axes: list[ParamAxis]
    positions: FloatArray
    value: FloatArray
    is_feasible: NDArray[np.bool_]
    number: NDArray[np.int64]
    name: str
    greater_is_better: bool | None


def parallel_coordinates_data(
    study: Study,
    *,
    params: Sequence[str] | None = None,
    objective: str | None = None,
    target: Target | None = None,
    name: str | None = None,
) -> ParallelCoordinatesData:
    """Return the data of parallel coordinates.

    Parameters
    ----------
    study : Study
        The study.
    params : sequence of str, default=None
        Names of the parameters, in the order of the axes. By default, the 8 most important, in
        the order in which the study has them.
    objective : str, default=None
        Name of the objective; required if there are several.
    target : callable, default=None
        Function that takes a complete trial and returns the number to show instead of an
        objective.
    name : str, default=None
        Name of the values.

    Returns
    -------
    data : ParallelCoordinatesData
    """
    scores = scores_of(study, objective=objective, target=target, name=name)
    names = choose_params(scores.table, params)
    if params is None:
        most = set(most_important(study, names, objective, target)[:N_PARAMS])
        names = [one for one in names if one in most]
    data = pairs_data(scores, names)
    rows = np.isfinite(data.value)
    return ParallelCoordinatesData(
        axes=data.axes,
        positions=data.positions[rows],
        value=data.value[rows],
        is_feasible=data.is_feasible[rows],
        number=data.number[rows],
        name=data.name,
        greater_is_better=data.greater_is_better,
    )
