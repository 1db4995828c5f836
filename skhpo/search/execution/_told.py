"""Which sizes of a model, scored on the same fits, samplers and pruners are told of."""

from __future__ import annotations

import numpy as np

from skhpo.history import best_by_fronts, total_violation
from skhpo.multi_objective import nondomination_rank
from skhpo.search._records import Candidate
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.search.objectives._problem import Problem
from skhpo.search.stopping._between_folds import EarlyTermination

__all__ = ["choose_told"]

MAX_TOLD = 4  # sizes with several objectives


def choose_told(
    candidate: Candidate, plan: EvaluationPlan, problem: Problem, termination: EarlyTermination
) -> None:
    """Choose the sizes of an ended candidate that samplers and pruners are told of.

    Scores on the same fits depend on each other, and all together would count as much as many
    candidates. With one objective, only the best size is told, so that the sampler learns what the
    other parameters achieve with it. With several objectives, some sizes on the front of all are.

    Parameters
    ----------
    candidate : Candidate
        The candidate, with its submodels. Their `is_untold` is set, and their `prediction` if they
        were stopped.
    plan : EvaluationPlan
        The tasks of a candidate.
    problem : Problem
        The objectives and constraints.
    termination : EarlyTermination
        Predicts the values of stopped candidates.
    """
    group = [candidate, *candidate.submodels]
    scored = [one for one in group if one.status in ("complete", "pruned")]
    for one in group:
        one.is_untold = bool(scored)
    if not scored:
        candidate.is_untold = False
        return
    losses, violations = [], []
    for one in scored:
        if one.status == "complete":
            results = plan.by_fold(one.results)
            values = problem.mean_values([results[k] for k in range(plan.n_folds)])
            broken = problem.violations_for_sampler(list(one.results.values()))
        else:
            one.prediction = termination.predict(one)
            values, broken = one.prediction[0], termination.predict_violations(one)
        losses.append(problem.signs * values)
        violations.append(total_violation(broken))
    rank = nondomination_rank(np.array(losses), np.array(violations))
    best = np.flatnonzero(rank == 0)
    n_told = 1 if len(problem.objectives) == 1 else MAX_TOLD
    if n_told > 1:
        best = best[best_by_fronts(np.array(losses)[best], n_told)]
    for place in best[:n_told]:
        scored[place].is_untold = False
