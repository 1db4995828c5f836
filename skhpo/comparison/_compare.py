"""The function `compare_searches`: strategies on the same rows and folds, again and again."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.utils import check_random_state, indexable

from skhpo._warnings import warn_user
from skhpo.comparison._result import SearchComparison
from skhpo.comparison._splits import draw_rows, is_stratified
from skhpo.comparison._strategy import (
    Prepared,
    Repetition,
    Run,
    check_strategies,
    estimator_of,
    metric_of_all,
    prepare,
    run,
)
from skhpo.exceptions import SearchInterruptedWarning

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
        Maximal number of fits on folds for each strategy in each repetition. A search of skhpo
        gets the budget as ``max_fits``: if it stops candidates early, it tries more of them. For
        other searches, ``n_iter`` (or ``n_trials``) becomes the largest number of candidates for
        which no more fits are needed. A fit with a part of a resource counts as that part. Refits
        are not counted. A strategy that cannot keep a budget is refused. None leaves all as they
        are.

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
    check_strategies(searches)
    _check_numbers(n_repeats=n_repeats, budget=budget)
    searches = dict(searches)
    metric = metric_of_all(searches, scoring)
    X, y, groups = indexable(X, y, groups)
    estimators = [estimator_of(one) for one in searches.values()]
    for estimator in estimators:
        check_scoring(estimator, scoring=metric)
    stratify = is_stratified(estimators, y)
    repetitions = _repetitions(X, y, groups, n_repeats, test_size, stratify, random_state)

    def prepared_for(repetition: Repetition) -> list[Prepared]:
        return [
            prepare(name, one, repetition, scoring=scoring, n_jobs=n_jobs, budget=budget)
            for name, one in searches.items()
        ]

    prepared_for(repetitions[0])  # errors of arguments are raised before the first fit
    runs: list[Run] = []
    try:
        for repetition in repetitions:
            in_turn = prepared_for(repetition)
            first = repetition.number % len(in_turn)
            for prepared in in_turn[first:] + in_turn[:first]:
                runs.append(_run_or_warn(prepared, repetition, metric, n_jobs))
                if verbose:
                    print(_line(runs[-1], n_repeats))
    except KeyboardInterrupt:
        runs = _after_interrupt(runs, list(searches), n_repeats)
    if all(one.error for one in runs):
        raise ValueError(f"Every run failed. The first error: {runs[0].error}")
    return SearchComparison(
        runs,
        names=list(searches),
        metric=metric,
        n_train=len(repetitions[0].train),
        n_test=len(repetitions[0].test),
    )


def _after_interrupt(runs: list[Run], names: list[str], n_repeats: int) -> list[Run]:
    """Return the runs, with one that has no results for each that did not end."""
    if not runs:
        raise KeyboardInterrupt
    warn_user(
        f"The comparison was ended early by Ctrl-C: {len(runs)} of {n_repeats * len(names)} runs "
        "have ended. The others are NaN.",
        SearchInterruptedWarning,
    )
    n_begun = max(run.repeat for run in runs) + 1
    ended = {(run.strategy, run.repeat) for run in runs}
    missing = [
        Run(name, repeat, error="KeyboardInterrupt")
        for repeat in range(n_begun)
        for name in names
        if (name, repeat) not in ended
    ]
    return runs + missing


def _check_numbers(**numbers_given: int | None) -> None:
    for name, number in numbers_given.items():
        if number is None and name == "budget":
            continue
        is_int = isinstance(number, numbers.Integral) and not isinstance(number, bool)
        if not is_int or int(number or 0) < 1:
            raise ValueError(f"`{name}` must be an int of 1 or more; got {number!r}.")


def _repetitions(
    X: Any,
    y: Any,
    groups: Any,
    n_repeats: int,
    test_size: float | int,
    stratify: bool,
    random_state: Any,
) -> list[Repetition]:
    seeds = check_random_state(random_state).randint(np.iinfo(np.int32).max, size=(n_repeats, 3))
    repetitions = []
    for number, (row_seed, fold_seed, search_seed) in enumerate(seeds.tolist()):
        train, test = draw_rows(X, y, groups, test_size=test_size, stratify=stratify, seed=row_seed)
        repetitions.append(
            Repetition(number, X, y, groups, train, test, stratify, fold_seed, search_seed)
        )
    return repetitions


def _run_or_warn(prepared: Prepared, repetition: Repetition, metric: Any, n_jobs: Any) -> Run:
    try:
        return run(prepared, repetition, metric=metric, n_jobs=n_jobs)
    except Exception as error:  # one strategy must not cost the results of the others
        text = f"{type(error).__name__}: {error}"
        warn_user(
            f"The strategy {prepared.name!r} failed in repetition {repetition.number}, and its "
            f"results are NaN there. {text}"
        )
        return Run(prepared.name, repetition.number, error=text)


def _line(run: Run, n_repeats: int) -> str:
    where = f"repetition {run.repeat + 1}/{n_repeats}, {run.strategy}: "
    if run.error:
        return f"{where}failed ({run.error.splitlines()[0]})"
    return f"{where}held-out score {run.held_out_score:.4g}, {run.seconds:.1f} s"
