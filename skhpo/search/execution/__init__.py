"""How candidates run: the scheduler, the controller, the run loop, and the evaluation of a fold."""

__all__: list[str] = []  # nothing here is public
