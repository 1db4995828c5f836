"""Processes that run a stored search are killed: no finished fold is lost, and none runs again."""

import multiprocessing
import os
import signal
import sqlite3
import time
from collections import Counter

import joblib
import numpy as np
import pytest
from scipy.stats import randint, uniform
from sklearn.datasets import make_classification

import skhpo
from skhpo import TPESearchCV
from skhpo.pruners import RacingPruner
from tests.search.estimators import Logged, Scored
from tests.waiting import eventually

X, y = make_classification(n_samples=60, n_features=4, random_state=0)
SPACE = {"x": uniform(0, 1), "k": randint(1, 9), "kind": ["a", "b"]}
N_ITER, CV = 240, 4

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that start at once"),
]


@pytest.fixture(scope="module")
def context():
    """Processes forked from one that has imported all that a search needs."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.search.test_killed", "skhpo.storages._rdb"])
    return context


def make(estimator, url=None, **settings):
    settings = {"n_iter": N_ITER, "cv": CV, "random_state": 5, "refit": False} | settings
    return TPESearchCV(estimator, SPACE, storage=url, study_name="one", **settings)


def run(log, url, seconds, begun, n_jobs, settings):
    Logged.log, Logged.seconds = log, seconds
    search = make(Logged(), url, n_jobs=n_jobs, **settings)
    begun.set()
    with joblib.parallel_config("threading"):
        search.fit(X, y)


def table(search):
    return {
        name: [repr(value) for value in column]
        for name, column in search.cv_results_.items()
        if "time" not in name
    }


@pytest.mark.parametrize(("n_jobs", "n_kills"), [(1, 40), (2, 12)])
def test_a_search_killed_at_random_moments_ends_like_the_one_that_never_was(
    n_jobs, n_kills, context, tmp_path
):
    url, log = f"sqlite:///{tmp_path}/search.db", str(tmp_path / "log")
    settings = {"pruner": RacingPruner(0.2), "pre_dispatch": 3}
    rng = np.random.default_rng(0)
    for _ in range(n_kills):
        begun = context.Event()
        process = context.Process(target=run, args=(log, url, 0.004, begun, n_jobs, settings))
        process.start()
        assert begun.wait(60)
        time.sleep(rng.uniform(0.0, 0.1))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with sqlite3.connect(tmp_path / "search.db") as connection:
            assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    names = skhpo.get_all_study_names(url)  # none, if no process came so far
    before_the_last = len(skhpo.load_study(study_name="one", storage=url).trials) if names else 0

    Logged.log, Logged.seconds = log, 0.0
    search = make(Logged(), url, **settings).fit(X, y)
    whole = make(Scored(), **settings).fit(X, y)
    assert table(search) == table(whole)
    fits = Counter((tmp_path / "log").read_text().splitlines())
    folds_of_verdict = int(whole.cv_results_["n_splits_evaluated"].sum())
    assert len(fits) >= folds_of_verdict
    # What was killed between a fit's end and its commit runs again, one fit a worker at most.
    assert sum(fits.values()) - len(fits) <= n_kills * n_jobs
    if n_jobs == 1:
        assert len(fits) == folds_of_verdict
    assert before_the_last < N_ITER, "the search had ended before the last kill"


def test_two_processes_share_the_budget_of_one_search(context, tmp_path):
    url, log = f"sqlite:///{tmp_path}/search.db", str(tmp_path / "log")
    settings = {"pruner": None, "random_state": None, "n_iter": 40}
    begun = context.Event()
    processes = [
        context.Process(target=run, args=(log, url, 0.01, begun, 1, settings)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    Logged.log, Logged.seconds = log, 0.0
    search = make(Logged(), url, **settings).fit(X, y)
    fits = Counter((tmp_path / "log").read_text().splitlines())
    assert len(fits) == sum(fits.values()) == 40 * CV
    assert (search.cv_results_["status"] == "complete").all()
    assert [trial.number for trial in search.study_.trials] == list(range(40))
    workers = {trial.system_attrs["skhpo:worker"]["pid"] for trial in search.study_.trials}
    assert len(workers) >= 2


def run_and_keep(log, url, seconds, settings, results):
    Logged.log, Logged.seconds = log, seconds
    search = make(Logged(), url, **settings).fit(X, y)
    results.put((os.getpid(), table(search)))


def workers_of(url):
    """Processes that have had a candidate of the search."""
    if "one" not in skhpo.get_all_study_names(url):
        return set()
    trials = skhpo.load_study(storage=url, study_name="one").trials
    return {
        t.system_attrs["skhpo:worker"]["pid"] for t in trials if "skhpo:worker" in t.system_attrs
    }


def test_when_one_of_two_processes_is_killed_the_other_takes_its_candidates_over(context, tmp_path):
    url, log = f"sqlite:///{tmp_path}/search.db", str(tmp_path / "log")
    settings = {"random_state": None, "n_iter": 30, "pre_dispatch": 4}
    results = context.Queue()
    processes = [
        context.Process(target=run_and_keep, args=(log, url, 0.02, settings, results))
        for _ in range(2)
    ]
    for process in processes:
        process.start()
    eventually(lambda: {process.pid for process in processes} <= workers_of(url))
    os.kill(processes[0].pid, signal.SIGKILL)
    pid, found = results.get(timeout=120)
    assert pid == processes[1].pid
    assert len(found["params"]) == 30
    assert set(found["status"]) <= {"'complete'", "'pruned'"}
    fits = Counter((tmp_path / "log").read_text().splitlines())
    assert sum(fits.values()) - len(fits) <= 1
    states = {t.state.name for t in skhpo.load_study(study_name="one", storage=url).trials}
    assert states <= {"COMPLETE", "PRUNED"}


def test_processes_that_share_a_search_return_the_same_table(context, tmp_path):
    url, log = f"sqlite:///{tmp_path}/search.db", str(tmp_path / "log")
    settings = {"random_state": None, "n_iter": 20}
    results = context.Queue()
    processes = [
        context.Process(target=run_and_keep, args=(log, url, 0.02 * (1 + k), settings, results))
        for k in range(2)
    ]
    for process in processes:
        process.start()
    (_, first), (_, second) = (results.get(timeout=120) for _ in processes)
    for name in first:
        assert first[name] == second[name], name
