"""The dicts of a search space: their form, and whether the estimator knows their names."""

import difflib
import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def as_branches(param_distributions: Any) -> list[Mapping[str, Any]]:
    """Return a dict, or a list of dicts, as a list of dicts with names for keys.

    Raises
    ------
    TypeError
        If it is neither, or a key is no str.
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


def check_names(branch: Mapping[str, Any], estimator: Any) -> None:
    """Check that the estimator has every parameter of a branch.

    A parameter of a component that the branch chooses among estimators is fine where one of the
    choices has it.

    Parameters
    ----------
    branch : mapping of str to object
        What the user gave, by parameter.
    estimator : estimator
        Has ``get_params``.

    Raises
    ------
    ValueError
        If a parameter is unknown; names the closest one that is known.
    """
    components = [*components_of(estimator), *_components_of_choices(branch)]
    known = {join(prefix, name) for prefix, part in components for name in names_of(part)}
    open_prefixes = {prefix for prefix, part in components if _takes_any_name(part)}
    for name in branch:
        if name not in known and name.rpartition("__")[0] not in open_prefixes:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(
                f"Invalid parameter {name!r} for estimator {estimator}.{hint} "
                f"Valid parameters are: {sorted(known)}."
            )


def components_of(estimator: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield an estimator and those inside it, each after the prefix of its parameters."""
    yield prefix, estimator
    for name, value in estimator.get_params(deep=True).items():
        if is_estimator(value):
            yield join(prefix, name), value


def names_of(estimator: Any) -> set[str]:
    """Names of an estimator's parameters.

    They include those of its constructor: CatBoost's ``get_params`` tells only what was set.
    """
    return {*estimator.get_params(deep=True), *_constructor(estimator)}


def join(prefix: str, name: str) -> str:
    """Name of a parameter, as seen from the estimator outside."""
    return f"{prefix}__{name}" if prefix else name


def is_estimator(value: Any) -> bool:
    """Whether a value has parameters, and is no class."""
    return hasattr(value, "get_params") and not isinstance(value, type)


def _components_of_choices(branch: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in branch.items():
        choices = getattr(value, "choices", value)
        if isinstance(choices, Iterable) and not isinstance(choices, str | Iterator):
            for choice in choices:
                if is_estimator(choice):
                    yield from components_of(choice, name)


def _constructor(estimator: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(type(estimator)).parameters


def _takes_any_name(estimator: Any) -> bool:
    """Whether the constructor has ``**kwargs``, as those of XGBoost and LightGBM."""
    kinds = {parameter.kind for parameter in _constructor(estimator).values()}
    return inspect.Parameter.VAR_KEYWORD in kinds
