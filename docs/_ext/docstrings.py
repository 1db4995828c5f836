"""Docstrings and signatures as the API reference shows them.

Docstrings that are inherited from scikit-learn refer to its site, which is not part of this one.
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


def signature_of_init(app, what, name, obj, options, signature, return_annotation):
    """Show the parameters of ``__init__`` where a ``__new__`` checks them."""
    if what != "class" or signature != "(*args, **kwargs)":
        return None
    found = inspect.signature(obj)
    plain = [one.replace(annotation=one.empty) for one in found.parameters.values()]
    return str(found.replace(parameters=plain, return_annotation=found.empty)), None


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", as_plain_text, priority=900)
    app.connect("autodoc-process-signature", signature_of_init, priority=900)
    return {"parallel_read_safe": True}
