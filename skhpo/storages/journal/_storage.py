"""A storage in a journal: changes are appended, and replaying them gives the studies."""

from __future__ import annotations

import os
import threading
import uuid
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from skhpo.distributions import BaseDistribution
from skhpo.exceptions import DuplicatedStudyError, StorageInternalError
from skhpo.storages._base import BaseStorage, StudyRecord
from skhpo.storages._json import distribution_json, plain_attribute
from skhpo.storages._memory import InMemoryStorage
from skhpo.storages.journal._backend import BaseJournalBackend
from skhpo.storages.journal._replay import Operation, Replay, template_log, utc_now
from skhpo.trial import FrozenTrial, TrialState

__all__ = ["JournalStorage"]


class JournalStorage(BaseStorage):
    """Studies in a file to which every change is appended.

    The format is that of Optuna's journals: both libraries can read and write the same file, even
    at the same time. Any number of processes can share it, also on network file systems, where
    SQLite must not be used. Each change acquires the file's lock, reads what other processes have
    written, and appends whole lines, so processes do not conflict.

    There are no heartbeats: a trial whose worker died stays RUNNING. A database
    (:class:`skhpo.storages.RDBStorage`) has heartbeats, and opens long studies faster.

    Parameters
    ----------
    log_storage : BaseJournalBackend
        Stores the entries, such as :class:`skhpo.storages.journal.JournalFileBackend`.

    Raises
    ------
    skhpo.exceptions.StorageInternalError
        If the journal is damaged, or cannot be read or written.

    Examples
    --------
    >>> import os, tempfile
    >>> import skhpo
    >>> from skhpo.storages.journal import JournalFileBackend
    >>> path = os.path.join(tempfile.mkdtemp(), "study.log")
    >>> storage = skhpo.storages.JournalStorage(JournalFileBackend(path))
    >>> study = skhpo.create_study(storage=storage, study_name="first")
    >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    >>> len(skhpo.load_study(storage=storage, study_name="first").trials)
    3
    """

    def __init__(self, log_storage: BaseJournalBackend) -> None:
        if not isinstance(log_storage, BaseJournalBackend):
            raise TypeError(
                "`log_storage` must be a backend of skhpo.storages.journal, such as "
                f"JournalFileBackend('study.log'); got {log_storage!r}."
            )
        self._backend = log_storage
        self.restart_after_fork()
        with self._lock:
            self._read()

    def restart_after_fork(self) -> None:
        """Reset to the state before the first entry was read."""
        self._lock = threading.RLock()
        self._forget()
        _storages.add(self)

    def _forget(self) -> None:
        self._replay = Replay()
        self._n_read = 0
        self._new: list[dict[str, Any]] | None = None  # entries to append
        self._worker = f"{uuid.uuid4()}-"

    def __repr__(self) -> str:
        return f"JournalStorage({self._backend!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {"_backend": self._backend}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.restart_after_fork()

    def __deepcopy__(self, memo: dict[int, Any]) -> JournalStorage:
        return self  # a copy would refer to the same place

    # --------------------------------------------------------------- reading, appending

    def _read(self) -> InMemoryStorage:
        """Replay new entries, unless in a batch; return the studies."""
        if self._new is None:
            for log in self._backend.read_logs(self._n_read):
                try:
                    self._replay.apply(log)
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    raise StorageInternalError(
                        f"{self._backend!r}: entry {self._n_read + 1} is invalid "
                        f"({type(error).__name__}: {error}): {str(log)[:200]}"
                    ) from error
                self._n_read += 1
        return self._replay.memory

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Append all changes at the end of the context; no other process writes meanwhile."""
        with self._lock:
            if self._new is not None:
                yield
                return
            self._read()  # reading may take long, so read before acquiring the lock
            with self._backend.exclusive():
                self._read()
                self._new = []
                try:
                    yield
                finally:
                    new, self._new = self._new, None
                    self._append(new)

    def _append(self, new: list[dict[str, Any]]) -> None:
        if not new:
            return
        try:
            self._backend.append_logs(new)
            n_there = sum(1 for _ in self._backend.read_logs(self._n_read))
        except BaseException:  # Ctrl-C, too: it is unknown what was written
            self._forget()
            raise
        if n_there == len(new):
            self._n_read += n_there
        else:  # our lock was broken, and another process wrote first
            self._forget()

    def _write(self, operation: Operation, **fields: Any) -> None:
        """Apply an entry and append it; must be called in a batch."""
        assert self._new is not None
        worker = f"{self._worker}{threading.get_ident()}"
        log = {"op_code": operation, "worker_id": worker, **fields}
        log = plain_attribute(operation.name, log)
        self._replay.apply(log)
        self._new.append(log)

    # ------------------------------------------------------------------------ studies

    def create_new_study(self, directions: Sequence[int], study_name: str | None = None) -> int:
        """Create a study and return its id."""
        name = f"no-name-{uuid.uuid4()}" if study_name is None else study_name
        with self.batch():
            if name in self._replay.memory.ids_by_name:
                raise DuplicatedStudyError(
                    f"A study named {name!r} already exists. Load it with `load_study`, use "
                    "`load_if_exists=True`, or choose another name."
                )
            directions = [int(direction) for direction in directions]
            self._write(Operation.CREATE_STUDY, study_name=name, directions=directions)
            return self._replay.memory.get_study_id_from_name(name)

    def delete_study(self, study_id: int) -> None:
        """Remove a study and its trials."""
        with self.batch():
            self._replay.memory.get_study(study_id)
            self._write(Operation.DELETE_STUDY, study_id=study_id)

    def get_study_id_from_name(self, study_name: str) -> int:
        """Return the id of a study."""
        with self._lock:
            return self._read().get_study_id_from_name(study_name)

    def get_study(self, study_id: int) -> StudyRecord:
        """Return the record of a study."""
        with self._lock:
            return self._read().get_study(study_id)

    def get_all_studies(self) -> list[StudyRecord]:
        """Return the records of all studies, in the order of their creation."""
        with self._lock:
            return self._read().get_all_studies()

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set a user attribute of a study."""
        self._set_study_attr(Operation.SET_STUDY_USER_ATTR, study_id, user_attr=(key, value))

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set a system attribute of a study."""
        self._set_study_attr(Operation.SET_STUDY_SYSTEM_ATTR, study_id, system_attr=(key, value))

    def _set_study_attr(self, operation: Operation, study_id: int, **attr: Any) -> None:
        fields = {field: {pair[0]: plain_attribute(*pair)} for field, pair in attr.items()}
        with self.batch():
            self._replay.memory.get_study(study_id)
            self._write(operation, study_id=study_id, **fields)

    # ------------------------------------------------------------------------- trials

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Create a trial with the next number and return its id."""
        with self.batch():
            trials = self._replay.memory.trials[study_id]
            if template_trial is None:
                fields = {"datetime_start": utc_now()}
            else:
                fields = template_log(template_trial)
            self._write(Operation.CREATE_TRIAL, study_id=study_id, **fields)
            trial = trials[-1]
            if template_trial is not None:  # choices that others see as labels
                trial.params = dict(template_trial.params)
                trial.distributions = dict(template_trial.distributions)
            return trial.trial_id

    def create_next_trial(self, study_id: int, template_trial: FrozenTrial) -> int | None:
        """Create a trial if the template has the next number; return its id, or None."""
        with self.batch():
            if template_trial.number != len(self._replay.memory.trials[study_id]):
                return None
            return self.create_new_trial(study_id, template_trial)

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Return a trial's record, which must not be changed."""
        with self._lock:
            return self._read().get_trial(trial_id)

    def _read_trials(self, study_id: int) -> list[FrozenTrial]:
        with self._lock:
            return list(self._read().trials[study_id])

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """Return the id of a trial."""
        with self._lock:
            return self._read().get_trial_id_from_study_id_trial_number(study_id, trial_number)

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Set a parameter of an open trial, given as the distribution's internal number."""
        with self.batch():
            trial = self._replay.memory.open_trial(trial_id)
            self._replay.memory.check_same_kind(trial_id, param_name, distribution)
            self._write(
                Operation.SET_TRIAL_PARAM,
                trial_id=trial_id,
                param_name=param_name,
                param_value_internal=float(param_value_internal),
                distribution=distribution_json(distribution),
            )
            trial.params[param_name] = distribution.to_external_repr(param_value_internal)
            trial.distributions[param_name] = distribution

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Change the state of a trial; store the time of its start and its end."""
        fields: dict[str, Any] = {"values": None if values is None else list(values)}
        if state == TrialState.RUNNING:
            fields["datetime_start"] = utc_now()
        elif state.is_finished():
            fields["datetime_complete"] = utc_now()
        with self.batch():
            memory = self._replay.memory
            was = memory.get_trial(trial_id).state
            if state == TrialState.RUNNING and was != TrialState.WAITING:
                return False
            memory.open_trial(trial_id)
            self._write(Operation.SET_TRIAL_STATE_VALUES, trial_id=trial_id, state=state, **fields)
            return True

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Store an intermediate value of an open trial."""
        self._set_of_trial(
            Operation.SET_TRIAL_INTERMEDIATE_VALUE,
            trial_id,
            step=int(step),
            intermediate_value=float(intermediate_value),
        )

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set a user attribute of an open trial."""
        attr = {key: plain_attribute(key, value)}
        self._set_of_trial(Operation.SET_TRIAL_USER_ATTR, trial_id, user_attr=attr)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set a system attribute of an open trial."""
        attr = {key: plain_attribute(key, value)}
        self._set_of_trial(Operation.SET_TRIAL_SYSTEM_ATTR, trial_id, system_attr=attr)

    def _set_of_trial(self, operation: Operation, trial_id: int, **fields: Any) -> None:
        with self.batch():
            self._replay.memory.open_trial(trial_id)
            self._write(operation, trial_id=trial_id, **fields)

    def take_over(self, trial_id: int, key: str, old: Any, new: Any) -> bool:
        """Replace a system attribute of an open trial if it still has the expected value."""
        with self.batch():
            trial = self._replay.memory.get_trial(trial_id)
            if trial.state.is_finished() or trial.system_attrs.get(key) != old:
                return False
            self.set_trial_system_attr(trial_id, key, new)
            return True


_storages: weakref.WeakSet[JournalStorage] = weakref.WeakSet()


def _begin_forked_process() -> None:
    for storage in list(_storages):
        storage.restart_after_fork()  # threads that held the lock or were reading do not exist here


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_forked_process)
