"""Reports on a search as one file, in HTML or Markdown."""

from skhpo.reporting._report import report

__all__ = ["report"]
