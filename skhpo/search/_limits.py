"""Limits of a single fit: its time, and the memory of its process."""

from __future__ import annotations

import re
from typing import Any

from skhpo.exceptions import FitMemoryError, FitTimeoutError
from skhpo.parallel import Limits
from skhpo.search._records import Status

__all__ = ["bytes_of", "limits_of", "status_of"]

_UNITS = {"": 1} | {
    f"{prefix}{kind}": base ** (power + 1)
    for kind, base in (("b", 1000), ("ib", 1024))
    for power, prefix in enumerate("kmgt")
}

_ALLOWED = {"fit_memory": "a number of bytes", "share_steps": "'auto', True, False"}


def limits_of(search: Any) -> Limits:
    """Parse ``fit_timeout`` and ``fit_memory`` of a search."""
    time, memory = search.fit_timeout, search.fit_memory
    return Limits(
        time=None if time is None else float(time),
        memory=None if memory is None else bytes_of(memory, "fit_memory"),
    )


def status_of(error: BaseException | None) -> Status | None:
    """Return the status of a candidate with this error of a fit; None if no limit caused it."""
    if isinstance(error, FitTimeoutError):
        return "timed out"
    if isinstance(error, FitMemoryError):
        return "out of memory"
    return None


def bytes_of(memory: Any, name: str) -> int:
    """Parse a number of bytes, or a text such as "2 GB" or "512 MiB"; `name` is the argument."""
    if not isinstance(memory, str):
        return int(float(memory))
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", memory.lower())
    if match is None or match[2] not in _UNITS or float(match[1]) == 0:
        raise ValueError(
            f"`{name}` must be {_ALLOWED[name]}, or a text such as '2 GB' or '512 MiB' "
            f"(units of 1000 or of 1024: kB, MB, GB, TB; KiB, MiB, GiB, TiB); got {memory!r}."
        )
    return int(float(match[1]) * float(_UNITS[match[2]]))
