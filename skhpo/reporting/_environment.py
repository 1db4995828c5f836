"""The environment of a report, and the code that repeats the search."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import os
import platform
import re
from typing import Any

from skhpo.distributions._quantile import describe
from skhpo.reporting._subject import Subject

__all__ = ["code_of_search", "versions"]

_ALWAYS = ("skhpo", "scikit-learn", "numpy", "scipy", "joblib")
_DISTRIBUTIONS = {"sklearn": "scikit-learn"}
_BUILT_IN = ("builtins", "numpy", "scipy")


def versions(subject: Subject) -> list[tuple[str, str]]:
    """Return names and versions of the platform and of the packages in use."""
    packages = dict.fromkeys(_ALWAYS)
    for thing in _parts(subject.search):
        name = type(thing).__module__.partition(".")[0]
        packages.setdefault(_DISTRIBUTIONS.get(name, name))
    rows = [("Python", platform.python_version())]
    rows += [(name, version) for name in packages if (version := _version(name))]
    rows += [
        ("platform", platform.platform()),
        ("processors", str(os.cpu_count() or "unknown")),
    ]
    return rows


def code_of_search(search: Any) -> str:
    """Return Python code that creates a search and fits it.

    Objects that have no such code are shown by their repr; passwords in URLs are masked.
    """
    text = search.__repr__(N_CHAR_MAX=1_000_000)
    for thing in _leaves(search):
        shown = repr(thing)
        if hasattr(thing, "dist") and hasattr(thing, "rvs"):
            text = text.replace(shown, describe(thing))
        elif inspect.isroutine(thing) or inspect.isclass(thing):
            text = text.replace(shown, thing.__qualname__)
    text = re.sub(r"://([^:/@\s']*):[^@\s']+@", r"://\1:***@", text)
    imports = "\n".join(_imports(search))
    aligned = text.replace("\n", "\n" + " " * len("search = "))
    return f"{imports}\n\nsearch = {aligned}\nsearch.fit(X, y)"


def _imports(search: Any) -> list[str]:
    by_module: dict[str, set[str]] = {}
    for thing in _parts(search):
        if hasattr(thing, "dist") and hasattr(thing, "rvs"):
            by_module.setdefault("scipy.stats", set()).add(str(thing.dist.name))
            continue
        kind = type(thing)
        module = _public_module(kind)
        if module is not None:
            by_module.setdefault(module, set()).add(kind.__name__)
    return [
        f"from {module} import {', '.join(sorted(names))}"
        for module, names in sorted(by_module.items())
    ]


def _public_module(kind: type) -> str | None:
    """Return the shortest public module from which a class can be imported."""
    parts = kind.__module__.split(".")
    if parts[0] in (*_BUILT_IN, "__main__"):
        return None
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        if parts[end - 1].startswith("_"):
            break
        if getattr(importlib.import_module(name), kind.__name__, None) is kind:
            return name
    return kind.__module__


def _parts(search: Any) -> list[Any]:
    """Return the search and all objects in its parameters that have parameters, and ranges."""
    if search is None:
        return []
    return [search, *(thing for thing in _leaves(search) if _is_part(thing))]


def _is_part(thing: Any) -> bool:
    if isinstance(thing, type):
        return False
    is_range = hasattr(thing, "dist") and hasattr(thing, "rvs")
    is_known = type(thing).__module__.startswith(("sklearn.", "skhpo."))
    return is_range or is_known or hasattr(thing, "get_params")


def _leaves(search: Any) -> list[Any]:
    """Return all values in the parameters of a search, also those in lists and dicts."""
    found: list[Any] = []
    open_things = list(search.get_params(deep=True).values())
    while open_things:
        thing = open_things.pop(0)
        if isinstance(thing, dict):
            open_things += list(thing.values())
        elif isinstance(thing, list | tuple) and len(thing) < 1000:
            open_things += list(thing)
        else:
            found.append(thing)
            if hasattr(thing, "get_params") and not isinstance(thing, type):
                open_things += list(thing.get_params(deep=False).values())
    return found


def _version(name: str) -> str:
    if name == "skhpo":
        return str(importlib.import_module(name).__version__)
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
