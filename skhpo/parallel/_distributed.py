"""Pools on distributed engines: dask, ray and spark.

A task is sent as one pickle without its large arguments. The engine receives each of these once
and shares it with the workers. The value or the error of the task is returned as a pickle, too, so
a failure to pickle or unpickle is an error of this task only.
"""

from __future__ import annotations

import pickle
import queue
import threading
import time
import traceback
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any
from uuid import uuid4

from skhpo.parallel._joblib import Backend, BatchedCalls
from skhpo.parallel._pools import TWICE, Pool, ignore, worker_died
from skhpo.parallel._task import BrokenPoolError, LostTaskError, Task

__all__ = ["open_distributed_pool"]

_LARGE = 100_000  # bytes; smaller arguments are sent with each task
_ATOMS = (type(None), bool, int, float, str)
_CANCEL_TIMEOUT = 5.0  # seconds for cancelled jobs to end
_TRIES = 5  # attempts to send data while workers come and go

_fetched: dict[Any, Any] = {}  # arguments by handle; a ray actor lives as long as its pool


def open_distributed_pool(backend: Backend) -> Pool:
    """Return the pool for an entered backend."""
    pools: dict[str, type[DistributedPool]] = {
        "DaskDistributedBackend": DaskPool,
        "RayBackend": RayPool,
        "SparkDistributedBackend": SparkPool,
    }
    return pools[backend.name](backend)


class DistributedPool(Pool):
    """Base class of the distributed pools, which sends large arguments only once."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self._dumps = self._pickler()
        self._sent: dict[int, tuple[Callable[[], Any], Any]] = {}  # (reference, handle) by id

    def retrieve(self, out: Any) -> Any:
        value, error = pickle.loads(out)
        if error is not None:
            raise error
        return value

    def _send(self, argument: Any) -> Any:
        """Send data to the engine; return a handle that replaces it in the arguments of a task."""
        raise NotImplementedError

    def _pickler(self) -> Callable[..., bytes]:
        """Return the engine's own `dumps`, which uses the reducers that the user registered."""
        raise NotImplementedError

    def _pack(self, task: Task) -> tuple[bytes, list[Any]]:
        """Return the task's pickle without its large arguments, and the handles of these."""
        batch = self._batch(task)
        handles: list[Any] = []

        def extract(argument: Any) -> Any:
            handle = self._handle_of(argument)
            if handle is None:
                return argument
            handles.append(handle)
            return _Placeholder(len(handles) - 1)

        batch.items = _with_arguments(batch, extract)
        return self._dumps(batch), handles

    def _handle_of(self, argument: Any) -> Any:
        """Return the handle of a large argument, sending it if needed; None if it is small."""
        if isinstance(argument, _ATOMS):
            return None
        get, handle = self._sent.get(id(argument), (ignore, None))
        if get() is argument:
            return handle
        if self._size(argument) < _LARGE:
            return None
        handle = self._send(argument)
        self._sent[id(argument)] = (_reference_to(argument), handle)
        return handle

    def _size(self, argument: Any) -> int:
        buffers: list[pickle.PickleBuffer] = []
        in_band = len(self._dumps(argument, buffer_callback=buffers.append))
        return in_band + sum(buffer.raw().nbytes for buffer in buffers)


class DaskPool(DistributedPool):
    """Pool on the workers of a dask cluster.

    If a worker dies, dask retries all of its tasks several times and then gives them all up, not
    only the one that caused it. Scattered data is lost with the last worker that held it, and all
    tasks that need it are cancelled. So data is sent to all workers, and again if it is lost.
    """

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self._futures: set[Any] = set()

    def submit(self, ticket: int, task: Task) -> None:
        from distributed import CancelledError

        payload, handles = self._pack(task)
        try:
            future = self._backend.client.submit(
                run_packed,
                self._dumps,
                payload,
                *handles,
                key=f"{getattr(task.function, '__name__', 'task')}-{uuid4().hex}",
                **self._backend.submit_kwargs,
            )
        except CancelledError as lost:
            raise BrokenPoolError(_data_lost(lost)) from lost
        self._futures.add(future)
        future.add_done_callback(partial(self._done, ticket))

    def retrieve(self, out: Any) -> Any:
        from distributed import CancelledError, KilledWorker

        self._futures.discard(out)
        try:
            return super().retrieve(out.result())
        except KilledWorker as killed:
            tries = "dask tried it several times, and then again alone"
            raise LostTaskError(worker_died(tries, killed)) from killed
        except CancelledError as lost:
            raise BrokenPoolError(_data_lost(lost)) from lost

    def stop(self) -> None:
        self._backend.client.cancel(list(self._futures))
        self._futures.clear()
        self._sent.clear()

    def abort(self) -> None:
        self.stop()

    def _send(self, argument: Any) -> Any:
        from distributed import CancelledError

        given = self._backend.data_futures.get(id(argument))  # joblib's scatter=[...]
        if given is not None and given.status != "cancelled":
            return given
        for left in reversed(range(_TRIES)):
            try:
                # In a list, as dask would scatter the values of a dict one by one.
                [future] = self._backend.client.scatter([argument], broadcast=True, hash=False)
                return future
            except (OSError, TimeoutError, CancelledError, KeyError):  # a worker died meanwhile
                if not left:
                    raise
                time.sleep(1.0)

    def _pickler(self) -> Callable[..., bytes]:
        from distributed.protocol.pickle import dumps

        return dumps  # type: ignore[no-any-return]


class ThreadPerWorkerPool(DistributedPool):
    """Pool with one local thread per worker, which sends it one task at a time."""

    def __enter__(self) -> ThreadPerWorkerPool:
        super().__enter__()
        self._jobs: queue.SimpleQueue[tuple[int, bytes, list[Any]] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run_jobs, args=(i,), daemon=True)
            for i in range(self._joblib.n_workers())
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._stop_threads()
        super().__exit__(exc_type, exc_value, tb)

    def submit(self, ticket: int, task: Task) -> None:
        self._jobs.put((ticket, *self._pack(task)))

    def retrieve(self, out: Any) -> Any:
        if isinstance(out, BaseException):
            if self._is_worker_death(out):
                raise LostTaskError(worker_died(TWICE, out)) from out
            raise out
        return super().retrieve(out)

    def abort(self) -> None:
        self._stop_threads()
        super().abort()

    def _run(self, i: int, payload: bytes, handles: list[Any]) -> Any:
        """Run a packed task on the i-th worker; return its result; return or raise its error."""
        raise NotImplementedError

    def _is_worker_death(self, error: BaseException) -> bool:
        """Return whether the error means that the worker died."""
        raise NotImplementedError

    def _run_jobs(self, i: int) -> None:
        while (job := self._jobs.get()) is not None:
            ticket, payload, handles = job
            try:
                self._done(ticket, self._run(i, payload, handles))
            except BaseException as error:
                self._done(ticket, error)
        self._jobs.put(None)  # for the next thread

    def _stop_threads(self) -> None:
        """Stop the threads and drop the waiting tasks."""
        with suppress(queue.Empty):
            while True:
                self._jobs.get_nowait()
        self._jobs.put(None)


class RayPool(ThreadPerWorkerPool):
    """Pool on the actors of ray's joblib backend.

    ray itself assigns tasks in turn, even to busy actors, and does not replace dead actors. So
    this pool assigns tasks itself, and replaces actors.
    """

    def _run(self, i: int, payload: bytes, handles: list[Any]) -> Any:
        import ray

        actors = self._backend._pool
        batch: list[Any] = [((self._dumps, payload, handles), {})]
        try:
            [out] = ray.get(actors._run_batch(i, run_packed_on_ray, batch))
        except ray.exceptions.RayActorError:
            if not actors._closed:
                actors._actor_pool[i] = actors._new_actor_entry()
            raise
        return getattr(out, "underlying", out)

    def _is_worker_death(self, error: BaseException) -> bool:
        from ray.exceptions import OutOfMemoryError, RayActorError

        return isinstance(error, (RayActorError, OutOfMemoryError))

    def _send(self, argument: Any) -> Any:
        import ray

        return ray.put(argument)

    def _pickler(self) -> Callable[..., bytes]:
        from ray.cloudpickle import dumps

        return dumps  # type: ignore[no-any-return]


class SparkPool(ThreadPerWorkerPool):
    """Pool on Spark's executors; each task is a separate job."""

    def _run(self, i: int, payload: bytes, handles: list[Any]) -> Any:
        run = partial(run_packed_on_spark, self._dumps, payload, handles)
        out = self._submit(run, callback=ignore).get()
        if isinstance(out, bytes):
            return out
        rebuild, arguments = out.__reduce__()  # joblib's wrapper of errors, undone by pickling
        return rebuild(*arguments)

    def abort(self) -> None:
        super().abort()
        end = time.monotonic() + _CANCEL_TIMEOUT
        while any(thread.is_alive() for thread in self._threads) and time.monotonic() < end:
            time.sleep(0.1)
            self._backend.abort_everything(ensure_ready=False)  # jobs that started meanwhile

    def _is_worker_death(self, error: BaseException) -> bool:
        return any(sign in str(error) for sign in _DEATH_MESSAGES)

    def _send(self, argument: Any) -> Any:
        return self._backend._spark.sparkContext.broadcast(argument)

    def _pickler(self) -> Callable[..., bytes]:
        from pyspark.cloudpickle import dumps

        return dumps  # type: ignore[no-any-return]


_DEATH_MESSAGES = ("Python worker exited unexpectedly", "ExecutorLostFailure")


class _Placeholder:
    """Placeholder of a large argument."""

    def __init__(self, index: int) -> None:
        self.index = index


def run_packed(dumps: Callable[..., bytes], payload: bytes, *arguments: Any) -> bytes:
    """Run a packed task in a worker; return its value and its error, pickled."""

    def restore(argument: Any) -> Any:
        return arguments[argument.index] if isinstance(argument, _Placeholder) else argument

    outcome: tuple[Any, Exception | None]
    try:
        batch = pickle.loads(payload)
        batch.items = _with_arguments(batch, restore)
        outcome = (batch()[0], None)
    except Exception as error:
        error.add_note(f"In the worker:\n{traceback.format_exc()}")
        outcome = (None, error)
    return dumps(outcome)


def run_packed_on_ray(dumps: Callable[..., bytes], payload: bytes, handles: list[Any]) -> bytes:
    import ray

    arguments = []
    for handle in handles:
        if handle not in _fetched:
            _fetched[handle] = ray.get(handle)
        arguments.append(_fetched[handle])
    return run_packed(dumps, payload, *arguments)


def run_packed_on_spark(dumps: Callable[..., bytes], payload: bytes, handles: list[Any]) -> bytes:
    return run_packed(dumps, payload, *(handle.value for handle in handles))


def _with_arguments(batch: BatchedCalls, change: Callable[[Any], Any]) -> list[Any]:
    return [
        (function, tuple(map(change, args)), {name: change(kwargs[name]) for name in kwargs})
        for function, args, kwargs in batch.items
    ]


def _reference_to(argument: Any) -> Callable[[], Any]:
    """Return a weak reference, to hold no memory; a strong one for lists and dicts."""
    try:
        return weakref.ref(argument)
    except TypeError:
        return lambda: argument


def _data_lost(cause: BaseException) -> Exception:
    return worker_died(TWICE, f"dask lost the data of the task with its last worker ({cause})")
