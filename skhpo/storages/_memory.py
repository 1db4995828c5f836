"""Trials kept in this process, for as long as it lives."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from skhpo.distributions import BaseDistribution
from skhpo.trial import FrozenTrial, TrialState

__all__ = ["InMemoryStorage"]


class InMemoryStorage:
    """The records of one study's trials, in memory.

    It keeps what it is given and knows no algorithm. The id of a trial is its number.
    """

    def __init__(self) -> None:
        self._trials: list[FrozenTrial] = []
        self._user_attrs: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self._trials)

    def create_trial(self, trial: FrozenTrial) -> int:
        """Keep a new trial, number it, and return its id."""
        trial.number = trial._trial_id = len(self._trials)
        self._trials.append(trial)
        return trial._trial_id

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Return the record itself, not a copy."""
        return self._trials[trial_id]

    def get_all_trials(self) -> list[FrozenTrial]:
        """Return all records, by number, in a new list."""
        return list(self._trials)

    def set_trial_param(
        self, trial_id: int, name: str, value: Any, distribution: BaseDistribution
    ) -> None:
        """Set a parameter of an open trial."""
        trial = self._trials[trial_id]
        trial.params[name] = value
        trial.distributions[name] = distribution

    def set_trial_intermediate_value(self, trial_id: int, step: int, value: float) -> None:
        """Keep a reported value."""
        self._trials[trial_id].intermediate_values[step] = value

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Keep a note of the user."""
        self._trials[trial_id].user_attrs[key] = value

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Keep a note of the library."""
        self._trials[trial_id].system_attrs[key] = value

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: list[float] | None = None
    ) -> None:
        """Move a trial to another state; a final one sets the time of its end."""
        trial = self._trials[trial_id]
        trial.state = state
        if values is not None:
            trial.values = values
        if state == TrialState.RUNNING:
            trial.datetime_start = datetime.now()
        elif state.is_finished():
            trial.datetime_complete = datetime.now()

    def get_study_user_attrs(self) -> dict[str, Any]:
        """Notes on the study."""
        return dict(self._user_attrs)

    def set_study_user_attr(self, key: str, value: Any) -> None:
        """Keep a note on the study."""
        self._user_attrs[key] = value
