"""A sampler that fixes some parameters while another sampler draws the others."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from skhpo.distributions import BaseDistribution
from skhpo.samplers._base import BaseSampler, draws_by_groups
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["PartialFixedSampler"]


class PartialFixedSampler(BaseSampler):
    """Fix the values of some parameters, and delegate the others to another sampler.

    Parameters
    ----------
    fixed_params : mapping of str to object
        Fixed values by parameter.
    base_sampler : BaseSampler
        Draws the other parameters.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     return trial.suggest_float("x", -1, 1) ** 2 + trial.suggest_int("y", -1, 1)
    >>> study = skhpo.create_study(sampler=skhpo.samplers.TPESampler(seed=0))
    >>> study.optimize(objective, n_trials=10)
    >>> fixed = {"y": study.best_params["y"]}
    >>> study.sampler = skhpo.samplers.PartialFixedSampler(fixed, study.sampler)
    >>> study.optimize(objective, n_trials=10)
    >>> {trial.params["y"] for trial in study.trials[10:]} == {fixed["y"]}
    True
    """

    def __init__(self, fixed_params: Mapping[str, Any], base_sampler: BaseSampler) -> None:
        if not isinstance(base_sampler, BaseSampler):
            raise TypeError(f"`base_sampler` must be a sampler; got {base_sampler!r}.")
        self.fixed_params = fixed_params
        self.base_sampler = base_sampler

    @property
    def held_params(self) -> Mapping[str, Any]:
        """Return the fixed values, and those of the base sampler."""
        return {**self.base_sampler.held_params, **self.fixed_params}

    @property
    def unwrapped(self) -> BaseSampler:
        """Return the sampler that draws the other parameters."""
        return self.base_sampler.unwrapped

    def reseed(self, seed: int | None) -> None:
        """Set the seed of the base sampler."""
        self.base_sampler.reseed(seed)

    def reseed_rng(self) -> None:
        """Draw a new seed for the base sampler."""
        self.base_sampler.reseed_rng()

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the base sampler's parameters, except the fixed ones."""
        if draws_by_groups(self.base_sampler):
            return {}  # it draws a group when its first parameter is requested
        space = self.base_sampler.infer_relative_search_space(study, trial)
        return {name: d for name, d in space.items() if name not in self.fixed_params}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw parameters together with the base sampler."""
        return self.base_sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return the fixed value, or draw one with the base sampler."""
        if param_name not in self.fixed_params:
            return self.base_sampler.sample_independent(
                study, trial, param_name, param_distribution
            )
        value = self.fixed_params[param_name]
        if not param_distribution.contains(value):
            warnings.warn(
                f"The fixed value {value!r} of {param_name!r} lies outside {param_distribution}; "
                "it is used anyway.",
                stacklevel=2,
            )
        return value

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Notify the base sampler that a trial starts."""
        self.base_sampler.before_trial(study, trial)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Notify the base sampler that a trial has ended."""
        self.base_sampler.after_trial(study, trial, state, values)
