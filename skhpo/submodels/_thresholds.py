"""Submodels of a classifier with a decision threshold: other thresholds of the same classifier."""

from __future__ import annotations

import copy
import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from skhpo.submodels._base import SubmodelFamily
from skhpo.submodels._ensembles import SMALL

__all__ = ["Threshold", "draws_alike"]

RESPONSES = ("predict_proba", "predict_log_proba", "decision_function")
DRAWING_SOLVERS = ("liblinear", "sag", "saga")


class Threshold(SubmodelFamily):
    """``FixedThresholdClassifier``: all thresholds use the same fitted classifier.

    The threshold decides at prediction only, and may be above or below the fitted one.
    """

    parameter = "threshold"
    grows = False
    is_for_samplers = True

    def is_exact(self, model: Any, n_samples: int) -> bool:
        """Return whether each fit of the classifier inside gives the same one."""
        return draws_alike(model.estimator, n_samples)

    def is_size(self, value: Any) -> bool:
        """Return whether a value is "auto" or a number that is not NaN."""
        if isinstance(value, str):
            return value == "auto"
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        return is_number and not math.isnan(value)

    def largest_first(self, values: Sequence[Any]) -> list[Any]:
        """Return the values in ascending order, after "auto"."""
        return sorted(values, key=lambda one: -math.inf if isinstance(one, str) else one)

    def view(self, model: Any, value: Any) -> Any:
        """Return the classifier with another threshold."""
        return copy.copy(model).set_params(threshold=value)

    def views(self, model: Any, values: Sequence[Any]) -> list[Any]:
        """Return the classifiers, which share the responses of the one inside."""
        views = super().views(model, values)
        inside = _remembering_responses(model.estimator_)
        for view in views:
            view.estimator_ = inside
        return views


def _remembering_responses(classifier: Any) -> Any:
    """Return a shallow copy of a fitted classifier that remembers its responses to some data."""
    view = copy.copy(classifier)
    for name in RESPONSES:
        if hasattr(classifier, name):
            setattr(view, name, LastResponse(classifier, name))
    return view


class LastResponse:
    """A response method that remembers its last result.

    Parameters
    ----------
    classifier : estimator
        The fitted classifier.
    name : str
        The name of the method.
    """

    def __init__(self, classifier: Any, name: str) -> None:
        self.__name__ = name  # by which scikit-learn knows how to read the response
        self._method = getattr(classifier, name)
        self._last: tuple[Any, Any] | None = None

    def __call__(self, X: Any, **params: Any) -> Any:
        """Return a copy of the response, computed anew unless the data are the same object."""
        if params:
            return self._method(X, **params)
        if self._last is None or self._last[0] is not X:
            self._last = X, self._method(X)
        response = self._last[1]
        return response.copy(order="K") if isinstance(response, np.ndarray) else response


# --------------------------------------------------------------------------- random numbers


def draws_alike(estimator: Any, n_samples: int) -> bool:
    """Return whether each fit of an estimator on the same data gives the same model.

    Each part that draws random numbers needs a fixed ``random_state``. Parts that have one, but do
    not use it with their parameters, are known by the name of their class.

    Parameters
    ----------
    estimator : estimator
        The estimator, which may contain others.
    n_samples : int
        Number of rows of the fit.
    """
    inside = [value for value in estimator.get_params(deep=True).values() if _has_params(value)]
    return all(_draws_alike_alone(part, n_samples) for part in (estimator, *inside))


def _has_params(value: Any) -> bool:
    return hasattr(value, "get_params") and not isinstance(value, type)


def _draws_alike_alone(part: Any, n_samples: int) -> bool:
    params = part.get_params(deep=False)
    if params.get("random_state", 0) is not None:
        return True
    package = type(part).__module__.partition(".")[0]
    does_not_draw = _WITHOUT_DRAWS.get((package, type(part).__name__))
    return does_not_draw is not None and does_not_draw(params, n_samples)


def _always(params: Mapping[str, Any], n_samples: int) -> bool:
    return True


def _has_exact_solver(params: Mapping[str, Any], n_samples: int) -> bool:
    return params["solver"] not in DRAWING_SOLVERS


def _has_no_probabilities(params: Mapping[str, Any], n_samples: int) -> bool:
    return params.get("probability", False) in (False, "deprecated")


def _uses_all_rows(params: Mapping[str, Any], n_samples: int) -> bool:
    return n_samples <= SMALL and params["max_features"] == 1.0


# What says that a fit without a random state uses no random numbers, or always the same ones.
_WITHOUT_DRAWS: dict[tuple[str, str], Callable[[Mapping[str, Any], int], bool]] = {
    ("sklearn", "LogisticRegression"): _has_exact_solver,
    ("sklearn", "LogisticRegressionCV"): _has_exact_solver,
    ("sklearn", "RidgeClassifier"): _has_exact_solver,
    ("sklearn", "SVC"): _has_no_probabilities,
    ("sklearn", "NuSVC"): _has_no_probabilities,
    ("sklearn", "LinearSVC"): lambda params, _: params["dual"] is False,
    ("sklearn", "GaussianProcessClassifier"): lambda params, _: params["n_restarts_optimizer"] == 0,
    ("sklearn", "HistGradientBoostingClassifier"): _uses_all_rows,
    ("sklearn", "PCA"): lambda params, _: params["svd_solver"] in ("full", "covariance_eigh"),
    ("xgboost", "XGBClassifier"): _always,
    ("lightgbm", "LGBMClassifier"): _always,
    ("catboost", "CatBoostClassifier"): _always,
}
