"""The function `compare_searches`; what it needs is imported when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skhpo.comparison._result import SearchComparison

__all__ = ["compare_searches"]


def compare_searches(
    searches: Mapping[str, Any],
    X: Any,
    y: Any = None,
    *,
    groups: Any = None,
    n_repeats: int = 5,
    test_size: float | int = 0.25,
    scoring: Any = None,
    budget: int | None = None,
    n_jobs: int | None = None,
    random_state: Any = None,
    verbose: int = 0,
) -> SearchComparison:
    """Compare search strategies on the same data, with repeated hold-out.

    Each repetition draws a new split of the rows: a part for the searches, and held-out rows that
    no search sees. All strategies get the same rows and the same folds. Their best models are
    scored on the held-out rows.

    Parameters
    ----------
    searches : dict of str to estimator
        The strategies by name: searches of scikit-learn, of skhpo, or others with ``estimator``,
        ``cv`` and ``scoring`` as parameters. An estimator without a search is a baseline: it is
        cross-validated and fitted. All are cloned.

    X : array-like of shape (n_samples, n_features)
        Data.

    y : array-like of shape (n_samples,), default=None
        Targets.

    groups : array-like of shape (n_samples,), default=None
        Groups of rows that belong together. Whole groups are held out, and folds keep groups
        together. The held-out rows are then not stratified.

    n_repeats : int, default=5
        Number of repetitions. One repetition shows no uncertainty.

    test_size : float or int, default=0.25
        Held-out rows of each repetition: their share, or their number; with groups, of the
        groups. For classifiers, the split is stratified.

    scoring : str or callable, default=None
        Metric of the held-out rows; greater is better. Searches without `scoring` use it, too;
        a search with its own `scoring` keeps it. None is the metric that all searches have.

    budget : int, default=None
        Maximal number of fits on folds for each strategy in each repetition. The parameter
        ``n_iter`` (or ``n_trials``) of a search becomes the largest number of candidates for
        which no more fits are needed. A search that stops candidates early uses fewer fits.
        Refits are not counted. A strategy that cannot keep a budget is refused. None leaves all
        as they are.

    n_jobs : int, default=None
        Number of parallel jobs of each search. The strategies run one after another, so that
        their times are comparable. None leaves the `n_jobs` of each search as it is.

    random_state : int, RandomState instance or None, default=None
        Seed of the splits, of the folds, and of the ``random_state`` of the searches, which
        differ between repetitions. No other seed is set: the estimators keep theirs.

    verbose : int, default=0
        1 prints a line for each run.

    Returns
    -------
    comparison : SearchComparison
        The results of all runs, a summary, and statistics of the differences.

    Raises
    ------
    ValueError
        If the searches have different metrics and `scoring` is not given, if a strategy cannot
        keep the budget, or if every run failed.

    Warns
    -----
    UserWarning
        If a strategy fails in a repetition. Its results are then NaN.
    SearchInterruptedWarning
        If Ctrl-C ended the comparison. The runs that had ended are returned.

    See Also
    --------
    skhpo.report : Report on a single search.

    Notes
    -----
    A `cv` that is a number or None becomes shuffled folds with a seed, new in each repetition
    and the same for all strategies. A splitter is kept; if it shuffles without an int seed, it
    gets one. The first strategy is another one in each repetition, so that the start of worker
    processes is not always part of the time of the same strategy.

    Rows are drawn at random. Do not use this function for time series.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import RandomizedSearchCV
    >>> from sklearn.svm import SVC
    >>> from skhpo import TPESearchCV, compare_searches
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 1e1)}
    >>> comparison = compare_searches(
    ...     {
    ...         "as given": SVC(),
    ...         "random": RandomizedSearchCV(SVC(), space),
    ...         "tpe": TPESearchCV(SVC(), space),
    ...     },
    ...     X, y, n_repeats=3, budget=60, random_state=0,
    ... )
    >>> comparison
    SearchComparison(strategies=['as given', 'random', 'tpe'], n_repeats=3)
    >>> comparison.summary()["strategy"].tolist()
    ['as given', 'random', 'tpe']
    """
    from skhpo.comparison._repetitions import run_all

    return run_all(
        searches,
        X,
        y,
        groups,
        n_repeats=n_repeats,
        test_size=test_size,
        scoring=scoring,
        budget=budget,
        n_jobs=n_jobs,
        random_state=random_state,
        verbose=verbose,
    )
