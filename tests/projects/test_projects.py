"""The projects in examples/projects run from their one command, on a small setting."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECTS = Path(__file__).parents[2] / "examples" / "projects"


def run(script, *arguments):
    """Run a script of a project, and return its output."""
    command = [sys.executable, PROJECTS / script, *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}  # the tests use all cores already
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.extended
def test_the_best_model_of_the_accidents_is_loaded_by_a_fresh_process(tmp_path):
    mlflow = pytest.importorskip("mlflow")
    small = ("--rows", 800, "--candidates", 2, "--jobs", 1, "--cv", 2)
    printed = run("accident_severity/run.py", "--output", tmp_path / "out", *small)
    assert "predicted by a fresh process" in printed
    assert (tmp_path / "out" / "report.html").exists()
    uri = f"sqlite:///{tmp_path / 'out' / 'mlflow.db'}"
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("accident severity").experiment_id
    runs = client.search_runs([experiment])
    (parent,) = [one for one in runs if one.info.run_name == "parameter_optimization"]
    nested = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert parent.data.tags["stage"] == "parameter_optimization"
    assert len(nested) == 2  # one for each candidate
    assert "test_average_precision" in parent.data.metrics


@pytest.mark.slow
def test_the_jobs_of_the_fraud_project_run_and_the_front_is_drawn(tmp_path):
    small = ("--rows", 1500, "--candidates", 3)
    printed = run("fraud/run.py", "--output", tmp_path / "out", *small)
    assert "The chosen model" in printed
    assert (tmp_path / "out" / "front.png").exists()
    assert (tmp_path / "out" / "results" / "bayesian" / "report.html").exists()


def test_the_jobs_of_the_fraud_project_are_valid():
    tuning = pytest.importorskip("skhpo.tuning")
    jobs = {path.stem: tuning.read_job(path) for path in (PROJECTS / "fraud").glob("*.json")}
    assert set(jobs) == {"random", "bayesian", "hyperband"}
    assert jobs["bayesian"].warm_start.parents == (jobs["random"].name,)
    assert all(job.max_parallel_jobs == 2 for job in jobs.values())
