"""Reports on a search as one file, in HTML or Markdown."""

__all__: list[str] = []
