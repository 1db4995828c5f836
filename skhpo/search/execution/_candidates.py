"""Candidates made of their trials, and the trials of submodels, which run without one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skhpo.history import EXTRA, SUBMODEL_OF, UNTOLD
from skhpo.search._records import Candidate
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.search.fidelity._submodels import Submodels
from skhpo.search.persistence._checkpoint import N_JUDGED, TAKEN_FROM, TASKS, Checkpoint
from skhpo.space import SearchSpace
from skhpo.study._draw import configs_of_submodels, note_tried
from skhpo.study._log import TrialLog
from skhpo.trial import FrozenTrial

__all__ = ["CandidateMaker", "create_trial", "stored_submodels"]


class CandidateMaker:
    """Makes the candidates of a search, with their submodels.

    Parameters
    ----------
    space : SearchSpace
        The search space.
    plan : EvaluationPlan
        The tasks of a candidate.
    submodels : Submodels
        The candidates that are scored on the fits of larger ones.
    """

    def __init__(self, space: SearchSpace, plan: EvaluationPlan, submodels: Submodels) -> None:
        self._space = space
        self._plan = plan
        self._submodels = submodels

    def of_trial(
        self, number: int, trial: FrozenTrial, config: Mapping[str, Any] | None = None
    ) -> Candidate:
        """Return the candidate of a trial.

        Parameters
        ----------
        number : int
            Its number in this run.
        trial : FrozenTrial
            Its trial, which may have ended in an earlier fit.
        config : mapping of str to object, optional
            Its parameters as drawn. Default: those of the trial.
        """
        candidate = Candidate(
            number,
            trial.system_attrs.get(TASKS) or self._plan.order(trial.number),
            params=self._space.to_params(trial.params if config is None else config),
            config=trial.params,
            trial_number=trial.number,
            trial_id=trial.trial_id,
            ended_after=trial.system_attrs[N_JUDGED] if trial.state.is_finished() else None,
            is_taken_over=TAKEN_FROM in trial.system_attrs,
            submodel_of=trial.system_attrs.get(SUBMODEL_OF),
            is_extra=EXTRA in trial.system_attrs,
            is_untold=UNTOLD in trial.system_attrs,
        )
        others = configs_of_submodels(trial)
        if others:
            candidate.shared = self._submodels.shared_fit(trial, others)
            is_extra = candidate.shared.is_extra
            candidate.submodels = [
                self._submodel(candidate, other, is_extra=is_extra) for other in others
            ]
        return candidate

    def _submodel(
        self, candidate: Candidate, config: Mapping[str, Any], *, is_extra: bool
    ) -> Candidate:
        """Return a submodel of a candidate, which has no trial of its own yet."""
        return Candidate(
            candidate.number,
            candidate.fold_order,
            params=self._space.to_params(config),
            config=config,
            trial_number=candidate.trial_number,
            trial_id=candidate.trial_id,
            submodel_of=candidate.trial_number,
            is_extra=is_extra,
        )


def stored_submodels(
    log: TrialLog, space: SearchSpace, candidate: Candidate
) -> dict[Any, FrozenTrial]:
    """Return the trials of a candidate's submodels, by the keys of their configurations."""
    return {
        space.config_key(trial.params): trial
        for trial in log.records()
        if trial.system_attrs.get(SUBMODEL_OF) == candidate.trial_number
    }


def create_trial(
    submodel: Candidate,
    log: TrialLog,
    space: SearchSpace,
    tried: set[Any],
    checkpoint: Checkpoint,
) -> FrozenTrial:
    """Create the trial of a submodel that has ended, with its folds and reports.

    Parameters
    ----------
    submodel : Candidate
        The submodel. It gets the number and the id of its trial.
    log : TrialLog
        Gets the trial, under the next free number.
    space : SearchSpace
        The search space.
    tried : set
        Keys of the configurations tried so far. Those of trials that other processes have begun
        are added.
    checkpoint : Checkpoint
        Stores the folds.

    Returns
    -------
    trial : FrozenTrial
        The trial, which still runs.
    """
    distributions = {name: space.distributions[name] for name in submodel.config}
    attrs = {SUBMODEL_OF: submodel.submodel_of, TASKS: list(map(int, submodel.results))}
    if submodel.is_extra:
        attrs[EXTRA] = True
    trial = None
    with log.lock:
        while trial is None:
            for other in log.read_new():
                note_tried(space, other, tried)
            trial = log.create(log.history.n_trials, submodel.config, distributions, attrs)
    submodel.trial_number, submodel.trial_id = trial.number, trial.trial_id
    for task, result in submodel.results.items():
        checkpoint.keep(trial.trial_id, task, result)
    for step, value in submodel.reports.items():
        log.report(trial.trial_id, step, value)
    checkpoint.ends(trial.trial_id, submodel.n_judged)
    return log.record(trial.trial_id)
