"""Databases that are full, locked, damaged, gone: what is said, and that nothing stored is lost."""

import contextlib
import multiprocessing
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy
from scipy.stats import uniform
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

import skhpo
from skhpo import RandomSearchCV
from skhpo.exceptions import StorageInternalError
from skhpo.storages import RDBStorage, _database
from skhpo.trial import TrialState
from tests.storages.postgresql_server import PASSWORD, PostgreSQLServer

COMPLETE = TrialState.COMPLETE


def parabola(trial):
    return trial.suggest_float("x", -1, 1) ** 2


def fill(url, n_trials=5):
    """A study with some trials; returns their values."""
    study = skhpo.create_study(storage=url, study_name="study")
    study.optimize(parabola, n_trials=n_trials)
    study._storage.remove_session()
    return values_in(url)


def values_in(url):
    study = skhpo.load_study(study_name="study", storage=url)
    values = [trial.values for trial in study.trials]
    study._storage.remove_session()
    return values


@pytest.fixture
def path(tmp_path):
    return tmp_path / "studies.db"


# -------------------------------------------------------------------------- full, read-only


def test_a_full_disk_is_told_and_what_was_stored_stays(path, sqlite_url):
    values = fill(sqlite_url)
    study = skhpo.load_study(study_name="study", storage=sqlite_url)
    engine = study._storage._database._open()[0]
    with engine.connect() as connection:
        n_pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    study._storage.remove_session()

    @sqlalchemy.event.listens_for(study._storage._database._open()[0], "connect")
    def limit(connection, record):
        connection.execute(f"PRAGMA max_page_count={n_pages + 2}")

    with pytest.raises(StorageInternalError) as caught:
        study.optimize(parabola, n_trials=1000)
    message = str(caught.value)
    assert str(path) in message
    assert "the disk is full" in message
    assert "What was stored before remains readable" in message
    assert values_in(sqlite_url)[:5] == values
    # Once there is space, the same study goes on.
    study._storage.remove_session()
    study.optimize(parabola, n_trials=3)
    assert len(study.get_trials(states=(COMPLETE,))) >= 8
    numbers = [t.number for t in skhpo.load_study(study_name="study", storage=sqlite_url).trials]
    assert numbers == list(range(len(numbers)))


def test_a_read_only_database_can_be_read_but_not_written(path, sqlite_url):
    values = fill(sqlite_url)
    url = f"sqlite:///file:{path}?mode=ro&uri=true"
    assert values_in(url) == values
    study = skhpo.load_study(study_name="study", storage=url)
    with pytest.raises(StorageInternalError, match="read-only") as caught:
        study.optimize(parabola, n_trials=1)
    assert str(path) in str(caught.value)
    assert "permissions" in str(caught.value)


AS_NOBODY = """
import os, sys
url = sys.argv[1]
if os.geteuid() == 0:
    import sqlite3, skhpo.storages._rdb, skhpo.samplers  # before the rights are gone
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
import skhpo
from skhpo.exceptions import StorageInternalError
try:
    study = skhpo.load_study(study_name="study", storage=url)
    print("values", [t.values for t in study.trials], flush=True)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
except StorageInternalError as error:
    print(error)
"""


@pytest.fixture
def open_folder():
    """A folder that everybody may enter, unlike pytest's own."""
    if not hasattr(os, "setuid"):
        pytest.skip("Needs a system with users.")
    folder = Path(tempfile.mkdtemp(prefix="skhpo-"))
    folder.chmod(0o777)
    yield folder
    folder.chmod(0o777)
    shutil.rmtree(folder)


def run_as_nobody(url):
    """Read and write without a root's rights, which no permission binds; return what is said."""
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, url], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_file_without_the_right_to_write_says_so(open_folder):
    url = f"sqlite:///{open_folder}/studies.db"
    values = fill(url)
    (open_folder / "studies.db").chmod(0o444)
    first, last = run_as_nobody(url).splitlines()
    assert first == f"values {values}"
    assert f"{open_folder}/studies.db: the file is read-only" in last
    assert "permissions" in last


def test_a_file_in_a_read_only_folder_says_so(open_folder):
    """SQLite keeps its log in the folder, so not even reading is possible."""
    url = f"sqlite:///{open_folder}/studies.db"
    fill(url)
    (open_folder / "studies.db").chmod(0o666)
    open_folder.chmod(0o555)
    said = run_as_nobody(url)
    assert str(open_folder) in said
    assert re.search("read-only|cannot be opened or made", said)
    assert re.search("permissions|folder", said)


def test_a_new_file_in_a_read_only_folder_says_so(open_folder):
    open_folder.chmod(0o555)
    said = run_as_nobody(f"sqlite:///{open_folder}/studies.db")
    assert str(open_folder) in said
    assert "its folder exists and is writable" in said


# ------------------------------------------------------------------------- not a database


def test_a_file_that_is_no_database_is_left_as_it_is(path, sqlite_url):
    path.write_text("Dear diary, today I have tuned a model.\n" * 50)
    before = path.read_bytes()
    with pytest.raises(StorageInternalError, match="not an SQLite database") as caught:
        RDBStorage(sqlite_url)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before


def test_a_damaged_file_is_told_with_the_way_to_save_it(path, sqlite_url):
    fill(sqlite_url, n_trials=60)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    n = len(content)
    content[n // 4 : 3 * n // 4] = b"\xa5" * (3 * n // 4 - n // 4)
    path.write_bytes(content)
    with pytest.raises(StorageInternalError, match="the file is damaged") as caught:
        skhpo.load_study(study_name="study", storage=sqlite_url).trials
    assert str(path) in str(caught.value)
    assert ".recover" in str(caught.value)


def test_a_missing_folder_is_told(tmp_path):
    url = f"sqlite:///{tmp_path}/no/such/folder/studies.db"
    with pytest.raises(StorageInternalError, match="check that its folder exists") as caught:
        skhpo.create_study(storage=url)
    assert "no/such/folder" in str(caught.value)


def test_a_database_of_something_else_is_not_taken_for_ours(path, sqlite_url):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('1975ea83b712')")
    with pytest.raises(RuntimeError, match="'1975ea83b712'"):
        RDBStorage(sqlite_url)


@pytest.mark.parametrize("version", ["v2.4.0.a", "v9.9.9.z"], ids=["older", "newer"])
def test_tables_of_another_version_are_refused(url, version):
    fill(url)
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(f"UPDATE alembic_version SET version_num='{version}'"))
    engine.dispose()
    with pytest.raises(RuntimeError, match=re.escape(version)) as caught:
        RDBStorage(url)
    assert "optuna storage upgrade" in str(caught.value)
    assert "newer skhpo" in str(caught.value)
    assert PASSWORD not in str(caught.value)
    storage = RDBStorage(url, skip_compatibility_check=True)
    assert storage.get_n_trials(storage.get_study_id_from_name("study")) == 5


def test_missing_tables_are_told_where_they_are_not_to_be_made(url):
    with pytest.raises(RuntimeError, match="the database has no tables of studies"):
        RDBStorage(url, skip_table_creation=True)
    storage = RDBStorage(url, skip_table_creation=True, skip_compatibility_check=True)
    with pytest.raises(StorageInternalError):
        storage.get_all_studies()


# --------------------------------------------------------------------------------- URLs


@pytest.mark.parametrize(
    ("url", "package", "hint"),
    [
        ("postgresql+pg8000://me:p4ss-word@host/name", "pg8000", "pip install pg8000"),
        ("mysql+mysqldb://me:p4ss-word@host/name", "MySQLdb", "pip install"),
        ("mssql+pyodbc://me:p4ss-word@host/name", "pyodbc", "pip install pyodbc"),
    ],
)
def test_a_missing_driver_is_named_with_what_installs_it(url, package, hint):
    with pytest.raises(ImportError, match=f"needs the package {package}") as caught:
        skhpo.create_study(storage=url)
    assert hint in str(caught.value)
    assert "p4ss-word" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "missing", "extra"),
    [
        ("postgresql://me:p4ss-word@host/name", ("psycopg", "psycopg2"), "skhpo[postgresql]"),
        ("mysql://me:p4ss-word@host/name", ("pymysql",), "skhpo[mysql]"),
    ],
)
def test_a_missing_driver_that_is_an_extra_is_named_so(monkeypatch, url, missing, extra):
    for name in missing:
        for module in [m for m in sys.modules if m.split(".")[0] == name]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, name, None)
    find_spec = _database.importlib.util.find_spec
    monkeypatch.setattr(
        _database.importlib.util, "find_spec", lambda n: None if n in missing else find_spec(n)
    )
    with pytest.raises(ImportError, match=re.escape(extra)) as caught:
        RDBStorage(url)
    assert "p4ss-word" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["studies", "sqlite:/studies.db", "", "me:p4ss-word@host", "nosuch://p4ss-word@host/x"],
)
def test_a_url_that_is_none_is_refused_with_an_example(url):
    with pytest.raises(ValueError, match="`storage`") as caught:
        skhpo.create_study(storage=url)
    assert "p4ss-word" not in str(caught.value)
    error = caught.value
    assert "p4ss-word" not in str(error.__cause__ if error.__cause__ else "")


@pytest.mark.parametrize("wrong", [42, b"sqlite://", ["sqlite://"]])
def test_what_is_no_storage_is_refused(wrong):
    with pytest.raises(TypeError, match="`storage` must be the path"):
        skhpo.create_study(storage=wrong)


@pytest.mark.parametrize("name", ["heartbeat_interval", "grace_period"])
@pytest.mark.parametrize("seconds", [0, -1])
def test_seconds_must_be_above_zero(sqlite_url, name, seconds):
    with pytest.raises(ValueError, match=f"`{name}` must be above 0"):
        RDBStorage(sqlite_url, **{name: seconds})


# -------------------------------------------------------------------------------- locks


def hold_lock(path, seconds, is_held):
    """Lock an SQLite file against all who write, for some seconds."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    is_held.set()
    time.sleep(seconds)
    connection.execute("ROLLBACK")
    connection.close()


@contextlib.contextmanager
def locked_by_another_process(path, seconds):
    context = multiprocessing.get_context("spawn")
    is_held = context.Event()
    process = context.Process(target=hold_lock, args=(str(path), seconds, is_held))
    process.start()
    try:
        assert is_held.wait(60)
        yield process
    finally:
        process.kill()
        process.join()


@pytest.mark.slow
@pytest.mark.parametrize("busy_timeout", [20.0, 0.1], ids=["by SQLite", "by us"])
def test_a_lock_is_waited_for(path, sqlite_url, monkeypatch, busy_timeout):
    values = fill(sqlite_url)
    monkeypatch.setattr(_database, "BUSY_TIMEOUT", busy_timeout)
    study = skhpo.load_study(study_name="study", storage=sqlite_url)
    with locked_by_another_process(path, seconds=2):
        study.optimize(parabola, n_trials=3)
    assert values_in(sqlite_url)[:5] == values
    assert [t.state for t in study.trials] == [COMPLETE] * 8


@pytest.mark.slow
def test_a_lock_for_ever_is_told(path, sqlite_url, monkeypatch):
    values = fill(sqlite_url)
    monkeypatch.setattr(_database, "PATIENCE", 1.0)
    monkeypatch.setattr(_database, "BUSY_TIMEOUT", 0.1)
    study = skhpo.load_study(study_name="study", storage=sqlite_url)
    with locked_by_another_process(path, seconds=600):
        assert values_in(sqlite_url) == values  # who only reads needs no lock
        with pytest.raises(StorageInternalError, match="locked by others, for 1 s") as caught:
            study.optimize(parabola, n_trials=1)
    assert str(path) in str(caught.value)
    assert "What was stored before is safe" in str(caught.value)
    study.optimize(parabola, n_trials=1)
    assert len(values_in(sqlite_url)) == 6


def test_a_trial_whose_lock_was_never_freed_can_be_told_later(path, sqlite_url, monkeypatch):
    """What could not be written was not written in part; the trial is still open."""
    monkeypatch.setattr(_database, "PATIENCE", 0.3)
    monkeypatch.setattr(_database, "BUSY_TIMEOUT", 0.1)
    study = skhpo.create_study(storage=sqlite_url, study_name="study")
    trial = study.ask()
    trial.report(0.5, 0)
    x = trial.suggest_float("x", 0, 1)  # is written a moment later
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageInternalError):
        study.tell(trial, 1.0)
    lock.execute("ROLLBACK")
    lock.close()
    [seen] = skhpo.load_study(study_name="study", storage=sqlite_url).trials
    assert (seen.state, seen.values, seen.intermediate_values) == (
        TrialState.RUNNING,
        None,
        {0: 0.5},
    )
    study.tell(trial, 1.0)
    [seen] = skhpo.load_study(study_name="study", storage=sqlite_url).trials
    assert (seen.state, seen.values, seen.params) == (COMPLETE, [1.0], {"x": x})
    assert study.trials[0].params == trial.params == {"x": x}


def test_a_batch_that_could_not_be_written_left_nothing(path, sqlite_url, monkeypatch):
    """Neither in the database nor in what this process knows of it."""
    monkeypatch.setattr(_database, "PATIENCE", 0.3)
    monkeypatch.setattr(_database, "BUSY_TIMEOUT", 0.1)
    storage = RDBStorage(sqlite_url)
    study_id = storage.create_new_study([1])
    trial_id = storage.create_new_trial(study_id)

    def write():
        with storage.batch():
            storage.set_trial_user_attr(trial_id, "a", 1)
            storage.set_trial_state_values(trial_id, COMPLETE, [1.0])

    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageInternalError):
        write()
    lock.execute("ROLLBACK")
    lock.close()
    for handle in (storage, RDBStorage(sqlite_url)):
        trial = handle.get_trial(trial_id)
        assert (trial.state, trial.user_attrs) == (TrialState.RUNNING, {})
    write()
    for handle in (storage, RDBStorage(sqlite_url)):
        trial = handle.get_trial(trial_id)
        assert (trial.state, trial.values, trial.user_attrs) == (COMPLETE, [1.0], {"a": 1})


def test_parameters_that_could_not_be_written_at_once_are_written_later(
    path, sqlite_url, monkeypatch
):
    monkeypatch.setattr(_database, "PATIENCE", 0.1)
    monkeypatch.setattr(_database, "BUSY_TIMEOUT", 0.05)
    study = skhpo.create_study(storage=sqlite_url, study_name="study")
    trial = study.ask()
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    x = trial.suggest_float("x", 0, 1)
    time.sleep(1.0)  # they would have been written by now
    lock.execute("ROLLBACK")
    lock.close()
    assert trial.suggest_float("x", 0, 1) == x
    study.tell(trial, 1.0)
    [seen] = skhpo.load_study(study_name="study", storage=sqlite_url).trials
    assert (seen.params, seen.values) == ({"x": x}, [1.0])


# ------------------------------------------------------------------------------- servers


def test_a_wrong_password_is_told_without_any_password(postgresql):
    url = postgresql.url("postgres", password="wr0ng-word")
    with pytest.raises(StorageInternalError, match="does not accept this user") as caught:
        RDBStorage(url)
    message = str(caught.value)
    assert f"127.0.0.1:{postgresql.port}" in message
    assert "wr0ng-word" not in message


def test_a_missing_database_is_told(postgresql):
    with pytest.raises(StorageInternalError, match="no such database") as caught:
        RDBStorage(postgresql.url("no_such_database"))
    assert "no_such_database" in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_a_server_that_is_not_there_is_told(postgresql_url, monkeypatch):
    monkeypatch.setattr(_database, "PATIENCE", 0.5)
    url = re.sub(r":\d+/", ":9/", postgresql_url)
    with pytest.raises(StorageInternalError, match="could not be reached") as caught:
        RDBStorage(url)
    assert "127.0.0.1:9" in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_a_host_whose_name_is_not_found_is_told(postgresql_url, monkeypatch):
    monkeypatch.setattr(_database, "FIRST_PATIENCE", 0.1)
    with pytest.raises(StorageInternalError, match="could not be reached") as caught:
        RDBStorage(re.sub(r"@[^/]+/", "@nowhere.invalid/", postgresql_url))
    assert "nowhere.invalid" in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_a_host_whose_name_is_not_found_for_a_while_is_waited_for(postgresql_url, monkeypatch):
    """As where a machine is without its network for a moment."""
    storage = RDBStorage(postgresql_url.replace("@127.0.0.1:", "@localhost:"))
    storage.remove_session()
    look_up, failures = socket.getaddrinfo, iter(range(3))

    def look_up_in_vain(*args, **kwargs):
        if next(failures, None) is not None:
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return look_up(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_in_vain)
    assert storage.get_all_studies() == []
    assert next(failures, None) is None


@pytest.mark.parametrize(
    ("suffix", "connect_args", "expected"),
    [("", {}, "10"), ("?connect_timeout=7", {}, "7"), ("", {"connect_timeout": 8}, "8")],
)
def test_a_line_that_is_cut_is_noticed_soon_unless_other_times_are_given(
    postgresql_url, suffix, connect_args, expected
):
    storage = RDBStorage(postgresql_url + suffix, {"connect_args": connect_args})
    with contextlib.closing(storage.engine.raw_connection()) as connection:
        parameters = connection.driver_connection.info.get_parameters()
    assert parameters["connect_timeout"] == expected
    assert int(parameters["tcp_user_timeout"]) <= 60_000
    assert storage.engine_kwargs == {"connect_args": connect_args}


@pytest.fixture
def own_server(postgresql):
    """A server that a test may stop: another than the one that all share."""
    server = PostgreSQLServer(postgresql.programs)
    yield server
    with contextlib.suppress(RuntimeError):
        server.start()  # so that it can be stopped in any case
    server.close()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["immediate", pytest.param("fast", marks=pytest.mark.extended)])
def test_a_study_goes_on_when_its_server_comes_back(own_server, mode):
    """The server falls at some moment, and stands up again after a second."""
    url = own_server.new_database()
    study = skhpo.create_study(storage=url, study_name="study")

    def restart():
        own_server.stop(mode)
        time.sleep(1.0)
        own_server.start()

    thread = threading.Thread(target=restart)

    def objective(trial):
        if trial.number == 10:
            thread.start()
        time.sleep(0.01)
        return parabola(trial)

    study.optimize(objective, n_trials=100)
    thread.join()
    trials = skhpo.load_study(study_name="study", storage=url).trials
    assert [t.number for t in trials if t.state == COMPLETE] == list(range(100))
    assert all(t.values == [t.params["x"] ** 2] for t in trials)


@pytest.mark.slow
def test_a_server_that_stays_away_is_told_and_nothing_stored_is_lost(own_server, monkeypatch):
    monkeypatch.setattr(_database, "PATIENCE", 1.0)
    url = own_server.new_database()
    study = skhpo.create_study(storage=url, study_name="study")

    def objective(trial):
        if trial.number == 10:
            own_server.stop("immediate")
        return parabola(trial)

    with pytest.raises(StorageInternalError, match="could not be reached") as caught:
        study.optimize(objective, n_trials=100)
    message = str(caught.value)
    assert f"127.0.0.1:{own_server.port}" in message
    assert "What was stored before is safe" in message
    assert PASSWORD not in message
    own_server.start()
    trials = skhpo.load_study(study_name="study", storage=url).trials
    assert [t.state for t in trials[:10]] == [COMPLETE] * 10
    assert len(trials) == 11
    study.optimize(parabola, n_trials=5)
    numbers = [t.number for t in study.get_trials(states=(COMPLETE,))]
    assert numbers == [*range(10), *range(11, 16)]


X, y = make_classification(n_samples=60, n_features=4, random_state=0)
SEARCH = RandomSearchCV(
    LogisticRegression(), {"C": uniform(0.01, 10)}, n_iter=20, cv=3, random_state=0, pruner=None
)


def stop_after(number, stop):
    """A callback that calls a function, once, when a candidate has ended."""
    left = [stop]

    def callback(study, trial):
        if trial.number >= number and left:
            left.pop()()

    return callback


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["immediate", pytest.param("fast", marks=pytest.mark.extended)])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_search_goes_on_when_its_server_comes_back(own_server, mode, n_jobs):
    whole = clone(SEARCH).fit(X, y)
    search = clone(SEARCH).set_params(
        storage=own_server.new_database(), study_name="search", n_jobs=n_jobs
    )

    def restart():
        own_server.stop(mode)
        time.sleep(1.0)
        own_server.start()

    thread = threading.Thread(target=restart)
    search.set_params(callbacks=[stop_after(6, thread.start)]).fit(X, y)
    thread.join()
    for name in ("params", "mean_test_score"):
        assert list(search.cv_results_[name]) == list(whole.cv_results_[name])


@pytest.mark.slow
def test_a_search_whose_server_stays_away_ends_soon_and_goes_on_where_it_was(
    own_server, monkeypatch
):
    monkeypatch.setattr(_database, "PATIENCE", 4.0)
    monkeypatch.setattr(_database, "LAST_PATIENCE", 0.5)
    whole = clone(SEARCH).fit(X, y)
    url = own_server.new_database()
    search = clone(SEARCH).set_params(storage=url, study_name="search")
    search.set_params(callbacks=[stop_after(6, lambda: own_server.stop("immediate"))])
    start = time.monotonic()
    with pytest.raises(StorageInternalError, match="What was stored before is safe"):
        search.fit(X, y)
    assert time.monotonic() - start < 8.0  # not as long again for what is left to tidy up
    own_server.start()
    stored = skhpo.load_study(study_name="search", storage=url)
    assert [t.number for t in stored.get_trials(states=(COMPLETE,))] == list(range(7))
    fits = Counter()

    def count(study, trial):
        fits[trial.number] += 1

    search.set_params(callbacks=[count]).fit(X, y)
    assert set(range(7, 20)) <= fits.keys()
    for name in ("params", "mean_test_score"):
        assert list(search.cv_results_[name]) == list(whole.cv_results_[name])


def test_a_long_wait_for_a_lock_is_logged(path, sqlite_url, monkeypatch, caplog):
    monkeypatch.setattr(_database, "BUSY_TIMEOUT", 0.01)
    monkeypatch.setattr(_database, "SILENCE", 0.1)
    storage = RDBStorage(sqlite_url)
    study_id = storage.create_new_study([1])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writer = threading.Thread(target=storage.set_study_user_attr, args=(study_id, "k", 1))
        with caplog.at_level("WARNING", logger="skhpo.storages"):
            writer.start()
            deadline = time.monotonic() + 30
            while "Retrying for" not in caplog.text and time.monotonic() < deadline:
                time.sleep(0.02)
        other.execute("ROLLBACK")
    writer.join()
    assert "Retrying for up to" in caplog.text
    assert storage.get_study_user_attrs(study_id) == {"k": 1}


def test_who_has_given_up_waits_less_until_it_works_again(path, sqlite_url, monkeypatch):
    monkeypatch.setattr(_database, "BUSY_TIMEOUT", 0.01)
    monkeypatch.setattr(_database, "PATIENCE", 1.0)
    monkeypatch.setattr(_database, "LAST_PATIENCE", 0.1)
    storage = RDBStorage(sqlite_url)
    study_id = storage.create_new_study([1])

    def refusal():
        with pytest.raises(StorageInternalError) as caught:
            storage.set_study_user_attr(study_id, "k", 1)
        return str(caught.value)

    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "for 1 s" in refusal()
        assert "for 0 s" in refusal()
        other.execute("ROLLBACK")
        storage.set_study_user_attr(study_id, "k", 2)
        other.execute("BEGIN IMMEDIATE")
        assert "for 1 s" in refusal()


# -------------------------------------------------------------------------------- damaged


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE trial_user_attributes SET value_json='{broken'", "user attribute 'k' of trial 0"),
        ("UPDATE trial_params SET distribution_json='[]'", "parameter 'x' of trial 0"),
        (
            "UPDATE study_user_attributes SET value_json='nan?'",
            "attribute 'owner' of study",
        ),
        ("UPDATE study_user_attributes SET value_json=CAST(x'ff00' AS TEXT)", "damaged"),
        ("DROP TABLE trial_params", "lacks the tables"),
    ],
)
def test_damaged_contents_are_told_by_file_and_owner(path, sqlite_url, statement, said):
    study = skhpo.create_study(storage=sqlite_url, study_name="study")
    study.set_user_attr("owner", "me")
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    trial.set_user_attr("k", 1)
    study.tell(trial, 1.0)
    study._storage.remove_session()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    with pytest.raises(StorageInternalError) as caught:
        skhpo.load_study(study_name="study", storage=sqlite_url).get_trials()
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("place", [0, 20, 100])
def test_a_damaged_header_is_told_by_its_file(path, sqlite_url, place):
    fill(sqlite_url, 2)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(path, "r+b") as file:
        file.seek(place)
        file.write(b"\xff" * 64)
    with pytest.raises(StorageInternalError) as caught:
        values_in(sqlite_url)
    assert str(path) in str(caught.value)


def test_lost_rows_of_a_study_are_told_by_its_file(path, sqlite_url):
    fill(sqlite_url, 2)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM studies")
    with pytest.raises(StorageInternalError, match="is missing: the database is damaged") as caught:
        skhpo.get_all_study_names(storage=sqlite_url)
    assert str(path) in str(caught.value)
