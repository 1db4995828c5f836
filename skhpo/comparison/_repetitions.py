"""The repetitions of a comparison: all strategies on the same rows and folds."""

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

__all__ = ["run_all"]


def run_all(
    searches: Mapping[str, Any],
    X: Any,
    y: Any,
    groups: Any,
    *,
    n_repeats: int,
    test_size: float | int,
    scoring: Any,
    budget: int | None,
    n_jobs: int | None,
    random_state: Any,
    verbose: int,
) -> SearchComparison:
    """Run all strategies in all repetitions; see :func:`compare_searches`."""
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
