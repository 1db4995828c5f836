"""``cv_results_``: scikit-learn's table, with further columns such as the candidates' status."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from skhpo._sklearn import BaseSearchCV, insert_error_scores
from skhpo._warnings import warn_user
from skhpo.boosting import Stopping
from skhpo.search._records import Candidate, FoldResult
from skhpo.search.fidelity._early_stopping import add_rounds, warn_if_only_the_first_round_helps
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.space import SearchSpace

__all__ = ["format_results", "in_order_of_rows", "performed", "places_in_grid"]


def performed(candidates: Sequence[Candidate]) -> list[FoldResult]:
    """Return the results of all folds that were run, sorted by candidate, then by fold."""
    return [
        candidate.results[task] for candidate in candidates for task in sorted(candidate.results)
    ]


def in_order_of_rows(candidates: Sequence[Candidate], space: SearchSpace) -> list[Candidate]:
    """Return the candidates in the order of the rows of ``cv_results_``.

    Parameters
    ----------
    candidates : sequence of Candidate
        The candidates in the order of their proposal.
    space : SearchSpace
        The search space.

    Returns
    -------
    candidates : list of Candidate
        In the order of scikit-learn's ParameterGrid if they are a complete finite space;
        otherwise in the given order.
    """
    if len(candidates) != space.n_candidates:
        return list(candidates)
    return sorted(candidates, key=places_in_grid(space))


def places_in_grid(space: SearchSpace) -> Callable[[Candidate], int]:
    """Return a function that returns the place of a candidate in the grid of a finite space."""
    places = {space.config_key(config): row for row, config in enumerate(space.candidates())}
    return lambda candidate: places[space.config_key(candidate.config)]


@np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
def format_results(
    search: BaseSearchCV,
    candidates: Sequence[Candidate],
    plan: EvaluationPlan,
    stopping: Stopping | None = None,
) -> dict[str, Any]:
    """Create ``cv_results_``.

    Parameters
    ----------
    search : BaseSearchCV
        The search, whose settings define the columns.
    candidates : sequence of Candidate
        The candidates, one per row.
    plan : EvaluationPlan
        The tasks of a candidate.
    stopping : Stopping, optional
        If given, the table has columns of the best iterations.

    Returns
    -------
    results : dict of str to ndarray
        Scores of folds that were not run, or whose fit was stopped, are NaN, and so is the mean
        over them. Mean times are means over the folds that were run. With a resource, scores and
        times are those at the largest amount that the candidate reached.
    """
    if callable(search.scoring):
        _insert_error_scores(candidates, search.error_score)
    results_run = performed(candidates)
    not_run = results_run[0].with_scores(np.nan)
    not_run = FoldResult.not_run(not_run.test_scores, return_train_score=search.return_train_score)
    n_folds = plan.n_folds
    by_fold = [plan.by_fold(candidate.results) for candidate in candidates]
    shown = [results.get(fold, not_run) for results in by_fold for fold in range(n_folds)]
    # A candidate that stopped at a rung may have all folds there. Its mean is NaN nevertheless.
    out = [
        result
        if result is not_run or candidates[i // n_folds].status == "complete"
        else result.with_scores(np.nan)
        for i, result in enumerate(shown)
    ]
    params = [candidate.params for candidate in candidates]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results: dict[str, Any] = search._format_results(
            params, n_folds, [_as_scikit_learn_has_it(result) for result in out]
        )
    _pass_on(caught, is_any_score_bad=any(_is_bad(result) for result in results_run))
    _show_scores(results, shown, n_folds)
    for name in ("fit_time", "score_time"):
        times = np.array([getattr(r, name) for r in out]).reshape(len(candidates), n_folds)
        results[f"mean_{name}"], results[f"std_{name}"] = _mean_and_std_of_known(times)
    _add_costs(results, out, n_folds)
    if stopping is not None:
        add_rounds(results, out, stopping)
        warn_if_only_the_first_round_helps(out)
    results["trial_number"] = np.array([candidate.trial_number for candidate in candidates])
    results["status"] = np.array([candidate.status for candidate in candidates], dtype=object)
    results["n_splits_evaluated"] = np.array([len(results) for results in by_fold])
    sources = [candidate.submodel_of for candidate in candidates]
    if any(source is not None for source in sources):
        results["submodel_of"] = np.array([-1 if one is None else one for one in sources])
    if plan.resource is not None:
        tops = [max(candidate.results) // n_folds for candidate in candidates]
        results["n_resources"] = np.array([plan.resource.rungs[top] for top in tops])
    return results


def _add_costs(results: dict[str, Any], out: Sequence[FoldResult], n_folds: int) -> None:
    """Add the costs. The mean times are already in the table."""
    names = dict.fromkeys(name for result in out for name in result.costs or {})
    for name in names:
        measured = [(result.costs or {}).get(name, np.nan) for result in out]
        table = np.array(measured, dtype=np.float64).reshape(-1, n_folds)
        for fold, column in enumerate(table.T):
            results[f"split{fold}_{name}"] = column
        if f"mean_{name}" not in results:
            results[f"mean_{name}"], results[f"std_{name}"] = _mean_and_std_of_known(table)


def _as_scikit_learn_has_it(result: FoldResult) -> dict[str, Any]:
    """Return the part of a fold's result that scikit-learn needs for its table."""
    shown = {
        "test_scores": result.test_scores,
        "fit_time": result.fit_time,
        "score_time": result.score_time,
    }
    return shown if result.train_scores is None else shown | {"train_scores": result.train_scores}


def _insert_error_scores(candidates: Sequence[Candidate], error_score: Any) -> None:
    """Give failed fits the error score for all metrics, whose names are known only now."""
    results = performed(candidates)
    raw = [
        {"test_scores": result.test_scores, "fit_error": result.fit_error}
        | ({} if result.train_scores is None else {"train_scores": result.train_scores})
        for result in results
    ]
    insert_error_scores(raw, error_score)
    filled = iter(raw)
    for candidate in candidates:
        for task in sorted(candidate.results):
            scores = next(filled)
            candidate.results[task] = replace(
                candidate.results[task],
                test_scores=scores["test_scores"],
                train_scores=scores.get("train_scores"),
            )


def _show_scores(results: dict[str, Any], shown: Sequence[FoldResult], n_folds: int) -> None:
    """Fill in the original scores of the single folds."""
    for kind in ("test", "train"):
        scores = [getattr(result, f"{kind}_scores") for result in shown]
        if scores[0] is None:
            continue
        is_multimetric = isinstance(scores[0], dict)
        for metric in scores[0] if is_multimetric else ("score",):
            values = [one[metric] if is_multimetric else one for one in scores]
            for fold in range(n_folds):
                results[f"split{fold}_{kind}_{metric}"] = np.array(
                    values[fold::n_folds], dtype=np.float64
                )


def _is_bad(result: FoldResult) -> bool:
    """Whether a score is not finite, though the fit was not stopped."""
    if result.stopped_at is not None:
        return False
    for scores in (result.test_scores, result.train_scores or 0.0):
        values = list(scores.values()) if isinstance(scores, dict) else [scores]
        if not np.isfinite(np.array(values, dtype=float)).all():
            return True
    return False


def _pass_on(caught: Sequence[warnings.WarningMessage], is_any_score_bad: bool) -> None:
    """Repeat the warnings, except about NaN means that are due only to folds that were not run."""
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
