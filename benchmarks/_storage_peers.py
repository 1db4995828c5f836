"""The storages of the storage benchmark, and what it does with them in processes of their own."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import sqlalchemy
from _common import silence

import skhpo

__all__ = [
    "DATABASES",
    "FILES",
    "OPTUNA",
    "OURS",
    "Peer",
    "Times",
    "add_many",
    "add_one",
    "apart",
    "copy_of",
    "run_trial",
    "time_to_open",
    "watch",
]

NAME = "study"
NAMES = tuple(f"x{j}" for j in range(5))


@dataclass(frozen=True)
class Times:
    """Seconds by the clock on the wall, and on the processor."""

    wall: float
    cpu: float


@contextmanager
def watch() -> Iterator[Callable[[], Times]]:
    """A stopwatch of both clocks."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield lambda: Times(time.perf_counter() - wall, time.process_time() - cpu)


@dataclass(frozen=True)
class Peer:
    """A library with one of its storages.

    Attributes
    ----------
    name : str
        Its name in the tables.
    library : module
        skhpo or Optuna.
    kind : str
        "rdb"; "wal" for an SQLite file that is set as skhpo sets its own; or "journal".
    """

    name: str
    library: Any
    kind: str = "rdb"

    def __reduce__(self) -> Any:
        return _peer_named, (self.name,)  # modules cannot be pickled

    def place_in(self, folder: Path, stem: str = "study") -> str:
        """The URL of an SQLite file in a folder, or the path of a journal there."""
        if self.kind == "journal":
            return str(folder / f"{stem}.log")
        return f"sqlite:///{folder / stem}-{self.library.__name__}-{self.kind}.db"

    def storage(self, place: str) -> Any:
        """The storage at a place, opened anew."""
        if self.kind == "journal":
            journal = self.library.storages.journal
            return self.library.storages.JournalStorage(journal.JournalFileBackend(place))
        storage = self.library.storages.RDBStorage(place)
        if self.kind == "wal":
            sqlalchemy.event.listen(storage.engine, "connect", _set_wal)
            storage.engine.dispose()
        return storage

    def create_study(self, place: str) -> Any:
        """A new study."""
        sampler = self.library.samplers.RandomSampler(seed=0)
        return self.library.create_study(
            storage=self.storage(place), study_name=NAME, sampler=sampler
        )

    def load_study(self, place: str) -> Any:
        """A handle of the study at a place."""
        sampler = self.library.samplers.RandomSampler()
        return self.library.load_study(
            storage=self.storage(place), study_name=NAME, sampler=sampler
        )

    def make(self, place: str, n_trials: int) -> None:
        """A study of complete trials at random points."""
        study = self.create_study(place)
        distribution = self.library.distributions.FloatDistribution(0.0, 1.0)
        for point in np.random.default_rng(0).random((n_trials, len(NAMES))).tolist():
            trial = self.library.trial.create_trial(
                params=dict(zip(NAMES, point, strict=True)),
                distributions=dict.fromkeys(NAMES, distribution),
                value=sum(point),
            )
            trial.datetime_start = trial.datetime_complete = datetime(2026, 1, 1)
            study._storage.create_new_trial(study._study_id, trial)


OURS = Peer("skhpo RDBStorage", skhpo)
OPTUNA = Peer("Optuna RDBStorage", optuna)
OPTUNA_WAL = Peer("Optuna RDBStorage, file set as ours", optuna, "wal")
JOURNAL = Peer("Optuna JournalStorage", optuna, "journal")
FILES = (OURS, OPTUNA, OPTUNA_WAL, JOURNAL)
DATABASES = (OURS, OPTUNA)


def _peer_named(name: str) -> Peer:
    return next(peer for peer in FILES if peer.name == name)


def _set_wal(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def run_trial(study: Any, n_reports: int = 0) -> None:
    """Ask, suggest the parameters one by one, report, tell."""
    trial = study.ask()
    value = sum(trial.suggest_float(name, 0.0, 1.0) for name in NAMES)
    for step in range(n_reports):
        trial.report(value + step, step)
    study.tell(trial, value)


def copy_of(place: str, target: str) -> None:
    """Copy an SQLite file, with the journal that SQLite has at its defaults."""
    source, copy = (name.removeprefix("sqlite:///") for name in (place, target))
    with sqlite3.connect(source) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    shutil.copyfile(source, copy)
    with sqlite3.connect(copy) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()


# --------------------------------------------------------------------- in other processes


@contextmanager
def apart(n_processes: int = 1) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes, which have imported what they need."""
    context = get_context("spawn")
    barrier = context.Barrier(n_processes)
    with ProcessPoolExecutor(n_processes, context, _warm_up, (barrier,)) as pool:
        yield pool


_own: dict[str, Any] = {}  # of this process: its barrier, and its studies by place


def _warm_up(barrier: Any) -> None:
    _own["barrier"] = barrier
    silence()
    for library in (skhpo, optuna):
        study = library.create_study(storage=library.storages.RDBStorage("sqlite:///:memory:"))
        study.add_trial(library.trial.create_trial(value=0.0))
        assert study.best_value == 0.0


def time_to_open(peer: Peer, place: str, n_trials: int) -> Times:
    """Load a study, count its trials, and take the best value."""
    with watch() as elapsed:
        study = peer.load_study(place)
        n_found, best = len(study.trials), study.best_value
        times = elapsed()
    if n_found != n_trials or not 0.0 < best < 5.0:
        raise RuntimeError(f"{peer.name} found {n_found} trials, the best {best}")
    return times


def add_one(peer: Peer, place: str) -> None:
    """Add a trial, through a handle that this process keeps."""
    if place not in _own:
        _own[place] = peer.load_study(place)
    run_trial(_own[place])


def add_many(peer: Peer, place: str, n_trials: int) -> tuple[float, float, float, list[str]]:
    """Add trials once all processes are ready.

    Returns the time at the start and at the end, CPU seconds, and the errors.
    """
    study = peer.load_study(place)
    errors = []
    _own["barrier"].wait()
    start = time.time()
    with watch() as elapsed:
        for _ in range(n_trials):
            try:
                run_trial(study)
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}".splitlines()[0])
        times = elapsed()
    return start, time.time(), times.cpu, errors
