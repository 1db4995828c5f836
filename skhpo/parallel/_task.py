"""A task, its limits, and its outcome: the value it returned or the exception it raised."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["BrokenPoolError", "Limits", "LostTaskError", "Outcome", "Task"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a task: a value or an error.

    Parameters
    ----------
    value : object, default=None
        Return value of the task's function.
    error : BaseException, default=None
        The exception that ended the task; None if it returned.

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
    """A function call and the key of its outcome."""

    key: Hashable
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def run(self) -> Outcome:
        """Call the function in this thread."""
        try:
            return Outcome(self.function(*self.args, **self.kwargs))
        except Exception as error:
            return Outcome(error=error)


class Limits(NamedTuple):
    """Limits of a task's time and memory; None means no limit.

    Parameters
    ----------
    time : float, default=None
        Seconds since the worker started the task.
    memory : int, default=None
        Resident memory of the worker process, in bytes.
    """

    time: float | None = None
    memory: int | None = None

    @property
    def are_set(self) -> bool:
        """Whether there is a limit."""
        return self.time is not None or self.memory is not None


class BrokenPoolError(Exception):
    """Error for a pool that lost a worker or its connections; all of its tasks must run again.

    Parameters
    ----------
    error : Exception
        Error of the task that is found to cause this.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class LostTaskError(Exception):
    """Error for a task whose worker died; the pool and its other tasks continue.

    Parameters
    ----------
    error : Exception
        Error of the task if this happens again when it runs alone.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error
