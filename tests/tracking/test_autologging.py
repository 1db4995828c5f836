"""Searches under ``mlflow.sklearn.autolog()``: what is logged, and that folds are not."""

import subprocess
import sys

import numpy as np
import pytest
import sklearn.model_selection
from joblib import parallel_config
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import ParetoSearchCV, TPESearchCV
from skhpo.tracking import MLflowCallback

mlflow = pytest.importorskip("mlflow")

X, y = load_iris(return_X_y=True)
SPACE = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-5, 1e1)}


def search(cls=TPESearchCV, **settings):
    return cls(SVC(), SPACE, **{"n_iter": 7, "cv": 3, "random_state": 0, **settings})


@pytest.fixture
def autolog(experiment):
    """Switches autologging on, by default without models, which take seconds."""

    def switch_on(**arguments):
        mlflow.sklearn.autolog(**{"log_models": False, "silent": True, **arguments})

    yield switch_on
    mlflow.sklearn.autolog(disable=True)


@pytest.mark.slow
def test_a_search_is_logged_as_randomized_search_cv_is(experiment, autolog, capfd):
    autolog(log_models=True)
    search(RandomizedSearchCV).fit(X, y)
    fitted = search().fit(X, y)
    assert "WARNING" not in capfd.readouterr().err  # autologging is silent
    theirs, ours = experiment.runs()
    assert len(experiment.runs(ours.info.run_id)) == 5  # MLflow's `max_tuning_runs`
    assert len(experiment.runs(theirs.info.run_id)) == 5
    names = {"best_C", "best_gamma", "estimator", "n_iter", "cv"}
    assert names <= ours.data.params.keys() & theirs.data.params.keys()
    assert ours.data.metrics["best_cv_score"] == fitted.best_score_
    assert "best_cv_score" in theirs.data.metrics
    assert ours.data.metrics["training_score"] == fitted.score(X, y)
    assert "training_score" in theirs.data.metrics
    (our_data,), (their_data,) = ours.inputs.dataset_inputs, theirs.inputs.dataset_inputs
    assert our_data.dataset.schema == their_data.dataset.schema
    assert "cv_results.csv" in experiment.artifacts(theirs)
    assert "cv_results.csv" in experiment.artifacts(ours)
    (their_child, *_), (our_child, *_) = (
        experiment.runs(run.info.run_id) for run in (theirs, ours)
    )
    assert our_child.data.params.keys() == their_child.data.params.keys()
    assert our_child.data.metrics.keys() >= their_child.data.metrics.keys()
    for name in ("model", "best_estimator"):
        for run in (theirs, ours):
            model = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/{name}")
            assert model.predict(X).shape == y.shape
    np.testing.assert_array_equal(model.predict(X), fitted.predict(X))


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_no_fit_of_a_fold_is_logged_with_any_workers(experiment, autolog, backend):
    autolog()
    with parallel_config(backend, n_jobs=2):
        search(cls=TPESearchCV, n_iter=4).fit(X, y)
    nested = experiment.runs(experiment.run().info.run_id)
    assert len(nested) == 4
    assert len(experiment.client.search_runs([experiment.id])) == 1 + 4


def test_the_runs_of_the_best_candidates_have_their_parameters_and_scores(experiment, autolog):
    autolog(max_tuning_runs=2)
    fitted = search(pruner=None).fit(X, y)
    nested = experiment.candidates()
    table = fitted.cv_results_
    best = np.argsort(table["rank_test_score"], kind="stable")[:2]
    assert sorted(nested) == sorted(table["trial_number"][best])
    for row in best:
        run = nested[table["trial_number"][row]]
        assert float(run.data.params["C"]) == table["param_C"][row]
        assert run.data.params["kernel"] == "rbf"
        assert run.data.metrics["mean_test_score"] == table["mean_test_score"][row]


def test_a_pruned_candidate_has_no_mean(experiment, autolog):
    autolog(max_tuning_runs=None)
    search(n_iter=20, cv=5).fit(X, y)
    statuses = {}
    for run in experiment.candidates().values():
        statuses.setdefault(run.data.tags["skhpo.status"], []).append(run.data.metrics)
    assert statuses["pruned"]
    assert all("mean_test_score" in metrics for metrics in statuses["complete"])
    assert not any("mean_test_score" in metrics for metrics in statuses["pruned"])


def test_several_objectives_are_logged(experiment, autolog):
    autolog()
    search(ParetoSearchCV, objectives=["accuracy", "f1_macro"], n_iter=4).fit(X, y)
    assert {"best_accuracy", "best_f1_macro"} <= experiment.run().data.metrics.keys()
    assert len(experiment.candidates()) == 4


def test_autologging_is_on_again_after_a_search(experiment, autolog):
    autolog()
    search().fit(X, y)
    SVC(C=3).fit(X, y)
    assert [run.data.params.get("C") for run in experiment.runs()] == [None, "3"]


def test_the_active_run_of_the_user_is_used_and_stays_active(experiment, autolog):
    autolog()
    with mlflow.start_run() as run:
        search().fit(X, y)
        assert mlflow.active_run().info.run_id == run.info.run_id
    assert "best_C" in experiment.run().data.params
    assert "mlflow.autologging" not in experiment.run().data.tags


def test_a_second_search_in_an_active_run_gets_a_nested_run(experiment, autolog):
    autolog()
    with mlflow.start_run():
        search(n_iter=3).fit(X, y)
        search(n_iter=2).fit(X, y)
    nested = experiment.runs(experiment.run().info.run_id)
    (second,) = [run for run in nested if "skhpo.search" in run.data.tags]
    assert len(nested) == 3 + 1
    assert len(experiment.candidates(second)) == 2
    assert experiment.run().data.params["n_iter"] == "3"


def test_the_run_is_the_last_active_run(experiment, autolog):
    autolog()
    search().fit(X, y)
    assert mlflow.last_active_run().info.run_id == experiment.run().info.run_id


def test_an_error_ends_the_run_as_failed(experiment, autolog):
    autolog()
    with pytest.raises(ValueError, match="C"):
        TPESearchCV(SVC(), {"C": [-1.0, -2.0]}, error_score="raise").fit(X, y)
    assert experiment.run().info.status == "FAILED"


def test_a_search_in_cross_validation_logs_nothing_as_those_of_scikit_learn(experiment, autolog):
    autolog()
    sklearn.model_selection.cross_validate(search(n_iter=2), X, y, cv=3)
    assert experiment.client.search_runs([experiment.id]) == []


def test_a_search_as_the_last_step_of_a_pipeline_is_part_of_the_pipelines_run(experiment, autolog):
    autolog()
    make_pipeline(StandardScaler(), search(n_iter=3)).fit(X, y)
    assert "steps" in experiment.run().data.params
    assert experiment.runs(experiment.run().info.run_id) == []


def test_an_explicit_tracker_is_used_instead(experiment, autolog):
    autolog()
    search(callbacks=[MLflowCallback(log_model=False, run_name="mine")]).fit(X, y)
    assert experiment.run().info.run_name == "mine"
    assert len(experiment.candidates()) == 7


def test_exclusive_autologging_leaves_the_users_run_alone(experiment, autolog):
    autolog(exclusive=True)
    with mlflow.start_run():
        search().fit(X, y)
    assert experiment.run().data.params == {}


def test_autologging_that_is_off_stays_off(experiment, autolog):
    autolog(disable=True)
    search().fit(X, y)
    assert experiment.runs() == []


def test_autologging_of_a_booster_alone_logs_the_refit_alone(experiment):
    xgboost = pytest.importorskip("xgboost")
    mlflow.xgboost.autolog(log_models=False, silent=True)
    try:
        space = {"n_estimators": [3, 5, 8]}
        fitted = TPESearchCV(xgboost.XGBClassifier(), space, cv=3, random_state=0).fit(X, y)
    finally:
        mlflow.xgboost.autolog(disable=True)
    rounds = experiment.run().data.params["num_boost_round"]
    assert int(rounds) == fitted.best_params_["n_estimators"]


@pytest.mark.parametrize("callbacks", [[], [MLflowCallback()]])
def test_a_server_that_is_away_does_not_end_a_search(
    experiment, autolog, mlflow_store, monkeypatch, callbacks
):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    autolog()
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    try:
        with pytest.warns(UserWarning, match="The search continues"):
            fitted = search(callbacks=callbacks).fit(X, y)
    finally:
        mlflow.set_tracking_uri(mlflow_store)
    assert fitted.best_score_ > 0.9


def test_a_search_does_not_import_mlflow():
    code = (
        "import sys; from sklearn.svm import SVC; from sklearn.datasets import load_iris;"
        "from skhpo import RandomSearchCV;"
        "RandomSearchCV(SVC(), {'C': [1, 2]}).fit(*load_iris(return_X_y=True));"
        "assert 'mlflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
