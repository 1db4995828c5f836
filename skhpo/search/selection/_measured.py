"""What the means of candidates say: the front, what is feasible or preferred, and the choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from skhpo.history import total_violation
from skhpo.multi_objective import is_nondominated
from skhpo.search.objectives._problem import Problem
from skhpo.search.selection._rules import FrontRule, NothingToChooseError

__all__ = ["Choice", "MeasuredCandidates", "choose_by_new_folds"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Choice:
    """Candidates in the order in which they would be chosen.

    Attributes
    ----------
    rows : ndarray of int
        Their rows in ``cv_results_``, the chosen one first.
    warning : str
        Why it is not one that was wanted; empty if it is.
    """

    rows: IntArray
    warning: str = ""


@dataclass(frozen=True)
class MeasuredCandidates:
    """The candidates of a search, with the means of their metrics over the folds.

    Attributes
    ----------
    problem : Problem
        The objectives, constraints and preferences.
    means : mapping of str to ndarray of shape (n_candidates,)
        Means of all scores and costs by name.
    is_known : ndarray of bool of shape (n_candidates,)
        Which candidates were run on all folds. The others are never chosen.
    """

    problem: Problem
    means: Mapping[str, FloatArray]
    is_known: BoolArray

    @cached_property
    def values(self) -> FloatArray:
        """The objectives, ndarray of shape (n_candidates, n_objectives); NaN where unknown."""
        columns = [self.means[str(one.name)] for one in self.problem.objectives]
        return np.where(self.is_known[:, None], np.column_stack(columns), np.nan)

    @cached_property
    def losses(self) -> FloatArray:
        """The objectives as losses."""
        losses: FloatArray = self.problem.signs * self.values
        return losses

    @cached_property
    def violation(self) -> FloatArray:
        """The total violation of the constraints, ndarray of shape (n_candidates,)."""
        violation = np.where(self.is_known, 0.0, np.nan)
        for row in np.flatnonzero(self.is_known) if self.problem.constraints else ():
            means = {name: float(column[row]) for name, column in self.means.items()}
            violation[row] = total_violation(self.problem.violations_at(means))
        return violation

    @cached_property
    def is_feasible(self) -> BoolArray:
        """Which candidates are known and satisfy all constraints."""
        feasible: BoolArray = self.is_known & (self.violation <= 0.0)
        return feasible

    @cached_property
    def front(self) -> IntArray:
        """Rows of the feasible, non-dominated candidates, the best in the first objective first."""
        feasible = np.flatnonzero(self.is_feasible)
        front = feasible[is_nondominated(self.losses[feasible])] if len(feasible) else feasible
        return front[np.argsort(self.losses[front, 0], kind="stable")]

    @cached_property
    def span(self) -> FloatArray:
        """The range of each objective over the front."""
        front = self.losses[self.front]
        if len(front) == 0:
            return np.ones(self.losses.shape[1])
        with np.errstate(over="ignore", invalid="ignore"):  # scores may be infinite, or huge
            span = np.ptp(front, axis=0)
        return np.where(np.isfinite(span) & (span > 0.0), span, 1.0)

    def distance_to_region(self, span: FloatArray | None = None) -> FloatArray:
        """Return by how much candidates miss the preferred region, in spans of the objectives.

        Parameters
        ----------
        span : ndarray of shape (n_objectives,), optional
            The unit of each objective. Default: its range over the front.
        """
        bounds = self.problem.bounds[: self.losses.shape[1]]
        with np.errstate(over="ignore", invalid="ignore"):  # scores may be infinite, or huge
            excess = np.where(self.losses <= bounds, 0.0, self.losses - bounds)
            distance: FloatArray = (excess / (self.span if span is None else span)).sum(axis=1)
        return distance

    @cached_property
    def is_preferred(self) -> BoolArray:
        """Which candidates are feasible and lie in the preferred region."""
        if not self.problem.preferences:
            return self.is_feasible
        preferred: BoolArray = self.is_feasible & (self.distance_to_region() <= 0.0)
        return preferred

    def choose(self, rule: FrontRule, scale: MeasuredCandidates | None = None) -> Choice:
        """Order the candidates by a rule.

        Candidates in the preferred region come first, then others of the front, the nearest to
        the region first. If none is feasible, candidates with smaller violations come first.

        Parameters
        ----------
        rule : FrontRule
            Orders candidates in the preferred region.
        scale : MeasuredCandidates, optional
            Candidates over whose front objectives are scaled. Default: these.

        Returns
        -------
        choice : Choice

        Raises
        ------
        NothingToChooseError
            If no candidate is known, or the rule accepts none of them.
        """
        if not self.is_feasible.any():
            return self._by_violation()
        scale = scale or self
        of_front = self.front
        if self.problem.preferences:
            distance = self.distance_to_region(scale.span)
            of_front = of_front[np.argsort(distance[of_front], kind="stable")]
        rows = np.flatnonzero(self.is_preferred)
        if len(rows) == 0:
            return Choice(
                of_front,
                "No candidate of the front lies in the preferred region: "
                f"{', '.join(map(str, self.problem.preferences))}. The nearest one is chosen.",
            )
        means = {name: column[rows] for name, column in self.means.items()}
        scale_rows = np.flatnonzero(scale.is_feasible)
        if len(scale_rows) == 0:
            scale, scale_rows = self, rows
        ordered = rows[rule(self.losses[rows], means, scale.losses[scale_rows])]
        if not self.problem.preferences:
            return Choice(ordered)
        return Choice(np.concatenate([ordered, of_front[~self.is_preferred[of_front]]]))

    def _by_violation(self) -> Choice:
        order = np.argsort(self.violation, kind="stable")
        order = order[~np.isnan(self.violation[order])]
        if len(order) == 0:
            raise NothingToChooseError(
                "No candidate is complete, so none can be chosen. All results are in cv_results_."
            )
        constraints = ", ".join(map(str, self.problem.constraints))
        return Choice(
            order,
            f"No candidate satisfies all constraints: {constraints}. The one with the smallest "
            "violation is chosen.",
        )


def choose_by_new_folds(
    first: MeasuredCandidates, confirmed: MeasuredCandidates, rule: FrontRule
) -> Choice:
    """Order the candidates that were evaluated again by their values on the new folds.

    Parameters
    ----------
    first : MeasuredCandidates
        All candidates, on the folds of the search.
    confirmed : MeasuredCandidates
        The same candidates on the new folds; those that were not evaluated again are not known.
    rule : FrontRule
        Orders candidates.

    Returns
    -------
    choice : Choice
        If the rule accepts none of them on the new folds, they are in the order of the first folds.
    """
    try:
        choice = confirmed.choose(rule, first)
    except NothingToChooseError as error:
        rows = first.choose(rule).rows
        told = str(error).replace(" Everything that was found is in cv_results_.", "")
        choice = Choice(
            rows[confirmed.is_known[rows]],
            f"{told} The best of the confirmed candidates by the first folds is chosen.",
        )
    warning = f"By the new folds of `n_confirm`: {choice.warning}" if choice.warning else ""
    return Choice(choice.rows, warning)
