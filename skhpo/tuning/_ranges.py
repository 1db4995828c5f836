"""The ranges of a job as distributions of a search."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from scipy import stats

from skhpo.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from skhpo.tuning._section import Section

__all__ = ["GROUPS", "read_ranges", "value_of"]

SCALES = ("Auto", "Linear", "Logarithmic", "ReverseLogarithmic")
MANY_DECADES = 1_000  # ratio of the ends from which "Auto" is logarithmic
GROUPS = (
    "IntegerParameterRanges",
    "ContinuousParameterRanges",
    "CategoricalParameterRanges",
)
_OF_NUMBERS = ("Name", "MinValue", "MaxValue", "ScalingType")
_WORDS = {"None": None, "True": True, "False": False}


class _ReverseLogUniform(stats.rv_continuous):
    """One minus a number that is uniform on a logarithmic scale."""

    def _argcheck(self, a: Any, b: Any) -> Any:
        return (a >= 0) & (b > a) & (b < 1)

    def _get_support(self, a: Any, b: Any) -> Any:
        return a, b

    def _cdf(self, x: Any, a: Any, b: Any) -> Any:
        return (np.log1p(-a) - np.log1p(-x)) / (np.log1p(-a) - np.log1p(-b))

    def _pdf(self, x: Any, a: Any, b: Any) -> Any:
        return 1.0 / ((1.0 - x) * (np.log1p(-a) - np.log1p(-b)))

    def _ppf(self, q: Any, a: Any, b: Any) -> Any:
        return -np.expm1(np.log1p(-a) - q * (np.log1p(-a) - np.log1p(-b)))


_reverse_log_uniform = _ReverseLogUniform(name="reverse_log_uniform", shapes="a, b")


def read_ranges(ranges: Section) -> dict[str, Any]:
    """Return a distribution for each parameter of a job.

    Parameters
    ----------
    ranges : Section
        The section ``ParameterRanges``.

    Returns
    -------
    space : dict of str to distribution

    Raises
    ------
    ValueError
        If there is no range, if two have the same name, or if one is invalid.
    """
    space: dict[str, Any] = {}
    for group, read in zip(GROUPS, (_integers, _floats, _categories), strict=True):
        known = ("Name", "Values") if group == GROUPS[2] else _OF_NUMBERS
        for one in ranges.sections(group, known):
            name = one.text("Name")
            if name in space:
                raise ValueError(f"{one.path('Name')}: there are two ranges for {name!r}.")
            space[name] = read(one)
    if not space:
        raise ValueError(f"{ranges.place} must have at least one range; got none.")
    return space


def value_of(given: Any) -> Any:
    """Return the value of a parameter that may be given as a text.

    Managed tuners write all values as texts. "None", "True", "False", numbers and other JSON
    become the values that they denote; any other text is itself.

    Examples
    --------
    >>> from skhpo.tuning._ranges import value_of
    >>> [value_of(text) for text in ("gini", "0.5", "10", "None", "true", 3)]
    ['gini', 0.5, 10, None, True, 3]
    """
    if not isinstance(given, str):
        return given
    if given in _WORDS:
        return _WORDS[given]
    try:
        return json.loads(given)
    except ValueError:
        return given


def _integers(one: Section) -> IntDistribution:
    low, high = one.integer("MinValue"), one.integer("MaxValue")
    _check_order(one, low, high)
    scale = one.choice("ScalingType", SCALES[:3], "Auto")
    return IntDistribution(low, high, log=_is_logarithmic(one, scale, low, high))


def _floats(one: Section) -> Any:
    low, high = one.number("MinValue"), one.number("MaxValue")
    _check_order(one, low, high)
    scale = one.choice("ScalingType", SCALES, "Auto")
    if scale == "ReverseLogarithmic":
        if low < 0 or high >= 1:
            raise ValueError(
                f"{one.path('ScalingType')}: ReverseLogarithmic needs 0 <= MinValue and "
                f"MaxValue < 1; got {low} and {high}."
            )
        return _reverse_log_uniform(low, high)
    return FloatDistribution(low, high, log=_is_logarithmic(one, scale, low, high))


def _categories(one: Section) -> CategoricalDistribution:
    values = [value_of(value) for value in one.items("Values")]
    if not values:
        raise ValueError(f"{one.path('Values')} must have at least one value; got none.")
    return CategoricalDistribution(values)


def _check_order(one: Section, low: float, high: float) -> None:
    if low > high:
        raise ValueError(f"{one.path('MinValue')} must be at most MaxValue; got {low} and {high}.")


def _is_logarithmic(one: Section, scale: str, low: float, high: float) -> bool:
    if scale == "Logarithmic" and low <= 0:
        raise ValueError(f"{one.path('ScalingType')}: Logarithmic needs MinValue > 0; got {low}.")
    return scale == "Logarithmic" or (scale == "Auto" and low > 0 and high / low >= MANY_DECADES)
