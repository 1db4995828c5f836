"""Wrappers of joblib's and loky's private API, with one interface for all supported versions."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from joblib import Parallel
from joblib._memmapping_reducer import TemporaryResourcesManager, get_memmapping_reducers
from joblib._parallel_backends import (
    LokyBackend,
    MultiprocessingBackend,
    ParallelBackendBase,
)
from joblib._utils import eval_expr
from joblib.externals.loky import process_executor
from joblib.externals.loky.backend.context import get_context
from joblib.externals.loky.backend.reduction import dumps as loky_dumps
from joblib.externals.loky.backend.utils import kill_process_tree
from joblib.parallel import BatchedCalls
from joblib.pool import CustomizablePickler

__all__ = [
    "Backend",
    "BatchedCalls",
    "Memmaps",
    "dump_by_value",
    "eval_expr",
    "kill_process_tree",
    "mark_as_worker",
]


class Backend:
    """The active backend of joblib, as set by `n_jobs` and `joblib.parallel_config`.

    Parameters
    ----------
    n_jobs : int or None
        Number of workers, as in joblib.
    """

    def __init__(self, n_jobs: int | None) -> None:
        self.parallel = Parallel(n_jobs=n_jobs)
        self.own = self.parallel._backend
        self.name = type(self.own).__name__
        self.has_loky = isinstance(self.own, LokyBackend)
        # ray's backend, for example, derives from multiprocessing's but creates another pool.
        makes_pool = getattr(type(self.own), "configure", None) is MultiprocessingBackend.configure
        self.has_processes = self.has_loky or makes_pool
        self.is_nested = (getattr(self.own, "nesting_level", 0) or 0) > 0

    @property
    def settings(self) -> dict[str, Any]:
        """The user's settings of the backend: arguments of the pool that joblib would create."""
        # joblib < 1.5 names them _backend_args, and has no backend_kwargs.
        given = getattr(self.parallel, "_backend_kwargs", None) or self.parallel._backend_args
        return {**given, **getattr(self.own, "backend_kwargs", {})}

    def n_workers(self) -> int:
        """Return the number of tasks that can run at the same time."""
        return int(self.own.effective_n_jobs(self.parallel.n_jobs))

    def enter(self) -> int:
        """Let joblib create its pool; return the number of workers."""
        self.parallel.__enter__()
        self.own = self.parallel._backend
        return int(self.parallel._effective_n_jobs())

    def leave(self) -> None:
        """Let joblib close its pool."""
        self.parallel.__exit__(None, None, None)

    def process_factory(self, n_workers: int) -> Callable[..., Any]:
        """Return a function that creates a process of the backend's kind; loky's by default."""
        if self.has_processes and not self.has_loky:
            return partial(self.settings["context"].Process, daemon=True)
        environment = LokyBackend._prepare_worker_env(self.own, n_workers)
        return partial(get_context("loky").Process, env=environment)

    def submission(self) -> Callable[..., Any]:
        """Return the backend's submit method: `apply_async` in backends for joblib < 1.5."""
        inherited = getattr(ParallelBackendBase, "submit", None)
        if getattr(type(self.own), "submit", inherited) is inherited:
            return self.own.apply_async  # type: ignore[no-any-return]
        return self.own.submit  # type: ignore[no-any-return]

    def batch(self, call: tuple[Any, ...]) -> BatchedCalls:
        """Wrap a call so that it runs under the nested backend."""
        return BatchedCalls([call], self.own.get_nested_backend(), None, {})


class Memmaps:
    """Pickling for worker processes, with large arrays as memory-mapped files.

    Parameters
    ----------
    backend : Backend
        Its settings define which arrays are large, and where the files are.
    """

    def __init__(self, backend: Backend) -> None:
        settings = backend.settings
        self._manager = TemporaryResourcesManager(settings.get("temp_folder"), uuid4().hex)
        forward, backward = get_memmapping_reducers(
            dict(settings.get("forward_reducers") or settings.get("job_reducers") or {}),
            dict(settings.get("backward_reducers") or settings.get("result_reducers") or {}),
            temp_folder_resolver=self._manager.resolve_temp_folder_name,
            max_nbytes=settings.get("max_nbytes", 1e6),
            mmap_mode=settings.get("mmap_mode", "r"),
            verbose=settings.get("verbose", 0),
            prewarm=settings.get("prewarm", False),
            unlink_on_gc_collect=False,
        )
        is_plain = backend.has_processes and not backend.has_loky
        dumps = _plain_dumps if is_plain else loky_dumps
        self.dumps: Callable[[Any], Any] = partial(dumps, reducers=forward)
        self.dumps_of_worker: Callable[[Any], Any] = partial(dumps, reducers=backward)

    def clean(self) -> None:
        """Delete the files."""
        self._manager._clean_temporary_resources(force=True)


def _plain_dumps(thing: Any, reducers: dict[Any, Any]) -> memoryview:
    buffer = io.BytesIO()
    CustomizablePickler(buffer, reducers=reducers).dump(thing)
    return buffer.getbuffer()


def dump_by_value(thing: Any) -> bytes:
    """Pickle an object with functions and classes that cannot be imported, by their code."""
    return bytes(loky_dumps(thing))


def mark_as_worker() -> None:
    """Tell joblib, in a worker, that its pools are nested here."""
    process_executor._CURRENT_DEPTH += 1
