"""Ownership of a candidate: the mark on its trial, and whether its owner is still alive."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["at_work", "is_known_to_be_dead", "new_mark"]

_active: set[str] = set()  # the fits that run in this process


def new_mark() -> dict[str, Any]:
    """Return the mark that a fit writes on the trials that it runs."""
    pid = os.getpid()
    return {"host": _host(), "pid": pid, "began": _beginning_of(pid), "fit": uuid.uuid4().hex}


@contextmanager
def at_work(mark: Mapping[str, Any]) -> Iterator[None]:
    """While the block runs, the fit with this mark counts as alive."""
    _active.add(mark["fit"])
    try:
        yield
    finally:
        _active.discard(mark["fit"])


def is_known_to_be_dead(mark: Mapping[str, Any] | None) -> bool:
    """Return whether the owner of a mark has certainly ended.

    For a process on another machine this is unknown, so the result is False. Only its heartbeat
    shows whether it is alive.
    """
    if mark is None:  # the owner has released the trial
        return True
    if mark["host"] != _host():
        return False
    if mark["pid"] == os.getpid() and mark["began"] == _beginning_of(os.getpid()):
        return mark["fit"] not in _active
    return not _is_alive(mark["pid"]) or mark["began"] != _beginning_of(mark["pid"])


@cache
def _host() -> str:
    """Return a text that identifies this machine or container."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    return f"{socket.gethostname()} {namespace}".strip()


def _is_alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # unknown: on Windows os.kill would end the process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _beginning_of(pid: int) -> str | None:
    """Return an identifier of the start time of a process; None if the system has none.

    Process ids are reused, but pairs of process id and start time are not.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return f"{boot} {status.rpartition(')')[2].split()[19]}"
