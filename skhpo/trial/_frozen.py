"""Records of trials."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from skhpo._warnings import warn_user
from skhpo.distributions import (
    BaseDistribution,
    as_distribution,
    check_distribution_compatibility,
)
from skhpo.trial._base import CONSTRAINT, BaseTrial, as_constraint, constraints_of
from skhpo.trial._state import TrialState

__all__ = ["FrozenTrial", "create_trial"]

FIXED_PARAMS = "fixed_params"  # system attribute of an enqueued trial


class FrozenTrial(BaseTrial):
    """Record of a trial: its parameters, state and values.

    Studies return these records; :func:`create_trial` creates one by hand.

    Parameters
    ----------
    number : int
        Position in the study, from 0, without gaps.
    state : TrialState
        State of the trial at the time of the record.
    value : float or None
        Objective value; None if there is none.
    datetime_start, datetime_complete : datetime or None
        Times at which the trial started and ended.
    params : dict of str to object
        Parameter values by name.
    distributions : dict of str to BaseDistribution
        The distribution of each parameter.
    user_attrs, system_attrs : dict of str to object
        Attributes set by the user and by the library.
    intermediate_values : dict of int to float
        Reported values by step, in the order of the reports.
    trial_id : int
        Id of the trial in the storage.
    values : sequence of float, optional
        Values of several objectives, instead of `value`.
    """

    __slots__ = (
        "_trial_id",
        "_values",
        "datetime_complete",
        "datetime_start",
        "distributions",
        "intermediate_values",
        "number",
        "params",
        "state",
        "system_attrs",
        "user_attrs",
    )

    def __init__(
        self,
        number: int,
        state: TrialState,
        value: float | None,
        datetime_start: datetime | None,
        datetime_complete: datetime | None,
        params: dict[str, Any],
        distributions: dict[str, BaseDistribution],
        user_attrs: dict[str, Any],
        system_attrs: dict[str, Any],
        intermediate_values: dict[int, float],
        trial_id: int,
        *,
        values: Sequence[float] | None = None,
    ) -> None:
        if value is not None and values is not None:
            raise ValueError("Give `value` or `values`, not both.")
        self.number = number
        self.state = state
        self.values = values if value is None else [value]
        self.datetime_start = datetime_start
        self.datetime_complete = datetime_complete
        self.params = params
        self.distributions = distributions
        self.user_attrs = user_attrs
        self.system_attrs = system_attrs
        self.intermediate_values = intermediate_values
        self._trial_id = trial_id

    @property
    def trial_id(self) -> int:
        """Id of the trial in its storage."""
        return self._trial_id

    @trial_id.setter
    def trial_id(self, trial_id: int) -> None:
        self._trial_id = trial_id

    @property
    def values(self) -> list[float] | None:
        """The objectives' values; None if the trial has none."""
        return self._values

    @values.setter
    def values(self, values: Sequence[float] | None) -> None:
        self._values = None if values is None else list(values)

    @property
    def value(self) -> float | None:
        """The objective value; None if the trial has none."""
        if self.values is None:
            return None
        if len(self.values) > 1:
            raise RuntimeError("This trial has several values: use `values` instead of `value`.")
        return self.values[0]

    @value.setter
    def value(self, value: float | None) -> None:
        if self.values is not None and len(self.values) > 1:
            raise RuntimeError("This trial has several values: set `values` instead of `value`.")
        self.values = None if value is None else [value]

    @property
    def last_step(self) -> int | None:
        """The largest step reported so far; None before the first report."""
        return max(self.intermediate_values, default=None)

    @property
    def constraints(self) -> dict[str, float]:
        """Values of the constraints by name; the trial is feasible if none is above 0."""
        return constraints_of(self.system_attrs)

    @property
    def duration(self) -> timedelta | None:
        """Time from start to end; None while the trial is open."""
        if self.datetime_start is None or self.datetime_complete is None:
            return None
        return self.datetime_complete - self.datetime_start

    def report(self, value: float, step: int) -> None:
        """Do nothing, as a record accepts no reports."""

    def should_prune(self) -> bool:
        """Return False, as a record is never pruned."""
        return False

    def set_user_attr(self, key: str, value: Any) -> None:
        """Set a user attribute in this record; the study is not changed."""
        self.user_attrs[key] = value

    def set_constraint(self, key: str, value: float) -> None:
        """Set a constraint in this record, not in the study; the first value is kept."""
        self.system_attrs.setdefault(CONSTRAINT + key, as_constraint(key, value))

    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        if name not in self.params:
            raise ValueError(
                f"Trial {self.number} has no parameter {name!r}; it has {sorted(self.params)}."
            )
        value = self.params[name]
        if not distribution.contains(value):
            warn_user(
                f"The value {value!r} of {name!r} lies outside {distribution}; it is used anyway."
            )
        if name in self.distributions:
            check_distribution_compatibility(self.distributions[name], distribution)
        return value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrozenTrial):
            return NotImplemented
        return all(getattr(self, field) == getattr(other, field) for field in _FIELDS)

    def __getstate__(self) -> dict[str, Any]:
        return {field: getattr(self, field) for field in _FIELDS}

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple):  # pickled by an earlier version
            state = state[1]
        for field, value in state.items():
            setattr(self, field, value)
        self.state = TrialState(self.state)

    def __copy__(self) -> FrozenTrial:
        copied = type(self).__new__(type(self))
        for field in _FIELDS:
            setattr(copied, field, getattr(self, field))
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenTrial:
        # Parameter values, distributions and the results of folds are never changed, so sharing
        # them is safe and fast.
        copied = copy.copy(self)
        for field in ("params", "distributions", "intermediate_values"):
            setattr(copied, field, dict(getattr(self, field)))
        copied.user_attrs = copy.deepcopy(self.user_attrs, memo) if self.user_attrs else {}
        copied.system_attrs = {
            key: value if key.startswith("skhpo:") else copy.deepcopy(value, memo)
            for key, value in self.system_attrs.items()
        }
        copied.values = self.values
        return copied

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, FrozenTrial):
            return NotImplemented
        return self.number < other.number

    def __le__(self, other: object) -> bool:
        if not isinstance(other, FrozenTrial):
            return NotImplemented
        return self.number <= other.number

    def __hash__(self) -> int:
        return hash((self.number, self._trial_id))

    def __repr__(self) -> str:
        fields = ", ".join(
            f"{name}={getattr(self, name)!r}"
            for name in ("number", "state", "values", "params", "intermediate_values")
        )
        return f"FrozenTrial({fields})"

    def _validate(self) -> None:
        """Raise a ValueError if the record contradicts itself."""
        check_trial(self)


_FIELDS = tuple("values" if slot == "_values" else slot for slot in FrozenTrial.__slots__)


def create_trial(
    *,
    state: TrialState = TrialState.COMPLETE,
    value: float | None = None,
    values: Sequence[float] | None = None,
    params: Mapping[str, Any] | None = None,
    distributions: Mapping[str, BaseDistribution] | None = None,
    user_attrs: Mapping[str, Any] | None = None,
    system_attrs: Mapping[str, Any] | None = None,
    intermediate_values: Mapping[int, float] | None = None,
    constraints: Mapping[str, float] | None = None,
) -> FrozenTrial:
    """Create a record of a trial that was run elsewhere, for ``study.add_trial``.

    Parameters
    ----------
    state : TrialState, default=TrialState.COMPLETE
        State of the trial.
    value : float, optional
        Objective value; required for a complete trial.
    values : sequence of float, optional
        Instead of `value`: one value per objective.
    params : mapping of str to object, optional
        Parameter values by name.
    distributions : mapping of str to BaseDistribution, optional
        Distributions of the parameters, with the same names as `params`.
    user_attrs, system_attrs : mapping of str to object, optional
        Attributes set by the user and by the library.
    intermediate_values : mapping of int to float, optional
        Reported values by step.
    constraints : mapping of str to float, optional
        Values of the constraints by name; 0 or less means satisfied.

    Returns
    -------
    trial : FrozenTrial
        The record. It gets its number when it is added to a study.

    Raises
    ------
    ValueError
        If names of `params` and `distributions` differ, a value lies outside its
        distribution, or a complete trial has no value.

    Examples
    --------
    >>> from skhpo.distributions import FloatDistribution
    >>> from skhpo.trial import create_trial
    >>> trial = create_trial(
    ...     value=0.5, params={"x": 2.0}, distributions={"x": FloatDistribution(0, 10)}
    ... )
    >>> trial.value
    0.5
    """
    now = datetime.now()
    named = {CONSTRAINT + key: as_constraint(key, c) for key, c in (constraints or {}).items()}
    trial = FrozenTrial(
        number=-1,
        state=TrialState(state),
        value=value,
        values=values,
        datetime_start=None if state == TrialState.WAITING else now,
        datetime_complete=now if state.is_finished() else None,
        params=dict(params or {}),
        distributions={name: as_distribution(d) for name, d in (distributions or {}).items()},
        user_attrs=dict(user_attrs or {}),
        system_attrs={**(system_attrs or {}), **named},
        intermediate_values=dict(intermediate_values or {}),
        trial_id=-1,
    )
    check_trial(trial)
    return trial


def as_record(trial: Any) -> FrozenTrial:
    """Convert a trial of Optuna, recognised by its class name; return our records unchanged."""
    if isinstance(trial, FrozenTrial):
        return trial
    if "FrozenTrial" not in {base.__name__ for base in type(trial).__mro__}:
        raise TypeError(
            "`trial` must be a FrozenTrial, as returned by `create_trial` and `study.trials`; "
            f"got {trial!r}."
        )
    return FrozenTrial(
        number=trial.number,
        state=TrialState[trial.state.name],
        value=None,
        values=trial.values,
        datetime_start=trial.datetime_start,
        datetime_complete=trial.datetime_complete,
        params=dict(trial.params),
        distributions={name: as_distribution(d) for name, d in trial.distributions.items()},
        user_attrs=dict(trial.user_attrs),
        system_attrs=dict(trial.system_attrs),
        intermediate_values=dict(trial.intermediate_values),
        trial_id=-1,
    )


def check_trial(trial: FrozenTrial) -> None:
    """Raise a ValueError if the record contradicts itself."""
    if trial.params.keys() != trial.distributions.keys():
        raise ValueError(
            "`params` and `distributions` must have the same names; got "
            f"{sorted(trial.params)} and {sorted(trial.distributions)}."
        )
    for name, distribution in trial.distributions.items():
        value = trial.params[name]
        if not distribution.contains(value):
            raise ValueError(f"Parameter {name!r}: {value!r} lies outside {distribution}.")
    if trial.state == TrialState.COMPLETE and trial.values is None:
        raise ValueError("A complete trial needs a value; got value=None.")
    if trial.state == TrialState.FAIL and trial.values is not None:
        raise ValueError(f"A failed trial has no value; got {trial.values}.")
    if trial.values is not None and any(value != value for value in trial.values):
        raise ValueError(f"A trial's value must not be NaN; got {trial.values}.")
    if trial.state != TrialState.WAITING and trial.datetime_start is None:
        raise ValueError(f"A {trial.state.name} trial needs `datetime_start`; got None.")
    if trial.state.is_finished() != (trial.datetime_complete is not None):
        raise ValueError(
            "`datetime_complete` must be set if and only if a trial has ended; got "
            f"{trial.datetime_complete} for a {trial.state.name} trial."
        )
