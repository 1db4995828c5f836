"""All that is used of joblib's and loky's private parts, the same for each supported version."""

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
    "eval_expr",
    "kill_process_tree",
    "mark_as_worker",
]


class Backend:
    """The active backend of joblib, as `n_jobs` and `joblib.parallel_config` have it.

    Parameters
    ----------
    n_jobs : int or None
        In joblib's meaning.
    """

    def __init__(self, n_jobs: int | None) -> None:
        self.parallel = Parallel(n_jobs=n_jobs)
        self.own = self.parallel._backend
        self.name = type(self.own).__name__
        self.has_loky = isinstance(self.own, LokyBackend)
        # ray's backend, say, derives from multiprocessing's, and makes another pool
        makes_pool = getattr(type(self.own), "configure", None) is MultiprocessingBackend.configure
        self.has_processes = self.has_loky or makes_pool
        self.is_nested = (getattr(self.own, "nesting_level", 0) or 0) > 0

    @property
    def settings(self) -> dict[str, Any]:
        """What the user has set of the backend: arguments of the pool that joblib would make."""
        # joblib < 1.5 names it _backend_args, and keeps no backend_kwargs
        given = getattr(self.parallel, "_backend_kwargs", None) or self.parallel._backend_args
        return {**given, **getattr(self.own, "backend_kwargs", {})}

    def n_workers(self) -> int:
        """How many tasks may run at a time."""
        return int(self.own.effective_n_jobs(self.parallel.n_jobs))

    def enter(self) -> int:
        """Have joblib make its pool; return the number of workers."""
        self.parallel.__enter__()
        self.own = self.parallel._backend
        return int(self.parallel._effective_n_jobs())

    def leave(self) -> None:
        """Have joblib put its pool away."""
        self.parallel.__exit__(None, None, None)

    def process_maker(self, n_workers: int) -> Callable[..., Any]:
        """Return what makes a process of the kind that the backend has; loky's by default."""
        if self.has_processes and not self.has_loky:
            return partial(self.settings["context"].Process, daemon=True)
        environment = LokyBackend._prepare_worker_env(self.own, n_workers)
        return partial(get_context("loky").Process, env=environment)

    def submission(self) -> Callable[..., Any]:
        """Return the method that starts a task: `apply_async` in backends for joblib < 1.5."""
        inherited = getattr(ParallelBackendBase, "submit", None)
        if getattr(type(self.own), "submit", inherited) is inherited:
            return self.own.apply_async  # type: ignore[no-any-return]
        return self.own.submit  # type: ignore[no-any-return]

    def batch(self, call: tuple[Any, ...]) -> BatchedCalls:
        """Return a call that runs with the nested backend."""
        return BatchedCalls([call], self.own.get_nested_backend(), None, {})


class Memmaps:
    """Pickles for worker processes; large arrays in them are files mapped into memory.

    Parameters
    ----------
    backend : Backend
        Its settings say which arrays are large, and where the files are.
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


def mark_as_worker() -> None:
    """In a worker: let joblib know that its pools are nested ones here."""
    process_executor._CURRENT_DEPTH += 1
