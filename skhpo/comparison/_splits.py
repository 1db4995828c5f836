"""The rows for the searches and the held-out rows of each repetition, and the inner folds."""

from __future__ import annotations

import copy
import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
)
from sklearn.utils.multiclass import type_of_target

__all__ = ["check_cv_of", "draw_rows", "inner_folds", "is_stratified"]

N_FOLDS = 5  # scikit-learn's meaning of cv=None

IntArray = NDArray[np.int64]


def is_stratified(estimators: list[Any], y: Any) -> bool:
    """Return whether classes should have the same shares in all parts of the data."""
    if y is None or not any(is_classifier(one) for one in estimators):
        return False
    return type_of_target(y) in ("binary", "multiclass")


def draw_rows(
    X: Any, y: Any, groups: Any, *, test_size: float | int, stratify: bool, seed: int
) -> tuple[IntArray, IntArray]:
    """Draw the rows for the searches and the held-out rows of one repetition.

    Parameters
    ----------
    X, y, groups : array-like
        The data. With groups, whole groups are held out.
    test_size : float or int
        Share or number of the held-out rows; with groups, of the groups.
    stratify : bool
        Whether classes have the same shares in both parts. Not possible with groups.
    seed : int
        Seed of the draw.

    Returns
    -------
    train, test : ndarray of int
    """
    if groups is not None:
        kind = GroupShuffleSplit
    else:
        kind = StratifiedShuffleSplit if stratify else ShuffleSplit
    splitter = kind(n_splits=1, test_size=test_size, random_state=seed)
    train, test = next(splitter.split(X, y, groups))
    return train, test


def check_cv_of(name: str, cv: Any) -> None:
    """Raise an error if the `cv` of a search cannot split the rows of a repetition."""
    if cv is None or isinstance(cv, numbers.Integral) or hasattr(cv, "split"):
        return
    raise ValueError(
        f"The `cv` of the search {name!r} is a list of splits, which refer to rows of the whole "
        "data. Each repetition has other rows: give a number of folds, or a splitter such as "
        "KFold."
    )


def inner_folds(cv: Any, *, stratify: bool, grouped: bool, seed: int) -> Any:
    """Return the splitter of a search for one repetition.

    Parameters
    ----------
    cv : int, splitter or None
        The `cv` of the search. A number becomes shuffled folds with a seed. A splitter is
        copied; if it shuffles without an int seed, it gets one. So equal arguments of two
        searches give equal folds.
    stratify, grouped : bool
        The kind of folds for a number.
    seed : int
        Seed of the folds.

    Returns
    -------
    splitter : cross-validation splitter
    """
    if cv is None or isinstance(cv, numbers.Integral):
        kind = {
            (False, False): KFold,
            (True, False): StratifiedKFold,
            (False, True): GroupKFold,
            (True, True): StratifiedGroupKFold,
        }[stratify, grouped]
        n_splits = N_FOLDS if cv is None else int(cv)
        return kind(n_splits=n_splits, shuffle=True, random_state=seed)
    splitter = copy.deepcopy(cv)
    shuffles = hasattr(splitter, "random_state") and getattr(splitter, "shuffle", True)
    if shuffles and not isinstance(splitter.random_state, numbers.Integral):
        splitter.random_state = seed
    return splitter
