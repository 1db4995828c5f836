"""The function `report`; what it needs is imported when it is called."""

from __future__ import annotations

import os
from typing import Any

__all__ = ["report"]


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
    from skhpo.reporting._make import make_report

    return make_report(search, path, title=title, X_test=X_test, y_test=y_test)
