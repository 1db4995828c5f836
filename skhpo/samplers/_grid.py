"""Grid search: each combination of given values, once."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.distributions import BaseDistribution
from skhpo.samplers._base import BaseSampler
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["GridSampler"]


class GridSampler(BaseSampler):
    """Try each combination of given values once, in random order.

    Trial number t takes the combination at position t, so that parallel workers take
    different ones. When all have been tried, ``study.optimize`` ends.

    Parameters
    ----------
    search_space : mapping of str to sequence
        Values by parameter.
    seed : int, optional
        Seed of the order; None draws one from the system, so that workers that share a
        study need the same seed.

    Examples
    --------
    >>> import skhpo
    >>> space = {"x": [-50, 0, 50], "y": [-99, 0, 99]}
    >>> study = skhpo.create_study(sampler=skhpo.samplers.GridSampler(space))
    >>> def objective(trial):
    ...     return trial.suggest_int("x", -99, 99) ** 2 + trial.suggest_int("y", -99, 99) ** 2
    >>> study.optimize(objective)
    >>> len(study.trials), study.best_params
    (9, {'x': 0, 'y': 0})
    """

    def __init__(self, search_space: Mapping[str, Sequence[Any]], seed: int | None = None) -> None:
        self.search_space = {name: list(values) for name, values in sorted(search_space.items())}
        for name, values in self.search_space.items():
            if not values:
                raise ValueError(f"`search_space` has no value for {name!r}.")
        self.n_combinations = int(np.prod([len(v) for v in self.search_space.values()], dtype=int))
        self.reseed(seed)

    def reseed(self, seed: int | None) -> None:
        """Set the seed of the order; None draws one from the system."""
        order = np.random.default_rng(seed).permutation(self.n_combinations)
        combinations = list(itertools.product(*self.search_space.values()))
        self._combinations = [combinations[k] for k in order]

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return the value that the trial's combination has.

        Raises
        ------
        ValueError
            If the grid has no such parameter.
        """
        if param_name not in self.search_space:
            raise ValueError(
                f"Parameter {param_name!r} is not in the grid, which has {list(self.search_space)}."
            )
        combination = self._combinations[trial.number % self.n_combinations]
        value = combination[list(self.search_space).index(param_name)]
        if not param_distribution._contains(param_distribution.to_internal_repr(value)):
            warnings.warn(
                f"The grid's value {value!r} of {param_name!r} lies outside {param_distribution}.",
                stacklevel=2,
            )
        return value

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Warn if all combinations have been tried."""
        if trial.number >= self.n_combinations and self.is_exhausted(study):
            warnings.warn(
                f"All {self.n_combinations} combinations of the grid have been tried: "
                "some are tried again.",
                stacklevel=2,
            )

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """End ``study.optimize`` with the last combination."""
        if study._in_optimize and self._n_left(study, ended=trial) == 0:
            study.stop()

    def is_exhausted(self, study: Study) -> bool:
        """Say whether all combinations have been tried.

        Parameters
        ----------
        study : Study
            The study.

        Returns
        -------
        is_exhausted : bool
        """
        return self._n_left(study) == 0

    def _n_left(self, study: Study, ended: FrozenTrial | None = None) -> int:
        """Number of combinations that no trial has ended with."""
        tried = {
            trial.number % self.n_combinations
            for trial in study.get_trials(deepcopy=False)
            if _is_of_grid(trial)
            and (trial.state.is_finished() or (ended and trial.number == ended.number))
        }
        return self.n_combinations - len(tried)


def _is_of_grid(trial: FrozenTrial) -> bool:
    return "fixed_params" not in trial.system_attrs  # enqueued trials are not
