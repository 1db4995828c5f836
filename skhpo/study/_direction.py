"""Direction of optimization."""

from collections.abc import Sequence

from skhpo._hints import did_you_mean
from skhpo.storages._direction import StudyDirection

__all__ = ["StudyDirection", "as_directions", "only_direction"]


def as_directions(direction: object, directions: Sequence[object] | None) -> list[StudyDirection]:
    """Convert the arguments `direction` and `directions` to a list; None means minimize."""
    if directions is None:
        return [StudyDirection.MINIMIZE if direction is None else _as_direction(direction)]
    if direction is not None:
        raise ValueError("Give `direction` or `directions`, not both.")
    if isinstance(directions, str) or len(directions) == 0:
        raise ValueError(
            f"`directions` must be a sequence with one direction per objective; got {directions!r}."
        )
    return [_as_direction(one) for one in directions]


def only_direction(directions: Sequence[StudyDirection]) -> StudyDirection:
    """Return the only direction; raise a RuntimeError if there are several."""
    if len(directions) > 1:
        raise RuntimeError("This study has several objectives: use `directions`.")
    return directions[0]


def _as_direction(direction: object) -> StudyDirection:
    if isinstance(direction, StudyDirection) and direction != StudyDirection.NOT_SET:
        return direction
    if direction in ("minimize", "maximize"):
        return StudyDirection[str(direction).upper()]
    raise ValueError(
        f"A direction must be 'minimize' or 'maximize'; got {direction!r}."
        f"{did_you_mean(direction, ['minimize', 'maximize'])}"
    )
