"""A process that was suspended lets go of what others took over meanwhile, and goes on."""

import multiprocessing
import os
import signal
import time
from collections import Counter

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.datasets import make_classification

import skhpo
from skhpo import RandomSearchCV
from skhpo.search._records import Candidate
from skhpo.search.execution._scheduler import Scheduler
from skhpo.search.persistence import _checkpoint
from tests.search.estimators import Logged
from tests.waiting import eventually

X, y = make_classification(n_samples=60, n_features=4, random_state=0)
N_ITER, CV = 12, 3


class Silent:
    """A controller that gives candidates of three folds and never ends one early."""

    def __init__(self):
        self.told = []

    def ask(self, number):
        return Candidate(number, range(3))

    def judge(self, candidate):
        return None

    def tell(self, candidate):
        self.told.append((candidate.number, candidate.status))


@pytest.mark.parametrize("in_order", [True, False])
def test_a_released_candidate_is_given_no_further_fold(in_order):
    controller = Silent()
    scheduler = Scheduler(controller, n_candidates=2, window=1, in_order=in_order)
    candidate, fold = scheduler.next_task()
    scheduler.record(candidate, fold, 0.0)  # its next fold may run
    scheduler.release(candidate)
    assert scheduler.next_task()[0].number == 1
    assert controller.told == [(0, "interrupted")]


def test_the_place_of_a_released_candidate_is_free_again():
    scheduler = Scheduler(Silent(), n_candidates=1, window=1, in_order=True)
    candidate, _ = scheduler.next_task()
    scheduler.release(candidate)
    assert scheduler.next_task()[0].number == 1


def share(log, url, seconds, results):
    _checkpoint.HEARTBEAT, _checkpoint.GRACE, _checkpoint.GLANCE, _checkpoint.SILENCE = (
        0.1,
        0.8,
        0.1,
        0.4,
    )
    Logged.log, Logged.seconds = log, seconds
    search = RandomSearchCV(
        Logged(), {"x": uniform(0, 1)}, n_iter=N_ITER, cv=CV, random_state=0, refit=False,
        pruner=None, storage=url, study_name="one",
    ).fit(X, y)  # fmt: skip
    results.put((os.getpid(), search.cv_results_["status"].tolist(),
                 search.cv_results_["mean_test_score"].tolist()))  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs signals that suspend")
@pytest.mark.parametrize("ends_before_it_wakes", [True, False])
def test_a_suspended_process_goes_on_and_finds_what_the_other_found(ends_before_it_wakes, tmp_path):
    context = multiprocessing.get_context("fork" if os.name != "nt" else "spawn")
    url, log = f"sqlite:///{tmp_path}/search.db", str(tmp_path / "log")
    results = context.Queue()
    sleeper = context.Process(target=share, args=(log, url, 0.1, results))
    sleeper.start()
    fits = tmp_path / "log"
    eventually(lambda: fits.exists() and len(fits.read_text().split("\n")) >= 5)
    os.kill(sleeper.pid, signal.SIGSTOP)
    other = context.Process(target=share, args=(log, url, 0.1, results))
    other.start()
    if ends_before_it_wakes:
        other.join(60)
    else:
        time.sleep(1.5)
    os.kill(sleeper.pid, signal.SIGCONT)
    found = [results.get(timeout=20) for _ in range(2)]
    for process in (sleeper, other):
        process.join(60)
        assert process.exitcode == 0
    for _, status, scores in found:
        assert status == ["complete"] * N_ITER
        assert np.isfinite(scores).all()
    assert found[0][2] == found[1][2]
    trials = skhpo.load_study(study_name="one", storage=url).trials
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * N_ITER
    repeated = Counter((tmp_path / "log").read_text().splitlines())
    assert sum(repeated.values()) - len(repeated) <= 1 + CV  # what was under way as it was cut
