"""The function `get_param_importances`, for any evaluator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from skhpo.importance._base import BaseImportanceEvaluator, Target, by_importance
from skhpo.importance._ped_anova import PedAnovaImportanceEvaluator

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["get_param_importances"]


def get_param_importances(
    study: Study,
    *,
    evaluator: BaseImportanceEvaluator | None = None,
    params: Sequence[str] | None = None,
    target: Target | None = None,
    normalize: bool = True,
) -> dict[str, float]:
    """Return how much each parameter of a study mattered.

    Parameters
    ----------
    study : Study
        A study with complete trials. Trials that were stopped early are included if their value
        was predicted, as in a search.
    evaluator : BaseImportanceEvaluator, optional
        Evaluator of the importances. Default: :class:`PedAnovaImportanceEvaluator`, which
        compares the best tenth of the trials with all trials, and takes milliseconds.
    params : sequence of str, optional
        Parameters to evaluate. Default: with PED-ANOVA, all parameters of any trial; with other
        evaluators, those that all trials have, with the same range in each.
    target : callable, optional
        Function that takes a complete trial and returns the number to explain, for example
        ``lambda trial: trial.duration.total_seconds()``. Default: the objective's value. With
        several objectives, PED-ANOVA explains the Pareto front by default; other evaluators need
        a target.
    normalize : bool, default=True
        Scale the importances to sum 1.

    Returns
    -------
    importances : dict of str to float
        Importances by name, the largest first. If no parameter mattered, all are equal.

    Raises
    ------
    TypeError
        If `params` is not a list of names, or `evaluator` is not an evaluator.
    ValueError
        If a parameter is unknown, or a target is missing.

    See Also
    --------
    FanovaImportanceEvaluator : Explain the objective over the whole space.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.importance import get_param_importances
    >>> def objective(trial):
    ...     x, y = trial.suggest_float("x", -5, 5), trial.suggest_float("y", -5, 5)
    ...     trial.suggest_float("idle", 0, 1)
    ...     return 10 * x**2 + y**2
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> study.optimize(objective, n_trials=300)
    >>> list(get_param_importances(study))
    ['x', 'y', 'idle']
    """
    evaluator = PedAnovaImportanceEvaluator() if evaluator is None else evaluator
    if not isinstance(evaluator, BaseImportanceEvaluator):
        raise TypeError(f"`evaluator` must be a BaseImportanceEvaluator; got {evaluator!r}.")
    importances = by_importance(evaluator.evaluate(study, params, target=target))
    if not normalize:
        return importances
    total = sum(importances.values())
    if total == 0.0:
        return dict.fromkeys(importances, 1.0 / max(len(importances), 1))
    return {name: importance / total for name, importance in importances.items()}
