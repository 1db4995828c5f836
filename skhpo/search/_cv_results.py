"""``cv_results_``: scikit-learn's table, with a column for how each candidate ended."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from skhpo._sklearn import BaseSearchCV, insert_error_scores
from skhpo.boosting import Stopping
from skhpo.search._warnings import warn_user
from skhpo.search.execution._evaluation import result_without_fit
from skhpo.search.execution._scheduler import Candidate
from skhpo.search.fidelity._early_stopping import add_rounds, warn_if_only_the_first_round_helps
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.space import SearchSpace

__all__ = ["format_results", "in_order_of_rows", "performed"]


def performed(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Results of all folds that were run, candidate by candidate, folds in order."""
    return [
        candidate.results[task] for candidate in candidates for task in sorted(candidate.results)
    ]


def in_order_of_rows(candidates: Sequence[Candidate], space: SearchSpace) -> list[Candidate]:
    """Candidates that are all of a finite space, in the order of a grid; others as they are.

    Parameters
    ----------
    candidates : sequence of Candidate
        In the order asked.
    space : SearchSpace
        Where they come from.

    Returns
    -------
    candidates : list of Candidate
        In the order of scikit-learn's ParameterGrid, if they are the whole space.
    """
    if len(candidates) != space.n_candidates:
        return list(candidates)
    place = {space.config_key(config): row for row, config in enumerate(space.candidates())}
    return sorted(candidates, key=lambda one: place[space.config_key(one.payload.config)])


@np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
def format_results(
    search: BaseSearchCV,
    candidates: Sequence[Candidate],
    plan: EvaluationPlan,
    stopping: Stopping | None = None,
) -> dict[str, Any]:
    """Make ``cv_results_``.

    Parameters
    ----------
    search : BaseSearchCV
        Its settings say what the table holds.
    candidates : sequence of Candidate
        One a row.
    plan : EvaluationPlan
        What they have run through.
    stopping : Stopping, optional
        With it, the table has the best iterations.

    Returns
    -------
    results : dict of str to ndarray
        Scores of folds that were not run are NaN, and so is the mean over them; mean times
        are over the folds that were run. With a resource, they are those with the most of it.
    """
    results_run = performed(candidates)
    for result in results_run:
        for name in ("best_iteration", "curve", "stopped_at", "costs"):  # of a fit that failed, say
            result.setdefault(name, None)
    if callable(search.scoring):
        insert_error_scores(results_run, search.error_score)
    no_scores = _like(results_run[0]["test_scores"], np.nan)
    n_folds = plan.n_folds
    by_fold = [plan.by_fold(candidate.results) for candidate in candidates]
    shown = [
        results.get(fold)
        or result_without_fit(no_scores, return_train_score=search.return_train_score)
        for results in by_fold
        for fold in range(n_folds)
    ]
    # All folds of a candidate that stopped at a rung may be there; its mean is none all the same.
    out = [
        result if candidates[i // n_folds].status == "complete" else _without_scores(result)
        for i, result in enumerate(shown)
    ]
    params = [candidate.payload.params for candidate in candidates]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results: dict[str, Any] = search._format_results(
            params, n_folds, [_as_scikit_learn_has_it(result) for result in out]
        )
    _pass_on(caught, is_any_score_bad=any(_is_bad(result) for result in results_run))
    _show_scores(results, shown, n_folds)
    for name in ("fit_time", "score_time"):
        times = np.array([r[name] for r in out]).reshape(len(candidates), n_folds)
        results[f"mean_{name}"], results[f"std_{name}"] = _mean_and_std_of_known(times)
    _add_costs(results, out, n_folds)
    if stopping is not None:
        add_rounds(results, out, stopping)
        warn_if_only_the_first_round_helps(out)
    results["trial_number"] = np.array([candidate.payload.number for candidate in candidates])
    results["status"] = np.array([candidate.status for candidate in candidates], dtype=object)
    results["n_splits_evaluated"] = np.array([len(results) for results in by_fold])
    if plan.resource is not None:
        tops = [max(candidate.results) // n_folds for candidate in candidates]
        results["n_resources"] = np.array([plan.resource.rungs[top] for top in tops])
    return results


def _add_costs(results: dict[str, Any], out: Sequence[dict[str, Any]], n_folds: int) -> None:
    """Add what was measured beside the scores; times have means already."""
    names = dict.fromkeys(name for result in out for name in result.get("costs") or {})
    for name in names:
        measured = [(result.get("costs") or {}).get(name, np.nan) for result in out]
        table = np.array(measured, dtype=np.float64).reshape(-1, n_folds)
        for fold, column in enumerate(table.T):
            results[f"split{fold}_{name}"] = column
        if f"mean_{name}" not in results:
            results[f"mean_{name}"], results[f"std_{name}"] = _mean_and_std_of_known(table)


def _as_scikit_learn_has_it(result: dict[str, Any]) -> dict[str, Any]:
    """Of a fold's result, what scikit-learn makes a table of: the same names in all."""
    names = ("test_scores", "train_scores", "fit_time", "score_time")
    return {name: result[name] for name in names if name in result}


def _without_scores(result: dict[str, Any]) -> dict[str, Any]:
    """A fold's result with NaN for its scores."""
    names = [name for name in ("test_scores", "train_scores") if name in result]
    return result | {name: _like(result[name], np.nan) for name in names}


def _show_scores(results: dict[str, Any], shown: Sequence[dict[str, Any]], n_folds: int) -> None:
    """Fill in the scores of single folds, as they were."""
    for kind in ("test", "train"):
        if f"{kind}_scores" not in shown[0]:
            continue
        first = shown[0][f"{kind}_scores"]
        for metric in first if isinstance(first, dict) else ("score",):
            values = [
                result[f"{kind}_scores"][metric]
                if isinstance(first, dict)
                else result[f"{kind}_scores"]
                for result in shown
            ]
            for fold in range(n_folds):
                results[f"split{fold}_{kind}_{metric}"] = np.array(
                    values[fold::n_folds], dtype=np.float64
                )


def _like(scores: Any, value: float) -> Any:
    return dict.fromkeys(scores, value) if isinstance(scores, dict) else value


def _is_bad(result: dict[str, Any]) -> bool:
    for key in ("test_scores", "train_scores"):
        scores = result.get(key, 0.0)
        values = list(scores.values()) if isinstance(scores, dict) else [scores]
        if not np.isfinite(np.array(values, dtype=float)).all():
            return True
    return False


def _pass_on(caught: Sequence[warnings.WarningMessage], is_any_score_bad: bool) -> None:
    """Repeat warnings, but not that means are NaN where folds were merely not run."""
    for warning in caught:
        if "non-finite" in str(warning.message) and not is_any_score_bad:
            continue
        warn_user(warning.message)


def _mean_and_std_of_known(times: Any) -> tuple[Any, Any]:
    known = ~np.isnan(times)
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, times, 0.0).sum(axis=1) / count
    spread = np.where(known, times - mean[:, None], 0.0)
    return mean, np.sqrt((spread**2).sum(axis=1) / count)
