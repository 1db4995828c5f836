"""Checks of the parameter dicts: their structure, and their names against the estimator."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np
from sklearn.base import clone

from skhpo._hints import did_you_mean
from skhpo._warnings import warn_user
from skhpo.distributions import BaseDistribution

NEARLY = 0.85  # minimal similarity at which an unlisted name is probably a typo


def as_branches(param_distributions: Any) -> list[Mapping[str, Any]]:
    """Return a dict, or a list of dicts, as a list of dicts with strings as keys.

    Raises
    ------
    TypeError
        If it is neither, or a key is not a str.
    ValueError
        If the list is empty.
    """
    if isinstance(param_distributions, Mapping):
        param_distributions = [param_distributions]
    if isinstance(param_distributions, str) or not isinstance(param_distributions, Iterable):
        raise TypeError(
            f"Parameter distributions need to be a dict or a list, got: {param_distributions!r} "
            f"of type {type(param_distributions).__name__}"
        )
    branches = list(param_distributions)
    if not branches:
        raise ValueError("Parameter distributions need to be a dict or a list of dicts, got: []")
    for branch in branches:
        if not isinstance(branch, Mapping):
            raise TypeError(f"Parameter distribution is not a dict ({branch!r})")
        for name in branch:
            if not isinstance(name, str):
                raise TypeError(
                    f"Parameter names need to be str, got: {name!r} of type {type(name).__name__}"
                )
    return branches


def check_names(
    branch: Mapping[str, Any], distributions: Mapping[str, BaseDistribution], estimator: Any
) -> None:
    """Check that the estimator accepts every parameter of a branch.

    A name is valid if ``get_params`` lists it. If the branch chooses a component among
    estimators, the parameters of each choice are valid too. Any other name is tried with
    ``set_params`` on a clone, as in scikit-learn's searches.

    Parameters
    ----------
    branch : mapping of str to object
        The user's values by parameter.
    distributions : mapping of str to BaseDistribution
        The parsed values by parameter.
    estimator : estimator
        An object with ``get_params``.

    Raises
    ------
    ValueError
        If a parameter is refused. The message suggests the closest known name.

    Warns
    -----
    UserWarning
        If an accepted name is not listed, but similar to one that is.
    """
    components = [*components_of(estimator), *_components_of_choices(branch)]
    known = {join(prefix, name) for prefix, part in components for name in names_of(part)}
    for name in branch:
        if name in known:
            continue
        refusal = _refusal(estimator, branch, name, distributions[name])
        if refusal is not None:
            raise ValueError(
                f"Invalid parameter {name!r} for estimator {estimator}.{_meant(name, known)} "
                f"Valid parameters are: {sorted(known)}."
            ) from refusal
        if get_close_matches(name, known, n=1, cutoff=NEARLY):
            warn_user(
                f"{type(estimator).__name__} takes the parameter {name!r}, which its get_params() "
                f"does not list.{_meant(name, known)}",
            )


def _refusal(
    estimator: Any, branch: Mapping[str, Any], name: str, distribution: BaseDistribution
) -> Exception | None:
    """Return the error of ``set_params`` for a value of a parameter; None if it is accepted.

    The value is tried on the estimator as given, and with each component that the branch may
    set where the parameter belongs.
    """
    middle = distribution.from_unit(np.array([0.5]))[0]
    value = distribution.to_external_repr(float(middle))
    owners = [part for part in branch if name.startswith(f"{part}__")]
    settings = [{}, *({part: choice} for part in owners for choice in _estimators(branch[part]))]
    refusal: Exception | None = None
    for setting in settings:
        try:
            clone(estimator).set_params(**clone(setting, safe=False), **{name: value})
        except Exception as error:
            refusal = refusal or error
        else:
            return None
    return refusal


def _meant(name: str, known: Iterable[str]) -> str:
    """Suggest known names: the same name with a prefix, or a similar one."""
    longer = sorted((one for one in known if one.endswith(f"__{name}")), key=len)
    if longer:
        return f" Did you mean {' or '.join(map(repr, longer[:3]))}?"
    return did_you_mean(name, known)


def components_of(estimator: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield an estimator and its nested estimators as pairs (parameter prefix, estimator)."""
    yield prefix, estimator
    for name, value in estimator.get_params(deep=True).items():
        if is_estimator(value):
            yield join(prefix, name), value


def names_of(estimator: Any) -> set[str]:
    """Return the names of an estimator's parameters.

    They include those of its constructor: CatBoost's ``get_params`` lists only what was set.
    """
    return {*estimator.get_params(deep=True), *_constructor(estimator)}


def join(prefix: str, name: str) -> str:
    """Return the full name of a nested parameter."""
    return f"{prefix}__{name}" if prefix else name


def is_estimator(value: Any) -> bool:
    """Return whether a value has parameters and is not a class."""
    return hasattr(value, "get_params") and not isinstance(value, type)


def _components_of_choices(branch: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in branch.items():
        for choice in _estimators(value):
            yield from components_of(choice, name)


def _estimators(value: Any) -> list[Any]:
    """Return the estimators among the choices of a parameter."""
    choices = getattr(value, "choices", value)
    if not isinstance(choices, Iterable) or isinstance(choices, str | Iterator):
        return []
    return [choice for choice in choices if is_estimator(choice)]


def _constructor(estimator: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(type(estimator)).parameters
