"""Which way is better."""

from enum import IntEnum

__all__ = ["StudyDirection"]


class StudyDirection(IntEnum):
    """Direction of a study's objective."""

    NOT_SET = 0
    MINIMIZE = 1
    MAXIMIZE = 2


def as_direction(direction: object) -> StudyDirection:
    """Read a direction as users write it; None means minimize."""
    if direction is None:
        return StudyDirection.MINIMIZE
    if isinstance(direction, StudyDirection) and direction != StudyDirection.NOT_SET:
        return direction
    if direction in ("minimize", "maximize"):
        return StudyDirection[str(direction).upper()]
    raise ValueError(f"`direction` must be 'minimize' or 'maximize'; got {direction!r}.")
