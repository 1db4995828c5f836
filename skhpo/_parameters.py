"""Objects that are made of parameters, as scikit-learn's estimators are."""

from __future__ import annotations

import copy
import inspect
from typing import Any, Self

from sklearn import clone, get_config

from skhpo._hints import did_you_mean

__all__ = ["HasParameters"]

_LONGEST = 120  # characters of a parameter's value that are shown


class HasParameters:
    """Gives a class ``get_params``, ``set_params``, a repr that says how it was made, and clones.

    The parameters are those of the constructor. Each is kept, as it was given, in an attribute of
    its name. A parameter that a subclass does not keep is left out, and its clones are copies.

    Examples
    --------
    >>> from skhpo.pruners import PatientPruner, RacingPruner
    >>> pruner = PatientPruner(RacingPruner(), patience=1)
    >>> pruner.set_params(wrapped_pruner__alpha=0.1)
    PatientPruner(wrapped_pruner=RacingPruner(alpha=0.1), patience=1)
    """

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        """The parameters of the constructor and their defaults."""
        named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        parameters = inspect.signature(cls).parameters.values()
        return {one.name: one.default for one in parameters if one.kind in named}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the parameters of parameters, too, as ``name__parameter``.

        Returns
        -------
        params : dict of str to object
        """
        params = {name: getattr(self, name) for name in self._defaults() if hasattr(self, name)}
        if deep:
            for name, value in list(params.items()):
                if isinstance(value, HasParameters):
                    inner = value.get_params()
                    params |= {f"{name}__{part}": one for part, one in inner.items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; what they are is checked as at construction.

        Parameters
        ----------
        **params : dict of str to object
            Those of a parameter after its name and two underscores, as ``wrapped_pruner__alpha``.

        Returns
        -------
        self : object
            This object.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        known = self.get_params(deep=False)
        own: dict[str, Any] = {}
        inner: dict[str, dict[str, Any]] = {}
        for path, value in params.items():
            name, separator, rest = path.partition("__")
            if name not in known:
                raise ValueError(
                    f"Invalid parameter {name!r} of {type(self).__name__}; there are {list(known)}."
                    f"{did_you_mean(name, known)}"
                )
            if separator:
                inner.setdefault(name, {})[rest] = value
            else:
                own[name] = value
        if own:
            # Made anew, so that the constructor checks all of it before anything is changed.
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
        if params.keys() == self._defaults().keys():
            params = {name: clone(value, safe=False) for name, value in params.items()}
            twin = type(self)(**params)
            if all(getattr(twin, name, twin) is value for name, value in params.items()):
                return twin
        return copy.deepcopy(self)

    def __repr__(self) -> str:
        shown = self.get_params(deep=False)
        if get_config()["print_changed_only"]:
            defaults = self._defaults()
            shown = {k: v for k, v in shown.items() if _written(v) != _written(defaults[k])}
        inside = ", ".join(f"{name}={_written(value)}" for name, value in shown.items())
        return f"{type(self).__name__}({inside})"


def _written(value: Any) -> str:
    """A value as text: a function by its name, long text without its middle."""
    if inspect.isroutine(value) or isinstance(value, type):
        return str(value.__qualname__)
    text = repr(value)
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]}...{text[-half:]}"
