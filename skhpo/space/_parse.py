"""One entry of a dict of parameter distributions, as scikit-learn users write it, made ours."""

from collections.abc import Iterable, Mapping
from typing import Any

from skhpo.distributions import BaseDistribution, as_distribution
from skhpo.space._foreign import check_is_no_foreign, from_scikit_optimize, warn_of_two_numbers
from skhpo.space._prior import from_prior
from skhpo.space._values import check_form, from_sequence, is_distribution, is_sequence


def parse_distribution(name: str, value: Any, random_state: Any = None) -> BaseDistribution:
    """Make a distribution of what a user gave for one parameter.

    Parameters
    ----------
    name : str
        The parameter's name, for messages.
    value : sequence or distribution
        A list, tuple, array, range, Series; a range as scikit-optimize writes it, such as
        ``(1e-3, 1.0, "log-uniform")``; a distribution of ours, of Optuna, scikit-optimize or
        scipy.stats; or any object with ``rvs(random_state=...)``.
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
        If a sequence is empty or has several dimensions, or the parameters of a distribution are
        invalid.

    Warns
    -----
    UserWarning
        If the value is a tuple of two numbers, which may be meant as a range.
    """
    try:
        return _parse(name, value, random_state)
    except Warning:  # where warnings are errors
        raise
    except Exception as error:  # whatever the methods of a prior may raise
        if str(error).startswith("Parameter "):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"Parameter distribution for parameter {name!r} is invalid: {error}") from error


def _parse(name: str, value: Any, random_state: Any) -> BaseDistribution:
    check_is_no_foreign(value)
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
                "Write list(...) of it."
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
