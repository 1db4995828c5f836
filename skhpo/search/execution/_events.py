"""The events of folds and candidates, made of their records."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skhpo.callbacks import CandidateEvent, FoldEvent
from skhpo.search._records import Candidate, FoldResult
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan

__all__ = ["end_of_candidate", "end_of_fold", "start_of_candidate"]


def start_of_candidate(candidate: Candidate) -> CandidateEvent:
    """Return the event of a candidate that begins."""
    return CandidateEvent(
        number=candidate.trial_number,
        params=candidate.params,
        submodel_of=candidate.submodel_of,
        is_extra=candidate.is_extra,
    )


def end_of_fold(
    plan: EvaluationPlan, candidate: Candidate, task: int, result: FoldResult
) -> FoldEvent:
    """Return the event of a fold that has ended.

    Parameters
    ----------
    plan : EvaluationPlan
        The tasks of a candidate.
    candidate : Candidate
        The candidate.
    task : int
        The number of the task.
    result : FoldResult
        Its result.
    """
    rung, fold = plan.place(task)
    resource = plan.resource
    return FoldEvent(
        number=candidate.trial_number,
        params=candidate.params,
        fold=fold,
        n_resources=None if resource is None else resource.rungs[rung],
        share=plan.amount([task]) / plan.full_amount,
        metrics=result.metrics,
        train_metrics=result.train_metrics,
        fit_time=result.fit_time,
        score_time=result.score_time,
        started_at=np.nan if result.started_at is None else result.started_at,
        seconds=np.nan if result.seconds is None else result.seconds,
        worker=result.worker,
        error=result.fit_error,
        from_storage=task in candidate.known,
        taken_over=candidate.is_taken_over,
    )


@np.errstate(over="ignore", invalid="ignore")  # scores may be infinite, or huge
def end_of_candidate(
    plan: EvaluationPlan, candidate: Candidate, values: NDArray[np.float64]
) -> CandidateEvent:
    """Return the event of a candidate that has ended.

    Parameters
    ----------
    plan : EvaluationPlan
        The tasks of a candidate.
    candidate : Candidate
        The candidate.
    values : ndarray of shape (n_objectives,)
        The means of the objectives; NaN unless the candidate is complete.
    """
    results = list(plan.by_fold(candidate.results).values())
    is_complete = candidate.status == "complete"
    metrics = [result.metrics for result in results] if is_complete else []
    times = np.array([(result.fit_time, result.score_time) for result in results])
    fit_time, score_time = times.mean(axis=0).tolist() if results else (np.nan, np.nan)
    predicted = candidate.prediction
    return CandidateEvent(
        number=candidate.trial_number,
        params=candidate.params,
        status=candidate.status,
        reason=candidate.reason if candidate.status == "pruned" else "",
        metrics={
            name: float(np.mean([one.get(name, np.nan) for one in metrics]))
            for name in (metrics[0] if metrics else ())
        },
        objectives=tuple(values.tolist()) if is_complete else (),
        predicted=() if predicted is None else tuple(predicted[0].tolist()),
        n_folds=len(candidate.results),
        fit_time=fit_time,
        score_time=score_time,
        progress=plan.reached(candidate.results),
        from_storage=candidate.ended_after is not None,
        submodel_of=candidate.submodel_of,
        is_extra=candidate.is_extra,
    )
