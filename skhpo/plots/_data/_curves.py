"""Data of the plot of curves: intermediate values, scores by amount, and learning curves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skhpo.plots._data._evaluations import check_evaluated, metric_of
from skhpo.plots._data._trials import check_study, is_feasible
from skhpo.trial import TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["KINDS", "CurvesData", "curves_of_search", "curves_of_study"]

FloatArray = NDArray[np.float64]

KINDS = ("auto", "resource", "rounds", "folds")
_STATUS = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.RUNNING: "running",
}


@dataclass
class CurvesData:
    """Curves of the trials.

    Attributes
    ----------
    x, y : list of ndarray
        Positions and values of each curve. Values may be NaN or infinite.
    number : ndarray of int of shape (n_curves,)
        Number of the trial of each curve; a trial may have several.
    status : ndarray of str of shape (n_curves,)
        How the trial ended, such as "complete" or "pruned".
    is_feasible : ndarray of bool of shape (n_curves,)
        Whether the trial satisfies the constraints.
    best : int or None
        Number of the best trial; None if there is none.
    x_name, y_name : str
        Names of the axes.
    x_is_log : bool
        Whether the positions are spaced geometrically.
    """

    x: list[NDArray[Any]]
    y: list[FloatArray]
    number: NDArray[np.int64]
    status: NDArray[np.str_]
    is_feasible: NDArray[np.bool_]
    best: int | None
    x_name: str
    y_name: str
    x_is_log: bool = False


def curves_of_study(study: Study) -> CurvesData:
    """Return the intermediate values of the trials that reported some and did not fail.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    data : CurvesData
    """
    check_study(study)
    trials = [
        trial
        for trial in study.get_trials(deepcopy=False)
        if trial.state in _STATUS and trial.intermediate_values
    ]
    reports = [sorted(trial.intermediate_values.items()) for trial in trials]
    complete = [t for t in trials if t.state == TrialState.COMPLETE and is_feasible(t)]
    best = None
    if len(study.directions) == 1 and complete:
        sign = -1.0 if study.direction.name == "MAXIMIZE" else 1.0
        losses = [np.nan if t.value is None else sign * t.value for t in complete]
        if not np.isnan(losses).all():
            best = complete[int(np.nanargmin(losses))].number
    return CurvesData(
        x=[np.array([step for step, _ in one]) for one in reports],
        y=[np.array([value for _, value in one], dtype=float) for one in reports],
        number=np.array([trial.number for trial in trials], dtype=np.int64),
        status=np.array([_STATUS[trial.state] for trial in trials], dtype=np.str_),
        is_feasible=np.array([is_feasible(trial) for trial in trials], dtype=bool),
        best=best,
        x_name="step",
        y_name="intermediate value",
    )


def curves_of_search(search: Any, *, kind: str = "auto", metric: str | None = None) -> CurvesData:
    """Return curves of the candidates of a search.

    Parameters
    ----------
    search : estimator
        A fitted search.
    kind : {"auto", "resource", "rounds", "folds"}, default="auto"
        What the curves show: the mean score by the amount of the resource; the learning curve of
        each fit, by rounds of a booster, with early stopping; or the mean score by the number of
        folds. "auto" is the first of these that the search has.
    metric : str, default=None
        Name of a score or a cost; required if the search has several objectives. Learning curves
        always show the metric that early stopping monitors.

    Returns
    -------
    data : CurvesData
    """
    check_evaluated(search)
    table = search.evaluations_
    if kind not in KINDS:
        raise ValueError(f"`kind` must be one of {list(KINDS)}; got {kind!r}.")
    if kind == "auto":
        kind = "rounds" if "curve" in table else "folds"
        kind = "resource" if "n_resources" in table else kind
    if kind == "resource" and "n_resources" not in table:
        raise ValueError('The search has no resource, so there is nothing to plot for "resource".')
    if kind == "rounds" and "curve" not in table:
        raise ValueError(
            'Learning curves, kind="rounds", need a search of a booster with `early_stopping`.'
        )
    if kind == "rounds":
        return _learning_curves(search)
    if kind == "folds" and "n_resources" in table:
        raise ValueError('With a resource, the scores are those of kind="resource".')
    return _score_curves(search, kind, metric)


@np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
def _score_curves(search: Any, kind: str, metric: str | None) -> CurvesData:
    shown = metric_of(search, metric)
    table = search.evaluations_
    x, y, rows = [], [], []
    for row, folds in _by_candidate(table["candidate"]):
        values = table[shown.column][folds]
        if kind == "resource":
            amounts = np.unique(table["n_resources"][folds])
            at = [values[table["n_resources"][folds] == amount] for amount in amounts]
            x.append(amounts)
            y.append(np.array([one.mean() for one in at]))
        else:
            x.append(np.arange(1, len(values) + 1))
            y.append(np.cumsum(values) / x[-1])
        rows.append(row)
    name = search.resource if kind == "resource" else None
    name = "n_samples" if name == "auto" else name
    return _of_rows(
        search, rows, x, y, "folds" if name is None else name, f"mean {shown.name}",
        is_log=kind == "resource",
    )  # fmt: skip


def _learning_curves(search: Any) -> CurvesData:
    table = search.evaluations_
    has_curve = [curve is not None for curve in table["curve"]]
    curves = table["curve"][has_curve]
    return _of_rows(
        search,
        table["candidate"][has_curve].tolist(),
        [curve["rounds"] for curve in curves],
        [curve["values"] for curve in curves],
        "rounds",
        "best metric so far",
    )


def _of_rows(
    search: Any,
    rows: list[int],
    x: list[NDArray[Any]],
    y: list[FloatArray],
    x_name: str,
    y_name: str,
    is_log: bool = False,
) -> CurvesData:
    results = search.cv_results_
    best = getattr(search, "best_index_", None)
    feasible = results.get("is_feasible")
    status = results["status"].astype(str)
    breaks = np.zeros(len(status), bool) if feasible is None else ~feasible & (status == "complete")
    return CurvesData(
        x=x,
        y=y,
        number=results["trial_number"][rows].astype(np.int64),
        status=status[rows],
        is_feasible=~breaks[rows],
        best=None if best is None else int(results["trial_number"][best]),
        x_name=x_name,
        y_name=y_name,
        x_is_log=is_log,
    )


def _by_candidate(candidate: NDArray[np.int64]) -> Iterable[tuple[int, NDArray[np.intp]]]:
    """Return each candidate with its rows of the table, in their order."""
    order = np.argsort(candidate, kind="stable")
    bounds = np.flatnonzero(np.diff(candidate[order])) + 1
    for rows in np.split(order, bounds):
        if len(rows):
            yield int(candidate[rows[0]]), rows
