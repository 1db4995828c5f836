"""The executor on a dask cluster of two processes."""

import contextlib
import os
import signal
import threading
import time

import numpy as np
import pytest
from joblib import parallel_config

from skhpo.exceptions import WorkerDiedError
from skhpo.parallel import Executor
from tests.parallel import tasks

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def on_dask(client):
    client.wait_for_workers(2, timeout=60)  # an earlier test may have killed one
    with parallel_config(backend="dask", wait_for_workers_timeout=60):
        yield client


def outcomes_of(executor):
    found = {}
    while executor.n_outstanding:
        key, outcome = executor.wait(timeout=60)
        found[key] = outcome
    return found


def test_every_task_comes_back_once_with_its_own_result_or_error(on_dask):
    with Executor() as executor:
        assert executor.n_workers == 2
        for i in range(20):
            executor.submit(i, tasks.square, i)
        executor.submit("bad", tasks.fail, "no such penalty")
        found = outcomes_of(executor)
    with pytest.raises(ValueError, match="no such penalty"):
        found.pop("bad").result()
    assert {i: outcome.result() for i, outcome in found.items()} == {i: i * i for i in range(20)}


def test_a_large_array_is_sent_to_the_cluster_once_for_all_tasks(on_dask):
    X = np.arange(300_000.0)
    with Executor() as executor:
        for i in range(8):
            executor.submit(i, tasks.memmap_of, X)
        found = outcomes_of(executor)
        assert len(executor._runner._pool._backend.call_data_futures) == 1
    assert [outcome.result()[2] for outcome in found.values()] == [X.sum()] * 8


def test_a_task_that_cannot_be_pickled_is_an_outcome(on_dask):
    with Executor() as executor:
        executor.submit("bad", tasks.square, threading.Lock())
        executor.submit("array", tasks.square, np.array([threading.Lock()] * 1000))
        executor.submit("result", tasks.return_what_cannot_be_pickled)
        executor.submit("opening", tasks.return_what_cannot_be_unpickled)
        executor.submit("good", tasks.square, 3)
        found = outcomes_of(executor)
    assert found.pop("good").result() == 9
    for outcome in found.values():
        assert isinstance(outcome.error, Exception)


def test_a_task_that_always_kills_its_worker_is_lost_and_no_other(on_dask):
    with Executor() as executor:
        executor.submit("guilty", tasks.exit_process)
        time.sleep(0.5)
        for i in range(4):
            executor.submit(i, tasks.square, i)
        found = outcomes_of(executor)
    assert isinstance(found.pop("guilty").error, WorkerDiedError)
    assert [found[i].result() for i in range(4)] == [0, 1, 4, 9]


def test_a_worker_killed_once_costs_no_task(on_dask, tmp_path):
    with Executor() as executor:
        for name in "abcd":
            executor.submit(name, tasks.tell_pid_then_sleep, tmp_path, name, 0.5)
        while not (tmp_path / "a").exists():
            time.sleep(0.01)
        with contextlib.suppress(ProcessLookupError):
            os.kill(int((tmp_path / "a").read_text()), signal.SIGKILL)
        found = outcomes_of(executor)
    assert {name: outcome.result() for name, outcome in found.items()} == {c: c for c in "abcd"}


def test_abort_takes_the_queued_tasks_from_the_cluster(on_dask, tmp_path):
    with Executor() as executor:
        for i in range(20):
            executor.submit(i, tasks.tell_pid_then_sleep, tmp_path, str(i), 0.5)
        while not list(tmp_path.iterdir()):
            time.sleep(0.01)
        executor.abort()
    with Executor() as executor:
        executor.submit(0, tasks.square, 3)
        assert executor.wait(timeout=60)[1].result() == 9
    assert len(list(tmp_path.iterdir())) < 10


def test_an_executor_inside_a_task_does_not_deadlock(on_dask):
    with Executor() as executor:
        for i in range(3):
            executor.submit(i, tasks.nested, 2, 5)
        found = outcomes_of(executor)
    assert [outcome.result()[1] for outcome in found.values()] == [[0, 1, 4, 9, 16]] * 3
