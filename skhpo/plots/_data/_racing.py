"""Data of the plot of the race: after how many folds each candidate ended, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhpo.plots._data._evaluations import metric_of, values_of_folds

__all__ = ["RacingData", "racing_data"]

FloatArray = NDArray[np.float64]


@dataclass
class RacingData:
    """The candidates in the order of their proposal: their folds, how they ended, their scores.

    Attributes
    ----------
    number : ndarray of int of shape (n_candidates,)
        Numbers of the trials.
    n_fits : ndarray of int of shape (n_candidates,)
        Number of evaluated folds; with a resource, at all amounts together.
    status : ndarray of str of shape (n_candidates,)
        How each candidate ended, as in ``cv_results_``.
    score : ndarray of shape (n_candidates,)
        Mean over the evaluated folds; with a resource, at the largest amount of the candidate.
    best : ndarray of shape (n_candidates,)
        Best mean of a complete candidate so far; NaN before the first.
    work : float
        The work of the search in full fits: fits with all of the resource.
    full_work : float
        The work without stopping, if every candidate had run its folds once. With a resource, the
        smaller amounts come on top, so that `work` may be larger.
    name : str
        Name of the metric.
    greater_is_better : bool
        Whether large values are good.
    """

    number: NDArray[np.int64]
    n_fits: NDArray[np.int64]
    status: NDArray[np.str_]
    score: FloatArray
    best: FloatArray
    work: float
    full_work: float
    name: str
    greater_is_better: bool

    @property
    def saved(self) -> float:
        """The share of the work that was saved by stopping candidates, from 0 to 1."""
        return 1.0 - self.work / self.full_work


def racing_data(search: Any, *, metric: str | None = None) -> RacingData:
    """Return the data of the plot of the race.

    Parameters
    ----------
    search : estimator
        A fitted search.
    metric : str, default=None
        Name of a score or a cost; required if the search has several objectives.

    Returns
    -------
    data : RacingData
    """
    shown = metric_of(search, metric)
    _, means = values_of_folds(search, shown)
    table, results = search.evaluations_, search.cv_results_
    order = np.argsort(results["trial_number"], kind="stable")
    n_fits = np.bincount(table["candidate"], minlength=len(order))
    amounts = table.get("n_resources", np.ones(len(table["candidate"])))
    status = results["status"].astype(str)
    measured = np.where((status == "complete") & np.isfinite(means), means, np.nan)[order]
    running = np.fmax if shown.greater_is_better else np.fmin
    return RacingData(
        number=results["trial_number"][order],
        n_fits=n_fits[order],
        status=status[order],
        score=means[order],
        best=running.accumulate(measured),
        work=float(amounts.sum() / amounts.max()),
        full_work=float(len(order) * search.n_splits_),
        name=shown.name,
        greater_is_better=shown.greater_is_better,
    )
