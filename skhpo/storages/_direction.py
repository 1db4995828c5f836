"""Direction of optimization."""

from enum import IntEnum

__all__ = ["StudyDirection"]


class StudyDirection(IntEnum):
    """Direction of a study's objective."""

    NOT_SET = 0
    MINIMIZE = 1
    MAXIMIZE = 2
