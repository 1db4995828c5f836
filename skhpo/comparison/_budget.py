"""The budget of a strategy: a maximal number of fits on folds."""

from __future__ import annotations

from typing import Any

from sklearn.model_selection import (
    GroupKFold,
    KFold,
    ParameterGrid,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from skhpo.search.selection._fresh_splits import N_REPEATS

__all__ = ["budget_params", "fits_to_confirm"]

MOST_WITH_RESOURCE = 2  # fits per fold: each rung has at most half of the next one
_SIZES = ("n_iter", "n_trials")  # arguments that are a number of candidates


def budget_params(name: str, strategy: Any, budget: int, n_folds: int) -> dict[str, Any]:
    """Return the parameters with which a strategy keeps a budget.

    Parameters
    ----------
    name : str
        Name of the strategy, for messages.
    strategy : estimator
        A search, or an estimator without a search, which takes one fit per fold.
    budget : int
        Maximal number of fits on folds.
    n_folds : int
        Number of folds of each candidate.

    Returns
    -------
    params : dict
        For ``set_params``.

    Raises
    ------
    ValueError
        If the strategy cannot keep the budget.
    """
    given = strategy.get_params(deep=False)
    confirmation = given.get("n_confirm", 0) * fits_to_confirm(given.get("cv"), n_folds)
    left = budget - confirmation
    resource = given.get("resource")
    if resource == "auto":
        resource = getattr(strategy, "default_resource", None)
    n_each = n_folds if resource is None else MOST_WITH_RESOURCE * n_folds
    if left < n_each:
        confirmed = f" and {confirmation} fits for `n_confirm`" if confirmation else ""
        raise ValueError(
            f"`budget={budget}` is too small for {name!r}, which needs {n_each} fits for each "
            f"candidate{confirmed}."
        )
    if "max_fits" in given:
        return {"n_iter": None, "max_fits": left}
    if resource is not None:
        raise ValueError(
            f"`budget` cannot be kept by {name!r}, as {type(strategy).__name__} decides by itself "
            f"how many fits with how much of {resource!r} a candidate gets. Leave `budget=None`, "
            "or leave this strategy out."
        )
    for size in _SIZES:
        if size in given:
            return {size: left // n_folds}
    if "param_grid" in given:
        _check_grid(name, strategy, budget, len(ParameterGrid(given["param_grid"])) * n_folds)
        return {}
    if hasattr(strategy, "estimator"):
        raise ValueError(
            f"`budget` cannot be kept by {name!r}, as {type(strategy).__name__} has none of the "
            f"parameters {list(_SIZES)}. Leave `budget=None`, or leave this strategy out."
        )
    return {}


def fits_to_confirm(cv: Any, n_folds: int) -> int:
    """Return the number of fits with which ``n_confirm`` evaluates one candidate again."""
    kinds = (KFold, StratifiedKFold, GroupKFold, StratifiedGroupKFold)
    is_k_fold = not hasattr(cv, "split") or type(cv) in kinds
    return n_folds * (N_REPEATS if is_k_fold else 1)


def _check_grid(name: str, strategy: Any, budget: int, n_fits: int) -> None:
    if n_fits > budget:
        raise ValueError(
            f"{name!r} needs {n_fits} fits, more than `budget={budget}`: {type(strategy).__name__} "
            "tries the whole grid. Reduce the grid, or use a search with `n_iter`."
        )
