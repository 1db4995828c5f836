"""An executor of single tasks on the active joblib backend."""

from __future__ import annotations

import itertools
import multiprocessing
import queue
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import ExitStack, suppress
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from skhpo.parallel._joblib import Backend
from skhpo.parallel._task import BrokenPoolError, Limits, LostTaskError, Outcome, Task

if TYPE_CHECKING:
    from skhpo.parallel._pools import Pool

__all__ = ["Executor"]

_POLL = 0.5  # seconds; on Windows, Ctrl-C is only noticed between two waits


class Executor:
    """Executor that runs single tasks on joblib's active backend and returns each as it finishes.

    The backend, the number of workers and their inner threads follow `joblib.parallel_config`
    and the rules of nested parallelism, exactly as in scikit-learn's `GridSearchCV`. Large
    arguments are sent to the workers once (loky and multiprocessing memory-map arrays; dask
    scatters arguments of any type, ray puts them into its object store, spark broadcasts them).
    scikit-learn's configuration and the warning filters are sent along.

    With one worker and no limits, a task runs in the calling thread, inside `wait`.

    If a worker process dies, no other task is affected. Its task runs again, alone. If the worker
    dies again, the outcome of the task is `skhpo.exceptions.WorkerDiedError`.

    An executor is a context manager and belongs to the thread that entered it.

    Parameters
    ----------
    n_jobs : int, default=None
        Number of workers, as in joblib: None means 1 unless `joblib.parallel_config` sets
        another number, -1 means all processors.
    limits : Limits, default=None
        Limits of a task's time and memory. A task that exceeds one is ended with
        `skhpo.exceptions.FitTimeoutError` or `FitMemoryError`. With limits, even a single worker
        is a process of its own; backends without processes on this machine are refused.
    release : callable, default=None
        Called without arguments at the end in each worker process that stays alive for later
        executors.

    Attributes
    ----------
    n_workers : int
        Number of tasks that run at the same time, at least 1.
    n_outstanding : int
        Number of tasks that were submitted and not yet returned by `wait`.

    Examples
    --------
    >>> from skhpo.parallel import Executor
    >>> with Executor(n_jobs=2) as executor:
    ...     for base in (2, 3, 4):
    ...         executor.submit(base, pow, base, 2)
    ...     outcomes = dict(executor.wait() for _ in range(3))
    >>> [outcomes[base].result() for base in (2, 3, 4)]
    [4, 9, 16]
    """

    def __init__(
        self,
        n_jobs: int | None = None,
        limits: Limits | None = None,
        release: Callable[[], object] | None = None,
    ) -> None:
        self.n_jobs = n_jobs
        self.limits = Limits() if limits is None else limits
        self.release = release
        self.n_workers = 0
        self._keys: set[Hashable] = set()
        self._runner: _Runner | None = None
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._runner, self.n_workers = _open_runner(
                self.n_jobs, self.limits, self.release, stack
            )
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._keys:
                self.abort()
        finally:
            self._runner = None
            self._exit.close()

    @property
    def n_outstanding(self) -> int:
        return len(self._keys)

    def submit(
        self, key: Hashable, function: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> None:
        """Submit the task `function(*args, **kwargs)`.

        Parameters
        ----------
        key : hashable
            Identifies the task; `wait` returns the outcome under this key.
        function : callable
            Function to run. It must be picklable for process-based backends.
        *args, **kwargs
            Arguments of the function.

        Raises
        ------
        ValueError
            If a task with the same key is outstanding.
        RuntimeError
            If the executor has not been entered, or was aborted.
        """
        runner = self._open()
        if key in self._keys:
            raise ValueError(f"key must be unique among the outstanding tasks, got {key!r} twice.")
        self._keys.add(key)
        runner.submit(Task(key, function, args, kwargs))

    def wait(self, timeout: float | None = None) -> tuple[Hashable, Outcome]:
        """Return the next finished task.

        Parameters
        ----------
        timeout : float, default=None
            Longest time to wait, in seconds; None means no limit. The timeout has no effect if
            the task runs inside this call (one worker, no limits).

        Returns
        -------
        key : hashable
            The key under which the task was submitted.
        outcome : Outcome
            The outcome of the task. `KeyboardInterrupt` and `SystemExit` raised by a task are
            not outcomes: they propagate out of this call, on every backend.

        Raises
        ------
        TimeoutError
            If no task finishes within `timeout`.
        RuntimeError
            If no task is outstanding, or if the executor has not been entered or was aborted.
        """
        runner = self._open()
        if not self._keys:
            raise RuntimeError("There are no outstanding tasks to wait for.")
        key, outcome = runner.wait(timeout)
        self._keys.remove(key)
        return key, outcome

    def abort(self) -> None:
        """Abandon all outstanding tasks immediately; the executor cannot be used afterwards.

        Worker processes are killed if the backend supports it, and pending results are ignored.
        Threads cannot be killed: a task that runs in a thread continues to its end, and its
        result is dropped. A second call does nothing.
        """
        runner, self._runner = self._runner, None
        self._keys.clear()
        if runner is not None:
            runner.abort()

    def _open(self) -> _Runner:
        if self._runner is None:
            raise RuntimeError(
                "The executor is closed: use it inside its `with` block and before abort()."
            )
        return self._runner


class _Runner(Protocol):
    def submit(self, task: Task) -> None: ...
    def wait(self, timeout: float | None) -> tuple[Hashable, Outcome]: ...
    def abort(self) -> None: ...


def _open_runner(
    n_jobs: int | None, limits: Limits, release: Callable[[], object] | None, stack: ExitStack
) -> tuple[_Runner, int]:
    """Return a runner for the active backend, entered on the stack, and its number of workers."""
    backend = Backend(n_jobs)
    if backend.has_processes or limits.are_set:
        n_workers = backend.n_workers()
        if n_workers == 1 and not limits.are_set:
            return _SequentialRunner(), 1
        _check_limits_are_supported(backend, n_workers, limits)
        # A local import: Pyodide has no multiprocessing, and never gets here as n_workers is 1.
        from skhpo.parallel._processes import ProcessPool

        pool: Pool = ProcessPool(backend, n_workers, limits, release)
        return _PoolRunner(stack.enter_context(pool), n_workers), n_workers
    stack.callback(backend.leave)
    n_workers = backend.enter()
    if n_workers == 1:
        return _SequentialRunner(), 1
    from skhpo.parallel._pools import open_pool

    return _PoolRunner(stack.enter_context(open_pool(backend)), n_workers), n_workers


def _check_limits_are_supported(backend: Backend, n_workers: int, limits: Limits) -> None:
    """Refuse limits if a running task cannot be ended.

    Threads of a nested call are not refused: joblib chose them, not the user.
    """
    if not limits.are_set:
        return
    if n_workers > 1 and not backend.has_processes and not backend.is_nested:
        raise ValueError(
            "`fit_timeout` and `fit_memory` end a fit by killing its worker process, and joblib's "
            f"{backend.name} has no processes that can be killed individually: use n_jobs=1, or "
            "the backend 'loky' or 'multiprocessing'."
        )
    if multiprocessing.current_process().daemon:
        raise ValueError(
            "`fit_timeout` and `fit_memory` need a worker process, and a daemonic process, such as "
            "a worker of multiprocessing, cannot start one: use the backend 'loky' around the "
            "search."
        )


class _SequentialRunner:
    """Runner that runs the oldest task in the calling thread, inside `wait`."""

    def __init__(self) -> None:
        self._waiting: deque[Task] = deque()
        self.submit = self._waiting.append
        self.abort = self._waiting.clear

    def wait(self, timeout: float | None) -> tuple[Hashable, Outcome]:
        task = self._waiting.popleft()
        return task.key, task.run()


class _PoolRunner:
    """Runner on a pool; if a worker dies, it finds the task that caused it.

    A task whose worker died is a suspect: it runs again alone, before anything else. A pool that
    broke as a whole is restarted, and the tasks that may have been running are suspects. These
    are the oldest ones, one per worker, as pools start tasks in the order of submission.
    """

    def __init__(self, pool: Pool, n_workers: int) -> None:
        self._pool = pool
        self._n_workers = n_workers
        self._tickets = itertools.count()
        self._running: dict[int, Task] = {}  # tasks in the pool by ticket, oldest first
        self._waiting: deque[Task] = deque()
        self._suspects: deque[Task] = deque()
        self._alone = False  # whether a suspect is running, which is then the only running task
        self._finished: deque[tuple[Hashable, Outcome]] = deque()

    def submit(self, task: Task) -> None:
        self._waiting.append(task)
        self._fill()

    def wait(self, timeout: float | None) -> tuple[Hashable, Outcome]:
        deadline = None if timeout is None else monotonic() + timeout
        while not self._finished:
            remaining = _POLL if deadline is None else min(_POLL, deadline - monotonic())
            try:
                self._receive(*self._pool.results.get(timeout=max(0.0, remaining)))
                self._fill()
            except queue.Empty:
                if deadline is not None and monotonic() >= deadline:
                    raise TimeoutError(f"No task finished within {timeout} seconds.") from None
            except BrokenPoolError as broken:
                self._recover(broken)
        return self._finished.popleft()

    def abort(self) -> None:
        self._pool.abort()

    def _fill(self) -> None:
        """Start a suspect if no task is running; without suspects, start all waiting tasks."""
        while self._suspects and not self._running:
            self._alone = True
            self._start(self._suspects.popleft())
        while self._waiting and not self._suspects and not self._alone:
            self._start(self._waiting.popleft())

    def _start(self, task: Task) -> None:
        ticket = next(self._tickets)
        try:
            self._pool.submit(ticket, task)
        except BrokenPoolError as broken:  # it broke before this task, which is not to blame
            (self._suspects if self._alone else self._waiting).appendleft(task)
            self._alone = False
            self._recover(broken)
        except Exception as error:
            self._finish(task, Outcome(error=error.with_traceback(None)))
        else:
            self._running[ticket] = task

    def _receive(self, ticket: int, out: Any) -> None:
        """Process a result from the pool; may raise `BrokenPoolError`."""
        task = self._running.get(ticket)
        if task is None:  # a task that has been restarted since
            return
        try:
            outcome = Outcome(self._pool.retrieve(out))
        except BrokenPoolError:
            raise
        except LostTaskError as lost:
            if not self._alone:
                self._suspects.append(self._running.pop(ticket))
                return
            outcome = Outcome(error=lost.error)
        except Exception as error:
            outcome = Outcome(error=error.with_traceback(None))
        del self._running[ticket]
        self._finish(task, outcome)

    def _finish(self, task: Task, outcome: Outcome) -> None:
        self._alone = False
        self._finished.append((task.key, outcome))

    def _recover(self, broken: BrokenPoolError) -> None:
        """Restart the pool; sort its tasks into finished, failed, suspect and waiting."""
        self._pool.stop()
        while not self._pool.results.empty():
            with suppress(BrokenPoolError):
                self._receive(*self._pool.results.get())
        unfinished = list(self._running.values())
        self._running.clear()
        if self._alone and unfinished:
            self._finish(unfinished[0], Outcome(error=broken.error))
        else:
            self._suspects.extend(unfinished[: self._n_workers])
            self._waiting.extendleft(reversed(unfinished[self._n_workers :]))
        self._pool.start()
        self._fill()
