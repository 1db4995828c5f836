"""An executor in virtual time, to simulate schedules with any number of workers."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable, Hashable
from types import TracebackType
from typing import Any, Self

from skhpo.parallel._task import Outcome, Task

__all__ = ["VirtualExecutor"]


class VirtualExecutor:
    """Simulated `Executor` whose workers run in virtual time.

    A task occupies a worker for `duration(key)` virtual seconds. It starts when it is submitted
    or, if all workers are busy, when one becomes free (first come, first served). `wait` advances
    the clock to the next completion and calls the function then, so the function sees the state
    at the virtual time of its end. The function itself takes no virtual time. Tasks that end at
    the same time are returned in the order of their start.

    Parameters
    ----------
    n_workers : int
        Number of workers, at least 1.
    duration : callable
        `duration(key)` returns how many virtual seconds a task takes, finite and not negative.
        It is called once per task, when the task starts.

    Attributes
    ----------
    clock : float
        Virtual seconds since the start.
    busy_time : float
        Sum of the durations of the returned tasks, in virtual seconds.
    utilisation : float
        Fraction of the workers' time spent on the returned tasks; 0 while the clock is at 0.
    n_outstanding : int
        Number of tasks that were submitted and not yet returned by `wait`.

    Examples
    --------
    >>> from skhpo.parallel import VirtualExecutor
    >>> with VirtualExecutor(n_workers=2, duration=len) as executor:
    ...     for word in ("tree", "oak", "ash"):
    ...         executor.submit(word, str.upper, word)
    ...     while executor.n_outstanding:
    ...         word, outcome = executor.wait()
    ...         print(executor.clock, outcome.result())
    3.0 OAK
    4.0 TREE
    6.0 ASH
    >>> round(executor.utilisation, 3)
    0.833
    """

    def __init__(self, n_workers: int, duration: Callable[[Any], float]) -> None:
        if isinstance(n_workers, bool) or not isinstance(n_workers, int) or n_workers < 1:
            raise ValueError(f"n_workers must be an integer of at least 1, got {n_workers!r}.")
        self.n_workers = n_workers
        self.duration = duration
        self.clock = 0.0
        self.busy_time = 0.0
        self._order = itertools.count()
        self._running: list[tuple[float, int, float, Task]] = []  # heap by end, then start order
        self._waiting: deque[Task] = deque()
        self._keys: set[Hashable] = set()
        self._open = False

    def __enter__(self) -> Self:
        self._open = True
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.abort()

    @property
    def n_outstanding(self) -> int:
        return len(self._keys)

    @property
    def utilisation(self) -> float:
        return self.busy_time / (self.n_workers * self.clock) if self.clock else 0.0

    def submit(
        self, key: Hashable, function: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> None:
        """Submit the task `function(*args, **kwargs)`; see `Executor.submit`."""
        self._check_open()
        if key in self._keys:
            raise ValueError(f"key must be unique among the outstanding tasks, got {key!r} twice.")
        task = Task(key, function, args, kwargs)
        if len(self._running) < self.n_workers:
            self._start(task)
        else:
            self._waiting.append(task)
        self._keys.add(key)

    def wait(self, timeout: float | None = None) -> tuple[Hashable, Outcome]:
        """Advance the clock to the next completion and return that task; see `Executor.wait`.

        Parameters
        ----------
        timeout : float, default=None
            Longest time to wait, in virtual seconds. When it is exceeded, the clock advances by
            this time.

        Returns
        -------
        key : hashable
            The key under which the task was submitted.
        outcome : Outcome
            The outcome of the task.

        Raises
        ------
        TimeoutError
            If no task finishes within `timeout`.
        RuntimeError
            If no task is outstanding, or if the executor has not been entered or was aborted.
        """
        self._check_open()
        if not self._running:
            raise RuntimeError("There are no outstanding tasks to wait for.")
        if timeout is not None and self._running[0][0] > self.clock + timeout:
            self.clock += max(0.0, timeout)
            raise TimeoutError(f"No task finished within {timeout} virtual seconds.")
        self.clock, _, duration, task = heapq.heappop(self._running)
        self.busy_time += duration
        if self._waiting:
            self._start(self._waiting.popleft())
        self._keys.remove(task.key)
        return task.key, task.run()

    def abort(self) -> None:
        """Abandon all outstanding tasks; the executor cannot be used afterwards."""
        self._open = False
        self._keys.clear()
        self._running.clear()
        self._waiting.clear()

    def _start(self, task: Task) -> None:
        duration = float(self.duration(task.key))
        if not (0 <= duration < math.inf):
            raise ValueError(
                "duration must return finite virtual seconds, not negative; "
                f"got {duration} for the task {task.key!r}."
            )
        heapq.heappush(self._running, (self.clock + duration, next(self._order), duration, task))

    def _check_open(self) -> None:
        if not self._open:
            raise RuntimeError(
                "The executor is closed: use it inside its `with` block and before abort()."
            )
