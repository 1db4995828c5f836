"""Worker processes that die, and what they take with them: nothing but the guilty task."""

import os
import signal
import threading

import numpy as np
import psutil
import pytest
from joblib import parallel_config

from skhpo.exceptions import WorkerDiedError
from skhpo.parallel import Executor
from tests.parallel import tasks
from tests.waiting import eventually

pytestmark = pytest.mark.parametrize("backend", ["loky", "multiprocessing"])


def test_only_the_task_that_always_kills_its_worker_is_lost(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        for i in range(5):
            executor.submit(i, tasks.square, i)
        executor.submit("guilty", tasks.exit_process)
        for i in range(5, 10):
            executor.submit(i, tasks.square, i)
        found = tasks.outcomes_of(executor)
        executor.submit("next", tasks.square, 4)
        assert executor.wait()[1].result() == 16
    with pytest.raises(WorkerDiedError, match=r"(?s)tried twice.*memory.*segmentation fault.*13"):
        found.pop("guilty").result()
    assert {i: outcome.result() for i, outcome in found.items()} == {i: i * i for i in range(10)}


@pytest.mark.slow
def test_two_guilty_tasks_at_once_are_both_found_and_the_innocent_kept(backend):
    with parallel_config(backend=backend, n_jobs=3), Executor() as executor:
        for i in range(6):
            executor.submit(i, tasks.exit_process if i in (0, 1) else tasks.square, *[i] * (i > 1))
        found = tasks.outcomes_of(executor)
    assert [type(found[i].error) for i in (0, 1)] == [WorkerDiedError] * 2
    assert [found[i].result() for i in range(2, 6)] == [4, 9, 16, 25]


def test_a_worker_killed_once_from_outside_costs_no_task(backend, tmp_path):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        for name in "abcd":
            executor.submit(name, tasks.tell_pid_then_sleep, tmp_path, name, 0.5)
        eventually((tmp_path / "a").exists)
        os.kill(int((tmp_path / "a").read_text()), signal.SIGKILL)
        found = tasks.outcomes_of(executor)
    assert {name: outcome.result() for name, outcome in found.items()} == {c: c for c in "abcd"}


def test_a_task_that_kills_its_worker_once_is_run_again(backend, tmp_path):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        executor.submit("once", tasks.exit_once, str(tmp_path / "flag"))
        assert executor.wait(timeout=60)[1].result() != os.getpid()


@pytest.mark.slow
def test_tasks_submitted_while_suspects_run_alone_wait_and_are_run(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        for i in range(3):
            executor.submit(i, tasks.exit_process)
        found = {}
        for i in range(3, 9):
            key, outcome = executor.wait(timeout=60)
            found[key] = outcome
            executor.submit(i, tasks.square, i)
        found |= tasks.outcomes_of(executor)
    assert [type(found[i].error) for i in range(3)] == [WorkerDiedError] * 3
    assert [found[i].result() for i in range(3, 9)] == [i * i for i in range(3, 9)]


def test_idle_workers_that_are_killed_are_replaced(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        for i in range(4):
            executor.submit(i, tasks.where)
        pids = {outcome.result()[0] for outcome in tasks.outcomes_of(executor).values()}
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for i in range(4):
            executor.submit(i, tasks.square, i)
        found = tasks.outcomes_of(executor)
    assert [found[i].result() for i in range(4)] == [0, 1, 4, 9]


def test_leaving_after_an_idle_worker_was_killed_does_not_hang(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        executor.submit(0, tasks.where)
        os.kill(executor.wait()[1].result()[0], signal.SIGKILL)


@pytest.mark.slow
def test_joblibs_settings_outlive_a_restart(backend):
    with parallel_config(backend=backend, n_jobs=2, max_nbytes=None), Executor() as executor:
        executor.submit("guilty", tasks.exit_process)
        executor.submit("array", tasks.memmap_of, np.zeros(300_000))
        found = tasks.outcomes_of(executor)
        executor.submit("array", tasks.memmap_of, np.zeros(300_000))
        assert executor.wait()[1].result()[0] is False
    assert found["array"].result()[0] is False


def test_abort_kills_the_workers_and_leaves_no_thread_or_process(backend, tmp_path):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        executor.submit(0, tasks.square, 1)
        executor.wait()
    before = set(threading.enumerate())
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        for name in "abcdef":
            executor.submit(name, tasks.tell_pid_then_sleep, tmp_path, name, 300)
        eventually(lambda: (tmp_path / "a").exists() and (tmp_path / "b").exists())
        pids = [int((tmp_path / name).read_text()) for name in "ab"]
        executor.abort()
        assert not any(psutil.pid_exists(pid) for pid in pids)
    leftover = {t.name for t in set(threading.enumerate()) - before}
    assert not {name for name in leftover if not name.startswith("ExecutorManager")}


def test_no_process_but_lokys_reusable_ones_is_left_behind(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        for i in range(4):
            executor.submit(i, tasks.where)
        pids = {outcome.result()[0] for outcome in tasks.outcomes_of(executor).values()}
    if backend == "multiprocessing":
        assert not any(psutil.pid_exists(pid) for pid in pids)
    zombies = [p for p in psutil.Process().children() if p.status() == psutil.STATUS_ZOMBIE]
    assert zombies == []
