"""What skhpo says while it works: the logger ``skhpo``, and a handler that writes to stderr."""

from __future__ import annotations

import logging
import os
import sys
from logging import CRITICAL, DEBUG, ERROR, FATAL, INFO, WARN, WARNING
from typing import TextIO

__all__ = [
    "CRITICAL",
    "DEBUG",
    "ERROR",
    "FATAL",
    "INFO",
    "WARN",
    "WARNING",
    "disable_default_handler",
    "disable_propagation",
    "enable_default_handler",
    "enable_propagation",
    "get_logger",
    "get_verbosity",
    "set_verbosity",
]

_ANSI_COLORS = {DEBUG: "36", INFO: "32", WARNING: "33", ERROR: "31", CRITICAL: "1;31"}


class _Formatter(logging.Formatter):
    """One line: level and time in brackets, in colour on a terminal, then the message."""

    def __init__(self) -> None:
        super().__init__("%(header)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's name)
        header = f"[{record.levelname[0]} {record.asctime}]"
        color = _ANSI_COLORS.get(record.levelno)
        if color is not None and sys.stderr.isatty() and "NO_COLOR" not in os.environ:
            header = f"\x1b[{color}m{header}\x1b[0m"
        record.header = header
        return super().formatMessage(record)

    def usesTime(self) -> bool:  # noqa: N802  (logging's name)
        return True


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to what ``sys.stderr`` is at that moment, so that redirections are followed."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(_Formatter())

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


_logger = logging.getLogger("skhpo")
_default_handler = _StderrHandler()


def get_logger(name: str = "skhpo") -> logging.Logger:
    """Return a logger of the standard library.

    Parameters
    ----------
    name : str, default="skhpo"
        Its name; one that begins with ``"skhpo."`` follows the settings made here.

    Returns
    -------
    logger : logging.Logger
    """
    return logging.getLogger(name)


def get_verbosity() -> int:
    """Return the level from which on messages are shown.

    Returns
    -------
    level : int
        ``skhpo.logging.INFO`` if nobody changed it.

    Examples
    --------
    >>> from skhpo import logging
    >>> logging.get_verbosity() == logging.INFO
    True
    """
    return _logger.getEffectiveLevel()


def set_verbosity(verbosity: int) -> None:
    """Set the level from which on messages are shown.

    Parameters
    ----------
    verbosity : int
        ``skhpo.logging.DEBUG``, ``INFO``, ``WARNING``, ``ERROR`` or ``CRITICAL``.

    Examples
    --------
    >>> from skhpo import logging
    >>> logging.set_verbosity(logging.WARNING)  # no line for each trial
    >>> logging.set_verbosity(logging.INFO)
    """
    _logger.setLevel(verbosity)


def enable_default_handler() -> None:
    """Write messages to stderr, as at the start."""
    _logger.addHandler(_default_handler)


def disable_default_handler() -> None:
    """Write no messages to stderr.

    Examples
    --------
    Leave it to handlers of one's own:

    >>> from skhpo import logging
    >>> logging.disable_default_handler()
    >>> logging.enable_propagation()

    and back:

    >>> logging.enable_default_handler()
    >>> logging.disable_propagation()
    """
    _logger.removeHandler(_default_handler)


def has_default_handler() -> bool:
    """Return whether messages are written to stderr."""
    return _default_handler in _logger.handlers


def enable_propagation() -> None:
    """Hand messages on to the handlers of the root logger, too."""
    _logger.propagate = True


def disable_propagation() -> None:
    """Keep messages from the handlers of the root logger, as at the start."""
    _logger.propagate = False


set_verbosity(INFO)
enable_default_handler()
disable_propagation()
