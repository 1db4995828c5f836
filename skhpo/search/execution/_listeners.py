"""Sending events to the callbacks of a search."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from skhpo._warnings import warn_user
from skhpo.callbacks import (
    CandidateEvent,
    FoldEvent,
    RefitEvent,
    SearchCallback,
    SearchEvent,
)

__all__ = ["Listeners", "functions_of", "listeners_of"]

Event = CandidateEvent | FoldEvent | RefitEvent | SearchEvent


def listeners_of(callbacks: Sequence[Any] | None) -> list[SearchCallback]:
    """Return those of a search's callbacks that listen to its events."""
    return [callback for callback in callbacks or () if isinstance(callback, SearchCallback)]


def functions_of(callbacks: Sequence[Any] | None) -> list[Any]:
    """Return those of a search's callbacks that are called with the study and a trial."""
    return [callback for callback in callbacks or () if not isinstance(callback, SearchCallback)]


class Listeners:
    """The callbacks of a search, which receive its events.

    Events may occur within a transaction of the storage. :meth:`add` therefore queues them, and
    :meth:`deliver` sends them in the same order.

    Parameters
    ----------
    callbacks : sequence of SearchCallback
        The callbacks.
    """

    def __init__(self, callbacks: Sequence[SearchCallback] = ()) -> None:
        self._callbacks = list(callbacks)
        self._kept: deque[tuple[str, Event]] = deque()
        self._warned: set[tuple[int, str]] = set()
        self._start: SearchEvent | None = None

    @contextmanager
    def also(self, callback: SearchCallback) -> Iterator[None]:
        """While the block runs, send the events to `callback`, too, before the others."""
        self._callbacks.insert(0, callback)
        try:
            yield
        finally:
            self.deliver()
            self._callbacks.remove(callback)

    def start(self, event: SearchEvent) -> None:
        """Send the start of the search."""
        self._start = event
        self.send("on_search_start", event)

    def end(self, reason: str | None) -> None:
        """Send the end of the search, if it has started."""
        if self._start is not None:
            self.send("on_search_end", replace(self._start, reason=reason))

    @property
    def are_any(self) -> bool:
        """Whether there are any callbacks."""
        return bool(self._callbacks)

    def add(self, method: str, event: Event) -> None:
        """Queue an event for a method of the callbacks."""
        if self._callbacks:
            self._kept.append((method, event))

    def deliver(self) -> None:
        """Send the queued events."""
        while self._kept:
            method, event = self._kept.popleft()
            for callback in self._callbacks:
                self._call(callback, method, event)

    def send(self, method: str, event: Event) -> None:
        """Send the queued events, then this one."""
        self.add(method, event)
        self.deliver()

    def should_stop(self) -> bool:
        """Return whether a callback requests that no further candidate starts."""
        return any(self._call(callback, "should_stop") for callback in self._callbacks)

    def _call(self, callback: SearchCallback, method: str, *arguments: Any) -> Any:
        try:
            return getattr(callback, method)(*arguments)
        except Exception as error:
            key = id(callback), method
            if key not in self._warned:
                self._warned.add(key)
                warn_user(
                    f"The callback {type(callback).__name__}.{method} raised "
                    f"{type(error).__name__}: {error}. The search continues; further errors of "
                    "this method are not shown."
                )
            return None
