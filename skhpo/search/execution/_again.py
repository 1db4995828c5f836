"""Candidates run again, outside of the study: on new folds, or for their predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from skhpo._sklearn import FitCallbacks
from skhpo.search._records import Candidate, Status
from skhpo.search.execution._fold_runner import FoldRunner
from skhpo.search.execution._run import run
from skhpo.search.execution._scheduler import Scheduler
from skhpo.search.execution._workers import open_workers
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan

if TYPE_CHECKING:
    from skhpo.search._setup import Setup

__all__ = ["run_again"]


def run_again(
    setup: Setup,
    plan: EvaluationPlan,
    runs: Sequence[tuple[Mapping[str, Any], Sequence[int]]],
) -> tuple[str | None, list[Candidate]]:
    """Run tasks of candidates, the first candidate first.

    Nothing is stored, and neither the sampler nor callbacks learn of the results.

    Parameters
    ----------
    setup : Setup
        The setup, with the splits.
    plan : EvaluationPlan
        What the tasks mean.
    runs : sequence of (mapping, sequence of int)
        The parameters of each candidate, and its tasks.

    Returns
    -------
    reason : str or None
        Why this ended early: "interrupt" or "timeout"; None if it did not.
    candidates : list of Candidate
        The candidates that have begun, with their results.
    """
    with open_workers(setup) as workers:
        evaluation = setup.evaluation.on_workers(workers.n_workers)
        runner = FoldRunner(setup, evaluation, plan, FitCallbacks(None, {}))
        scheduler = Scheduler(
            _AllTasks(runs),
            n_candidates=len(runs),
            window=2 + workers.n_workers // plan.n_folds,  # in order, and all workers busy
            in_order=False,
            prunes=False,
        )
        reason = run(scheduler, workers, runner.submit, runner.receive, setup.deadline, n_awaited=0)
    return reason, scheduler.candidates


class _AllTasks:
    """A controller for which each candidate runs all of its tasks.

    Parameters
    ----------
    runs : sequence of (mapping, sequence of int)
        The parameters of each candidate, and its tasks.
    """

    def __init__(self, runs: Sequence[tuple[Mapping[str, Any], Sequence[int]]]) -> None:
        self._runs = runs

    def ask(self, number: int) -> Candidate | None:
        """Return the next candidate; None after the last."""
        if number >= len(self._runs):
            return None
        params, tasks = self._runs[number]
        return Candidate(number, tasks, params)

    def judge(self, candidate: Candidate) -> Status | None:
        """Return "complete" after the last task."""
        return "complete" if candidate.n_judged == len(candidate.fold_order) else None

    def tell(self, candidate: Candidate) -> None:
        """Do nothing: results are read from the candidates."""
