"""The effort per candidate: its folds, rungs of a resource, and rounds of a booster."""

__all__: list[str] = []  # nothing here is public
