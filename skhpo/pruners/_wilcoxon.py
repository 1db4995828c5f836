"""Pruning by Wilcoxon's signed-rank test against the best trial."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from skhpo.pruners._base import BasePruner
from skhpo.pruners._percentile import check_at_least
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["WilcoxonPruner"]


class WilcoxonPruner(BasePruner):
    """Stop a trial whose reports are significantly worse than those of the best trial.

    For objectives that are means over instances that all trials share, as the folds of a
    cross-validation: each instance's value is reported with the instance's number as the step, in
    any order. :class:`RacingPruner` does the same with a model, and needs fewer instances.

    Parameters
    ----------
    p_threshold : float, default=0.1
        A trial is stopped if the test's p-value is below; larger values stop more.
    n_startup_steps : int, default=2
        No pruning before so many instances have been reported.

    Notes
    -----
    A trial whose mean is better than the best trial's is never stopped. After k instances
    the p-value is at least ``2 ** -k``: with the default, at least four are needed.

    References
    ----------
    F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1 (1945).

    Examples
    --------
    >>> import numpy as np
    >>> import skhpo
    >>> instances = np.random.default_rng(0).normal(size=30)
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", -5, 5)
    ...     losses = []
    ...     for step, instance in enumerate(instances):
    ...         losses.append((x - instance) ** 2)
    ...         trial.report(losses[-1], step)
    ...         if trial.should_prune():
    ...             return np.mean(losses)
    ...     return np.mean(losses)
    >>> study = skhpo.create_study(
    ...     sampler=skhpo.samplers.TPESampler(seed=0), pruner=skhpo.pruners.WilcoxonPruner()
    ... )
    >>> study.optimize(objective, n_trials=30)
    >>> sum(len(trial.intermediate_values) for trial in study.trials) < 20 * 30
    True
    """

    reads_fold_scores: ClassVar[bool] = True

    def __init__(self, *, p_threshold: float = 0.1, n_startup_steps: int = 2) -> None:
        if not 0.0 <= p_threshold <= 1.0:
            raise ValueError(f"`p_threshold` must lie between 0 and 1; got {p_threshold}.")
        check_at_least("n_startup_steps", n_startup_steps, 0)
        self.p_threshold = p_threshold
        self.n_startup_steps = n_startup_steps

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Test the trial's reports against the best trial's, instance by instance."""
        from scipy.stats import wilcoxon

        own = trial.intermediate_values
        if not own or not _all_finite(trial):
            return False
        try:
            best_trial = study.best_trial
        except ValueError:  # no trial is complete, or none is feasible
            return False
        best = best_trial.intermediate_values
        if not best:
            warnings.warn("The best trial has no reports: nothing is pruned.", stacklevel=2)
            return False
        if not _all_finite(best_trial):
            return False
        shared = sorted(own.keys() & best.keys())
        if len(shared) < len(own):
            warnings.warn(
                f"Trial {trial.number} has reported steps that the best trial "
                f"({best_trial.number}) has not: they do not count in the test.",
                stacklevel=2,
            )
        if len(shared) < max(2, self.n_startup_steps):
            return False
        sign = study.history.sign
        # Halved, so that no difference is infinite; the test looks at ranks.
        worse_by = sign * np.array([own[step] / 2 - best[step] / 2 for step in shared])
        p_value = wilcoxon(worse_by, alternative="greater", zero_method="zsplit").pvalue
        with np.errstate(over="ignore", invalid="ignore"):
            means = [sign * np.mean(list(values.values())) for values in (own, best)]
        is_better_on_average = means[0] <= means[1]
        return bool(p_value < self.p_threshold and not is_better_on_average)


def _all_finite(trial: FrozenTrial) -> bool:
    if np.isfinite(list(trial.intermediate_values.values())).all():
        return True
    warnings.warn(
        f"Trial {trial.number} has reported infinity or NaN: nothing is pruned.", stacklevel=3
    )
    return False
