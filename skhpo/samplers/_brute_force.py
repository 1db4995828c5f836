"""Brute force: each point of a define-by-run space, once."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.distributions import BaseDistribution
from skhpo.samplers._base import BaseSampler
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["BruteForceSampler"]


class BruteForceSampler(BaseSampler):
    """Try each point of a finite space once, in random order; the space may be conditional.

    The points are the leaves of a tree. Each trial follows one branch: the parameters in the
    order in which the objective asks for them. ``study.optimize`` ends when all points have been
    tried.

    Parameters
    ----------
    seed : int, optional
        Seed; None draws one from the system.
    avoid_premature_stop : bool, default=False
        Whether the study waits for points that other workers are evaluating, as these workers
        may fail.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     kind = trial.suggest_categorical("kind", ["a", "b"])
    ...     if kind == "a":
    ...         return trial.suggest_int("n", 1, 3)
    ...     return trial.suggest_float("x", 0.0, 1.0, step=0.5)
    >>> study = skhpo.create_study(sampler=skhpo.samplers.BruteForceSampler())
    >>> study.optimize(objective)
    >>> len(study.trials), study.best_value
    (6, 0.0)
    """

    def __init__(self, seed: int | None = None, avoid_premature_stop: bool = False) -> None:
        self.avoid_premature_stop = avoid_premature_stop
        self.reseed(seed)

    def reseed(self, seed: int | None) -> None:
        """Set the seed; None draws one from the system."""
        self.seed = seed
        self._entropy: Any = np.random.SeedSequence().entropy if seed is None else seed

    def reseed_rng(self) -> None:
        """Draw a new seed from the system."""
        self.reseed(None)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw a value whose subtree still has untried points.

        Raises
        ------
        ValueError
            If the parameter can take infinitely many values, or if another trial that began with
            the same parameters continued with another parameter or distribution, or ended there.
        """
        values = _values_of(param_name, param_distribution)
        trials = _beginning_like(trial, study)
        distributions = {**trial.distributions, param_name: param_distribution}
        for other in trials:
            _check_same(trial.params, distributions, other, is_whole=False)
        left = _left(values, param_name, trials, len(trial.params))
        if not left and self.avoid_premature_stop:
            ended = [other for other in trials if other.state.is_finished()]
            left = _left(values, param_name, ended, len(trial.params))
        rng = np.random.default_rng((self._entropy, trial.number, len(trial.params)))
        return param_distribution.to_external_repr(float(rng.choice(left or values)))

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Stop ``study.optimize`` when everything has been tried.

        Raises
        ------
        ValueError
            If another trial with the same first parameters continued differently.
        """
        if state == TrialState.COMPLETE and trial.params:
            for other in study.get_trials(deepcopy=False):
                if other.number != trial.number:
                    _check_same(trial.params, trial.distributions, other, is_whole=True)
        if not study.is_running:
            return
        trials = [
            t
            for t in study.get_trials(deepcopy=False)
            if t.state.is_finished() or t.number == trial.number or not self.avoid_premature_stop
        ]
        shown = [t for t in trials if t.params]
        if not shown or _is_done(shown, 0):
            study.stop()


def _values_of(name: str, distribution: BaseDistribution) -> list[float]:
    """Return all values of a finite domain, as internal numbers."""
    if distribution.single():
        return [float(distribution.from_unit(np.array([0.5]))[0])]
    if distribution.n_cells is None:
        raise ValueError(
            f"BruteForceSampler requires finite domains, but {name!r} has infinitely many values: "
            f"{distribution}. Set its `step`."
        )
    values: list[float] = distribution.cell_values(np.arange(distribution.n_cells)).tolist()
    return values


def _check_same(
    params: Mapping[str, Any],
    distributions: Mapping[str, BaseDistribution],
    other: FrozenTrial,
    is_whole: bool,
) -> None:
    """Raise a ValueError if two trials cannot both be branches of the same tree.

    Parameters
    ----------
    params : mapping of str to object
        The trial's values so far, in order.
    distributions : mapping of str to BaseDistribution
        Their distributions, and possibly that of the next parameter.
    other : FrozenTrial
        The other trial.
    is_whole : bool
        Whether the trial has no further parameters.
    """
    ours, theirs = list(distributions.items()), list(other.distributions.items())
    beginning: dict[str, Any] = {}
    for (name, distribution), (its_name, its_distribution) in zip(ours, theirs, strict=False):
        if name != its_name:
            raise ValueError(_changed(beginning, repr(its_name), repr(name)))
        if distribution != its_distribution and (
            _values_of(name, distribution) != _values_of(name, its_distribution)
        ):
            before, now = (f"{name!r} of {d}" for d in (its_distribution, distribution))
            raise ValueError(_changed(beginning, before, now))
        if name not in params or (
            distribution.to_internal_repr(params[name])
            != distribution.to_internal_repr(other.params[name])
        ):
            return
        beginning[name] = params[name]
    if beginning and len(ours) > len(theirs) and other.state == TrialState.COMPLETE:
        raise ValueError(_changed(beginning, "nothing", repr(ours[len(theirs)][0])))
    if len(ours) < len(theirs) and is_whole:
        raise ValueError(_changed(beginning, repr(theirs[len(ours)][0]), "nothing"))


def _changed(beginning: dict[str, Any], before: str, now: str) -> str:
    where = f"after {beginning}" if beginning else "first"
    return (
        "BruteForceSampler requires the same search space in all trials: "
        f"{where}, another trial had {before}, and this one has {now}."
    )


def _beginning_like(trial: FrozenTrial, study: Study) -> list[FrozenTrial]:
    """Return the other trials whose first parameters are those of this trial so far."""
    beginning = _branch(trial, len(trial.params))
    return [
        other
        for other in study.get_trials(deepcopy=False)
        if other.number != trial.number and _branch(other, len(beginning)) == beginning
    ]


def _branch(trial: FrozenTrial, depth: int) -> list[tuple[str, float]]:
    """Return the first parameters of a trial, as internal numbers."""
    first = itertools.islice(trial.params.items(), depth)
    return [(name, trial.distributions[name].to_internal_repr(value)) for name, value in first]


def _left(
    values: Sequence[float], name: str, trials: Sequence[FrozenTrial], depth: int
) -> list[float]:
    """Return the values of the parameter at `depth` whose subtrees have untried points."""
    tried = _by_value(trials, name)
    return [value for value in values if not _is_done(tried[value], depth + 1)]


def _is_done(trials: Sequence[FrozenTrial], depth: int) -> bool:
    """Return whether trials with the same first `depth` parameters have tried everything below."""
    if not trials:
        return False
    longer = next((trial for trial in trials if len(trial.params) > depth), None)
    if longer is None:
        return True
    name, distribution = list(longer.distributions.items())[depth]
    return not _left(_values_of(name, distribution), name, trials, depth)


def _by_value(trials: Sequence[FrozenTrial], name: str) -> defaultdict[float, list[FrozenTrial]]:
    groups: defaultdict[float, list[FrozenTrial]] = defaultdict(list)
    for trial in trials:
        if name in trial.params:
            groups[trial.distributions[name].to_internal_repr(trial.params[name])].append(trial)
    return groups
