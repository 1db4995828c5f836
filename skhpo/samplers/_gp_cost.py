"""Cost-aware acquisition: the improvement of a trial, divided by its predicted cost."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo.history import COST
from skhpo.samplers._gp_acquisition import Acquisition, ValueAndSlopes
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["SECONDS", "CostFunction", "PerCost", "record_cost", "standardised_log"]

FloatArray = NDArray[np.float64]
CostFunction = Callable[[FrozenTrial], float]

SECONDS = "seconds"  # the cost that is measured
SHORTEST = 1e-6  # seconds


@dataclass(frozen=True)
class PerCost:
    """Logarithm of an acquisition per unit of cost (Snoek et al. 2012).

    The last output is the standardised logarithm of the cost, and the others are those of the
    acquisition.

    Parameters
    ----------
    acquisition : callable
        Logarithm of an improvement or of a probability.
    spread : float
        Standard deviation of the logarithms of the known costs.
    """

    acquisition: Acquisition
    spread: float

    def __call__(self, mean: FloatArray, sd: FloatArray) -> ValueAndSlopes:
        value, by_mean, by_sd = self.acquisition(mean[:, :-1], sd[:, :-1])
        slope = np.full((len(mean), 1), -self.spread)
        return (
            value - self.spread * mean[:, -1],
            np.hstack([by_mean, slope]),
            np.hstack([by_sd, np.zeros_like(slope)]),
        )


def standardised_log(costs: FloatArray) -> tuple[FloatArray, float]:
    """Return the logarithms of costs with mean 0 and variance 1, and their standard deviation.

    If the costs are equal, all are 0.
    """
    logs = np.log(costs)
    spread = float(logs.std())
    if not spread > 1e-9:
        return np.zeros_like(logs), 0.0
    return (logs - logs.mean()) / spread, spread


def record_cost(
    study: Study, trial: FrozenTrial, state: TrialState, cost: CostFunction | str
) -> None:
    """Compute the cost of a trial that ends, and store it.

    A search stores the seconds of its folds itself. In other studies, the seconds of a trial are
    those since its start, and a trial that was stopped early has no cost in seconds.

    Raises
    ------
    TypeError, ValueError
        If a cost function does not return a positive number.
    """
    if callable(cost):
        value = _positive(cost(copy.deepcopy(trial)))
    else:
        is_known = COST in study.log.record(trial.trial_id).system_attrs
        if is_known or state != TrialState.COMPLETE or trial.datetime_start is None:
            return
        value = max((datetime.now() - trial.datetime_start).total_seconds(), SHORTEST)
    study.storage.set_trial_system_attr(trial.trial_id, COST, value)


def _positive(returned: object) -> float:
    try:
        value = float(returned)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise TypeError(f"`cost` must return a number; got {returned!r}.") from None
    if not (0.0 < value < math.inf):
        raise ValueError(f"`cost` must return a positive and finite number; got {returned!r}.")
    return value
