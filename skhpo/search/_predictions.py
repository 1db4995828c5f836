"""Predicted scores of stopped candidates, as columns of ``cv_results_``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhpo.history import PREDICTED_VALUE, PREDICTED_VARIANCE
from skhpo.pruners._fold_model import FoldModel
from skhpo.search._records import Candidate
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.search.objectives._problem import Objective, Problem
from skhpo.trial import FrozenTrial

__all__ = ["add_predictions"]

FloatArray = NDArray[np.float64]

_MEAN = "mean_"


def add_predictions(
    results: dict[str, Any],
    candidates: Sequence[Candidate],
    plan: EvaluationPlan,
    problem: Problem,
    trials: Sequence[FrozenTrial],
) -> None:
    """Add the predicted means of each candidate over all folds to a table.

    Parameters
    ----------
    results : dict of str to ndarray
        The table. For each metric, and for each objective that is a cost, columns such as
        ``predicted_test_score`` and ``std_error_predicted_test_score`` are added.
    candidates : sequence of Candidate
        The candidates, one per row.
    plan : EvaluationPlan
        The tasks of a candidate.
    problem : Problem
        The objectives. If the study has predictions of them, these are used.
    trials : sequence of FrozenTrial
        The study's trials, sorted by number.
    """
    metrics = [name.removeprefix(_MEAN) for name in results if name.startswith(f"{_MEAN}test_")]
    objectives = [_column_of(one, metrics) for one in problem.objectives]
    ended = [trials[candidate.trial_number] for candidate in candidates]
    for column in dict.fromkeys([*metrics, *objectives]):
        means = results[_MEAN + column].astype(float)
        is_complete = (results["status"] == "complete") & ~np.isnan(means)
        predicted = np.where(is_complete, means, np.nan)
        error = np.where(is_complete, 0.0, np.nan)
        open_rows = np.isin(results["status"].astype(str), ["pruned", "interrupted"])
        if column in metrics:
            folds = _folds(results, candidates, plan, column)
            if plan.resource is not None:
                _fill_last_rung(predicted, folds, open_rows)
            else:
                _fill_by_model(predicted, error, folds, is_complete, open_rows)
        if column in objectives and plan.resource is None:
            _fill_from_study(predicted, error, ended, objectives.index(column))
        results[f"predicted_{column}"] = predicted
        results[f"std_error_predicted_{column}"] = error


def _column_of(objective: Objective, metrics: Sequence[str]) -> str:
    """Return the column name of an objective without its prefix."""
    if objective.cost is not None:
        return str(objective.name)
    return f"test_{objective.name}" if f"test_{objective.name}" in metrics else metrics[0]


def _folds(
    results: Mapping[str, Any], candidates: Sequence[Candidate], plan: EvaluationPlan, column: str
) -> FloatArray:
    """Return the scores by candidate and fold; NaN if the fit was not completed."""
    folds = np.stack([results[f"split{k}_{column}"] for k in range(plan.n_folds)], axis=1)
    for row, candidate in enumerate(candidates):
        for fold, result in plan.by_fold(candidate.results).items():
            if result.stopped_at is not None:
                folds[row, fold] = np.nan
    return folds


@np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
def _fill_last_rung(predicted: FloatArray, folds: FloatArray, rows: NDArray[np.bool_]) -> None:
    """Fill in the mean at the last rung of a resource. Its error is unknown."""
    for row in np.flatnonzero(rows):
        seen = folds[row][~np.isnan(folds[row])]
        if len(seen):
            predicted[row] = seen.mean()


@np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
def _fill_by_model(
    predicted: FloatArray,
    error: FloatArray,
    folds: FloatArray,
    is_complete: NDArray[np.bool_],
    rows: NDArray[np.bool_],
) -> None:
    """Fill in the predictions of a fold model, fitted to the complete candidates."""
    model = FoldModel.fit(-folds[is_complete]) if is_complete.any() else None
    for row in np.flatnonzero(rows):
        seen = np.flatnonzero(~np.isnan(folds[row]))
        if len(seen) == 0:
            continue
        if model is None:
            predicted[row] = folds[row, seen].mean()
        else:
            loss, variance = model.predict(seen, -folds[row, seen])
            predicted[row], error[row] = -loss, np.sqrt(variance)


def _fill_from_study(
    predicted: FloatArray, error: FloatArray, trials: Sequence[FrozenTrial], objective: int
) -> None:
    """Fill in the study's predictions of stopped candidates."""
    for row, trial in enumerate(trials):
        if PREDICTED_VALUE in trial.system_attrs:
            predicted[row] = np.atleast_1d(trial.system_attrs[PREDICTED_VALUE])[objective]
            variance = np.atleast_1d(trial.system_attrs[PREDICTED_VARIANCE])[objective]
            error[row] = np.sqrt(variance)
