"""Data of the parallel coordinates: each trial as a line through its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo.distributions import FloatDistribution
from skhpo.multi_objective import is_nondominated
from skhpo.plots._axes import ParamAxis
from skhpo.plots._data._choose import choose_params, most_important
from skhpo.plots._data._pairs import pairs_data
from skhpo.plots._data._scores import scores_of
from skhpo.plots._data._trials import Target, TrialTable, trial_table

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["ParallelCoordinatesData", "parallel_coordinates_data"]

N_PARAMS = 8  # by default
DECADES = 100.0  # ratio of the largest to the smallest value from which an objective's axis is log

FloatArray = NDArray[np.float64]


@dataclass
class ParallelCoordinatesData:
    """The complete trials, as lines through the axes of the parameters.

    Attributes
    ----------
    axes : list of ParamAxis
        The axes of the parameters, with their names, and of further objectives.
    positions : ndarray of shape (n_complete, n_axes)
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
    front: bool = False,
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
    front : bool, default=False
        Whether to return the trials on the Pareto front only, with an axis for each objective.

    Returns
    -------
    data : ParallelCoordinatesData
    """
    table = trial_table(study)
    if front and (len(table.names) < 2 or target is not None):
        raise ValueError(
            "`front=True` shows the Pareto front, so it needs a study with several objectives, "
            "and no `target`."
        )
    if front and objective is None:
        objective = table.names[0]
    scores = scores_of(study, objective=objective, target=target, name=name)
    names = choose_params(scores.table, params)
    if params is None:
        most = set(most_important(study, names, objective, target)[:N_PARAMS])
        names = [one for one in names if one in most]
    data = pairs_data(scores, names)
    rows, axes, positions = np.isfinite(data.value), data.axes, data.positions
    if front:
        rows = _is_on_front(table)
        others = [one for one in range(len(table.names)) if table.names[one] != objective]
        axes = [*axes, *(_axis_of_objective(table, one, rows) for one in others)]
        positions = np.column_stack([positions, table.values[:, others]])
    return ParallelCoordinatesData(
        axes=axes,
        positions=positions[rows],
        value=data.value[rows],
        is_feasible=data.is_feasible[rows],
        number=data.number[rows],
        name=data.name,
        greater_is_better=data.greater_is_better,
    )


def _is_on_front(table: TrialTable) -> NDArray[np.bool_]:
    """Return which trials are feasible, and not dominated by another feasible one."""
    signs = np.where(table.greater_is_better, -1.0, 1.0)
    found = np.flatnonzero(table.is_feasible & np.isfinite(table.values).all(axis=1))
    on_front = np.zeros(len(table.trials), dtype=bool)
    if len(found):
        on_front[found[is_nondominated(signs * table.values[found])]] = True
    return on_front


def _axis_of_objective(table: TrialTable, column: int, rows: NDArray[np.bool_]) -> ParamAxis:
    """Return the axis of an objective, with the better end at the top."""
    values = table.values[rows, column]
    low, high = (float(values.min()), float(values.max())) if len(values) else (np.nan, np.nan)
    scale = "log" if low > 0.0 and high >= DECADES * low else "linear"
    ends = (low, high) if table.greater_is_better[column] else (high, low)
    whole = FloatDistribution(low, high) if low <= high else FloatDistribution(0.0, 1.0)
    return ParamAxis(table.names[column], whole, scale, *ends)
