"""The loop of a worker process: receive a task, run it, send back the result."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from skhpo.parallel._joblib import mark_as_worker

__all__ = ["STARTED", "serve"]

STARTED = b""  # sent when a task has arrived; the next message is its pickled result
_PARENT_POLL = 1.0  # seconds between two checks that the parent is alive


def serve(
    connection: Connection,
    dumps: Callable[[Any], bytes],
    initializer: Callable[..., None] | None,
    initargs: tuple[Any, ...],
    parent: int,
    idle_timeout: float | None,
) -> None:
    """Run tasks until the parent closes the connection, dies, or sends none for a while.

    Parameters
    ----------
    connection : Connection
        Receives pickled tasks, sends pickled pairs of a task's value and its error.
    dumps : callable
        Pickles the pairs.
    initializer, initargs : callable and its arguments
        Called first.
    parent : int
        Process id of the parent.
    idle_timeout : float or None
        Seconds to wait for the next task. None means no limit.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_exit_with_parent, args=(parent,), daemon=True).start()
    mark_as_worker()
    if initializer is not None:
        initializer(*initargs)
    with suppress(EOFError, OSError):
        while connection.poll(idle_timeout):
            connection.send_bytes(_result(dumps, connection))


def _result(dumps: Callable[[Any], bytes], connection: Connection) -> bytes:
    """Receive a task and run it; return its value and its error, pickled."""
    payload = connection.recv_bytes()
    outcome: tuple[Any, BaseException | None]
    try:
        task = pickle.loads(payload)
        del payload
        connection.send_bytes(STARTED)
        outcome = (task()[0], None)
    except BaseException as error:
        error.add_note(f"In the worker:\n{traceback.format_exc()}")
        outcome = (None, error)
    try:
        return dumps(outcome)
    except Exception as error:
        what = "value" if outcome[1] is None else f"error ({type(outcome[1]).__name__})"
        text = f"The task's {what} cannot be pickled: {error}"
        return dumps((None, pickle.PicklingError(text)))


def _exit_with_parent(parent: int) -> None:
    """Exit this process once its parent is dead."""
    while not _is_dead(parent):
        time.sleep(_PARENT_POLL)
    os._exit(1)


def _is_dead(parent: int) -> bool:
    if os.name == "posix":
        return os.getppid() != parent
    process = multiprocessing.parent_process()
    return process is not None and not process.is_alive()
