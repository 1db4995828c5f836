"""A trial of parameters chosen by hand, outside any study."""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import Any

from skhpo.distributions import BaseDistribution, check_distribution_compatibility
from skhpo.trial._base import BaseTrial, as_constraint

__all__ = ["FixedTrial"]


class FixedTrial(BaseTrial):
    """A trial that suggests what it was given: to call an objective by hand.

    Parameters
    ----------
    params : dict of str to object
        Parameter values by name.
    number : int, default=0
        Number that the trial shows.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     return trial.suggest_float("x", -10, 10) ** 2
    >>> objective(skhpo.trial.FixedTrial({"x": 3.0}))
    9.0
    """

    def __init__(self, params: dict[str, Any], number: int = 0) -> None:
        self._given = dict(params)
        self._number = number
        self._suggested: dict[str, BaseDistribution] = {}
        self._user_attrs: dict[str, Any] = {}
        self._constraints: dict[str, float] = {}
        self._datetime_start = datetime.now()

    def report(self, value: float, step: int) -> None:
        """Do nothing: there is no study to report to."""

    def should_prune(self) -> bool:
        """Return False: nothing is pruned outside a study."""
        return False

    def set_user_attr(self, key: str, value: Any) -> None:
        """Attach a note to the trial."""
        self._user_attrs[key] = value

    def set_constraint(self, key: str, value: float) -> None:
        """Say how far a constraint is from being broken; the first value stays."""
        self._constraints.setdefault(key, as_constraint(key, value))

    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        if name not in self._given:
            raise ValueError(
                f"Parameter {name!r} is not among the given ones: {sorted(self._given)}."
            )
        value = self._given[name]
        internal = distribution.to_internal_repr(value)
        if not distribution._contains(internal):
            warnings.warn(
                f"The given value {value!r} of {name!r} lies outside {distribution}; "
                "it is used all the same.",
                stacklevel=4,
            )
        if name in self._suggested:
            check_distribution_compatibility(self._suggested[name], distribution)
        self._suggested[name] = distribution
        return value

    @property
    def number(self) -> int:
        """The number given."""
        return self._number

    @property
    def params(self) -> dict[str, Any]:
        """Parameters suggested so far."""
        return {name: self._given[name] for name in self._suggested}

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """Distributions of the parameters suggested so far."""
        return dict(self._suggested)

    @property
    def user_attrs(self) -> dict[str, Any]:
        """Notes of the user."""
        return dict(self._user_attrs)

    @property
    def constraints(self) -> dict[str, float]:
        """Constraints set so far, by name."""
        return dict(self._constraints)

    @property
    def datetime_start(self) -> datetime | None:
        """When the trial was made."""
        return self._datetime_start
