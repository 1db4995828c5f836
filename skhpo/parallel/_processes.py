"""Worker processes of our own, one task each: a death or a limit concerns one task alone.

Each worker has a pipe. What one that is killed leaves half-written garbles no other's, and the
parent knows which task it ran. One thread hands out tasks, takes in results and watches limits.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections import deque
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
from skhpo.parallel._serve import BEGUN, serve
from skhpo.parallel._task import Limits, LostTaskError, Task

__all__ = ["ProcessPool"]

_POLL = 0.5  # seconds between two looks at the workers' health while nothing finishes
_MEMORY_POLL = 0.05  # seconds between two looks at their memory
_LONGEST_STEP = 2.0  # seconds that count between two looks: this process may have been suspended
_IDLE = 300.0  # seconds after which an idle worker ends, as loky's do


class Job(NamedTuple):
    """A pickled task, and the ticket under which its result is handed back."""

    ticket: int
    payload: Any


@dataclass
class Worker:
    """A worker process, seen from its parent.

    Attributes
    ----------
    process : Process
        The process.
    connection : Connection
        The parent's end of its pipe.
    job : Job or None
        What it runs.
    spent : float or None
        For how many seconds; None before the task has arrived.
    n_jobs : int
        How many it has been given.
    """

    process: Any
    connection: Any
    job: Job | None = None
    spent: float | None = None
    n_jobs: int = 0

    def give(self, job: Job) -> None:
        """Have it run a job."""
        self.job, self.spent = job, None
        self.n_jobs += 1
        self.connection.send_bytes(job.payload)

    def kill(self) -> None:
        """End it, and what it has started."""
        kill_process_tree(self.process)
        self.process.join()
        self.connection.close()

    def memory(self) -> int:
        """Resident memory of its process, in bytes; 0 if it has ended."""
        import psutil

        try:
            return int(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0


@dataclass
class _Stock:
    """Idle workers of pools that were left, for the next pool of the same kind.

    Starting one takes seconds: it imports what the tasks need.
    """

    key: Any = None
    pid: int = 0
    workers: list[Worker] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: Any, number: int) -> list[Worker]:
        """Return so many of this kind; dismiss the others."""
        with self.lock:
            workers, self.workers = self.workers, []
            if self.pid != os.getpid():  # they belong to the process that this one was forked from
                return []
            if self.key != key:
                _dismiss(workers)
                return []
            alive = [worker for worker in workers if worker.process.is_alive()][:number]
            _dismiss([worker for worker in workers if worker not in alive])
            return alive

    def put(self, key: Any, workers: list[Worker]) -> None:
        """Keep workers, instead of those that are there."""
        with self.lock:
            if self.pid == os.getpid():
                _dismiss(self.workers)
            else:  # the first time in this process, which waits for its children at its end
                Finalize(None, self.clear, exitpriority=0)
            self.key, self.pid, self.workers = key, os.getpid(), workers

    def clear(self) -> None:
        """Dismiss all."""
        self.put(None, [])


def _dismiss(workers: list[Worker]) -> None:
    for worker in workers:
        worker.kill()


_stock = _Stock()


class ProcessPool(Pool):
    """Worker processes, of loky's kind or of multiprocessing's, for single tasks.

    Parameters
    ----------
    backend : Backend
        Says of what kind they are, and what is set of them.
    n_workers : int
        How many there are, at most.
    limits : Limits
        What a task may take.
    """

    def __init__(self, backend: Backend, n_workers: int, limits: Limits) -> None:
        super().__init__(backend)
        self._n_workers = n_workers
        self._limits = limits
        self._memmaps = Memmaps(backend)
        self._make_process = backend.process_maker(n_workers)
        settings = backend.settings
        self._initializer = settings.get("initializer")
        self._initargs = settings.get("initargs", ())
        self._max_jobs = settings.get("maxtasksperchild")
        self._is_kept = backend.has_loky or not backend.has_processes
        self._patience = settings.get("idle_worker_timeout") or _IDLE
        self._jobs: deque[Job] = deque()
        self._workers: list[Worker] = []
        self._is_open = True
        self._broken: Exception | None = None
        self._ear, self._bell = Pipe(duplex=False)
        self._bell_lock = threading.Lock()
        self._thread = threading.Thread(target=self._attend, daemon=True, name="skhpo-workers")

    def __enter__(self) -> ProcessPool:
        if self._is_kept:
            self._workers = _stock.take(self._kind(), self._n_workers)
        else:  # forked before there is a thread
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
        if self._is_kept and idle:
            _stock.put(self._kind(), idle)
        else:
            _dismiss(idle)
        self._workers = []
        self._memmaps.clean()

    def submit(self, ticket: int, task: Task) -> None:
        self._jobs.append(Job(ticket, self._memmaps.dumps(self._batch(task))))
        self._ring()
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

    # ----------------------------------------------------------- in the thread that attends

    def _attend(self) -> None:
        """Work until the pool is closed; what goes wrong here is the outcome of all tasks."""
        try:
            self._loop()
        except Exception as error:
            self._broken = error
            running = [worker.job for worker in self._workers if worker.job is not None]
            for job in [*running, *self._jobs]:
                self._done(job.ticket, error)

    def _loop(self) -> None:
        """Hand out jobs, take in results, watch deaths and limits."""
        last = monotonic()
        while self._is_open:
            self._hand_out()
            busy = [worker for worker in self._workers if worker.job is not None]
            self._hear(busy)
            now = monotonic()
            for worker in busy:
                if worker.spent is not None and worker.job is not None:
                    worker.spent += min(now - last, _LONGEST_STEP)
                    self._keep_within_limits(worker)
            last = now

    def _hand_out(self) -> None:
        while self._jobs and (worker := self._idle_worker()) is not None:
            try:
                job = self._jobs.popleft()
            except IndexError:  # the pool was aborted just now
                return
            try:
                worker.give(job)
            except OSError:  # it died while it was idle, which is no fault of the job
                self._end(worker)
                self._jobs.appendleft(job)

    def _idle_worker(self) -> Worker | None:
        """Return a worker that is idle, or a new one while there may be more."""
        for worker in self._workers:
            if worker.job is None:
                return worker
        if len(self._workers) == self._n_workers:
            return None
        try:
            worker = self._start_worker()
        except Exception as error:  # no memory, no process
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
                self._patience if self._is_kept else None,
            ),
        )
        process.start()
        theirs.close()
        return Worker(process, ours)

    def _hear(self, busy: list[Worker]) -> None:
        """Wait for something to happen, and take it in."""
        sources: dict[Any, Worker] = {}
        for worker in busy:
            sources[worker.connection] = worker
            sources[worker.process.sentinel] = worker
        for source in wait([self._ear, *sources], self._patience_with(busy)):
            if source is self._ear:
                while self._ear.poll():
                    self._ear.recv_bytes()
            elif sources[source].job is not None:
                self._take_in(sources[source])
        for worker in busy:  # a sentinel is silent while a child of the dead one lives
            if worker.job is not None and not worker.process.is_alive():
                self._take_in(worker)

    def _patience_with(self, busy: list[Worker]) -> float:
        if self._limits.memory is not None and busy:
            return _MEMORY_POLL
        if self._limits.time is None:
            return _POLL
        left = [self._limits.time - worker.spent for worker in busy if worker.spent is not None]
        return max(0.0, min([_POLL, *left]))

    def _take_in(self, worker: Worker) -> None:
        """Take in what a worker says, or that it died."""
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
        if message == BEGUN:
            worker.spent = 0.0
            return
        self._done(worker.job.ticket, message)
        worker.job, worker.spent = None, None
        if self._max_jobs and worker.n_jobs >= self._max_jobs:
            self._end(worker)

    def _keep_within_limits(self, worker: Worker) -> None:
        """End a worker whose task goes past a limit."""
        job, limits = worker.job, self._limits
        assert job is not None
        assert worker.spent is not None
        if limits.time is not None and worker.spent >= limits.time:
            self._replace(worker)
            self._done(
                job.ticket,
                FitTimeoutError(
                    f"The fit took longer than the {limits.time:g} s that `fit_timeout` allows."
                ),
            )
        elif limits.memory is not None and worker.memory() > limits.memory:
            self._replace(worker)
            if worker.n_jobs > 1:  # what earlier tasks have left there may be to blame
                self._jobs.appendleft(job)
            else:
                text = (
                    "The process of the fit took more memory than the "
                    f"{limits.memory:,} bytes that `fit_memory` allows."
                )
                self._done(job.ticket, FitMemoryError(text))

    def _replace(self, worker: Worker) -> None:
        """End a worker; the next one imports what it needs while the others work."""
        self._end(worker)
        with suppress(Exception):  # it is tried again when it is needed
            self._workers.append(self._start_worker())

    def _end(self, worker: Worker) -> None:
        worker.kill()
        worker.job = None
        self._workers.remove(worker)

    # ------------------------------------------------------------------------ between threads

    def _ring(self) -> None:
        with self._bell_lock, suppress(OSError):
            self._bell.send_bytes(b"")

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._ring()
            self._thread.join()
            self._bell.close()
            self._ear.close()

    def _kind(self) -> Any:
        """What two pools must have in common to share workers."""
        made = self._make_process
        environment = getattr(made, "keywords", {}).get("env", {})
        return (tuple(environment.items()), self._initializer, self._initargs, self._patience)
