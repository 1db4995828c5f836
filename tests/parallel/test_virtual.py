"""The executor in virtual time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skhpo.parallel import VirtualExecutor
from tests.parallel import tasks


def run_all(executor, durations):
    """Submit all tasks, wait for all; return [(key, clock at completion)]."""
    for key in range(len(durations)):
        executor.submit(key, tasks.square, key)
    history = []
    while executor.n_outstanding:
        key, outcome = executor.wait()
        assert outcome.result() == key * key
        history.append((key, executor.clock))
    return history


def test_tasks_end_in_the_order_of_virtual_time_and_queue_for_workers():
    durations = [3.0, 1.0, 1.0, 1.0]
    with VirtualExecutor(2, durations.__getitem__) as executor:
        assert run_all(executor, durations) == [(1, 1.0), (2, 2.0), (0, 3.0), (3, 3.0)]
        assert executor.busy_time == 6.0
        assert executor.utilisation == 1.0


def test_a_function_runs_when_its_task_ends_not_before():
    seen = []
    with VirtualExecutor(2, {"a": 2.0, "b": 1.0}.__getitem__) as executor:
        executor.submit("a", lambda: seen.append(("a", executor.clock)))
        executor.submit("b", lambda: seen.append(("b", executor.clock)))
        assert seen == []
        executor.wait()
        assert seen == [("b", 1.0)]
        executor.wait()
        assert seen == [("b", 1.0), ("a", 2.0)]


def test_a_task_submitted_later_starts_at_the_clock_of_its_submission():
    with VirtualExecutor(3, {"a": 2.0, "b": 5.0, "c": 2.0}.__getitem__) as executor:
        executor.submit("a", tasks.square, 1)
        executor.submit("b", tasks.square, 2)
        executor.wait()
        executor.submit("c", tasks.square, 3)
        assert (executor.wait()[0], executor.clock) == ("c", 4.0)
        assert (executor.wait()[0], executor.clock) == ("b", 5.0)


def test_timeout_is_in_virtual_seconds_and_moves_the_clock():
    with VirtualExecutor(1, lambda key: 10.0) as executor:
        executor.submit(0, tasks.square, 1)
        with pytest.raises(TimeoutError, match="4 virtual seconds"):
            executor.wait(timeout=4)
        assert (executor.clock, executor.n_outstanding) == (4.0, 1)
        assert executor.wait(timeout=6)[1].result() == 1
        assert executor.clock == 10.0


def test_an_error_is_the_outcome_of_its_task():
    with VirtualExecutor(1, lambda key: 1.0) as executor:
        executor.submit(0, tasks.fail, "no such penalty")
        with pytest.raises(ValueError, match="no such penalty"):
            executor.wait()[1].result()


def test_keys_are_unique_waiting_for_nothing_is_an_error_and_abort_closes():
    with VirtualExecutor(1, lambda key: 1.0) as executor:
        with pytest.raises(RuntimeError, match="no outstanding tasks"):
            executor.wait()
        executor.submit("k", tasks.square, 1)
        with pytest.raises(ValueError, match="'k' twice"):
            executor.submit("k", tasks.square, 1)
        executor.abort()
        executor.abort()
        assert executor.n_outstanding == 0
        with pytest.raises(RuntimeError, match="executor is closed"):
            executor.submit("k", tasks.square, 1)


@pytest.mark.parametrize("n_workers", [0, -1, 1.5, True, None])
def test_n_workers_that_is_no_positive_integer_is_an_error(n_workers):
    with pytest.raises(ValueError, match="n_workers must be an integer of at least 1"):
        VirtualExecutor(n_workers, float)


@pytest.mark.parametrize("duration", [-1.0, math.inf, math.nan])
def test_an_impossible_duration_is_an_error(duration):
    with (
        VirtualExecutor(1, lambda key: duration) as executor,
        pytest.raises(ValueError, match=r"finite virtual seconds, not negative; got .* 'k'"),
    ):
        executor.submit("k", tasks.square, 1)


@given(
    n_workers=st.integers(1, 6),
    durations=st.lists(st.floats(0, 1e6), max_size=30),
    timeouts=st.lists(st.floats(0, 1e6), max_size=10),
)
def test_clock_and_utilisation_keep_their_laws(n_workers, durations, timeouts):
    with VirtualExecutor(n_workers, durations.__getitem__) as executor:
        for key in range(len(durations)):
            executor.submit(key, tasks.square, key)
        handed_back, clocks = [], [executor.clock]
        while executor.n_outstanding:
            try:
                key, _ = executor.wait(timeouts.pop() if timeouts else None)
                handed_back.append(key)
            except TimeoutError:
                pass
            clocks.append(executor.clock)
            assert 0 <= executor.utilisation <= 1 + 1e-9
        assert sorted(handed_back) == list(range(len(durations)))
        assert clocks == sorted(clocks)
        assert executor.busy_time == pytest.approx(sum(durations))
        assert executor.clock >= sum(durations) / n_workers * (1 - 1e-9)


def test_a_thousand_workers_stay_busy_over_a_hundred_thousand_tasks():
    durations = np.random.default_rng(0).lognormal(size=100_000)
    with VirtualExecutor(1000, durations.__getitem__) as executor:
        for key in range(1000):
            executor.submit(key, tasks.square, 2)
        for key in range(1000, 100_000):
            executor.wait()
            executor.submit(key, tasks.square, 2)
        while executor.n_outstanding:
            executor.wait()
        assert executor.busy_time == pytest.approx(durations.sum())
        assert executor.utilisation > 0.7
