"""Backends of joblib as pools of workers that run single tasks."""

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
_LONGEST_CAUSE = 600  # characters; spark's are pages
TWICE = "it was tried twice, the second time with no other task beside it"


def open_pool(backend: Backend) -> Pool:
    """Return the pool for an entered backend that has no worker processes on this machine."""
    if backend.name in _ENGINES:
        from skhpo.parallel._remote import open_remote_pool

        return open_remote_pool(backend)
    if backend.own.supports_retrieve_callback:
        return Pool(backend)
    return RetrievingPool(backend)


class Pool:
    """A backend that calls back when a task is done: threading, and whatever is registered.

    Parameters
    ----------
    backend : Backend
        The backend.

    Attributes
    ----------
    results : queue.SimpleQueue
        Pairs of the ticket given to `submit` and something for `retrieve`, in the order in which
        the tasks finish. Filled by threads of the backend.
    """

    def __init__(self, backend: Backend) -> None:
        self.results: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._joblib = backend
        self._backend = backend.own
        self._submit = backend.submission()
        self._exit = ExitStack()
        self._config = get_config()
        self._filters = list(getattr(warnings, "_get_filters", lambda: warnings.filters)())
        self._function: Callable[..., Any] | None = None  # the last one, and how it is sent
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
        """Start a task, or queue it behind those started before; may raise `BrokenPoolError`."""
        self._submit(self._batch(task), callback=partial(self._done, ticket))

    def retrieve(self, out: Any) -> Any:
        """Return what the task returned, or raise what it raised, or `BrokenPoolError`."""
        return self._backend.retrieve_result_callback(out)[0]

    def stop(self) -> None:
        """Kill what is left of a broken pool; all that had finished is in `results` then."""

    def start(self) -> None:
        """Give a stopped pool new workers."""

    def abort(self) -> None:
        """Drop all tasks and, where they can be killed, the workers."""
        self._backend.abort_everything(ensure_ready=False)

    def _batch(self, task: Task) -> BatchedCalls:
        if task.function is not self._function:
            self._function, self._wrapped = task.function, self._wrap(task.function)
        return self._joblib.batch((self._wrapped, task.args, task.kwargs))

    def _wrap(self, function: Callable[..., Any]) -> Any:
        """Return the function, to run under this thread's configuration and warning filters."""
        wrapper, _, _ = delayed(function)()
        if hasattr(wrapper, "with_config_and_warning_filters"):
            return wrapper.with_config_and_warning_filters(self._config, self._filters)
        return wrapper.with_config(self._config)  # scikit-learn < 1.8

    def _done(self, ticket: int, out: Any) -> None:
        self.results.put((ticket, out))


class RetrievingPool(Pool):
    """A backend that has to be asked for each result: a thread waits for each task."""

    def submit(self, ticket: int, task: Task) -> None:
        job = self._submit(self._batch(task), callback=ignore)
        threading.Thread(target=self._await, args=(ticket, job), daemon=True).start()

    def retrieve(self, out: Any) -> Any:
        value, error = out
        if error is not None:
            raise error
        return value[0]

    def _await(self, ticket: int, job: Any) -> None:
        # joblib < 1.5 has no retrieve_result
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
        f"The worker process that ran this task died; {tries}. Usually a worker dies because the "
        "machine ran out of memory, and the operating system killed it, or because native code "
        "crashed (a segmentation fault). Fewer workers (n_jobs) leave more memory to each. "
        f"What is known: {shorten(str(cause), _LONGEST_CAUSE)}"
    )
