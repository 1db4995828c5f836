"""The default sampler: it switches between samplers by a rule chosen on benchmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skhpo.history import Columns
from skhpo.samplers._base import ColumnSampler
from skhpo.samplers._dialect import ConstraintsFunction
from skhpo.samplers._gp import GPSampler
from skhpo.samplers._gp_prior import LossPrior
from skhpo.samplers._tpe import TPESampler

__all__ = ["AutoSampler"]

MAX_TRIALS_OF_GP = 300
MAX_PARAMS_OF_GP = 20
MAX_OBJECTIVES_OF_GP = 3


class AutoSampler(ColumnSampler):
    """Choose the sampler by the space, the number of trials and the number of objectives.

    A Gaussian process (:class:`GPSampler`) draws the parameters that all trials have, if there
    are at most 20 of them, at most three objectives, and at most 300 trials.
    :class:`TPESampler` draws everything else: the branches of conditional spaces, large spaces
    and long studies. With several objectives, it also draws every other trial. Both samplers
    learn from all earlier trials, so nothing is lost when the rule switches from one to the other.

    The rule follows from benchmarks. On tuning problems and test functions, the Gaussian process
    was better than TPE or equal to it at 30, 100 and 300 trials, one at a time and in batches
    of 8. It models parameters on which others depend less well. Beyond 300 trials, of which it
    would see only a part, neither gained much. With two and three objectives, the process was
    much better on smooth functions without noise. In real searches, where losses are noisy and
    jump, it was worse than TPE, and on some problems worse than random search. Taking turns was
    as good as TPE there, and as good as the process on smooth functions.

    Parameters
    ----------
    seed : int, optional
        Seed; None draws one from the system.
    constraints_func : callable, optional
        Called with the record of each trial that is complete or pruned; returns its constraints,
        numbers that are satisfied at 0 and below. ``trial.set_constraint`` in the objective does
        the same, and can be read while the trial runs.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study(sampler=skhpo.samplers.AutoSampler(seed=0))
    >>> study.optimize(lambda trial: trial.suggest_float("x", -5, 5) ** 2, n_trials=25)
    >>> study.best_value < 0.01
    True
    """

    def __init__(
        self, seed: int | None = None, *, constraints_func: ConstraintsFunction | None = None
    ) -> None:
        self._gp = GPSampler(seed=seed)
        self._tpe = TPESampler(seed=seed)
        super().__init__(seed=seed)
        self.constraints_func = constraints_func

    def reseed(self, seed: int | None) -> None:
        """Set the seed; None draws one from the system."""
        super().reseed(seed)
        self._gp.reseed(seed)
        self._tpe.reseed(seed)

    def set_prior(self, prior: LossPrior, objective: int | None = None) -> None:
        """Give the prior to the Gaussian process."""
        self._gp.set_prior(prior, objective)

    def _points(self, columns: Columns, number: int) -> NDArray[np.float64]:
        """Propose points for trial `number`; TPE has every other turn with several objectives."""
        if columns.history.n_objectives > 1 and (number - columns.history.n_submodels) % 2 == 1:
            return self._tpe.propose(columns, self.stream(number))
        return super()._points(columns, number)

    def propose(self, columns: Columns, rng: np.random.Generator) -> NDArray[np.float64]:
        """Propose points with the sampler that the rule selects by the space and the history."""
        return (self._gp if _suits_gp(columns) else self._tpe).propose(columns, rng)


def _suits_gp(columns: Columns) -> bool:
    history = columns.history
    return (
        not columns.is_conditional
        and len(columns.known) <= MAX_TRIALS_OF_GP
        and len(columns.names) <= MAX_PARAMS_OF_GP
        and history.n_objectives <= MAX_OBJECTIVES_OF_GP
    )
