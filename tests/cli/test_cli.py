"""The command line, on databases of searches and studies."""

import csv
import io
import json
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.stats import uniform
from sklearn.datasets import load_iris
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo.cli import main
from skhpo.distributions import CategoricalDistribution, FloatDistribution

SCALERS = [StandardScaler(), MinMaxScaler()]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A database with a study of an objective, one of two, and an empty one."""
    file = tmp_path_factory.mktemp("cli") / "studies.db"
    storage = f"sqlite:///{file}"
    one = skhpo.create_study(storage=storage, study_name="one", direction="maximize")
    one.set_metric_names(["accuracy"])
    for k, (x, value) in enumerate([(0.25, 1.0), (0.1 + 0.2, 3.0), (0.75, 2.0)]):
        trial = skhpo.create_trial(
            state=skhpo.TrialState.PRUNED if k == 2 else skhpo.TrialState.COMPLETE,
            value=value,
            params={"x": x, "scaler": SCALERS[k % 2]},
            distributions={
                "x": FloatDistribution(0, 1),
                "scaler": CategoricalDistribution(SCALERS),
            },
            intermediate_values={k: value / 4, 0: value / 2},
            user_attrs={"note": f'a, "{k}"\nü', "odd": [float("nan"), {"k": float("inf")}]},
            system_attrs={"skhpo:fold:0": "{}"},
        )
        one.add_trial(trial)
    one.tell(one.ask(), state=skhpo.TrialState.FAIL)
    one.ask().report(float("nan"), step=0)
    one.enqueue_trial({"x": 0.5})
    two = skhpo.create_study(storage=storage, study_name="two", directions=["minimize", "maximize"])
    for values in ((1, 1), (2, 2), (3, 0)):
        two.tell(two.ask(), values)
    two.tell(two.ask(), state=skhpo.TrialState.FAIL)
    skhpo.create_study(storage=storage, study_name="empty")
    return file


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def ok(*arguments):
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def strict_json(text):
    """Read JSON as other languages do: NaN and Infinity are no part of it."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def ok_json(*arguments):
    return strict_json(ok(*arguments, "--format", "json"))


def ok_csv(*arguments):
    return list(csv.DictReader(io.StringIO(ok("export", *arguments))))


def error(*arguments):
    """Run what must fail, check that it does so in one line on stderr, and return that."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


# ------------------------------------------------------------------------------ studies


def test_studies_says_how_far_each_has_come(file):
    one, two, empty = ok_json("studies", f"sqlite:///{file}")
    assert (one["study"], one["directions"], one["trials"]) == ("one", ["maximize"], 6)
    states = ("complete", "pruned", "failed", "running", "waiting")
    assert [one[state] for state in states] == [2, 1, 1, 1, 1]
    assert one["best"] == 3.0
    assert one["begun"].startswith("20")
    assert (two["directions"], two["best"]) == (["minimize", "maximize"], None)
    assert (empty["trials"], empty["best"], empty["begun"]) == (0, None, None)


def test_the_table_of_studies_is_aligned(file):
    head, one, two, empty = ok("studies", file).splitlines()
    at = head.index("complete")
    assert [line[at] for line in (one, two, empty)] == ["2", "3", "0"]
    assert "minimize, maximize" in two


def test_a_path_means_the_sqlite_file(file, monkeypatch):
    monkeypatch.chdir(file.parent)
    assert ok("studies", file.name) == ok("studies", f"sqlite:///{file}")


def test_a_path_may_have_characters_that_mean_something_in_urls(tmp_path):
    file = tmp_path / "a b%20c@d.db"
    storage = skhpo.storages.RDBStorage(f"sqlite:///{tmp_path}/plain.db")
    skhpo.create_study(storage=storage, study_name="found")
    storage.remove_session()
    (tmp_path / "plain.db").rename(file)
    assert ok_json("studies", file)[0]["study"] == "found"


def test_studies_that_optuna_made_are_read(tmp_path):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    url = f"sqlite:///{tmp_path}/theirs.db"
    study = optuna.create_study(storage=url, sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=5)
    [found] = ok_json("best", url)
    assert found["number"] == study.best_trial.number
    assert found["params_x"] == study.best_params["x"]
    assert [float(row["value"]) for row in ok_csv(url)] == [t.value for t in study.trials]


# --------------------------------------------------------------------------------- best


def test_best_shows_the_best_complete_trial_in_full(file):
    [best] = ok_json("best", file, "--study", "one")
    assert best == {
        "number": 1,
        "value_accuracy": 3.0,
        "params_x": 0.1 + 0.2,
        "params_scaler": "MinMaxScaler()",
    }
    lines = dict(line.split() for line in ok("best", file, "--study", "one").splitlines())
    assert lines["params_x"] == "0.30000000000000004"
    assert lines["params_scaler"] == "MinMaxScaler()"


def test_best_shows_the_front_of_several_objectives(file):
    front = ok_json("best", file, "--study", "two")
    assert [(row["values_0"], row["values_1"]) for row in front] == [(1.0, 1.0), (2.0, 2.0)]
    assert len(ok("best", file, "--study", "two").splitlines()) == 3


def test_best_heeds_constraints(tmp_path):
    storage = f"sqlite:///{tmp_path}/constrained.db"

    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        trial.set_constraint("small", x - 0.5)
        return x

    sampler = skhpo.samplers.RandomSampler(seed=0)
    study = skhpo.create_study(storage=storage, direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=20)
    largest_feasible = max(trial.value for trial in study.trials if trial.value <= 0.5)
    assert max(trial.value for trial in study.trials) > 0.5
    assert ok_json("best", storage)[0]["value"] == largest_feasible


# ------------------------------------------------------------------------------- export


def test_export_gives_each_trial_a_row(file):
    rows = ok_csv(file, "--study", "one")
    assert [row["number"] for row in rows] == ["0", "1", "2", "3", "4", "5"]
    states = ["COMPLETE", "COMPLETE", "PRUNED", "FAIL", "RUNNING", "WAITING"]
    assert [row["state"] for row in rows] == states
    assert [row["value_accuracy"] for row in rows] == ["1.0", "3.0", "2.0", "", "", ""]
    assert float(rows[1]["params_x"]) == 0.1 + 0.2
    assert rows[0]["user_attrs_note"] == 'a, "0"\nü'
    assert float(rows[3]["seconds"]) >= 0
    assert not any("skhpo:" in name or "system" in name for name in rows[0])
    assert not any(name.startswith("intermediate_values") for name in rows[0])


def test_an_export_has_the_columns_and_values_of_a_dataframe(file):
    frame = pd.read_csv(
        io.StringIO(ok("export", file, "--study", "one")), float_precision="round_trip"
    )
    study = skhpo.load_study(study_name="one", storage=f"sqlite:///{file}")
    attrs = ("number", "state", "value", "params", "datetime_start", "datetime_complete")
    expected = study.trials_dataframe(attrs=attrs)
    assert set(expected.columns) <= set(frame.columns)
    np.testing.assert_array_equal(frame["params_x"], expected["params_x"].astype(float))
    np.testing.assert_array_equal(frame["value_accuracy"], expected["value_accuracy"].astype(float))
    begun = pd.to_datetime(frame["datetime_start"], format="ISO8601")
    pd.testing.assert_series_equal(begun, expected["datetime_start"], check_dtype=False)


def test_columns_of_steps_are_in_order_whatever_came_first(file):
    names = list(ok_csv(file, "--study", "one", "--folds")[0])
    steps = [name for name in names if name.startswith("intermediate_values")]
    assert steps == [f"intermediate_values_{step}" for step in (0, 1, 2)]


def test_an_export_as_json_has_null_for_nan_even_within_attributes(file, tmp_path):
    output = tmp_path / "trials.json"
    ok("export", file, "--study", "one", "--format", "json", "--folds", "--output", output)
    rows = strict_json(output.read_text(encoding="utf-8"))
    assert rows[1]["user_attrs_odd"] == [None, {"k": None}]
    assert rows[1]["user_attrs_note"] == 'a, "1"\nü'
    assert rows[4]["intermediate_values_0"] is None
    assert len({tuple(row) for row in rows}) == 1


def test_a_search_is_exported_with_its_folds(tmp_path):
    storage = f"sqlite:///{tmp_path}/search.db"
    X, y = load_iris(return_X_y=True)
    search = skhpo.TPESearchCV(
        DecisionTreeClassifier(random_state=0), {"ccp_alpha": uniform(0, 0.1)}, n_iter=8, cv=3,
        storage=storage, random_state=0,
    ).fit(X, y)  # fmt: skip
    rows = ok_csv(storage, "--folds")
    for k in range(3):
        scores = [float(row[f"intermediate_values_{k}"] or "nan") for row in rows]
        np.testing.assert_array_equal(scores, search.cv_results_[f"split{k}_test_score"])
    predicted = [float(row["predicted_score"] or "nan") for row in rows]
    pruned = search.cv_results_["status"] == "pruned"
    assert pruned.any()
    expected = np.where(pruned, search.cv_results_["predicted_test_score"], np.nan)
    np.testing.assert_array_equal(predicted, expected)
    assert [row["value_score"] == "" for row in rows] == pruned.tolist()
    [best] = ok_json("best", storage)
    assert best["value_score"] == search.best_score_
    assert best["params_ccp_alpha"] == search.best_params_["ccp_alpha"]


def test_an_empty_study_is_exported_as_nothing(file):
    assert ok("export", file, "--study", "empty") == ""
    assert ok_json("export", file, "--study", "empty") == []


def test_an_export_does_not_overwrite_the_database(file):
    before = file.read_bytes()
    assert "the database itself" in error("export", file, "--study", "one", "--output", file)
    assert file.read_bytes() == before


def test_a_file_that_cannot_be_written_is_told(file, tmp_path):
    output = tmp_path / "none" / "trials.csv"
    assert str(output) in error("export", file, "--study", "one", "--output", output)


# ------------------------------------------------------------------------------- errors


def test_which_study_is_asked_where_there_are_several(file):
    assert "the database contains 'one', 'two', 'empty'" in error("best", file)
    said = error("best", file, "--study", "three")
    assert "No study is named 'three'" in said
    assert "'one'" in said
    assert "No trial is complete" in error("best", file, "--study", "empty")


def test_a_database_with_no_study_is_told(tmp_path):
    storage = skhpo.storages.RDBStorage(f"sqlite:///{tmp_path}/none.db")
    assert "no study yet" in error("export", storage.url)
    assert ok("studies", storage.url) == "No study yet.\n"


@pytest.mark.parametrize("command", ["studies", "best", "export", "dashboard"])
def test_a_file_that_is_not_there_is_not_made(command, tmp_path):
    for given in (tmp_path / "none.db", f"sqlite:///{tmp_path}/none.db", tmp_path):
        assert "this file does not exist" in error(command, given)
    assert "in memory" in error(command, "sqlite://")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_told(tmp_path):
    file = tmp_path / "text.db"
    file.write_text("no database" * 1000)
    assert "not an SQLite database" in error("studies", file)


def test_a_database_without_tables_of_studies_is_told_and_gets_none(tmp_path):
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE t (x)")
    assert "the database has no tables of studies" in error("studies", file)
    with sqlite3.connect(file) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("t",)]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://me:secret@127.0.0.1:1/none",
        "postgresql+psycopg://127.0.0.1:1/none?user=me&password=secret",
        "postgresql://me:secret/x@host:port/none",
        "postgresql://me:p@ss:secret@host/none",
        "postgresql:/me:secret@host://none",
        "nonsense://me:secret@host/none",
    ],
)
@pytest.mark.parametrize("command", ["studies", "dashboard"])
def test_no_password_is_shown(command, url, monkeypatch):
    pytest.importorskip("psycopg")
    monkeypatch.setattr("skhpo.storages._database.FIRST_PATIENCE", 0.1)
    assert "secret" not in error(command, url)


def test_a_server_that_cannot_be_reached_is_told(monkeypatch):
    pytest.importorskip("psycopg")
    monkeypatch.setattr("skhpo.storages._database.FIRST_PATIENCE", 0.1)
    said = error("studies", "postgresql+psycopg://me:secret@127.0.0.1:1/none")
    assert "could not be reached" in said
    assert "127.0.0.1" in said


def test_without_the_extra_the_dashboard_says_how_to_get_it(file, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'skhpo[dashboard]'" in error("dashboard", file)


def test_wrong_usage_has_exit_code_2():
    for arguments in (["studies"], ["nonsense"], ["export", "a.db", "--format", "xls"]):
        assert run(*arguments).exit_code == 2


# --------------------------------------------------------------------- as people call it


def call(*arguments, **options):
    command = [sys.executable, "-m", "skhpo", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def test_it_runs_as_a_module_and_tells_its_version():
    assert call("--version").stdout.split()[-1] == skhpo.__version__


def test_an_error_is_one_line_and_no_traceback(tmp_path):
    done = call("studies", tmp_path / "none.db")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: {tmp_path / 'none.db'}: this file does not exist\n"


def test_a_reader_that_has_had_enough_is_no_error(tmp_path):
    """As in `skhpo export ... | head -1`."""
    storage = f"sqlite:///{tmp_path}/long.db"
    study = skhpo.create_study(storage=storage)
    study.add_trials([skhpo.create_trial(value=1.0, user_attrs={"long": "x" * 10**6})])
    command = [sys.executable, "-m", "skhpo", "export", storage]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.read(6) == "number"
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait(timeout=60)


def test_help_has_an_example_for_each_command():
    for name in ("studies", "best", "export", "dashboard"):
        assert f"Example: skhpo {name} sqlite:///" in ok(name, "--help")
        assert name in ok("--help")


# ------------------------------------------------------------------------------ report


def test_report_writes_html_or_markdown(file, tmp_path):
    pytest.importorskip("jinja2")
    path = tmp_path / "one.html"
    output = ok("report", f"sqlite:///{file}", "--study-name", "one", "-o", path)
    assert output == f"Wrote {path}\n"
    assert "<h1>Study one</h1>" in path.read_text(encoding="utf-8")
    path = tmp_path / "two.md"
    ok("report", file, "--study", "two", "--output", path, "--title", "Mine")
    assert path.read_text(encoding="utf-8").startswith("# Mine\n")


def test_report_refuses_what_it_cannot_write(file, tmp_path):
    pytest.importorskip("jinja2")
    assert "has no trial" in error("report", file, "--study", "empty", "-o", tmp_path / "a.html")
    assert "The suffix of `path`" in error(
        "report", file, "--study", "one", "-o", tmp_path / "a.pdf"
    )
    assert "is the database itself" in error("report", file, "--study", "one", "-o", file)
