"""The evaluated folds of a search, for plots: which metric is shown, and names of candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from skhpo._hints import did_you_mean
from skhpo.plots._data._trials import check_fitted

__all__ = [
    "Metric",
    "check_evaluated",
    "metric_of",
    "names_of_candidates",
    "shortened",
    "values_of_folds",
]

FloatArray = NDArray[np.float64]

LONGEST = 44  # characters of the name of a candidate


@dataclass(frozen=True)
class Metric:
    """A score or a cost of a search.

    Attributes
    ----------
    name : str
        Its name, as in a label.
    column : str
        Its column in ``evaluations_``; in ``cv_results_`` this column has a prefix.
    greater_is_better : bool
        Whether large values are good.
    """

    name: str
    column: str
    greater_is_better: bool


def check_evaluated(search: Any) -> None:
    """Raise an error unless a search is fitted and has the table of its folds."""
    check_fitted(search)
    if not hasattr(search, "evaluations_"):
        raise AttributeError(
            f"This {type(search).__name__} has no `evaluations_`: it was fitted by an older "
            "version of skhpo, or its fit ended with an error. Fit it again."
        )


def metric_of(search: Any, metric: str | None = None) -> Metric:
    """Return a metric of a fitted search.

    Parameters
    ----------
    search : estimator
        A fitted search.
    metric : str, default=None
        Name of a score or of a cost. By default, the one that the search optimises.

    Raises
    ------
    ValueError
        If the name is unknown, or if it is missing and the search has several objectives.
    """
    check_evaluated(search)
    prefix = "test_"
    table = search.evaluations_
    scores = [name.removeprefix(prefix) for name in table if name.startswith(prefix)]
    objectives = [str(one.name) for one in getattr(search, "objectives_", ())]
    costs = [name for name in table if f"mean_{name}" in search.cv_results_ and name not in scores]
    if metric is None:
        if objectives:
            raise ValueError(
                f"The search has several objectives, {objectives}, and the plot shows one: "
                "select it with `metric=`."
            )
        refit = search.refit
        metric = refit if isinstance(refit, str) and refit in scores else scores[0]
    if metric in scores:
        return Metric(metric, prefix + metric, greater_is_better=True)
    if metric in costs and not metric.startswith((prefix, "train_")):
        return Metric(metric, metric, greater_is_better=False)
    known = [*scores, *(name for name in costs if not name.startswith((prefix, "train_")))]
    hint = did_you_mean(metric, known)
    raise ValueError(f"Unknown metric {metric!r}; the search has {known}.{hint}")


def values_of_folds(search: Any, metric: Metric) -> tuple[FloatArray, FloatArray]:
    """Return the values of a metric by candidate and fold, and the mean of each candidate.

    With a resource, they are the values at the largest amount that a candidate got.

    Returns
    -------
    values : ndarray of shape (n_candidates, n_folds)
        NaN for folds that were not run.
    means : ndarray of shape (n_candidates,)
        The means of the folds that were run.
    """
    table, results = search.evaluations_, search.cv_results_
    values = np.full((len(results["params"]), search.n_splits_), np.nan)
    is_shown = np.ones(len(table["candidate"]), dtype=bool)
    if "n_resources" in table:
        is_shown = table["n_resources"] == results["n_resources"][table["candidate"]]
    values[table["candidate"][is_shown], table["fold"][is_shown]] = table[metric.column][is_shown]
    is_known = ~np.isnan(values)
    with np.errstate(over="ignore", invalid="ignore"):  # scores may be infinite, or huge
        sums = np.where(is_known, values, 0.0).sum(axis=1)
        means = np.where(is_known.any(axis=1), sums / np.maximum(is_known.sum(axis=1), 1), np.nan)
    return values, means


def names_of_candidates(params: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a short text for each candidate, of the parameters in which they differ.

    Parameters
    ----------
    params : sequence of mapping
        Parameters of the candidates.

    Examples
    --------
    >>> from skhpo.plots._data._evaluations import names_of_candidates
    >>> names_of_candidates(
    ...     [{"svc__C": 1.23456, "svc__kernel": "rbf"}, {"svc__C": 20, "svc__kernel": "rbf"}]
    ... )
    ['C=1.23', 'C=20']
    """
    every = list(dict.fromkeys(name for one in params for name in one))
    differing = [name for name in every if len({_text(one.get(name, "")) for one in params}) > 1]
    last = [name.rpartition("__")[2] for name in differing]
    named = {
        name: short if last.count(short) == 1 else name
        for name, short in zip(differing, last, strict=True)
    }
    texts = [
        ", ".join(f"{named[name]}={_text(one[name])}" for name in differing if name in one)
        for one in params
    ]
    return [shortened(text, LONGEST) for text in texts]


def shortened(text: str, n_characters: int) -> str:
    """Return the beginning of a text, if it is longer than a number of characters.

    Examples
    --------
    >>> from skhpo.plots._data._evaluations import shortened
    >>> shortened("strategy=most_frequent", 12)
    'strategy=mo…'
    """
    return text if len(text) <= n_characters else f"{text[: n_characters - 1]}…"


def _text(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:.3g}"
    if isinstance(value, BaseEstimator):
        return type(value).__name__
    return str(value)
