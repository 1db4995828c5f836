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

SHORTEST_PAUSE, LONGEST_PAUSE = 0.001, 1.0  # seconds between two tries
PATIENCE = 10.0  # seconds after which the log says what is waited for


class BaseJournalFileLock(ABC):
    """Base class of the locks of a file."""

    @abstractmethod
    def acquire(self) -> bool:
        """Wait for the lock, and take it; return True."""

    @abstractmethod
    def release(self) -> None:
        """Give the lock back."""


class _FileLock(BaseJournalFileLock):
    """A lock that is held by whoever made a file beside the one that is locked.

    The files have the names that Optuna's locks have, so both libraries wait for each other.
    """

    def __init__(self, filepath: str | os.PathLike[str], grace_period: float | None = 30) -> None:
        if grace_period is not None and not grace_period > 0:
            raise ValueError(f"`grace_period` must be above 0 or None; got {grace_period}.")
        if grace_period is not None and grace_period < 3:
            warnings.warn(
                f"A `grace_period` of {grace_period} s is short: the lock of a process that is "
                "slow, but alive, may be broken.",
                stacklevel=2,
            )
        self.grace_period = grace_period
        self._file = os.fspath(filepath)
        self._lock_file = self._file + ".lock"

    @abstractmethod
    def _make(self) -> None:
        """Make the file of the lock; raise a FileExistsError if it is there."""

    def acquire(self) -> bool:
        """Wait for the lock, and take it; return True.

        A lock that stays the same for longer than the grace period is broken: whoever held it
        has died.
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
                logger.warning("%s was held for too long, and is broken.", self._lock_file)
                self._remove()
                continue
            if now - told > PATIENCE:
                told = now
                logger.warning("The lock %s is waited for.", self._lock_file)
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def release(self) -> None:
        """Give the lock back.

        Raises
        ------
        RuntimeError
            If it is not there: it was held for longer than another's grace period.
        """
        if not self._remove():
            raise RuntimeError(f"The lock {self._lock_file} is not held.")

    def _holder(self) -> tuple[int, int] | None:
        """What tells one holder's file from the next one's."""
        try:
            status = os.lstat(self._lock_file)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def _remove(self) -> bool:
        """Remove the file of the lock; only one of several who try succeeds."""
        aside = f"{self._lock_file}{uuid.uuid4()}.rename"
        try:
            os.rename(self._lock_file, aside)
        except OSError:
            return False
        os.unlink(aside)
        return True


class JournalFileSymlinkLock(_FileLock):
    """A lock by a symbolic link, for network file systems of any age.

    Windows lets only privileged users make such links: take :class:`JournalFileOpenLock` there.

    Parameters
    ----------
    filepath : str or path
        The file to be locked.
    grace_period : float or None, default=30
        Seconds after which a lock is broken that nobody gives back; None waits forever.

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
    """A lock by a file that only one can create, for local disks and NFS from version 3.

    Parameters
    ----------
    filepath : str or path
        The file to be locked.
    grace_period : float or None, default=30
        Seconds after which a lock is broken that nobody gives back; None waits forever.

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
