"""A storage that appends each change to a file, in the format of Optuna's journals."""

from skhpo.storages.journal._backend import BaseJournalBackend, JournalFileBackend
from skhpo.storages.journal._lock import (
    BaseJournalFileLock,
    JournalFileOpenLock,
    JournalFileSymlinkLock,
)
from skhpo.storages.journal._storage import JournalStorage

__all__ = [
    "BaseJournalBackend",
    "BaseJournalFileLock",
    "JournalFileBackend",
    "JournalFileOpenLock",
    "JournalFileSymlinkLock",
    "JournalStorage",
]
