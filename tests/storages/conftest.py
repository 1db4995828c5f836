"""Databases for the tests of the storages: SQLite files, and a private PostgreSQL server."""

import importlib.util

import pytest

from skhpo.storages import InMemoryStorage, JournalStorage, RDBStorage
from skhpo.storages.journal import JournalFileBackend
from tests.storages.postgresql_server import PostgreSQLServer, find_programs


@pytest.fixture(scope="session")
def postgresql():
    """A running server; each process of pytest-xdist starts one of its own."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed (Debian: apt install postgresql).")
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("PostgreSQL's driver is not installed (pip install 'skhpo[postgresql]').")
    server = PostgreSQLServer(programs)
    yield server
    server.close()


@pytest.fixture
def postgresql_url(postgresql):
    """A new database on the server."""
    return postgresql.new_database()


@pytest.fixture
def sqlite_url(tmp_path):
    """A file that is not there yet."""
    return f"sqlite:///{tmp_path}/studies.db"


@pytest.fixture(params=["sqlite", "postgresql"], ids=str)
def url(request):
    """A new database, of either kind."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["memory", "journal", "sqlite", "postgresql"], ids=str)
def storage(request):
    """A new storage, of any kind."""
    if request.param == "memory":
        return InMemoryStorage()
    if request.param == "journal":
        path = request.getfixturevalue("tmp_path") / "studies.log"
        return JournalStorage(JournalFileBackend(path))
    return RDBStorage(request.getfixturevalue(f"{request.param}_url"))
