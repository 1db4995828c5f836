"""Locate the estimator's current parameters in a search space."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from skhpo.distributions import BaseDistribution, CategoricalDistribution
from skhpo.distributions._categorical import same_object


def locate(distribution: BaseDistribution, value: Any) -> float | None:
    """Return the internal representation of a value; None if it lies outside the domain."""
    if not isinstance(distribution, CategoricalDistribution) and (
        not isinstance(value, Real) or isinstance(value, bool | np.bool_)
    ):
        return None
    try:
        internal = distribution.to_internal_repr(value)
    except (ValueError, OverflowError):
        return _locate_estimator(distribution, value)
    return internal if distribution.contains(value) else None


def present_values(branch: Mapping[str, BaseDistribution], estimator: Any) -> dict[str, Any] | None:
    """Return the estimator's current values of a branch's parameters.

    Parameters
    ----------
    branch : mapping of str to BaseDistribution
        Distributions by the estimator's names.
    estimator : estimator
        An object with ``get_params``.

    Returns
    -------
    dict of str to object, or None
        Values as the distributions return them; None if one lies outside its domain.
    """
    present = estimator.get_params(deep=True)
    values: dict[str, Any] = {}
    for target, distribution in branch.items():
        if target not in present:
            return None
        internal = locate(distribution, present[target])
        if internal is None:
            return None
        values[target] = distribution.to_external_repr(internal)
        if means_other(present[target], values[target], target, {**present, "": estimator}):
            return None
    return values


def means_other(value: Any, found: Any, target: str, components: Mapping[str, Any]) -> bool:
    """Return whether an equal number of another type has another meaning for the estimator.

    For example, 1 is a count for ``max_features``, and 1.0 a fraction. scikit-learn's estimators
    declare such parameters with one interval for integers and another for reals.
    """
    if not (isinstance(value, Real) and isinstance(found, Real)):
        return False
    if isinstance(value, Integral) == isinstance(found, Integral):
        return False
    prefix, _, leaf = target.rpartition("__")
    declared = getattr(components.get(prefix), "_parameter_constraints", {}).get(leaf, ())
    if not isinstance(declared, list):
        return False
    kinds = {getattr(constraint, "type", None) for constraint in declared}
    numeric = {kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Real)}
    return Integral in numeric and len(numeric) > 1


def _locate_estimator(distribution: BaseDistribution, value: Any) -> float | None:
    """Find an estimator among the choices by its class and parameters."""
    choices = getattr(distribution, "choices", ())
    indices = (float(i) for i, choice in enumerate(choices) if _same_estimator(choice, value))
    return next(indices, None)


def _same_estimator(a: Any, b: Any) -> bool:
    if type(a) is not type(b) or isinstance(a, type) or not hasattr(a, "get_params"):
        return False
    ours, theirs = a.get_params(deep=False), b.get_params(deep=False)
    return ours.keys() == theirs.keys() and all(
        same_object(ours[k], theirs[k]) or _same_estimator(ours[k], theirs[k]) for k in ours
    )
