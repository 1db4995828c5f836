"""Data of the plot of scores by fold: the best candidates, compared on the same folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhpo.plots._data._evaluations import metric_of, names_of_candidates, values_of_folds

__all__ = ["FoldScoresData", "fold_scores_data"]


@dataclass
class FoldScoresData:
    """The scores of the best complete candidates on each fold.

    Attributes
    ----------
    scores : ndarray of shape (n_candidates, n_folds)
        Scores by candidate, the best first, and by fold.
    candidate : ndarray of int of shape (n_candidates,)
        Rows of the candidates in ``cv_results_``.
    labels : list of str
        Rank of each candidate, and the parameters in which the candidates differ.
    name : str
        Name of the metric.
    greater_is_better : bool
        Whether large values are good.
    """

    scores: NDArray[np.float64]
    candidate: NDArray[np.int64]
    labels: list[str]
    name: str
    greater_is_better: bool


def fold_scores_data(search: Any, *, n_best: int = 10, metric: str | None = None) -> FoldScoresData:
    """Return the data of the plot of scores by fold.

    Parameters
    ----------
    search : estimator
        A fitted search.
    n_best : int, default=10
        Maximal number of candidates.
    metric : str, default=None
        Name of a score or a cost; required if the search has several objectives.

    Returns
    -------
    data : FoldScoresData
    """
    if n_best < 1:
        raise ValueError(f"`n_best` must be at least 1; got {n_best}.")
    shown = metric_of(search, metric)
    values, means = values_of_folds(search, shown)
    results = search.cv_results_
    complete = np.flatnonzero(results["status"] == "complete")
    if len(complete) == 0:
        raise ValueError("No candidate is complete, so there are no folds to compare.")
    losses = -means[complete] if shown.greater_is_better else means[complete]
    best = complete[np.argsort(losses, kind="stable")][:n_best]  # NaN comes last
    names = names_of_candidates([results["params"][row] for row in best])
    return FoldScoresData(
        scores=values[best],
        candidate=best.astype(np.int64),
        labels=[f"#{rank} {name}".strip() for rank, name in enumerate(names, start=1)],
        name=shown.name,
        greater_is_better=shown.greater_is_better,
    )
