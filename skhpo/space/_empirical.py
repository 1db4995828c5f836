"""Empirical priors, for objects that only have ``rvs``."""

import time
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from skhpo.distributions import BaseDistribution, CategoricalDistribution, QuantileDistribution
from skhpo.distributions._base import LARGEST_INT, FloatArray
from skhpo.distributions._quantile import describe
from skhpo.space._values import without_repeats

_N_DRAWS = 1_000
_MAX_SECONDS = 20  # limit for all draws together


def draw_prior(source: Any, random_state: Any) -> BaseDistribution:
    """Sample an object's ``rvs`` and return the empirical distribution.

    Parameters
    ----------
    source : object
        An object with a method ``rvs(random_state=...)``, as scikit-learn's searches require.
    random_state : int, RandomState instance or None
        Seed of the draws. None means 0, so that a stored search gets the same space again.

    Returns
    -------
    BaseDistribution
        A distribution over ints if all draws are ints. Floats are interpolated between the
        draws, unless a value occurs twice: then only drawn values are returned. Anything else
        (strings, tuples, arrays, ...) becomes a choice among the distinct draws.

    Raises
    ------
    TypeError
        If ``rvs`` does not accept ``random_state``.
    ValueError
        If a draw is NaN or infinite.
    """
    draws = draws_of(source, random_state)
    if not all(isinstance(d, Real) and not isinstance(d, bool | np.bool_) for d in draws):
        return CategoricalDistribution(without_repeats(draws))
    if hasattr(source, "support"):  # scipy's draws from heavy tails overflow occasionally
        low, high = source.support()
        draws = [d for d in draws if low <= d <= high]
    if not np.all(np.isfinite(np.asarray(draws, dtype=np.float64))):
        raise ValueError(
            f"rvs must return finite numbers, but {describe(source)} returned NaN or infinity."
        )
    if all(isinstance(d, Integral) for d in draws):
        return QuantileDistribution(IntegerPrior([d for d in draws if abs(d) < LARGEST_INT]))
    repeats = len(set(draws)) < len(draws)
    return QuantileDistribution(StepPrior(draws) if repeats else SmoothPrior(draws))


def draws_of(source: Any, random_state: Any) -> list[Any]:
    """Draw one by one, as RandomizedSearchCV does; raise a ValueError if it takes too long."""
    rng = check_random_state(0 if random_state is None else random_state)
    end = time.monotonic() + _MAX_SECONDS
    draws: list[Any] = []
    while len(draws) < _N_DRAWS:
        draws.append(source.rvs(random_state=rng))
        if time.monotonic() > end:
            raise ValueError(
                f"drawing from {describe(source)} takes too long: {len(draws)} values in "
                f"{_MAX_SECONDS} seconds. Give a list of values instead."
            )
    return draws


class SmoothPrior:
    """Piecewise linear quantiles through the order statistics of distinct draws."""

    def __init__(self, draws: Sequence[float]) -> None:
        self.values = np.sort(np.asarray(draws, dtype=np.float64))
        self.levels = np.linspace(0.0, 1.0, len(draws))

    def __repr__(self) -> str:
        low, high = self.support()
        return f"{len(self.values)} draws from {low:g} to {high:g}"

    def support(self) -> tuple[float, float]:
        return float(self.values[0]), float(self.values[-1])

    def ppf(self, u: ArrayLike) -> FloatArray:
        return np.interp(np.asarray(u, dtype=np.float64), self.levels, self.values)

    def cdf(self, values: ArrayLike) -> FloatArray:
        return np.interp(np.asarray(values, dtype=np.float64), self.values, self.levels)


class StepPrior(SmoothPrior):
    """Step function over the draws, which keeps how often each value was drawn."""

    def __init__(self, draws: Sequence[float]) -> None:
        super().__init__(draws)
        self.levels = np.arange(1, len(draws) + 1) / len(draws)

    def ppf(self, u: ArrayLike) -> FloatArray:
        drawn: FloatArray = self.values[np.searchsorted(self.levels, u, side="left")]
        return drawn

    def cdf(self, values: ArrayLike) -> FloatArray:
        return np.searchsorted(self.values, values, side="right") / len(self.values)


class IntegerPrior(StepPrior):
    """Step function over integer draws; its ``pmf`` marks the prior as discrete."""

    def pmf(self, values: ArrayLike) -> FloatArray:
        values = np.asarray(values, dtype=np.float64)
        return self.cdf(values) - self.cdf(values - 1.0)
