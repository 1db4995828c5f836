"""The submodels of a fitted estimator, which may be a pipeline that ends in the model."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from skhpo.boosting import find_model
from skhpo.submodels._base import SubmodelFamily

__all__ = ["views_for_scoring", "views_of", "writes_into_data"]


def views_of(fitted: Any, family: SubmodelFamily, values: Sequence[Any]) -> list[Any]:
    """Return the submodels of a fitted estimator.

    Parameters
    ----------
    fitted : estimator
        The model, or a pipeline that ends in it.
    family : SubmodelFamily
        The family of the model.
    values : sequence of object
        The sizes.

    Returns
    -------
    views : list of estimator or None
        Estimators like the fitted one; None for those that it does not contain.
    """
    _, model = find_model(fitted)
    return [_ending_in(fitted, family.view(model, value)) for value in values]


def views_for_scoring(fitted: Any, family: SubmodelFamily, values: Sequence[Any]) -> list[Any]:
    """Return the submodels of a fitted estimator, which transform the same data only once.

    Parameters
    ----------
    fitted : estimator
        The model, or a pipeline that ends in it.
    family : SubmodelFamily
        The family of the model.
    values : sequence of object
        The sizes.

    Returns
    -------
    views : list of estimator or None
        As :func:`views_of` returns them.
    """
    _, model = find_model(fitted)
    fitted = _with_remembered_front(fitted)
    return [_ending_in(fitted, view) for view in family.views(model, values)]


def writes_into_data(estimator: Any) -> bool:
    """Return whether an estimator may write into the data that it gets (``copy=False``).

    Parameters
    ----------
    estimator : estimator
        The model, or a pipeline.

    Returns
    -------
    writes_into_data : bool
    """
    names = ("copy", "copy_X", "copy_x")
    return any(
        value is False and name.rpartition("__")[2] in names
        for name, value in estimator.get_params().items()
    )


def _is_pipeline(estimator: Any) -> bool:
    from sklearn.pipeline import Pipeline

    return isinstance(estimator, Pipeline)


def _ending_in(fitted: Any, model: Any) -> Any:
    """Return a shallow copy of a pipeline with another model at its end."""
    if model is None or not _is_pipeline(fitted):
        return model
    name, last = fitted.steps[-1]
    view = copy.copy(fitted)
    view.steps = [*fitted.steps[:-1], (name, _ending_in(last, model))]
    return view


def _with_remembered_front(fitted: Any) -> Any:
    """Return a shallow copy of a pipeline whose steps before the model remember a result."""
    if not _is_pipeline(fitted):
        return fitted
    front = [(name, _remembering(step)) for name, step in fitted.steps[:-1]]
    name, last = fitted.steps[-1]
    view = copy.copy(fitted)
    view.steps = [*front, (name, _with_remembered_front(last))]
    return view


def _remembering(step: Any) -> Any:
    if not hasattr(step, "transform"):  # "passthrough" or None
        return step
    view = copy.copy(step)
    view.transform = LastResult(step.transform)
    return view


class LastResult:
    """A function of data that remembers its last result.

    Parameters
    ----------
    function : callable
        The function.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._last: tuple[Any, Any] | None = None

    def __call__(self, X: Any, **params: Any) -> Any:
        """Return the function's result, computed anew unless the data are the same object."""
        if params:
            return self._function(X, **params)
        if self._last is None or self._last[0] is not X:
            self._last = X, self._function(X)
        return self._last[1]
