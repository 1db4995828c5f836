"""The registry of families of submodels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skhpo.submodels._base import SubmodelFamily, ViewFamily
from skhpo.submodels._ensembles import (
    AdaBoost,
    Bagging,
    CatBoost,
    Forest,
    GradientBoosting,
    HistGradientBoosting,
    LightGBM,
    XGBoost,
)
from skhpo.submodels._neighbors import Neighbors
from skhpo.submodels._thresholds import Threshold
from skhpo.submodels._trees import PrunedTree

__all__ = ["register_submodels", "submodel_families"]

# By package and name of the class: other classes, even derived ones, may fit in another way.
_BY_NAME: dict[tuple[str, str], tuple[SubmodelFamily, ...]] = {
    (package, name): (family,)
    for package, names, family in [
        ("sklearn", ("RandomForestClassifier", "RandomForestRegressor"), Forest()),
        ("sklearn", ("ExtraTreesClassifier", "ExtraTreesRegressor"), Forest()),
        ("sklearn", ("BaggingClassifier", "BaggingRegressor"), Bagging()),
        ("sklearn", ("AdaBoostClassifier", "AdaBoostRegressor"), AdaBoost()),
        (
            "sklearn",
            ("GradientBoostingClassifier", "GradientBoostingRegressor"),
            GradientBoosting(),
        ),
        (
            "sklearn",
            ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"),
            HistGradientBoosting(),
        ),
        ("sklearn", ("KNeighborsClassifier", "KNeighborsRegressor"), Neighbors()),
        ("sklearn", ("DecisionTreeClassifier", "DecisionTreeRegressor"), PrunedTree()),
        ("sklearn", ("ExtraTreeClassifier", "ExtraTreeRegressor"), PrunedTree()),
        ("sklearn", ("FixedThresholdClassifier",), Threshold()),
        ("lightgbm", ("LGBMClassifier", "LGBMRegressor"), LightGBM()),
        ("xgboost", ("XGBClassifier", "XGBRegressor"), XGBoost()),
    ]
    for name in names
} | {
    ("catboost", name): (CatBoost("iterations"), CatBoost("n_estimators"))
    for name in ("CatBoostClassifier", "CatBoostRegressor")
}

_BY_CLASS: dict[type, tuple[SubmodelFamily, ...]] = {}


def register_submodels(
    estimator_class: type,
    parameter: str,
    view: Callable[[Any, Any], Any] | SubmodelFamily,
    *,
    is_exact: Callable[[Any], bool] | None = None,
) -> None:
    """Register submodels for the searches of this process.

    A search that tries several values of the parameter, all else equal, then fits the model with
    the largest value, and scores the submodels of this one fit.

    Parameters
    ----------
    estimator_class : type
        The class of the estimator. Classes that derive from it are not included.
    parameter : str
        The parameter of the estimator that sets the size of the model, a positive int.
    view : callable or SubmodelFamily
        ``view(model, value)`` returns the submodel of a fitted `model`, which it must not change:
        an estimator that predicts as if it had been fitted with `value`. None means that the model
        does not contain it; it is then fitted separately. To fit with another value than the
        largest, or for parameters of another kind, give a :class:`SubmodelFamily`.
    is_exact : callable, default=None
        ``is_exact(model)`` returns whether the submodels of a model with these parameters equal
        those that are fitted separately. Default: they always do.

    Raises
    ------
    TypeError
        If `estimator_class` is not a class, or `view` or `is_exact` is no function.
    ValueError
        If the class has no such parameter, or the family is of another one.

    Examples
    --------
    An estimator that averages the last rows contains those of fewer rows:

    >>> import copy
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator, RegressorMixin
    >>> from skhpo import RandomSearchCV
    >>> from skhpo.submodels import register_submodels
    >>> class LastRows(RegressorMixin, BaseEstimator):
    ...     def __init__(self, n_rows=5):
    ...         self.n_rows = n_rows
    ...     def fit(self, X, y):
    ...         self.last_ = y[-self.n_rows :]
    ...         return self
    ...     def predict(self, X):
    ...         return np.full(len(X), self.last_.mean())
    >>> def fewer_rows(model, n_rows):
    ...     view = copy.copy(model).set_params(n_rows=n_rows)
    ...     view.last_ = model.last_[-n_rows:]
    ...     return view
    >>> register_submodels(LastRows, "n_rows", fewer_rows)
    >>> X, y = np.zeros((60, 1)), np.arange(60.0)
    >>> search = RandomSearchCV(LastRows(), {"n_rows": [5, 10, 20]}, random_state=0).fit(X, y)
    >>> search.cv_results_["submodel_of"].tolist()
    [0, 0, -1]
    """
    if not isinstance(estimator_class, type):
        raise TypeError(f"`estimator_class` must be a class; got {estimator_class!r}.")
    names: list[str] = getattr(estimator_class, "_get_param_names", list)()
    if names and parameter not in names:
        raise ValueError(
            f"`parameter` must be one of {estimator_class.__name__}'s parameters, "
            f"{', '.join(names)}; got {parameter!r}."
        )
    if isinstance(view, SubmodelFamily):
        if view.parameter != parameter or is_exact is not None:
            raise ValueError(
                f"A SubmodelFamily has its own parameter, {view.parameter!r}, and its own "
                f"`is_exact`; got parameter={parameter!r}, is_exact={is_exact!r}."
            )
        family: SubmodelFamily = view
    else:
        _check_callable("view", view)
        if is_exact is not None:
            _check_callable("is_exact", is_exact)
        family = ViewFamily(parameter, view, is_exact)
    others = [one for one in submodel_families(estimator_class) if one.parameter != parameter]
    _BY_CLASS[estimator_class] = (family, *others)


def _check_callable(name: str, function: Any) -> None:
    if not callable(function) or isinstance(function, type):
        raise TypeError(f"`{name}` must be a function; got {function!r}.")


def submodel_families(estimator_class: type) -> tuple[SubmodelFamily, ...]:
    """Return the families of submodels of a class of estimators.

    Parameters
    ----------
    estimator_class : type
        The class.

    Returns
    -------
    families : tuple of SubmodelFamily
        One family for each parameter, those registered last first.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skhpo.submodels import submodel_families
    >>> [family.parameter for family in submodel_families(RandomForestClassifier)]
    ['n_estimators']
    """
    package = estimator_class.__module__.partition(".")[0]
    known = _BY_NAME.get((package, estimator_class.__name__), ())
    return _BY_CLASS.get(estimator_class, known)


def size_parameters() -> set[str]:
    """Return the parameters of all families."""
    families = (*_BY_NAME.values(), *_BY_CLASS.values())
    return {family.parameter for several in families for family in several}
