"""A section of a job file, read key by key, with errors that name the key and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from skhpo._hints import did_you_mean

__all__ = ["Section"]

_REQUIRED = object()


class Section:
    """A JSON object of a job, with its place in the job for error messages.

    Parameters
    ----------
    value : object
        The JSON value, which must be an object.
    place : str
        Path of the object in the job, such as "HyperParameterTuningJobConfig.ResourceLimits";
        empty for the job itself.
    known : iterable of str
        The allowed keys.

    Raises
    ------
    ValueError
        If the value is not an object, or has an unknown key.
    """

    def __init__(self, value: Any, place: str, known: Iterable[str]) -> None:
        self.place = place
        if not isinstance(value, Mapping):
            raise ValueError(f"{place or 'The job'} must be an object; got {value!r}.")
        self.values = value
        known = list(known)
        for key in value:
            if key not in known:
                raise ValueError(
                    f"{self.path(key)} is not a known key; allowed are {', '.join(known)}."
                    f"{did_you_mean(key, known)}"
                )

    def __contains__(self, key: str) -> bool:
        """Return whether the section has the key."""
        return key in self.values

    def path(self, key: str) -> str:
        """Return the path of a key in the job."""
        return f"{self.place}.{key}" if self.place else key

    def get(self, key: str, default: Any = _REQUIRED) -> Any:
        """Return the value of a key, of any type."""
        if key in self.values:
            return self.values[key]
        if default is _REQUIRED:
            raise ValueError(f"{self.path(key)} is missing.")
        return default

    def section(self, key: str, known: Iterable[str], default: Any = _REQUIRED) -> Section:
        """Return the object of a key."""
        return Section(self.get(key, default), self.path(key), known)

    def sections(self, key: str, known: Sequence[str]) -> list[Section]:
        """Return the objects in the list of a key; an empty list if the key is missing."""
        return [
            Section(item, f"{self.path(key)}[{k}]", known)
            for k, item in enumerate(self.items(key, default=[]))
        ]

    def items(self, key: str, default: Any = _REQUIRED) -> list[Any]:
        """Return the list of a key."""
        value = self.get(key, default)
        if not isinstance(value, list):
            raise self._wrong(key, "a list", value)
        return value

    def text(self, key: str, default: Any = _REQUIRED) -> str:
        """Return the text of a key."""
        value = self.get(key, default)
        if not isinstance(value, str) or not value:
            raise self._wrong(key, "a text that is not empty", value)
        return value

    def choice(self, key: str, allowed: Sequence[str], default: Any = _REQUIRED) -> str:
        """Return the text of a key, which must be one of several."""
        value = self.get(key, default)
        if value not in allowed:
            raise self._wrong(
                key, f"one of {', '.join(allowed)}", value, did_you_mean(value, allowed)
            )
        return str(value)

    def integer(self, key: str, default: Any = _REQUIRED, at_least: int | None = None) -> Any:
        """Return the integer of a key, given as a number or as its text."""
        value = self.get(key, default)
        if key not in self.values:
            return value
        number = _number(value)
        if number is None or number != int(number) or _is_below(number, at_least):
            bound = "" if at_least is None else f" of {at_least} or more"
            raise self._wrong(key, f"an integer{bound}", value)
        return int(number)

    def number(self, key: str, default: Any = _REQUIRED) -> Any:
        """Return the number of a key, given as a number or as its text."""
        value = self.get(key, default)
        if key not in self.values:
            return value
        number = _number(value)
        if number is None:
            raise self._wrong(key, "a number", value)
        return number

    def _wrong(self, key: str, needed: str, value: Any, hint: str = "") -> ValueError:
        return ValueError(f"{self.path(key)} must be {needed}; got {value!r}.{hint}")


def _is_below(number: float, bound: int | None) -> bool:
    return bound is not None and number < bound


def _number(value: Any) -> float | None:
    """Return the finite number that is given as a number or as a text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
