"""The out-of-fold predictions of a search: those of its best candidates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from skhpo._sklearn import num_samples
from skhpo._warnings import warn_user
from skhpo.search._cv_results import places_in_grid
from skhpo.search._records import Candidate
from skhpo.search._setup import Setup
from skhpo.search.execution._again import run_again
from skhpo.search.execution._responses import methods_of
from skhpo.search.execution._run import is_over
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.search.selection._joined_folds import join_folds
from skhpo.search.selection._kept_predictions import KeptPredictions

if TYPE_CHECKING:
    from skhpo.search._base import BaseStudySearchCV

__all__ = ["best_with_predictions", "make_kept_predictions", "predictions_of"]


def make_kept_predictions(
    search: BaseStudySearchCV, setup: Setup, plan: EvaluationPlan
) -> KeptPredictions | None:
    """Return what holds the predictions of the best candidates; None if none are kept.

    Raises
    ------
    ValueError
        If the estimator cannot predict.
    """
    if search.keep_predictions == 0:
        return None
    names = methods_of(search.estimator)
    if not any(hasattr(search.estimator, name) for name in names) and not _are_models(setup):
        raise ValueError(
            "`keep_predictions` needs an estimator with one of the methods "
            f"{', '.join(names)}; {search.estimator!r} has none of them."
        )
    is_grid = setup.n_candidates == setup.space.n_candidates
    place = places_in_grid(setup.space) if is_grid else _place_in_study
    return KeptPredictions(search.keep_predictions, setup.problem, plan, place)


def _are_models(setup: Setup) -> bool:
    """Return whether there are estimators among the choices of the space."""
    return any(
        hasattr(choice, "fit")
        for parameter in setup.space.parameters
        for choice in getattr(parameter.distribution, "choices", ())
    )


def _place_in_study(candidate: Candidate) -> int:
    return candidate.trial_number


def best_with_predictions(
    search: BaseStudySearchCV,
    setup: Setup,
    plan: EvaluationPlan,
    kept: KeptPredictions,
    rows: Sequence[Candidate],
    *,
    may_run: bool,
) -> list[Candidate]:
    """Return the best candidates; the first one is that which the search has chosen.

    Folds of them that an earlier fit or another process has evaluated run again, because their
    predictions are not stored.

    Parameters
    ----------
    search : BaseStudySearchCV
        The search, with its choice.
    setup : Setup
        The setup of its fit.
    plan : EvaluationPlan
        The tasks of a candidate.
    kept : KeptPredictions
        Holds the predictions of the best candidates.
    rows : sequence of Candidate
        All candidates, one per row of ``cv_results_``.
    may_run : bool
        Whether folds may run again.
    """
    best = kept.best(rows)
    if search.refit is not False and rows[search.best_index_].status == "complete":
        chosen = rows[search.best_index_]
        best = [chosen, *(one for one in best if one is not chosen)][: search.keep_predictions]
    missing = [(one, tasks) for one in best if (tasks := _without_predictions(one, plan))]
    if missing and may_run and not is_over(setup.deadline):
        runs = [(candidate.params, tasks) for candidate, tasks in missing]
        _, again = run_again(setup, plan, runs)
        for (candidate, _), other in zip(missing, again, strict=False):
            for task, result in other.results.items():
                if result.predictions is not None:
                    candidate.predictions[plan.place(task)[1]] = result.predictions
    _warn_about_missing(best, plan)
    return best


def _without_predictions(candidate: Candidate, plan: EvaluationPlan) -> list[int]:
    """Return the tasks without predictions, of those with all of the resource that did not fail."""
    first = plan.n_tasks - plan.n_folds
    return [
        first + fold
        for fold in range(plan.n_folds)
        if fold not in candidate.predictions and candidate.results[first + fold].fit_error is None
    ]


def _warn_about_missing(best: Sequence[Candidate], plan: EvaluationPlan) -> None:
    errors = [one.error for each in best for one in each.predictions.values() if one.error]
    n_not_run = sum(len(_without_predictions(candidate, plan)) for candidate in best)
    if errors:
        warn_user(
            f"{len(errors)} of {len(best) * plan.n_folds} folds of the best candidates have no "
            f"predictions (`keep_predictions`), because of errors. The first one is: {errors[0]}"
        )
    if n_not_run:
        warn_user(
            f"{n_not_run} of {len(best) * plan.n_folds} folds of the best candidates have no "
            "predictions (`keep_predictions`): they were evaluated by an earlier fit, by another "
            "search or process, or chosen only at the end, and there was no time to run them again."
        )


def predictions_of(
    best: Sequence[Candidate], rows: Sequence[Candidate], plan: EvaluationPlan, setup: Setup
) -> Iterator[tuple[int, str, Any]]:
    """Yield the row, the method and the predictions of each candidate that has some.

    Parameters
    ----------
    best : sequence of Candidate
        The best candidates.
    rows : sequence of Candidate
        All candidates, one per row of ``cv_results_``.
    plan : EvaluationPlan
        The tasks of a candidate.
    setup : Setup
        The setup, with the data and the splits.
    """
    row_of = {id(candidate): row for row, candidate in enumerate(rows)}
    for candidate in best:
        made = [
            (setup.splits[fold][1], candidate.predictions[fold])
            for fold in range(plan.n_folds)
            if fold in candidate.predictions and not candidate.predictions[fold].error
        ]
        predictions = join_folds(made, num_samples(setup.X), setup.y)
        if predictions is not None:
            yield row_of[id(candidate)], made[0][1].method, predictions
