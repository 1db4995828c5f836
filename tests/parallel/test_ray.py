"""The executor on ray: a local cluster of two workers."""

import contextlib
import os
import signal
import threading
from pathlib import Path

import joblib.pool
import numpy as np
import psutil
import pytest
from joblib import parallel_config

from skhpo.exceptions import WorkerDiedError
from skhpo.parallel import Executor
from tests.parallel import tasks
from tests.waiting import eventually

ray = pytest.importorskip("ray")

pytestmark = [pytest.mark.slow, pytest.mark.extended]

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def started():
    """Run a cluster; yield a function that gives joblib's settings for it."""
    from ray.util.joblib import register_ray

    register_ray()
    pool_of_joblib = joblib.pool.PicklingPool.__bases__  # ray puts its own in its place
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        yield lambda: {"backend": "ray", "n_jobs": 2}
    finally:
        ray.shutdown()
        joblib.pool.PicklingPool.__bases__ = pool_of_joblib


@pytest.fixture(scope="module")
def cluster():
    with started() as settings:
        yield settings


@pytest.fixture
def on_ray(cluster):
    with parallel_config(**cluster()):
        yield


def test_every_task_comes_back_once_with_its_own_result_or_error(on_ray):
    with Executor() as executor:
        assert executor.n_workers == 2
        for i in range(20):
            executor.submit(i, tasks.square, i)
        executor.submit("bad", tasks.fail, "no such penalty")
        found = tasks.outcomes_of(executor)
    with pytest.raises(ValueError, match="no such penalty"):
        found.pop("bad").result()
    assert {i: outcome.result() for i, outcome in found.items()} == {i: i * i for i in range(20)}


@pytest.mark.parametrize("kind", [np.asarray, lambda x: {"weights": x}])
def test_a_large_argument_is_put_into_the_object_store_once(on_ray, kind, monkeypatch):
    put = []
    ray_put = ray.put
    monkeypatch.setattr(ray, "put", lambda x: put.append(x) or ray_put(x))
    X = kind(np.arange(30_000.0))
    with Executor() as executor:
        for i in range(8):
            executor.submit(i, tasks.total, X)
        found = tasks.outcomes_of(executor)
    assert len(put) == 1
    assert [outcome.result() for outcome in found.values()] == [sum(range(30_000))] * 8


def test_no_task_waits_behind_a_long_one_while_a_worker_is_idle(on_ray, tmp_path):
    with Executor() as executor:
        executor.submit("long", until_exists, tmp_path / "end")
        for i in range(5):
            executor.submit(i, tasks.square, i)
        short = [executor.wait(timeout=60)[0] for _ in range(5)]
        (tmp_path / "end").touch()
        assert executor.wait(timeout=60)[0] == "long"
    assert sorted(short) == [0, 1, 2, 3, 4]


def until_exists(path):
    eventually(path.exists)


def test_a_task_that_cannot_be_pickled_is_an_outcome(on_ray):
    with Executor() as executor:
        executor.submit("bad", tasks.square, threading.Lock())
        executor.submit("result", tasks.return_what_cannot_be_pickled)
        executor.submit("opening", tasks.return_what_cannot_be_unpickled)
        executor.submit("good", tasks.square, 3)
        found = tasks.outcomes_of(executor)
    assert found.pop("good").result() == 9
    for outcome in found.values():
        assert isinstance(outcome.error, Exception)


def test_a_task_that_always_kills_its_worker_is_lost_and_no_other(on_ray):
    with Executor() as executor:
        executor.submit("guilty", tasks.exit_process)
        for i in range(6):
            executor.submit(i, tasks.square, i)
        found = tasks.outcomes_of(executor)
        executor.submit("next", tasks.square, 7)
        assert executor.wait(timeout=60)[1].result() == 49
    assert isinstance(found.pop("guilty").error, WorkerDiedError)
    assert [found[i].result() for i in range(6)] == [0, 1, 4, 9, 16, 25]


def test_a_worker_killed_once_costs_no_task(on_ray, tmp_path):
    with Executor() as executor:
        for name in "abcd":
            executor.submit(name, tasks.tell_pid_then_sleep, tmp_path, name, 0.5)
        eventually((tmp_path / "a").exists)
        os.kill(int((tmp_path / "a").read_text()), signal.SIGKILL)
        found = tasks.outcomes_of(executor)
    assert {name: outcome.result() for name, outcome in found.items()} == {c: c for c in "abcd"}


def test_abort_kills_the_workers_and_starts_no_queued_task(on_ray, tmp_path):
    with Executor() as executor:
        for name in "abcdef":
            executor.submit(name, tasks.tell_pid_then_sleep, tmp_path, name, 300)
        eventually(lambda: (tmp_path / "a").exists() and (tmp_path / "b").exists())
        pids = [int((tmp_path / name).read_text()) for name in "ab"]
        executor.abort()
    _, alive = psutil.wait_procs([p for p in map(process, pids) if p], timeout=60)
    assert alive == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def process(pid):
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid)


def test_leaving_ends_the_threads_that_served_the_workers(on_ray):
    before = set(threading.enumerate())
    with Executor() as executor:
        executor.submit(0, tasks.square, 3)
        executor.wait(timeout=60)
        serving = set(threading.enumerate()) - before
    for thread in serving:
        thread.join(60)
    assert serving
    assert not any(thread.is_alive() for thread in serving)
