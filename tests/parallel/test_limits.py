"""Limits of time and memory: a task that goes past is ended, and no other suffers."""

import os
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import psutil
import pytest
from joblib import parallel_config

from skhpo.exceptions import FitMemoryError, FitTimeoutError
from skhpo.parallel import Executor, Limits
from tests.parallel import tasks

ROOT = Path(__file__).parents[2]
MEGABYTE = 10**6
needs_settings_of_backends = pytest.mark.skipif(
    tuple(map(int, joblib.__version__.split(".")[:2])) < (1, 5), reason="joblib takes none"
)
PROCESSES = [pytest.param("loky", marks=pytest.mark.slow), "multiprocessing"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_task_past_its_time_is_ended_and_the_others_go_on(n_jobs):
    with (
        parallel_config(backend="multiprocessing", n_jobs=n_jobs),
        Executor(limits=Limits(time=0.5)) as executor,
    ):
        executor.submit("slow", tasks.sleep, 300)
        for i in range(6):
            executor.submit(i, tasks.square, i)
        found = tasks.outcomes_of(executor)
    with pytest.raises(FitTimeoutError, match=r"0\.5 s that `fit_timeout` allows"):
        found.pop("slow").result()
    assert {i: outcome.result() for i, outcome in found.items()} == {i: i * i for i in range(6)}


def own_memory():
    """The memory of this process, which a forked worker has from the start."""
    return psutil.Process().memory_info().rss


@pytest.mark.slow
def test_the_start_of_a_worker_is_no_part_of_its_tasks_time():
    with (
        parallel_config(backend="loky", n_jobs=1, inner_max_num_threads=7),  # a worker of its own
        Executor(limits=Limits(time=0.5)) as executor,
    ):
        executor.submit(0, tasks.square, 3)
        assert executor.wait()[1].result() == 9


def test_the_time_counts_for_each_task_alone():
    with (
        parallel_config(backend="multiprocessing", n_jobs=1),
        Executor(limits=Limits(time=1.0)) as executor,
    ):
        for i in range(4):
            executor.submit(i, tasks.sleep, 0.4)
        assert {outcome.result() for outcome in tasks.outcomes_of(executor).values()} == {0.4}


def test_one_allocation_past_the_memory_ends_its_task():
    limit = own_memory() + 500 * MEGABYTE
    with (
        parallel_config(backend="multiprocessing", n_jobs=2),
        Executor(limits=Limits(memory=limit)) as executor,
    ):
        executor.submit("large", tasks.allocate, 1_000 * MEGABYTE, 300)
        executor.submit("small", tasks.allocate, 10 * MEGABYTE, 0)
        found = tasks.outcomes_of(executor)
    with pytest.raises(FitMemoryError, match=f"{limit:,} bytes that `fit_memory` allows"):
        found["large"].result()
    assert found["small"].result() == 10 * MEGABYTE


def test_what_earlier_tasks_left_in_a_worker_is_not_held_against_the_next():
    with (
        parallel_config(backend="multiprocessing", n_jobs=1),
        Executor(limits=Limits(memory=own_memory() + 700 * MEGABYTE)) as executor,
    ):
        for i in range(4):
            executor.submit(i, tasks.allocate_and_keep, 300 * MEGABYTE, 0.2)
        found = tasks.outcomes_of(executor)
    assert [found[i].result() for i in range(4)] == [300 * MEGABYTE] * 4


@pytest.mark.parametrize("backend", PROCESSES)
def test_one_worker_of_its_own_maps_large_arrays_into_memory_once(backend):
    X = np.arange(300_000.0)
    with (
        parallel_config(backend=backend, n_jobs=1),
        Executor(limits=Limits(time=60)) as executor,
    ):
        for i in range(3):
            executor.submit(i, tasks.memmap_of, X)
        found = [outcome.result() for outcome in tasks.outcomes_of(executor).values()]
    assert len(set(found)) == 1
    assert found[0][0] is True


def test_a_backend_without_processes_is_refused():
    with (
        parallel_config(backend="threading", n_jobs=2),
        pytest.raises(ValueError, match=r"ThreadingBackend has no processes.*n_jobs=1.*loky"),
        Executor(limits=Limits(time=1)),
    ):
        pass


def test_in_a_process_that_may_have_no_children_limits_are_refused():
    with parallel_config(backend="multiprocessing", n_jobs=2), Executor() as executor:
        executor.submit(0, tasks.open_with_limit, 1.0)
        with pytest.raises(ValueError, match="daemonic process"):
            executor.wait()[1].result()


@pytest.mark.slow
def test_nested_in_a_worker_of_loky_a_task_is_ended():
    with parallel_config(backend="loky", n_jobs=2), Executor() as executor:
        executor.submit(0, tasks.time_out_nested, 0.2)
        assert executor.wait()[1].result() == "FitTimeoutError"


def test_with_one_worker_the_time_to_wait_is_kept():
    with (
        parallel_config(backend="multiprocessing", n_jobs=1),
        Executor(limits=Limits(time=100)) as executor,
    ):
        executor.submit(0, tasks.sleep, 300)
        with pytest.raises(TimeoutError, match=r"0\.1 seconds"):
            executor.wait(timeout=0.1)
        executor.abort()


def test_what_goes_wrong_beside_the_tasks_is_their_outcome_and_no_wait_without_end(monkeypatch):
    def fail(*_):
        raise OSError("no pipe will do")

    monkeypatch.setattr("skhpo.parallel._processes.wait", fail)
    with parallel_config(backend="multiprocessing", n_jobs=2), Executor() as executor:
        for i in range(4):
            executor.submit(i, tasks.sleep, 300)
        found = tasks.outcomes_of(executor)
    assert [str(outcome.error) for outcome in found.values()] == ["no pipe will do"] * 4


def test_lokys_workers_serve_the_next_executor_too():
    pids = []
    for _ in range(2):
        with parallel_config(backend="loky", n_jobs=2), Executor() as executor:
            executor.submit(0, tasks.where)
            pids.append(executor.wait()[1].result()[0])
    assert pids[0] == pids[1] != os.getpid()


@needs_settings_of_backends
def test_maxtasksperchild_is_multiprocessings():
    with (
        parallel_config(backend="multiprocessing", n_jobs=2, maxtasksperchild=1),
        Executor() as executor,
    ):
        for i in range(4):
            executor.submit(i, tasks.where)
        pids = {outcome.result()[0] for outcome in tasks.outcomes_of(executor).values()}
    assert len(pids) == 4


@needs_settings_of_backends
@pytest.mark.parametrize("backend", PROCESSES)
def test_an_initializer_runs_in_each_worker(backend):
    settings = {"initializer": tasks.set_mark, "initargs": ("a mark",)}
    with parallel_config(backend=backend, n_jobs=2, **settings), Executor() as executor:
        executor.submit(0, tasks.mark)
        assert executor.wait()[1].result() == "a mark"


SCRIPT = """
from joblib import Parallel, delayed
from tests.parallel import tasks

if __name__ == "__main__":
    print(Parallel(n_jobs=2)(delayed(tasks.time_out_nested)(0.2) for _ in range(2)))
"""


@pytest.mark.slow
def test_idle_workers_keep_no_process_from_ending_nor_the_processes_in_which_they_are_nested(
    tmp_path,
):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    path = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    run = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert run.stdout == "['FitTimeoutError', 'FitTimeoutError']\n", run.stderr
