"""The public names of skhpo: members for the pages of classes, and a check that no name is missing.

A name is public if it is in ``__all__`` of a module without an underscore in its path. The build
warns about each one that has no entry in the API reference.
"""

import importlib
import inspect
import pkgutil

from sphinx.util import logging

import skhpo

logger = logging.getLogger(__name__)

NOT_IN_REFERENCE = {"skhpo.cli"}  # described in docs/command_line.md


def public_modules():
    """Yield skhpo and each public module in it."""
    yield skhpo
    for found in pkgutil.walk_packages(skhpo.__path__, "skhpo."):
        if not any(part.startswith("_") for part in found.name.split(".")):
            yield importlib.import_module(found.name)


def public_names():
    """Return {full name: object} of all public names, without modules."""
    names = {}
    for module in public_modules():
        if module.__name__ not in NOT_IN_REFERENCE:
            for name in module.__all__:
                value = getattr(module, name)
                if not inspect.ismodule(value):
                    names[f"{module.__name__}.{name}"] = value
    return names


def members_of(full_name):
    """Return the names of the methods and properties of a class that its page documents.

    Those of scikit-learn's base classes are included, those of Python's own types are not.
    """
    module, _, name = full_name.rpartition(".")
    cls = getattr(importlib.import_module(module), name)
    found = {"methods": [], "properties": []}
    for member in sorted(dir(cls)):
        if member.startswith("_"):
            continue
        owner = next(base for base in cls.__mro__ if member in vars(base))
        if owner.__module__.split(".")[0] not in ("skhpo", "sklearn"):
            continue
        value = inspect.getattr_static(cls, member)
        if isinstance(value, property) or type(value).__name__ == "cached_property":
            found["properties"].append(member)
        elif callable(getattr(cls, member)) and not inspect.isclass(value):
            found["methods"].append(member)
    return found


def warn_of_missing_names(app, env):
    documented = set(env.get_domain("py").objects)
    values = {id(value) for name, value in public_names().items() if name in documented}
    for name, value in public_names().items():
        is_elsewhere = id(value) in values and (inspect.isclass(value) or inspect.isroutine(value))
        if name not in documented and not is_elsewhere:
            logger.warning("%s is public, but docs/api/ has no entry for it", name)


def setup(app):
    app.connect("env-check-consistency", warn_of_missing_names)
    return {"parallel_read_safe": True}
