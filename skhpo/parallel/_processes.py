"""A pool of worker processes in which a death or a limit affects a single task only.

Each worker has its own pipe. So a killed worker cannot corrupt the messages of others, and the
parent knows which task it ran. A single thread assigns tasks, reads results and enforces limits.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Pipe, wait
from multiprocessing.util import Finalize
from time import monotonic
from types import TracebackType
from typing import Any, NamedTuple

from skhpo.exceptions import FitMemoryError, FitTimeoutError
from skhpo.parallel._joblib import Backend, Memmaps, kill_process_tree
from skhpo.parallel._pools import TWICE, Pool, worker_died
from skhpo.parallel._serve import STARTED, serve
from skhpo.parallel._task import Limits, LostTaskError, Task

__all__ = ["ProcessPool"]

_POLL = 0.5  # seconds between two checks that the workers are alive, while nothing finishes
_MEMORY_POLL = 0.05  # seconds between two checks of their memory
_LONGEST_STEP = 2.0  # seconds counted at most between two checks, in case of a suspension
_SHORT = 5.0  # seconds that a short task may take
_IDLE = 300.0  # seconds after which an idle worker exits, as in loky


class Job(NamedTuple):
    """A pickled task, and the ticket that identifies its result."""

    ticket: int
    payload: Any


@dataclass
class Worker:
    """A worker process, as seen from its parent.

    Attributes
    ----------
    process : Process
        The process.
    connection : Connection
        The parent's end of the pipe.
    job : Job or None
        The job that is running.
    elapsed : float or None
        Running time of the job, in seconds; None until the worker has received it.
    n_jobs : int
        Number of jobs assigned so far.
    """

    process: Any
    connection: Any
    job: Job | None = None
    elapsed: float | None = None
    n_jobs: int = 0

    def assign(self, job: Job) -> None:
        """Send a job to the worker."""
        self.job, self.elapsed = job, None
        self.n_jobs += 1
        self.connection.send_bytes(job.payload)

    def run_to_the_end(self, payload: Any) -> bool:
        """Run a short pickled task; return whether it succeeded, and otherwise kill the worker."""
        with suppress(EOFError, OSError):
            self.connection.send_bytes(payload)
            while self.connection.poll(_SHORT):
                message = self.connection.recv_bytes()
                if message != STARTED:
                    return True
        self.kill()
        return False

    def kill(self) -> None:
        """Kill the process and its children."""
        kill_process_tree(self.process)
        self.process.join()
        self.connection.close()

    def memory(self) -> int:
        """Return the resident memory of the process in bytes; 0 if it has ended."""
        import psutil

        try:
            return int(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0


@dataclass
class _WorkerCache:
    """Idle workers of closed pools, for reuse in the next pool of the same kind.

    Starting a worker takes seconds, as it has to import what the tasks need.
    """

    key: Any = None
    pid: int = 0
    workers: list[Worker] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: Any, number: int) -> list[Worker]:
        """Return up to `number` workers of this kind; kill the others."""
        with self.lock:
            workers, self.workers = self.workers, []
            if self.pid != os.getpid():  # after a fork: they belong to the parent
                return []
            if self.key != key:
                _kill_all(workers)
                return []
            alive = [worker for worker in workers if worker.process.is_alive()][:number]
            _kill_all([worker for worker in workers if worker not in alive])
            return alive

    def put(self, key: Any, workers: list[Worker]) -> None:
        """Store workers in place of the current ones."""
        with self.lock:
            if self.pid == os.getpid():
                _kill_all(self.workers)
            else:  # the first time in this process, which waits for its children when it exits
                Finalize(None, self.clear, exitpriority=0)
            self.key, self.pid, self.workers = key, os.getpid(), workers

    def clear(self) -> None:
        """Kill all workers."""
        self.put(None, [])


def _kill_all(workers: list[Worker]) -> None:
    for worker in workers:
        worker.kill()


_worker_cache = _WorkerCache()


class ProcessPool(Pool):
    """Pool of worker processes for single tasks, started as loky or multiprocessing does.

    Parameters
    ----------
    backend : Backend
        Defines the kind of the processes, and their settings.
    n_workers : int
        Maximal number of workers.
    limits : Limits
        Limits of a task.
    release : callable, default=None
        Called at the end in each worker that stays alive.
    """

    def __init__(
        self,
        backend: Backend,
        n_workers: int,
        limits: Limits,
        release: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(backend)
        self._n_workers = n_workers
        self._limits = limits
        self._release = release
        self._memmaps = Memmaps(backend)
        self._make_process = backend.process_factory(n_workers)
        settings = backend.settings
        self._initializer = settings.get("initializer")
        self._initargs = settings.get("initargs", ())
        self._max_jobs = settings.get("maxtasksperchild")
        self._reuses_workers = backend.has_loky or not backend.has_processes
        self._idle_timeout = settings.get("idle_worker_timeout") or _IDLE
        self._jobs: deque[Job] = deque()
        self._workers: list[Worker] = []
        self._is_open = True
        self._broken: Exception | None = None
        self._wake_receiver, self._wake_sender = Pipe(duplex=False)
        self._wake_lock = threading.Lock()
        self._thread = threading.Thread(target=self._supervise, daemon=True, name="skhpo-workers")

    def __enter__(self) -> ProcessPool:
        if self._reuses_workers:
            self._workers = _worker_cache.take(self._worker_key(), self._n_workers)
        else:  # fork before the thread starts
            self._workers = [self._start_worker() for _ in range(self._n_workers)]
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._close()
        idle = [worker for worker in self._workers if worker.job is None]
        for worker in self._workers:
            if worker.job is not None:
                worker.kill()
        if self._reuses_workers and self._release is not None:
            payload = self._memmaps.dumps(self._batch(Task(None, self._release, (), {})))
            idle = [worker for worker in idle if worker.run_to_the_end(payload)]
        if self._reuses_workers and idle:
            _worker_cache.put(self._worker_key(), idle)
        else:
            _kill_all(idle)
        self._workers = []
        self._memmaps.clean()

    def submit(self, ticket: int, task: Task) -> None:
        self._jobs.append(Job(ticket, self._memmaps.dumps(self._batch(task))))
        self._wake()
        if self._broken is not None:
            raise self._broken

    def retrieve(self, out: Any) -> Any:
        if isinstance(out, Exception):
            raise out
        value, error = pickle.loads(out)
        if error is not None:
            raise error
        return value

    def abort(self) -> None:
        self._jobs.clear()
        self._close()
        for worker in self._workers:
            worker.kill()
        self._workers = []

    # ------------------------------------------------------------- in the supervising thread

    def _supervise(self) -> None:
        """Run the loop until the pool is closed; an error in it is the outcome of all tasks."""
        try:
            self._loop()
        except Exception as error:
            self._broken = error
            running = [worker.job for worker in self._workers if worker.job is not None]
            for job in [*running, *self._jobs]:
                self._done(job.ticket, error)

    def _loop(self) -> None:
        """Assign jobs, read results, watch for deaths and enforce limits."""
        last = monotonic()
        while self._is_open:
            self._assign_jobs()
            busy = [worker for worker in self._workers if worker.job is not None]
            self._wait_for_events(busy)
            now = monotonic()
            for worker in busy:
                if worker.elapsed is not None and worker.job is not None:
                    worker.elapsed += min(now - last, _LONGEST_STEP)
                    self._enforce_limits(worker)
            last = now

    def _assign_jobs(self) -> None:
        while self._jobs and (worker := self._idle_worker()) is not None:
            try:
                job = self._jobs.popleft()
            except IndexError:  # the pool was aborted meanwhile
                return
            try:
                worker.assign(job)
            except OSError:  # it died while idle; the job is not to blame
                self._end(worker)
                self._jobs.appendleft(job)

    def _idle_worker(self) -> Worker | None:
        """Return an idle worker, or a new one if the pool is not full; None otherwise."""
        for worker in self._workers:
            if worker.job is None:
                return worker
        if len(self._workers) == self._n_workers:
            return None
        try:
            worker = self._start_worker()
        except Exception as error:  # out of memory or processes
            if not self._workers:
                with suppress(IndexError):
                    self._done(self._jobs.popleft().ticket, error)
            return None
        self._workers.append(worker)
        return worker

    def _start_worker(self) -> Worker:
        ours, theirs = Pipe()
        process = self._make_process(
            target=serve,
            args=(
                theirs,
                self._memmaps.dumps_of_worker,
                self._initializer,
                self._initargs,
                os.getpid(),
                self._idle_timeout if self._reuses_workers else None,
            ),
        )
        process.start()
        theirs.close()
        return Worker(process, ours)

    def _wait_for_events(self, busy: list[Worker]) -> None:
        """Wait for the next events and process them."""
        sources: dict[Any, Worker] = {}
        for worker in busy:
            sources[worker.connection] = worker
            sources[worker.process.sentinel] = worker
        for source in wait([self._wake_receiver, *sources], self._wait_timeout(busy)):
            if source is self._wake_receiver:
                while self._wake_receiver.poll():
                    self._wake_receiver.recv_bytes()
            elif sources[source].job is not None:
                self._read_message(sources[source])
        for worker in busy:  # no signal from a dead worker's sentinel while a child of it lives
            if worker.job is not None and not worker.process.is_alive():
                self._read_message(worker)

    def _wait_timeout(self, busy: list[Worker]) -> float:
        if self._limits.memory is not None and busy:
            return _MEMORY_POLL
        if self._limits.time is None:
            return _POLL
        left = [self._limits.time - worker.elapsed for worker in busy if worker.elapsed is not None]
        return max(0.0, min([_POLL, *left]))

    def _read_message(self, worker: Worker) -> None:
        """Read a worker's message, or handle its death."""
        assert worker.job is not None
        try:
            if worker.connection.poll():
                message = worker.connection.recv_bytes()
            elif worker.process.is_alive():
                return
            else:
                raise EOFError
        except (EOFError, OSError):
            job = worker.job
            self._replace(worker)
            cause = f"exit code {worker.process.exitcode}"
            self._done(job.ticket, LostTaskError(worker_died(TWICE, cause)))
            return
        if message == STARTED:
            worker.elapsed = 0.0
            return
        self._done(worker.job.ticket, message)
        worker.job, worker.elapsed = None, None
        if self._max_jobs and worker.n_jobs >= self._max_jobs:
            self._end(worker)

    def _enforce_limits(self, worker: Worker) -> None:
        """End a worker whose task exceeds a limit."""
        job, limits = worker.job, self._limits
        assert job is not None
        assert worker.elapsed is not None
        if limits.time is not None and worker.elapsed >= limits.time:
            self._replace(worker)
            self._done(
                job.ticket,
                FitTimeoutError(
                    f"The fit took longer than the {limits.time:g} s that `fit_timeout` allows."
                ),
            )
        elif limits.memory is not None and worker.memory() > limits.memory:
            self._replace(worker)
            if worker.n_jobs > 1:  # leftovers of earlier tasks may be to blame: try a new worker
                self._jobs.appendleft(job)
            else:
                text = (
                    "The process of the fit took more memory than the "
                    f"{limits.memory:,} bytes that `fit_memory` allows."
                )
                self._done(job.ticket, FitMemoryError(text))

    def _replace(self, worker: Worker) -> None:
        """End a worker and start another, which does its imports while the others work."""
        self._end(worker)
        with suppress(Exception):  # retried when a worker is needed
            self._workers.append(self._start_worker())

    def _end(self, worker: Worker) -> None:
        worker.kill()
        worker.job = None
        self._workers.remove(worker)

    # ------------------------------------------------------------------------ between threads

    def _wake(self) -> None:
        with self._wake_lock, suppress(OSError):
            self._wake_sender.send_bytes(b"")

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._wake()
            self._thread.join()
            self._wake_sender.close()
            self._wake_receiver.close()

    def _worker_key(self) -> Any:
        """Return a key; pools with equal keys can share workers."""
        made = self._make_process
        environment = getattr(made, "keywords", {}).get("env", {})
        return (tuple(environment.items()), self._initializer, self._initargs, self._idle_timeout)
