"""A trial with parameters chosen by hand, outside a study."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from skhpo._warnings import warn_user
from skhpo.distributions import BaseDistribution, check_distribution_compatibility
from skhpo.trial._base import BaseTrial, as_constraint

__all__ = ["FixedTrial"]


class FixedTrial(BaseTrial):
    """A trial that suggests given values, to call an objective by hand.

    Parameters
    ----------
    params : dict of str to object
        Parameter values by name.
    number : int, default=0
        Number of the trial.

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
        """Do nothing, as there is no study to report to."""

    def should_prune(self) -> bool:
        """Return False, as nothing is pruned outside a study."""
        return False

    def set_user_attr(self, key: str, value: Any) -> None:
        """Set a user attribute of the trial."""
        self._user_attrs[key] = value

    def set_constraint(self, key: str, value: float) -> None:
        """Set the value of a constraint; later values of the same constraint are ignored."""
        self._constraints.setdefault(key, as_constraint(key, value))

    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        if name not in self._given:
            raise ValueError(
                f"Parameter {name!r} has no value; the given parameters are {sorted(self._given)}."
            )
        value = self._given[name]
        distribution.to_internal_repr(value)  # raises an error if the value has another type
        if not distribution.contains(value):
            warn_user(
                f"The given value {value!r} of {name!r} lies outside {distribution}; "
                "it is used anyway."
            )
        if name in self._suggested:
            check_distribution_compatibility(self._suggested[name], distribution)
        self._suggested[name] = distribution
        return value

    @property
    def number(self) -> int:
        """The given number."""
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
        """User attributes set so far."""
        return dict(self._user_attrs)

    @property
    def constraints(self) -> dict[str, float]:
        """Constraints set so far, by name."""
        return dict(self._constraints)

    @property
    def datetime_start(self) -> datetime | None:
        """Time at which the trial was created."""
        return self._datetime_start
