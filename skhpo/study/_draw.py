"""Draw untried candidates of a search space that is declared in advance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.distributions import BaseDistribution
from skhpo.history import SUBMODELS
from skhpo.samplers import (
    BaseSampler,
    ColumnSampler,
)
from skhpo.samplers._base import draws_by_groups
from skhpo.trial import FrozenTrial, TrialState, create_trial

if TYPE_CHECKING:
    from skhpo.space import Group, SearchSpace
    from skhpo.study._study import Study

__all__ = ["configs_of_submodels", "draw_config", "note_tried"]

MAX_ATTEMPTS = 10
N_FAIR = 2  # initial trials of each branch and each choice of an estimator


def draw_config(
    study: Study,
    space: SearchSpace,
    number: int,
    fixed: Mapping[str, Any],
    tried: set[Any],
) -> dict[str, Any] | None:
    """Draw a candidate for trial `number`.

    Parameters
    ----------
    study : Study
        The study, whose sampler draws.
    space : SearchSpace
        The space.
    number : int
        Number of the next trial.
    fixed : mapping of str to object
        Fixed values.
    tried : set
        Keys of the candidates tried so far.

    Returns
    -------
    config : dict of str to object, or None
        Values by name; None if the space, or the part that the sampler covers, is exhausted.
    """
    if len(tried) >= space.n_candidates:
        return None
    sampler, held = study.sampler.unwrapped, study.sampler.held_params
    if sampler.is_exhausted(study):
        return None
    draws_by_columns = draws_by_groups(sampler)
    draw: Any = _draw_by_columns if draws_by_columns else _draw_in_dialect
    given = {**fixed, **held}
    # Samplers that follow Optuna's protocol, such as the grid, choose branches themselves.
    due = _due(study, space, given) if draws_by_columns else {}
    try:
        for attempt in range(MAX_ATTEMPTS):
            # If the due candidates are exhausted, the sampler chooses.
            wanted = given | due if attempt < MAX_ATTEMPTS // 2 else given
            config: dict[str, Any] = draw(study, sampler, space, number, wanted, tried)
            if space.config_key(config) not in tried:
                return config
        if held:
            return None
        return space.random_unseen(tried, sampler.stream(number))
    finally:
        sampler.forget(number)


def _due(study: Study, space: SearchSpace, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the branch and the estimators to try next, because others were tried more often.

    Each branch, and each choice of a parameter that switches estimators, is tried ``N_FAIR`` times
    before the sampler chooses. The first of those tried least often is due. Running and failed
    trials count as tried.
    """
    due: dict[str, Any] = {}
    for name, distribution in space.groups[0].distributions.items():
        is_switch = name == space.branch_name or _switches_estimators(distribution)
        if name in given or not is_switch:
            continue
        columns = study.history.columns({name: distribution})
        rows = np.concatenate([columns.finished, columns.pending])
        internal = distribution.from_unit(columns.points[rows, 0]).astype(np.int64)
        counts = np.bincount(internal, minlength=distribution.n_cells or 1)
        if name == space.branch_name:
            sizes = np.array([space.size_of(b) for b in range(len(counts))])
            wanted = np.minimum(N_FAIR, sizes)
        else:
            wanted = np.full(len(counts), float(N_FAIR))
        is_short = counts < wanted
        if is_short.any():
            first = int(np.argmin(np.where(is_short, counts, np.inf)))
            due[name] = distribution.to_external_repr(float(first))
    return due


def _switches_estimators(distribution: BaseDistribution) -> bool:
    """Return whether some of the choices are estimators."""
    choices = getattr(distribution, "choices", ())
    return len(choices) > 1 and any(
        hasattr(choice, "fit") and not isinstance(choice, type) for choice in choices
    )


def note_tried(space: SearchSpace, trial: FrozenTrial, tried: set[Any]) -> None:
    """Add the keys of another process's trial and its submodels, if they lie in the space."""
    for config in (trial.params, *configs_of_submodels(trial)):
        try:
            tried.add(space.config_key(config))
        except (KeyError, ValueError):  # it has no branch, or a value outside the space
            continue


def configs_of_submodels(trial: FrozenTrial) -> list[dict[str, Any]]:
    """Return the configurations that are scored on the fits of a trial."""
    noted = trial.system_attrs.get(SUBMODELS)
    if noted is None or noted["parameter"] not in trial.distributions:
        return []
    name = noted["parameter"]
    values = map(trial.distributions[name].to_external_repr, noted["values"])
    return [{**trial.params, name: value} for value in values]


def _draw_by_columns(
    study: Study,
    sampler: ColumnSampler,
    space: SearchSpace,
    number: int,
    fixed: Mapping[str, Any],
    tried: set[Any],
) -> dict[str, Any]:
    """Draw group by group; in the last group, take the best untried proposal."""

    def proposals(group: Group) -> list[dict[str, Any]]:
        given = {name: fixed[name] for name in group.distributions if name in fixed}
        free = {n: d for n, d in group.distributions.items() if n not in fixed}
        if not free:
            return [given]
        drawn = sampler.sample_group(study.history, number, free)
        return [
            given | {name: free[name].to_external_repr(row[name]) for name in free} for row in drawn
        ]

    for config in proposals(space.groups[0]):
        groups = space.active_groups(space.branch_of(config))[1:]
        if groups or space.config_key(config) not in tried:
            break
    for group in groups[:-1]:
        config = config | proposals(group)[0]
    for proposal in proposals(groups[-1]) if groups else ():
        candidate = config | proposal
        if space.config_key(candidate) not in tried:
            break
    return candidate if groups else config


def _draw_in_dialect(
    study: Study,
    sampler: BaseSampler,
    space: SearchSpace,
    number: int,
    fixed: Mapping[str, Any],
    tried: set[Any],
) -> dict[str, Any]:
    """Draw with the methods of Optuna's protocol, for a trial that is not yet in the study."""
    trial = create_trial(state=TrialState.RUNNING)
    trial.number = trial.trial_id = number
    sampler.before_trial(study, trial)
    known = sampler.infer_relative_search_space(study, trial)
    relative = sampler.sample_relative(study, trial, known)

    def suggest(name: str, distribution: BaseDistribution) -> None:
        if name in fixed:
            value = fixed[name]
        elif name in relative:
            value = relative[name]
        else:
            value = sampler.sample_independent(study, trial, name, distribution)
        trial.params[name] = value
        trial.distributions[name] = distribution

    _suggest_all(trial, space, suggest)
    return trial.params


def _suggest_all(trial: FrozenTrial, space: SearchSpace, suggest: Any) -> None:
    for name, distribution in space.groups[0].distributions.items():
        suggest(name, distribution)
    for group in space.active_groups(space.branch_of(trial.params))[1:]:
        for name, distribution in group.distributions.items():
            suggest(name, distribution)
