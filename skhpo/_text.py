"""Values as short texts."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["duration", "range_text", "short"]

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


def range_text(values: Any, longest: int = LONGEST) -> str:
    """Return the range of a parameter as text; a distribution of scipy.stats as its call.

    Parameters
    ----------
    values : object
        Choices, or a distribution.
    longest : int, default=60
        Maximal number of characters, unless it is a distribution of scipy.stats.

    Examples
    --------
    >>> from scipy.stats import loguniform, norm
    >>> from skhpo._text import range_text
    >>> range_text(loguniform(0.01, 1000)), range_text(norm(loc=2)), range_text(["rbf", "poly"])
    ('loguniform(0.01, 1000)', 'norm(loc=2)', '[rbf, poly]')
    """
    prior = getattr(getattr(values, "dist", None), "name", None)
    if prior is None:
        return short(values, longest)
    arguments = [short(value) for value in values.args]
    arguments += [f"{name}={short(value)}" for name, value in values.kwds.items()]
    return f"{prior}({', '.join(arguments)})"


def duration(seconds: float) -> str:
    """Return a duration as a short text.

    Examples
    --------
    >>> from skhpo._text import duration
    >>> duration(0.0123), duration(7.24), duration(83), duration(7260)
    ('0.012 s', '7.2 s', '1 min 23 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.2g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
