"""Objectives and constraints of a search, and the costs that they need."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer_names

from skhpo._hints import did_you_mean
from skhpo.history import PREFERRED
from skhpo.search._records import FoldResult
from skhpo.search.objectives._costs import KNOWN_COSTS, Cost

__all__ = [
    "Constraint",
    "Objective",
    "Problem",
    "check_is_scorer",
    "parse_constraint",
    "parse_objectives",
    "parse_preferences",
    "single_score",
]

FloatArray = NDArray[np.float64]

_UNITS = {
    "": 1.0, "%": 0.01, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "min": 60.0,
    "bytes": 1.0, "B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9,
}  # fmt: skip
_BOUND = re.compile(r"\s*(<=|>=|<|>)\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*(%|[a-zA-Zµ]*)\s*")


@dataclass(frozen=True)
class Objective:
    """A score that a search maximises, or a cost that it minimises.

    Attributes
    ----------
    name : str or None
        Name of the metric or the cost; None is the first metric that the scorer returns.
    scoring : object
        The scorer, its name or a callable; None for a cost.
    cost : Cost or None
        The cost; None for a score.
    """

    name: str | None
    scoring: Any = None
    cost: Cost | None = None

    @property
    def greater_is_better(self) -> bool:
        """Whether greater values are better: True for scores, False for costs."""
        return self.cost is None

    @property
    def unit(self) -> str | None:
        """The unit of its values, to show in plots."""
        return None if self.cost is None else self.cost.unit

    @property
    def is_noisy(self) -> bool:
        """Whether its values on the folds are samples: of scores and times, not of other costs."""
        return self.cost is None or self.cost.is_time

    def value(self, result: FoldResult) -> float:
        """Its value in a fold's result."""
        if self.cost is not None:
            return float(result.costs[str(self.name)]) if result.costs else np.nan
        scores = result.test_scores
        if not isinstance(scores, dict):
            return float(scores)
        return float(
            scores[self.name]
            if self.name is not None and self.name in scores
            else next(iter(scores.values()))
        )


@dataclass(frozen=True)
class Constraint:
    """A bound on a metric of a candidate.

    Attributes
    ----------
    name : str
        Name of the bounded metric or cost, or of the constraint if it is a function.
    sign : float
        1 for an upper bound, -1 for a lower one.
    bound : float
        The bound.
    function : callable or None
        Takes the mean metrics of a candidate by name. Returns 0 or less if the constraint is
        satisfied.
    """

    name: str
    sign: float = 1.0
    bound: float = 0.0
    function: Callable[[Mapping[str, float]], float] | None = None

    def violation(self, means: Mapping[str, float]) -> float:
        """Return the violation; it is 0 or less if the constraint is satisfied."""
        if self.function is not None:
            return float(self.function(means))
        return self.sign * (means[self.name] - self.bound)

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """The lower and the upper limit of the metric; None for no limit."""
        if self.function is not None:
            return None, None
        return (None, self.bound) if self.sign > 0 else (self.bound, None)

    def __str__(self) -> str:
        if self.function is not None:
            return self.name
        return f"{self.name} {'<=' if self.sign > 0 else '>='} {self.bound:g}"


@dataclass(frozen=True)
class Problem:
    """The objectives, the constraints, the preferred region, and the costs to measure.

    Attributes
    ----------
    objectives : tuple of Objective
        The objectives, at least one.
    constraints : tuple of Constraint
        The constraints; may be empty.
    costs : tuple of Cost
        The costs that objectives, constraints and the rule of `refit` need.
    preferences : tuple of Constraint
        Bounds of objectives that describe where the user will choose. They steer the search as
        constraints do, but candidates outside may be on the front.
    """

    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...] = ()
    costs: tuple[Cost, ...] = ()
    preferences: tuple[Constraint, ...] = ()

    @cached_property
    def signs(self) -> FloatArray:
        """Factors that turn values into losses: -1 where greater is better, otherwise 1."""
        return np.array([-1.0 if one.greater_is_better else 1.0 for one in self.objectives])

    def values(self, result: FoldResult) -> FloatArray:
        """The objectives in a fold's result, ndarray of shape (n_objectives,)."""
        return np.array([objective.value(result) for objective in self.objectives])

    @property
    def n_losses(self) -> int:
        """Number of losses that early termination between folds uses."""
        return len(self.objectives) + len(self._bounded)

    @property
    def bounds(self) -> FloatArray:
        """Upper bounds of the losses, ndarray of shape (n_losses,); inf if there is no bound."""
        preferred = {one.name: one.sign * one.bound for one in self.preferences}
        return np.array(
            [preferred.get(str(one.name), np.inf) for one in self.objectives]
            + [one.sign * one.bound for one in self._bounded]
        )

    @property
    def is_scale(self) -> NDArray[np.bool_]:
        """Which losses are costs, ndarray of bool of shape (n_losses,)."""
        names = {cost.name for cost in self.costs}
        return np.array(
            [objective.cost is not None for objective in self.objectives]
            + [one.sign > 0 and one.name in names for one in self._bounded]
        )

    @np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
    def mean_values(self, results: Sequence[FoldResult]) -> FloatArray:
        """Return the means of the objectives over all folds, equal to those in ``cv_results_``.

        Parameters
        ----------
        results : sequence of FoldResult
            The results in the order of the folds.

        Returns
        -------
        means : ndarray of shape (n_objectives,)
        """
        by_objective = np.ascontiguousarray(np.array([self.values(one) for one in results]).T)
        means: FloatArray = np.average(by_objective, axis=1)
        return means

    def losses(self, result: FoldResult, values: FloatArray | None = None) -> FloatArray:
        """Return the objectives and the bounded metrics as losses.

        Parameters
        ----------
        result : FoldResult
            The result of a fold.
        values : ndarray of shape (n_objectives,), optional
            The objectives in this result, if they are known.

        Returns
        -------
        losses : ndarray of shape (n_losses,)
        """
        losses: FloatArray = self.signs * (self.values(result) if values is None else values)
        if not self._bounded:
            return losses
        means = result.metrics
        bounded = [one.sign * means.get(one.name, np.nan) for one in self._bounded]
        return np.concatenate([losses, bounded])

    @cached_property
    def _bounded(self) -> tuple[Constraint, ...]:
        return tuple(one for one in self.constraints if one.function is None)

    def violations(self, results: Sequence[FoldResult]) -> dict[str, float]:
        """Return the violation of each constraint, computed from the results of the folds."""
        return self.violations_at(_mean_metrics(results)) if self.constraints else {}

    def violations_at(self, means: Mapping[str, float]) -> dict[str, float]:
        """Return the violation of each constraint at these mean metrics; inf if it is unknown."""
        return _violations(self.constraints, means)

    def violations_for_sampler(
        self,
        results: Sequence[FoldResult],
        losses: FloatArray | None = None,
        *,
        values: FloatArray | None = None,
    ) -> dict[str, float]:
        """Return the violation of each constraint and preference, by which a sampler is steered.

        Parameters
        ----------
        results : sequence of FoldResult
            The results of the folds that have run.
        losses : ndarray of shape (n_losses,), optional
            The losses that are predicted for all folds, if not all have run.
        values : ndarray of shape (n_objectives,), optional
            The objectives that are predicted, if nothing else is.

        Returns
        -------
        violations : dict of str to float
            0 or less where one is satisfied; inf where this is unknown. Names of preferences
            begin with "preferred: ".
        """
        if not self.steering:
            return {}
        means = _mean_metrics(results)
        if losses is not None:
            for name, value in zip(self._names_of_losses, self._loss_signs * losses, strict=True):
                means[name] = float(value)
        if values is not None:
            names = [str(one.name) for one in self.objectives]
            means |= dict(zip(names, values.tolist(), strict=True))
        region = _violations(self.preferences, means)
        of_region = {f"{PREFERRED}{name}": violation for name, violation in region.items()}
        return _violations(self.constraints, means) | of_region

    @property
    def steering(self) -> tuple[Constraint, ...]:
        """The constraints and preferences, by which a sampler is steered."""
        return (*self.constraints, *self.preferences)

    @property
    def _names_of_losses(self) -> list[str]:
        return [*(str(one.name) for one in self.objectives), *(one.name for one in self._bounded)]

    @property
    def _loss_signs(self) -> FloatArray:
        return np.concatenate([self.signs, [one.sign for one in self._bounded]])


@np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
def _mean_metrics(results: Sequence[FoldResult]) -> dict[str, float]:
    folds = [result.metrics for result in results]
    return {name: float(np.mean([fold[name] for fold in folds])) for name in folds[0]}


def _violations(bounds: Sequence[Constraint], means: Mapping[str, float]) -> dict[str, float]:
    violations = {str(one): one.violation(means) for one in bounds}
    return {name: np.inf if np.isnan(one) else one for name, one in violations.items()}


def single_score(metric: str | None, costs: Sequence[Cost] = ()) -> Problem:
    """Return the problem of a search that maximises a single score."""
    return Problem((Objective(metric),), costs=tuple(costs))


def parse_objectives(objectives: Any) -> tuple[Objective, ...]:
    """Parse the `objectives` of a search.

    Parameters
    ----------
    objectives : list or dict
        Names of scorers and costs, scorers, callables and Costs. The keys of a dict name them.

    Returns
    -------
    tuple of Objective

    Raises
    ------
    ValueError
        If there are fewer than two, none is a score, two have the same name, or one cannot be read.
    """
    if not isinstance(objectives, list | tuple | dict) or len(objectives) < 2:
        raise ValueError(
            "`objectives` must be a list or a dict of two or more scorers and costs, such as "
            f"['roc_auc', 'model_size']; got {objectives!r}."
        )
    if isinstance(objectives, dict):
        parsed = [_objective(one, name) for name, one in objectives.items()]
    else:
        parsed = [_objective(one, None) for one in objectives]
    names = [objective.name for objective in parsed]
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"`objectives` must have different names; {twice} occurs more than once. Name them by "
            "a dict."
        )
    if all(objective.cost is not None for objective in parsed):
        raise ValueError(
            f"At least one of `objectives` must be a score; {names} are all costs. The smallest "
            "costs are those of a model that has learned nothing."
        )
    return tuple(parsed)


def _objective(one: Any, name: str | None) -> Objective:
    if isinstance(one, str) and one in KNOWN_COSTS:
        one = KNOWN_COSTS[one]
    if isinstance(one, Cost):
        if name is not None and name != one.name:
            one = Cost(_function_of(one), name, one.unit)
        return Objective(one.named.name, cost=one)
    if isinstance(one, str):
        check_is_scorer(one, "`objectives`")
        return Objective(name or one, scoring=one)
    if not callable(one):
        raise ValueError(
            "`objectives` must hold names of scorers, scorers, callables and Costs, or be a dict "
            f"of them; got {one!r}."
        )
    function = getattr(one, "_score_func", one)
    name = name or getattr(function, "__name__", None)
    if name is None or not name.isidentifier():
        raise ValueError(f"Give {one!r} a name: let `objectives` be a dict.")
    return Objective(name, scoring=one)


def check_is_scorer(name: str, where: str) -> None:
    """Raise a ValueError with a suggestion if scikit-learn has no scorer with this name."""
    known = get_scorer_names()
    if name not in known:
        hint = did_you_mean(name, [*known, *KNOWN_COSTS], n=3)
        raise ValueError(
            f"{where}: {name!r} is not the name of a scorer (see "
            "sklearn.metrics.get_scorer_names()) and not one of the costs "
            f"{list(KNOWN_COSTS)}.{hint}"
        )


def _function_of(cost: Cost) -> Callable[[Any], float]:
    if cost.is_time:
        raise ValueError(f"The cost {cost.name!r} cannot be renamed; list it under its own name.")
    return cost.function


def parse_constraint(name: str, bound: Any, kind: str = "constraint on") -> Constraint:
    """Parse a constraint.

    Parameters
    ----------
    name : str
        Name of the metric or cost.
    bound : str or callable
        A bound such as ``"<= 0.005"`` or ``"<= 5 ms"``, or a function of the mean metrics by name
        that returns 0 or less if the constraint is satisfied.
    kind : str, default="constraint on"
        What it is, for an error.

    Returns
    -------
    Constraint

    Raises
    ------
    ValueError
        If it cannot be read.

    Examples
    --------
    >>> from skhpo.search.objectives._problem import parse_constraint
    >>> str(parse_constraint("score_time", "<= 5 ms"))
    'score_time <= 0.005'
    """
    if callable(bound):
        return Constraint(name, function=bound)
    match = _BOUND.fullmatch(bound) if isinstance(bound, str) else None
    if match is None or match[3] not in _UNITS:
        raise ValueError(
            f"The {kind} {name!r} must be like '<= 0.005', '>= 90 %' or '<= 5 ms' (units: "
            f"{', '.join(unit for unit in _UNITS if unit)}), or a callable; got {bound!r}."
        )
    return Constraint(
        name, 1.0 if match[1].startswith("<") else -1.0, float(match[2]) * _UNITS[match[3]]
    )


def parse_preferences(
    preferred: Mapping[str, str] | None, objectives: Sequence[Objective]
) -> tuple[Constraint, ...]:
    """Parse the `preferred` region of a search.

    Parameters
    ----------
    preferred : mapping of str to str or None
        Bounds such as ``">= 0.9"`` by the names of objectives; None for no region.
    objectives : sequence of Objective
        The objectives of the search.

    Returns
    -------
    tuple of Constraint

    Raises
    ------
    ValueError
        If a bound cannot be read, does not belong to an objective, or excludes the better values.

    Examples
    --------
    >>> from skhpo.search.objectives._problem import parse_objectives, parse_preferences
    >>> objectives = parse_objectives(["roc_auc", "model_size"])
    >>> [str(one) for one in parse_preferences({"model_size": "<= 20 kB"}, objectives)]
    ['model_size <= 20000']
    """
    by_name = {str(one.name): one for one in objectives}
    preferences = []
    for name, bound in (preferred or {}).items():
        if name not in by_name:
            raise ValueError(
                f"`preferred` must bound objectives, {sorted(by_name)}; got {name!r}."
                f"{did_you_mean(name, list(by_name))}"
            )
        if callable(bound):
            raise ValueError(
                f"`preferred` must hold bounds such as '>= 0.9' or '<= 5 ms'; got {bound!r} for "
                f"{name!r}."
            )
        one = parse_constraint(name, bound, kind="preference for")
        if (one.sign > 0) == by_name[name].greater_is_better:
            better, other = (">=", "greater") if one.sign > 0 else ("<=", "smaller")
            raise ValueError(
                f"`preferred` must not exclude the better values of an objective: {other} values "
                f"of {name!r} are better, so its bound must be like '{better} {one.bound:g}'; got "
                f"{bound!r}."
            )
        preferences.append(one)
    return tuple(preferences)
