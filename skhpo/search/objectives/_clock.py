"""A clock that stands still while a thread waits for a processor."""

from __future__ import annotations

import time

__all__ = ["Clock"]

_STATISTICS = "/proc/thread-self/schedstat"  # of Linux: running, waiting for a core, slices
NANOSECOND = 1e-9


class Clock:
    """Measures the seconds since it was made, without those spent waiting for a core.

    Other programs and workers take turns with a thread on the processor. The time in which the
    thread could have run but had to wait depends on them, not on what it does. Linux counts it
    for each thread. Time in which it waits for something else (a sleep, a file, a network, other
    threads of its own) is not left out. Where this is not counted, the clock shows elapsed time.

    Examples
    --------
    >>> from skhpo.search.objectives._clock import Clock
    >>> clock = Clock()
    >>> 0.0 <= clock.seconds() <= clock.elapsed()
    True
    """

    def __init__(self) -> None:
        # The period of waiting lies within the elapsed one, so that no more is subtracted.
        self._start = time.perf_counter()
        self._waited = _waited()

    def elapsed(self) -> float:
        """Return the elapsed seconds."""
        return time.perf_counter() - self._start

    def waited(self) -> float | None:
        """Return the seconds spent waiting for a core; None where this is not counted."""
        waited = _waited()
        return None if waited is None or self._waited is None else waited - self._waited

    def seconds(self) -> float:
        """Return the elapsed seconds without those spent waiting for a core."""
        waited = self.waited() or 0.0
        return self.elapsed() - waited


def _waited() -> float | None:
    """Return how long this thread has waited for a core so far; None if unknown."""
    try:
        with open(_STATISTICS, "rb") as file:
            fields = file.read().split()
        return int(fields[1]) * NANOSECOND
    except (OSError, IndexError, ValueError):
        return None
