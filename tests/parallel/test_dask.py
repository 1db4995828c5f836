"""The executor on a dask cluster: a scheduler and two workers, processes that talk over TCP."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config

from skhpo.exceptions import WorkerDiedError
from skhpo.parallel import Executor
from tests.parallel import tasks
from tests.waiting import eventually

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def started():
    """Run a cluster; yield a function that waits for its workers and gives joblib's settings."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        address = f"{folder}/scheduler.json"
        shared = ["--scheduler-file", address, "--no-dashboard"]
        stack.enter_context(process("dask_scheduler", "--port", "0", *shared))
        for _ in range(2):
            worker = ["--nthreads", "1", "--local-directory", folder, *shared]
            stack.enter_context(process("dask_worker", *worker))
        client = stack.enter_context(distributed.Client(scheduler_file=address, timeout=60))

        def ready():
            client.wait_for_workers(2, timeout=60)  # an earlier test may have killed one
            return {"backend": "dask", "client": client, "wait_for_workers_timeout": 60}

        yield ready


@contextlib.contextmanager
def process(module, *arguments):
    running = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",  # deaths of workers take time
        },
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        running.terminate()
        running.wait()


@pytest.fixture(scope="module")
def cluster():
    with started() as ready:
        yield ready


@pytest.fixture
def on_dask(cluster):
    settings = cluster()
    with parallel_config(**settings):
        yield settings["client"]


def test_every_task_comes_back_once_with_its_own_result_or_error(on_dask):
    with Executor() as executor:
        assert executor.n_workers == 2
        for i in range(20):
            executor.submit(i, tasks.square, i)
        executor.submit("bad", tasks.fail, "no such penalty")
        found = tasks.outcomes_of(executor)
    with pytest.raises(ValueError, match="no such penalty"):
        found.pop("bad").result()
    assert {i: outcome.result() for i, outcome in found.items()} == {i: i * i for i in range(20)}


@pytest.mark.parametrize("kind", [np.asarray, pd.Series, list, lambda x: {"weights": x}])
def test_a_large_argument_is_sent_to_the_cluster_once_for_all_tasks(on_dask, kind, monkeypatch):
    sent = []
    scatter = on_dask.scatter
    monkeypatch.setattr(on_dask, "scatter", lambda x, **how: sent.append(x) or scatter(x, **how))
    X = kind(np.arange(30_000.0))
    with Executor() as executor:
        for i in range(8):
            executor.submit(i, tasks.total, X)
        found = tasks.outcomes_of(executor)
    assert len(sent) == 1
    assert [outcome.result() for outcome in found.values()] == [sum(range(30_000))] * 8


def test_an_array_that_the_user_has_scattered_is_not_sent_again(on_dask, monkeypatch):
    X = np.arange(30_000.0)
    with parallel_config(backend="dask", scatter=[X]):
        monkeypatch.setattr(on_dask, "scatter", None)
        with Executor() as executor:
            executor.submit(0, tasks.total, X)
            assert executor.wait(timeout=60)[1].result() == X.sum()


def test_a_task_that_cannot_be_pickled_is_an_outcome(on_dask):
    with Executor() as executor:
        executor.submit("bad", tasks.square, threading.Lock())
        executor.submit("array", tasks.square, np.array([threading.Lock()] * 1000))
        executor.submit("result", tasks.return_what_cannot_be_pickled)
        executor.submit("opening", tasks.return_what_cannot_be_unpickled)
        executor.submit("good", tasks.square, 3)
        found = tasks.outcomes_of(executor)
    assert found.pop("good").result() == 9
    for outcome in found.values():
        assert isinstance(outcome.error, Exception)


@pytest.mark.extended
def test_a_task_that_always_kills_its_worker_is_lost_and_no_other(on_dask):
    with Executor() as executor:
        executor.submit("guilty", tasks.exit_process)
        time.sleep(0.5)
        for i in range(4):
            executor.submit(i, tasks.square, i)
        found = tasks.outcomes_of(executor)
    assert isinstance(found.pop("guilty").error, WorkerDiedError)
    assert [found[i].result() for i in range(4)] == [0, 1, 4, 9]


@pytest.mark.extended
def test_a_worker_killed_once_costs_no_task(on_dask, tmp_path):
    with Executor() as executor:
        for name in "abcd":
            executor.submit(name, tasks.tell_pid_then_sleep, tmp_path, name, 0.5)
        eventually((tmp_path / "a").exists)
        with contextlib.suppress(ProcessLookupError):
            os.kill(int((tmp_path / "a").read_text()), signal.SIGKILL)
        found = tasks.outcomes_of(executor)
    assert {name: outcome.result() for name, outcome in found.items()} == {c: c for c in "abcd"}


def test_abort_takes_the_queued_tasks_from_the_cluster(on_dask, tmp_path):
    with Executor() as executor:
        for i in range(20):
            executor.submit(i, tasks.tell_pid_then_sleep, tmp_path, str(i), 0.5)
        eventually(lambda: list(tmp_path.iterdir()))
        executor.abort()
    with Executor() as executor:
        executor.submit(0, tasks.square, 3)
        assert executor.wait(timeout=60)[1].result() == 9
    assert len(list(tmp_path.iterdir())) < 10


def test_an_executor_inside_a_task_does_not_deadlock(on_dask):
    with Executor() as executor:
        for i in range(3):
            executor.submit(i, tasks.nested, 2, 5)
        found = tasks.outcomes_of(executor)
    assert [outcome.result()[1] for outcome in found.values()] == [[0, 1, 4, 9, 16]] * 3


def test_data_that_died_with_the_only_workers_that_held_it_is_sent_again(on_dask):
    X = np.arange(30_000.0)
    with Executor() as executor:
        executor.submit("first", tasks.total, X)
        executor.wait(timeout=60)
        on_dask.restart(wait_for_workers=True)
        for i in range(4):
            executor.submit(i, tasks.total, X)
        found = tasks.outcomes_of(executor)
    assert [outcome.result() for outcome in found.values()] == [X.sum()] * 4


# In about one of twenty runs on a busy machine, dask cancels an innocent task twice.
@pytest.mark.extended
def test_a_worker_that_dies_with_its_data_costs_no_other_task(on_dask):
    X = np.arange(30_000.0)
    with Executor() as executor:
        executor.submit("guilty", end_process_with, X)
        for i in range(6):
            executor.submit(i, tasks.total, X)
        found = tasks.outcomes_of(executor)
    assert isinstance(found.pop("guilty").error, WorkerDiedError)
    assert [outcome.result() for outcome in found.values()] == [X.sum()] * 6


def end_process_with(data):
    os._exit(13)
