"""Base class of objects with parameters, like scikit-learn's estimators."""

from __future__ import annotations

import copy
import inspect
from typing import Any, Self

from sklearn import clone, get_config

from skhpo._hints import did_you_mean

__all__ = ["HasParameters"]

_LONGEST = 120  # maximal number of characters shown of a parameter's value


class HasParameters:
    """Mixin with ``get_params``, ``set_params``, a repr of the parameters, and cloning.

    The parameters are those of the constructor. Each is stored unchanged in an attribute of the
    same name. If a subclass does not store a parameter, it is left out, and clones are deep
    copies.

    Examples
    --------
    >>> from skhpo.pruners import PatientPruner, RacingPruner
    >>> pruner = PatientPruner(RacingPruner(), patience=1)
    >>> pruner.set_params(wrapped_pruner__alpha=0.1)
    PatientPruner(wrapped_pruner=RacingPruner(alpha=0.1), patience=1)
    """

    @classmethod
    def default_params(cls) -> dict[str, Any]:
        """Return the parameters of the constructor and their defaults."""
        named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        parameters = inspect.signature(cls).parameters.values()
        return {one.name: one.default for one in parameters if one.kind in named}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include nested parameters as ``name__parameter``.

        Returns
        -------
        params : dict of str to object
        """
        params = {
            name: getattr(self, name) for name in self.default_params() if hasattr(self, name)
        }
        if deep:
            for name, value in list(params.items()):
                if isinstance(value, HasParameters):
                    inner = value.get_params()
                    params |= {f"{name}__{part}": one for part, one in inner.items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; they are validated as in the constructor.

        Parameters
        ----------
        **params : dict of str to object
            Parameters. Nested ones are written as ``wrapped_pruner__alpha``.

        Returns
        -------
        self : object
            This object.

        Raises
        ------
        ValueError
            If a parameter does not exist.
        """
        known = self.get_params(deep=False)
        own: dict[str, Any] = {}
        inner: dict[str, dict[str, Any]] = {}
        for path, value in params.items():
            name, separator, rest = path.partition("__")
            if name not in known:
                raise ValueError(
                    f"Invalid parameter {name!r} of {type(self).__name__}. Valid parameters are: "
                    f"{list(known)}.{did_you_mean(name, known)}"
                )
            if separator:
                inner.setdefault(name, {})[rest] = value
            else:
                own[name] = value
        if own:
            # The constructor of a new object validates everything before anything is changed.
            made = type(self)(**known | own)
            self.__dict__.clear()
            self.__dict__.update(made.__dict__)
        for name, values in inner.items():
            part = getattr(self, name)
            if not hasattr(part, "set_params"):
                raise ValueError(
                    f"{name!r} of {type(self).__name__} has no parameters to set; it is {part!r}."
                )
            part.set_params(**values)
        return self

    def __sklearn_clone__(self) -> Self:
        params = self.get_params(deep=False)
        if params.keys() == self.default_params().keys():
            params = {name: clone(value, safe=False) for name, value in params.items()}
            twin = type(self)(**params)
            if all(getattr(twin, name, twin) is value for name, value in params.items()):
                return twin
        return copy.deepcopy(self)

    def __repr__(self) -> str:
        shown = self.get_params(deep=False)
        if get_config()["print_changed_only"]:
            defaults = self.default_params()
            shown = {
                k: v for k, v in shown.items() if _format_value(v) != _format_value(defaults[k])
            }
        inside = ", ".join(f"{name}={_format_value(value)}" for name, value in shown.items())
        return f"{type(self).__name__}({inside})"


def _format_value(value: Any) -> str:
    """Format a value: functions by name, long texts without the middle."""
    if inspect.isroutine(value) or isinstance(value, type):
        return str(value.__qualname__)
    text = repr(value)
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]}...{text[-half:]}"
