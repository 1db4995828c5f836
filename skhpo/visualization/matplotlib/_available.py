"""Whether matplotlib is installed."""

from __future__ import annotations

__all__ = ["is_available"]


def is_available() -> bool:
    """Return whether matplotlib is installed.

    Examples
    --------
    >>> import skhpo
    >>> skhpo.visualization.matplotlib.is_available()
    True
    """
    try:
        import matplotlib.pyplot  # noqa: F401
    except ImportError:
        return False
    return True
