"""Locks between processes, and between machines that share a file system."""

from __future__ import annotations

import logging
import os
import time
import uuid
import warnings
from abc import ABC, abstractmethod

__all__ = ["BaseJournalFileLock", "JournalFileOpenLock", "JournalFileSymlinkLock"]

logger = logging.getLogger("skhpo.storages")

SHORTEST_PAUSE, LONGEST_PAUSE = 0.001, 1.0  # seconds between two attempts
PATIENCE = 10.0  # seconds until a warning says what the process waits for


class BaseJournalFileLock(ABC):
    """Base class of file locks."""

    @abstractmethod
    def acquire(self) -> bool:
        """Wait for the lock and acquire it; return True."""

    @abstractmethod
    def release(self) -> None:
        """Release the lock."""


class _FileLock(BaseJournalFileLock):
    """A lock that is held by the process that created a file next to the locked one.

    The files have the same names as those of Optuna's locks, so both libraries wait for each other.
    """

    def __init__(self, filepath: str | os.PathLike[str], grace_period: float | None = 30) -> None:
        if grace_period is not None and not grace_period > 0:
            raise ValueError(f"`grace_period` must be above 0 or None; got {grace_period}.")
        if grace_period is not None and grace_period < 3:
            warnings.warn(
                f"A `grace_period` of {grace_period} s is short: the lock of a slow process "
                "that is still alive may be broken.",
                stacklevel=2,
            )
        self.grace_period = grace_period
        self._file = os.fspath(filepath)
        self._lock_file = self._file + ".lock"

    @abstractmethod
    def _make(self) -> None:
        """Create the lock file; raise a FileExistsError if it exists."""

    def acquire(self) -> bool:
        """Wait for the lock and acquire it; return True.

        A lock that does not change for longer than the grace period is broken, because its
        holder has presumably died.
        """
        pause, seen = SHORTEST_PAUSE, None
        since = told = time.monotonic()
        while True:
            try:
                self._make()
                return True
            except FileExistsError:
                pass
            now, holder = time.monotonic(), self._holder()
            if holder != seen:
                seen, since = holder, now
            elif self.grace_period is not None and now - since > self.grace_period:
                logger.warning("%s was held for too long and is now broken.", self._lock_file)
                self._remove()
                continue
            if now - told > PATIENCE:
                told = now
                logger.warning("Waiting for the lock %s.", self._lock_file)
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def release(self) -> None:
        """Release the lock.

        Raises
        ------
        RuntimeError
            If the lock is not held, because another process broke it after its grace period.
        """
        if not self._remove():
            raise RuntimeError(f"The lock {self._lock_file} is not held.")

    def _holder(self) -> tuple[int, int] | None:
        """Return an identifier of the holder's file."""
        try:
            status = os.lstat(self._lock_file)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def _remove(self) -> bool:
        """Remove the lock file; only one of several concurrent attempts succeeds."""
        aside = f"{self._lock_file}{uuid.uuid4()}.rename"
        try:
            os.rename(self._lock_file, aside)
        except OSError:
            return False
        os.unlink(aside)
        return True


class JournalFileSymlinkLock(_FileLock):
    """A lock by a symbolic link, for network file systems of any age.

    On Windows only privileged users can create such links: use :class:`JournalFileOpenLock` there.

    Parameters
    ----------
    filepath : str or path
        The file to lock.
    grace_period : float or None, default=30
        Seconds after which an unreleased lock is broken; None waits forever.

    Examples
    --------
    >>> import os, tempfile
    >>> from skhpo.storages.journal import JournalFileSymlinkLock
    >>> lock = JournalFileSymlinkLock(os.path.join(tempfile.mkdtemp(), "study.log"))
    >>> lock.acquire()
    True
    >>> lock.release()
    """

    def _make(self) -> None:
        os.symlink(self._file, self._lock_file)


class JournalFileOpenLock(_FileLock):
    """A lock by exclusive creation of a file, for local disks and NFS from version 3.

    Parameters
    ----------
    filepath : str or path
        The file to lock.
    grace_period : float or None, default=30
        Seconds after which an unreleased lock is broken; None waits forever.

    Examples
    --------
    >>> import os, tempfile
    >>> from skhpo.storages.journal import JournalFileOpenLock
    >>> lock = JournalFileOpenLock(os.path.join(tempfile.mkdtemp(), "study.log"))
    >>> lock.acquire()
    True
    >>> lock.release()
    """

    def _make(self) -> None:
        os.close(os.open(self._lock_file, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
