"""Early termination: between the folds of a candidate, and inside the fit of a booster."""

__all__: list[str] = []  # nothing here is public
