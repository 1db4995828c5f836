"""A worker dies: another one finds its trial, fails it, and has it tried again."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

import skhpo
from skhpo.storages import (
    Heartbeat,
    InMemoryStorage,
    RDBStorage,
    RetryFailedTrialCallback,
    RetryHeartbeatStaleTrialCallback,
    _heartbeat,
    _rdb,
    fail_stale_trials,
)
from skhpo.trial import TrialState
from tests.waiting import eventually

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
def test_the_trial_of_a_killed_worker_is_tried_again(url):
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
def test_a_trial_that_kills_each_worker_is_tried_so_often_and_no_more(sqlite_url):
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
@pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.extended)], indirect=True
)
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
        eventually(lambda: len(beats) >= 5)
        heartbeat.remove(trial_id)
    n_beats = len(beats)
    assert beats[:5] == [[trial_id]] * 5
    time.sleep(0.1)
    assert len(beats) == n_beats  # none after its block
    assert "no space" in caplog.text


# --------------------------------------------------------------------------------- clocks


class Clocks:
    """The clock that dates heartbeats, and the one that only goes on, both under control."""

    def __init__(self):
        self.date, self.seconds = datetime(2030, 1, 1), 1000.0
        self.takes = 0.0  # seconds between reading one and the other

    def monotonic(self):
        self.seconds += self.takes
        return self.seconds

    def pass_by(self, seconds):
        self.date += timedelta(seconds=seconds)
        self.seconds += seconds

    def put(self, seconds):
        self.date += timedelta(seconds=seconds)


@pytest.fixture
def clocks(monkeypatch):
    clocks = Clocks()
    monkeypatch.setattr(_heartbeat, "time", SimpleNamespace(monotonic=clocks.monotonic))
    monkeypatch.setattr(_rdb, "read_clock", lambda connection: clocks.date)
    return clocks


@pytest.fixture
def two_running(url):
    """A storage that watches over two running trials, and what another process writes to it."""
    watching, writing = RDBStorage(url, heartbeat_interval=30), RDBStorage(url)
    study_id = watching.create_new_study([1])
    return watching, writing, study_id, [watching.create_new_trial(study_id) for _ in range(2)]


def test_a_clock_that_is_put_on_fails_no_living_trial(two_running, clocks):
    watching, writing, study_id, (living, dead) = two_running
    writing.record_heartbeats([living, dead])
    assert watching.get_stale_trial_ids(study_id) == []
    clocks.pass_by(20)
    clocks.put(3600)
    assert watching.get_stale_trial_ids(study_id) == []
    clocks.pass_by(20)
    writing.record_heartbeats([living])
    clocks.pass_by(15)
    assert watching.get_stale_trial_ids(study_id) == []
    clocks.pass_by(15)
    assert watching.get_stale_trial_ids(study_id) == [dead]


def test_who_gives_signs_of_life_notices_a_clock_that_is_put_on(two_running, clocks):
    watching, writing, study_id, (own, other) = two_running
    watching.record_heartbeats([own])
    writing.record_heartbeats([other])
    clocks.put(3600)
    clocks.pass_by(30)
    watching.record_heartbeats([own])
    assert watching.get_stale_trial_ids(study_id) == []


def test_a_clock_that_is_put_back_does_not_hide_the_dead(two_running, clocks):
    watching, writing, study_id, (living, dead) = two_running
    writing.record_heartbeats([living, dead])
    clocks.put(-3600)
    assert watching.get_stale_trial_ids(study_id) == []
    clocks.pass_by(40)
    writing.record_heartbeats([living])
    assert watching.get_stale_trial_ids(study_id) == []
    clocks.pass_by(30)
    assert watching.get_stale_trial_ids(study_id) == [dead]


def test_a_new_process_finds_the_dead_at_once(two_running, clocks, url):
    _, writing, study_id, (living, dead) = two_running
    writing.record_heartbeats([dead])
    clocks.pass_by(100)
    writing.record_heartbeats([living])
    assert RDBStorage(url, heartbeat_interval=30).get_stale_trial_ids(study_id) == [dead]


def test_a_busy_machine_is_not_taken_for_a_clock_that_jumps(two_running, clocks):
    """The two clocks are read far apart, now and then."""
    watching, writing, study_id, (_, dead) = two_running
    writing.record_heartbeats([dead])
    for takes in (0.0, 20.0, 0.0, 5.0, 0.0):
        clocks.takes = takes
        watching.get_stale_trial_ids(study_id)
        clocks.put(clocks.seconds - 1000.0 - (clocks.date - datetime(2030, 1, 1)).total_seconds())
    clocks.takes = 0.0
    clocks.pass_by(60)
    assert watching.get_stale_trial_ids(study_id) == [dead]


def test_clocks_that_drift_apart_slowly_are_believed(two_running, clocks):
    watching, writing, study_id, (_, dead) = two_running
    watching.get_stale_trial_ids(study_id)
    for _ in range(20):
        clocks.pass_by(3600)
        clocks.put(3)
        writing.record_heartbeats([dead])
        clocks.pass_by(61)
        assert watching.get_stale_trial_ids(study_id) == [dead]


# ------------------------------------------------------------------------------ old names


def test_the_old_name_of_the_callback_class_warns_and_does_the_same():
    with pytest.warns(FutureWarning, match="use `RetryHeartbeatStaleTrialCallback`"):
        callback = RetryFailedTrialCallback(max_retry=1)
    study = skhpo.create_study()
    for _ in range(3):
        study.ask()
        study.tell(study.trials[-1].number, state=TrialState.FAIL)
        callback(study, study.trials[-1])
        if study.trials[-1].state != TrialState.WAITING:
            break
    assert [callback.retry_history(trial) for trial in study.trials] == [[], [0]]


def test_the_old_name_of_the_callback_argument_warns_and_does_the_same(sqlite_url):
    def callback(study, trial):
        """Do nothing."""

    with pytest.warns(FutureWarning, match="use `heartbeat_stale_trial_callback`"):
        storage = RDBStorage(sqlite_url, heartbeat_interval=1, failed_trial_callback=callback)
    assert storage.get_heartbeat_stale_trial_callback() is callback
    with pytest.warns(FutureWarning, match="use `get_heartbeat_stale_trial_callback`"):
        assert storage.get_failed_trial_callback() is callback
    with pytest.raises(ValueError, match="give only the latter"):
        RDBStorage(
            sqlite_url, failed_trial_callback=callback, heartbeat_stale_trial_callback=callback
        )
