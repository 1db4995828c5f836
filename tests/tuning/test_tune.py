"""Tuning jobs run: files, resuming after a kill, sharing, warm starts, only installed packages."""

import json
import subprocess
import sys
import time

import joblib
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.datasets import make_classification

import skhpo
from skhpo.cli import main
from skhpo.exceptions import StudyMismatchError
from skhpo.tuning import tune


@pytest.fixture
def folder(tmp_path):
    """A folder with a table of numbers, a text and missing values."""
    X, y = make_classification(300, 5, n_informative=3, flip_y=0.1, random_state=0)
    table = pd.DataFrame(X, columns=list("abcde"))
    table["colour"] = pd.Series(["red", "green", "blue"] * 100)
    table.loc[::7, "a"] = float("nan")
    table["target"] = y
    table[:200].to_csv(tmp_path / "train.csv", index=False)
    table[200:].to_parquet(tmp_path / "test.parquet")
    return tmp_path


def a_job(name="first", strategy="Random", n_jobs=6, **changes):
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": strategy,
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "roc_auc"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": n_jobs},
            "ParameterRanges": {
                "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "1", "MaxValue": "9"}],
                "ContinuousParameterRanges": [
                    {"Name": "min_impurity_decrease", "MinValue": "1e-5", "MaxValue": "0.1"}
                ],
            },
            "RandomSeed": 0,
        }
        | changes.pop("config", {}),
        "Estimator": "DecisionTreeClassifier",
        "Data": {"Train": "train.csv", "Test": "test.parquet", "Target": "target"},
        "Folds": 3,
        "Storage": "jobs.db",
    } | changes


def write(folder, job):
    path = folder / f"{job['HyperParameterTuningJobName']}.json"
    path.write_text(json.dumps(job))
    return str(path)


def test_the_command_leaves_a_model_that_predicts_a_table_and_a_log(folder):
    result = CliRunner().invoke(main, ["tune", write(folder, a_job())])
    assert result.exit_code == 0, result.output
    assert "BestHyperParameters_max_depth" in result.output
    output = folder / "first"
    model = joblib.load(output / "model.joblib")
    rows = pd.read_parquet(folder / "test.parquet")
    assert len(model.predict(rows.drop(columns="target"))) == 100  # texts and gaps included
    assert len(pd.read_csv(output / "cv_results.csv")) == 6
    lines = [json.loads(line) for line in (output / "experiments.jsonl").open()]
    assert [line["event"] for line in lines].count("candidate_end") == 6
    summary = json.loads((output / "summary.json").read_text())
    assert 0.5 < summary["TestValue"] <= 1
    assert "What to try next" in (output / "report.html").read_text()


def test_a_check_of_a_job_runs_nothing(folder):
    result = CliRunner().invoke(main, ["tune", "--check", write(folder, a_job())])
    assert result.output == "The job 'first' is valid: 2 ranges.\n"
    assert not (folder / "first").exists()


def test_a_mistake_is_one_line_on_stderr(folder):
    job = write(folder, a_job(strategy="Randm"))
    result = CliRunner().invoke(main, ["tune", job])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "Did you mean 'Random'?" in result.stderr


def test_a_bayesian_job_starts_from_the_trials_of_a_random_job(folder):
    tune(a_job(), folder)
    parents = [{"HyperParameterTuningJobName": "first"}]
    warm = {
        "WarmStartType": "IdenticalDataAndAlgorithm",
        "ParentHyperParameterTuningJobs": parents,
    }
    job = a_job("second", "Bayesian", 4, WarmStartConfig=warm)
    search = tune(job, folder).search
    assert len(search.cv_results_["params"]) == 10
    first = skhpo.load_study(study_name="first", storage=str(folder / "jobs.db"))
    second = skhpo.load_study(study_name="second", storage=str(folder / "jobs.db"))
    assert [t.params for t in second.trials[:6]] == [t.params for t in first.trials]
    computed = search.evaluations_["candidate"][~search.evaluations_["from_storage"]]
    assert set(computed) == {6, 7, 8, 9}
    assert len(tune(job, folder).search.cv_results_["params"]) == 10  # again: nothing is added


def test_an_identical_warm_start_refuses_other_data_and_a_transfer_takes_the_best(folder):
    first = tune(a_job(), folder).search
    parents = [{"HyperParameterTuningJobName": "first"}]
    warm = {"WarmStartType": "IdenticalDataAndAlgorithm", "ParentHyperParameterTuningJobs": parents}
    with pytest.raises(StudyMismatchError, match="cv splits"):
        tune(a_job("other", Folds=4, WarmStartConfig=warm), folder)
    warm = warm | {"WarmStartType": "TransferLearning"}
    moved = tune(a_job("moved", Folds=4, WarmStartConfig=warm), folder).search
    assert first.best_params_ in moved.cv_results_["params"][:2]


def test_a_parent_that_does_not_exist_is_named(folder):
    warm = {
        "WarmStartType": "TransferLearning",
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "nobody"}],
    }
    with pytest.raises(ValueError, match="no job 'nobody'"):
        tune(a_job(WarmStartConfig=warm), folder)


def test_hyperband_uses_the_resource_of_the_job(folder):
    bounds = {"MinResource": 2, "MaxResource": 18, "Resource": "n_estimators"}
    job = a_job(
        "bands", "Hyperband", config={"StrategyConfig": {"HyperbandStrategyConfig": bounds}}
    )
    search = tune(job | {"Estimator": "RandomForestClassifier"}, folder).search
    assert set(search.cv_results_["n_resources"]) <= {2, 6, 18}


def test_early_stopping_is_refused_with_hyperband(folder):
    job = a_job("off")
    job["HyperParameterTuningJobConfig"]["Strategy"] = "Hyperband"
    job["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"] = "Auto"
    with pytest.raises(ValueError, match="must be Off with the strategy Hyperband"):
        tune(job, folder)


def test_a_grid_runs_all_its_points(folder):
    values = [{"Name": "max_depth", "Values": ["1", "3", "None"]}]
    job = a_job("grid")
    config = job["HyperParameterTuningJobConfig"]
    config |= {"Strategy": "Grid", "ResourceLimits": {}}
    config["ParameterRanges"] = {"CategoricalParameterRanges": values}
    search = tune(job, folder).search
    assert [one["model__max_depth"] for one in search.cv_results_["params"]] == [1, 3, None]


def test_a_target_ends_a_job(folder):
    easy = a_job("easy", n_jobs=50)
    target = {"TargetObjectiveMetricValue": "0.5"}
    easy["HyperParameterTuningJobConfig"]["TuningJobCompletionCriteria"] = target
    assert len(tune(easy, folder).search.cv_results_["params"]) < 50


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("RandomForestClasifier", "Did you mean 'RandomForestClassifier'"),
        ("sklearn.svm.SVCC", "cannot be imported"),
        ("os.system", "must belong to an installed package"),
        ("evil.Model", "must belong to an installed package"),
        ("joblib.load", "must be the class of an estimator"),
        ("sklearn.model_selection.KFold", "must be the class of an estimator"),
        ("StandardScaler", "must end in a model"),
        ("GridSearchCV", "cannot be created without arguments"),
    ],
)
def test_only_estimators_of_installed_packages_are_used(folder, monkeypatch, name, message):
    (folder / "evil.py").write_text("raise SystemExit('this code must not run')")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    with pytest.raises(ValueError, match=message):
        tune(a_job(Estimator=name), folder)


def test_a_parameter_that_the_model_lacks_is_named(folder):
    job = a_job()
    ranges = job["HyperParameterTuningJobConfig"]["ParameterRanges"]
    ranges["IntegerParameterRanges"][0]["Name"] = "max_dept"
    with pytest.raises(ValueError, match=r"no parameter 'max_dept'.*Did you mean 'max_depth'"):
        tune(job, folder)


def test_a_list_of_steps_is_a_pipeline_and_its_parameters_have_prefixes(folder):
    job = a_job(Estimator=["StandardScaler", "LogisticRegression"])
    job["HyperParameterTuningJobConfig"]["ParameterRanges"] = {
        "ContinuousParameterRanges": [{"Name": "C", "MinValue": "0.01", "MaxValue": "100"}],
        "CategoricalParameterRanges": [
            {"Name": "standardscaler__with_mean", "Values": ["true", "false"]}
        ],
    }
    result = tune(job, folder)
    assert set(result.summary["BestHyperParameters"]) == {"C", "standardscaler__with_mean"}


@pytest.mark.slow
@pytest.mark.extended
def test_two_processes_share_a_job_and_a_killed_one_is_replaced(folder):
    job = write(folder, a_job(n_jobs=25) | {"Estimator": "ExtraTreesClassifier"})
    command = [sys.executable, "-m", "skhpo", "tune", job]
    first, second = (subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2))
    log = folder / "first" / "experiments.jsonl"
    while not log.exists() or log.read_text().count('"candidate_end"') < 5:
        assert first.poll() is None or second.poll() is None
        time.sleep(0.05)
    first.kill()
    first.wait()
    assert second.wait() == 0
    study = skhpo.load_study(study_name="first", storage=str(folder / "jobs.db"))
    assert [trial.state.name for trial in study.trials].count("COMPLETE") == 25
