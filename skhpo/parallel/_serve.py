"""What runs in a worker process: take a task, run it, send back what became of it."""

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

__all__ = ["BEGUN", "serve"]

BEGUN = b""  # sent when a task has arrived; what comes next is its pickled result
_GLANCE = 1.0  # seconds between two looks at the parent


def serve(
    connection: Connection,
    dumps: Callable[[Any], bytes],
    initializer: Callable[..., None] | None,
    initargs: tuple[Any, ...],
    parent: int,
    patience: float | None,
) -> None:
    """Serve tasks until the parent hangs up, dies, or has sent none for a while.

    Parameters
    ----------
    connection : Connection
        Brings pickled tasks, takes pickled pairs of a task's value and its error.
    dumps : callable
        Pickles them.
    initializer, initargs : callable and its arguments
        Called first.
    parent : int
        Number of the parent's process.
    patience : float or None
        Seconds to wait for the next task.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's matter
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    mark_as_worker()
    if initializer is not None:
        initializer(*initargs)
    with suppress(EOFError, OSError):
        while connection.poll(patience):
            connection.send_bytes(_result(dumps, connection))


def _result(dumps: Callable[[Any], bytes], connection: Connection) -> bytes:
    """Take a task and run it; return its value and its error, pickled."""
    payload = connection.recv_bytes()
    outcome: tuple[Any, BaseException | None]
    try:
        task = pickle.loads(payload)
        del payload
        connection.send_bytes(BEGUN)
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


def _end_with(parent: int) -> None:
    """End this process once its parent is dead."""
    while not _is_dead(parent):
        time.sleep(_GLANCE)
    os._exit(1)


def _is_dead(parent: int) -> bool:
    if os.name == "posix":
        return os.getppid() != parent
    process = multiprocessing.parent_process()
    return process is not None and not process.is_alive()
