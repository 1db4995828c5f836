"""The tracker for MLflow, with a real store: the runs of a search and of its candidates."""

import csv

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from skhpo import ParetoSearchCV, SearchCallback, StudySearchCV, TPESearchCV
from skhpo.tracking import MLflowCallback

mlflow = pytest.importorskip("mlflow")
plt = pytest.importorskip("matplotlib.pyplot")

X, y = load_iris(return_X_y=True, as_frame=True)
SPACE = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-5, 1e1)}


def search(callback=None, cls=TPESearchCV, estimator=None, space=SPACE, **settings):
    if callback is None:
        callback = MLflowCallback(log_model=False, log_plots=False)
    arguments = {"n_iter": 6, "cv": 3, "random_state": 0, "callbacks": [callback], **settings}
    return cls(estimator or SVC(), space, **arguments)


def test_the_run_of_the_search_has_settings_space_best_candidate_and_table(experiment):
    fitted = search(scoring="accuracy").fit(X, y)
    run = experiment.run()
    assert run.info.status == "FINISHED"
    assert run.data.params["n_iter"] == "6"
    assert run.data.params["scoring"] == "accuracy"
    assert run.data.params["space.C"] == "loguniform(0.001, 1000)"
    assert float(run.data.params["best_C"]) == fitted.best_params_["C"]
    assert run.data.metrics["best_cv_score"] == fitted.best_score_
    assert run.data.tags["skhpo.search"] == "TPESearchCV"
    assert run.data.tags["skhpo.sampler"] == "TPESampler"
    assert experiment.artifacts(run) == ["cv_results.csv"]
    path = experiment.client.download_artifacts(run.info.run_id, "cv_results.csv")
    with open(path) as file:
        rows = list(csv.DictReader(file))
    scores = [float(row["mean_test_score"]) for row in rows]
    np.testing.assert_array_equal(scores, fitted.cv_results_["mean_test_score"])


def test_the_plots_are_pictures_of_the_search(experiment, tmp_path):
    open_figures = plt.get_fignums()
    search(MLflowCallback(log_model=False)).fit(X, y)
    assert plt.get_fignums() == open_figures
    run_id = experiment.run().info.run_id
    files = [file.path for file in experiment.client.list_artifacts(run_id, "plots")]
    assert sorted(files) == ["plots/history.png", "plots/importances.png"]
    path = experiment.client.download_artifacts(run_id, "plots/history.png", str(tmp_path))
    assert plt.imread(path).std() > 0.0


def test_a_search_with_several_objectives_has_a_plot_of_its_front(experiment):
    callback = MLflowCallback(log_model=False)
    search(
        callback, cls=ParetoSearchCV, objectives=["accuracy", "fit_time"], scoring=["accuracy"]
    ).fit(X, y)
    files = experiment.client.list_artifacts(experiment.run().info.run_id, "plots")
    assert [file.path for file in files] == ["plots/pareto_front.png"]


def test_a_complete_candidate_has_the_metrics_of_its_folds_and_their_means(experiment):
    fitted = search(pruner=None, scoring=["accuracy", "f1_macro"], refit="accuracy").fit(X, y)
    candidates = experiment.candidates()
    assert sorted(candidates) == list(range(6))
    for row, number in enumerate(fitted.cv_results_["trial_number"]):
        run, table = candidates[number], fitted.cv_results_
        assert run.info.status == "FINISHED"
        assert run.data.tags["skhpo.status"] == "complete"
        assert float(run.data.params["gamma"]) == table["param_gamma"][row]
        for metric in ("accuracy", "f1_macro"):
            assert run.data.metrics[f"mean_{metric}"] == table[f"mean_test_{metric}"][row]
            for fold in range(3):
                logged = run.data.metrics[f"split{fold}_{metric}"]
                assert logged == table[f"split{fold}_test_{metric}"][row]
        assert "predicted_accuracy" not in run.data.metrics


def test_the_prediction_for_a_pruned_candidate_is_never_logged_as_measured(experiment):
    fitted = search(n_iter=20, cv=5).fit(X, y)
    candidates, table = experiment.candidates(), fitted.cv_results_
    pruned = np.flatnonzero(table["status"] == "pruned")
    assert len(pruned)
    for row in pruned:
        run = candidates[table["trial_number"][row]]
        n_folds = table["n_splits_evaluated"][row]
        measured = {name for name in run.data.metrics if name.startswith("split")}
        assert len(measured) == run.data.metrics["n_folds"] == n_folds < 5
        others = set(run.data.metrics) - measured
        assert others == {"predicted_score", "n_folds", "mean_fit_time", "mean_score_time"}
        assert run.data.metrics["predicted_score"] == table["predicted_test_score"][row]
        assert run.data.tags["skhpo.reason"]
        assert run.info.status == "KILLED"


def test_a_failed_candidate_has_a_failed_run_without_scores(experiment):
    with pytest.warns(match="fits failed"):
        search(space={"C": [-1.0, 1.0]}).fit(X, y)
    statuses = {
        float(run.data.params["C"]): (run.info.status, run.data.tags["skhpo.status"])
        for run in experiment.candidates().values()
    }
    assert statuses == {-1.0: ("FAILED", "failed"), 1.0: ("FINISHED", "complete")}
    failed = [r for r in experiment.candidates().values() if r.info.status == "FAILED"]
    assert not [
        name for name in failed[0].data.metrics if "score" in name.replace("score_time", "")
    ]


def test_several_objectives_have_their_names(experiment):
    objectives = ["accuracy", "neg_log_loss"]
    model, space = LogisticRegression(max_iter=1000), {"C": loguniform(1e-3, 1e3)}
    fitted = search(None, ParetoSearchCV, model, space, objectives=objectives, pruner=None)
    fitted.fit(X, y)
    metrics = experiment.run().data.metrics
    row = fitted.best_index_
    assert metrics["best_accuracy"] == fitted.cv_results_["mean_test_accuracy"][row]
    assert metrics["best_neg_log_loss"] == fitted.cv_results_["mean_test_neg_log_loss"][row]


@pytest.mark.slow
def test_the_model_is_logged_with_signature_and_example_and_predicts_as_the_search(experiment):
    fitted = search(MLflowCallback()).fit(X, y)
    uri = f"runs:/{experiment.run().info.run_id}/model"
    model = mlflow.sklearn.load_model(uri)
    np.testing.assert_array_equal(model.predict(X), fitted.predict(X))
    info = mlflow.models.get_model_info(uri)
    assert info.signature.inputs.input_names() == list(X.columns)
    assert info.saved_input_example_info is not None
    run = experiment.client.get_run(experiment.run().info.run_id)
    (output,) = run.outputs.model_outputs
    assert experiment.client.get_logged_model(output.model_id).status == "READY"


@pytest.mark.slow
@pytest.mark.extended
def test_arguments_for_the_model_reach_mlflow(experiment):
    search(MLflowCallback(log_model={"registered_model_name": "iris", "name": "svc"})).fit(X, y)
    (version,) = experiment.client.search_model_versions("name='iris'")
    assert version.run_id == experiment.run().info.run_id


@pytest.mark.slow
@pytest.mark.extended
def test_another_store_than_the_current_one_can_be_used_and_the_current_one_stays(
    experiment, tmp_path
):
    uri = f"sqlite:///{tmp_path / 'other.db'}"
    client = mlflow.MlflowClient(uri)
    there = client.create_experiment("there", artifact_location=tmp_path.as_uri())
    current = mlflow.get_tracking_uri()
    with mlflow.start_run():  # an active run of the current store
        search(MLflowCallback(uri, "there", run_name="mine")).fit(X, y)
    assert mlflow.get_tracking_uri() == current
    (run,) = client.search_runs([there], "tags.skhpo.search = 'TPESearchCV'")
    assert run.info.run_name == "mine"
    (output,) = client.get_run(run.info.run_id).outputs.model_outputs
    assert client.get_logged_model(output.model_id).experiment_id == there
    assert experiment.run().data.params == {}


def test_an_experiment_is_created_at_need(experiment):
    search(MLflowCallback(experiment_name="new", log_model=False, tags={"team": "a"})).fit(X, y)
    new = experiment.client.get_experiment_by_name("new")
    runs = experiment.client.search_runs([new.experiment_id])
    assert len(runs) == 1 + 6
    assert {run.data.tags["team"] for run in runs} == {"a"}
    assert experiment.runs() == []


# ------------------------------------------------------------------------- active runs


def test_a_search_is_recorded_in_the_active_run_and_leaves_it_active(experiment):
    with mlflow.start_run() as run:
        mlflow.log_param("data", "iris")
        search().fit(X, y)
        assert mlflow.active_run().info.run_id == run.info.run_id
        assert experiment.client.get_run(run.info.run_id).info.status == "RUNNING"
    assert experiment.run().data.params.keys() >= {"data", "n_iter", "best_C"}
    assert len(experiment.candidates()) == 6


def test_a_run_name_makes_no_run_within_the_active_run_which_keeps_its_name(experiment):
    with mlflow.start_run(run_name="mine") as active:
        search(MLflowCallback(run_name="other", log_model=False, log_plots=False)).fit(X, y)
    assert experiment.run().info.run_name == "mine"
    assert len(experiment.candidates(active)) == 6


def test_two_searches_in_one_active_run_do_not_mix(experiment):
    with mlflow.start_run():
        search().fit(X, y)
        search(MLflowCallback(run_name="second", log_model=False), n_iter=3).fit(X, y)
        search(n_iter=2).fit(X, y)
    nested = experiment.runs(experiment.run().info.run_id)
    searches = [run for run in nested if "skhpo.search" in run.data.tags]
    assert [run.data.params["n_iter"] for run in searches] == ["3", "2"]
    assert searches[0].info.run_name == "second"
    assert [len(experiment.candidates(run)) for run in searches] == [3, 2]


# ------------------------------------------------------------------------- resuming


class Cut(SearchCallback):
    """Raises an error that no search can survive after some candidates."""

    def __init__(self, after):
        self.left = after

    def on_candidate_end(self, candidate):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def stored(folder, **settings):
    return search(storage=folder / "search.db", study_name="s", **settings)


def test_a_search_that_is_fitted_again_moves_its_candidates_to_the_new_run(experiment, tmp_path):
    stored(tmp_path).fit(X, y)
    first = experiment.run()
    before = experiment.candidates(first)
    again = stored(tmp_path, n_iter=9).fit(X, y)
    second = next(run for run in experiment.runs() if run.info.run_id != first.info.run_id)
    after = experiment.candidates(second)
    assert sorted(after) == list(range(9))
    assert {n: run.info.run_id for n, run in after.items() if n < 6} == {
        n: run.info.run_id for n, run in before.items()
    }
    assert {n: run.data.metrics for n, run in after.items() if n < 6} == {
        n: run.data.metrics for n, run in before.items()
    }
    assert experiment.candidates(first) == {}
    first_tags = experiment.client.get_run(first.info.run_id).data.tags
    assert first_tags["skhpo.continued_by"] == second.info.run_id
    assert float(second.data.params["best_C"]) == again.best_params_["C"]
    assert second.data.params["n_iter"] == "9"


def test_an_interrupted_search_completes_the_runs_of_its_candidates(experiment, tmp_path):
    cut = stored(tmp_path)
    cut.callbacks.append(Cut(after=3))
    with pytest.warns(match="ended early by Ctrl-C"):
        cut.fit(X, y)
    first = experiment.run()
    assert first.info.status == "KILLED"
    assert first.data.tags["skhpo.ended_early"] == "interrupt"
    assert "interrupted" in {
        run.data.tags["skhpo.status"] for run in experiment.candidates(first).values()
    }
    stored(tmp_path).fit(X, y)
    (second,) = [run for run in experiment.runs() if run.info.run_id != first.info.run_id]
    after = experiment.candidates(second)
    assert sorted(after) == list(range(6))
    assert {run.data.tags["skhpo.status"] for run in after.values()} <= {"complete", "pruned"}
    assert len(experiment.client.search_runs([experiment.id])) == 2 + 6


def test_a_resumed_search_whose_runs_were_deleted_records_all_candidates_again(
    experiment, tmp_path
):
    stored(tmp_path).fit(X, y)
    for run in experiment.client.search_runs([experiment.id]):
        experiment.client.delete_run(run.info.run_id)
    stored(tmp_path).fit(X, y)
    candidates = experiment.candidates()
    assert len(candidates) == 6
    assert {run.data.tags["skhpo.status"] for run in candidates.values()} <= {"complete", "pruned"}
    assert all(
        "split0_score" in run.data.metrics or run.data.metrics["n_folds"] < 3
        for run in candidates.values()
    )


def test_a_resumed_search_in_an_active_run_takes_its_candidates_along(experiment, tmp_path):
    stored(tmp_path).fit(X, y)
    first = experiment.run()
    with mlflow.start_run() as active:
        stored(tmp_path, n_iter=8).fit(X, y)
    assert len(experiment.candidates(active)) == 8
    assert experiment.candidates(first) == {}


def test_the_best_candidate_is_that_of_the_last_fit_in_the_same_active_run(experiment, tmp_path):
    with mlflow.start_run():
        stored(tmp_path, n_iter=1).fit(X, y)
        last = stored(tmp_path, n_iter=12).fit(X, y)
    nested = experiment.runs(experiment.run().info.run_id)
    (second,) = nested  # the runs of the candidates have moved to it
    assert float(second.data.params["best_C"]) == last.best_params_["C"]
    assert second.data.metrics["best_cv_score"] == last.best_score_
    assert len(experiment.candidates(second)) == 12


# ------------------------------------------------------------------------- the object


def test_an_error_ends_all_runs(experiment):
    with pytest.raises(ValueError, match="C"):
        search(space={"C": [-1.0, -2.0]}, error_score="raise").fit(X, y)
    assert experiment.run().info.status == "FAILED"
    assert {run.info.status for run in experiment.candidates().values()} <= {"KILLED", "FAILED"}


def test_a_fitted_search_can_be_cloned_and_fitted_again_with_its_tracker(experiment):
    fitted = search(refit=False).fit(X, y)
    clone(fitted).fit(X, y)
    assert len(experiment.runs()) == 2


def test_no_password_of_a_storage_is_logged(experiment, tmp_path):
    search(cls=StudySearchCV, storage=f"sqlite:///{tmp_path / 'secret.db'}").fit(X, y)
    assert "secret" not in str(experiment.run().to_dictionary())


@pytest.mark.parametrize(
    ("arguments", "word"), [({"log_model": "yes"}, "log_model"), ({"tags": ["a"]}, "tags")]
)
def test_wrong_arguments_are_named(arguments, word):
    with pytest.raises(TypeError, match=f"`{word}` must be"):
        MLflowCallback(**arguments)
