"""Base class of trials, which suggest values of parameters."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from skhpo._warnings import warn_user
from skhpo.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from skhpo.distributions._labels import is_json

__all__ = ["BaseTrial", "constraints_of"]

_Choice = TypeVar("_Choice")

CONSTRAINT = "constraints:"  # prefix of the system attributes that hold constraints
LISTED_CONSTRAINTS = "constraints"  # system attribute in which Optuna 4 stores them as a list


class BaseTrial(ABC):
    """Base class of trials: the interface of a trial for an objective.

    An objective works with any kind of trial: a live :class:`skhpo.Trial`, the
    :class:`skhpo.FrozenTrial` of a study's best trial, or a :class:`FixedTrial` with parameters
    chosen by hand. In addition to the methods listed here, each has the attributes ``number``,
    ``params``, ``distributions``, ``user_attrs`` and ``datetime_start``.
    """

    __slots__ = ()

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Suggest a real number.

        Parameters
        ----------
        name : str
            Name of the parameter, unique in the trial.
        low, high : float
            Bounds of the range, inclusive.
        step : float, optional
            Step of the grid ``low, low + step, ...``. Cannot be combined with `log`.
        log : bool, default=False
            Whether to sample on a logarithmic scale; requires ``low > 0``.

        Returns
        -------
        value : float
        """
        return float(self._suggest(name, _distribution(FloatDistribution, low, high, log, step)))

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """Suggest an integer.

        Parameters
        ----------
        name : str
            Name of the parameter, unique in the trial.
        low, high : int
            Bounds of the range, inclusive.
        step : int, default=1
            Step of the grid ``low, low + step, ...``. Cannot be combined with `log`.
        log : bool, default=False
            Whether to sample on a logarithmic scale; requires ``low >= 1``.

        Returns
        -------
        value : int
        """
        return int(self._suggest(name, _distribution(IntDistribution, low, high, log, step)))

    def suggest_categorical(self, name: str, choices: Sequence[_Choice]) -> _Choice:
        """Suggest one of several choices.

        Parameters
        ----------
        name : str
            Name of the parameter, unique in the trial.
        choices : sequence
            The choices. They must be the same in all trials.

        Returns
        -------
        choice : object
            One of `choices`.
        """
        distribution = CategoricalDistribution(choices)
        odd = next((choice for choice in distribution.choices if not is_json(choice)), None)
        if odd is not None:
            warn_user(
                f"Choices of {name!r} should be None, bool, int, float or str, but {odd!r} is of "
                f"type {type(odd).__name__}; a study in a database stores only a text for it."
            )
        choice: _Choice = self._suggest(name, distribution)
        return choice

    def suggest_uniform(self, name: str, low: float, high: float) -> float:
        """Suggest a real number; an old name of ``suggest_float(name, low, high)``."""
        _warn_of_old_name("suggest_uniform", "suggest_float(name, low, high)")
        return self.suggest_float(name, low, high)

    def suggest_loguniform(self, name: str, low: float, high: float) -> float:
        """Suggest on a log scale; an old name of ``suggest_float(name, low, high, log=True)``."""
        _warn_of_old_name("suggest_loguniform", "suggest_float(name, low, high, log=True)")
        return self.suggest_float(name, low, high, log=True)

    def suggest_discrete_uniform(self, name: str, low: float, high: float, q: float) -> float:
        """Suggest on a grid; an old name of ``suggest_float(name, low, high, step=q)``."""
        _warn_of_old_name("suggest_discrete_uniform", "suggest_float(name, low, high, step=q)")
        return self.suggest_float(name, low, high, step=q)

    @abstractmethod
    def report(self, value: float, step: int) -> None:
        """Report an intermediate value of the objective."""

    @abstractmethod
    def should_prune(self) -> bool:
        """Return whether the trial should be pruned now."""

    @abstractmethod
    def set_user_attr(self, key: str, value: Any) -> None:
        """Set a user attribute of the trial."""

    @abstractmethod
    def set_constraint(self, key: str, value: float) -> None:
        """Set the value of a constraint, which is satisfied if it is 0 or less."""

    @property
    @abstractmethod
    def constraints(self) -> dict[str, float]:
        """Values of the constraints by name; 0 or less means satisfied."""

    @abstractmethod
    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        """Return the trial's value of a parameter."""


def _distribution(
    kind: type[FloatDistribution | IntDistribution], low: Any, high: Any, log: Any, step: Any
) -> FloatDistribution | IntDistribution:
    """Create a distribution, or return it from a cache, as trials request the same ones."""
    try:
        return _made(kind, low, high, log, step)
    except _LoweredError as lowered:
        return lowered.distribution
    except TypeError:  # unhashable or invalid arguments: let the distribution raise
        return kind(low, high, log=log, step=step)


def _warn_of_old_name(old: str, new: str) -> None:
    warn_user(f"`{old}` is an old name: use `{new}`.", FutureWarning)


@lru_cache(maxsize=1024, typed=True)
def _made(
    kind: type[FloatDistribution | IntDistribution], low: Any, high: Any, log: Any, step: Any
) -> FloatDistribution | IntDistribution:
    made = kind(low, high, log=log, step=step)
    if made.high != high:
        raise _LoweredError(made)
    return made


class _LoweredError(Exception):
    """The step lowered the upper bound: not kept in the cache, so that each trial warns."""

    def __init__(self, distribution: FloatDistribution | IntDistribution) -> None:
        self.distribution = distribution


def constraints_of(system_attrs: Mapping[str, Any]) -> dict[str, float]:
    """Read constraints by name from a trial's system attributes; Optuna 4 stored a list."""
    listed = system_attrs.get(LISTED_CONSTRAINTS) or ()
    return {str(i): value for i, value in enumerate(listed)} | {
        key.removeprefix(CONSTRAINT): value
        for key, value in system_attrs.items()
        if key.startswith(CONSTRAINT)
    }


def as_constraint(key: str, value: float) -> float:
    """Check the value of a constraint; return it as a float."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"Constraint {key!r} must be a number; got {value!r}.") from None
    if math.isnan(number):
        raise ValueError(f"Constraint {key!r} must not be NaN.")
    return number
