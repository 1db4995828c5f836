"""Rules that choose a candidate: a simple one among the good ones, or one on a Pareto front."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhpo._hints import did_you_mean
from skhpo._parameters import HasParameters
from skhpo.multi_objective._knee import order_by_knee, order_by_weights
from skhpo.search.objectives._costs import KNOWN_COSTS, Cost
from skhpo.search.objectives._problem import Constraint, parse_constraint

__all__ = [
    "FrontRule",
    "NothingToChooseError",
    "SimplestRule",
    "one_standard_error",
    "parse_front_rule",
    "parsimonious",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class NothingToChooseError(ValueError):
    """No candidate meets what a rule demands."""


# ------------------------------------------------------------------------------ one objective


@dataclass(frozen=True, repr=False)
class SimplestRule(HasParameters):
    """Chooses the cheapest of the candidates that are nearly as good as the best one.

    :func:`one_standard_error` and :func:`parsimonious` create it.

    Attributes
    ----------
    cost : str or Cost
        The cost to minimise.
    tolerance : float or None
        Maximal difference to the best score, as a share of it; None is one standard error.
    metric : str
        Name of the score.
    """

    cost: str | Cost
    tolerance: float | None = None
    metric: str = "score"

    def __repr__(self) -> str:
        name = "one_standard_error" if self.tolerance is None else "parsimonious"
        tolerance = "" if self.tolerance in (None, 0.01) else f", tolerance={self.tolerance}"
        metric = "" if self.metric == "score" else f", metric={self.metric!r}"
        return f"{name}({self.cost!r}{tolerance}{metric})"

    @property
    def measured(self) -> tuple[Cost, ...]:
        """The costs that must be measured for each fit."""
        if isinstance(self.cost, Cost):
            return (self.cost.named,)
        known = KNOWN_COSTS.get(self.cost)
        return () if known is None else (known,)

    def __call__(self, cv_results: Mapping[str, Any]) -> int:
        """Return the row of the candidate to choose.

        Parameters
        ----------
        cv_results : mapping of str to ndarray
            The table of a search.
        """
        scores = np.asarray(self._column(cv_results, f"mean_test_{self.metric}"), dtype=float)
        if np.isnan(scores).all():
            raise ValueError("No candidate is complete: there is none to choose.")
        best = int(np.nanargmax(scores))
        costs = self._costs(cv_results)
        good = np.flatnonzero(scores >= scores[best] - self._slack(cv_results, best))
        cheapest = good[costs[good] == np.nanmin(costs[good])]
        return int(cheapest[np.argmax(scores[cheapest])])

    @np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
    def _slack(self, cv_results: Mapping[str, Any], best: int) -> float:
        """Return the maximal difference between a good score and the best one."""
        if self.tolerance is not None:
            return float(self.tolerance * abs(cv_results[f"mean_test_{self.metric}"][best]))
        folds = [
            column[best]
            for name, column in cv_results.items()
            if re.fullmatch(rf"split\d+_test_{re.escape(self.metric)}", name)
        ]
        error = np.std(folds, ddof=1) / np.sqrt(len(folds)) if len(folds) > 1 else 0.0
        return float(error) if np.isfinite(error) else 0.0

    def _costs(self, cv_results: Mapping[str, Any]) -> FloatArray:
        name = self.cost.name if isinstance(self.cost, Cost) else self.cost
        for column in (name, f"mean_{name}", f"param_{name}"):
            if column in cv_results:
                return np.ma.filled(np.ma.asarray(cv_results[column]).astype(float), np.nan)
        return np.asarray(self._column(cv_results, name), dtype=float)

    def _column(self, cv_results: Mapping[str, Any], name: str) -> Any:
        if name not in cv_results:
            raise ValueError(
                f"`refit` needs the column {name!r} of cv_results_; there are {sorted(cv_results)}."
            )
        return cv_results[name]


def one_standard_error(cost: str | Cost, *, metric: str = "score") -> SimplestRule:
    """Choose the cheapest candidate within one standard error of the best.

    Use it as `refit` of any search. Candidates within one standard error have about equally good
    scores, so the smallest, fastest or simplest of them is a good choice.

    Parameters
    ----------
    cost : str or Cost
        The cost to minimise: "model_size", "n_features", "fit_time", "score_time", a
        :class:`skhpo.Cost`, a numeric parameter, or a column of ``cv_results_``.
    metric : str, default="score"
        The score to compare. With several metrics, give its name.

    Returns
    -------
    rule : callable
        Takes ``cv_results_`` and returns the row to choose. The standard error is that of the
        best candidate's mean over its folds.

    References
    ----------
    L. Breiman, J. Friedman, R. Olshen and C. Stone, "Classification and regression trees" (1984),
    section 3.4.3.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skhpo import TPESearchCV, one_standard_error
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> search = TPESearchCV(
    ...     DecisionTreeClassifier(random_state=0), {"max_leaf_nodes": list(range(2, 30))},
    ...     refit=one_standard_error("model_size"), n_iter=10, random_state=0,
    ... ).fit(X, y)
    >>> "mean_model_size" in search.cv_results_
    True
    """
    return SimplestRule(cost, None, metric)


def parsimonious(
    cost: str | Cost, *, tolerance: float = 0.01, metric: str = "score"
) -> SimplestRule:
    """Choose the cheapest candidate whose score is at most a small share below the best.

    Parameters
    ----------
    cost : str or Cost
        The cost to minimise, as for :func:`one_standard_error`.
    tolerance : float, default=0.01
        Maximal difference to the best score, as a share of it; at least 0.
    metric : str, default="score"
        The score to compare. With several metrics, give its name.

    Returns
    -------
    rule : callable
        Takes ``cv_results_`` and returns the row to choose.

    Raises
    ------
    ValueError
        If `tolerance` is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo import parsimonious
    >>> rule = parsimonious("n_leaves", tolerance=0.02)
    >>> rule({
    ...     "mean_test_score": np.array([0.99, 0.98, 0.90]), "param_n_leaves": np.array([9, 4, 2])
    ... })
    1
    """
    if not tolerance >= 0.0:
        raise ValueError(f"`tolerance` must be at least 0; got {tolerance!r}.")
    return SimplestRule(cost, float(tolerance), metric)


# --------------------------------------------------------------------------- several objectives

FrontRule = Callable[[FloatArray, Mapping[str, FloatArray], FloatArray], IntArray]
"""Orders candidates: the first is the choice, the second would be it without the first, and so on.

Takes their losses, their metrics by name, and the losses by whose front objectives are scaled.
Candidates that the rule never chooses are left out.
"""

_RULE = re.compile(r"\s*(?:best\s+)?(\w+)\s+with\s+(.+)")
_BOUND = re.compile(r"\s*(\w+)\s*((?:<=|>=|<|>).+)")


def parse_front_rule(
    refit: Any, names: Sequence[str], metrics: Sequence[str], costs: Sequence[str]
) -> FrontRule:
    """Parse the `refit` of a search with several objectives.

    Parameters
    ----------
    refit : str, dict or True
        "knee", "all" or True; the name of a metric; a rule such as
        "roc_auc with score_time <= 5 ms"; or weights by name.
    names : sequence of str
        Names of the objectives.
    metrics, costs : sequence of str
        Names of all recorded scores and costs.

    Returns
    -------
    rule : callable

    Raises
    ------
    ValueError
        If it cannot be read, or a name in it is not recorded.
    """
    if refit is True or refit in ("knee", "all"):
        return _on_front(order_by_knee, names)
    if isinstance(refit, Mapping):
        return _by_weights(refit, names)
    if refit in (*metrics, *costs):
        return _best_of(refit, costs)
    match = _RULE.fullmatch(refit) if isinstance(refit, str) else None
    if match is None:
        raise ValueError(
            "`refit` must be 'knee', 'all', a bool, the name of a metric, weights by name, a "
            "callable, or a rule such as 'roc_auc with score_time <= 5 ms'; the metrics are "
            f"{[*metrics, *costs]}; got {refit!r}.{did_you_mean(refit, [*metrics, *costs])}"
        )
    bounds = [_bound(text, refit, (*metrics, *costs)) for text in re.split(r"\s+and\s+", match[2])]
    if match[1] not in (*metrics, *costs):
        raise ValueError(
            f"`refit` names {match[1]!r}; the metrics are {[*metrics, *costs]}."
            f"{did_you_mean(match[1], [*metrics, *costs])}"
        )
    return _best_within(_best_of(match[1], costs), bounds)


def _bound(text: str, refit: str, known: Sequence[str]) -> Constraint:
    match = _BOUND.fullmatch(text)
    if match is None or match[1] not in known:
        raise ValueError(
            f"`refit` {refit!r}: {text!r} must be like 'score_time <= 5 ms', on one of "
            f"{list(known)}.{did_you_mean(text.split()[0], known)}"
        )
    return parse_constraint(match[1], match[2])


def _by_weights(weights: Mapping[str, float], names: Sequence[str]) -> FrontRule:
    unknown = sorted(set(weights) - set(names))
    if unknown:
        raise ValueError(
            f"`refit` gives weights to {unknown}; the objectives are {list(names)}."
            f"{did_you_mean(unknown[0], names)}"
        )
    by_name = np.array([float(weights.get(name, 0.0)) for name in names])
    if (by_name < 0.0).any() or not by_name.any():
        raise ValueError(
            f"`refit`: weights must be 0 or more, and not all 0; got {dict(weights)!r}."
        )
    return _on_front(lambda losses, scale: order_by_weights(losses, by_name, scale), names)


def _on_front(
    order: Callable[[FloatArray, FloatArray], NDArray[np.intp]], names: Sequence[str]
) -> FrontRule:
    """Return a rule that raises an error if no candidate has finite values in all objectives."""

    def order_if_any(
        losses: FloatArray, means: Mapping[str, FloatArray], scale: FloatArray
    ) -> IntArray:
        if not np.isfinite(losses).all(axis=1).any():
            raise NothingToChooseError(
                f"`refit` finds no candidate with finite values in all objectives, {list(names)}. "
                "Let it be the name of a metric, or False. Everything that was found is in "
                "cv_results_."
            )
        return order(losses, scale)

    return order_if_any


def _best_of(name: str, costs: Sequence[str]) -> FrontRule:
    """Return a rule that chooses the best in one metric.

    Of several equal ones, it chooses the one with the smallest sum of ranks in the objectives.
    """
    sign = 1.0 if name in costs else -1.0

    def order(losses: FloatArray, means: Mapping[str, FloatArray], scale: FloatArray) -> IntArray:
        keys = sign * means[name]
        if np.isnan(keys).all():
            raise NothingToChooseError(f"`refit` finds no candidate whose {name!r} is known.")
        best = np.flatnonzero(keys == np.nanmin(keys))
        ranks = losses[best].argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
        best = best[np.argsort(ranks.sum(axis=1), kind="stable")]
        others = np.argsort(keys, kind="stable")
        return np.concatenate([best, others[keys[others] > keys[best[0]]]])

    return order


def _best_within(best: FrontRule, bounds: Sequence[Constraint]) -> FrontRule:
    def order(losses: FloatArray, means: Mapping[str, FloatArray], scale: FloatArray) -> IntArray:
        violation = np.stack([one.sign * (means[one.name] - one.bound) for one in bounds], axis=1)
        kept = np.flatnonzero((violation <= 0.0).all(axis=1))
        if len(kept) == 0:
            shown = " and ".join(map(str, bounds))
            nearest = {
                one.name: float(np.nanmin(one.sign * means[one.name]) * one.sign) for one in bounds
            }
            raise NothingToChooseError(
                f"`refit`: no candidate keeps {shown}; the best values are {nearest}. Everything "
                "that was found is in cv_results_."
            )
        within = {name: column[kept] for name, column in means.items()}
        return kept[best(losses[kept], within, scale)]

    return order
