"""A task, and what became of it: the value it returned or the exception it raised."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["BrokenPoolError", "Limits", "LostTaskError", "Outcome", "Task"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task.

    Parameters
    ----------
    value : object, default=None
        What the task's function returned.
    error : BaseException, default=None
        The exception that ended the task, or None if it returned.

    Examples
    --------
    >>> from skhpo.parallel import Outcome
    >>> Outcome(value=3).result()
    3
    >>> Outcome(error=ValueError("C must be positive")).result()
    Traceback (most recent call last):
    ...
    ValueError: C must be positive
    """

    value: Any = None
    error: BaseException | None = None

    def result(self) -> Any:
        """Return the value, or raise the error."""
        if self.error is not None:
            raise self.error
        return self.value


class Task(NamedTuple):
    """A function call and the key under which its outcome is handed back."""

    key: Hashable
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def run(self) -> Outcome:
        """Call the function here and now."""
        try:
            return Outcome(self.function(*self.args, **self.kwargs))
        except Exception as error:
            return Outcome(error=error)


class Limits(NamedTuple):
    """What a task may take; None is no limit.

    Parameters
    ----------
    time : float, default=None
        Seconds, from when its worker begins it.
    memory : int, default=None
        Resident memory of its worker's process, in bytes.
    """

    time: float | None = None
    memory: int | None = None

    @property
    def are_set(self) -> bool:
        """Whether there is any."""
        return self.time is not None or self.memory is not None


class BrokenPoolError(Exception):
    """A pool lost a worker, or its lines to the workers; all tasks in it have to run again.

    Parameters
    ----------
    error : Exception
        What to tell of a task that does this whenever it runs.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class LostTaskError(Exception):
    """The worker that ran a task died; the pool and its other tasks go on.

    Parameters
    ----------
    error : Exception
        What to tell of a task that does this when it runs alone, too.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error
