"""Clones with the parameters of a candidate, and a check that an estimator can be cloned."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sklearn.base import clone

from skhpo.space import SearchSpace

__all__ = ["check_clones", "clone_with"]

_OF_FIT = ("cat_features", "text_features", "embedding_features")  # also parameters of `fit`


def clone_with(estimator: Any, params: Mapping[str, Any]) -> Any:
    """Return a clone of an estimator with some parameters.

    Estimators among the values are cloned, too, so that no two candidates have the same one.
    """
    return clone(estimator).set_params(**clone(params, safe=False))


def check_clones(estimator: Any, space: SearchSpace) -> None:
    """Clone the estimator, and the estimators among the choices of the space.

    Parameters
    ----------
    estimator : estimator
        The estimator of the search.
    space : SearchSpace
        The search space.

    Raises
    ------
    RuntimeError
        If ``clone`` fails. For CatBoost the message explains where to pass the parameters.
    """
    _check(estimator, "")
    for parameter in space.parameters:
        for choice in getattr(parameter.distribution, "choices", ()):
            if hasattr(choice, "get_params") and not isinstance(choice, type):
                _check(choice, f"{parameter.name}__")


def _check(estimator: Any, prefix: str) -> None:
    try:
        clone(estimator)
    except RuntimeError as error:
        hints = [_hint(name, value) for name, value in _copied_by_catboost(estimator, prefix)]
        if not hints:
            raise
        raise RuntimeError(
            f"{error}. CatBoost's constructor copies lists, dicts and objects, which scikit-learn "
            f"does not allow. {' '.join(hints)}"
        ) from error


def _copied_by_catboost(estimator: Any, prefix: str) -> list[tuple[str, Any]]:
    """Return names and values of the parameters that CatBoost's models copy, at any depth."""
    parts = {prefix: estimator}
    parts |= {f"{prefix}{name}__": part for name, part in estimator.get_params().items()}
    return [
        (f"{where}{name}", value)
        for where, part in parts.items()
        if type(part).__module__.partition(".")[0] == "catboost" and hasattr(part, "get_params")
        for name, value in part.get_params().items()
        if copy.deepcopy(value) is not value
    ]


def _hint(name: str, value: Any) -> str:
    if name.rpartition("__")[2] in _OF_FIT:
        return f"Give it to `fit`: search.fit(X, y, {name}={value!r}), or here as a tuple."
    return f"Make it the only choice of the space: {{{name!r}: [{value!r}]}}."
