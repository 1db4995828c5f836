"""The current runs of a study (calls of ``optimize`` and searches), and the request to stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Runs"]


class Runs:
    """The current runs in this process; each thread has at most one.

    Attributes
    ----------
    stop_requested : bool
        Whether no further trial should start.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: set[int] = set()
        self.stop_requested = False

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]

    @property
    def are_any(self) -> bool:
        """Return whether a run is in progress."""
        return bool(self._threads)

    @contextmanager
    def begin(self) -> Iterator[None]:
        """Register a run of this thread for the duration of the context.

        A request to stop ends all runs. The first of several runs clears it.

        Raises
        ------
        RuntimeError
            If this thread is already running the study.
        """
        thread = threading.get_ident()
        with self._lock:
            if thread in self._threads:
                raise RuntimeError(
                    "`optimize` is already running: it cannot be called within itself."
                )
            if not self._threads:
                self.stop_requested = False
            self._threads.add(thread)
        try:
            yield
        finally:
            with self._lock:
                self._threads.discard(thread)

    def request_stop(self) -> None:
        """Request that no further trial starts.

        Raises
        ------
        RuntimeError
            If nothing is running.
        """
        if not self.are_any:
            raise RuntimeError("`stop` has nothing to stop: call it in an objective or a callback.")
        self.stop_requested = True
