"""Who runs a candidate: the mark on its trial, and whether its owner is still at work."""

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

_active: set[str] = set()  # the fits under way in this process


def new_mark() -> dict[str, Any]:
    """Return what a fit leaves on the trials that it runs."""
    pid = os.getpid()
    return {"host": _host(), "pid": pid, "began": _beginning_of(pid), "fit": uuid.uuid4().hex}


@contextmanager
def at_work(mark: Mapping[str, Any]) -> Iterator[None]:
    """While its block runs, the fit with this mark counts as alive."""
    _active.add(mark["fit"])
    try:
        yield
    finally:
        _active.discard(mark["fit"])


def is_known_to_be_dead(mark: Mapping[str, Any] | None) -> bool:
    """Whether the owner of a mark is certainly at work no more.

    Of a process on another machine nothing is known here; its heartbeat tells.
    """
    if mark is None:  # it has let go of the trial
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
        return True  # a signal would end it: its heartbeat tells
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _beginning_of(pid: int) -> str | None:
    """When a process began, in some unit; None where the system does not say.

    Numbers of processes are used again, pairs of number and beginning are not.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return f"{boot} {status.rpartition(')')[2].split()[19]}"
