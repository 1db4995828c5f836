"""Priors of scipy.stats, and of whatever has quantiles or draws, made distributions."""

import warnings
from typing import Any

import numpy as np
from scipy import stats

from skhpo.distributions import (
    BaseDistribution,
    FloatDistribution,
    IntDistribution,
    QuantileDistribution,
)
from skhpo.distributions._quantile import arguments_of, describe
from skhpo.space._empirical import draw_prior, draws_of

_FAR = 1_000  # a span of draws beyond which a search for quantiles value by value takes too long


def from_prior(prior: Any, random_state: Any) -> BaseDistribution:
    """Make a distribution of an object with quantiles, or at least with draws.

    Parameters
    ----------
    prior : object
        A frozen distribution of scipy.stats or one of its distribution classes, or an object with
        ``cdf`` and ``ppf`` (or ``icdf``), or with ``rvs(random_state=...)``.
    random_state : int, RandomState instance or None
        Seeds the draws where there are no quantiles.

    Returns
    -------
    BaseDistribution
        Exact ranges for scipy's uniform, loguniform and randint.

    Raises
    ------
    TypeError
        If it has neither quantiles nor draws, or is a distribution of scipy.stats without its
        parameters.
    ValueError
        If its parameters are invalid.
    """
    _check_is_frozen(prior)
    has_quantiles = hasattr(prior, "cdf") and (hasattr(prior, "ppf") or hasattr(prior, "icdf"))
    if not has_quantiles:
        return draw_prior(prior, random_state)
    kind = getattr(getattr(prior, "dist", None), "name", None)
    if kind in ("uniform", "loguniform", "reciprocal", "randint"):
        return _exact(prior, kind)
    if _is_slow(prior):
        return draw_prior(prior, random_state)
    try:
        return QuantileDistribution(prior)
    except ValueError:
        if not _draws_numbers(prior):
            raise
        return draw_prior(prior, random_state)


def _exact(prior: Any, kind: str) -> BaseDistribution:
    with np.errstate(invalid="ignore"):
        low, high = prior.support()
    if np.ndim(low) or np.ndim(high):
        raise ValueError(f"a prior must be of one dimension, but got {describe(prior)}.")
    if np.isnan(low) or np.isnan(high):
        raise ValueError(f"{describe(prior)} has invalid parameters.")
    if kind == "randint":
        return IntDistribution(int(low), int(high))
    if kind == "uniform":
        return FloatDistribution(low, high)
    if arguments_of(prior).get("loc", 0.0) != 0.0:
        return QuantileDistribution(prior)
    return FloatDistribution(low, high, log=True)


def _check_is_frozen(prior: Any) -> None:
    """Refuse what scipy.stats has under a name and needs parameters; warn if it needs none."""
    name = getattr(prior, "name", None)
    if not (isinstance(name, str) and getattr(stats, name, None) is prior):
        return
    shapes = getattr(prior, "shapes", None)
    if shapes:
        raise TypeError(f"scipy.stats.{name} lacks its parameters. Did you mean {name}({shapes})?")
    warnings.warn(
        f"scipy.stats.{name} without parameters is read as {name}(0, 1). "
        f"Did you mean {name}(loc, scale)?",
        UserWarning,
        stacklevel=2,
    )


def _is_slow(prior: Any) -> bool:
    """Whether scipy would step through too many integers, or add them up, to find a quantile.

    It does so for discrete distributions that bring no quantiles, or no cumulative probabilities.
    """
    kind = type(getattr(prior, "dist", prior))
    if not issubclass(kind, stats.rv_discrete) or not _draws_numbers(prior):
        return False
    steps, adds = not _is_own(kind, "_ppf"), not _is_own(kind, "_cdf")
    start, end = prior.support()
    if not (steps or adds) or end - start <= _FAR:
        return False
    draws = np.asarray(draws_of(prior, 0), dtype=np.float64)
    first = start if adds and np.isfinite(start) else draws.min()
    return bool(draws.max() - first > _FAR)


def _is_own(kind: type, method: str) -> bool:
    generic = getattr(stats.rv_discrete, method, None)
    return getattr(kind, method, None) is not generic


def _draws_numbers(prior: Any) -> bool:
    try:
        return np.ndim(prior.rvs(random_state=0)) == 0
    except Exception:
        return False
