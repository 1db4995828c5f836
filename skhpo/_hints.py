"""Hints for error messages: similar names, objects to use instead, extras to install."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from types import ModuleType
from typing import Any, TypeVar

__all__ = ["did_you_mean", "get_by_name", "missing_extra", "use_instead"]

T = TypeVar("T")

ABBREVIATED = 3  # minimal number of letters that count as an abbreviation


def did_you_mean(word: Any, known: Iterable[str], n: int = 1) -> str:
    """Return a question that suggests similar known words; empty if none is similar.

    Examples
    --------
    >>> from skhpo._hints import did_you_mean
    >>> did_you_mean("acuracy", ["accuracy", "f1"])
    " Did you mean 'accuracy'?"
    """
    if not isinstance(word, str):
        return ""
    by_lower = {str(one).lower(): one for one in known}
    near = get_close_matches(word.lower(), by_lower, n=n)  # an equal one comes first
    if len(word) >= ABBREVIATED and word.lower() not in by_lower:
        near = sorted(one for one in by_lower if one.startswith(word.lower()))[:n] or near
    return f" Did you mean {' or '.join(repr(by_lower[one]) for one in near)}?" if near else ""


def get_by_name(
    word: str, value: Any, kind: type[T], named: Mapping[str, Callable[[], T]], room: ModuleType
) -> T:
    """Return the object that a user gave directly or by name.

    Parameters
    ----------
    word : str
        Name of the argument.
    value : str or object
        A name, or an object, which is returned unchanged.
    kind : type
        Required type of the object.
    named : mapping of str to callable
        Factories of the objects by name.
    room : module
        The public module of these objects.

    Raises
    ------
    TypeError
        If the value is neither an object of this type nor a name.
    ValueError
        If the name is unknown.
    """
    if isinstance(value, kind):
        return value
    if isinstance(value, str) and value in named:
        return named[value]()
    hint = did_you_mean(value, named) or use_instead(value, room)
    error = ValueError if isinstance(value, str) else TypeError
    raise error(
        f"`{word}` must be a {word} of {room.__name__}, or one of the names {list(named)}; "
        f"got {value!r}.{hint}"
    )


def missing_extra(need: str, extra: str) -> ImportError:
    """Return an ImportError that says which extra to install for a missing package.

    Parameters
    ----------
    need : str
        Start of the message: what needs which package.
    extra : str
        Name of the extra.

    Examples
    --------
    >>> from skhpo._hints import missing_extra
    >>> print(missing_extra("Plots need matplotlib", "plot"))
    Plots need matplotlib: pip install 'skhpo[plot]' (in a checkout: pip install '.[plot]')
    """
    return ImportError(
        f"{need}: pip install 'skhpo[{extra}]' (in a checkout: pip install '.[{extra}]')"
    )


def use_instead(value: Any, room: ModuleType | None = None) -> str:
    """Return a hint what to use instead of a class or an object of Optuna; empty for others.

    Parameters
    ----------
    value : object
        The user's value.
    room : module, optional
        The public module of the required objects.
    """
    if isinstance(value, type):
        return f" It is a class: give an instance, such as {value.__name__}()."
    if room is None or type(value).__module__.partition(".")[0] != "optuna":
        return ""
    name = type(value).__name__
    public = getattr(room, "__all__", ())
    if name in public:
        return f" Optuna's objects do not work here: use {room.__name__}.{name}."
    return f" Optuna's objects do not work here: choose one of {room.__name__}."
