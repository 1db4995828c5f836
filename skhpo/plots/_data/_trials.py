"""The trials of a study as arrays, for plots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError

from skhpo._hints import did_you_mean
from skhpo.distributions import BaseDistribution
from skhpo.history import PREDICTED_VALUE, PREFERRED
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = [
    "Target",
    "TrialTable",
    "check_fitted",
    "check_study",
    "is_feasible",
    "one_objective",
    "trial_table",
]

Target = Callable[[FrozenTrial], float]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class TrialTable:
    """The trials of a study as arrays, one row per trial, in the order of their numbers.

    Attributes
    ----------
    trials : list of FrozenTrial
        The records of the trials.
    numbers : ndarray of int of shape (n_trials,)
        Their numbers.
    states : ndarray of int of shape (n_trials,)
        Their states, as :class:`~skhpo.trial.TrialState`.
    values : ndarray of shape (n_trials, n_objectives)
        Measured values of the objectives; NaN unless the trial is complete.
    predicted : ndarray of shape (n_trials, n_objectives)
        For trials that were stopped early, the predicted values or, without a prediction, the
        last reported value; otherwise NaN.
    is_feasible : ndarray of bool of shape (n_trials,)
        Whether a trial satisfies all constraints.
    starts, ends : ndarray of datetime64 of shape (n_trials,)
        Times of the start and the end; NaT if unknown.
    params : dict of str to masked array of shape (n_trials,)
        Values of each parameter, dtype object; masked where a trial does not have it.
    distributions : dict of str to BaseDistribution
        The latest distribution of each parameter.
    names : tuple of str
        Names of the objectives.
    greater_is_better : tuple of bool
        For each objective, whether larger values are better.
    """

    trials: list[FrozenTrial]
    numbers: IntArray
    states: IntArray
    values: FloatArray
    predicted: FloatArray
    is_feasible: BoolArray
    starts: NDArray[np.datetime64]
    ends: NDArray[np.datetime64]
    params: dict[str, np.ma.MaskedArray[Any, Any]]
    distributions: dict[str, BaseDistribution]
    names: tuple[str, ...]
    greater_is_better: tuple[bool, ...]

    @property
    def is_complete(self) -> BoolArray:
        """Which trials are complete."""
        return np.equal(self.states, TrialState.COMPLETE)


def trial_table(
    study: Study, *, target: Target | None = None, target_name: str | None = None
) -> TrialTable:
    """Return the trials of a study as arrays.

    Parameters
    ----------
    study : Study
        Any study, in memory or stored.
    target : callable, default=None
        Function that takes a complete trial and returns the number to show. By default, the
        values of the objectives. With a target, there is one column of values, and small values
        count as good.
    target_name : str, default=None
        Name of the target, or of a single objective.

    Returns
    -------
    table : TrialTable
    """
    check_study(study)
    trials = sorted(study.get_trials(deepcopy=False), key=lambda trial: trial.number)
    directions = [direction.name == "MAXIMIZE" for direction in study.directions]
    names = _names(study)
    if target is not None:
        directions, names = [False], ["target"]
    if target_name is not None and len(names) == 1:
        names = [target_name]
    values = np.full((len(trials), len(names)), np.nan)
    predicted = values.copy()
    for row, trial in enumerate(trials):
        if trial.state == TrialState.COMPLETE:
            values[row] = trial.values if target is None else target(trial)
        elif trial.state == TrialState.PRUNED and target is None:
            predicted[row] = _predicted(trial, len(names))
    distributions = {name: d for trial in trials for name, d in trial.distributions.items()}
    return TrialTable(
        trials=trials,
        numbers=np.array([trial.number for trial in trials], dtype=np.int64),
        states=np.array([trial.state for trial in trials], dtype=np.int64),
        values=values,
        predicted=predicted,
        is_feasible=np.array([is_feasible(trial) for trial in trials], dtype=bool),
        starts=np.array([trial.datetime_start for trial in trials], dtype="datetime64[us]"),
        ends=np.array([trial.datetime_complete for trial in trials], dtype="datetime64[us]"),
        params={name: _column(trials, name) for name in distributions},
        distributions=distributions,
        names=tuple(names),
        greater_is_better=tuple(directions),
    )


def one_objective(table: TrialTable, objective: str | None = None) -> int:
    """Return the column of the objective to plot.

    Parameters
    ----------
    table : TrialTable
        The trials.
    objective : str, default=None
        Name of the objective; may be omitted if there is only one.

    Raises
    ------
    ValueError
        If the name is unknown, or if it is missing and there are several objectives.
    """
    names = table.names
    if objective is None and len(names) == 1:
        return 0
    if objective is None:
        raise ValueError(
            f"The study has several objectives, {list(names)}, and the plot shows one: select "
            "it with `objective=`."
        )
    if objective not in names:
        hint = did_you_mean(objective, names)
        raise ValueError(
            f"Unknown objective {objective!r}; the objectives are {list(names)}.{hint}"
        )
    return names.index(objective)


def check_study(study: Any) -> None:
    """Raise a TypeError unless an object is a study."""
    if not (hasattr(study, "get_trials") and hasattr(study, "directions")):
        raise TypeError(
            f"`study` must be a Study; got {type(study).__name__}. For a fitted search, use "
            "`from_search`, or its attribute `study_`."
        )


def check_fitted(search: Any) -> None:
    """Raise a NotFittedError unless a search is fitted, or a TypeError if it is no search."""
    if hasattr(search, "study_"):
        return
    if not hasattr(search, "fit"):
        raise TypeError(
            f"`search` must be a fitted search of skhpo; got {type(search).__name__}. For a "
            "study, use `from_study`."
        )
    raise NotFittedError(
        f"`search` must be a fitted search of skhpo, such as TPESearchCV; this "
        f"{type(search).__name__} has no attribute 'study_'."
    )


def _names(study: Study) -> list[str]:
    n_objectives = len(study.directions)
    given = study.metric_names
    if given is not None:
        return list(given)
    return ["value"] if n_objectives == 1 else [f"value {i}" for i in range(n_objectives)]


def _predicted(trial: FrozenTrial, n_objectives: int) -> Any:
    """Return the predicted values of a stopped trial, or its last report; NaN without either."""
    if PREDICTED_VALUE in trial.system_attrs:
        return np.atleast_1d(trial.system_attrs[PREDICTED_VALUE])
    if n_objectives == 1 and trial.values is not None:
        return trial.values
    if n_objectives == 1 and trial.intermediate_values:
        return trial.intermediate_values[max(trial.intermediate_values)]
    return np.nan


def is_feasible(trial: FrozenTrial) -> bool:
    """Return whether a trial satisfies all of its constraints, inside a preferred region or not."""
    bounds = trial.constraints.items()
    return all(value <= 0.0 for name, value in bounds if not name.startswith(PREFERRED))


def _column(trials: list[FrozenTrial], name: str) -> np.ma.MaskedArray[Any, Any]:
    values = np.empty(len(trials), dtype=object)
    is_missing = np.array([name not in trial.params for trial in trials], dtype=bool)
    for row in np.flatnonzero(~is_missing):
        values[row] = trials[row].params[name]
    return np.ma.MaskedArray(values, mask=is_missing)
