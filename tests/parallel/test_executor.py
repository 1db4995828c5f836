"""Behaviour that every backend shares."""

import re
import threading
import warnings
from contextlib import suppress
from pathlib import Path

import joblib
import numpy as np
import pytest
import sklearn
from joblib import Parallel, delayed, parallel_config
from joblib._parallel_backends import ParallelBackendBase, ThreadingBackend

from skhpo.parallel import Executor
from tests.parallel import tasks

POOLS = ["loky", "threading", "multiprocessing", "asked"]
PROCESSES = ["loky", "multiprocessing"]


class AskedBackend(ThreadingBackend):
    """A backend that never hands over results by itself: each has to be asked for."""

    supports_retrieve_callback = False

    def submit(self, func, callback=None):
        return self._get_pool().apply_async(func)

    apply_async = submit

    def retrieve_result(self, out, timeout=None):
        return out.get()


joblib.register_parallel_backend("asked", AskedBackend)


@pytest.mark.parametrize("backend", [*POOLS, "sequential"])
def test_every_task_comes_back_once_with_its_own_result(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        for i in range(30):
            executor.submit(("task", i), tasks.square, x=i)
        assert executor.n_outstanding == 30
        found = tasks.outcomes_of(executor)
    assert {key: outcome.result() for key, outcome in found.items()} == {
        ("task", i): i * i for i in range(30)
    }


@pytest.mark.parametrize("backend", [*POOLS, "sequential"])
def test_a_task_submitted_after_a_result_runs_in_the_same_executor(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        executor.submit(0, tasks.square, 2)
        for i in range(1, 6):
            _, outcome = executor.wait()
            executor.submit(i, tasks.square, outcome.result())
        assert executor.wait()[1].result() == 2**64
        assert executor.n_outstanding == 0


@pytest.mark.parametrize("backend", [*POOLS, "sequential"])
def test_an_exception_is_the_outcome_of_its_task_alone(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        executor.submit("bad", tasks.fail, "no such penalty")
        executor.submit("good", tasks.square, 3)
        found = tasks.outcomes_of(executor)
    assert found["good"].result() == 9
    with pytest.raises(ValueError, match="no such penalty"):
        found["bad"].result()


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing", "sequential"])
def test_keyboard_interrupt_in_a_task_propagates_out_of_wait(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        executor.submit(0, tasks.interrupt)
        with pytest.raises(KeyboardInterrupt):
            executor.wait()
        executor.abort()


@pytest.mark.parametrize("backend", POOLS)
def test_wait_raises_timeout_error_and_the_task_stays_outstanding(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        executor.submit(0, tasks.sleep, 1.0)
        with pytest.raises(TimeoutError, match=r"0\.01 seconds"):
            executor.wait(timeout=0.01)
        with pytest.raises(TimeoutError):
            executor.wait(timeout=0)
        assert executor.n_outstanding == 1
        assert executor.wait(timeout=60)[1].result() == 1.0


@pytest.mark.parametrize("backend", [*POOLS, "sequential"])
def test_a_key_may_be_used_again_once_its_task_was_handed_back_but_not_before(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        executor.submit("k", tasks.square, 1)
        with pytest.raises(ValueError, match="unique among the outstanding tasks, got 'k'"):
            executor.submit("k", tasks.square, 2)
        executor.wait()
        executor.submit("k", tasks.square, 3)
        assert executor.wait()[1].result() == 9


@pytest.mark.parametrize("backend", [*POOLS, "sequential"])
def test_waiting_for_nothing_is_an_error(backend):
    with (
        parallel_config(backend=backend, n_jobs=2),
        Executor() as executor,
        pytest.raises(RuntimeError, match="no outstanding tasks"),
    ):
        executor.wait()


@pytest.mark.parametrize("backend", [*POOLS, "sequential"])
def test_abort_forgets_everything_and_closes_the_executor(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        for i in range(6):
            executor.submit(i, tasks.sleep, 0.05)
        executor.abort()
        executor.abort()
        assert executor.n_outstanding == 0
        for use in (executor.wait, lambda: executor.submit(9, tasks.square, 1)):
            with pytest.raises(RuntimeError, match="executor is closed"):
                use()


@pytest.mark.parametrize("backend", [*POOLS, "sequential"])
def test_leaving_with_tasks_outstanding_aborts_them_and_the_backend_works_again(backend):
    with parallel_config(backend=backend, n_jobs=2):
        with suppress(ZeroDivisionError), Executor() as executor:
            for i in range(6):
                executor.submit(i, tasks.sleep, 0.05)
            raise ZeroDivisionError
        assert executor.n_outstanding == 0
        with Executor() as executor:
            executor.submit(0, tasks.square, 4)
            assert executor.wait()[1].result() == 16


def test_an_executor_that_was_not_entered_is_closed():
    with pytest.raises(RuntimeError, match="inside its `with` block"):
        Executor().submit(0, tasks.square, 1)


@pytest.mark.parametrize("n_jobs", [None, 1, -1, 2, 3])
@pytest.mark.parametrize("backend", [None, *POOLS])
def test_n_workers_is_the_effective_n_jobs_of_joblib(backend, n_jobs):
    with Executor(n_jobs=n_jobs) as executor:
        assert executor.n_workers == joblib.effective_n_jobs(1 if n_jobs is None else n_jobs)
    if backend is not None:
        with parallel_config(backend=backend, n_jobs=2), Executor(n_jobs=n_jobs) as executor:
            assert executor.n_workers == joblib.effective_n_jobs(n_jobs)


def test_n_jobs_zero_is_joblibs_error():
    with pytest.raises(ValueError, match="n_jobs == 0"), Executor(n_jobs=0):
        pass


def test_one_worker_runs_tasks_in_the_calling_thread_when_waited_for():
    ran = []
    with Executor(n_jobs=1) as executor:
        executor.submit("a", ran.append, 1)
        executor.submit("b", ran.append, 2)
        assert ran == []
        assert [executor.wait()[0], ran, executor.wait()[0], ran] == ["a", [1, 2], "b", [1, 2]]
        executor.submit("c", tasks.where)
        assert executor.wait()[1].result()[1] == threading.get_ident()


@pytest.mark.parametrize("backend", ["loky"])
def test_inner_max_num_threads_reaches_the_workers(backend):
    with (
        parallel_config(backend=backend, n_jobs=2, inner_max_num_threads=3),
        Executor() as executor,
    ):
        executor.submit(0, tasks.thread_limit)
        assert executor.wait()[1].result() == "3"


@pytest.mark.parametrize("inner_n_jobs", [None, 1, 2])
@pytest.mark.parametrize("outer", ["loky", "threading", "multiprocessing"])
def test_nested_in_a_parallel_the_number_of_workers_is_joblibs_own(outer, inner_n_jobs):
    arguments = [(inner_n_jobs, 5)] * 4
    with parallel_config(backend=outer, n_jobs=2):
        expected = Parallel()(delayed(joblib.effective_n_jobs)(inner_n_jobs) for _ in arguments)
        found = Parallel()(delayed(tasks.nested)(*pair) for pair in arguments)
    assert found == [(n_workers, [0, 1, 4, 9, 16]) for n_workers in expected]


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_executors_may_be_nested_in_executors(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        for i in range(4):
            executor.submit(i, tasks.nested, 2, 5)
        found = tasks.outcomes_of(executor)
    assert [outcome.result()[1] for outcome in found.values()] == [[0, 1, 4, 9, 16]] * 4


@pytest.mark.parametrize("backend", POOLS)
def test_sklearns_configuration_travels_to_the_workers(backend):
    with (
        sklearn.config_context(enable_metadata_routing=True, assume_finite=True),
        parallel_config(backend=backend, n_jobs=2),
        Executor() as executor,
    ):
        executor.submit(0, tasks.sklearn_config)
        config = executor.wait()[1].result()
    assert config["enable_metadata_routing"]
    assert config["assume_finite"]


@pytest.mark.skipif(
    not hasattr(sklearn.utils.parallel, "_with_config_and_warning_filters"),
    reason="this scikit-learn does not send the warning filters",
)
@pytest.mark.parametrize("backend", POOLS)
def test_warning_filters_travel_to_the_workers(backend):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
            executor.submit(0, tasks.warn)
            assert isinstance(executor.wait()[1].error, RuntimeWarning)


@pytest.mark.parametrize("backend", PROCESSES)
def test_a_large_array_is_mapped_into_memory_once_for_all_tasks(backend):
    X = np.arange(300_000.0)
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        for i in range(8):
            executor.submit(i, tasks.memmap_of, X)
        found = [outcome.result() for outcome in tasks.outcomes_of(executor).values()]
        [filename] = {Path(filename) for _, filename, _ in found}
        assert list(filename.parent.iterdir()) == [filename]
    assert {(mapped, total) for mapped, _, total in found} == {(True, X.sum())}
    assert not filename.parent.exists()


@pytest.mark.parametrize("backend", PROCESSES)
def test_max_nbytes_is_joblibs(backend):
    X = np.arange(300_000.0)
    with parallel_config(backend=backend, n_jobs=2, max_nbytes=None), Executor() as executor:
        executor.submit(0, tasks.memmap_of, X)
        assert executor.wait()[1].result()[0] is False


@pytest.mark.parametrize("backend", PROCESSES)
def test_a_task_that_cannot_be_pickled_is_an_outcome_and_the_pool_lives(backend):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        executor.submit("bad", tasks.square, threading.Lock())
        executor.submit("good", tasks.square, 3)
        found = tasks.outcomes_of(executor)
        executor.submit("next", tasks.square, 4)
        assert executor.wait()[1].result() == 16
    assert "pickle" in str(found["bad"].error)
    assert found["good"].result() == 9


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("backend", PROCESSES)
@pytest.mark.parametrize(
    "function", [tasks.return_what_cannot_be_pickled, tasks.return_what_cannot_be_unpickled]
)
def test_a_result_that_cannot_be_transported_is_an_outcome_and_the_pool_lives(backend, function):
    with parallel_config(backend=backend, n_jobs=2), Executor() as executor:
        executor.submit("bad", function)
        for i in range(4):
            executor.submit(i, tasks.square, i)
        found = tasks.outcomes_of(executor)
        executor.submit("next", tasks.square, 4)
        assert executor.wait()[1].result() == 16
    assert re.search("pickle|serialize", str(found["bad"].error))
    assert [found[i].result() for i in range(4)] == [0, 1, 4, 9]


def test_a_pool_error_of_the_tasks_own_is_its_outcome():
    with parallel_config(backend="loky", n_jobs=2), Executor() as executor:
        executor.submit(0, tasks.raise_pool_error)
        error = executor.wait()[1].error
    assert type(error).__name__ == "BrokenProcessPool"
    assert str(error) == "nested"


def test_a_backend_for_older_joblib_is_used_through_apply_async():
    class OldBackend(ParallelBackendBase):
        supports_retrieve_callback = True

        def effective_n_jobs(self, n_jobs):
            return n_jobs

        def apply_async(self, func, callback=None):
            threading.Thread(target=lambda: callback(func())).start()

        def retrieve_result_callback(self, out):
            return out

    with (
        warnings.catch_warnings(),
        parallel_config(backend=OldBackend(nesting_level=0), n_jobs=2),
        Executor() as executor,
    ):
        warnings.simplefilter("error")
        executor.submit(0, tasks.square, 5)
        assert executor.wait()[1].result() == 25
