"""Random search: Bergstra and Bengio 2012."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from skhpo.distributions import BaseDistribution
from skhpo.history import Columns
from skhpo.samplers._base import ColumnSampler
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["RandomSampler"]


class RandomSampler(ColumnSampler):
    """Draw each trial from the prior, independently of all others.

    Parameters
    ----------
    seed : int, optional
        Seed; None draws one from the system.

    References
    ----------
    J. Bergstra and Y. Bengio, "Random search for hyper-parameter optimization", JMLR 13 (2012).

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=10)
    >>> len(study.trials)
    10
    """

    learns: ClassVar[bool] = False

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(seed=seed)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return no parameters: each one is drawn independently."""
        return {}

    def propose(self, columns: Columns, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw points uniformly from the unit cube."""
        return rng.random((8, len(columns.names)))
