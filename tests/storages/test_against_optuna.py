"""Optuna itself reads and writes what we write and read, in the same database."""

import math
import os
import subprocess
import sys
import time
import warnings

import pytest
import sqlalchemy
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

import skhpo
from tests.storages.records import plain

optuna = pytest.importorskip("optuna", minversion="5.0")
optuna.logging.set_verbosity(optuna.logging.ERROR)
pytestmark = [
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore:Heartbeat of storage is supposed:UserWarning"),
]

LIBRARIES = {"skhpo": skhpo, "optuna": optuna}
WAYS = [("skhpo", "optuna"), ("optuna", "skhpo")]
WAY_IDS = ["ours read by optuna", "optuna's read by us"]


@pytest.fixture(params=WAYS, ids=WAY_IDS)
def writer_and_reader(request):
    return tuple(LIBRARIES[name] for name in request.param)


@pytest.fixture
def _time_zone(monkeypatch):
    """Times must agree where local time is not UTC."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def objective(m, *, n_objectives=1):
    """Parameters of all kinds, reports, notes, constraints; one trial in each state."""

    def run(trial):
        x = trial.suggest_float("x", -1.5, 2)
        trial.suggest_float("log", 1e-6, 1e6, log=True)
        trial.suggest_float("stepped", 0, 1, step=0.1)
        trial.suggest_int("n", -3, 12)
        trial.suggest_int("n_log", 1, 1024, log=True)
        trial.suggest_int("n_stepped", 10, 50, step=10)
        if trial.suggest_categorical("kind", ["a", None, 2, 2.5, True, "ü"]) == "a":
            trial.suggest_categorical("only with a", [False, True])
        trial.set_user_attr("note", {"x": [x, None, {"deep": True}], "ü": "ü"})
        trial.set_user_attr("number", trial.number)
        if n_objectives == 1:
            reports = [(0, x), (7, math.inf), (3, -math.inf), (10, math.nan)]
            for step, value in reports[: 1 + trial.number % 4]:
                trial.report(value, step)
        trial.set_constraint("c", x - 1)
        if trial.number % 5 == 1:
            raise m.TrialPruned
        if trial.number % 5 == 2:
            raise ValueError("this trial is to fail")
        value = math.inf if trial.number % 5 == 3 else x
        return value if n_objectives == 1 else (value, x**2, -x)

    return run


def write(m, url, name="study", **settings):
    """A study with all that a study can have."""
    directions = settings.pop("directions", ["minimize"])
    study = m.create_study(
        storage=url,
        study_name=name,
        directions=directions,
        sampler=m.samplers.RandomSampler(seed=3),
        pruner=m.pruners.NopPruner(),
    )
    study.set_user_attr("owner", {"name": "me", "list": [1, 2.5, None]})
    study.set_metric_names([f"metric {k}" for k in range(len(directions))])
    study.enqueue_trial({"x": 0.5, "n": 3, "kind": True}, user_attrs={"why": "a good guess"})
    study.optimize(
        objective(m, n_objectives=len(directions)), n_trials=25, catch=(ValueError,), **settings
    )
    trial = study.ask()
    trial.suggest_float("x", -1.5, 2)
    trial.set_user_attr("is", "running")  # and with it, the parameter is written
    study.enqueue_trial({"x": 0.25, "kind": None})
    study.add_trial(
        m.create_trial(
            values=[1.0] * len(directions),
            params={"x": 1.0},
            distributions={"x": m.distributions.FloatDistribution(-1.5, 2)},
            intermediate_values={} if len(directions) > 1 else {3: 0.5, 4: math.nan},
            user_attrs={"by": "hand"},
        )
    )
    return study


def load(m, url, name="study"):
    return m.load_study(
        study_name=name,
        storage=url,
        sampler=m.samplers.RandomSampler(),
        pruner=m.pruners.NopPruner(),
    )


@pytest.mark.usefixtures("_time_zone")
@pytest.mark.parametrize("directions", [["minimize"], ["maximize", "minimize", "maximize"]])
def test_the_other_sees_the_same_study_trial_by_trial(url, writer_and_reader, directions):
    write(writer_and_reader[0], url, directions=directions)
    ours, theirs = load(skhpo, url), load(optuna, url)
    assert [d.name for d in ours.directions] == [d.name for d in theirs.directions]
    assert [d.name.lower() for d in ours.directions] == directions
    assert ours.user_attrs == theirs.user_attrs == {"owner": {"name": "me", "list": [1, 2.5, None]}}
    assert ours.metric_names == theirs.metric_names
    assert ours.metric_names == [f"metric {k}" for k in range(len(directions))]
    a, b = ours.trials, theirs.trials
    assert len(a) == len(b) == 28
    for one, other in zip(a, b, strict=True):
        assert plain(one) == plain(other)
        assert one.constraints == other.constraints
        assert one._trial_id == other._trial_id
    assert {t.state.name for t in a} == {"COMPLETE", "PRUNED", "FAIL", "WAITING", "RUNNING"}
    assert typed_params(a[0])["kind"] == ("bool", True)
    if len(directions) == 1:
        assert ours.best_trial.number == theirs.best_trial.number
    else:
        assert [t.number for t in ours.best_trials] == [t.number for t in theirs.best_trials]


def typed_params(trial):
    return {name: (type(value).__name__, value) for name, value in trial.params.items()}


@pytest.mark.usefixtures("_time_zone")
def test_a_live_study_sees_what_the_other_library_writes(url):
    ours = skhpo.create_study(storage=url, study_name="study", pruner=skhpo.pruners.NopPruner())
    theirs = load(optuna, url)
    for _ in range(3):
        ours.optimize(objective(skhpo), n_trials=4, catch=(ValueError,))
        theirs.optimize(objective(optuna), n_trials=3, catch=(ValueError,))
        assert [plain(t) for t in ours.trials] == [plain(t) for t in theirs.trials]
    assert [t.number for t in ours.trials] == list(range(21))
    assert ours.best_value == theirs.best_value


@pytest.mark.parametrize("sampler", ["TPESampler", "CmaEsSampler", "NSGAIISampler", "QMCSampler"])
@pytest.mark.filterwarnings("ignore")
def test_each_goes_on_with_the_other_s_study(sqlite_url, writer_and_reader, sampler):
    """The trials of one feed the sampler of the other."""
    writer, reader = writer_and_reader

    def parabola(trial):
        return trial.suggest_float("x", -5, 5) ** 2 + trial.suggest_int("n", 0, 9)

    def sampler_of(m):
        return getattr(m.samplers, sampler)(seed=1)

    study = writer.create_study(storage=sqlite_url, study_name="study", sampler=sampler_of(writer))
    study.optimize(parabola, n_trials=20)
    other = reader.load_study(study_name="study", storage=sqlite_url, sampler=sampler_of(reader))
    other.optimize(parabola, n_trials=20)
    study.optimize(parabola, n_trials=5)
    trials = load(skhpo, sqlite_url).trials
    assert [t.number for t in trials] == list(range(45))
    assert all(t.value == t.params["x"] ** 2 + t.params["n"] for t in trials)
    assert study.best_value == other.best_value == min(t.value for t in trials)


@pytest.mark.parametrize("reading", ["skhpo", "optuna"])
def test_what_one_has_enqueued_the_other_tries_once(url, reading):
    reader = LIBRARIES[reading]
    writer = skhpo if reader is optuna else optuna
    study = writer.create_study(storage=url, study_name="study")
    for x in (0.25, 0.5):
        study.enqueue_trial({"x": x}, user_attrs={"from": "queue"})
    other = load(reader, url)
    other.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
    values = [t.value for t in other.trials]
    assert values[:2] == [0.25, 0.5]
    assert len(values) == 3
    assert [plain(t) for t in other.trials] == [plain(t) for t in study.trials]


WORKER = """
import sys
import warnings
warnings.simplefilter("ignore")
name, url = sys.argv[1:]
if name == "optuna":
    import optuna as m
else:
    import skhpo as m
m.logging.set_verbosity(m.logging.ERROR)

def objective(trial):
    x = trial.suggest_float("x", 0, 1)
    k = trial.suggest_categorical("k", ["a", "b"])
    trial.set_user_attr("by", name)
    trial.report(x, 0)
    return x + (k == "b")

study = m.load_study(study_name="study", storage=url, pruner=m.pruners.NopPruner())
study.optimize(objective, n_trials=60)
"""


@pytest.mark.slow
def test_both_at_once_count_each_trial_once(url):
    skhpo.create_study(storage=url, study_name="study")
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, name, url], env=environment, stderr=subprocess.PIPE
        )
        for name in ("skhpo", "optuna")
    ]
    errors = [process.communicate(timeout=300)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(errors)
    trials = load(skhpo, url).trials
    assert [t.number for t in trials] == list(range(120))
    assert {t.state.name for t in trials} == {"COMPLETE"}
    for by in ("skhpo", "optuna"):
        assert sum(t.user_attrs["by"] == by for t in trials) == 60
    assert all(t.value == t.params["x"] + (t.params["k"] == "b") for t in trials)
    assert [plain(t) for t in load(optuna, url).trials] == [plain(t) for t in trials]


# ----------------------------------------------------------------------------- tables


def tables_of(url):
    """All that a database says of its tables, in plain values."""
    engine = sqlalchemy.create_engine(url)
    inspector = sqlalchemy.inspect(engine)

    def sorted_by_text(items):
        return sorted(items, key=repr)

    tables = {
        name: {
            "columns": [
                column | {"type": repr(column["type"])} for column in inspector.get_columns(name)
            ],
            "primary key": inspector.get_pk_constraint(name),
            "foreign keys": sorted_by_text(inspector.get_foreign_keys(name)),
            "unique": sorted_by_text(inspector.get_unique_constraints(name)),
            "indexes": sorted_by_text(inspector.get_indexes(name)),
            "checks": sorted_by_text(inspector.get_check_constraints(name)),
        }
        for name in inspector.get_table_names()
    }
    enums = inspector.get_enums() if engine.dialect.name == "postgresql" else None
    with engine.connect() as connection:
        version = connection.execute(sqlalchemy.text("SELECT * FROM alembic_version")).all()
        schema = connection.execute(sqlalchemy.text("SELECT schema_version FROM version_info"))
        versions = [tuple(row) for row in version], [tuple(row) for row in schema]
    engine.dispose()
    return {"tables": tables, "enums": enums, "versions": versions}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_both_make_the_same_tables(request, kind, tmp_path):
    if kind == "sqlite":
        urls = [f"sqlite:///{tmp_path}/{name}.db" for name in LIBRARIES]
    else:
        server = request.getfixturevalue("postgresql")
        urls = [server.new_database() for _ in LIBRARIES]
    skhpo.storages.RDBStorage(urls[0])
    optuna.storages.RDBStorage(urls[1])
    ours, theirs = map(tables_of, urls)
    assert ours["tables"].keys() == theirs["tables"].keys()
    for name, table in theirs["tables"].items():
        assert ours["tables"][name] == table, name
    assert ours["enums"] == theirs["enums"]
    assert ours["versions"] == theirs["versions"]


def test_optuna_finds_our_tables_up_to_date(url):
    skhpo.storages.RDBStorage(url)
    storage = optuna.storages.RDBStorage(url)  # raises an error if they were not
    assert storage.get_current_version() == storage.get_head_version()
    storage.upgrade()
    skhpo.storages.RDBStorage(url)


def test_tables_of_an_older_optuna_are_refused_with_the_way_out(url):
    optuna.storages.RDBStorage(url)
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = 'v2.4.0.a'"))
    engine.dispose()
    with pytest.raises(RuntimeError, match="optuna storage upgrade"):
        skhpo.storages.RDBStorage(url)


# ------------------------------------------------------------------------ signs of life


def age_heartbeats(url, seconds):
    """As if the clock of the database had gone on."""
    engine = sqlalchemy.create_engine(url)
    ago = {
        "sqlite": f"datetime(heartbeat, '-{seconds} seconds')",
        "postgresql": f"heartbeat - interval '{seconds} seconds'",
    }[engine.dialect.name]
    with engine.begin() as connection:
        changed = connection.execute(
            sqlalchemy.text(f"UPDATE trial_heartbeats SET heartbeat = {ago}")
        )
        assert changed.rowcount == 1
    engine.dispose()


@pytest.mark.usefixtures("_time_zone")
def test_a_trial_that_one_left_behind_the_other_fails_and_tries_again(url, writer_and_reader):
    writer, reader = writer_and_reader

    def storage_of(m):
        return m.storages.RDBStorage(
            url,
            heartbeat_interval=60,
            heartbeat_stale_trial_callback=m.storages.RetryHeartbeatStaleTrialCallback(max_retry=1),
        )

    study = writer.create_study(storage=storage_of(writer), study_name="study")
    other = reader.load_study(study_name="study", storage=storage_of(reader))
    for attempt in range(2):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.set_user_attr("attempt", attempt)
        study._storage.record_heartbeat(trial._trial_id)
        reader.storages.fail_stale_trials(other)
        assert [t.state.name for t in other.trials[trial.number :]] == ["RUNNING"]
        age_heartbeats(url, 300)
        reader.storages.fail_stale_trials(other)
        assert other.trials[trial.number].state.name == "FAIL"
        engine = sqlalchemy.create_engine(url)
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("DELETE FROM trial_heartbeats"))
        engine.dispose()
    # Tried again once: what the retry says of itself is the same in both libraries.
    trials = other.trials
    assert [t.state.name for t in trials] == ["FAIL", "FAIL"]
    assert trials[1].params == trials[0].params
    assert trials[1].user_attrs == {"attempt": 1}
    callback = reader.storages.RetryHeartbeatStaleTrialCallback
    assert callback.retried_trial_number(trials[1]) == 0
    assert callback.retry_history(trials[1]) == [0]
    assert [plain(t) for t in load(writer, url).trials] == [plain(t) for t in trials]


# ----------------------------------------------------------------------------- labels


def test_a_study_with_estimators_as_choices_opens_in_optuna(url):
    choices = [LogisticRegression(C=2.0), SVC(), (10, 10), None]
    study = skhpo.create_study(
        storage=url, study_name="study", sampler=skhpo.samplers.RandomSampler(seed=0)
    )

    def pick(trial):
        return choices.index(trial.suggest_categorical("model", choices))

    study.optimize(pick, n_trials=12)
    labels = ["LogisticRegression(C=2.0)", "SVC()", "(10, 10)", None]
    theirs = optuna.load_study(study_name="study", storage=url)
    assert [t.params["model"] for t in theirs.trials] == [
        labels[int(t.value)] for t in study.trials
    ]
    theirs.optimize(lambda t: labels.index(t.suggest_categorical("model", labels)), n_trials=3)
    again = skhpo.load_study(study_name="study", storage=url)
    again.optimize(pick, n_trials=3)
    assert [
        t.params["model"] for t in optuna.load_study(study_name="study", storage=url).trials
    ] == [labels[int(t.value)] for t in again.trials]
    assert len(again.trials) == 18


def test_copies_between_storages_are_read_by_both(sqlite_url, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(optuna, sqlite_url)
    target = f"sqlite:///{tmp_path}/copy.db"
    skhpo.copy_study(from_study_name="study", from_storage=sqlite_url, to_storage=target)
    assert [plain(t) for t in load(optuna, target).trials] == [
        plain(t) for t in load(optuna, sqlite_url).trials
    ]
