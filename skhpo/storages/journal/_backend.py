"""Backends of journals: where the entries are stored."""

from __future__ import annotations

import json
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from skhpo.exceptions import StorageInternalError
from skhpo.storages.journal._lock import BaseJournalFileLock, JournalFileSymlinkLock

__all__ = ["BaseJournalBackend", "JournalFileBackend"]


class BaseJournalBackend(ABC):
    """Base class of backends that store a journal's entries, shared by many processes."""

    @abstractmethod
    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """Return the entries from number `log_number_from` on, counted from 0."""

    @abstractmethod
    def append_logs(self, logs: Sequence[dict[str, Any]]) -> None:
        """Append entries atomically."""

    @abstractmethod
    def exclusive(self) -> AbstractContextManager[None]:
        """Return a context in which no other process appends entries."""


class JournalFileBackend(BaseJournalBackend):
    """A file with one entry per line, as JSON: the format of Optuna's journals.

    Parameters
    ----------
    file_path : str or path
        The file; it is created if it does not exist.
    lock_obj : BaseJournalFileLock, optional
        The lock to hold while appending. Default: :class:`JournalFileSymlinkLock`.

    Raises
    ------
    skhpo.exceptions.StorageInternalError
        If the file cannot be created, read or written, or is damaged.

    Examples
    --------
    >>> import os, tempfile
    >>> import skhpo
    >>> from skhpo.storages.journal import JournalFileBackend
    >>> path = os.path.join(tempfile.mkdtemp(), "study.log")
    >>> storage = skhpo.storages.JournalStorage(JournalFileBackend(path))
    >>> study = skhpo.create_study(storage=storage, study_name="first")
    >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    >>> again = skhpo.storages.JournalStorage(JournalFileBackend(path))
    >>> len(skhpo.load_study(storage=again, study_name="first").trials)
    3
    """

    def __init__(
        self, file_path: str | os.PathLike[str], lock_obj: BaseJournalFileLock | None = None
    ) -> None:
        self._path = os.fspath(file_path)
        self._lock = lock_obj or JournalFileSymlinkLock(self._path)
        self._known = (0, 0)  # an entry's number, and its position in the file
        self._holder: tuple[int, int] | None = None  # the process and thread that has the lock
        with self._telling(), open(self._path, "ab"):
            pass

    def __repr__(self) -> str:
        return f"JournalFileBackend({self._path!r})"

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_holder": None}

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """Return the entries from number `log_number_from` on, counted from 0.

        A last line without an end is still being written; it is read later.
        """
        number, offset = self._known
        if log_number_from < number:
            number, offset = 0, 0
        with self._telling(), open(self._path, "rb") as file:
            if file.seek(0, os.SEEK_END) < offset:
                raise StorageInternalError(
                    f"{self._path}: the journal has become shorter than before."
                )
            file.seek(offset)
            lines = file.read().split(b"\n")[:-1]
        for line in lines:
            if number >= log_number_from:
                self._known = number, offset
                yield self._parse(number, line)
            number, offset = number + 1, offset + len(line) + 1
        self._known = number, offset

    def _parse(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            log = json.loads(line)
            if isinstance(log, dict):
                return log
            said = "it is not a JSON object"
        except ValueError as error:
            said = str(error)
        raise StorageInternalError(
            f"{self._path}: line {number + 1} is damaged ({said}). The lines before it are "
            "intact: a copy of the file that ends there can be read."
        )

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Return a context in which no other process appends entries."""
        here = os.getpid(), threading.get_ident()
        if self._holder == here:
            yield
            return
        with self._telling():
            self._lock.acquire()
        self._holder = here
        try:
            yield
        finally:
            self._holder = None
            self._lock.release()

    def append_logs(self, logs: Sequence[dict[str, Any]]) -> None:
        """Append entries atomically."""
        text = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with self.exclusive(), self._telling(), open(self._path, "r+b") as file:
            end = _end_of_last_line(file)
            file.truncate(end)  # partial line of a process that died while writing
            file.seek(end)
            try:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(self._path, end)
                raise

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Convert operating system errors to errors that name the file."""
        try:
            yield
        except OSError as error:
            raise StorageInternalError(
                f"{self._path}: the journal cannot be used: {error.strerror or error}"
            ) from error


def _end_of_last_line(file: Any) -> int:
    """Return the position at which the last whole line ends."""
    end: int = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - 4096)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + int(found) + 1
        end = start
    return 0
