"""Pruning against a percentile of the earlier trials at the same step (Golovin et al. 2017)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from skhpo.pruners._base import BasePruner
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["MedianPruner", "PercentilePruner"]


class PercentilePruner(BasePruner):
    """Stop a trial whose best report is outside the best percentile at its step.

    Parameters
    ----------
    percentile : float
        Share of trials that continue, from 0 to 100. With 25, a trial must be in the best
        quarter.
    n_startup_trials : int, default=5
        Number of complete trials before any trial is pruned.
    n_warmup_steps : int, default=0
        No pruning before this step.
    interval_steps : int, default=1
        Number of steps between two checks.
    n_min_trials : int, default=1
        Number of complete trials that must have reported a step before trials are pruned there.

    References
    ----------
    D. Golovin et al., "Google Vizier: A service for black-box optimization", KDD 2017.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study(pruner=skhpo.pruners.PercentilePruner(25.0))
    """

    def __init__(
        self,
        percentile: float,
        n_startup_trials: int = 5,
        n_warmup_steps: int = 0,
        interval_steps: int = 1,
        *,
        n_min_trials: int = 1,
    ) -> None:
        if not 0.0 <= percentile <= 100.0:
            raise ValueError(f"`percentile` must lie between 0 and 100; got {percentile}.")
        check_at_least("n_startup_trials", n_startup_trials, 0)
        check_at_least("n_warmup_steps", n_warmup_steps, 0)
        check_at_least("interval_steps", interval_steps, 1)
        check_at_least("n_min_trials", n_min_trials, 1)
        self.percentile = percentile
        self.n_startup_trials = n_startup_trials
        self.n_warmup_steps = n_warmup_steps
        self.interval_steps = interval_steps
        self.n_min_trials = n_min_trials

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Compare the trial's best report with the percentile of the others at its last step."""
        step = trial.last_step
        if step is None or step < self.n_warmup_steps:
            return False
        complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if len(complete) < max(self.n_startup_trials, 1):
            return False
        if not is_check_due(
            step, trial.intermediate_values, self.n_warmup_steps, self.interval_steps
        ):
            return False
        sign = study.history.sign
        own = sign * np.array(list(trial.intermediate_values.values()))
        if np.isnan(own).all():
            return True
        others = np.array(
            [t.intermediate_values[step] for t in complete if step in t.intermediate_values]
        )
        if len(others) < self.n_min_trials or np.isnan(others).all():
            return False
        own, others = own / 4, sign * others / 4  # to prevent overflow of differences
        with np.errstate(invalid="ignore"):
            return bool(np.nanmin(own) > np.nanpercentile(others, self.percentile))


class MedianPruner(PercentilePruner):
    """Stop a trial whose best report is worse than the median of the others at its step.

    Parameters
    ----------
    n_startup_trials : int, default=5
        Number of complete trials before any trial is pruned.
    n_warmup_steps : int, default=0
        No pruning before this step.
    interval_steps : int, default=1
        Number of steps between two checks.
    n_min_trials : int, default=1
        Number of complete trials that must have reported a step before trials are pruned there.

    References
    ----------
    D. Golovin et al., "Google Vizier: A service for black-box optimization", KDD 2017.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 1)
    ...     for step in range(10):
    ...         trial.report(x + 1 / (step + 1), step)
    ...         if trial.should_prune():
    ...             raise skhpo.TrialPruned()
    ...     return x
    >>> study = skhpo.create_study(
    ...     sampler=skhpo.samplers.RandomSampler(seed=0), pruner=skhpo.pruners.MedianPruner()
    ... )
    >>> study.optimize(objective, n_trials=20)
    >>> any(trial.state.name == "PRUNED" for trial in study.trials)
    True
    """

    def __init__(
        self,
        n_startup_trials: int = 5,
        n_warmup_steps: int = 0,
        interval_steps: int = 1,
        *,
        n_min_trials: int = 1,
    ) -> None:
        super().__init__(
            50.0, n_startup_trials, n_warmup_steps, interval_steps, n_min_trials=n_min_trials
        )


def is_check_due(
    step: int, reported: Iterable[int], n_warmup_steps: int, interval_steps: int
) -> bool:
    """Return whether the report at `step` is the first since the last multiple of the interval."""
    intervals = (step - n_warmup_steps) // interval_steps
    due = n_warmup_steps + intervals * interval_steps
    return max((s for s in reported if s != step), default=-1) < due


def check_at_least(name: str, value: int, least: int) -> None:
    """Raise a ValueError if a parameter is too small."""
    if value < least:
        raise ValueError(f"`{name}` must be {least} or more; got {value}.")
