"""Search spaces of other libraries: converted where unambiguous, else refused with advice."""

from collections.abc import Mapping
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any

import numpy as np

from skhpo._warnings import warn_user
from skhpo.distributions import BaseDistribution, FloatDistribution, IntDistribution
from skhpo.space._values import from_sequence

_PRIORS = ("uniform", "log-uniform")

_INSTEAD = {
    "hyperopt": (
        "an expression of hyperopt",
        "a list for hp.choice, scipy.stats.uniform(low, high - low) for hp.uniform, "
        "scipy.stats.loguniform(exp(low), exp(high)) for hp.loguniform, scipy.stats.randint("
        "low, high) for hp.randint, FloatDistribution(low, high, step=q) for hp.quniform",
    ),
    "ray": (
        "a domain of ray.tune",
        "a list for tune.choice and tune.grid_search, scipy.stats.uniform(low, high - low) for "
        "tune.uniform, scipy.stats.loguniform(low, high) for tune.loguniform, "
        "scipy.stats.randint(low, high) for tune.randint, FloatDistribution(low, high, step=q) "
        "for tune.quniform",
    ),
}


def refuse_foreign(value: Any) -> None:
    """Raise a TypeError for a value of another library, and say what to write instead."""
    package = type(value).__module__.partition(".")[0]
    if isinstance(value, Mapping) and set(value) == {"grid_search"}:
        package = "ray"
    if package in _INSTEAD:
        what, instead = _INSTEAD[package]
        raise TypeError(f"{what} is not supported, but got {value!r}. Write {instead}.")
    if isinstance(value, type) and (
        issubclass(value, BaseDistribution) or hasattr(value, "cdf") or hasattr(value, "rvs")
    ):
        raise TypeError(
            f"it is the class {value.__name__}, not an instance. "
            f"Did you mean {value.__name__}(...)?"
        )


def from_scikit_optimize(value: Any) -> BaseDistribution | None:
    """Convert a dimension of scikit-optimize, or its tuple notation for a range with a prior.

    Parameters
    ----------
    value : object
        A ``Real``, ``Integer`` or ``Categorical``; or a tuple ``(low, high, prior)`` or
        ``(low, high, prior, base)`` where the prior is "uniform" or "log-uniform".

    Returns
    -------
    BaseDistribution or None
        None if the value is neither. The base of the logarithm does not change the prior.
    """
    if _is_range_with_prior(value):
        low, high, prior = value[:3]
        if prior not in _PRIORS:
            meant = get_close_matches(prior.lower(), _PRIORS, n=1, cutoff=0.7)[0]
            raise ValueError(
                f"the prior of a range must be 'uniform' or 'log-uniform', but got {value!r}. "
                f"Did you mean {(low, high, meant)!r}? A list is always read as choices."
            )
        are_ints = isinstance(low, Integral) and isinstance(high, Integral)
        return _range(low, high, prior, are_ints)
    names = {base.__name__ for base in type(value).__mro__}
    if "Dimension" not in names:
        return None
    if "Categorical" in names:
        return _categorical(value)
    if "Real" in names or "Integer" in names:
        return _range(value.low, value.high, value.prior, "Integer" in names)
    return None


def warn_of_two_numbers(name: str, value: Any) -> None:
    """Warn if a tuple may be meant as a range: GridSearchCV and BayesSearchCV differ here."""
    if isinstance(value, tuple) and len(value) == 2 and all(map(_is_number, value)):
        low, high = value
        if low < high:
            warn_user(
                f"Parameter {name!r}: the tuple {value!r} is read as two choices, as "
                f"GridSearchCV reads it. Write {(low, high, 'uniform')!r} or "
                f"{(low, high, 'log-uniform')!r} for the range; or the list {[low, high]!r} for "
                "the two choices.",
            )


def _is_range_with_prior(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) in (3, 4)
        and isinstance(value[2], str)
        and bool(get_close_matches(value[2].lower(), _PRIORS, n=1, cutoff=0.7))
        and all(map(_is_number, value[:2] + value[3:]))
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def _range(low: Any, high: Any, prior: str, are_ints: bool) -> BaseDistribution:
    kind = IntDistribution if are_ints else FloatDistribution
    return kind(low, high, log=prior == "log-uniform")


def _categorical(dimension: Any) -> BaseDistribution:
    weights = getattr(dimension, "prior", None)
    if weights is not None and len(set(weights)) > 1:
        warn_user(
            f"The weights of {dimension!r} are not used; all choices are equally likely.",
        )
    return from_sequence(list(dimension.categories))
