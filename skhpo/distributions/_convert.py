"""Conversion of distributions to and from JSON in Optuna's layout, and from Optuna's objects."""

import json
from typing import Any

from skhpo.distributions._base import BaseDistribution
from skhpo.distributions._categorical import (
    CategoricalDistribution,
    OrdinalDistribution,
    same_choices,
)
from skhpo.distributions._labels import is_json, labels_of
from skhpo.distributions._numeric import FloatDistribution, IntDistribution
from skhpo.distributions._quantile import QuantileDistribution
from skhpo.distributions._sequence import SequenceDistribution

_BY_NAME: dict[str, type[BaseDistribution]] = {
    "FloatDistribution": FloatDistribution,
    "IntDistribution": IntDistribution,
    "CategoricalDistribution": CategoricalDistribution,
}
_SHORT = {
    "float": "FloatDistribution",
    "int": "IntDistribution",
    "categorical": "CategoricalDistribution",
}
_OLD_NAMES = {  # found in databases of Optuna 2
    "UniformDistribution": "FloatDistribution",
    "LogUniformDistribution": "FloatDistribution",
    "DiscreteUniformDistribution": "FloatDistribution",
    "IntUniformDistribution": "IntDistribution",
    "IntLogUniformDistribution": "IntDistribution",
}
_OLD_ARGUMENTS = {
    "LogUniformDistribution": {"log": True},
    "IntLogUniformDistribution": {"log": True},
}
_IN_A_RANGE = QuantileDistribution, SequenceDistribution  # written to JSON as a range only


def distribution_to_json(dist: BaseDistribution) -> str:
    """Write a distribution as JSON: its name and the constructor's arguments.

    An ordinal distribution is written as a categorical one with a flag that other readers
    ignore. A quantile distribution or a long list of numbers is written as a range of floats or
    ints.

    Parameters
    ----------
    dist : BaseDistribution

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If a choice is neither None, bool, int, float nor str.

    Examples
    --------
    >>> from skhpo.distributions import IntDistribution, distribution_to_json
    >>> distribution_to_json(IntDistribution(1, 3))
    '{"name": "IntDistribution", "attributes": {"low": 1, "high": 3, "log": false, "step": 1}}'
    """
    for choice in getattr(dist, "choices", ()):
        if not is_json(choice):
            raise ValueError(
                "only choices of None, bool, int, float and str can be written as JSON, "
                f"but got {choice!r} of type {type(choice).__name__}."
            )
    return labelled_json(dist)


def labelled_json(dist: BaseDistribution) -> str:
    """Write any distribution as JSON, with labels for choices that are not JSON values.

    Parameters
    ----------
    dist : BaseDistribution

    Returns
    -------
    str

    Examples
    --------
    >>> from skhpo.distributions import CategoricalDistribution, labelled_json
    >>> labelled_json(CategoricalDistribution([(100,), None]))
    '{"name": "CategoricalDistribution", "attributes": {"choices": ["(100,)", null]}}'
    """
    layout: dict[str, Any] = {}
    distribution = _range_of(dist) if isinstance(dist, _IN_A_RANGE) else dist
    attributes = distribution._asdict()
    name = type(distribution).__name__
    if isinstance(distribution, CategoricalDistribution):
        attributes["choices"] = labels_of(distribution.choices)
        name = "CategoricalDistribution"
        if isinstance(distribution, OrdinalDistribution):
            layout["ordinal"] = True
    return json.dumps({"name": name, "attributes": attributes} | layout)


def json_to_distribution(json_str: str) -> BaseDistribution:
    """Read a distribution from the JSON that `distribution_to_json` or Optuna writes.

    Parameters
    ----------
    json_str : str

    Returns
    -------
    BaseDistribution

    Raises
    ------
    ValueError
        If the text is not a distribution in JSON.

    Examples
    --------
    >>> from skhpo.distributions import json_to_distribution
    >>> json_to_distribution('{"name": "FloatDistribution", "attributes": {"low": 0, "high": 1}}')
    FloatDistribution(low=0.0, high=1.0, log=False, step=None)
    """
    try:
        layout = json.loads(json_str)
        if "type" in layout:  # the short form, for writing by hand
            name, attributes = _SHORT[layout.pop("type")], layout
        else:
            name, attributes = layout["name"], layout["attributes"]
        if name in _OLD_NAMES:
            name, attributes = _OLD_NAMES[name], {**_OLD_ARGUMENTS.get(name, {}), **attributes}
            if "q" in attributes:
                attributes["step"] = attributes.pop("q")
        cls = OrdinalDistribution if layout.get("ordinal") else _BY_NAME[name]
        return cls(**attributes)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"a distribution in JSON must name one of {[*_BY_NAME]}, but got {json_str}"
        ) from error


def check_distribution_compatibility(
    dist_old: BaseDistribution, dist_new: BaseDistribution
) -> None:
    """Check that a study may hold both distributions under the same parameter name.

    The range may change. The kind (float, int, choice), the scale and the choices may not.

    Parameters
    ----------
    dist_old, dist_new : BaseDistribution
        The distribution in the study, and the new one.

    Raises
    ------
    ValueError
        If the kind, the scale or the choices differ.
    """
    if _kind(dist_old) != _kind(dist_new):
        raise ValueError(f"a parameter cannot change its kind from {dist_old} to {dist_new}.")
    if getattr(dist_old, "log", None) != getattr(dist_new, "log", None) and not (
        isinstance(dist_old, _IN_A_RANGE) or isinstance(dist_new, _IN_A_RANGE)
    ):
        raise ValueError(f"a parameter cannot change its scale from {dist_old} to {dist_new}.")
    if (
        isinstance(dist_old, CategoricalDistribution)
        and isinstance(dist_new, CategoricalDistribution)
        and not same_choices(dist_old.choices, dist_new.choices)
        and not same_choices(dist_old.labels, dist_new.labels)
    ):
        raise ValueError(f"a parameter cannot change its choices from {dist_old} to {dist_new}.")


def as_distribution(obj: Any) -> BaseDistribution:
    """Convert a distribution of Optuna; return one of skhpo unchanged.

    Parameters
    ----------
    obj : object
        An object whose class, or one of its base classes, is named FloatDistribution,
        IntDistribution or CategoricalDistribution and has the attributes of that class.

    Returns
    -------
    BaseDistribution

    Raises
    ------
    TypeError
        If the object is not a distribution.
    """
    if isinstance(obj, BaseDistribution):
        return obj
    for base in type(obj).__mro__:
        if base.__name__ == "CategoricalDistribution":
            return CategoricalDistribution(obj.choices)
        if base.__name__ in ("FloatDistribution", "IntDistribution"):
            numeric = FloatDistribution if base.__name__[0] == "F" else IntDistribution
            return numeric(obj.low, obj.high, log=obj.log, step=obj.step)
    raise TypeError(f"a distribution must be one of {[*_BY_NAME]}, but got {obj!r}.")


def _range_of(
    distribution: QuantileDistribution | SequenceDistribution,
) -> FloatDistribution | IntDistribution:
    if distribution.is_discrete:
        return IntDistribution(int(distribution.low), int(distribution.high))
    return FloatDistribution(distribution.low, distribution.high)


def _kind(distribution: BaseDistribution) -> str:
    if isinstance(distribution, CategoricalDistribution):
        return "choice"
    if isinstance(distribution, _IN_A_RANGE):
        return "int" if distribution.is_discrete else "float"
    return "int" if isinstance(distribution, IntDistribution) else "float"
