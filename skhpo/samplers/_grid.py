"""Grid search: each combination of given values, once."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.distributions import BaseDistribution
from skhpo.distributions._categorical import find
from skhpo.samplers._base import BaseSampler
from skhpo.space._values import without_repeats
from skhpo.trial import FrozenTrial, TrialState
from skhpo.trial._frozen import FIXED_PARAMS

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["GridSampler"]

GRID_POINT = "grid_point"  # system attribute of a trial: the combination assigned to it


class GridSampler(BaseSampler):
    """Try each combination of given values once, in random order.

    The sampler finds the tried combinations in the study's trials, whatever sampler made them. A
    study can therefore be continued with a grid, and workers that share a study take different
    combinations. ``study.optimize`` ends when all combinations have been tried.

    Parameters
    ----------
    search_space : mapping of str to sequence
        Values of each parameter.
    seed : int, optional
        Seed of the order. None is the same as 0, so that all workers use the same order.

    Notes
    -----
    An enqueued trial must set all parameters. A failed trial counts as tried.

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
        self.search_space = search_space
        self._grid = {
            name: without_repeats(values) for name, values in sorted(search_space.items())
        }
        if not self._grid:
            raise ValueError("`search_space` must have at least one parameter; got none.")
        for name, values in self._grid.items():
            if not values:
                raise ValueError(f"`search_space` has no value for {name!r}.")
        self.shape = tuple(map(len, self._grid.values()))
        self.n_combinations = math.prod(self.shape)
        self.reseed(seed)

    def reseed(self, seed: int | None) -> None:
        """Set the seed of the order; None is the same as 0."""
        self.seed = seed
        self._order = np.random.default_rng(seed or 0).permutation(self.n_combinations)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Assign a combination to the trial; warn if all have been tried."""
        if trial.number >= study.history.n_trials:  # a search samples before the trial exists
            return
        if not {GRID_POINT, FIXED_PARAMS} & trial.system_attrs.keys():
            point = self._next_point(study, trial)
            study.storage.set_trial_system_attr(trial.trial_id, GRID_POINT, point)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return the parameter's value in the trial's combination.

        Raises
        ------
        ValueError
            If the parameter is not in the grid, or an enqueued trial does not set it.
        """
        if param_name not in self._grid:
            raise ValueError(
                f"Parameter {param_name!r} is not in the grid, which has {list(self._grid)}."
            )
        if FIXED_PARAMS in trial.system_attrs:
            raise ValueError(
                f"Enqueued trials must set all parameters of a grid; {param_name!r} is missing."
            )
        point = trial.system_attrs.get(GRID_POINT) or self._next_point(study, trial)
        value = point[param_name]
        if not param_distribution.contains(value):
            warnings.warn(
                f"The grid's value {value!r} of {param_name!r} lies outside {param_distribution}; "
                "it is used anyway.",
                stacklevel=2,
            )
        return value

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Stop ``study.optimize`` after the last combination."""
        if study.is_running:
            trials = study.get_trials(deepcopy=False)
            ended = [t for t in trials if t.state.is_finished() or t.number == trial.number]
            if len(self._tried(ended)) == self.n_combinations:
                study.stop()

    def is_exhausted(self, study: Study) -> bool:
        """Return whether all combinations have been tried.

        Parameters
        ----------
        study : Study
            The study.

        Returns
        -------
        is_exhausted : bool
        """
        ended = [t for t in study.get_trials(deepcopy=False) if t.state.is_finished()]
        return len(self._tried(ended)) == self.n_combinations

    def _next_point(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """Choose a combination that no other trial has, or else one that no trial has finished."""
        others = [t for t in study.get_trials(deepcopy=False) if t.number != trial.number]
        tried = self._tried(others)
        if len(tried) == self.n_combinations:
            tried = self._tried([t for t in others if t.state.is_finished()])
        if len(tried) == self.n_combinations:
            warnings.warn(
                f"All {self.n_combinations} combinations of the grid have been tried; "
                "one is tried again.",
                stacklevel=2,
            )
            tried = set()
        left = [cell for cell in self._order.tolist() if cell not in tried]
        own = int(self._order[trial.number % self.n_combinations])  # no other worker's choice
        cell = left[trial.number % len(left)] if own in tried else own
        indices = np.unravel_index(cell, self.shape)
        return {
            name: values[i] for (name, values), i in zip(self._grid.items(), indices, strict=True)
        }

    def _tried(self, trials: Sequence[FrozenTrial]) -> set[int]:
        """Return the grid positions of the trials' combinations."""
        cells = (self._cell_of(t.system_attrs.get(GRID_POINT, t.params)) for t in trials)
        return {cell for cell in cells if cell is not None}

    def _cell_of(self, params: Mapping[str, Any]) -> int | None:
        if not self._grid.keys() <= params.keys():
            return None
        indices = [find(params[name], values) for name, values in self._grid.items()]
        return None if None in indices else int(np.ravel_multi_index(indices, self.shape))  # type: ignore[arg-type]
