"""Conversion of scipy.stats distributions, and of any object with quantiles or draws."""

from typing import Any

import numpy as np
from scipy import stats

from skhpo._warnings import warn_user
from skhpo.distributions import (
    BaseDistribution,
    FloatDistribution,
    IntDistribution,
    QuantileDistribution,
)
from skhpo.distributions._quantile import arguments_of, describe
from skhpo.space._empirical import draw_prior, draws_of

_FAR = 1_000  # range of draws above which scipy's stepwise quantile search takes too long


def from_prior(prior: Any, random_state: Any) -> BaseDistribution:
    """Convert an object with quantiles or draws to a distribution.

    Parameters
    ----------
    prior : object
        A frozen distribution of scipy.stats or one of its distribution classes, or an object with
        ``cdf`` and ``ppf`` (or ``icdf``), or with ``rvs(random_state=...)``.
    random_state : int, RandomState instance or None
        Seed of the draws, which are used if there are no quantiles.

    Returns
    -------
    BaseDistribution
        Exact ranges for scipy's uniform, loguniform and randint.

    Raises
    ------
    TypeError
        If the object has neither quantiles nor draws, or is a distribution of scipy.stats
        without its parameters.
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
        raise ValueError(f"a prior must have one dimension, but got {describe(prior)}.")
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
    """Refuse a distribution without its parameters; warn if all of them have defaults."""
    name = getattr(prior, "name", None)
    if not (isinstance(name, str) and getattr(stats, name, None) is prior):
        return
    shapes = getattr(prior, "shapes", None)
    if shapes:
        raise TypeError(f"scipy.stats.{name} has no parameters set. Did you mean {name}({shapes})?")
    warn_user(
        f"scipy.stats.{name} without parameters is read as {name}(0, 1). "
        f"Did you mean {name}(loc, scale)?",
    )


def _is_slow(prior: Any) -> bool:
    """Return whether scipy would step through, or sum over, too many integers for a quantile.

    This happens for discrete distributions that do not define quantiles or cumulative
    probabilities.
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
