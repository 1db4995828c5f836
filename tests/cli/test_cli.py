"""The command line, on databases of searches and studies."""

import csv
import io
import json
import subprocess
import sys

import pytest
from click.testing import CliRunner
from scipy.stats import uniform
from sklearn.datasets import load_iris
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import skhpo
from skhpo.cli import main

X, y = load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A database with a study of two objectives, one of an objective, and an empty one."""
    file = tmp_path_factory.mktemp("cli") / "studies.db"
    storage = f"sqlite:///{file}"
    skhpo.logging.set_verbosity(skhpo.logging.WARNING)
    one = skhpo.create_study(storage=storage, study_name="one", direction="maximize")
    one.set_metric_names(["accuracy"])
    for x, value in ((0.25, 1.0), (0.5, 3.0), (0.75, 2.0)):
        trial = one.ask()
        trial.suggest_float("x", 0, 1)
        trial._frozen.params["x"] = x
        trial.suggest_categorical("scaler", [StandardScaler(), MinMaxScaler()])
        trial.report(value / 2, step=0)
        trial.set_user_attr("note", f"a, {value}")
        one.tell(trial, value)
    one.tell(one.ask(), state=skhpo.TrialState.FAIL)
    trial = one.ask()
    trial.report(float("nan"), step=0)
    two = skhpo.create_study(storage=storage, study_name="two", directions=["minimize", "maximize"])
    for a, b in ((1, 1), (2, 2), (3, 0)):
        two.tell(two.ask(), [a, b])
    skhpo.create_study(storage=storage, study_name="empty")
    return file


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def ok(*arguments):
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def error(*arguments):
    result = run(*arguments)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert result.output.startswith("Error: ")
    return result.output


def test_studies_says_how_far_each_has_come(database):
    found = json.loads(ok("studies", f"sqlite:///{database}", "--format", "json"))
    one, two, empty = found
    assert (one["study"], one["direction"], one["trials"], one["best"]) == (
        "one", "maximize", 5, 3.0,
    )  # fmt: skip
    assert [one[state] for state in ("complete", "pruned", "fail", "running")] == [3, 0, 1, 1]
    assert (two["direction"], two["best"]) == ("minimize, maximize", None)
    assert (empty["trials"], empty["begun"]) == (0, None)
    table = ok("studies", database).splitlines()
    assert table[0].split()[:3] == ["study", "direction", "trials"]
    assert len(table) == 4


def test_best_shows_the_best_trial_under_the_name_of_its_metric(database):
    [best] = json.loads(ok("best", database, "--study", "one", "--format", "json"))
    assert (best["number"], best["accuracy"]) == (1, 3.0)
    assert best["scaler"] in ("StandardScaler()", "MinMaxScaler()")
    assert "accuracy" in ok("best", database, "--study", "one").splitlines()[0]


def test_best_shows_the_front_of_several_objectives(database):
    front = json.loads(ok("best", database, "--study", "two", "--format", "json"))
    assert [(row["value_0"], row["value_1"]) for row in front] == [(1.0, 1.0), (2.0, 2.0)]


def test_export_gives_each_trial_a_row(database):
    rows = list(csv.DictReader(io.StringIO(ok("export", database, "--study", "one", "--folds"))))
    assert [row["number"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert [row["state"] for row in rows] == ["COMPLETE"] * 3 + ["FAIL", "RUNNING"]
    assert rows[1]["accuracy"] == "3.0"
    assert rows[1]["user_attrs_note"] == "a, 3.0"
    assert rows[1]["step_0"] == "1.5"
    assert float(rows[1]["seconds"]) >= 0
    assert not any("skhpo:" in name for name in rows[0])


def test_export_as_json_has_no_nan(database, tmp_path):
    file = tmp_path / "trials.json"
    ok("export", database, "--study", "one", "--format", "json", "--folds", "--output", file)
    rows = json.loads(file.read_text(), parse_constant=lambda name: pytest.fail(name))
    assert rows[4]["step_0"] is None


def test_a_search_is_exported_with_its_folds(tmp_path):
    storage = f"sqlite:///{tmp_path}/search.db"
    from sklearn.tree import DecisionTreeClassifier

    search = skhpo.TPESearchCV(
        DecisionTreeClassifier(random_state=0), {"ccp_alpha": uniform(0, 0.1)}, n_iter=5, cv=3,
        storage=storage, random_state=0,
    ).fit(X, y)  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(ok("export", storage, "--folds"))))
    for k in range(3):
        scores = [float(row[f"step_{k}"]) for row in rows if row[f"step_{k}"]]
        expected = search.cv_results_[f"split{k}_test_score"]
        assert scores == expected[expected == expected].tolist()
    [best] = json.loads(ok("best", storage, "--format", "json"))
    assert best["score"] == search.best_score_


def test_which_study_is_asked_where_there_are_several(database):
    assert "'one', 'two', 'empty'" in error("best", database)
    assert "There is no study named 'three'" in error("best", database, "--study", "three")
    assert "no complete trial" in error("best", database, "--study", "empty")


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    for given in (tmp_path / "none.db", f"sqlite:///{tmp_path}/none.db", "sqlite://"):
        assert "There is no file" in error("studies", given)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_told(tmp_path):
    file = tmp_path / "text.db"
    file.write_text("no database" * 1000)
    assert "no SQLite database" in error("studies", file)


def test_a_database_without_studies_tables_is_told(tmp_path):
    import sqlite3

    file = tmp_path / "other.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE t (x)")
    assert "version None" in error("studies", file)


def test_no_password_is_shown(monkeypatch):
    monkeypatch.setattr("skhpo.storages._database.FIRST_PATIENCE", 0.1)
    pytest.importorskip("psycopg")
    said = error("studies", "postgresql://me:secret@127.0.0.1:1/none")
    assert "secret" not in said
    assert "127.0.0.1" in said
    assert "secret" not in error("studies", "nonsense://me:secret@host/none")


def test_without_the_extra_the_dashboard_says_how_to_get_it(database, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'skhpo[dashboard]'" in error("dashboard", database)


def test_it_runs_as_a_module_and_tells_its_version(database):
    command = [sys.executable, "-m", "skhpo"]
    result = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.split()[-1] == skhpo.__version__
    result = subprocess.run(
        [*command, "studies", str(database)], capture_output=True, text=True, check=True
    )
    assert "empty" in result.stdout


def test_help_has_an_example_for_each_command():
    for name in ("studies", "best", "export", "dashboard"):
        assert f"Example: skhpo {name} sqlite:///" in ok(name, "--help")
