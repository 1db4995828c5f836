"""Logging: the logger ``skhpo``, and a handler that writes to stderr."""

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
    """Formatter with level and time in brackets, coloured on a terminal, before the message."""

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
    """Handler that writes to the current ``sys.stderr``, so that it follows redirections."""

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
        Name of the logger. Names that begin with ``"skhpo."`` use the settings of this module.

    Returns
    -------
    logger : logging.Logger
    """
    return logging.getLogger(name)


def get_verbosity() -> int:
    """Return the lowest level of messages that are shown.

    Returns
    -------
    level : int
        By default, ``skhpo.logging.INFO``.

    Examples
    --------
    >>> from skhpo import logging
    >>> logging.get_verbosity() == logging.INFO
    True
    """
    return _logger.getEffectiveLevel()


def set_verbosity(verbosity: int) -> None:
    """Set the lowest level of messages that are shown.

    Parameters
    ----------
    verbosity : int
        ``skhpo.logging.DEBUG``, ``INFO``, ``WARNING``, ``ERROR`` or ``CRITICAL``.

    Examples
    --------
    >>> from skhpo import logging
    >>> logging.set_verbosity(logging.WARNING)  # no message per trial
    >>> logging.set_verbosity(logging.INFO)
    """
    _logger.setLevel(verbosity)


def enable_default_handler() -> None:
    """Write messages to stderr, which is the default."""
    _logger.addHandler(_default_handler)


def disable_default_handler() -> None:
    """Do not write messages to stderr.

    Examples
    --------
    Use your own handlers:

    >>> from skhpo import logging
    >>> logging.disable_default_handler()
    >>> logging.enable_propagation()

    Undo this:

    >>> logging.enable_default_handler()
    >>> logging.disable_propagation()
    """
    _logger.removeHandler(_default_handler)


def has_default_handler() -> bool:
    """Return whether messages are written to stderr."""
    return _default_handler in _logger.handlers


def enable_propagation() -> None:
    """Also pass messages to the handlers of the root logger."""
    _logger.propagate = True


def disable_propagation() -> None:
    """Do not pass messages to the handlers of the root logger, which is the default."""
    _logger.propagate = False


set_verbosity(INFO)
enable_default_handler()
disable_propagation()
