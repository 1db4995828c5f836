"""``evaluations_``: the table of all evaluated folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhpo.boosting import learning_curve
from skhpo.search._records import Candidate, FoldResult
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan

__all__ = ["make_evaluations"]

FloatArray = NDArray[np.float64]


def make_evaluations(
    candidates: Sequence[Candidate], plan: EvaluationPlan
) -> dict[str, NDArray[Any]]:
    """Create ``evaluations_``.

    Parameters
    ----------
    candidates : sequence of Candidate
        The candidates, one per row of ``cv_results_``.
    plan : EvaluationPlan
        The tasks of a candidate.

    Returns
    -------
    evaluations : dict of str to ndarray
        The columns, with one row per evaluated fold. The rows are sorted by their start. Folds
        whose start is unknown come last, sorted by candidate and by its order of folds.
    """
    rows = [
        (row, candidate, task, result)
        for row, candidate in enumerate(candidates)
        for task, result in candidate.results.items()
    ]
    results = [result for _, _, _, result in rows]
    starts = np.array([_or_nan(result.started_at) for result in results])
    order = np.argsort(starts, kind="stable")  # NaN comes last
    places = [plan.place(task) for _, _, task, _ in rows]
    table: dict[str, NDArray[Any]] = {
        "candidate": np.array([row for row, _, _, _ in rows]),
        "trial_number": np.array([candidate.trial_number for _, candidate, _, _ in rows]),
        "fold": np.array([fold for _, fold in places]),
    }
    if plan.resource is not None:
        table["n_resources"] = np.array([plan.resource.rungs[rung] for rung, _ in places])
    table |= _measured(results)
    table["started_at"] = starts - _earliest(starts)
    table["worker"] = _numbered([result.worker for result in results], order)
    table["error"] = np.array([result.fit_error is not None for result in results])
    known = [task in candidate.known for _, candidate, task, _ in rows]
    table["from_storage"] = np.array(known)
    if any(result.curve is not None for result in results):
        table |= _rounds(results)
    return {name: column[order] for name, column in table.items()}


def _measured(results: Sequence[FoldResult]) -> dict[str, NDArray[Any]]:
    """Return the scores, the costs and the times."""
    measured = [_named(result) for result in results]
    names = dict.fromkeys(name for one in measured for name in one)
    columns = {name: [one.get(name, np.nan) for one in measured] for name in names}
    for name in ("fit_time", "score_time", "seconds"):
        columns[name] = [_or_nan(getattr(result, name)) for result in results]
    return {name: np.array(column, dtype=np.float64) for name, column in columns.items()}


def _named(result: FoldResult) -> dict[str, float]:
    costs = result.costs or {}
    scores = {n: v for n, v in result.metrics.items() if n not in costs}
    test = {f"test_{name}": value for name, value in scores.items()}
    return test | {f"train_{n}": v for n, v in result.train_metrics.items()} | costs


def _rounds(results: Sequence[FoldResult]) -> dict[str, NDArray[Any]]:
    """Return the columns of early stopping."""
    curves = np.empty(len(results), dtype=object)
    for row, result in enumerate(results):
        if result.curve is not None:
            curves[row] = learning_curve(result.curve, result.best_iteration)
    return {
        "best_iteration": np.array([_or_nan(result.best_iteration) for result in results]),
        "stopped_at": np.array([_or_nan(result.stopped_at) for result in results]),
        "curve": curves,
    }


def _numbered(workers: Sequence[str | None], order: NDArray[np.intp]) -> NDArray[np.int64]:
    """Number the workers in the given order of rows; -1 if a worker is unknown."""
    names = dict.fromkeys(workers[row] for row in order)
    names.pop(None, None)
    numbers: dict[str | None, int] = {name: number for number, name in enumerate(names)}
    return np.array([numbers.get(name, -1) for name in workers], dtype=np.int64)


def _earliest(starts: FloatArray) -> float:
    return 0.0 if np.isnan(starts).all() else float(np.nanmin(starts))


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else float(value)
