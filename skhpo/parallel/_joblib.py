"""All that is used of joblib's and loky's private parts, the same for each supported version."""

from __future__ import annotations

from joblib._parallel_backends import (
    LokyBackend,
    MultiprocessingBackend,
    ParallelBackendBase,
)
from joblib._utils import eval_expr
from joblib.externals.loky.process_executor import (
    BrokenProcessPool,
    ShutdownExecutorError,
    TerminatedWorkerError,
)
from joblib.parallel import BatchedCalls

__all__ = [
    "BatchedCalls",
    "BrokenProcessPool",
    "LokyBackend",
    "MultiprocessingBackend",
    "ParallelBackendBase",
    "ShutdownExecutorError",
    "TerminatedWorkerError",
    "eval_expr",
]
