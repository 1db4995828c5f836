"""Data of the plot of the hypervolume: the volume behind the front, by trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skhpo.multi_objective import hypervolume, reference_point
from skhpo.plots._data._history import ended_rows, positions_over
from skhpo.plots._data._trials import trial_table

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["HypervolumeData", "hypervolume_data"]

FloatArray = NDArray[np.float64]


@dataclass
class HypervolumeData:
    """The hypervolume after each complete trial.

    Attributes
    ----------
    number : ndarray of int of shape (n_complete,)
        Numbers of the complete trials.
    hypervolume : ndarray of shape (n_complete,)
        Volume between the front of the trials so far and the reference point.
    is_feasible : ndarray of bool of shape (n_complete,)
        Whether a trial satisfies the constraints; the others do not count.
    reference_point : dict of str to float
        The reference point, by objective.
    x : ndarray of shape (n_complete,)
        Position of each trial on the x-axis.
    x_name : {"candidates", "fits", "seconds"}
        The unit of the x-axis.
    """

    number: NDArray[np.int64]
    hypervolume: FloatArray
    is_feasible: NDArray[np.bool_]
    reference_point: dict[str, float]
    x: FloatArray
    x_name: str


def hypervolume_data(
    study: Study,
    reference: Sequence[float] | Mapping[str, float] | None = None,
    *,
    x: str = "candidates",
    n_fits: Mapping[int, int] | None = None,
) -> HypervolumeData:
    """Return the data of the plot of the hypervolume.

    Parameters
    ----------
    study : Study
        A study with several objectives.
    reference : sequence of float, or dict of str to float, default=None
        The reference point, in the order of the objectives or by their names. By default, it is
        slightly worse than the worst feasible values, as in
        :func:`skhpo.multi_objective.reference_point`.
    x : {"candidates", "fits", "seconds"}, default="candidates"
        The x-axis, as in :func:`skhpo.plots._data._history.history_data`.
    n_fits : mapping of int to int, default=None
        Number of fits by trial number, as there.

    Returns
    -------
    data : HypervolumeData
        Values that are not finite, or not better than the reference point, contribute nothing.
    """
    table = trial_table(study)
    if len(table.names) < 2:
        raise ValueError(
            "The hypervolume needs a study with several objectives; for one objective, plot its "
            "history: HistoryDisplay, or plot_optimization_history."
        )
    ended = ended_rows(table, x)
    is_complete = table.is_complete[ended]
    rows = ended[is_complete]
    signs = np.where(table.greater_is_better, -1.0, 1.0)
    losses, feasible = signs * table.values[rows], table.is_feasible[rows]
    if reference is None:
        corner = reference_point(losses[feasible])
    else:
        corner = signs * _as_array(reference, table.names)
    return HypervolumeData(
        number=table.numbers[rows],
        hypervolume=running_hypervolume(np.where(feasible[:, None], losses, np.nan), corner),
        is_feasible=feasible,
        reference_point=dict(zip(table.names, (signs * corner).tolist(), strict=True)),
        x=positions_over(table, ended, x, n_fits)[is_complete],
        x_name=x,
    )


def running_hypervolume(losses: FloatArray, corner: FloatArray) -> FloatArray:
    """Return the hypervolume of the first rows of losses, for each number of rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.plots._data._hypervolume import running_hypervolume
    >>> losses = np.array([[1.0, 2.0], [2.0, 2.0], [2.0, 1.0]])
    >>> running_hypervolume(losses, np.array([3.0, 3.0])).tolist()
    [2.0, 2.0, 3.0]
    """
    front = np.empty((0, losses.shape[1]))
    volume, volumes = 0.0, []
    for point in losses:
        counts = np.isfinite(point).all() and bool((point < corner).all())
        if counts and not (front <= point).all(axis=1).any():
            shared = hypervolume(np.maximum(front, point), corner)  # dominated by both
            volume += float(np.prod(corner - point)) - shared
            front = np.vstack([front[(front < point).any(axis=1)], point])
        volumes.append(volume)
    return np.array(volumes, dtype=float)


def _as_array(reference: Sequence[float] | Mapping[str, float], names: tuple[str, ...]) -> Any:
    if isinstance(reference, Mapping):
        if set(reference) != set(names):
            raise ValueError(
                f"`reference_point` must name each objective, {list(names)}; got {reference!r}."
            )
        return np.array([reference[name] for name in names], dtype=float)
    point = np.asarray(reference, dtype=float)
    if point.shape != (len(names),):
        raise ValueError(
            f"`reference_point` must have a value for each of the {len(names)} objectives, "
            f"{list(names)}; got {reference!r}."
        )
    return point
