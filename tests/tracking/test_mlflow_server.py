"""The tracker for MLflow with a tracking server whose artifacts are in an S3-compatible store."""

import os
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import TPESearchCV
from skhpo.tracking import MLflowCallback
from tests.waiting import eventually

mlflow = pytest.importorskip("mlflow")
boto3 = pytest.importorskip("boto3")
moto_server = pytest.importorskip("moto.server")

pytestmark = [pytest.mark.slow, pytest.mark.extended]

X, y = load_iris(return_X_y=True, as_frame=True)
SPACE = {"svc__C": loguniform(1e-3, 1e3), "svc__gamma": loguniform(1e-5, 1e1)}
PREDICT = """
import sys, mlflow
from sklearn.datasets import load_iris
model = mlflow.sklearn.load_model(sys.argv[1])
print(*model.predict(load_iris(as_frame=True).data))
"""


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=1).status == 200
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


@pytest.fixture
def object_store(monkeypatch):
    """An S3-compatible server with a bucket, and the environment of its clients."""
    server = moto_server.ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}".replace("0.0.0.0", "127.0.0.1")
    for name, value in {
        "MLFLOW_S3_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=url)
    client.create_bucket(Bucket="artifacts")
    yield client
    server.stop()


@pytest.fixture
def tracking_server(object_store, tmp_path, unused_port):
    """A tracking server on SQLite that stores artifacts in the object store."""
    url = f"http://127.0.0.1:{unused_port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(unused_port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/runs.db"]
    command += ["--artifacts-destination", "s3://artifacts/skhpo"]
    with open(tmp_path / "server.log", "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        eventually(lambda: answers(f"{url}/health"), seconds=120)
        yield url
    finally:
        os.killpg(process.pid, 15)
        process.wait()


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_a_search_on_two_workers_is_recorded_and_its_model_predicts_elsewhere(
    tracking_server, object_store
):
    tracker = MLflowCallback(tracking_uri=tracking_server, experiment_name="iris")
    search = TPESearchCV(
        make_pipeline(StandardScaler(), SVC()), SPACE, n_iter=12, n_jobs=2, random_state=0,
        callbacks=[tracker],
    ).fit(X, y)  # fmt: skip
    client = mlflow.MlflowClient(tracking_server)
    runs = client.search_runs([client.get_experiment_by_name("iris").experiment_id])
    children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    (parent,) = [run for run in runs if run not in children]
    assert len(children) == 12
    status = sorted(run.data.tags["skhpo.status"] for run in children)
    assert status == sorted(search.cv_results_["status"])
    assert parent.data.metrics["best_cv_score"] == search.best_score_
    stored = object_store.list_objects_v2(Bucket="artifacts")["Contents"]
    assert any(one["Key"].endswith("cv_results.csv") for one in stored)
    assert any(one["Key"].endswith("MLmodel") for one in stored)
    (model,) = client.search_logged_models([parent.info.experiment_id])
    environment = os.environ | {"MLFLOW_TRACKING_URI": tracking_server}
    output = subprocess.run(
        [sys.executable, "-c", PREDICT, model.model_uri],
        env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert list(map(int, output.split())) == search.predict(X).tolist()
