"""MLflow and stored searches in other processes: killed and resumed, and two at once."""

import subprocess
import sys
import textwrap

import pytest

pytest.importorskip("mlflow")

SCRIPT = textwrap.dedent("""
    import os, sys, time
    from scipy.stats import loguniform
    from sklearn.datasets import load_iris
    from sklearn.svm import SVC
    from skhpo import SearchCallback, TPESearchCV
    from skhpo.tracking import MLflowCallback

    class Slow(SVC):
        def fit(self, X, y):
            time.sleep(0.1)
            return super().fit(X, y)

    class Tells(SearchCallback):
        def on_fold_end(self, fold):
            print("fold", fold.number, flush=True)
            while fold.number >= 6 and not os.path.exists(gate):
                time.sleep(0.02)

    uri, experiment, storage, gate = sys.argv[1:]
    callbacks = [MLflowCallback(uri, experiment, log_model=False), Tells()]
    TPESearchCV(
        Slow(), {"C": loguniform(1e-3, 1e3)}, n_iter=14, cv=3, storage=storage, study_name="s",
        callbacks=callbacks,
    ).fit(*load_iris(return_X_y=True))
""")


def begin(store, experiment, folder):
    """Start the search in another process; return once its first folds are known.

    It stops at its seventh candidate until the file "gate" exists.
    """
    paths = [str(folder / "search.db"), str(folder / "gate")]
    command = [sys.executable, "-c", SCRIPT, store, experiment.name, *paths]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for _ in range(8):
        process.stdout.readline()
    return process


@pytest.mark.slow
def test_a_search_that_was_killed_continues_its_run(mlflow_store, experiment, tmp_path):
    process = begin(mlflow_store, experiment, tmp_path)
    process.kill()
    process.wait()
    (run,) = experiment.runs()
    assert run.info.status == "RUNNING"
    n_before = len(experiment.candidates())
    assert 0 < n_before < 14
    (tmp_path / "gate").touch()
    process = begin(mlflow_store, experiment, tmp_path)
    process.communicate()
    assert process.returncode == 0
    (again,) = experiment.runs()
    assert again.info.run_id == run.info.run_id
    assert again.info.status == "FINISHED"
    candidates = experiment.candidates()
    assert sorted(candidates) == list(range(14))
    statuses = {one.data.tags["skhpo.status"] for one in candidates.values()}
    assert statuses <= {"complete", "pruned"}
    for one in candidates.values():
        n_folds = sum(name.startswith("split") for name in one.data.metrics)
        assert n_folds == one.data.metrics["n_folds"]


@pytest.mark.slow
@pytest.mark.extended
def test_two_processes_share_the_run_of_a_search(mlflow_store, experiment, tmp_path):
    first = begin(mlflow_store, experiment, tmp_path)
    second = begin(mlflow_store, experiment, tmp_path)
    (tmp_path / "gate").touch()
    for process in (first, second):
        process.communicate()
        assert process.returncode == 0
    assert sorted(experiment.candidates()) == list(range(14))  # of the only run without a parent
    assert experiment.run().info.status == "FINISHED"
