"""Warnings that point at the line of the user's code."""

from __future__ import annotations

import sys
import warnings

__all__ = ["warn_user"]

_INSIDE = ("skhpo", "sklearn", "joblib", "numpy", "contextlib")


def warn_user(message: str | Warning, category: type[Warning] | None = None) -> None:
    """Warn as of the innermost line outside of this library and those that it runs in.

    Parameters
    ----------
    message : str or Warning
        The text, or a warning that was caught.
    category : type of Warning, optional
        The category of a text.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and _is_inside(frame.f_globals.get("__name__", "")):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _is_inside(module: str) -> bool:
    return module.split(".")[0] in _INSIDE
