"""Limits of a booster's threads, so that the workers' threads together do not exceed the cores."""

from __future__ import annotations

from typing import Any

from joblib import cpu_count
from sklearn.base import clone

from skhpo.boosting.families import family_of, find_model

__all__ = ["limit_threads", "limited", "threads_each"]


def threads_each(n_workers: int) -> int:
    """Return the number of threads per worker if the workers share the cores, at least 1."""
    return max(1, int(cpu_count()) // n_workers)


def limit_threads(estimator: Any, n_threads: int) -> None:
    """Set the number of threads of a booster, unless the user has set it.

    Parameters
    ----------
    estimator : estimator
        A booster, or a pipeline that ends in one. Other estimators are not changed.
    n_threads : int
        Number of threads.
    """
    _, model = find_model(estimator)
    family = family_of(model)
    if family is None or not family.threads:
        return
    given = model.get_params()
    if all(given.get(name) is None for name in family.threads):
        model.set_params(**{family.threads[0]: n_threads})


def limited(value: Any, n_threads: int) -> Any:
    """Return a copy of a parameter's value with limited threads, if the value is a booster."""
    if isinstance(value, type) or not hasattr(value, "get_params"):
        return value
    if family_of(find_model(value)[1]) is None:
        return value
    value = clone(value)
    limit_threads(value, n_threads)
    return value
