"""Evaluation plans: the folds of a candidate, or its folds at each rung of a resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from skhpo.pruners import BasePruner
from skhpo.search.fidelity._resource import Resource

__all__ = ["EvaluationPlan", "FoldPlan", "RungPlan"]


class EvaluationPlan:
    """The tasks of a candidate, their order, and the values to report after them.

    A task is a number: ``rung * n_folds + fold``.

    Parameters
    ----------
    pruner : BasePruner
        Defines the order of the folds and the values to report.
    n_folds : int
        Number of folds.
    """

    resource: Resource | None = None

    def __init__(self, pruner: BasePruner, n_folds: int) -> None:
        self.n_folds = n_folds
        self._pruner = pruner

    @property
    def n_tasks(self) -> int:
        """Maximal number of tasks of a candidate."""
        n_rungs = 1 if self.resource is None else len(self.resource.rungs)
        return n_rungs * self.n_folds

    @property
    def full_amount(self) -> int:
        """Amount of the resource of a full fit; 1 without a resource."""
        return 1 if self.resource is None else self.resource.rungs[-1]

    def amount(self, tasks: Iterable[int]) -> int:
        """Return how much of the resource the fits of these tasks use together."""
        if self.resource is None:
            return sum(1 for _ in tasks)
        return sum(self.resource.rungs[self.place(task)[0]] for task in tasks)

    def order(self, number: int) -> Sequence[int]:
        """Return the tasks of the candidate with trial `number`, in their order."""
        raise NotImplementedError

    def report(self, tasks: Sequence[int], scores: Sequence[float]) -> tuple[int, float] | None:
        """Return the step and the value to report after the last task; None for no report.

        Parameters
        ----------
        tasks : sequence of int
            The tasks so far, in their order.
        scores : sequence of float
            Their scores.
        """
        raise NotImplementedError

    def reached(self, results: Mapping[int, Any]) -> str:
        """Return a text about the progress of a candidate with these results."""
        return f"after {len(results)}/{self.n_folds} folds"

    def seconds(self, results: Mapping[int, Any], status: str | None) -> float:
        """Return the mean seconds of a fold of a candidate, its cost; 0 if it is unknown.

        Along a resource, only a complete candidate shows what the full amount costs.
        """
        if status != "complete" and (status != "pruned" or self.resource is not None):
            return 0.0
        times = [result.fit_time + result.score_time for result in self.by_fold(results).values()]
        return float(np.mean(times))

    def place(self, task: int) -> tuple[int, int]:
        """Return the rung and the fold of a task."""
        return divmod(task, self.n_folds)

    def by_fold(self, results: Mapping[int, Any]) -> dict[int, Any]:
        """Return the results of the last rung that the candidate reached, by fold."""
        if not results:
            return {}
        top = max(results) // self.n_folds
        return {task % self.n_folds: results[task] for task in results if self._is_at(task, top)}

    def _is_at(self, task: int, rung: int) -> bool:
        return task // self.n_folds == rung


class FoldPlan(EvaluationPlan):
    """Each fold runs once, with a report after it."""

    def order(self, number: int) -> Sequence[int]:
        """Return the folds in the pruner's order."""
        order: list[int] = self._pruner.fold_order(number, self.n_folds).tolist()
        return order

    def report(self, tasks: Sequence[int], scores: Sequence[float]) -> tuple[int, float]:
        """Return the fold and its score; if the pruner compares means, the mean so far."""
        if self._pruner.reads_fold_scores:
            return tasks[-1], scores[-1]
        return len(scores) - 1, _mean(scores)


class RungPlan(EvaluationPlan):
    """All folds run at each rung of a resource, with a report of their mean after each rung.

    Parameters
    ----------
    pruner : BasePruner
        Defines the rung at which a candidate begins.
    n_folds : int
        Number of folds.
    resource : Resource
        The rungs.
    """

    def __init__(self, pruner: BasePruner, n_folds: int, resource: Resource) -> None:
        super().__init__(pruner, n_folds)
        self.resource: Resource = resource

    def order(self, number: int) -> Sequence[int]:
        """Return the tasks, from the first rung at which the candidate may be stopped."""
        n_rungs = len(self.resource.rungs)
        least = self._pruner.least_resource(number)
        first = min(n_rungs - 1, int(np.searchsorted(self.resource.rungs, least)))
        return range(first * self.n_folds, n_rungs * self.n_folds)

    def report(self, tasks: Sequence[int], scores: Sequence[float]) -> tuple[int, float] | None:
        """Return the amount and the mean score after the last fold of a rung; None before."""
        if len(tasks) % self.n_folds:
            return None
        rung, _ = self.place(tasks[-1])
        return self.resource.rungs[rung], _mean(scores[-self.n_folds :])

    def reached(self, results: Mapping[int, Any]) -> str:
        """Return a text about the last amount of the resource of a candidate."""
        name, rungs = self.resource.name, self.resource.rungs
        amount = rungs[self.place(max(results))[0]] if results else 0
        return f"with {name}={amount} of {rungs[-1]}"


def _mean(scores: Sequence[float]) -> float:
    """Return the mean. It is infinite if it overflows, and may be NaN."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.mean(scores))
