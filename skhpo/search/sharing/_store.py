"""The store of a process: what its folds have computed, bounded in bytes."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["Store", "forget", "store_of_process"]

IDLE = 60.0  # seconds without a task after which a worker of another process empties its store


@dataclass
class _Entry:
    value: Any
    n_bytes: int


class Store:
    """Values by key, of several searches; the least recently used make room for new ones.

    A key is a tuple that begins with the token of its search, so searches never meet. All methods
    may be called from several threads.

    Attributes
    ----------
    n_bytes : int
        Size of all values.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._entries: OrderedDict[tuple[Hashable, ...], _Entry] = OrderedDict()
        self._notes: dict[str, dict[Any, Any]] = {}
        self._n_active = 0
        self._last_use = 0.0
        self._reaper: threading.Thread | None = None
        self.n_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: tuple[Hashable, ...]) -> Any:
        """Return a value, which is then the most recently used one; None if there is none."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry.value

    def put(self, key: tuple[Hashable, ...], value: Any, n_bytes: int, limit: int) -> bool:
        """Keep a value, and drop the least recently used ones above the limit.

        Parameters
        ----------
        key : tuple
            The key; it begins with the token of the search.
        value : object
            The value.
        n_bytes : int
            Its size.
        limit : int
            Maximal size of all values together.

        Returns
        -------
        is_kept : bool
            False if the value alone is larger than the limit.
        """
        with self._lock:
            self._drop(key)
            if n_bytes > limit:
                return False
            while self.n_bytes + n_bytes > limit:
                self._drop(next(iter(self._entries)))
            self._entries[key] = _Entry(value, n_bytes)
            self.n_bytes += n_bytes
            return True

    def drop(self, key: tuple[Hashable, ...]) -> None:
        """Drop a value, if there is one."""
        with self._lock:
            self._drop(key)

    def note(self, token: str, name: Hashable, make: Callable[[], Any]) -> Any:
        """Return a small object of a search by its name, made at the first call."""
        with self._lock:
            notes = self._notes.setdefault(token, {})
            if name not in notes:
                notes[name] = make()
            return notes[name]

    def notes(self, token: str) -> list[Any]:
        """Return all small objects of a search."""
        with self._lock:
            return list(self._notes.get(token, {}).values())

    def forget(self, token: str) -> None:
        """Drop everything of a search."""
        with self._lock:
            for key in [key for key in self._entries if key[0] == token]:
                self._drop(key)
            self._notes.pop(token, None)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._entries.clear()
            self._notes.clear()
            self.n_bytes = 0

    @contextmanager
    def in_use(self, *, empties_itself: bool) -> Iterator[None]:
        """Mark that a task uses the store.

        Parameters
        ----------
        empties_itself : bool
            Whether to drop everything once no task has used the store for a minute: not every
            backend can tell its workers that a search has ended.
        """
        with self._lock:
            self._n_active += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_active -= 1
                self._last_use = time.monotonic()
                if empties_itself and self._entries and self._reaper is None:
                    self._reaper = threading.Thread(target=self._empty_when_idle, daemon=True)
                    self._reaper.start()

    def _empty_when_idle(self) -> None:
        while True:
            with self._lock:
                left = self._last_use + IDLE - time.monotonic()
                if self._n_active == 0 and left <= 0:
                    self.clear()
                if not self._entries:
                    self._reaper = None
                    return
            time.sleep(max(left, IDLE / 10))

    def _drop(self, key: tuple[Hashable, ...]) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.n_bytes -= entry.n_bytes


_store: tuple[int, Store] = (os.getpid(), Store())


def store_of_process() -> Store:
    """Return the store of this process."""
    global _store
    if _store[0] != os.getpid():  # after a fork: the copy of the parent's store may be locked
        _store = (os.getpid(), Store())
    return _store[1]


def forget(*tokens: str) -> None:
    """Drop everything of a search in this process."""
    for token in tokens:
        store_of_process().forget(token)
