"""Making of a report: read, write sections, draw, render."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import KFold

from skhpo._sklearn import num_samples, safe_indexing
from skhpo.reporting._document import Block, Paragraph
from skhpo.reporting._figures import draw_figures
from skhpo.reporting._render import check_renderer, render
from skhpo.reporting._sections import HeldOut, make_document
from skhpo.reporting._subject import Subject, read_search, read_study
from skhpo.study import Study

__all__ = ["make_report"]

_LAYOUTS = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown"}


N_PARTS = 10  # parts of the held-out rows, for the standard error of their score
MIN_ROWS = 10  # minimal number of rows in a part


def make_report(
    search: Any, path: str | os.PathLike[str] | None, *, title: str | None, X_test: Any, y_test: Any
) -> str:
    """Write a report, or return its text; see :func:`report`."""
    layout = "html" if path is None else _layout(path)
    check_renderer()
    subject = read_study(search) if isinstance(search, Study) else read_search(_checked(search))
    if subject.n_candidates == 0:
        raise ValueError("There is nothing to report: the study has no trial that was started.")
    document = make_document(
        subject,
        title=title,
        held_out=_held_out(subject, X_test, y_test),
        figures=_figures(subject) if layout == "html" else [],
        now=datetime.now().astimezone(),
    )
    text = render(document, layout)
    if path is None:
        return text
    Path(path).write_text(text, encoding="utf-8")
    return os.fspath(path)


def _layout(path: str | os.PathLike[str]) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in _LAYOUTS:
        raise ValueError(
            f"The suffix of `path` must be one of {list(_LAYOUTS)}; got {os.fspath(path)!r}."
        )
    return _LAYOUTS[suffix]


def _checked(search: Any) -> Any:
    if isinstance(search, type) or not (hasattr(search, "fit") and hasattr(search, "get_params")):
        raise TypeError(
            f"`search` must be a fitted search or a Study; got {type(search).__name__}."
        )
    return search


def _held_out(subject: Subject, X: Any, y: Any) -> HeldOut | None:
    if X is None:
        return None
    if not hasattr(subject.search, "best_estimator_"):
        raise ValueError(
            "`X_test` needs a search with a refitted estimator, and there is none: it is a study, "
            "or its `refit` is False."
        )
    search = subject.search
    return HeldOut(float(search.score(X, y)), num_samples(X), _error_of_score(search, X, y))


def _error_of_score(search: Any, X: Any, y: Any) -> float | None:
    """Return the standard error of a score, from the scores of parts of the rows."""
    if num_samples(X) < N_PARTS * MIN_ROWS:
        return None
    scores = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a part may lack a class
        for _, rows in KFold(N_PARTS, shuffle=True, random_state=0).split(X):
            part = None if y is None else safe_indexing(y, rows)
            try:
                scores.append(float(search.score(safe_indexing(X, rows), part)))
            except ValueError:
                return None
    error = float(np.std(scores, ddof=1) / np.sqrt(N_PARTS))
    return error if np.isfinite(error) else None


def _figures(subject: Subject) -> Sequence[Block]:
    try:
        return list(draw_figures(subject))
    except ImportError:
        return [Paragraph("Plots need matplotlib: `pip install 'skhpo[report]'`.")]
