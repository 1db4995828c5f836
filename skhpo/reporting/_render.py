"""Render a report as HTML or Markdown, with templates."""

from __future__ import annotations

import base64
import re
from html import escape
from typing import Any

from skhpo._hints import missing_extra
from skhpo.reporting._document import Document

__all__ = ["check_renderer", "render"]

_TEMPLATES = {"html": "report.html.jinja", "markdown": "report.md.jinja"}


def check_renderer() -> Any:
    """Return the module of the templates.

    Raises
    ------
    ImportError
        If jinja2 is missing.
    """
    try:
        import jinja2
    except ImportError as error:
        raise missing_extra("Reports need jinja2", "report") from error
    return jinja2


def render(document: Document, layout: str) -> str:
    """Return a report as text.

    Parameters
    ----------
    document : Document
        The report.
    layout : {"html", "markdown"}
        The format. HTML is one page that needs no other file and no network. Markdown has no
        plots.

    Returns
    -------
    text : str
    """
    jinja2 = check_renderer()
    is_html = layout == "html"
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("skhpo.reporting"),
        autoescape=is_html,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    if is_html:
        environment.filters["inline"] = lambda text: jinja2.utils.markupsafe.Markup(_to_html(text))
    else:
        environment.filters["inline"] = _to_markdown
        environment.filters["cell"] = _to_cell
    environment.filters["data_url"] = _data_url
    text: str = environment.get_template(_TEMPLATES[layout]).render(document=document)
    return text


def _to_html(text: str) -> str:
    """Escape a text, and mark what is between backticks as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def _to_markdown(text: str) -> str:
    """Escape what Markdown would take as markup outside of code."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"([\\*_\[\]<>#])", r"\\\1", part)
        for part in parts
    )


def _to_cell(text: str) -> str:
    return _to_markdown(text).replace("|", "\\|")


def _data_url(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
