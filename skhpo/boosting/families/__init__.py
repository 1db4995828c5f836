"""Families of boosters, one per file."""

from __future__ import annotations

from typing import Any

from skhpo.boosting.families._base import Evaluation, Family, Observer
from skhpo.boosting.families._catboost import CatBoost
from skhpo.boosting.families._hist_gradient_boosting import HistGradientBoosting
from skhpo.boosting.families._lightgbm import LightGBM
from skhpo.boosting.families._xgboost import XGBoost

__all__ = [
    "Evaluation",
    "Family",
    "Observer",
    "evaluation_set_names",
    "family_names",
    "family_of",
    "find_model",
    "register_family",
]

_FAMILIES: list[Family] = [XGBoost(), LightGBM(), CatBoost(), HistGradientBoosting()]


def register_family(family: Family) -> None:
    """Register a family of boosters for the searches of this process.

    Parameters
    ----------
    family : Family
        The family. It takes precedence over those registered before.
    """
    _FAMILIES.insert(0, family)


def family_names() -> list[str]:
    """Return the names of the families."""
    return [family.name for family in _FAMILIES]


def evaluation_set_names() -> set[str]:
    """Return all parameters of ``fit`` that pass an evaluation set."""
    return set().union(*(family.by_hand for family in _FAMILIES))


def family_of(model: Any) -> Family | None:
    """Return the family of a model; None if early stopping does not support it."""
    for base in type(model).__mro__:
        key = base.__module__.partition(".")[0], base.__name__
        for family in _FAMILIES:
            if key == (family.package, family.model):
                return family
    return None


def find_model(estimator: Any) -> tuple[str, Any]:
    """Return the model at the end of a pipeline, which may be nested.

    Parameters
    ----------
    estimator : estimator
        A pipeline, or the model itself.

    Returns
    -------
    prefix : str
        Prefix of the names of its parameters, such as ``"model__"``.
    model : estimator
        The model.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skhpo.boosting import find_model
    >>> find_model(make_pipeline(StandardScaler(), HistGradientBoostingClassifier()))
    ('histgradientboostingclassifier__', HistGradientBoostingClassifier())
    """
    from sklearn.pipeline import Pipeline

    prefix = ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return prefix, estimator
