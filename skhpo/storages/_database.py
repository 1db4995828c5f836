"""Access to a database: connections, transactions with retries, and helpful error messages."""

from __future__ import annotations

import importlib.util
import logging
import os
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from sqlalchemy import create_engine, event, insert, inspect, select
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from skhpo._hints import missing_extra
from skhpo.exceptions import StorageInternalError
from skhpo.storages._json import DamagedError
from skhpo.storages._tables import (
    REVISION,
    SCHEMA_VERSION,
    alembic_version,
    metadata,
    version_info,
)

__all__ = ["Database", "parse_url"]

logger = logging.getLogger("skhpo.storages")

PATIENCE = 60.0  # seconds for which a transaction is retried after a lock or a lost connection
FIRST_PATIENCE = 5.0  # the same for the first transaction, when a wrong address is more likely
LAST_PATIENCE = 5.0  # the same in a thread that has given up once, until a transaction succeeds
SILENCE = 10.0  # seconds until a warning says what the process waits for
LONGEST_PAUSE = 1.0  # seconds between two attempts
BUSY_TIMEOUT = 20.0  # seconds for which SQLite itself waits for a lock

_SCHEME = re.compile(r"\w{2,}(\+\w+)?:")  # also matches a URL without slashes
_WRITES = "skhpo_writes"  # option of connections whose transactions write

# Default drivers if the URL does not name one.
_DRIVERS = {
    "postgresql": "psycopg",
    "postgres": "psycopg",
    "mysql": "pymysql",
    "mariadb": "pymysql",
}
_EXTRAS = {"psycopg": "postgresql", "pymysql": "mysql"}

# Options to detect a broken connection within half a minute; by default this takes hours.
_WATCHFUL_DRIVERS = {"postgresql", "postgresql+psycopg", "postgresql+psycopg2"}
_WATCHFUL = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}

# Errors after which a retry may succeed: PostgreSQL's codes for a serialization failure, a
# deadlock, a lock, and a server that stops, starts or has too many clients ...
_PASSING_STATES = {
    *("40001", "40P01", "55P03", "57P01", "57P02", "57P03", "57P05"),
    *("08000", "08001", "08003", "08006", "53300"),
}
# ... and MySQL's for a lock timeout, a deadlock, and a server that is lost, silent or full.
_PASSING_NUMBERS = {1205, 1213, 2006, 2013, 2003, 2002, 1040, 1053}
_PASSING_WORDS = (
    "database is locked",
    "database table is locked",
    "database schema is locked",
    "connection refused",
    "server closed the connection",
    "connection failed",
    "could not connect",
    "can't connect",
    "the connection is closed",
    "starting up",
    "shutting down",
    "resolve host",
    "could not translate host name",
    "timeout expired",
    "timed out",
    "network is unreachable",
    "no route to host",
    "connection reset",
    "too many clients",
)

T = TypeVar("T")


class Database:
    """A database with skhpo's tables.

    Parameters
    ----------
    url : str or path
        SQLAlchemy's URL of the database, or the path of an SQLite file.
    engine_kwargs : mapping of str to object
        Passed to :func:`sqlalchemy.create_engine`.
    """

    def __init__(self, url: str | os.PathLike[str], engine_kwargs: Mapping[str, Any]) -> None:
        self.url = parse_url(url)
        self._engine_kwargs = dict(engine_kwargs)
        self._engines: tuple[Engine, Engine] | None = None  # for reading and for writing
        self._pid = 0
        self._keeps_log = False
        self._given_up_by: set[int] = set()  # threads that gave up since the last success
        self._lock = threading.Lock()
        self._turn = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "_engine_kwargs": self._engine_kwargs,
            "_pid": 0,
            "_keeps_log": False,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _engines=None, _given_up_by=set())
        self._lock, self._turn = threading.Lock(), threading.RLock()

    def __str__(self) -> str:
        shown = self.url
        if "password" in shown.query:
            shown = shown.update_query_dict({"password": "***"})
        return unquote(shown.render_as_string(hide_password=True))

    def _open(self) -> tuple[Engine, Engine]:
        """Return the engines; a forked process opens its own."""
        with self._lock:
            if self._engines is not None and self._pid != os.getpid():
                self._leave_to_parent(self._engines[0])
            if self._engines is None:
                engine = _make_engine(self.url, self._engine_kwargs)
                self._engines = engine, engine.execution_options(**{_WRITES: True})
                self._pid = os.getpid()
            return self._engines

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine: the connection pool."""
        return self._open()[0]

    def _leave_to_parent(self, engine: Engine) -> None:
        """Drop the connections that a forked process inherited."""
        self._pid = os.getpid()
        if isinstance(engine.pool, StaticPool):
            return  # the child has its own copy of an in-memory database
        # Close SQLite's files, so that the parent's locks are not mistaken for this process's.
        # Do not close connections to a server: it would end the parent's session.
        engine.dispose(close=engine.dialect.name == "sqlite")
        self._engines = None

    def after_fork(self) -> None:
        """Reset locks and connections after a fork."""
        self._lock, self._turn = threading.Lock(), threading.RLock()

    def dispose(self) -> None:
        """Close the connections; the next use opens new ones."""
        with self._lock:
            engines, self._engines = self._engines, None
        if engines is not None:
            engines[0].dispose()

    # ------------------------------------------------------------------- transactions

    def read(self, function: Callable[[Connection], T]) -> T:
        """Run a function that only reads in its own transaction."""
        return self._attempt(function, writes=False)

    def write(self, function: Callable[[Connection], T]) -> T:
        """Run a function that writes in an atomic transaction.

        The function is run again after a lock or a lost connection, so it must have no side effects
        except on the database.
        """
        if not self._keeps_log:
            self._keep_log()
        return self._attempt(function, writes=True)

    def _keep_log(self) -> None:
        """Let SQLite use a write-ahead log, so that readers do not block a writer.

        The setting is stored in the file. Processes that only read do not change the file.
        """
        self._keeps_log = True
        if self.url.get_backend_name() != "sqlite":
            return
        engine = self._open()[0]
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] == "delete":
                cursor.execute("PRAGMA journal_mode=WAL")
            cursor.close()
        except engine.dialect.loaded_dbapi.Error:
            return  # the next transaction fails for the same reason and reports it
        finally:
            connection.close()

    def _attempt(
        self, function: Callable[[Connection], T], writes: bool, patience: float | None = None
    ) -> T:
        patience = PATIENCE if patience is None else patience
        here = threading.get_ident()
        if here in self._given_up_by:  # cleaning up need not wait as long again
            patience = min(patience, LAST_PATIENCE)
        start = told = time.monotonic()
        pause = 0.005
        engine = self._open()[writes]
        is_shared = isinstance(engine.pool, StaticPool)  # one connection for all threads
        while True:
            try:
                with self._turn if is_shared else nullcontext(), engine.begin() as connection:
                    result = function(connection)
                self._given_up_by.clear()
                return result
            except DBAPIError as error:
                now = time.monotonic()
                if not _may_pass(error) or now - start > patience:
                    if _may_pass(error):
                        self._given_up_by.add(here)
                    raise StorageInternalError(self._explain(error, patience)) from error
                if now - told > SILENCE:
                    told = now
                    logger.warning(
                        "%s: the database cannot be reached or is locked by others. "
                        "Retrying for up to %.0f s more (%s)",
                        *(self, patience - (now - start), str(error.orig).strip()),
                    )
            except DamagedError as error:
                raise StorageInternalError(f"{self}: {error}") from error
            except UnicodeDecodeError as error:  # raised by the driver
                raise StorageInternalError(f"{self}: {_DAMAGED} ({error})") from error
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, LONGEST_PAUSE)

    def _explain(self, error: DBAPIError, patience: float) -> str:
        """Return an error message that says what went wrong, and what to do."""
        said = str(error.orig).strip()
        for words, meaning in _MEANINGS:
            if words in said.lower():
                return f"{self}: {meaning} ({said})"
        if _may_pass(error):
            return (
                f"{self}: the database could not be reached, or was locked by others, for "
                f"{patience:.0f} s ({said}). What was stored before is safe."
            )
        return f"{self}: the database reported an error: {said}"

    # ------------------------------------------------------------------------ the tables

    def prepare(self, create: bool, check: bool) -> None:
        """Create the tables if they do not exist, and check their version.

        Parameters
        ----------
        create : bool
            Whether to create missing tables.
        check : bool
            Whether to check the version.

        Raises
        ------
        RuntimeError
            If the tables have another version.
        """
        revision = self._attempt(_revision, writes=False, patience=FIRST_PATIENCE)
        if revision is None and create:
            revision = self._create_tables()
        if check:
            self.check_version(revision)

    def version(self) -> str:
        """Return the version of the tables.

        Raises
        ------
        RuntimeError
            If there are no tables.
        """
        revision = self.read(_revision)
        if revision is None:
            raise RuntimeError(f"{self}: the database has no tables of studies.")
        return revision

    def check_version(self, revision: str | None) -> None:
        """Raise an error if this release does not support the version of the tables.

        Raises
        ------
        RuntimeError
            If the version is not supported, or is None because there are no tables.
        """
        if revision is None:
            raise RuntimeError(f"{self}: the database has no tables of studies.")
        if revision != REVISION:
            raise RuntimeError(
                f"{self}: the tables have version {revision!r}; this release of skhpo reads and "
                f"writes {REVISION!r} only. Upgrade older tables of Optuna with "
                "`optuna storage upgrade --storage URL`; newer ones require a newer skhpo."
            )

    def _create_tables(self) -> str | None:
        """Create the tables, or wait if another process is creating them."""

        def create(connection: Connection) -> None:
            metadata.create_all(connection)
            if connection.execute(select(version_info.c.schema_version)).first() is None:
                row = {"schema_version": SCHEMA_VERSION, "library_version": "skhpo"}
                connection.execute(insert(version_info).values(row))
            if connection.execute(select(alembic_version)).first() is None:
                connection.execute(insert(alembic_version).values(version_num=REVISION))

        for attempt in range(8):
            try:
                self.write(create)
                break
            except StorageInternalError:
                if attempt == 7:
                    raise
                time.sleep(0.05 * 2**attempt)
                if self.read(_revision) is not None:
                    break
        return self.read(_revision)


def parse_url(given: str | os.PathLike[str]) -> URL:
    """Parse the URL of a database, or the path of an SQLite file.

    Raises
    ------
    ValueError
        If it is neither. A path must have a suffix, as in ``search.db``, or be that of an
        existing file.
    """
    text = os.fspath(given) if isinstance(given, os.PathLike) else given
    if isinstance(text, str):
        text = text.replace("{SCHEMA_VERSION}", str(SCHEMA_VERSION))
    if isinstance(text, str) and "://" not in text and _is_path(text):
        return URL.create("sqlite", database=text)
    return _parse(text)


def _is_path(text: str) -> bool:
    return os.path.exists(text) or (bool(Path(text).suffix) and not _SCHEME.match(text))


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: the port is not a number
        raise ValueError(
            "`storage` must be the path of an SQLite file, such as 'search.db', or the URL of a "
            "database, such as 'sqlite:///search.db' or 'postgresql://user:password@host:5432/name'"
            " (with @ : / in a password written as %40 %3A %2F); got "
            f"{_without_password(url)!r}."
        ) from None
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None or (driver == "psycopg" and importlib.util.find_spec("psycopg2") is not None):
        return parsed
    dialect = "postgresql" if driver == "psycopg" else "mysql"
    return parsed.set(drivername=f"{dialect}+{driver}")


def _without_password(url: object) -> str:
    _, at, after = str(url).rpartition("@")
    return f"***@{after}" if at else str(url)


def _make_engine(url: URL, engine_kwargs: Mapping[str, Any]) -> Engine:
    kwargs = dict(engine_kwargs)
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite:
        given = dict(kwargs.get("connect_args", {}))
        kwargs["connect_args"] = {"timeout": BUSY_TIMEOUT, "check_same_thread": False} | given
        if url.database in (None, "", ":memory:"):
            kwargs.setdefault("poolclass", StaticPool)  # each connection has its own data
            if kwargs["poolclass"] is StaticPool:
                for name in ("pool_size", "max_overflow", "pool_timeout", "pool_use_lifo"):
                    kwargs.pop(name, None)  # options of pools with several connections
    elif url.drivername in _WATCHFUL_DRIVERS:
        defaults = {name: value for name, value in _WATCHFUL.items() if name not in url.query}
        kwargs["connect_args"] = defaults | dict(kwargs.get("connect_args", {}))
    try:
        engine = create_engine(url, **kwargs)
    except ModuleNotFoundError as error:
        shown = url.render_as_string(hide_password=True)
        need = f"The database {shown} needs the package {error.name}"
        if str(error.name) in _EXTRAS:
            raise missing_extra(need, _EXTRAS[str(error.name)]) from error
        raise ImportError(f"{need}: pip install {error.name}") from error
    except NoSuchModuleError as error:
        raise ValueError(f"`storage`: SQLAlchemy does not know this database: {error}") from error
    if is_sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: Any) -> None:
    """Leave the start of transactions to `_begin_sqlite`, and survive crashes of processes."""
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=NORMAL").close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that begins with a read cannot write after another process has written.
    if connection.get_execution_options().get(_WRITES, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN")


def _revision(connection: Connection) -> str | None:
    """Return the version of the tables; None if there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(select(alembic_version.c.version_num)).first()
    return None if row is None else str(row[0])


def _may_pass(error: DBAPIError) -> bool:
    """Return whether a retry may succeed."""
    if error.connection_invalidated:
        return True
    original: Any = error.orig
    if getattr(original, "sqlstate", None) in _PASSING_STATES:
        return True
    if original is not None and original.args and original.args[0] in _PASSING_NUMBERS:
        return True
    said = str(original).lower()
    return any(words in said for words in _PASSING_WORDS)


_DAMAGED = "the file is damaged. `sqlite3 FILE .recover` extracts what is still readable"
_MEANINGS = (
    (
        "database or disk is full",
        "the disk is full, so nothing more can be written. What was stored before remains "
        "readable; free some space and run the same code again to continue",
    ),
    ("readonly", "the file is read-only, so nothing can be written to it; check its permissions"),
    ("not a database", "this file is not an SQLite database"),
    (
        "malformed",
        _DAMAGED,
    ),
    (
        "unable to open database file",
        "the file cannot be opened or created; check that its folder exists and is writable",
    ),
    ("no such table", "the database lacks the tables of a storage"),
    (
        "password authentication failed",
        "the server does not accept this user with this password",
    ),
    ("does not exist", "the server has no such database, user or table"),
)
