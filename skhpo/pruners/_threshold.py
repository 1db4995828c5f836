"""Pruning of trials that leave a given range."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skhpo.pruners._base import BasePruner
from skhpo.pruners._percentile import check_at_least, is_check_due
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["ThresholdPruner"]


class ThresholdPruner(BasePruner):
    """Stop a trial that reports NaN or a value outside a range.

    Parameters
    ----------
    lower, upper : float, optional
        The range, bounds included; at least one bound is required.
    n_warmup_steps : int, default=0
        Step before which no trial is pruned.
    interval_steps : int, default=1
        Number of steps between two checks.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     rate = trial.suggest_float("rate", 0.1, 4.0)
    ...     x = 1.0
    ...     for step in range(20):
    ...         x -= rate * x  # diverges if the rate is 2 or more
    ...         trial.report(abs(x), step)
    ...         if trial.should_prune():
    ...             raise skhpo.TrialPruned()
    ...     return abs(x)
    >>> study = skhpo.create_study(
    ...     sampler=skhpo.samplers.RandomSampler(seed=0),
    ...     pruner=skhpo.pruners.ThresholdPruner(upper=10.0),
    ... )
    >>> study.optimize(objective, n_trials=20)
    >>> max(trial.params["rate"] for trial in study.trials if trial.state.name == "COMPLETE") < 2.2
    True
    """

    def __init__(
        self,
        lower: float | None = None,
        upper: float | None = None,
        n_warmup_steps: int = 0,
        interval_steps: int = 1,
    ) -> None:
        if lower is None and upper is None:
            raise TypeError("ThresholdPruner requires `lower`, `upper` or both.")
        self.lower = lower
        self.upper = upper
        self._lower = -math.inf if lower is None else _as_number("lower", lower)
        self._upper = math.inf if upper is None else _as_number("upper", upper)
        if self._lower > self._upper:
            raise ValueError(f"`lower` must not exceed `upper`; got {lower} and {upper}.")
        check_at_least("n_warmup_steps", n_warmup_steps, 0)
        check_at_least("interval_steps", interval_steps, 1)
        self.n_warmup_steps = n_warmup_steps
        self.interval_steps = interval_steps

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Check the trial's last report."""
        step = trial.last_step
        if step is None or step < self.n_warmup_steps:
            return False
        reported = trial.intermediate_values
        if not is_check_due(step, reported, self.n_warmup_steps, self.interval_steps):
            return False
        return not self._lower <= reported[step] <= self._upper


def _as_number(name: str, value: float) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"`{name}` must be a number; got {value!r}.") from None
