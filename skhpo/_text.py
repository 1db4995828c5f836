"""Values as short texts."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["short"]

LONGEST = 60  # maximal number of characters of a value in a line


def short(value: Any, longest: int = LONGEST) -> str:
    """Return a value as text on one line: floats with five digits, long texts cut.

    Parameters
    ----------
    value : object
        The value.
    longest : int, default=60
        Maximal number of characters.

    Examples
    --------
    >>> from skhpo._text import short
    >>> short(0.123456789), short((50, 50)), short("rbf"), short(len)
    ('0.12346', '(50, 50)', 'rbf', 'len')
    """
    if isinstance(value, float | np.floating):
        return f"{value:.5g}"
    if isinstance(value, tuple | list):
        inside = ", ".join(short(item, longest) for item in value)
        text = f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
    elif callable(value) and hasattr(value, "__name__"):
        text = value.__name__
    else:
        text = str(value)
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
