"""A storage in a relational database, compatible with Optuna's tools."""

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
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.engine import Connection, Engine
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
from skhpo.storages._json import distribution_json, read_json
from skhpo.storages._reading import read_changed_trials, to_utc
from skhpo.storages._statements import (
    NEW_TRIAL,
    NEWEST_NUMBER,
    RowOfTrial,
    StateOfTrial,
    Work,
    attr_row,
    beat_row,
    check_open,
    has_ended,
    lock_study,
    new_id,
    read_clock,
    read_studies,
    rows_of,
    to_json,
    upsert,
    write_works,
)
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
    trials,
)
from skhpo.storages._trial_cache import TrialCache
from skhpo.trial import FrozenTrial, TrialState, create_trial

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["RDBStorage"]

DELAY = 0.1  # seconds for which parameters wait, to be written together with other changes


class RDBStorage(BaseStorage):
    """Studies in a relational database: an SQLite file, PostgreSQL, MySQL.

    The tables are those of Optuna 5 (version 12, revision v3.2.0.a). Optuna and its dashboard can
    open skhpo's studies while they run, skhpo can open Optuna's, and workers of both can share a
    study. Any number of threads, processes and machines can use one database at the same time.

    Each event (a trial starts, reports or ends) is one atomic transaction, so the database stays
    consistent if a process is killed. Reads fetch only new data. After a lock or a lost connection,
    transactions are retried for up to a minute. SQLite is used with a write-ahead log: the files
    ``*-wal`` and ``*-shm`` next to the database belong to it.

    Nothing is unpickled: the database contains numbers and JSON. Choices that are not JSON values
    (estimators, functions, tuples) are stored as labels.

    Parameters
    ----------
    url : str or path
        The path of an SQLite file, such as ``"study.db"``, or SQLAlchemy's URL of the database:
        ``"sqlite:///study.db"``, ``"postgresql://user:password@host/name"``, ``"mysql://..."``.
        ``{SCHEMA_VERSION}`` in it is replaced by the version of the tables, 12.
    engine_kwargs : dict, optional
        Passed to :func:`sqlalchemy.create_engine`. An in-memory database has one connection, so
        the size of the pool is ignored. By default, connections to PostgreSQL have a
        `connect_timeout` of 10 s and detect a broken connection; `connect_args` and the URL
        override this.
    skip_compatibility_check : bool, default=False
        Do not check the version of the tables.
    heartbeat_interval : int, optional
        Seconds between two heartbeats of a running trial. If set, ``Study.optimize`` fails the
        trials whose worker died. (Searches always write heartbeats.)
    grace_period : int, optional
        Seconds without a heartbeat after which a worker counts as dead. Default: twice the
        interval.
    heartbeat_stale_trial_callback : callable, optional
        Called with the study and the trial after such a trial was failed; see
        :class:`RetryHeartbeatStaleTrialCallback`.
    failed_trial_callback : callable, optional
        Deprecated alias of `heartbeat_stale_trial_callback`.
    skip_table_creation : bool, default=False
        Do not create missing tables.

    Raises
    ------
    ValueError
        If the URL or a number of seconds is invalid, or the callback is given under both names.
    ImportError
        If the driver of this kind of database is not installed.
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
                    "`failed_trial_callback` is an alias of `heartbeat_stale_trial_callback`: "
                    "give only the latter."
                )
            warnings.warn(
                "`failed_trial_callback` is deprecated: use `heartbeat_stale_trial_callback`.",
                FutureWarning,
                stacklevel=2,
            )
            heartbeat_stale_trial_callback = failed_trial_callback
        self.heartbeat_interval = heartbeat_interval
        self.grace_period = grace_period
        self.heartbeat_stale_trial_callback = heartbeat_stale_trial_callback
        self.engine_kwargs = dict(engine_kwargs or {})
        self.skip_compatibility_check = skip_compatibility_check
        self._caches: dict[int, TrialCache] = {}  # by study
        self._study_of: dict[int, int] = {}  # by trial
        self._queue: list[Work] | None = None  # what the current batch will write
        self._delayed: list[Work] = []  # written with the next write, or after ``DELAY``
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
            "_caches": {},
            "_study_of": {},
            "_queue": None,
            "_delayed": [],
            "_alarm_is_set": False,
            "_pulse": Pulse(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.RLock())
        _storages.add(self)

    def restart_after_fork(self) -> None:
        """Reset locks and queues after a fork."""
        self._lock = threading.RLock()  # the thread that held it does not exist here
        self._queue, self._delayed, self._alarm_is_set = None, [], False  # the parent writes them
        self._pulse = Pulse()
        self._database.after_fork()

    def __deepcopy__(self, memo: dict[int, Any]) -> RDBStorage:
        return self  # a copy would refer to the same place

    @property
    def url(self) -> str:
        """The URL of the database, without the password."""
        return str(self._database)

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine: the connection pool."""
        return self._database.engine

    def get_current_version(self) -> str:
        """Return the version of the tables in the database."""
        return self._database.version()

    def get_head_version(self) -> str:
        """Return the version of the tables that this release reads and writes."""
        return REVISION

    def get_all_versions(self) -> list[str]:
        """Return the versions of the tables that this release supports: only the head."""
        return [REVISION]

    def upgrade(self) -> None:
        """Check that the tables are up to date; upgrade older ones with Optuna.

        Raises
        ------
        RuntimeError
            If the tables have another version. The message says what to do.
        """
        self._database.check_version(self._database.version())

    def remove_session(self) -> None:
        """Close the connections; the next use opens new ones."""
        self._database.dispose()

    # ------------------------------------------------------------------------ studies

    def create_new_study(self, directions: Sequence[int], study_name: str | None = None) -> int:
        """Create a study and return its id."""
        name = f"no-name-{uuid.uuid4()}" if study_name is None else study_name
        if len(name) > MAX_NAME:
            raise ValueError(
                f"`study_name` must have at most {MAX_NAME} characters; got {len(name)}."
            )

        def work(connection: Connection) -> int | None:
            if connection.execute(select(studies).where(studies.c.study_name == name)).first():
                return None
            result = connection.execute(insert(studies).values(study_name=name))
            study_id = new_id(result)
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
                f"A study named {name!r} already exists. Load it with `load_study`, use "
                "`load_if_exists=True`, or choose another name."
            )
        return study_id

    def delete_study(self, study_id: int) -> None:
        """Remove a study and its trials."""

        def work(connection: Connection) -> None:
            lock_study(connection, study_id)
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
            # SQLite may give the ids of deleted trials to new ones.
            self._delayed = self._of_other_studies(self._delayed, study_id)
            if self._queue is not None:
                self._queue = self._of_other_studies(self._queue, study_id)
            self._database.write(work)
            for trial in self._caches.pop(study_id, TrialCache()).trials:
                self._study_of.pop(trial.trial_id, None)

    def _of_other_studies(self, works: list[Work], study_id: int) -> list[Work]:
        return [work for work in works if self._study_of.get(work.trial_id) != study_id]

    def get_study_id_from_name(self, study_name: str) -> int:
        """Return the id of a study."""
        query = select(studies.c.study_id).where(studies.c.study_name == study_name)
        row = self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            names = sorted(study.study_name for study in self.get_all_studies())
            shown = ", ".join(map(repr, names[:10])) + (", ..." if len(names) > 10 else "")
            raise KeyError(f"No study is named {study_name!r}; the names are [{shown}].")
        return int(row[0])

    def get_study(self, study_id: int) -> StudyRecord:
        """Return the record of a study."""
        found = self._database.read(lambda connection: read_studies(connection, study_id))
        if not found:
            raise KeyError(f"No study has the id {study_id}.")
        return found[0]

    def get_all_studies(self) -> list[StudyRecord]:
        """Return the records of all studies, in the order of their creation."""
        return self._database.read(read_studies)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set a user attribute of a study."""
        self._set_study_attr(study_user_attributes, study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set a system attribute of a study."""
        self._set_study_attr(study_system_attributes, study_id, key, value)

    def _set_study_attr(self, table: Table, study_id: int, key: str, value: Any) -> None:
        row = {"study_id": study_id, "key": key, "value_json": to_json(key, value)}

        def work(connection: Connection) -> None:
            lock_study(connection, study_id)
            upsert(connection, table, [row])

        self._database.write(work)

    # --------------------------------------------------------------------- new trials

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Create a trial with the next number and return its id."""
        trial_id = self._create(study_id, template_trial or create_trial(state=TrialState.RUNNING))
        assert trial_id is not None
        return trial_id

    def create_next_trial(self, study_id: int, template_trial: FrozenTrial) -> int | None:
        """Create a trial and its first heartbeat if the template has the next number.

        Return its id, or None.
        """
        return self._create(study_id, template_trial, template_trial.number)

    def _create(
        self, study_id: int, template: FrozenTrial, expected: int | None = None
    ) -> int | None:
        trial = copy.deepcopy(template)

        def work(connection: Connection) -> tuple[int, int] | None:
            lock_study(connection, study_id)
            last = connection.execute(NEWEST_NUMBER, {"id": study_id}).scalar()
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
            result = connection.execute(NEW_TRIAL, row)
            trial_id = new_id(result)
            for table, rows in rows_of(trial, trial_id):
                if rows:
                    connection.execute(insert(table), rows)
            if expected is not None:
                upsert(connection, trial_heartbeats, [beat_row(trial_id, read_clock(connection))])
            return trial_id, number

        with self._lock:
            created = self._database.write(work)
            if created is None:
                return None
            trial.trial_id, trial.number = created
            cache = self._cache_of(study_id)
            if trial.number > len(cache.trials):
                cache = self._refresh(study_id)
            if trial.state == TrialState.RUNNING:
                cache.own.add(trial.trial_id)
            cache.take(trial)
            self._study_of[trial.trial_id] = study_id
            return trial.trial_id

    # ------------------------------------------------------------------------ reading

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Return a trial's record, which must not be changed."""
        with self._lock:
            trial = self._known(trial_id)
            cache = self._caches[self._study_of[trial_id]]
            if trial.state.is_finished() or trial_id in cache.own:
                return trial
            self._refresh(self._study_of[trial_id])
            return cache.trials[trial.number]

    def _read_trials(self, study_id: int) -> list[FrozenTrial]:
        with self._lock:
            return list(self._refresh(study_id).trials)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """Return the id of a trial."""
        with self._lock:
            cache = self._cache_of(study_id)
            if not 0 <= trial_number < len(cache.trials):
                self._refresh(study_id)
            if not 0 <= trial_number < len(cache.trials):
                raise KeyError(
                    f"The study has no trial {trial_number}: it has {len(cache.trials)} trials."
                )
            return cache.trials[trial_number].trial_id

    def _cache_of(self, study_id: int) -> TrialCache:
        if study_id not in self._caches:
            self.get_study(study_id)  # raises a KeyError if there is none
            self._caches[study_id] = TrialCache()
        return self._caches[study_id]

    def _refresh(self, study_id: int) -> TrialCache:
        """Read what other processes have written since the last read."""
        cache = self._cache_of(study_id)
        known = {
            trial_id: cache.by_id[trial_id] if trial_id in cache.own else None
            for trial_id in cache.open
        }
        last = cache.trials[-1] if cache.trials else None
        changed = self._database.read(
            lambda connection: read_changed_trials(connection, study_id, last, known)
        )
        if changed is None:  # the study was deleted, and its id may have been reused
            for trial in self._caches.pop(study_id).trials:
                self._study_of.pop(trial.trial_id, None)
            return self._refresh(study_id)
        for trial in changed:
            cache.take(trial)
            self._study_of[trial.trial_id] = study_id
        return cache

    def _known(self, trial_id: int) -> FrozenTrial:
        """Return the cached record of a trial."""
        if trial_id not in self._study_of:
            query = select(trials.c.study_id).where(trials.c.trial_id == trial_id)
            row = self._database.read(lambda connection: connection.execute(query).first())
            if row is None:
                raise KeyError(f"No trial has the id {trial_id}.")
            self._refresh(int(row[0]))
        return self._caches[self._study_of[trial_id]].by_id[trial_id]

    # ------------------------------------------------------------------------ writing

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Write all changes inside the context in one transaction at its end."""
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
        """Write all in one transaction, or trial by trial if another process has ended one."""
        if not queue:
            return
        with self._forgetting_after_errors():
            try:
                self._write(*queue)
            except UpdateFinishedTrialError:
                self._perform_by_trial(queue)
                raise

    @contextmanager
    def _forgetting_after_errors(self) -> Iterator[None]:
        """Clear the caches after any error in the block, Ctrl-C included.

        It is then unknown what was stored, so it must be read again.
        """
        try:
            yield
        except BaseException:
            self._forget()
            raise

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Set a parameter of an open trial, given as the distribution's internal number."""
        row = {
            "trial_id": trial_id,
            "param_name": param_name,
            "param_value": float(param_value_internal),
            "distribution_json": distribution_json(distribution),
        }
        with self._lock:
            trial = self._open_trial(trial_id)
            cache = self._caches[self._study_of[trial_id]]
            known = cache.first.get(param_name, distribution)
            if known is not distribution:
                check_distribution_compatibility(known, distribution)
            runs_here = trial_id in cache.own
            write = self._write_soon if runs_here else self._write
            write(RowOfTrial(trial_id, trial_params, row))
            cache.first.setdefault(param_name, distribution)
            trial.params[param_name] = distribution.to_external_repr(param_value_internal)
            trial.distributions[param_name] = distribution

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Change the state of a trial; store the time of its start and its end."""
        with self._lock:
            if state == TrialState.RUNNING:
                return self._start(self._known(trial_id))
            trial = self._open_trial(trial_id)
            ended = datetime.now() if state.is_finished() else None
            self._write(StateOfTrial(trial_id, trial.number, state, ended, values))
            trial.values = trial.values if values is None else list(values)
            trial.state, trial.datetime_complete = state, ended
            self._caches[self._study_of[trial_id]].take(trial)
            return True

    def _start(self, trial: FrozenTrial) -> bool:
        """Start a waiting trial, unless another process has started it."""
        now = datetime.now()
        start = (
            update(trials)
            .where(trials.c.trial_id == trial.trial_id)
            .where(trials.c.state == TrialState.WAITING.name)
            .values(state=TrialState.RUNNING.name, datetime_start=to_utc(now))
        )
        if self._database.write(lambda connection: connection.execute(start).rowcount) == 0:
            return False
        trial.state, trial.datetime_start = TrialState.RUNNING, now
        self._caches[self._study_of[trial.trial_id]].own.add(trial.trial_id)
        return True

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Store an intermediate value of an open trial."""
        number, kind = to_stored(intermediate_value)
        row = {
            "trial_id": trial_id,
            "step": step,
            "intermediate_value": number,
            "intermediate_value_type": kind,
        }
        with self._lock:
            trial = self._open_trial(trial_id)
            self._write(RowOfTrial(trial_id, trial_intermediate_values, row))
            trial.intermediate_values[step] = intermediate_value

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set a user attribute of an open trial."""
        row = attr_row(trial_id, key, value)
        with self._lock:
            trial = self._open_trial(trial_id)
            self._write(RowOfTrial(trial_id, trial_user_attributes, row))
            trial.user_attrs[key] = json.loads(row["value_json"])

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set a system attribute of an open trial."""
        row = attr_row(trial_id, key, value)
        with self._lock:
            trial = self._open_trial(trial_id)
            self._write(RowOfTrial(trial_id, trial_system_attributes, row))
            trial.system_attrs[key] = json.loads(row["value_json"])

    def take_over(self, trial_id: int, key: str, old: Any, new: Any) -> bool:
        """Replace a system attribute of an open trial if it still has the expected value.

        Afterwards the trial counts as running in this process. Must not be called in a batch.
        """
        table = trial_system_attributes
        query = select(table.c.value_json).where(table.c.trial_id == trial_id, table.c.key == key)

        def work(connection: Connection) -> bool:
            check_open(connection, trial_id)
            found = connection.execute(query).scalar()
            what = f"attribute {key!r} of the trial with the id {trial_id}"
            if (None if found is None else read_json(found, json.loads, what)) != old:
                return False
            upsert(connection, table, [attr_row(trial_id, key, new)])
            return True

        with self._lock:
            try:
                with self._forgetting_after_errors():
                    if not self._database.write(work):
                        return False
            except UpdateFinishedTrialError:
                return False
            self._write()  # write pending changes of this process, so that they are read again
            study_id = self._study_of[self._known(trial_id).trial_id]
            self._caches[study_id].own.discard(trial_id)
            self._refresh(study_id)  # the former owner may have written since
            self._caches[study_id].own.add(trial_id)
            return True

    def _open_trial(self, trial_id: int) -> FrozenTrial:
        trial = self._known(trial_id)
        if trial.state.is_finished():
            raise has_ended(trial.number, trial.state.name)
        return trial

    def _write(self, *works: Work) -> None:
        """Write now, or at the end of the batch."""
        if self._queue is not None:
            self._queue.extend(works)
            return
        delayed, self._delayed = self._delayed, []
        try:
            self._perform_after(delayed, works)
        except StorageInternalError as error:
            if isinstance(error.__cause__, OperationalError):  # such as a lock; a retry may succeed
                self._delayed = delayed
            raise

    def _perform_after(self, delayed: Sequence[Work], works: Sequence[Work]) -> None:
        """Write in one transaction, except delayed work that is no longer possible."""
        try:
            self._perform((*delayed, *works))
        except (UpdateFinishedTrialError, KeyError):
            if not delayed:
                raise
            self._perform_by_trial(delayed)
            self._perform(works)

    def _perform(self, works: Sequence[Work]) -> None:
        if works:
            self._database.write(lambda connection: write_works(connection, works))

    def _perform_by_trial(self, works: Sequence[Work]) -> None:
        """Write everything possible, one transaction per trial."""
        for trial_id in dict.fromkeys(work.trial_id for work in works):
            with suppress(UpdateFinishedTrialError, KeyError):
                self._perform([work for work in works if work.trial_id == trial_id])

    def _forget(self) -> None:
        """Clear the caches, except for which trials run in this process."""
        self._caches = {key: TrialCache(own=cache.own) for key, cache in self._caches.items()}
        self._study_of.clear()

    def _write_soon(self, work: Work) -> None:
        """Write with the next write, but no later than after ``DELAY``.

        A trial asks for its parameters one by one; this writes them in one transaction.
        """
        if self._queue is not None:
            self._queue.append(work)
            return
        self._delayed.append(work)
        if not self._alarm_is_set:
            self._alarm_is_set = True
            threading.Timer(DELAY, self._write_delayed).start()  # the process waits for it

    def _write_delayed(self) -> None:
        with self._lock:
            self._alarm_is_set = False
            delayed, self._delayed = self._delayed, []
            try:
                self._perform_after(delayed, ())
            except SkhpoError:  # the next write fails for the same reason and reports it
                self._delayed = delayed + self._delayed

    # ----------------------------------------------------------------------- heartbeats

    def record_heartbeat(self, trial_id: int) -> None:
        """Store that a trial's worker is alive, with the time of the database's clock."""
        self.record_heartbeats([trial_id])

    def record_heartbeats(self, trial_ids: Sequence[int]) -> None:
        """Store that trials' workers are alive, with the time of the database's clock."""

        def work(connection: Connection) -> None:
            now = self._pulse.read(lambda: read_clock(connection))
            rows = [beat_row(trial_id, now) for trial_id in trial_ids]
            upsert(connection, trial_heartbeats, rows)

        if trial_ids:
            self._database.write(work)

    def get_heartbeat_interval(self) -> int | None:
        """Return the seconds between two heartbeats; None without heartbeats."""
        return self.heartbeat_interval

    def get_heartbeat_stale_trial_callback(self) -> Callable[[Study, FrozenTrial], None] | None:
        """Return the function that is called with a study and a trial whose worker died."""
        return self.heartbeat_stale_trial_callback

    def get_stale_trial_ids(self, study_id: int, grace_period: float | None = None) -> list[int]:
        """Return the ids of the running trials whose last heartbeat is too old.

        Trials without any heartbeat are not returned. `grace_period` is in seconds; the default is
        the storage's. If the database's clock jumps ahead, for example when a machine wakes from
        sleep, workers have a grace period to write a new heartbeat. If the clock is set back, a
        heartbeat is stale once this process has seen no newer one for a grace period.
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
            now = self._pulse.read(lambda: read_clock(connection))
            return now, {row.trial_id: row.heartbeat for row in connection.execute(query)}

        now, beats = self._database.read(work)
        return self._pulse.stale(study_id, now, beats, grace_period)


_storages: weakref.WeakSet[RDBStorage] = weakref.WeakSet()


def _begin_forked_process() -> None:
    for storage in list(_storages):
        storage.restart_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_forked_process)
