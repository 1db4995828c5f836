"""The runs of a study: calls of ``optimize`` and searches under way, and the request to stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Runs"]


class Runs:
    """The runs under way in this process, of which each thread has one at most.

    Attributes
    ----------
    stop_requested : bool
        Whether no further trial is to start.
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
        """Whether a run is under way."""
        return bool(self._threads)

    @contextmanager
    def begin(self) -> Iterator[None]:
        """Run in this thread while the block lasts.

        The first of several runs clears the request to stop, which ends them all.

        Raises
        ------
        RuntimeError
            If this thread runs the study already.
        """
        thread = threading.get_ident()
        with self._lock:
            if thread in self._threads:
                raise RuntimeError(
                    "`optimize` is running already: it cannot be called within itself."
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
        """Ask to start no further trial.

        Raises
        ------
        RuntimeError
            If nothing is running.
        """
        if not self.are_any:
            raise RuntimeError("`stop` has nothing to stop: call it in an objective or a callback.")
        self.stop_requested = True
