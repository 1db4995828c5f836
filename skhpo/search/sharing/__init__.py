"""Sharing of fitted steps: what one candidate has computed on a fold is used by the next ones."""

__all__: list[str] = []  # nothing here is public
