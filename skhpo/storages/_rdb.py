"""Studies in a relational database, where Optuna's tools find them, too."""

from __future__ import annotations

import copy
import json
import os
import threading
import uuid
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, UniqueConstraint, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine import Connection, CursorResult, Engine
from sqlalchemy.exc import IntegrityError, OperationalError

from skhpo.distributions import BaseDistribution, check_distribution_compatibility
from skhpo.exceptions import (
    DuplicatedStudyError,
    SkhpoError,
    StorageInternalError,
    UpdateFinishedTrialError,
)
from skhpo.storages._base import BaseStorage, StudyRecord
from skhpo.storages._database import Database
from skhpo.storages._heartbeat import Pulse
from skhpo.storages._json import DamagedError, attribute_json, distribution_json, read_json
from skhpo.storages._reading import read_changed_trials, to_utc
from skhpo.storages._tables import (
    DIRECTIONS,
    MAX_NAME,
    REVISION,
    TRIAL_TABLES,
    studies,
    study_directions,
    study_system_attributes,
    study_user_attributes,
    to_stored,
    trial_heartbeats,
    trial_intermediate_values,
    trial_params,
    trial_system_attributes,
    trial_user_attributes,
    trial_values,
    trials,
)
from skhpo.trial import FrozenTrial, TrialState, create_trial

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["RDBStorage"]

OPEN_STATES = (TrialState.RUNNING.name, TrialState.WAITING.name)

DELAY = 0.1  # seconds for which parameters wait for something to be written with


@dataclass(frozen=True)
class _Setting:
    """Rows of an open trial, to be written."""

    trial_id: int
    table: Table
    row: dict[str, Any]


@dataclass(frozen=True)
class _Ending:
    """The move of an open trial to another state, to be written."""

    trial_id: int
    number: int
    state: TrialState
    moment: datetime | None
    values: Sequence[float] | None


Work = _Setting | _Ending


@dataclass
class _Mirror:
    """What this process knows of the trials of a study.

    Attributes
    ----------
    trials : list of FrozenTrial
        By number. Those that run here are kept up to date by whoever writes.
    open : set of int
        Ids of the trials that have not ended.
    own : set of int
        Those of them that run here.
    by_id : dict of int to FrozenTrial
        The trials by id.
    first : dict of str to BaseDistribution
        By parameter: a distribution that it has.
    """

    trials: list[FrozenTrial] = field(default_factory=list)
    open: set[int] = field(default_factory=set)
    own: set[int] = field(default_factory=set)
    by_id: dict[int, FrozenTrial] = field(default_factory=dict)
    first: dict[str, BaseDistribution] = field(default_factory=dict)

    def take(self, trial: FrozenTrial) -> None:
        """Take up a trial's record."""
        if trial.number == len(self.trials):
            self.trials.append(trial)
        else:
            self.trials[trial.number] = trial
        self.by_id[trial._trial_id] = trial
        for name, distribution in trial.distributions.items():
            self.first.setdefault(name, distribution)
        if trial.state.is_finished():
            self.open.discard(trial._trial_id)
            self.own.discard(trial._trial_id)
        else:
            self.open.add(trial._trial_id)


class RDBStorage(BaseStorage):
    """Studies in a relational database: an SQLite file, PostgreSQL, MySQL.

    The tables are those of Optuna 5 (version 12, revision v3.2.0.a): Optuna and its dashboard
    open our studies while they run, we open theirs, and workers of both may share a study.
    Any number of threads, processes and machines may use one database at a time.

    Each thing that happens (a trial starts, reports, ends) is one transaction, so that whatever
    kills a process, what it has written is whole. Reads fetch what is new. A lock or a lost
    server is waited for, up to a minute. SQLite is used with a write-ahead log: the files
    ``*-wal`` and ``*-shm`` beside the database belong to it.

    Nothing is unpickled: the database holds numbers and JSON. Choices that are no JSON
    values (estimators, functions, tuples) are kept as labels.

    Parameters
    ----------
    url : str or path
        The path of an SQLite file, such as ``"study.db"``, or the database, as SQLAlchemy names
        it: ``"sqlite:///study.db"``,
        ``"postgresql://user:password@host/name"``, ``"mysql://..."``. ``{SCHEMA_VERSION}`` in it
        stands for the version of the tables, 12.
    engine_kwargs : dict, optional
        Handed on to :func:`sqlalchemy.create_engine`. A database in memory has one connection, so
        the size of a pool is ignored there. Connections to PostgreSQL have a `connect_timeout` of
        10 s, and notice a line that is cut, unless `connect_args` or the URL say otherwise.
    skip_compatibility_check : bool, default=False
        Do not compare the version of the tables.
    heartbeat_interval : int, optional
        Seconds between two signs of life of a running trial. With it, ``Study.optimize`` fails
        the trials whose worker died. (Searches always give signs of life.)
    grace_period : int, optional
        Seconds without a sign of life after which a worker counts as dead. Default: twice the
        interval.
    heartbeat_stale_trial_callback : callable, optional
        Called with the study and the trial after such a trial was failed, see
        :class:`RetryHeartbeatStaleTrialCallback`.
    failed_trial_callback : callable, optional
        An old name of `heartbeat_stale_trial_callback`.
    skip_table_creation : bool, default=False
        Do not create missing tables.

    Raises
    ------
    ValueError
        If the URL, or a number of seconds, is not valid, or the callback is given by both names.
    ImportError
        If the package that speaks to this kind of database is missing.
    RuntimeError
        If the tables have another version.
    skhpo.exceptions.StorageInternalError
        If the database cannot be reached, read or written.

    Examples
    --------
    >>> import skhpo
    >>> storage = skhpo.storages.RDBStorage("sqlite:///:memory:")
    >>> study = skhpo.create_study(storage=storage, study_name="first")
    >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    >>> len(skhpo.load_study(storage=storage, study_name="first").trials)
    3
    """

    def __init__(
        self,
        url: str | os.PathLike[str],
        engine_kwargs: dict[str, Any] | None = None,
        skip_compatibility_check: bool = False,
        *,
        heartbeat_interval: int | None = None,
        grace_period: int | None = None,
        heartbeat_stale_trial_callback: Callable[[Study, FrozenTrial], None] | None = None,
        failed_trial_callback: Callable[[Study, FrozenTrial], None] | None = None,
        skip_table_creation: bool = False,
    ) -> None:
        for name, seconds in (
            ("heartbeat_interval", heartbeat_interval),
            ("grace_period", grace_period),
        ):
            if seconds is not None and not seconds > 0:
                raise ValueError(f"`{name}` must be above 0 or None; got {seconds}.")
        if failed_trial_callback is not None:
            if heartbeat_stale_trial_callback is not None:
                raise ValueError(
                    "`failed_trial_callback` is an old name of `heartbeat_stale_trial_callback`: "
                    "give only the latter."
                )
            warnings.warn(
                "`failed_trial_callback` is an old name: write `heartbeat_stale_trial_callback`.",
                FutureWarning,
                stacklevel=2,
            )
            heartbeat_stale_trial_callback = failed_trial_callback
        self.heartbeat_interval = heartbeat_interval
        self.grace_period = grace_period
        self.heartbeat_stale_trial_callback = heartbeat_stale_trial_callback
        self.engine_kwargs = dict(engine_kwargs or {})
        self.skip_compatibility_check = skip_compatibility_check
        self._mirrors: dict[int, _Mirror] = {}  # by study
        self._study_of: dict[int, int] = {}  # by trial
        self._queue: list[Work] | None = None  # what a batch is to write
        self._delayed: list[Work] = []  # what is written soon: with what follows, or by itself
        self._alarm_is_set = False
        self._lock = threading.RLock()
        self._pulse = Pulse()
        self._database = Database(url, self.engine_kwargs)
        _storages.add(self)
        self._database.prepare(not skip_table_creation, not skip_compatibility_check)

    def __repr__(self) -> str:
        return f"RDBStorage({str(self._database)!r})"

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in self.__dict__.items() if name != "_lock"}
        return state | {
            "_mirrors": {},
            "_study_of": {},
            "_queue": None,
            "_delayed": [],
            "_alarm_is_set": False,
            "_pulse": Pulse(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.RLock())
        _storages.add(self)

    def _after_fork(self) -> None:
        """Be as the only thread of a new process needs it."""
        self._lock = threading.RLock()  # no thread that held it is here
        self._queue, self._delayed, self._alarm_is_set = None, [], False  # the parent writes those
        self._pulse = Pulse()
        self._database.after_fork()

    def __deepcopy__(self, memo: dict[int, Any]) -> RDBStorage:
        return self  # a line to a place: copied, it leads to the same

    @property
    def url(self) -> str:
        """The database, without the password."""
        return str(self._database)

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine: the pool of connections to the database."""
        return self._database.engine

    def get_current_version(self) -> str:
        """Return the version of the tables in the database."""
        return self._database.version()

    def get_head_version(self) -> str:
        """Return the version of the tables that this release reads and writes."""
        return REVISION

    def get_all_versions(self) -> list[str]:
        """Return the versions of the tables that this release knows: the head alone."""
        return [REVISION]

    def upgrade(self) -> None:
        """Check that the tables are up to date; older ones are for Optuna to bring up to it.

        Raises
        ------
        RuntimeError
            If the tables have another version: the message says what to do.
        """
        self._database.check_version(self._database.version())

    def remove_session(self) -> None:
        """Close the connections; the next use opens new ones."""
        self._database.dispose()

    # ------------------------------------------------------------------------ studies

    def create_new_study(self, directions: Sequence[int], study_name: str | None = None) -> int:
        """Keep a new study and return its id."""
        name = f"no-name-{uuid.uuid4()}" if study_name is None else study_name
        if len(name) > MAX_NAME:
            raise ValueError(f"A study's name has at most {MAX_NAME} characters; got {len(name)}.")

        def work(connection: Connection) -> int | None:
            if connection.execute(select(studies).where(studies.c.study_name == name)).first():
                return None
            result = connection.execute(insert(studies).values(study_name=name))
            study_id = _new_id(result)
            rows = [
                {"study_id": study_id, "objective": k, "direction": DIRECTIONS[direction]}
                for k, direction in enumerate(directions)
            ]
            connection.execute(insert(study_directions), rows)
            return study_id

        try:
            study_id: int | None = self._database.write(work)
        except StorageInternalError as error:
            if not isinstance(error.__cause__, IntegrityError):
                raise
            study_id = None  # another process was faster
        if study_id is None:
            raise DuplicatedStudyError(
                f"There is a study named {name!r}: load it with `load_study`, create it with "
                "`load_if_exists=True`, or choose another name."
            )
        return study_id

    def delete_study(self, study_id: int) -> None:
        """Remove a study and its trials."""

        def work(connection: Connection) -> None:
            _lock_study(connection, study_id)
            of_study = select(trials.c.trial_id).where(trials.c.study_id == study_id)
            for table in TRIAL_TABLES:
                connection.execute(delete(table).where(table.c.trial_id.in_(of_study)))
            for table in (
                trials,
                study_directions,
                study_user_attributes,
                study_system_attributes,
                studies,
            ):
                connection.execute(delete(table).where(table.c.study_id == study_id))

        with self._lock:
            self._delayed = [w for w in self._delayed if self._study_of.get(w.trial_id) != study_id]
            self._database.write(work)
            for trial in self._mirrors.pop(study_id, _Mirror()).trials:
                self._study_of.pop(trial._trial_id, None)

    def get_study_id_from_name(self, study_name: str) -> int:
        """Return the id of a study."""
        query = select(studies.c.study_id).where(studies.c.study_name == study_name)
        row = self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            names = sorted(study.study_name for study in self.get_all_studies())
            shown = ", ".join(map(repr, names[:10])) + (", ..." if len(names) > 10 else "")
            raise KeyError(f"There is no study named {study_name!r}; there are [{shown}].")
        return int(row[0])

    def get_study(self, study_id: int) -> StudyRecord:
        """Return what is known of a study."""
        found = self._database.read(lambda connection: _read_studies(connection, study_id))
        if not found:
            raise KeyError(f"There is no study with the id {study_id}.")
        return found[0]

    def get_all_studies(self) -> list[StudyRecord]:
        """Return what is known of each study, in the order in which they were created."""
        return self._database.read(_read_studies)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Keep a note of the user on a study."""
        self._set_study_attr(study_user_attributes, study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Keep a note of the library on a study."""
        self._set_study_attr(study_system_attributes, study_id, key, value)

    def _set_study_attr(self, table: Table, study_id: int, key: str, value: Any) -> None:
        row = {"study_id": study_id, "key": key, "value_json": _to_json(key, value)}

        def work(connection: Connection) -> None:
            _lock_study(connection, study_id)
            _upsert(connection, table, [row])

        self._database.write(work)

    # --------------------------------------------------------------------- new trials

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Keep a new trial, number it, and return its id."""
        trial_id = self._create(study_id, template_trial or create_trial(state=TrialState.RUNNING))
        assert trial_id is not None
        return trial_id

    def create_next_trial(self, study_id: int, template_trial: FrozenTrial) -> int | None:
        """Keep a new trial, and a sign of its life, if its number is the next.

        Return its id, or None.
        """
        return self._create(study_id, template_trial, template_trial.number)

    def _create(
        self, study_id: int, template: FrozenTrial, expected: int | None = None
    ) -> int | None:
        trial = copy.deepcopy(template)

        def work(connection: Connection) -> tuple[int, int] | None:
            _lock_study(connection, study_id)
            last = connection.execute(_NEWEST_NUMBER, {"id": study_id}).scalar()
            number = 0 if last is None else last + 1
            if expected is not None and number != expected:
                return None
            row = {
                "number": number,
                "study_id": study_id,
                "state": trial.state.name,
                "datetime_start": to_utc(trial.datetime_start),
                "datetime_complete": to_utc(trial.datetime_complete),
            }
            result = connection.execute(_NEW_TRIAL, row)
            trial_id = _new_id(result)
            for table, rows in _rows_of(trial, trial_id):
                if rows:
                    connection.execute(insert(table), rows)
            if expected is not None:
                _upsert(connection, trial_heartbeats, [_beat_row(trial_id, _now(connection))])
            return trial_id, number

        with self._lock:
            created = self._database.write(work)
            if created is None:
                return None
            trial._trial_id, trial.number = created
            mirror = self._mirror(study_id)
            if trial.number > len(mirror.trials):
                mirror = self._refresh(study_id)
            if trial.state == TrialState.RUNNING:
                mirror.own.add(trial._trial_id)
            mirror.take(trial)
            self._study_of[trial._trial_id] = study_id
            return trial._trial_id

    # ------------------------------------------------------------------ what is there

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Return a trial's record, which must not be changed."""
        with self._lock:
            trial = self._known(trial_id)
            mirror = self._mirrors[self._study_of[trial_id]]
            if trial.state.is_finished() or trial_id in mirror.own:
                return trial
            self._refresh(self._study_of[trial_id])
            return mirror.trials[trial.number]

    def _read_trials(self, study_id: int) -> list[FrozenTrial]:
        with self._lock:
            return list(self._refresh(study_id).trials)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """Return the id of a trial."""
        with self._lock:
            mirror = self._mirror(study_id)
            if not 0 <= trial_number < len(mirror.trials):
                self._refresh(study_id)
            if not 0 <= trial_number < len(mirror.trials):
                raise KeyError(
                    f"The study has no trial {trial_number}: it has {len(mirror.trials)}."
                )
            return mirror.trials[trial_number]._trial_id

    def _mirror(self, study_id: int) -> _Mirror:
        if study_id not in self._mirrors:
            self.get_study(study_id)  # raises a KeyError if there is none
            self._mirrors[study_id] = _Mirror()
        return self._mirrors[study_id]

    def _refresh(self, study_id: int) -> _Mirror:
        """Read what others have written since."""
        mirror = self._mirror(study_id)
        known = {
            trial_id: mirror.by_id[trial_id] if trial_id in mirror.own else None
            for trial_id in mirror.open
        }
        last = mirror.trials[-1] if mirror.trials else None
        changed = self._database.read(
            lambda connection: read_changed_trials(connection, study_id, last, known)
        )
        if changed is None:  # the study was deleted, and another one may have got its id
            for trial in self._mirrors.pop(study_id).trials:
                self._study_of.pop(trial._trial_id, None)
            return self._refresh(study_id)
        for trial in changed:
            mirror.take(trial)
            self._study_of[trial._trial_id] = study_id
        return mirror

    def _known(self, trial_id: int) -> FrozenTrial:
        """The record of a trial as it is known here."""
        if trial_id not in self._study_of:
            query = select(trials.c.study_id).where(trials.c.trial_id == trial_id)
            row = self._database.read(lambda connection: connection.execute(query).first())
            if row is None:
                raise KeyError(f"There is no trial with the id {trial_id}.")
            self._refresh(int(row[0]))
        return self._mirrors[self._study_of[trial_id]].by_id[trial_id]

    # ------------------------------------------------------------------ what is written

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Write all that is set inside in one transaction, at the end."""
        with self._lock:
            if self._queue is not None:
                yield
                return
            self._queue = []
            try:
                yield
            finally:
                queue, self._queue = self._queue, None
                self._write_all(queue)

    def _write_all(self, queue: list[Work] | None) -> None:
        """Write all in one transaction; trial by trial if others have ended one of them.

        If that fails, what is known of the trials is dropped.
        """
        if not queue:
            return
        try:
            self._write(*queue)
        except SkhpoError as error:
            self._forget()
            if isinstance(error, UpdateFinishedTrialError):
                self._perform_by_trial(queue)
            raise

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Set a parameter of an open trial, as the distribution's internal number."""
        row = {
            "trial_id": trial_id,
            "param_name": param_name,
            "param_value": float(param_value_internal),
            "distribution_json": distribution_json(distribution),
        }
        with self._lock:
            trial = self._open_trial(trial_id)
            mirror = self._mirrors[self._study_of[trial_id]]
            known = mirror.first.get(param_name, distribution)
            if known is not distribution:
                check_distribution_compatibility(known, distribution)
            runs_here = trial_id in mirror.own
            write = self._write_soon if runs_here else self._write
            write(_Setting(trial_id, trial_params, row))
            mirror.first.setdefault(param_name, distribution)
            trial.params[param_name] = distribution.to_external_repr(param_value_internal)
            trial.distributions[param_name] = distribution

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Move a trial to another state; its start and its end are noted with the time."""
        with self._lock:
            if state == TrialState.RUNNING:
                return self._start(self._known(trial_id))
            trial = self._open_trial(trial_id)
            ended = datetime.now() if state.is_finished() else None
            self._write(_Ending(trial_id, trial.number, state, ended, values))
            trial.values = trial.values if values is None else list(values)
            trial.state, trial.datetime_complete = state, ended
            self._mirrors[self._study_of[trial_id]].take(trial)
            return True

    def _start(self, trial: FrozenTrial) -> bool:
        """Start a waiting trial, unless someone else has started it."""
        now = datetime.now()
        start = (
            update(trials)
            .where(trials.c.trial_id == trial._trial_id)
            .where(trials.c.state == TrialState.WAITING.name)
            .values(state=TrialState.RUNNING.name, datetime_start=to_utc(now))
        )
        if self._database.write(lambda connection: connection.execute(start).rowcount) == 0:
            return False
        trial.state, trial.datetime_start = TrialState.RUNNING, now
        self._mirrors[self._study_of[trial._trial_id]].own.add(trial._trial_id)
        return True

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Keep a value reported by an open trial."""
        number, kind = to_stored(intermediate_value)
        row = {
            "trial_id": trial_id,
            "step": step,
            "intermediate_value": number,
            "intermediate_value_type": kind,
        }
        with self._lock:
            trial = self._open_trial(trial_id)
            self._write(_Setting(trial_id, trial_intermediate_values, row))
            trial.intermediate_values[step] = intermediate_value

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Keep a note of the user on an open trial."""
        row = _attr_row(trial_id, key, value)
        with self._lock:
            trial = self._open_trial(trial_id)
            self._write(_Setting(trial_id, trial_user_attributes, row))
            trial.user_attrs[key] = json.loads(row["value_json"])

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Keep a note of the library on an open trial."""
        row = _attr_row(trial_id, key, value)
        with self._lock:
            trial = self._open_trial(trial_id)
            self._write(_Setting(trial_id, trial_system_attributes, row))
            trial.system_attrs[key] = json.loads(row["value_json"])

    def take_over(self, trial_id: int, key: str, old: Any, new: Any) -> bool:
        """Change a note of the library on an open trial if it still is what it was.

        The trial counts as one that runs here from then on. Not to be used inside a batch.
        """
        table = trial_system_attributes
        query = select(table.c.value_json).where(table.c.trial_id == trial_id, table.c.key == key)

        def work(connection: Connection) -> bool:
            _check_open(connection, trial_id)
            found = connection.execute(query).scalar()
            what = f"attribute {key!r} of the trial with the id {trial_id}"
            if (None if found is None else read_json(found, json.loads, what)) != old:
                return False
            _upsert(connection, table, [_attr_row(trial_id, key, new)])
            return True

        with self._lock:
            try:
                if not self._database.write(work):
                    return False
            except UpdateFinishedTrialError:
                return False
            self._write()  # what is on its way from here, so that it is read again
            study_id = self._study_of[self._known(trial_id)._trial_id]
            self._mirrors[study_id].own.discard(trial_id)
            self._refresh(study_id)  # whoever ran it may have written since
            self._mirrors[study_id].own.add(trial_id)
            return True

    def _open_trial(self, trial_id: int) -> FrozenTrial:
        trial = self._known(trial_id)
        if trial.state.is_finished():
            raise _has_ended(trial.number, trial.state.name)
        return trial

    def _write(self, *works: Work) -> None:
        """Write now, or with the batch."""
        if self._queue is not None:
            self._queue.extend(works)
            return
        delayed, self._delayed = self._delayed, []
        try:
            self._perform_after(delayed, works)
        except StorageInternalError as error:
            if isinstance(error.__cause__, OperationalError):  # such as a lock: it may pass
                self._delayed = delayed
            raise

    def _perform_after(self, delayed: Sequence[Work], works: Sequence[Work]) -> None:
        """Write in one transaction, but for delayed work that can no longer be done."""
        try:
            self._perform((*delayed, *works))
        except (UpdateFinishedTrialError, KeyError):
            if not delayed:
                raise
            self._perform_by_trial(delayed)
            self._perform(works)

    def _perform(self, works: Sequence[Work]) -> None:
        if works:
            self._database.write(lambda connection: _perform(connection, works))

    def _perform_by_trial(self, works: Sequence[Work]) -> None:
        """Write what can be written, each trial in one transaction."""
        for trial_id in dict.fromkeys(work.trial_id for work in works):
            with suppress(UpdateFinishedTrialError, KeyError):
                self._perform([work for work in works if work.trial_id == trial_id])

    def _forget(self) -> None:
        """Have all trials read anew; those that run here still do."""
        self._mirrors = {key: _Mirror(own=mirror.own) for key, mirror in self._mirrors.items()}
        self._study_of.clear()

    def _write_soon(self, work: Work) -> None:
        """Write with what is written next, but no later than in a moment.

        A trial asks for its parameters one by one: they make one transaction.
        """
        if self._queue is not None:
            self._queue.append(work)
            return
        self._delayed.append(work)
        if not self._alarm_is_set:
            self._alarm_is_set = True
            threading.Timer(DELAY, self._write_delayed).start()  # ends before the process does

    def _write_delayed(self) -> None:
        with self._lock:
            self._alarm_is_set = False
            delayed, self._delayed = self._delayed, []
            try:
                self._perform_after(delayed, ())
            except SkhpoError:  # what is written next meets the same, and tells
                self._delayed = delayed + self._delayed

    # ----------------------------------------------------------------------- heartbeats

    def record_heartbeat(self, trial_id: int) -> None:
        """Note that the worker of a trial is alive, by the database's clock."""
        self.record_heartbeats([trial_id])

    def record_heartbeats(self, trial_ids: Sequence[int]) -> None:
        """Note that the workers of some trials are alive, by the database's clock."""

        def work(connection: Connection) -> None:
            now = self._pulse.read(lambda: _now(connection))
            rows = [_beat_row(trial_id, now) for trial_id in trial_ids]
            _upsert(connection, trial_heartbeats, rows)

        if trial_ids:
            self._database.write(work)

    def get_heartbeat_interval(self) -> int | None:
        """Return the seconds between two heartbeats; None if there are none."""
        return self.heartbeat_interval

    def get_heartbeat_stale_trial_callback(self) -> Callable[[Study, FrozenTrial], None] | None:
        """Return what is called with a study and a trial whose worker died."""
        return self.heartbeat_stale_trial_callback

    def get_stale_trial_ids(self, study_id: int, grace_period: float | None = None) -> list[int]:
        """Return the ids of the running trials whose last heartbeat is too old.

        Trials that never had one are not among them. `grace_period` is in seconds; by default it
        is that of the storage. Where the database's clock was seen to jump ahead, as it is when
        a machine wakes from sleep, workers have a grace period to give a new sign. Where it was
        put back, a heartbeat counts as old once this process has seen no other for so long.
        """
        if grace_period is None:
            grace_period = self.grace_period or 2 * (self.heartbeat_interval or 60)
        query = (
            select(trials.c.trial_id, trial_heartbeats.c.heartbeat)
            .join(trial_heartbeats, trial_heartbeats.c.trial_id == trials.c.trial_id)
            .where(trials.c.study_id == study_id, trials.c.state == TrialState.RUNNING.name)
            .order_by(trials.c.trial_id)
        )

        def work(connection: Connection) -> tuple[datetime, dict[int, datetime]]:
            now = self._pulse.read(lambda: _now(connection))
            return now, {row.trial_id: row.heartbeat for row in connection.execute(query)}

        now, beats = self._database.read(work)
        return self._pulse.stale(study_id, now, beats, grace_period)


# ------------------------------------------------------------------------ statements

_STUDY_LOCKED = (
    select(studies.c.study_id).where(studies.c.study_id == bindparam("id")).with_for_update()
)
_NEWEST_NUMBER = (
    select(trials.c.number)
    .where(trials.c.study_id == bindparam("id"))
    .order_by(trials.c.trial_id.desc())
    .limit(1)
)
_NEW_TRIAL = insert(trials)
_STATE_LOCKED = (
    select(trials.c.number, trials.c.state)
    .where(trials.c.trial_id == bindparam("id"))
    .with_for_update()
)
_STATE_AND_END = select(trials.c.state, trials.c.datetime_complete).where(
    trials.c.trial_id == bindparam("id")
)
_MOVE = (
    update(trials)
    .where(trials.c.trial_id == bindparam("id"), trials.c.state.in_(OPEN_STATES))
    .values(state=bindparam("to"), datetime_complete=bindparam("moment"))
)


def _lock_study(connection: Connection, study_id: int) -> None:
    """Hold a study's row to the end of the transaction: its trials are numbered one by one."""
    if connection.execute(_STUDY_LOCKED, {"id": study_id}).first() is None:
        raise KeyError(f"There is no study with the id {study_id}.")


def _new_id(result: CursorResult[Any]) -> int:
    """The id of the row that was inserted."""
    key: Any = result.inserted_primary_key
    return int(key[0])


def _perform(connection: Connection, works: Sequence[Work]) -> None:
    """Write rows of open trials, then end those that are to end."""
    checked: set[int] = set()
    rows: dict[Table, list[dict[str, Any]]] = {}
    for work in works:
        if isinstance(work, _Setting):
            if work.trial_id not in checked:
                _check_open(connection, work.trial_id)
                checked.add(work.trial_id)
            rows.setdefault(work.table, []).append(work.row)
    for table, new in rows.items():
        _upsert(connection, table, new)
    for work in works:
        if isinstance(work, _Ending):
            _end(connection, work)


def _check_open(connection: Connection, trial_id: int) -> None:
    """Hold a trial's row to the end of the transaction; raise an error if it has ended."""
    row = connection.execute(_STATE_LOCKED, {"id": trial_id}).first()
    if row is None:
        raise KeyError(f"There is no trial with the id {trial_id}.")
    if row.state not in OPEN_STATES:
        raise _has_ended(row.number, row.state)


def _end(connection: Connection, ending: _Ending) -> None:
    """Move an open trial to another state; done twice, it is as if done once."""
    moment = to_utc(ending.moment)
    new = {"id": ending.trial_id, "to": ending.state.name, "moment": moment}
    if connection.execute(_MOVE, new).rowcount == 0:
        row = connection.execute(_STATE_AND_END, {"id": ending.trial_id}).one()
        if tuple(row) != (ending.state.name, moment):
            raise _has_ended(ending.number, row.state)
    if ending.values:
        _upsert(connection, trial_values, _value_rows(ending.trial_id, ending.values))


def _now(connection: Connection) -> datetime:
    """The time by the database's clock, as Optuna reads it."""
    moment: datetime = connection.execute(select(func.now())).scalar_one()
    return moment.replace(tzinfo=None)


def _upsert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, or put them in the place of those with the same unique key."""
    connection.execute(_upsert_statement(connection.dialect.name, table, tuple(rows[0])), rows)


@lru_cache(maxsize=128)
def _upsert_statement(dialect: str, table: Table, columns: tuple[str, ...]) -> Any:
    [constraint] = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
    unique = [column.name for column in constraint.columns]
    others = [name for name in columns if name not in unique]
    if dialect in ("mysql", "mariadb"):
        statement = mysql.insert(table)
        return statement.on_duplicate_key_update({k: statement.inserted[k] for k in others})
    makers: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    if dialect not in makers:
        raise ValueError(
            f"skhpo writes to SQLite, PostgreSQL, MySQL and MariaDB; got a {dialect} database."
        )
    insertion = makers[dialect](table)
    return insertion.on_conflict_do_update(
        index_elements=unique, set_={k: insertion.excluded[k] for k in others}
    )


def _read_studies(connection: Connection, study_id: int | None = None) -> list[StudyRecord]:
    """Read what is known of one study, or of all."""

    def rows(table: Table, *columns: Any) -> Any:
        query = select(table.c.study_id, *columns).order_by(*table.primary_key)
        return connection.execute(
            query if study_id is None else query.where(table.c.study_id == study_id)
        )

    records: dict[int, Any] = {
        owner: (owner, name, {}, {}, {}) for owner, name in rows(studies, studies.c.study_name)
    }
    d = study_directions.c
    for owner, objective, direction in rows(study_directions, d.objective, d.direction):
        _owner(records, owner)[2][objective] = DIRECTIONS.index(direction)
    for position, table in enumerate((study_user_attributes, study_system_attributes), start=3):
        for owner, key, text in rows(table, table.c.key, table.c.value_json):
            record = _owner(records, owner)
            what = f"attribute {key!r} of study {record[1]!r}"
            record[position][key] = read_json(text, json.loads, what)
    return [
        StudyRecord(owner, name, tuple(by[k] for k in sorted(by)), user_attrs, system_attrs)
        for owner, name, by, user_attrs, system_attrs in records.values()
    ]


def _owner(records: dict[int, Any], study_id: int) -> Any:
    """The study that a row belongs to; it is missing where a page of the file was lost."""
    if study_id not in records:
        raise DamagedError(f"the study with the id {study_id} is missing: the database is damaged")
    return records[study_id]


# ------------------------------------------------------------------------------ rows


def _rows_of(trial: FrozenTrial, trial_id: int) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """The rows of a trial's record in the other tables."""
    yield (
        trial_params,
        [
            {
                "trial_id": trial_id,
                "param_name": name,
                "param_value": distribution.to_internal_repr(trial.params[name]),
                "distribution_json": distribution_json(distribution),
            }
            for name, distribution in trial.distributions.items()
        ],
    )
    yield trial_values, _value_rows(trial_id, trial.values or ())
    reports = [(step, *to_stored(value)) for step, value in trial.intermediate_values.items()]
    yield (
        trial_intermediate_values,
        [
            {
                "trial_id": trial_id,
                "step": step,
                "intermediate_value": number,
                "intermediate_value_type": kind,
            }
            for step, number, kind in reports
        ],
    )
    for table, attrs in (
        (trial_user_attributes, trial.user_attrs),
        (trial_system_attributes, trial.system_attrs),
    ):
        yield table, [_attr_row(trial_id, key, value) for key, value in attrs.items()]


def _value_rows(trial_id: int, values: Sequence[float]) -> list[dict[str, Any]]:
    rows = []
    for objective, value in enumerate(values):
        number, kind = to_stored(value)
        rows.append(
            {"trial_id": trial_id, "objective": objective, "value": number, "value_type": kind}
        )
    return rows


def _attr_row(trial_id: int, key: str, value: Any) -> dict[str, Any]:
    return {"trial_id": trial_id, "key": key, "value_json": _to_json(key, value)}


def _beat_row(trial_id: int, moment: datetime) -> dict[str, Any]:
    return {"trial_id": trial_id, "heartbeat": moment}


def _to_json(key: str, value: Any) -> str:
    if len(key) > MAX_NAME:
        raise ValueError(f"The key of an attribute has at most {MAX_NAME} characters: {key[:50]}…")
    return attribute_json(key, value)


def _has_ended(number: int, state: str) -> UpdateFinishedTrialError:
    return UpdateFinishedTrialError(f"Trial {number} is {state}: it cannot be changed any more.")


_storages: weakref.WeakSet[RDBStorage] = weakref.WeakSet()


def _begin_forked_process() -> None:
    for storage in list(_storages):
        storage._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_forked_process)
