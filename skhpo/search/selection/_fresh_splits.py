"""New folds, on which the best candidates are evaluated again."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
)

__all__ = ["fresh_splits"]

N_REPEATS = 2
_OFFSET = 7_919  # added to the seed, so that the folds differ from those of the search


def fresh_splits(
    cv: Any, estimator: Any, X: Any, y: Any, split_params: Mapping[str, Any], seed: int | None
) -> list[Any]:
    """Draw new splits with the same kind of splitter as the search.

    Parameters
    ----------
    cv : int, splitter or iterable
        The `cv` of the search.
    estimator : estimator
        The estimator; for a classifier, an int `cv` is stratified.
    X, y : array-like
        The data.
    split_params : mapping of str to object
        Parameters of ``split``, such as the groups.
    seed : int or None
        Seed of the search.

    Returns
    -------
    splits : list of (train, test)
        The splits: two repetitions for (group and stratified) k-fold splitters, otherwise one.

    Raises
    ------
    ValueError
        If the splitter cannot draw new folds.
    """
    splitter = check_cv(cv, y, classifier=is_classifier(estimator))
    state = None if seed is None else (seed + _OFFSET) % 2**32
    kind = type(splitter)
    if kind in (KFold, StratifiedKFold):
        repeated = {KFold: RepeatedKFold, StratifiedKFold: RepeatedStratifiedKFold}[kind]
        fresh: list[Any] = [
            repeated(n_splits=splitter.n_splits, n_repeats=N_REPEATS, random_state=state)
        ]
    elif kind in (GroupKFold, StratifiedGroupKFold):
        states = np.random.RandomState(state).randint(2**31 - 1, size=N_REPEATS)
        fresh = [
            kind(n_splits=splitter.n_splits, shuffle=True, random_state=int(one)) for one in states
        ]
    elif "random_state" in inspect.signature(kind.__init__).parameters:
        fresh = [copy.copy(splitter)]
        fresh[0].random_state = state
    else:
        raise ValueError(
            "`n_confirm` needs a splitter that can draw new folds: an int, KFold, GroupKFold, "
            f"their stratified kin, or a splitter with a `random_state`; got cv={cv!r}."
        )
    return [split for one in fresh for split in one.split(X, y, **split_params)]
