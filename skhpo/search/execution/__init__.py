"""Execution of candidates: the scheduler, the controller, the run loop, the fold evaluation."""

__all__: list[str] = []  # nothing here is public
