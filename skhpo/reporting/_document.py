"""A report as sections of blocks, independent of its format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skhpo._text import short

__all__ = [
    "Block",
    "Bullets",
    "CodeText",
    "Document",
    "Figure",
    "Paragraph",
    "Section",
    "Table",
    "Tile",
    "code",
    "count",
    "listed",
    "number",
    "score",
    "signed",
]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph. Texts between backticks are code, here and in all other blocks."""

    text: str
    kind: str = "paragraph"


@dataclass(frozen=True)
class Bullets:
    """A list of short texts."""

    items: Sequence[str]
    kind: str = "bullets"


@dataclass(frozen=True)
class Table:
    """A table of texts. Cells of the first column are headings of their rows."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    kind: str = "table"


@dataclass(frozen=True)
class CodeText:
    """Python code."""

    text: str
    kind: str = "code"


@dataclass(frozen=True)
class Figure:
    """A plot as an SVG text."""

    svg: str
    alt: str
    caption: str
    kind: str = "figure"


Block = Paragraph | Bullets | Table | CodeText | Figure


@dataclass(frozen=True)
class Section:
    """A titled sequence of blocks."""

    title: str
    blocks: Sequence[Block]

    @property
    def anchor(self) -> str:
        """The name of the section in links."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


@dataclass(frozen=True)
class Tile:
    """A number at the top of the report, with its label."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Document:
    """A report."""

    title: str
    subtitle: str
    tiles: Sequence[Tile]
    sections: Sequence[Section] = field(default_factory=list)


def code(value: Any, longest: int = 60) -> str:
    """Return a value as code in a text: on one line, and without backticks of its own.

    Examples
    --------
    >>> from skhpo.reporting._document import code
    >>> code("svc__C"), code(0.123456789)
    ('`svc__C`', '`0.12346`')
    """
    text = short(value, longest) if not isinstance(value, np.generic) else short(value.item())
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text).replace("`", "'")
    return f"`{text}`" if text else "`''`"


def number(value: float, digits: int = 4) -> str:
    """Return a number with some significant digits; "-" for NaN.

    Examples
    --------
    >>> from skhpo.reporting._document import number
    >>> number(0.98234), number(12345.6), number(float("nan"))
    ('0.9823', '12346', '-')
    """
    value = float(value)
    if np.isnan(value):
        return "-"
    if 10**digits <= abs(value) < 1e9:
        return f"{value:.0f}"
    return f"{value:.{digits}g}".replace("-", "−")


def score(value: float, digits: int = 4) -> str:
    """Return a score with a fixed number of significant digits; "-" for NaN.

    Examples
    --------
    >>> from skhpo.reporting._document import score
    >>> score(0.99), score(-53.1), score(66496), score(5562.0)
    ('0.9900', '−53.10', '66496', '5562')
    """
    if not 1e-4 <= abs(value) < 10 ** (digits - 1):
        return number(value, digits)
    return f"{float(value):#.{digits}g}".replace("-", "−")


def signed(value: float, digits: int = 2) -> str:
    """Return a number with its sign.

    Examples
    --------
    >>> from skhpo.reporting._document import signed
    >>> signed(0.0123), signed(-0.5)
    ('+0.012', '−0.5')
    """
    return "-" if np.isnan(value) else f"{float(value):+.{digits}g}".replace("-", "−")


def count(n: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> from skhpo.reporting._document import count
    >>> count(1, "fold"), count(3, "fold"), count(2, "search", "searches")
    ('1 fold', '3 folds', '2 searches')
    """
    return f"{n} {noun if n == 1 else plural or noun + 's'}"


def listed(items: Iterable[str]) -> str:
    """Return texts with commas and "and".

    Examples
    --------
    >>> from skhpo.reporting._document import listed
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
