"""One entry of a dict of parameter distributions, as scikit-learn users write it, made ours."""

from collections.abc import Hashable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from skhpo.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    OrdinalDistribution,
    QuantileDistribution,
    as_distribution,
)
from skhpo.distributions._categorical import is_monotone, is_nan, same_object
from skhpo.distributions._quantile import describe
from skhpo.space._empirical import draw_prior

_NO_SEQUENCES = (str, bytes, Mapping, Set)


def parse_distribution(name: str, value: Any, random_state: Any = None) -> BaseDistribution:
    """Make a distribution of what a user gave for one parameter.

    Parameters
    ----------
    name : str
        The parameter's name, for error messages.
    value : sequence or distribution
        A list, tuple, array, range, Series; a distribution of ours, of Optuna or of scipy.stats;
        or any object with ``rvs(random_state=...)``.
    random_state : int, RandomState instance or None
        Seeds the draws from objects with ``rvs`` only.

    Returns
    -------
    BaseDistribution

    Raises
    ------
    TypeError
        If the value is none of these.
    ValueError
        If a sequence is empty, or the parameters of a distribution are invalid.
    """
    try:
        return _parse(name, value, random_state)
    except (TypeError, ValueError) as error:
        if str(error).startswith("Parameter "):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"Parameter distribution for parameter {name!r} is invalid: {error}") from error


def _parse(name: str, value: Any, random_state: Any) -> BaseDistribution:
    if _is_distribution(value):
        return as_distribution(value)
    if hasattr(value, "cdf") and (hasattr(value, "ppf") or hasattr(value, "icdf")):
        return _from_prior(value)
    if hasattr(value, "rvs"):
        return draw_prior(value, random_state)
    if not _is_sequence(value):
        raise TypeError(
            f"Parameter distribution for parameter {name!r} needs to be a list or a numpy array "
            f"or a distribution, but got {value!r} (of type {type(value).__name__}) instead. "
            "Single values need to be wrapped in a list with one element."
        )
    if len(value) == 0:
        raise ValueError(
            f"Parameter distribution for parameter {name!r} needs to be a non-empty sequence, "
            f"got: {value!r}"
        )
    return _from_values(list(value))


def _is_distribution(value: Any) -> bool:
    names = {base.__name__ for base in type(value).__mro__}
    return isinstance(value, BaseDistribution) or not names.isdisjoint(
        ("FloatDistribution", "IntDistribution", "CategoricalDistribution")
    )


def _is_sequence(value: Any) -> bool:
    return (
        hasattr(value, "__len__")
        and hasattr(value, "__getitem__")
        and not isinstance(value, (*_NO_SEQUENCES, type))
        and not hasattr(value, "get_params")  # a Pipeline has a length
        and not (isinstance(value, np.ndarray) and value.ndim == 0)
    )


def _from_values(values: list[Any]) -> CategoricalDistribution:
    distinct = _without_repeats(values)
    is_ordinal = len(distinct) > 1 and is_monotone(distinct)
    return OrdinalDistribution(distinct) if is_ordinal else CategoricalDistribution(distinct)


def _without_repeats(values: Sequence[Any]) -> list[Any]:
    """Drop what equals an earlier value of the same type."""
    hashed: set[tuple[type, Hashable]] = set()
    kept: list[Any] = []
    unhashable: list[Any] = []
    for value in values:
        try:
            key = (type(value), None if is_nan(value) else value)  # NaN is unequal to itself
            is_new = key not in hashed
            hashed.add(key)
        except Exception:  # no hash, or a comparison of arrays or of unfitted models
            is_new = not any(type(v) is type(value) and same_object(v, value) for v in unhashable)
            unhashable.append(value)
        if is_new:
            kept.append(value)
    return kept


def _from_prior(prior: Any) -> BaseDistribution:
    kind = getattr(getattr(prior, "dist", None), "name", None)
    if kind not in ("uniform", "loguniform", "reciprocal", "randint"):
        return QuantileDistribution(prior)
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
    if _argument(prior, "loc", default=0.0) != 0.0:
        return QuantileDistribution(prior)
    return FloatDistribution(low, high, log=True)


def _argument(prior: Any, name: str, default: float) -> float:
    """An argument that a frozen distribution was made with, by position or by name."""
    shapes = prior.dist.shapes.split(", ") if prior.dist.shapes else []
    given = dict(zip([*shapes, "loc", "scale"], prior.args, strict=False)) | prior.kwds
    return float(given.get(name, default))
