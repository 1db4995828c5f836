"""Storages of studies and their trials."""

from typing import TYPE_CHECKING, Any

from skhpo.storages._base import BaseStorage, StudyRecord
from skhpo.storages._get import get_storage
from skhpo.storages._heartbeat import (
    Heartbeat,
    RetryFailedTrialCallback,
    RetryHeartbeatStaleTrialCallback,
    fail_stale_trials,
)
from skhpo.storages._memory import InMemoryStorage
from skhpo.storages.journal import JournalFileBackend as JournalFileStorage
from skhpo.storages.journal import JournalFileOpenLock, JournalFileSymlinkLock, JournalStorage

if TYPE_CHECKING:
    from skhpo.storages._rdb import RDBStorage

__all__ = [
    "BaseStorage",
    "Heartbeat",
    "InMemoryStorage",
    "JournalFileOpenLock",
    "JournalFileStorage",
    "JournalFileSymlinkLock",
    "JournalStorage",
    "RDBStorage",
    "RetryFailedTrialCallback",
    "RetryHeartbeatStaleTrialCallback",
    "StudyRecord",
    "fail_stale_trials",
    "get_storage",
]


def __getattr__(name: str) -> Any:
    if name == "RDBStorage":
        from skhpo.storages._rdb import RDBStorage  # imported lazily, because it loads SQLAlchemy

        return RDBStorage
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
