"""The trials of a study, stored in a storage and available as columns."""

from __future__ import annotations

import copy
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from skhpo.distributions import BaseDistribution, check_distribution_compatibility
from skhpo.history import PREDICTED_VALUE, PREDICTED_VARIANCE, History
from skhpo.storages import BaseStorage
from skhpo.study._direction import StudyDirection
from skhpo.study._runs import Runs
from skhpo.trial import FrozenTrial, TrialState
from skhpo.trial._base import CONSTRAINT

__all__ = ["TrialLog"]


class TrialLog:
    """The log of all trials of a study, which writes everything to the storage.

    A :class:`Study` is an interface to a log, compatible with Optuna's. A search uses the log
    directly. Several logs, also in different processes, can share a study.

    Parameters
    ----------
    storage : BaseStorage
        Where the trials are stored.
    study_id : int
        Id of the study in the storage.

    Attributes
    ----------
    storage : BaseStorage
        Where the trials are stored.
    study_id : int
        Id of the study in the storage.
    directions : list of StudyDirection
        Directions of the objectives.
    history : History
        The trials as columns.
    lock : threading.RLock
        Held while a trial begins or ends.
    runs : Runs
        The current runs, and the request to stop.
    """

    def __init__(self, storage: BaseStorage, study_id: int) -> None:
        self.storage = storage
        self.study_id = study_id
        self.directions = [StudyDirection(one) for one in storage.get_study(study_id).directions]
        self.lock = threading.RLock()
        self.runs = Runs()
        self._waiting: deque[int] = deque()  # numbers of enqueued trials
        self._open_elsewhere: set[int] = set()  # numbers of open trials of other processes
        self._n_rewound = 0
        self.history = self._empty_history()
        self.read_new()

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, lock=threading.RLock())
        self.directions = [StudyDirection(direction) for direction in self.directions]

    def _empty_history(self) -> History:
        return History(maximize=[one == StudyDirection.MAXIMIZE for one in self.directions])

    # ----------------------------------------------------------------------- read trials

    def record(self, trial_id: int) -> FrozenTrial:
        """Return the record of a trial, which must not be changed."""
        return self.storage.get_trial(trial_id)

    def records(self, *states: TrialState) -> list[FrozenTrial]:
        """Return the records of all trials, or of those in some states; do not change them."""
        return self.storage.get_all_trials(self.study_id, deepcopy=False, states=states or None)

    def id_of(self, number: int) -> int:
        """Return the id of trial `number` in the storage.

        Raises
        ------
        ValueError
            If no trial has this number.
        """
        try:
            return self.storage.get_trial_id_from_study_id_trial_number(self.study_id, number)
        except KeyError as error:
            raise ValueError(str(error.args[0])) from None

    def read_new(self) -> list[FrozenTrial]:
        """Read changes by other processes, and return their new trials."""
        if self._is_rewound:
            return []
        trials = self.records()
        new = trials[self.history.n_trials :]
        for trial in new:
            self._add(trial)
        for number in sorted(self._open_elsewhere):
            if trials[number].state != TrialState.WAITING:
                self._follow(trials[number])
        return new

    def read_all(self) -> None:
        """Read new data, including ends of this process's trials written by other processes."""
        self.read_new()
        history = self.history
        open_here = np.flatnonzero(history.state[: history.n_trials] == TrialState.RUNNING)
        if self._is_rewound or len(open_here) == 0:
            return
        trials = self.storage.get_all_trials(self.study_id)
        for number in open_here.tolist():
            if trials[number].state.is_finished():
                self._follow(trials[number])

    def _add(self, trial: FrozenTrial) -> None:
        """Add a trial of another process."""
        self.history.add(trial)
        if not trial.state.is_finished():
            self._open_elsewhere.add(trial.number)
        if trial.state == TrialState.WAITING:
            self._waiting.append(trial.number)

    def _follow(self, trial: FrozenTrial) -> None:
        """Read the progress of another process's trial."""
        self.history.set_state(trial.number, trial.state)
        for name, distribution in list(trial.distributions.items()):
            internal = distribution.to_internal_repr(trial.params[name])
            self.history.set_param(trial.number, name, internal, distribution)
        if trial.state.is_finished():
            self._open_elsewhere.discard(trial.number)
            self.history.finish(trial)

    # ---------------------------------------------------------------------------- resume

    @property
    def _is_rewound(self) -> bool:
        return self.history.n_trials < self._n_rewound

    def rewind(self) -> list[FrozenTrial]:
        """Clear the history, and return the trials to :meth:`replay` one by one.

        Nothing is read from the storage until the last trial has been replayed. A resumed search
        therefore decides on each trial with the information available when it was asked.
        """
        trials = self.records()
        self.history = self._empty_history()
        self._open_elsewhere.clear()
        self._waiting.clear()
        self._n_rewound = len(trials)
        return trials

    def replay(self, trial: FrozenTrial, as_open: bool) -> None:
        """Add the next trial after a rewind, either unchanged or as a newly begun trial."""
        if not as_open:
            self._add(trial)
            return
        begun = copy.copy(trial)
        begun.state, begun.values = TrialState.RUNNING, None
        self.history.add(begun)

    # --------------------------------------------------------------------- begin a trial

    def begin_next(self) -> int:
        """Begin the next enqueued trial, or a new one without parameters; return its id."""
        waiting = self.take_waiting()
        if waiting is not None:
            return waiting.trial_id
        trial_id = self.storage.create_new_trial(self.study_id)
        trial = self.record(trial_id)
        if trial.number == self.history.n_trials:
            self.history.add(trial)
        else:  # other processes have begun earlier trials
            self.read_new()
            self._open_elsewhere.discard(trial.number)
        return trial_id

    def take_waiting(self) -> FrozenTrial | None:
        """Begin and return the next enqueued trial that no process has begun; None if none."""
        while self._waiting:
            trial_id = self.id_of(number := self._waiting.popleft())
            if self.storage.set_trial_state_values(trial_id, TrialState.RUNNING):
                self.history.set_state(number, TrialState.RUNNING)
                self._open_elsewhere.discard(number)
                return self.record(trial_id)
        return None

    def create(
        self,
        number: int,
        params: Mapping[str, Any],
        distributions: Mapping[str, BaseDistribution],
        system_attrs: Mapping[str, Any],
    ) -> FrozenTrial | None:
        """Begin trial `number` with all its parameters; None if another process was faster."""
        trial = FrozenTrial(
            number=number,
            state=TrialState.RUNNING,
            value=None,
            datetime_start=datetime.now(),
            datetime_complete=None,
            params={name: d.canonical(params[name]) for name, d in distributions.items()},
            distributions=dict(distributions),
            user_attrs={},
            system_attrs=dict(system_attrs),
            intermediate_values={},
            trial_id=-1,
        )
        trial_id = self.storage.create_next_trial(self.study_id, trial)
        if trial_id is None:
            return None
        created = self.record(trial_id)
        self.history.add(created)
        return created

    def claim(self, number: int) -> None:
        """Take over an open trial of another process."""
        self._open_elsewhere.discard(number)

    def release(self, number: int) -> None:
        """Allow another process to continue an open trial of this process."""
        self._open_elsewhere.add(number)

    # --------------------------------------------------------------------- write a trial

    def check_compatible(self, name: str, distribution: BaseDistribution) -> None:
        """Raise an error if a parameter has another kind of distribution in the study."""
        known = self.history.distributions.get(name)
        if known is not None and known is not distribution:
            check_distribution_compatibility(known, distribution)

    def set_param(
        self, trial: FrozenTrial, name: str, value: Any, distribution: BaseDistribution
    ) -> Any:
        """Store a parameter's value; return it as it will be read."""
        internal = distribution.to_internal_repr(value)
        self.storage.set_trial_param(trial.trial_id, name, internal, distribution)
        self.history.set_param(trial.number, name, internal, distribution)
        return distribution.to_external_repr(internal)

    def set_system_attrs(self, trial_id: int, attrs: Mapping[str, Any]) -> None:
        """Store system attributes of a trial."""
        for key, value in attrs.items():
            self.storage.set_trial_system_attr(trial_id, key, value)

    def set_constraints(self, trial_id: int, violations: Mapping[str, float]) -> None:
        """Store by how much a trial violates each constraint."""
        self.set_system_attrs(trial_id, {CONSTRAINT + key: v for key, v in violations.items()})

    def report(self, trial_id: int, step: int, value: float) -> None:
        """Store an intermediate value."""
        with self.lock:
            self.storage.set_trial_intermediate_value(trial_id, step, value)

    def finish(
        self,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
        prediction: tuple[Sequence[float], Sequence[float]] | None = None,
    ) -> None:
        """End a trial.

        Parameters
        ----------
        trial : FrozenTrial
            The record of the trial.
        state : TrialState
            COMPLETE, PRUNED or FAIL.
        values : sequence of float, optional
            Values of the trial.
        prediction : tuple of two sequences of float, optional
            For a trial that was stopped early: means and variances of its predicted final values.
        """
        trial_id = trial.trial_id
        if prediction is not None:
            for key, row in zip((PREDICTED_VALUE, PREDICTED_VARIANCE), prediction, strict=True):
                numbers = [float(number) for number in row]
                shown = numbers if len(numbers) > 1 else numbers[0]
                self.storage.set_trial_system_attr(trial_id, key, shown)
        self.storage.set_trial_state_values(trial_id, state, values)
        self.note_finished(trial_id)

    def note_finished(self, trial_id: int) -> None:
        """Read the end of a trial, which another process may have written."""
        trial = self.record(trial_id)
        self.history.finish(trial)
        self._open_elsewhere.discard(trial.number)
