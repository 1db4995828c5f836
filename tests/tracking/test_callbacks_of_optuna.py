"""Optuna's own callbacks for trackers work in a search, and never record a prediction."""

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from skhpo import TPESearchCV

X, y = load_iris(return_X_y=True)


@pytest.fixture
def current_store():
    """The tracking URI of MLflow, which Optuna's callback changes for the whole process."""
    mlflow = pytest.importorskip("mlflow")
    uri = mlflow.get_tracking_uri()
    yield
    mlflow.set_tracking_uri(uri)


@pytest.mark.slow
@pytest.mark.usefixtures("current_store")
def test_optunas_callback_for_mlflow_records_measured_values_only(tmp_path):
    mlflow = pytest.importorskip("mlflow")
    integration = pytest.importorskip("optuna_integration")
    uri = f"sqlite:///{tmp_path}/runs.db"
    callback = integration.MLflowCallback(tracking_uri=uri, metric_name="accuracy")
    space = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-5, 1e1)}
    search = TPESearchCV(SVC(), space, n_iter=15, random_state=0, callbacks=[callback]).fit(X, y)
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name(search.study_.study_name)
    runs = {
        int(run.data.tags["number"]): run for run in client.search_runs(experiment.experiment_id)
    }
    results = search.cv_results_
    assert sorted(runs) == list(range(15))
    assert (results["status"] == "pruned").any()
    for row, number in enumerate(results["trial_number"]):
        logged = runs[number].data.metrics.get("accuracy", np.nan)
        np.testing.assert_equal(logged, results["mean_test_score"][row])
