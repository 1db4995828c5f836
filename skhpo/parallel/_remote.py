"""Pools on the engines that span machines: dask, ray and spark.

A task travels as one pickle, in which its large arguments are left out: the engine is given each of
them once, and keeps it for the workers. What the task returned or raised travels back pickled, too,
so whatever cannot be pickled or unpickled is an error of this task.
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

__all__ = ["open_remote_pool"]

_LARGE = 100_000  # bytes; what is smaller is sent with each task
_ATOMS = (type(None), bool, int, float, str)
_PATIENCE = 5.0  # seconds for cancelled jobs to end
_TRIES = 5  # to send data, while workers come and go

_opened: dict[Any, Any] = {}  # in an actor of ray, which lives as long as its pool


def open_remote_pool(backend: Backend) -> Pool:
    """Return the pool for an entered backend."""
    pools: dict[str, type[RemotePool]] = {
        "DaskDistributedBackend": DaskPool,
        "RayBackend": RayPool,
        "SparkDistributedBackend": SparkPool,
    }
    return pools[backend.name](backend)


class RemotePool(Pool):
    """What the pools of all engines do alike: large arguments are sent once."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self._dumps = self._pickler()
        self._sent: dict[int, tuple[Callable[[], Any], Any]] = {}  # by id: how to get it; handle

    def retrieve(self, out: Any) -> Any:
        value, error = pickle.loads(out)
        if error is not None:
            raise error
        return value

    def _send(self, argument: Any) -> Any:
        """Hand data to the engine; return what stands for it in the arguments of a task."""
        raise NotImplementedError

    def _pickler(self) -> Callable[..., bytes]:
        """Return the engine's own `dumps`, which knows what the user has registered with it."""
        raise NotImplementedError

    def _pack(self, task: Task) -> tuple[bytes, list[Any]]:
        """Return the task's pickle, and the handles of the arguments that are left out of it."""
        batch = self._batch(task)
        handles: list[Any] = []

        def leave_out(argument: Any) -> Any:
            handle = self._handle_of(argument)
            if handle is None:
                return argument
            handles.append(handle)
            return _Place(len(handles) - 1)

        batch.items = _with_arguments(batch, leave_out)
        return self._dumps(batch), handles

    def _handle_of(self, argument: Any) -> Any:
        """Return the handle of a large argument, sent now or before; None if it is small."""
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


class DaskPool(RemotePool):
    """The workers of a dask cluster.

    dask runs the tasks of a dead worker again, several times, and then gives them up, the innocent
    beside the guilty. Data that was scattered is lost with the last worker that held it, and all
    tasks that need it are cancelled; so it is sent to all workers, and once more if it is lost.
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
            tries = "dask tried it several times, and again with no other task beside it"
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
                # In a list, or a dict would be taken for many pieces of data.
                [future] = self._backend.client.scatter([argument], broadcast=True, hash=False)
                return future
            except (OSError, TimeoutError, CancelledError, KeyError):  # a worker died just now
                if not left:
                    raise
                time.sleep(1.0)

    def _pickler(self) -> Callable[..., bytes]:
        from distributed.protocol.pickle import dumps

        return dumps  # type: ignore[no-any-return]


class ServedPool(RemotePool):
    """Workers that each have a thread here, which gives them one task at a time."""

    def __enter__(self) -> ServedPool:
        super().__enter__()
        self._jobs: queue.SimpleQueue[tuple[int, bytes, list[Any]] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, args=(i,), daemon=True)
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
        self._dismiss()
        super().__exit__(exc_type, exc_value, tb)

    def submit(self, ticket: int, task: Task) -> None:
        self._jobs.put((ticket, *self._pack(task)))

    def retrieve(self, out: Any) -> Any:
        if isinstance(out, BaseException):
            if self._is_death(out):
                raise LostTaskError(worker_died(TWICE, out)) from out
            raise out
        return super().retrieve(out)

    def abort(self) -> None:
        self._dismiss()
        super().abort()

    def _run(self, i: int, payload: bytes, handles: list[Any]) -> Any:
        """Run a packed task on the i-th worker; return what it gives, or return or raise errors."""
        raise NotImplementedError

    def _is_death(self, error: BaseException) -> bool:
        """Return whether the error says that the worker died."""
        raise NotImplementedError

    def _serve(self, i: int) -> None:
        while (job := self._jobs.get()) is not None:
            ticket, payload, handles = job
            try:
                self._done(ticket, self._run(i, payload, handles))
            except BaseException as error:
                self._done(ticket, error)
        self._jobs.put(None)  # for the next thread

    def _dismiss(self) -> None:
        """Let the threads end; tasks that wait are dropped."""
        with suppress(queue.Empty):
            while True:
                self._jobs.get_nowait()
        self._jobs.put(None)


class RayPool(ServedPool):
    """The actors of the pool that ray has for joblib.

    ray itself deals tasks out in turn, to busy actors too, and an actor that has died stays dead.
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

    def _is_death(self, error: BaseException) -> bool:
        from ray.exceptions import OutOfMemoryError, RayActorError

        return isinstance(error, (RayActorError, OutOfMemoryError))

    def _send(self, argument: Any) -> Any:
        import ray

        return ray.put(argument)

    def _pickler(self) -> Callable[..., bytes]:
        from ray.cloudpickle import dumps

        return dumps  # type: ignore[no-any-return]


class SparkPool(ServedPool):
    """Spark's executors; each task is a job of its own."""

    def _run(self, i: int, payload: bytes, handles: list[Any]) -> Any:
        run = partial(run_packed_on_spark, self._dumps, payload, handles)
        out = self._submit(run, callback=ignore).get()
        if isinstance(out, bytes):
            return out
        rebuild, arguments = out.__reduce__()  # joblib wraps errors so that pickling opens them
        return rebuild(*arguments)

    def abort(self) -> None:
        super().abort()
        end = time.monotonic() + _PATIENCE
        while any(thread.is_alive() for thread in self._threads) and time.monotonic() < end:
            time.sleep(0.1)
            self._backend.abort_everything(ensure_ready=False)  # jobs that began just now

    def _is_death(self, error: BaseException) -> bool:
        return any(sign in str(error) for sign in _SIGNS_OF_DEATH)

    def _send(self, argument: Any) -> Any:
        return self._backend._spark.sparkContext.broadcast(argument)

    def _pickler(self) -> Callable[..., bytes]:
        from pyspark.cloudpickle import dumps

        return dumps  # type: ignore[no-any-return]


_SIGNS_OF_DEATH = ("Python worker exited unexpectedly", "ExecutorLostFailure")


class _Place:
    """Where an argument has to be put back."""

    def __init__(self, index: int) -> None:
        self.index = index


def run_packed(dumps: Callable[..., bytes], payload: bytes, *arguments: Any) -> bytes:
    """In a worker: run a packed task; return its value and its error, pickled."""

    def put_back(argument: Any) -> Any:
        return arguments[argument.index] if isinstance(argument, _Place) else argument

    sealed: tuple[Any, Exception | None]
    try:
        batch = pickle.loads(payload)
        batch.items = _with_arguments(batch, put_back)
        sealed = (batch()[0], None)
    except Exception as error:
        error.add_note(f"In the worker:\n{traceback.format_exc()}")
        sealed = (None, error)
    return dumps(sealed)


def run_packed_on_ray(dumps: Callable[..., bytes], payload: bytes, handles: list[Any]) -> bytes:
    import ray

    arguments = []
    for handle in handles:
        if handle not in _opened:
            _opened[handle] = ray.get(handle)
        arguments.append(_opened[handle])
    return run_packed(dumps, payload, *arguments)


def run_packed_on_spark(dumps: Callable[..., bytes], payload: bytes, handles: list[Any]) -> bytes:
    return run_packed(dumps, payload, *(handle.value for handle in handles))


def _with_arguments(batch: BatchedCalls, change: Callable[[Any], Any]) -> list[Any]:
    return [
        (function, tuple(map(change, args)), {name: change(kwargs[name]) for name in kwargs})
        for function, args, kwargs in batch.items
    ]


def _reference_to(argument: Any) -> Callable[[], Any]:
    """A weak reference, so that nobody's memory is held, or for lists and dicts a strong one."""
    try:
        return weakref.ref(argument)
    except TypeError:
        return lambda: argument


def _data_lost(cause: BaseException) -> Exception:
    return worker_died(TWICE, f"dask lost the data of the task with its last worker ({cause})")
