"""Selection of the best candidate: rules, re-evaluation on fresh folds, and selection bias."""

__all__: list[str] = []  # nothing here is public
