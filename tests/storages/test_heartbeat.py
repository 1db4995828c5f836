"""A worker dies: another one finds its trial, fails it, and has it tried again."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import skhpo
from skhpo.storages import (
    Heartbeat,
    InMemoryStorage,
    RDBStorage,
    RetryHeartbeatStaleTrialCallback,
    fail_stale_trials,
)
from skhpo.trial import TrialState

WORKER = """
import sys
import time
import skhpo
from skhpo.storages import RDBStorage

storage = RDBStorage(sys.argv[1], heartbeat_interval=1)
study = skhpo.load_study(study_name="study", storage=storage)

def objective(trial):
    x = trial.suggest_float("x", 0, 1)
    trial.report(x / 2, 0)
    trial.set_user_attr("from", "the worker")
    print("running", flush=True)
    time.sleep(float(sys.argv[2]))
    return x

study.optimize(objective, n_trials=1)
"""


def start_worker(url, seconds):
    """A process that runs one trial for some seconds; returns once it does."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, url, str(seconds)],
        stdout=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert worker.stdout.readline() == b"running\n"
    return worker


def kill(worker):
    os.kill(worker.pid, signal.SIGKILL)
    worker.communicate()


def study_with(url, **settings):
    storage = RDBStorage(url, heartbeat_interval=1, **settings)
    return skhpo.create_study(storage=storage, study_name="study", load_if_exists=True)


def unit(trial):
    return trial.suggest_float("x", 0, 1)


@pytest.mark.slow
def test_the_trial_of_a_killed_worker_is_tried_again(url, eventually):
    callback = RetryHeartbeatStaleTrialCallback(max_retry=1, inherit_intermediate_values=True)
    study = study_with(url, heartbeat_stale_trial_callback=callback)
    kill(start_worker(url, seconds=600))
    [lost] = study.trials
    assert lost.state == TrialState.RUNNING

    study.optimize(unit, n_trials=1)  # too early: its heart may still beat
    assert study.trials[0].state == TrialState.RUNNING
    eventually(lambda: study._storage.get_stale_trial_ids(study._study_id))
    study.optimize(unit, n_trials=1)

    first, _, retried = study.trials
    assert first.state == TrialState.FAIL
    assert retried.state == TrialState.COMPLETE
    assert retried.params == lost.params
    assert retried.intermediate_values == lost.intermediate_values
    assert retried.user_attrs == {"from": "the worker"}
    assert callback.retried_trial_number(retried) == 0
    assert callback.retry_history(retried) == [0]


@pytest.mark.slow
def test_a_trial_that_kills_each_worker_is_tried_so_often_and_no_more(sqlite_url, eventually):
    callback = RetryHeartbeatStaleTrialCallback(max_retry=2)
    study = study_with(sqlite_url, heartbeat_stale_trial_callback=callback)
    for attempt in range(3):
        kill(start_worker(sqlite_url, seconds=600))
        assert len(study.trials) == attempt + 1
        eventually(lambda: study._storage.get_stale_trial_ids(study._study_id))
        fail_stale_trials(study)
    assert [t.state for t in study.trials] == [TrialState.FAIL] * 3
    assert len({t.params["x"] for t in study.trials}) == 1
    assert [callback.retry_history(t) for t in study.trials] == [[], [0], [0, 1]]
    assert [callback.retried_trial_number(t) for t in study.trials] == [None, 0, 0]


@pytest.mark.slow
def test_a_slow_trial_of_a_living_worker_is_left_alone(url):
    study = study_with(url, grace_period=2)
    worker = start_worker(url, seconds=6)
    while worker.poll() is None:
        fail_stale_trials(study)
        assert study.trials[0].state in (TrialState.RUNNING, TrialState.COMPLETE)
        time.sleep(0.2)
    assert worker.returncode == 0
    worker.communicate()
    assert study.trials[0].state == TrialState.COMPLETE


def test_only_one_of_several_fails_a_trial(url, monkeypatch):
    """Two that find the same dead worker do not enqueue its trial twice."""
    calls = []
    studies = [
        study_with(url, heartbeat_stale_trial_callback=lambda study, trial: calls.append(trial))
        for _ in range(4)
    ]
    trial = studies[0].ask()
    studies[0]._storage.record_heartbeat(trial._trial_id)
    barrier = threading.Barrier(4)
    stale = RDBStorage.get_stale_trial_ids

    def all_at_once(self, study_id, grace_period=None):
        found = stale(self, study_id, grace_period=-60)
        barrier.wait(60)
        return found

    monkeypatch.setattr(RDBStorage, "get_stale_trial_ids", all_at_once)
    threads = [threading.Thread(target=fail_stale_trials, args=(study,)) for study in studies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [(t.number, t.state) for t in calls] == [(0, TrialState.FAIL)]


def test_without_an_interval_no_trial_is_failed(url):
    study = skhpo.create_study(storage=url)
    trial = study.ask()
    study._storage.record_heartbeat(trial._trial_id)
    assert study._storage.get_heartbeat_interval() is None
    fail_stale_trials(study)
    assert study.trials[0].state == TrialState.RUNNING
    memory = skhpo.create_study()
    memory.ask()
    fail_stale_trials(memory)
    assert memory.trials[0].state == TrialState.RUNNING
    assert InMemoryStorage().get_stale_trial_ids(0) == []


def test_only_running_trials_of_the_study_that_ever_had_a_heartbeat_are_stale(url):
    storage = RDBStorage(url)
    study_id, other = storage.create_new_study([1]), storage.create_new_study([1])
    running, ended, without = (storage.create_new_trial(study_id) for _ in range(3))
    elsewhere = storage.create_new_trial(other)
    storage.record_heartbeats([running, ended, elsewhere])
    storage.set_trial_state_values(ended, TrialState.FAIL)
    assert storage.get_stale_trial_ids(study_id, grace_period=-60) == [running]
    assert storage.get_stale_trial_ids(other, grace_period=-60) == [elsewhere]
    assert storage.get_stale_trial_ids(study_id, grace_period=60) == []
    assert without not in storage.get_stale_trial_ids(study_id, grace_period=-60)


def test_the_grace_period_is_twice_the_interval_unless_it_is_given(sqlite_url):
    def n_stale(seconds_ago, **settings):
        storage = RDBStorage(sqlite_url, **settings)
        study_id = storage.create_new_study([1])
        trial_id = storage.create_new_trial(study_id)
        storage.record_heartbeat(trial_id)
        storage._database.write(
            lambda connection: connection.exec_driver_sql(
                f"UPDATE trial_heartbeats SET heartbeat = "
                f"datetime(heartbeat, '-{seconds_ago} seconds') WHERE trial_id = {trial_id}"
            )
        )
        return len(storage.get_stale_trial_ids(study_id))

    assert n_stale(100, heartbeat_interval=60) == 0
    assert n_stale(140, heartbeat_interval=60) == 1
    assert n_stale(140, heartbeat_interval=60, grace_period=300) == 0
    assert n_stale(60, heartbeat_interval=60, grace_period=30) == 1


def test_a_heart_that_cannot_be_written_does_not_stop_the_others(sqlite_url, caplog, monkeypatch):
    storage = RDBStorage(sqlite_url)
    trial_id = storage.create_new_trial(storage.create_new_study([1]))
    beats = []

    def record(trial_ids):
        beats.append(list(trial_ids))
        if len(beats) == 2:
            raise skhpo.exceptions.StorageInternalError("no space")

    monkeypatch.setattr(storage, "record_heartbeats", record)
    with Heartbeat(storage, 0.02) as heartbeat:
        heartbeat.add(trial_id)
        deadline = time.monotonic() + 30
        while len(beats) < 5:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        heartbeat.remove(trial_id)
    n_beats = len(beats)
    assert beats[:5] == [[trial_id]] * 5
    time.sleep(0.1)
    assert len(beats) == n_beats  # none after its block
    assert "no space" in caplog.text
