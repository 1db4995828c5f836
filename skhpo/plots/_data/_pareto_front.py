"""Data of the plot of a Pareto front: the trials of a study, and which are on the front."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skhpo.multi_objective import is_nondominated
from skhpo.plots._data._trials import TrialTable, trial_table
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = [
    "Constraints",
    "ParetoData",
    "ShownObjective",
    "Targets",
    "pareto_data",
    "standard_errors",
]

Targets = Callable[[FrozenTrial], Sequence[float]]
Constraints = Callable[[FrozenTrial], Sequence[float]]


@dataclass(frozen=True)
class ShownObjective:
    """What an axis shows.

    Attributes
    ----------
    name : str
        Its name.
    greater_is_better : bool or None
        Whether large values are good; None if this is unknown.
    unit : str or None
        The unit of its values.
    """

    name: str
    greater_is_better: bool | None = None
    unit: str | None = None


@dataclass
class ParetoData:
    """The complete trials of a study with their values.

    Attributes
    ----------
    trials : list of FrozenTrial
        The complete trials.
    values : ndarray of shape (n_trials, n_axes)
        The values to show.
    is_feasible : ndarray of bool of shape (n_trials,)
        Whether a trial satisfies all constraints.
    is_best : ndarray of bool of shape (n_trials,)
        Whether a trial is feasible, and no other feasible trial dominates it.
    has_constraints : bool
        Whether there are constraints.
    objectives : list of ShownObjective
        What the axes show.
    """

    trials: list[FrozenTrial]
    values: NDArray[np.float64]
    is_feasible: NDArray[np.bool_]
    is_best: NDArray[np.bool_]
    has_constraints: bool
    objectives: list[ShownObjective]


def pareto_data(
    study: Study,
    *,
    names: Sequence[str] | None = None,
    targets: Targets | None = None,
    constraints: Constraints | None = None,
) -> ParetoData:
    """Return the data of the plot of a Pareto front.

    Parameters
    ----------
    study : Study
        A study.
    names : sequence of str, default=None
        Names of the axes; by default, those of the objectives.
    targets : callable, default=None
        Function that takes a complete trial and returns the values to show. By default, its
        objectives. The front is always that of all objectives.
    constraints : callable, default=None
        Function that takes a complete trial and returns the values of the constraints, which are
        satisfied at 0 and below. By default, the constraints of the study.

    Returns
    -------
    data : ParetoData
    """
    table = trial_table(study)
    rows = np.flatnonzero(table.is_complete)
    trials = [table.trials[row] for row in rows]
    feasible = table.is_feasible[rows]
    if constraints is not None:
        feasible = np.array([all(one <= 0.0 for one in constraints(t)) for t in trials], bool)
    signs = np.where(table.greater_is_better, -1.0, 1.0)
    losses = signs * table.values[rows]
    best = np.zeros(len(trials), dtype=bool)
    if feasible.any():
        best[np.flatnonzero(feasible)[is_nondominated(losses[feasible])]] = True
    values = table.values[rows]
    if targets is not None:
        values = _values(targets, trials, names)
    return ParetoData(
        trials=trials,
        values=values,
        is_feasible=feasible,
        is_best=best,
        has_constraints=constraints is not None or any(trial.constraints for trial in trials),
        objectives=_objectives(study, table, values.shape[1], names, targets),
    )


def standard_errors(search: Any, objectives: Sequence[Any]) -> NDArray[np.float64] | None:
    """Return the standard errors of the means over the folds.

    Parameters
    ----------
    search : ParetoSearchCV
        A fitted search.
    objectives : sequence
        Objectives of the search. Those with ``is_noisy=False`` have no errors.

    Returns
    -------
    errors : ndarray of shape (n_candidates, n_objectives) or None
        0 where there is no error; None if there is only one fold.
    """
    n_splits = search.n_splits_
    if n_splits < 2:
        return None
    results = search.cv_results_
    columns = []
    for one in objectives:
        column = f"std_test_{one.name}"
        spread = np.asarray(results[column if column in results else f"std_{one.name}"], float)
        columns.append(spread / np.sqrt(n_splits - 1) if one.is_noisy else np.zeros(len(spread)))
    return np.column_stack(columns)


def _values(targets: Targets, trials: list[FrozenTrial], names: Sequence[str] | None) -> Any:
    rows = [targets(trial) for trial in trials]
    for row in rows:
        if np.ndim(row) != 1:
            raise ValueError(
                f"`targets` must return a sequence of numbers; got {row!r} ({type(row).__name__})."
            )
    if len({len(row) for row in rows}) > 1:
        raise ValueError("`targets` must return the same number of values for each trial.")
    if rows:
        return np.array(rows, dtype=float)
    if names is None:
        raise ValueError("No trial is complete: with `targets`, give the names of the axes, too.")
    return np.empty((0, len(names)))


def _objectives(
    study: Study,
    table: TrialTable,
    n_axes: int,
    names: Sequence[str] | None,
    targets: Targets | None,
) -> list[ShownObjective]:
    if n_axes not in (2, 3):
        hint = " Choose some with `targets`." if targets is None else ""
        raise ValueError(f"A plot of a front has 2 or 3 axes, not {n_axes}.{hint}")
    if names is not None and (isinstance(names, str) or len(names) != n_axes):
        raise ValueError(f"The names of the axes must be a list of length {n_axes}; got {names!r}.")
    if names is None:
        given = study.metric_names
        names = [f"Objective {i}" for i in range(n_axes)]
        if given is not None and len(given) == n_axes:
            names = given
    greater = [None] * n_axes if targets is not None else list(table.greater_is_better)
    return [ShownObjective(name, one) for name, one in zip(names, greater, strict=True)]
