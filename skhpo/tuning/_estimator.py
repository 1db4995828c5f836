"""The estimator of a job, from its name, with the steps that its data need."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import inspect
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import all_estimators, get_tags

from skhpo._hints import did_you_mean

__all__ = ["MODEL", "estimator_class", "make_estimator"]

MODEL = "model"  # name of the last step of a pipeline
PREPARE = "prepare"
MAX_CATEGORIES = 20  # columns that a text column becomes at most
_BOOSTERS = {
    "XGBClassifier": "xgboost",
    "XGBRegressor": "xgboost",
    "LGBMClassifier": "lightgbm",
    "LGBMRegressor": "lightgbm",
    "CatBoostClassifier": "catboost",
    "CatBoostRegressor": "catboost",
}


def estimator_class(name: str, place: str = "Estimator") -> type:
    """Return the class of an estimator by its name or import path.

    Importing a module runs its code. Therefore only modules of installed packages are imported,
    never files next to the job, and only classes with `fit`, `get_params` and `set_params` are
    used.

    Parameters
    ----------
    name : str
        The name of an estimator of scikit-learn, XGBoost, LightGBM or CatBoost, or an import
        path such as "sklearn.ensemble.RandomForestClassifier".
    place : str
        Path of the name in the job, for errors.

    Raises
    ------
    ValueError
        If there is no such class, if it is not an estimator, or if its package is not installed.

    Examples
    --------
    >>> from skhpo.tuning._estimator import estimator_class
    >>> estimator_class("RandomForestClassifier").__module__
    'sklearn.ensemble._forest'
    """
    if name in _BOOSTERS:
        name = f"{_BOOSTERS[name]}.{name}"
    if "." not in name:
        named = dict(all_estimators())
        if name not in named:
            raise ValueError(
                f"{place} must be the name of an estimator, or an import path such as "
                f"'sklearn.svm.SVC'; got {name!r}.{did_you_mean(name, named)}"
            )
        return named[name]  # type: ignore[no-any-return]
    module, _, attribute = name.rpartition(".")
    _check_is_installed(module.partition(".")[0], name, place)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{place}: {name!r} cannot be imported: {error}.") from error
    methods = ("fit", "get_params", "set_params")
    if not isinstance(found, type) or not all(hasattr(found, one) for one in methods):
        raise ValueError(
            f"{place} must be the class of an estimator, with {', '.join(methods)}; {name!r} is "
            f"{'a class without them' if isinstance(found, type) else f'a {type(found).__name__}'}."
        )
    return found


def make_estimator(names: list[str], X: Any, seed: int | None, place: str) -> Any:
    """Return the estimator of a job for its data.

    The steps are joined to a pipeline. If columns are not numeric, or if values are missing that
    a step does not accept, a step before the others encodes and fills them: one-hot for
    texts (rare categories share a column), the median for numbers.

    Parameters
    ----------
    names : list of str
        Names or import paths of the steps; the last one is the model.
    X : DataFrame of shape (n_samples, n_features)
        The data.
    seed : int or None
        The `random_state` of each step that has one.
    place : str
        Path of the names in the job, for errors.

    Returns
    -------
    estimator : estimator
        The model, or a pipeline with the model as the step "model".
    """
    steps = [_instance(name, seed, place) for name in names]
    if not hasattr(steps[-1], "predict"):
        raise ValueError(f"{place} must end in a model with `predict`; got {names[-1]!r}.")
    prepare = _preparation(X, steps)
    if prepare is not None:
        steps.insert(0, prepare)
        names = [PREPARE, *names]
    if len(steps) == 1:
        return steps[0]
    labels = [name.rpartition(".")[2].lower() for name in names[:-1]]
    return Pipeline([*zip(labels, steps, strict=False), (MODEL, steps[-1])])


def _instance(name: str, seed: int | None, place: str) -> Any:
    found = estimator_class(name, place)
    try:
        estimator = found()
    except TypeError as error:
        raise ValueError(f"{place}: {name!r} cannot be created without arguments: {error}.") from (
            error
        )
    if seed is not None and "random_state" in inspect.signature(found).parameters:
        estimator.set_params(random_state=seed)
    return estimator


def _check_is_installed(package: str, name: str, place: str) -> None:
    """Refuse modules that are not part of an installed package, or lie in the working folder."""
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    if package not in importlib.metadata.packages_distributions() or spec is None:
        raise ValueError(
            f"{place}: {name!r} must belong to an installed package; {package!r} is none."
        )
    origin = Path(spec.origin or "").resolve()
    if Path.cwd().resolve() in (origin.parent, origin.parent.parent):
        raise ValueError(
            f"{place}: {name!r} must belong to an installed package; {package!r} is a file or "
            "folder of the working folder here, and is not imported."
        )


def _preparation(X: Any, steps: list[Any]) -> ColumnTransformer | None:
    """Return a step that makes the data numeric and complete; None if it is not needed."""
    is_number = [_is_number(kind) for kind in X.dtypes]
    numbers = [name for name, is_one in zip(X.columns, is_number, strict=True) if is_one]
    texts = [name for name, is_one in zip(X.columns, is_number, strict=True) if not is_one]
    fill = bool(X[numbers].isna().any(axis=None)) and _need_complete_data(steps)
    if not texts and not fill:
        return None
    encoder = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES, sparse_output=False
    )
    return ColumnTransformer(
        [
            ("numbers", SimpleImputer(strategy="median") if fill else "passthrough", numbers),
            ("texts", encoder, texts),
        ]
    )


def _need_complete_data(steps: list[Any]) -> bool:
    """Return whether a step before the first imputer does not accept missing values."""
    for step in steps:
        if "Imputer" in type(step).__name__:
            return False
        if not get_tags(step).input_tags.allow_nan:
            return True
    return False


def _is_number(dtype: Any) -> bool:
    """Return whether a column has numbers or booleans of numpy."""
    return isinstance(dtype, np.dtype) and dtype.kind in "biuf"
