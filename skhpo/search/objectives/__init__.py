"""What a search optimises: objectives, constraints, and the costs of a fitted model."""

__all__: list[str] = []  # nothing here is public
