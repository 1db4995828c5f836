"""Many processes write into one study: each trial is there once, and every value is right."""

import os
import signal
import sqlite3
import subprocess
import sys

import pytest

import skhpo
from skhpo.trial import TrialState
from tests.waiting import eventually

N_PROCESSES, N_TRIALS = 8, 40
ENGINES = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.extended)], indirect=True
)

WORKER = """
import sys
import skhpo

worker, url, n_trials = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
skhpo.logging.set_verbosity(skhpo.logging.ERROR)
study = skhpo.load_study(
    study_name="study", storage=url,
    sampler=skhpo.samplers.RandomSampler(), pruner=skhpo.pruners.NopPruner(),
)

def objective(trial):
    x = trial.suggest_float("x", 0, 1)
    k = trial.suggest_int("k", 0, 9)
    trial.report(x, 0)
    trial.report(k, 1)
    trial.set_user_attr("worker", worker)
    return x + k

print("begun", flush=True)
study.optimize(objective, n_trials=n_trials)
"""


def start_workers(url, n_trials):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(worker), url, str(n_trials)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for worker in range(N_PROCESSES)
    ]


def wait_for(workers):
    """The exit codes of the workers, which must not have raised anything."""
    errors = [worker.communicate(timeout=500)[1] for worker in workers]
    assert all(error == "" for error in errors), "\n".join(errors)
    return [worker.returncode for worker in workers]


def check_values(trials):
    for trial in trials:
        if trial.state == TrialState.COMPLETE:
            x, k = trial.params["x"], trial.params["k"]
            assert trial.values == [x + k]
            assert trial.intermediate_values == {0: x, 1: k}
            assert trial.user_attrs["worker"] in range(N_PROCESSES)


def check_database(url):
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.slow
@ENGINES
def test_eight_processes_write_every_trial_once(url):
    skhpo.create_study(storage=url, study_name="study")
    assert wait_for(start_workers(url, N_TRIALS)) == [0] * N_PROCESSES
    trials = skhpo.load_study(study_name="study", storage=url).trials
    assert [t.number for t in trials] == list(range(N_PROCESSES * N_TRIALS))
    assert {t.state for t in trials} == {TrialState.COMPLETE}
    for worker in range(N_PROCESSES):
        assert sum(t.user_attrs["worker"] == worker for t in trials) == N_TRIALS
    check_values(trials)
    check_database(url)


@pytest.mark.slow
@ENGINES
def test_killed_writers_harm_nobody_else(url):
    study = skhpo.create_study(storage=url, study_name="study")
    workers = start_workers(url, N_TRIALS)
    for worker in workers:
        assert worker.stdout.readline() == "begun\n"
    doomed, others = workers[:2], workers[2:]
    for worker in doomed:
        in_the_middle = study._storage.get_n_trials(study._study_id) + 20
        eventually(lambda: study._storage.get_n_trials(study._study_id) >= in_the_middle)
        os.kill(worker.pid, signal.SIGKILL)
    assert wait_for(others) == [0] * 6
    assert [worker.wait() for worker in doomed] == [-signal.SIGKILL] * 2
    for worker in doomed:
        worker.communicate()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    trials = skhpo.load_study(study_name="study", storage=url).trials
    assert [t.number for t in trials] == list(range(len(trials)))
    unfinished = [t for t in trials if t.state != TrialState.COMPLETE]
    assert len(unfinished) <= 2  # what was running when its process was killed
    by_worker = [t.user_attrs.get("worker") for t in trials[:-1]]
    assert all(by_worker.count(worker) == N_TRIALS for worker in range(2, 8))
    assert all(by_worker.count(worker) < N_TRIALS for worker in range(2))
    check_values(trials[:-1])
    check_database(url)
