"""Data of the importances plot: the importances, their spread, and what chance would give."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from skhpo.history import PREDICTED_VALUE
from skhpo.importance import BaseImportanceEvaluator, PedAnovaImportanceEvaluator
from skhpo.plots._data._trials import Target, check_study, one_objective, trial_table
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["ImportancesData", "importances_data"]

CHANCE_QUANTILE = 0.95
LARGEST_SAMPLE = 2_000  # more trials take longer and make little difference

FloatArray = NDArray[np.float64]


@dataclass
class ImportancesData:
    """The importances of the parameters, the largest first.

    Attributes
    ----------
    params : list of str
        Names of the parameters.
    importance : ndarray of shape (n_params,)
        Importances, with sum 1.
    sd : ndarray of shape (n_params,)
        Standard deviation of each importance over bootstrap samples of the trials; NaN if it was
        not computed.
    chance : ndarray of shape (n_params,)
        The 95 % quantile of the importance that a parameter has by chance: if values and
        parameters of the trials are shuffled. NaN if it was not computed.
    name : str
        Name of what is explained.
    """

    params: list[str]
    importance: FloatArray
    sd: FloatArray
    chance: FloatArray
    name: str

    @property
    def is_clear(self) -> NDArray[np.bool_]:
        """Which importances are larger than chance; all, if that was not computed."""
        return ~(self.importance <= self.chance)


def importances_data(
    study: Study,
    *,
    evaluator: BaseImportanceEvaluator | None = None,
    params: Sequence[str] | None = None,
    objective: str | None = None,
    target: Target | None = None,
    name: str | None = None,
    n_repeats: int = 25,
    seed: int = 0,
    keep_constant: bool = False,
) -> ImportancesData:
    """Return the data of a plot of importances.

    Parameters
    ----------
    study : Study
        The study.
    evaluator : BaseImportanceEvaluator, default=None
        Evaluator of the importances; by default, :class:`PedAnovaImportanceEvaluator`.
    params : sequence of str, default=None
        Parameters to evaluate; by default, those that the evaluator chooses and that have more
        than one value.
    objective : str, default=None
        Name of the objective to explain. By default, the only one. Of several, the default
        evaluator explains the Pareto front, and others need a name.
    target : callable, default=None
        Function that takes a complete trial and returns the number to explain; smaller is better.
    name : str, default=None
        Name of what is explained.
    n_repeats : int, default=25
        Number of bootstrap samples, and of shuffled samples, each of 2,000 trials at most. With
        0, ``sd`` and ``chance`` are NaN.
    seed : int, default=0
        Seed of the samples.
    keep_constant : bool, default=False
        Whether to include parameters that have a single value.

    Returns
    -------
    data : ImportancesData
    """
    if n_repeats < 0:
        raise ValueError(f"`n_repeats` must be 0 or more; got {n_repeats}.")
    check_study(study)
    evaluator = PedAnovaImportanceEvaluator() if evaluator is None else evaluator
    if not isinstance(evaluator, BaseImportanceEvaluator):
        raise TypeError(f"`evaluator` must be a BaseImportanceEvaluator; got {evaluator!r}.")
    target, explained = _what_to_explain(study, objective, target)
    trials = [one for one in study.get_trials(deepcopy=False) if _counts(one, target)]
    raw = evaluator.evaluate(study, params, target=target) if trials else {}
    names = sorted(raw, key=lambda one: -raw[one])
    if params is None and not keep_constant:
        varying = {one for t in trials for one, d in t.distributions.items() if not d.single()}
        names = [one for one in names if one in varying]
    importance = np.array([raw[one] for one in names], dtype=float)
    sd = chance = np.full(len(names), np.nan)
    total = importance.sum()
    if len(names) and total == 0.0:  # none is important, so chance would give as much
        importance = chance = np.full(len(names), 1.0 / len(names))
    elif len(names):
        importance = importance / total
        rng = np.random.default_rng(seed)

        def repeat(draw: Callable[..., list[FrozenTrial]]) -> FloatArray:
            samples = (draw(trials, rng) for _ in range(n_repeats))
            return np.array(
                [_evaluate(evaluator, study, one, params, target, names) for one in samples]
            )

        if n_repeats > 0:
            resampled = repeat(_bootstrap)
            sums = resampled.sum(axis=1, keepdims=True)
            sd = np.nanstd(resampled / np.where(sums > 0.0, sums, np.nan), axis=0)
            sd *= np.sqrt(min(len(trials), LARGEST_SAMPLE) / len(trials))
            chance = np.nanquantile(repeat(_shuffle), CHANCE_QUANTILE, axis=0) / total
    return ImportancesData(names, importance, sd, chance, explained if name is None else name)


def _what_to_explain(
    study: Study, objective: str | None, target: Target | None
) -> tuple[Target | None, str]:
    """Return the target of the evaluator, and its name."""
    if target is not None:
        return target, "target"
    names = trial_table(study).names
    if objective is None and len(names) > 1:
        return None, "the Pareto front"
    column = one_objective(trial_table(study), objective)
    if len(names) == 1:
        return None, names[0]
    sign = -1.0 if study.directions[column].name == "MAXIMIZE" else 1.0
    return (lambda trial: sign * cast("list[float]", trial.values)[column]), names[column]


def _counts(trial: FrozenTrial, target: Target | None) -> bool:
    """Return whether evaluators use a trial."""
    is_predicted = target is None and PREDICTED_VALUE in trial.system_attrs
    return trial.state == TrialState.COMPLETE or is_predicted


class _Sample:
    """A study with other trials."""

    def __init__(self, study: Study, trials: list[FrozenTrial]) -> None:
        self._study = study
        self.trials = trials

    def __getattr__(self, name: str) -> Any:
        return getattr(self._study, name)

    def get_trials(self, deepcopy: bool = True, states: Any = None) -> list[FrozenTrial]:
        return [one for one in self.trials if states is None or one.state in states]


def _evaluate(
    evaluator: BaseImportanceEvaluator,
    study: Study,
    trials: list[FrozenTrial],
    params: Sequence[str] | None,
    target: Target | None,
    names: Sequence[str],
) -> list[float]:
    """Return the importances in a sample of trials, in the order of `names`.

    They are NaN if they cannot be computed, for example because no trial has all `params`.
    """
    sample = cast("Study", _Sample(study, trials))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = evaluator.evaluate(sample, params, target=target)
    except ValueError:
        return [np.nan] * len(names)
    return [found.get(name, 0.0) for name in names]


def _bootstrap(trials: list[FrozenTrial], rng: np.random.Generator) -> list[FrozenTrial]:
    """Draw as many trials with replacement."""
    n_drawn = min(len(trials), LARGEST_SAMPLE)
    return [trials[i] for i in np.sort(rng.integers(len(trials), size=n_drawn))]


def _shuffle(trials: list[FrozenTrial], rng: np.random.Generator) -> list[FrozenTrial]:
    """Give each trial the parameters of another one."""
    drawn = rng.permutation(len(trials))[:LARGEST_SAMPLE]
    return [
        FrozenTrial(
            trial.number,
            trial.state,
            None,
            trial.datetime_start,
            trial.datetime_complete,
            trials[other].params,
            trials[other].distributions,
            trial.user_attrs,
            trial.system_attrs,
            trial.intermediate_values,
            trial.trial_id,
            values=trial.values,
        )
        for trial, other in zip((trials[i] for i in np.sort(drawn)), drawn, strict=True)
    ]
