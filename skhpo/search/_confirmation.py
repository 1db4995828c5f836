"""The second evaluation of the best candidates, on new folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo._warnings import warn_user
from skhpo.exceptions import SearchInterruptedWarning
from skhpo.pruners import NopPruner
from skhpo.search._records import FoldResult
from skhpo.search._setup import Setup
from skhpo.search.execution._again import run_again
from skhpo.search.execution._run import is_over
from skhpo.search.fidelity._evaluation_plan import FoldPlan
from skhpo.search.sharing._kept_rows import RowKeeping

if TYPE_CHECKING:
    from skhpo.search._base import BaseStudySearchCV

__all__ = ["means_on_new_folds", "run_on_new_folds", "warn_if_incomplete"]


def run_on_new_folds(
    search: BaseStudySearchCV, setup: Setup, rows: Sequence[int]
) -> tuple[dict[int, list[FoldResult]], str | None]:
    """Evaluate candidates on the new folds.

    Parameters
    ----------
    search : BaseStudySearchCV
        The search.
    setup : Setup
        The setup of its fit.
    rows : sequence of int
        Rows of the candidates in ``cv_results_``, the best first.

    Returns
    -------
    results : dict of int to list of FoldResult
        By row, the results of each candidate that has run on all new folds.
    reason : str or None
        Why this ended early: "interrupt" or "timeout"; None if it did not.
    """
    if is_over(setup.deadline):
        return {}, "timeout"
    params = [
        search._with_all_of_the_resource(setup, search.cv_results_["params"][r]) for r in rows
    ]
    evaluation = replace(setup.evaluation, keeps_predictions=False, keeping=RowKeeping())
    fresh = replace(setup, splits=setup.fresh_splits, resource=None, evaluation=evaluation)
    n_folds = len(fresh.splits)
    plan = FoldPlan(NopPruner(), n_folds)
    reason, again = run_again(fresh, plan, [(one, range(n_folds)) for one in params])
    complete = {
        row: list(candidate.results.values())
        for row, candidate in zip(rows, again, strict=False)
        if candidate.status == "complete"
    }
    return complete, reason


@np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
def means_on_new_folds(
    results: Mapping[int, Sequence[FoldResult]], names: Sequence[str], n_rows: int
) -> dict[str, NDArray[np.float64]]:
    """Return the means and standard deviations over the new folds, as columns of a table.

    Parameters
    ----------
    results : mapping of int to sequence of FoldResult
        The results by row.
    names : sequence of str
        Names of the scores and costs.
    n_rows : int
        Number of rows of the table. Rows without results are NaN.
    """
    columns: dict[str, NDArray[np.float64]] = {}
    for name in names:
        mean, std = np.full((2, n_rows), np.nan)
        for row, folds in results.items():
            values = [fold.metrics.get(name, np.nan) for fold in folds]
            mean[row], std[row] = np.mean(values), np.std(values)
        columns |= {f"mean_confirmed_{name}": mean, f"std_confirmed_{name}": std}
    return columns


def warn_if_incomplete(
    search: BaseStudySearchCV, reason: str | None, n_confirmed: int, n_best: int
) -> None:
    """Warn if the confirmation ended early, or no candidate has values on the new folds."""
    if n_confirmed > 0 and reason is None:
        return
    if n_confirmed > 0:
        used = "the best of these is used"
    else:
        used = "the best by the first folds is used"
    cause = "as fits failed" if reason is None else f"by {search._cause(reason)}"
    warn_user(
        f"The confirmation was ended early {cause}: {n_confirmed} of {n_best} candidates were "
        f"confirmed; {used}.",
        SearchInterruptedWarning,
    )
