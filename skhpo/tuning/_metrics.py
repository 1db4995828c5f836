"""The objective metric of a job as a scorer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.metrics import get_scorer_names, roc_curve

from skhpo._hints import did_you_mean

__all__ = ["RateScorer", "make_scorer_of"]

# Names of the algorithms of managed tuners, after "validation:".
_ALIASES = {
    "auc": "roc_auc",
    "aucpr": "average_precision",
    "balanced_accuracy": "balanced_accuracy",
    "logloss": "neg_log_loss",
    "mlogloss": "neg_log_loss",
    "rmse": "neg_root_mean_squared_error",
    "mse": "neg_mean_squared_error",
    "mae": "neg_mean_absolute_error",
}
_RATE = re.compile(r"(precision|recall)@fpr=(\d*\.?\d+(?:[eE]-?\d+)?)")


@dataclass(frozen=True)
class RateScorer:
    """Scorer for rare events: precision or recall at a limited false-positive rate.

    The threshold is the lowest one with which at most this share of the negative rows is
    flagged. It is found on the rows that are scored, so the score compares models, not
    thresholds.

    Parameters
    ----------
    metric : {"precision", "recall"}
        What is measured at the threshold. If nothing is flagged, it is 0.
    max_false_positive_rate : float
        Share of the negative rows that may be flagged, from 0 to 1.

    Raises
    ------
    ValueError
        If the metric is unknown or the rate is not between 0 and 1.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skhpo.tuning import RateScorer
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = GaussianNB().fit(X[:300], y[:300])
    >>> few, many = (RateScorer("recall", rate)(model, X[300:], y[300:]) for rate in (0.02, 0.2))
    >>> bool(0 < few < many <= 1)
    True
    """

    metric: Literal["precision", "recall"]
    max_false_positive_rate: float

    def __post_init__(self) -> None:
        if self.metric not in ("precision", "recall"):
            raise ValueError(f"`metric` must be 'precision' or 'recall'; got {self.metric!r}.")
        if not 0 <= self.max_false_positive_rate <= 1:
            raise ValueError(
                "`max_false_positive_rate` must be between 0 and 1; got "
                f"{self.max_false_positive_rate!r}."
            )

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """Score a fitted binary classifier; the second of its classes is the positive one."""
        is_positive = np.asarray(y) == estimator.classes_[1]
        if hasattr(estimator, "predict_proba"):
            outputs = estimator.predict_proba(X)[:, 1]
        else:
            outputs = estimator.decision_function(X)
        false_rate, true_rate, _ = roc_curve(is_positive, outputs, drop_intermediate=False)
        last = np.flatnonzero(false_rate <= self.max_false_positive_rate)[-1]
        if self.metric == "recall":
            return float(true_rate[last])
        hits = true_rate[last] * is_positive.sum()
        flagged = hits + false_rate[last] * (~is_positive).sum()
        return float(hits / flagged) if flagged else 0.0


def make_scorer_of(metric: str, minimize: bool, place: str) -> Any:
    """Return the `scoring` of a search for a metric and its direction.

    Parameters
    ----------
    metric : str
        Name of a scorer of scikit-learn, with or without "neg_"; a name of managed tuners such
        as "validation:auc"; or "precision@fpr=0.01", "recall@fpr=0.01".
    minimize : bool
        Whether smaller is better.
    place : str
        Path of the metric in the job, for errors.

    Raises
    ------
    ValueError
        If the metric is unknown, or if it has the other direction.
    """
    rate = _RATE.fullmatch(metric)
    if rate is not None:
        if minimize:
            raise ValueError(f"{place}: {metric!r} is a score, so Type must be Maximize.")
        return RateScorer(rate[1], float(rate[2]))  # type: ignore[arg-type]
    known = get_scorer_names()
    name = metric.removeprefix("validation:")
    name = _ALIASES.get(name, name)
    if name not in known and f"neg_{name}" in known:
        name = f"neg_{name}"
    if name not in known:
        raise ValueError(
            f"{place} must be the name of a scorer of scikit-learn, a loss such as 'log_loss', or "
            f"'precision@fpr=0.01' or 'recall@fpr=0.01'; got {metric!r}."
            f"{did_you_mean(name, known, n=3)}"
        )
    is_loss = name.startswith("neg_") and not metric.startswith("neg_")
    if is_loss != minimize:
        kind, needed = ("loss", "Minimize") if is_loss else ("score", "Maximize")
        raise ValueError(f"{place}: {metric!r} is a {kind}, so Type must be {needed}.")
    return name
