"""Docstrings that are inherited from scikit-learn refer to its site, which is not part of this one.

Their references become plain text, so that the build can treat a broken reference as an error.
"""

import inspect
import re

TERM = re.compile(r":term:`~?([^`<]*?)(?:\s*<[^`>]*>)?`")
ROLE = re.compile(r":(?:term|ref|class|func|meth|mod|doc|sklearn):`~?([^`<]*?)(?:\s*<[^`>]*>)?`")
DIRECTIVE = re.compile(r"^\s*\.\. (?:_[\w-]+:|(?:versionadded|versionchanged):: .*)$")


def as_plain_text(app, what, name, obj, options, lines):
    function = inspect.unwrap(getattr(obj, "fget", None) or obj)
    if (getattr(function, "__module__", None) or "").startswith("sklearn."):
        lines[:] = [ROLE.sub(r"``\1``", line) for line in lines if not DIRECTIVE.match(line)]
    elif what == "class":  # with attributes of scikit-learn, described by it
        lines[:] = [TERM.sub(r"``\1``", line) for line in lines]


def setup(app):
    app.connect("autodoc-process-docstring", as_plain_text, priority=900)
    return {"parallel_read_safe": True}
