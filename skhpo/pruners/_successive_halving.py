"""Asynchronous successive halving: ASHA, Li et al. 2020."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from skhpo.pruners._base import BasePruner
from skhpo.pruners._percentile import check_at_least
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from typing import Self

    from skhpo.study import Study

__all__ = ["Rungs", "SuccessiveHalvingPruner"]


class SuccessiveHalvingPruner(BasePruner):
    """Continue the best ``1 / reduction_factor`` of the trials at each rung.

    Rung k is at step ``min_resource * reduction_factor ** (min_early_stopping_rate + k)``. A trial
    that reaches a rung is compared with all trials that have reached it so far, without waiting.

    Parameters
    ----------
    min_resource : int or "auto", default="auto"
        Step of the first rung, in the unit of ``trial.report``'s ``step``. "auto" takes a
        hundredth of the largest step that a complete trial reported, at least 1; nothing is
        pruned until a trial is complete.
    reduction_factor : int, default=4
        The best ``1 / reduction_factor`` of the trials at a rung continue.
    min_early_stopping_rate : int, default=0
        Number of first rungs to skip.
    bootstrap_count : int, default=0
        Number of trials that must reach a rung before any trial continues beyond it.
        Cannot be combined with ``min_resource="auto"``.

    Notes
    -----
    If fewer than `reduction_factor` trials have reached a rung, the best of them continues.

    References
    ----------
    L. Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020,
    arXiv:1810.05934, Algorithm 2.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 1)
    ...     for step in range(1, 17):
    ...         trial.report(x + 1 / step, step)
    ...         if trial.should_prune():
    ...             raise skhpo.TrialPruned()
    ...     return x
    >>> study = skhpo.create_study(
    ...     sampler=skhpo.samplers.RandomSampler(seed=0),
    ...     pruner=skhpo.pruners.SuccessiveHalvingPruner(min_resource=1),
    ... )
    >>> study.optimize(objective, n_trials=20)
    >>> sum(trial.state.name == "PRUNED" for trial in study.trials) > 10
    True
    """

    def __init__(
        self,
        min_resource: int | Literal["auto"] = "auto",
        reduction_factor: int = 4,
        min_early_stopping_rate: int = 0,
        bootstrap_count: int = 0,
    ) -> None:
        if isinstance(min_resource, str):
            if min_resource != "auto":
                raise ValueError(
                    f"`min_resource` must be 'auto' or a number; got {min_resource!r}."
                )
            if bootstrap_count > 0:
                raise ValueError(
                    f"`bootstrap_count` requires a numeric `min_resource`; "
                    f"got {bootstrap_count} and min_resource='auto'."
                )
        else:
            check_at_least("min_resource", min_resource, 1)
        check_at_least("reduction_factor", reduction_factor, 2)
        check_at_least("min_early_stopping_rate", min_early_stopping_rate, 0)
        check_at_least("bootstrap_count", bootstrap_count, 0)
        self.min_resource = min_resource
        self.reduction_factor = reduction_factor
        self.min_early_stopping_rate = min_early_stopping_rate
        self.bootstrap_count = bootstrap_count

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Compare the trial with those that have reached the same rung."""
        if trial.last_step is None:
            return False
        min_resource = self.min_resource
        if isinstance(min_resource, str):
            largest = study.history.largest_step
            if largest is None:
                return False
            min_resource = max(largest // 100, 1)
        rungs = Rungs(
            min_resource * self.reduction_factor**self.min_early_stopping_rate,
            self.reduction_factor,
            self.bootstrap_count,
        )
        return rungs.stop(trial, lambda: study.get_trials(deepcopy=False), study.history.sign)

    def least_resource(self, number: int) -> int:
        """Return the first rung."""
        if isinstance(self.min_resource, str):
            return 0
        return int(self.min_resource * self.reduction_factor**self.min_early_stopping_rate)

    def on_rungs(self, smallest: int, largest: int) -> Self:
        """Return a copy whose first rung is at the smallest amount."""
        pruner = super().on_rungs(smallest, largest)
        pruner.min_resource = smallest
        return pruner


class Rungs:
    """The steps at which trials are compared.

    Parameters
    ----------
    first : int
        Step of the first rung.
    factor : int
        From rung to rung, the step is multiplied and the number of trials divided by it.
    bootstrap_count : int
        Number of trials that must reach a rung before any trial continues beyond it.
    """

    def __init__(self, first: int, factor: int, bootstrap_count: int) -> None:
        self.first = first
        self.factor = factor
        self.bootstrap_count = bootstrap_count

    def stop(
        self, trial: FrozenTrial, get_peers: Callable[[], Sequence[FrozenTrial]], sign: float
    ) -> bool:
        """Return whether a trial ends at one of the rungs that its last report has reached.

        Parameters
        ----------
        trial : FrozenTrial
            The running trial, with at least one report.
        get_peers : callable
            Returns the trials to compare it with; called only if there is a rung to decide on.
        sign : float
            Factor that turns values into losses: 1 or -1.
        """
        last = max(trial.intermediate_values)
        loss = sign * trial.intermediate_values[last]
        for step in self._reached_first_by(trial, last):
            if math.isnan(loss):
                return True
            others = (_value_at(t, step) for t in get_peers() if t.number != trial.number)
            losses = sorted([loss, *(sign * value for value in others if value is not None)])
            n_promoted = max(len(losses) // self.factor, 1)
            if len(losses) <= self.bootstrap_count or loss > losses[n_promoted - 1]:
                return True
        return False

    def _reached_first_by(self, trial: FrozenTrial, last: int) -> Iterator[int]:
        """Return the steps of the rungs that the last report is the first to reach."""
        earlier = (s for s, v in trial.intermediate_values.items() if s < last and v == v)
        before = max(earlier, default=-1)
        step = self.first
        while step <= last:
            if step > before:
                yield step
            step *= self.factor


def _value_at(trial: FrozenTrial, step: int) -> float | None:
    """Return the first value reported at a step or later; None if the trial ended before."""
    reached = [s for s, value in trial.intermediate_values.items() if s >= step and value == value]
    return trial.intermediate_values[min(reached)] if reached else None
