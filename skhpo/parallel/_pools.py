"""joblib's backends as pools of workers that run single tasks."""

from __future__ import annotations

import multiprocessing.pool
import pickle
import queue
import threading
import warnings
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from textwrap import shorten
from types import TracebackType
from typing import Any, Self

from sklearn import get_config
from sklearn.utils.parallel import delayed

from skhpo.exceptions import WorkerDiedError
from skhpo.parallel._joblib import (
    BatchedCalls,
    BrokenProcessPool,
    LokyBackend,
    ParallelBackendBase,
    ShutdownExecutorError,
    TerminatedWorkerError,
)
from skhpo.parallel._task import BrokenPoolError, Task

__all__ = ["TWICE", "Pool", "ignore", "open_pool", "worker_died"]

_ENGINES = {"DaskDistributedBackend", "RayBackend", "SparkDistributedBackend"}
_LONGEST_CAUSE = 600  # characters; spark's are pages
_PATIENCE = 5.0  # seconds for a thread to end whose pipe was closed
TWICE = "it was tried twice, the second time with no other task beside it"


def open_pool(parallel: Any) -> Pool:
    """Return the pool for the backend of an entered `joblib.Parallel`."""
    backend = parallel._backend
    if isinstance(backend, LokyBackend):
        return LokyPool(parallel)
    if _is_process_pool(getattr(backend, "_pool", None)):
        return MultiprocessingPool(parallel)
    if type(backend).__name__ in _ENGINES:
        from skhpo.parallel._remote import open_remote_pool

        return open_remote_pool(parallel)
    if backend.supports_retrieve_callback:
        return Pool(parallel)
    return RetrievingPool(parallel)


class Pool:
    """A backend that calls back when a task is done: threading, and whatever is registered.

    Parameters
    ----------
    parallel : joblib.Parallel
        Entered, with more than one worker.

    Attributes
    ----------
    results : queue.SimpleQueue
        Pairs of the ticket given to `submit` and something for `retrieve`, in the order in which
        the tasks finish. Filled by threads of the backend.
    """

    def __init__(self, parallel: Any) -> None:
        self.results: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._parallel = parallel
        self._backend = parallel._backend
        self._submit = _submission(self._backend)
        self._reducer_callback: Callable[[], None] | None = None
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

    def breakage(self) -> BrokenPoolError | None:
        """Look for dead workers that nobody tells of."""
        return None

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
        call = (self._wrapped, task.args, task.kwargs)
        nested = self._backend.get_nested_backend()
        return BatchedCalls([call], nested, self._reducer_callback, {})

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


class LokyPool(Pool):
    """joblib's reusable pool of processes, which breaks as a whole when one of them dies."""

    def __init__(self, parallel: Any) -> None:
        super().__init__(parallel)
        self._reducer_callback = self._choose_memmap_folder

    def submit(self, ticket: int, task: Task) -> None:
        try:
            super().submit(ticket, task)
        except (BrokenProcessPool, ShutdownExecutorError) as error:
            raise BrokenPoolError(error) from error

    def retrieve(self, out: Any) -> Any:
        error = out.exception()
        if isinstance(error, (BrokenProcessPool, ShutdownExecutorError)) and self._is_broken():
            if isinstance(error, TerminatedWorkerError):
                raise BrokenPoolError(worker_died(TWICE, error)) from error
            raise BrokenPoolError(error)
        return out.result()[0]

    def stop(self) -> None:
        workers = self._backend._workers
        if workers is None:
            return
        with suppress(queue.Empty):  # loky trips over queued tasks when it is shut down
            while True:
                workers._work_ids.get_nowait()
        self._backend.abort_everything(ensure_ready=False)

    def start(self) -> None:
        # abort_everything(ensure_ready=True) would forget max_nbytes, temp_folder and mmap_mode
        self._parallel._initialize_backend()

    def abort(self) -> None:
        self.stop()

    def _is_broken(self) -> bool:
        workers = self._backend._workers
        return workers is None or bool(workers._flags.broken or workers._flags.shutdown)

    def _choose_memmap_folder(self) -> None:
        # Called while a task is pickled, in the one thread that pickles for the executor that
        # all of joblib shares: arrays are dumped into the folder of this Parallel, once.
        manager = self._backend._workers._temp_folder_manager
        manager.set_current_context(self._parallel._id)


class MultiprocessingPool(Pool):
    """`multiprocessing.Pool`, which replaces a dead worker but never tells of its task.

    Its own `terminate` waits for ever for a lock that a killed worker held, so it is not used.
    """

    _deaf = False

    def __init__(self, parallel: Any) -> None:
        super().__init__(parallel)
        self._workers = list(self._processes._pool)

    def __exit__(self, *exc_info: Any) -> None:
        self.abort()
        super().__exit__(*exc_info)

    def breakage(self) -> BrokenPoolError | None:
        if not self._processes._result_handler.is_alive():
            return BrokenPoolError(
                pickle.UnpicklingError("The task's result could not be unpickled by its parent.")
            )
        # The new list comes first: a worker that is in neither replaced one that is in the old.
        workers, self._workers = self._workers, list(self._processes._pool)
        retired = 0 if self._processes._maxtasksperchild else None
        codes = {worker.exitcode for worker in workers} - {None, retired}
        if codes:
            return BrokenPoolError(worker_died(TWICE, f"exit code {sorted(codes)}"))
        return None

    def stop(self) -> None:
        pool = self._processes
        pool._terminate.cancel()
        pool._outqueue.put = ignore  # a killed worker may hold the lock that the real one takes
        pool._state = pool._worker_handler._state = multiprocessing.pool.TERMINATE
        pool._change_notifier.put(None)
        pool._worker_handler.join()
        for worker in pool._pool:
            worker.kill()
            worker.join()
        pool._outqueue._writer.close()  # the last one: what is in the pipe is read to its end
        pool._result_handler.join(_PATIENCE)
        self._deaf = True  # the tasks left get a broken pipe for a result
        pool._inqueue._reader.close()
        pool._task_handler.join(_PATIENCE)
        pool._temp_folder_manager._clean_temporary_resources()
        self._backend._pool = None

    def start(self) -> None:
        self._parallel._initialize_backend()
        self._workers = list(self._processes._pool)
        self._deaf = False

    def abort(self) -> None:
        if self._processes is not None:
            self.stop()

    def _done(self, ticket: int, out: Any) -> None:
        if not self._deaf:
            super()._done(ticket, out)

    @property
    def _processes(self) -> Any:
        return self._backend._pool


def _submission(backend: Any) -> Callable[..., Any]:
    """Return the method that starts a task: it is `apply_async` in backends for joblib < 1.5."""
    inherited = getattr(ParallelBackendBase, "submit", None)
    if getattr(type(backend), "submit", inherited) is inherited:
        return backend.apply_async  # type: ignore[no-any-return]
    return backend.submit  # type: ignore[no-any-return]


def _is_process_pool(pool: Any) -> bool:
    kinds = multiprocessing.pool
    return isinstance(pool, kinds.Pool) and not isinstance(pool, kinds.ThreadPool)


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
