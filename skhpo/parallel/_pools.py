"""Pools of workers that run single tasks on joblib's backends."""

from __future__ import annotations

import queue
import threading
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from textwrap import shorten
from types import TracebackType
from typing import Any, Self

from sklearn import get_config
from sklearn.utils.parallel import delayed

from skhpo.exceptions import WorkerDiedError
from skhpo.parallel._joblib import Backend, BatchedCalls
from skhpo.parallel._task import Task

__all__ = ["TWICE", "Pool", "ignore", "open_pool", "worker_died"]

_ENGINES = {"DaskDistributedBackend", "RayBackend", "SparkDistributedBackend"}
_LONGEST_CAUSE = 600  # characters; spark's messages are pages long
TWICE = "it was tried twice, the second time alone"


def open_pool(backend: Backend) -> Pool:
    """Return the pool for an entered backend that has no worker processes on this machine."""
    if backend.name in _ENGINES:
        from skhpo.parallel._distributed import open_distributed_pool

        return open_distributed_pool(backend)
    if backend.own.supports_retrieve_callback:
        return Pool(backend)
    return RetrievingPool(backend)


class Pool:
    """Pool on a backend that calls back when a task is done: threading or a registered one.

    Parameters
    ----------
    backend : Backend
        The backend.

    Attributes
    ----------
    results : queue.SimpleQueue
        Pairs of the ticket given to `submit` and an argument for `retrieve`, in the order in
        which the tasks finish. Threads of the backend fill it.
    """

    def __init__(self, backend: Backend) -> None:
        self.results: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._joblib = backend
        self._backend = backend.own
        self._submit = backend.submission()
        self._exit = ExitStack()
        self._config = get_config()
        self._filters = list(getattr(warnings, "_get_filters", lambda: warnings.filters)())
        self._function: Callable[..., Any] | None = None  # the last function, and its wrapper
        self._wrapped: Any = None

    def __enter__(self) -> Self:
        self._backend.start_call()
        self._exit.callback(self._backend.stop_call)
        self._exit.enter_context(self._backend.retrieval_context())
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._exit.close()

    def submit(self, ticket: int, task: Task) -> None:
        """Start a task, or queue it behind earlier ones; may raise `BrokenPoolError`."""
        self._submit(self._batch(task), callback=partial(self._done, ticket))

    def retrieve(self, out: Any) -> Any:
        """Return the task's value, or raise its error; may raise `BrokenPoolError`."""
        return self._backend.retrieve_result_callback(out)[0]

    def stop(self) -> None:
        """Kill the rest of a broken pool; afterwards `results` holds all finished tasks."""

    def start(self) -> None:
        """Start new workers in a stopped pool."""

    def abort(self) -> None:
        """Drop all tasks, and kill the workers if the backend supports it."""
        self._backend.abort_everything(ensure_ready=False)

    def _batch(self, task: Task) -> BatchedCalls:
        if task.function is not self._function:
            self._function, self._wrapped = task.function, self._wrap(task.function)
        return self._joblib.batch((self._wrapped, task.args, task.kwargs))

    def _wrap(self, function: Callable[..., Any]) -> Any:
        """Wrap the function to run under this thread's configuration and warning filters."""
        wrapper, _, _ = delayed(function)()
        if hasattr(wrapper, "with_config_and_warning_filters"):
            return wrapper.with_config_and_warning_filters(self._config, self._filters)
        return wrapper.with_config(self._config)  # scikit-learn < 1.8

    def _done(self, ticket: int, out: Any) -> None:
        self.results.put((ticket, out))


class RetrievingPool(Pool):
    """Pool on a backend whose results have to be requested: one thread waits per task."""

    def submit(self, ticket: int, task: Task) -> None:
        job = self._submit(self._batch(task), callback=ignore)
        threading.Thread(target=self._await, args=(ticket, job), daemon=True).start()

    def retrieve(self, out: Any) -> Any:
        value, error = out
        if error is not None:
            raise error
        return value[0]

    def _await(self, ticket: int, job: Any) -> None:
        # joblib < 1.5 has no retrieve_result.
        get = partial(getattr(self._backend, "retrieve_result", _get), job)
        try:
            self._done(ticket, (get(), None))
        except BaseException as error:
            self._done(ticket, (None, error))


def ignore(*_: object) -> None:
    pass


def _get(job: Any) -> Any:
    return job.get()


def worker_died(tries: str, cause: object) -> WorkerDiedError:
    return WorkerDiedError(
        f"The worker process that ran this task died; {tries}. Usually this happens because the "
        "machine ran out of memory and the operating system killed the worker, or because native "
        "code crashed (a segmentation fault). Fewer workers (n_jobs) leave more memory for each. "
        f"Details: {shorten(str(cause), _LONGEST_CAUSE)}"
    )
