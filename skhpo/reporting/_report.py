"""The function `report`: a search or a study as one file."""

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

__all__ = ["report"]

_LAYOUTS = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown"}


N_PARTS = 10  # parts of the held-out rows, for the standard error of their score
MIN_ROWS = 10  # minimal number of rows in a part


def report(
    search: Any,
    path: str | os.PathLike[str] | None = "report.html",
    *,
    title: str | None = None,
    X_test: Any = None,
    y_test: Any = None,
) -> str:
    """Write a report on a search: what was searched, the winner, and what to try next.

    The report is one file, to send to a team or to keep. It needs no other file and no network.

    Parameters
    ----------
    search : estimator or Study
        A fitted search of skhpo, with one or several objectives; a fitted
        :class:`~sklearn.model_selection.GridSearchCV` or
        :class:`~sklearn.model_selection.RandomizedSearchCV`; or a study, such as the study of a
        stored search. A report of a study has fewer sections.

    path : str or path, default="report.html"
        File to write. The suffix decides about the format: ``.html`` or ``.md``. Markdown has no
        plots. None writes no file, and returns the HTML.

    title : str, default=None
        Title. None makes one from the search and its estimator.

    X_test : array-like of shape (n_samples, n_features), default=None
        Rows that the search has not seen, to score the winner on. Scores on the rows of the
        search would be too good. With 100 rows or more, the score has a standard error, which is
        computed from the scores of ten parts of the rows.

    y_test : array-like of shape (n_samples,), default=None
        Targets of `X_test`.

    Returns
    -------
    path : str
        The path of the file; with ``path=None``, the text of the report.

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    ValueError
        If the suffix of the path is unknown, or if `X_test` is given for something without a
        refitted estimator.
    ImportError
        If jinja2 is missing. Without matplotlib, the report has no plots, and says so.

    See Also
    --------
    skhpo.compare_searches : Compare several searches on the same data.

    Notes
    -----
    The gain over the estimator as given is tested over the folds with the corrected paired
    t-test [1]_. It is known only if the estimator as given was a candidate, as with
    ``enqueue="defaults"`` if its parameters lie in the space. The luck of choosing the best of
    many candidates is the selection bias in ``cv_results_["optimism_test_score"]``.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52
       (2003).

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skhpo import TPESearchCV, report
    >>> X, y = load_iris(return_X_y=True)
    >>> search = TPESearchCV(
    ...     LogisticRegression(max_iter=1000), {"C": loguniform(1e-3, 1e3)}, n_iter=10,
    ...     random_state=0,
    ... ).fit(X, y)
    >>> text = report(search, path=None)
    >>> "What to try next" in text
    True
    """
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
