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

    The objective must be a mean over instances that all trials share, such as the folds of a
    cross-validation. Report each instance's value with the instance's number as the step, in any
    order. :class:`RacingPruner` uses a model instead and needs fewer instances.

    Parameters
    ----------
    p_threshold : float, default=0.1
        A trial is stopped if the test's p-value is below this threshold. Larger values stop more
        trials.
    n_startup_steps : int, default=2
        Number of reported instances before a trial is pruned.

    Notes
    -----
    A trial whose mean is better than the best trial's is never stopped. After k instances, the
    p-value is at least ``2 ** -k``, so the default requires at least four instances.

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
        """Test the trial's reports against the best trial's reports on the same instances."""
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
            warnings.warn("The best trial has no reports, so nothing is pruned.", stacklevel=2)
            return False
        if not _all_finite(best_trial):
            return False
        shared = sorted(own.keys() & best.keys())
        if len(shared) < len(own):
            warnings.warn(
                f"Trial {trial.number} reported steps that the best trial "
                f"({best_trial.number}) did not report; the test ignores them.",
                stacklevel=2,
            )
        if len(shared) < max(2, self.n_startup_steps):
            return False
        sign = study.history.sign
        # Halved, so that no difference is infinite; the test uses ranks only.
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
        f"Trial {trial.number} reported infinity or NaN, so nothing is pruned.", stacklevel=3
    )
    return False
