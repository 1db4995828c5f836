"""Base class of families of submodels: models that a larger fitted model contains."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["SubmodelFamily", "ViewFamily", "given_as"]

View = Callable[[Any, Any], Any]


class SubmodelFamily:
    """Base class of a family of models in which larger ones contain smaller ones.

    Attributes
    ----------
    parameter : str
        The parameter that sets the size of a model.
    grows : bool
        Whether a larger model takes longer to fit. If not, a model of any size costs as much as
        the largest. Default: True.
    is_for_samplers : bool
        Whether a search whose sampler chooses the candidates scores further sizes of each one.
        Default: False.
    """

    parameter: str
    grows: bool = True
    is_for_samplers: bool = False

    def is_exact(self, model: Any, n_samples: int) -> bool:
        """Return whether fitted submodels equal separately fitted models.

        Parameters
        ----------
        model : estimator
            The model with its parameters, which is not fitted.
        n_samples : int
            Number of rows of the fit.
        """
        return True

    def is_size(self, value: Any) -> bool:
        """Return whether a value of the parameter is the size of a submodel."""
        is_bool = isinstance(value, bool)
        return isinstance(value, numbers.Integral) and not is_bool and int(value) >= 1

    def largest_first(self, values: Sequence[Any]) -> list[Any]:
        """Return sizes in such an order that each one is contained in those before it."""
        return sorted(values, reverse=True)

    def to_fit(self, largest: Any) -> Any:
        """Return the value with which the common model is fitted.

        Parameters
        ----------
        largest : object
            The largest of the sizes.
        """
        return largest

    def view(self, model: Any, value: Any) -> Any:
        """Return the submodel of a fitted model; None if the model does not contain it.

        Parameters
        ----------
        model : estimator
            The fitted model, which must not be changed.
        value : object
            The size of the submodel.
        """
        raise NotImplementedError

    def views(self, model: Any, values: Sequence[Any]) -> list[Any]:
        """Return submodels for predictions on the same data, which may share computations.

        Parameters
        ----------
        model : estimator
            The fitted model.
        values : sequence of object
            The sizes.

        Returns
        -------
        views : list of estimator or None
            As :meth:`view` returns them.
        """
        return [self.view(model, value) for value in values]


class ViewFamily(SubmodelFamily):
    """A family that is defined by a function.

    Parameters
    ----------
    parameter : str
        The parameter that sets the size.
    view : callable
        ``view(model, value)`` returns the submodel.
    is_exact : callable, optional
        ``is_exact(model)`` returns whether submodels equal separately fitted models.
    """

    def __init__(
        self, parameter: str, view: View, is_exact: Callable[[Any], bool] | None = None
    ) -> None:
        self.parameter = parameter
        self._view = view
        self._is_exact = is_exact

    def is_exact(self, model: Any, n_samples: int) -> bool:
        """Return the result of the function, if there is one."""
        return self._is_exact is None or bool(self._is_exact(model))

    def view(self, model: Any, value: Any) -> Any:
        """Return the result of the function."""
        return self._view(model, value)


def given_as(model: Any, **values: Any) -> bool:
    """Return whether parameters of a model have these values: None, True or False."""
    params = model.get_params(deep=False)
    return all(params[name] is value for name, value in values.items())
