"""Parsing of a single entry of a dict of parameter distributions."""

from collections.abc import Iterable, Mapping
from typing import Any

from skhpo.distributions import BaseDistribution, as_distribution
from skhpo.space._foreign import from_scikit_optimize, refuse_foreign, warn_of_two_numbers
from skhpo.space._prior import from_prior
from skhpo.space._values import check_form, from_sequence, is_distribution, is_sequence


def parse_distribution(name: str, value: Any, random_state: Any = None) -> BaseDistribution:
    """Convert the user's value for one parameter to a distribution.

    Parameters
    ----------
    name : str
        The parameter's name, for messages.
    value : sequence or distribution
        A list, tuple, array, range or Series; a range in scikit-optimize's notation, such as
        ``(1e-3, 1.0, "log-uniform")``; a distribution of skhpo, Optuna, scikit-optimize or
        scipy.stats; or any object with ``rvs(random_state=...)``.
    random_state : int, RandomState instance or None
        Seed of the draws from objects that only have ``rvs``.

    Returns
    -------
    BaseDistribution

    Raises
    ------
    TypeError
        If the value is none of these.
    ValueError
        If a sequence is empty or has several dimensions, or if the parameters of a distribution
        are invalid.

    Warns
    -----
    UserWarning
        If the value is a tuple of two numbers, which may be meant as a range.
    """
    try:
        return _parse(name, value, random_state)
    except Warning:  # the user turned warnings into errors
        raise
    except Exception as error:  # the methods of a prior may raise anything
        if str(error).startswith("Parameter "):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"Parameter distribution for parameter {name!r} is invalid: {error}") from error


def _parse(name: str, value: Any, random_state: Any) -> BaseDistribution:
    refuse_foreign(value)
    if is_distribution(value):
        return as_distribution(value)
    read = from_scikit_optimize(value)
    if read is not None:
        return read
    if callable(getattr(value, "rvs", None)) or hasattr(value, "cdf"):
        return from_prior(value, random_state)
    if not is_sequence(value):
        is_single = isinstance(value, str | bytes | Mapping) or getattr(value, "ndim", 1) == 0
        is_collection = isinstance(value, Iterable) and not is_single
        raise TypeError(
            f"Parameter distribution for parameter {name!r} needs to be a list or a numpy array "
            f"or a distribution, but got {value!r} (of type {type(value).__name__}) instead. "
            + (
                "Convert it with list(...)."
                if is_collection
                else "Single values need to be wrapped in a list with one element."
            )
        )
    check_form(value)
    if len(value) == 0:
        raise ValueError(
            f"Parameter distribution for parameter {name!r} needs to be a non-empty sequence, "
            f"got: {value!r}"
        )
    warn_of_two_numbers(name, value)
    return from_sequence(value)
