"""Results of earlier searches of the same data, which a search takes over as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo._sklearn import scorers_by_name
from skhpo.history import COST, PREDICTED_VALUE, PREDICTED_VARIANCE, SUBMODEL_OF, UNTOLD
from skhpo.search._cloning import clone_with
from skhpo.search._records import FoldResult
from skhpo.search.fidelity._evaluation_plan import EvaluationPlan
from skhpo.search.objectives._problem import Problem
from skhpo.search.persistence._checkpoint import (
    FOLD,
    N_JUDGED,
    TAKEN_FROM,
    TASKS,
    folds_of,
    has_ended_with_folds,
)
from skhpo.search.persistence._fingerprint import describe_without
from skhpo.space import SearchSpace
from skhpo.space._defaults import means_other
from skhpo.storages import BaseStorage
from skhpo.study import Study
from skhpo.trial import FrozenTrial, TrialState
from skhpo.trial._base import CONSTRAINT

if TYPE_CHECKING:
    from skhpo.search._base import BaseStudySearchCV
    from skhpo.search._setup import Setup

__all__ = ["CANDIDATES", "EarlierResult", "find_earlier", "take_over", "taken_from"]

CANDIDATES = "skhpo:candidates"  # system attribute of a study: what its results depend on
PRECISION = 1e-9  # relative difference up to which two numbers are the same value

_STATUS = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned"}


@dataclass(frozen=True)
class EarlierResult:
    """A candidate of an earlier search that lies in the space of this one.

    Attributes
    ----------
    study_name : str
        The study that it belongs to.
    number : int
        The number of its trial there.
    trial : FrozenTrial
        The trial for this search, with the results of its folds.
    """

    study_name: str
    number: int
    trial: FrozenTrial


def find_earlier(
    search: BaseStudySearchCV,
    setup: Setup,
    plan: EvaluationPlan,
    description: Mapping[str, Any],
    studies: Sequence[Study],
) -> list[EarlierResult]:
    """Return the candidates of studies that this search would evaluate in the same way.

    Parameters
    ----------
    search : BaseStudySearchCV
        The search.
    setup : Setup
        The setup of its fit.
    plan : EvaluationPlan
        The tasks of its candidates.
    description : mapping of str to object
        What its results depend on; empty if that is unknown.
    studies : sequence of Study
        Studies of any kind. Those that are not of searches, or of other data, have none.

    Returns
    -------
    found : list of EarlierResult
        By study, then by number. Candidates that failed at a limit of time or memory are left out.
    """
    found: list[EarlierResult] = []
    if not description:
        return found
    translator = _Translator(search.estimator, setup.space)
    for study in studies:
        attrs = study.log.storage.get_study(study.log.study_id).system_attrs
        theirs = attrs.get(CANDIDATES)
        if theirs is None or theirs["conditions"] != description["conditions"]:
            continue
        for trial in study.get_trials(deepcopy=False):
            if not has_ended_with_folds(trial):
                continue
            results = _judged(trial, plan)
            if not results or not _has_metrics(results, setup):
                continue
            config = translator.config_of(trial, theirs)
            if config is not None:
                earlier = _trial(trial, config, results, plan, setup, study.study_name)
                found.append(EarlierResult(study.study_name, trial.number, earlier))
    return found


def take_over(
    storage: BaseStorage, study_id: int, space: SearchSpace, found: Sequence[EarlierResult]
) -> None:
    """Add earlier results to the study of a search, unless it has a trial of the same candidate.

    Several processes may do so at the same time: each result is added once.
    """
    chosen: dict[Any, FrozenTrial] = {}
    for one in found:
        key, trial = space.config_key(one.trial.params), one.trial
        if key not in chosen or _n_folds(chosen[key]) < _n_folds(trial):
            chosen[key] = trial
    known: set[Any] = set()
    n_read = 0
    for key, trial in chosen.items():
        while True:
            present = storage.get_all_trials(study_id, deepcopy=False)
            known.update(_keys(space, present[n_read:]))
            trial.number = n_read = len(present)
            if key in known or storage.create_next_trial(study_id, trial) is not None:
                break


def taken_from(trials: Sequence[FrozenTrial]) -> dict[str, list[int]]:
    """Return the numbers of the trials that were taken over, by the study that they come from."""
    taken: dict[str, list[int]] = {}
    for trial in trials:
        if TAKEN_FROM in trial.system_attrs:
            source, _ = trial.system_attrs[TAKEN_FROM]
            taken.setdefault(source, []).append(trial.number)
    return taken


def _keys(space: SearchSpace, trials: Sequence[FrozenTrial]) -> Iterator[Any]:
    for trial in trials:
        try:
            yield space.config_key(trial.params)
        except (KeyError, ValueError):  # a trial of the user's own, outside of the space
            continue


def _n_folds(trial: FrozenTrial) -> int:
    return int(trial.system_attrs[N_JUDGED])


# ------------------------------------------------------------------------- the results


def _judged(trial: FrozenTrial, plan: EvaluationPlan) -> dict[int, FoldResult]:
    """Return the results by which a candidate ended, in their order; empty if they are unknown."""
    folds, n_judged = folds_of(trial), _n_folds(trial)
    tasks = list(trial.system_attrs.get(TASKS) or plan.order(trial.number))[:n_judged]
    if not folds.keys() >= set(tasks):  # its search had another order of folds
        tasks = sorted(folds) if len(folds) == n_judged else []
    results = {int(task): folds[task] for task in tasks}
    at_limit = any(result.ended_as is not None for result in results.values())
    return {} if at_limit else results  # with another limit, it might not fail


def _has_metrics(results: Mapping[int, FoldResult], setup: Setup) -> bool:
    """Return whether all costs that this search needs were measured, and scores in constraints."""
    names = {cost.name for cost in setup.problem.costs}
    if len(setup.problem.objectives) > 1:
        names |= scorers_by_name(setup.evaluation.scorer).keys()
        return all(names <= result.metrics.keys() for result in results.values())
    return all(names <= (result.costs or {}).keys() for result in results.values())


def _trial(
    trial: FrozenTrial,
    config: Mapping[str, Any],
    results: Mapping[int, FoldResult],
    plan: EvaluationPlan,
    setup: Setup,
    study_name: str,
) -> FrozenTrial:
    """Return the trial for the new study."""
    attrs: dict[str, Any] = {
        TAKEN_FROM: [study_name, trial.number],
        TASKS: list(results),
        N_JUDGED: len(results),
    }
    attrs |= {
        f"{FOLD}{task}": _stored(trial, task, result, setup) for task, result in results.items()
    }
    noted = (PREDICTED_VALUE, PREDICTED_VARIANCE, UNTOLD)
    attrs |= {name: trial.system_attrs[name] for name in noted if name in trial.system_attrs}
    attrs |= _violations(trial, results, setup.problem)
    seconds = plan.seconds(results, _STATUS.get(trial.state))
    if seconds > 0.0 and SUBMODEL_OF not in trial.system_attrs:
        attrs[COST] = seconds
    distributions = {name: setup.space.distributions[name] for name in config}
    return FrozenTrial(
        number=trial.number,
        state=trial.state,
        value=None,
        values=trial.values,
        datetime_start=trial.datetime_start,
        datetime_complete=trial.datetime_complete,
        params={name: d.canonical(config[name]) for name, d in distributions.items()},
        distributions=distributions,
        user_attrs=dict(trial.user_attrs),
        system_attrs=attrs,
        intermediate_values=_reports(results, plan, setup.problem),
        trial_id=-1,
    )


def _stored(trial: FrozenTrial, task: int, result: FoldResult, setup: Setup) -> Any:
    """Return a result as it is stored, without scores that this search does not record."""
    is_same = len(setup.problem.objectives) == 1
    names = [] if is_same else list(scorers_by_name(setup.evaluation.scorer))
    if is_same or not isinstance(result.test_scores, dict) or list(result.test_scores) == names:
        return trial.system_attrs[f"{FOLD}{task}"]
    train = result.train_scores
    return replace(
        result,
        test_scores={name: result.test_scores[name] for name in names},
        train_scores={n: train[n] for n in names} if isinstance(train, dict) else train,
    ).to_json()


def _violations(
    trial: FrozenTrial, results: Mapping[int, FoldResult], problem: Problem
) -> dict[str, float]:
    """Return attributes with the violations of this search's own constraints and preferences."""
    if not problem.steering or trial.state not in _STATUS:
        return {}
    folds = list(results.values())
    values = None
    if PREDICTED_VALUE in trial.system_attrs:
        values = np.array(trial.system_attrs[PREDICTED_VALUE], dtype=float)
    violations = problem.violations_for_sampler(folds, values=values)
    if values is not None:  # for the same bound, the earlier prediction: it used all objectives
        bounds = {str(one) for one in problem.steering if one.function is None}
        violations |= {
            n: v for n, v in trial.constraints.items() if n in bounds & violations.keys()
        }
    return {CONSTRAINT + name: value for name, value in violations.items()}


def _reports(
    results: Mapping[int, FoldResult], plan: EvaluationPlan, problem: Problem
) -> dict[int, float]:
    """Return the reports as this search would make them: its pruner may read other ones."""
    reports: dict[int, float] = {}
    if len(problem.objectives) > 1:
        return reports
    tasks: list[int] = []
    scores: list[float] = []
    for task, result in results.items():
        if result.stopped_at is not None:
            break
        tasks.append(task)
        scores.append(float(problem.values(result)[0]))
        report = plan.report(tasks, scores)
        if report is not None:
            reports[report[0]] = report[1]
    return reports


# ------------------------------------------------------------------- the same candidate


class _Translator:
    """Finds the candidates of other searches in the space of this one.

    Parameters
    ----------
    estimator : estimator
        The estimator of this search.
    space : SearchSpace
        Its space.
    """

    def __init__(self, estimator: Any, space: SearchSpace) -> None:
        self._estimator = estimator
        self._space = space
        self._rest: dict[tuple[str, ...], str | None] = {}
        self._components = {**estimator.get_params(deep=True), "": estimator}
        self._branches = [space.targets(branch).keys() for branch in range(space.n_branches)]

    def config_of(self, trial: FrozenTrial, theirs: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the candidate of a trial in this space; None if it is another model, or outside.

        Parameters
        ----------
        trial : FrozenTrial
            A trial of another search.
        theirs : mapping of str to object
            What its results depend on.
        """
        branch = theirs["branch"]
        names, rest = theirs["branches"][0 if branch is None else int(trial.params[branch])]
        targets = tuple(names.values())
        if targets not in self._rest:
            self._rest[targets] = describe_without(self._estimator, targets)
        if rest is None or rest != self._rest[targets]:
            return None
        params = {target: trial.params[name] for name, target in names.items()}
        if any(branch_targets == params.keys() for branch_targets in self._branches):
            return self._locate(params)
        return self._locate_in_other_branches(params)

    def _locate_in_other_branches(self, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """Find a candidate by its whole model: the searches set different parameters of it."""
        try:
            model = clone_with(self._estimator, params)
        except (ValueError, AttributeError, TypeError):  # a text that stands for an estimator
            return None
        values = model.get_params(deep=True)
        wanted = describe_without(model, ())
        for targets in self._branches:
            if not targets <= values.keys():
                continue
            ours = {target: values[target] for target in targets}
            config = self._locate(ours)
            if config is not None:
                same = clone_with(self._estimator, ours)
                if describe_without(same, ()) == wanted:
                    return config
        return None

    def _locate(self, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the config of parameters that are those of a branch; None if it lies outside."""
        config = self._space.to_config(params)
        if config is None:
            return None
        found = self._space.to_params(config)
        if found.keys() != params.keys():
            return None
        is_same = all(self._is_same(params[name], found[name], name) for name in found)
        return config if is_same else None

    def _is_same(self, value: Any, found: Any, target: str) -> bool:
        """Return whether a number is the same for the estimator, not only near."""
        if isinstance(value, float) and isinstance(found, float):
            return abs(found - value) <= PRECISION * abs(value)
        return not means_other(value, found, target, self._components)
