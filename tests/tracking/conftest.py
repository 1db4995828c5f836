"""A store of MLflow in a temporary folder."""

import os

import pytest


@pytest.fixture(scope="session")
def mlflow_store(tmp_path_factory):
    """The URI of an SQLite store, which is MLflow's current store while the tests run."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    mlflow = pytest.importorskip("mlflow")
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    before, home = mlflow.get_tracking_uri(), os.getcwd()
    mlflow.set_tracking_uri(uri)
    os.chdir(folder)  # where a store that is opened puts its artifacts
    mlflow.search_experiments()
    os.chdir(home)
    yield uri
    mlflow.set_tracking_uri(before)


class Experiment:
    """An experiment, and what it holds."""

    def __init__(self, client, name, folder):
        self.client, self.name = client, name
        self.id = client.create_experiment(name, artifact_location=folder.as_uri())

    def runs(self, parent=None):
        """The runs without a parent, or those nested in a run, the oldest first."""
        found = self.client.search_runs([self.id], order_by=["attributes.start_time"])
        return [run for run in found if run.data.tags.get("mlflow.parentRunId") == parent]

    def run(self):
        """The only run without a parent."""
        (run,) = self.runs()
        return run

    def candidates(self, run=None):
        """The runs of the candidates by trial number; each has only one."""
        nested = self.runs((run or self.run()).info.run_id)
        by_number = {int(one.data.tags["skhpo.trial"]): one for one in nested}
        assert len(by_number) == len(nested)
        return by_number

    def artifacts(self, run):
        return sorted(file.path for file in self.client.list_artifacts(run.info.run_id))


@pytest.fixture
def experiment(mlflow_store, tmp_path, request):
    import mlflow

    assert mlflow.active_run() is None
    created = Experiment(mlflow.MlflowClient(mlflow_store), request.node.nodeid, tmp_path)
    mlflow.set_experiment(experiment_id=created.id)
    yield created
    assert mlflow.active_run() is None
