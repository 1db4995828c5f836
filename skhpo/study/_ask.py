"""Ask for a candidate of a search space that is declared in advance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from skhpo.study._draw import draw_config, note_tried
from skhpo.study._tell import end_trial
from skhpo.trial import FrozenTrial, TrialState
from skhpo.trial._frozen import FIXED_PARAMS

if TYPE_CHECKING:
    from skhpo.space import SearchSpace
    from skhpo.study._study import Study

__all__ = ["Gathered", "ask_in_space"]


@dataclass(frozen=True)
class Gathered:
    """A candidate, and those that are evaluated with it.

    Attributes
    ----------
    config : mapping of str to object
        The candidate.
    others : sequence of mapping of str to object
        The others, which count as tried.
    system_attrs : mapping of str to object
        Further system attributes of its trial.
    """

    config: Mapping[str, Any]
    others: Sequence[Mapping[str, Any]] = ()
    system_attrs: Mapping[str, Any] = field(default_factory=dict)


def ask_in_space(
    study: Study,
    space: SearchSpace,
    tried: set[Any],
    enqueued: Sequence[Mapping[str, Any]] = (),
    limit: float = math.inf,
    system_attrs: Mapping[str, Any] | None = None,
    may_begin: Callable[[], bool] = lambda: True,
    gather: Callable[[Mapping[str, Any], set[Any]], Gathered] = lambda config, tried: Gathered(
        config
    ),
) -> tuple[FrozenTrial, dict[str, Any]] | None:
    """Begin a trial with an untried candidate.

    Parameters
    ----------
    study : Study
        The study, whose sampler draws the candidate and whose log records the trial.
    space : SearchSpace
        The space of the candidate.
    tried : set
        Keys of the tried candidates. The function adds the new candidate and those of other
        processes.
    enqueued : sequence of mapping of str to object
        Values of the first trials; missing parameters are sampled.
    limit : float
        Maximum number of trials of the study, without submodels.
    system_attrs : mapping of str to object, optional
        System attributes of the new trial.
    may_begin : callable, optional
        Returns whether another trial may begin, given all trials so far. It is called again if
        another process begins a trial before this one.
    gather : callable, optional
        Gets a drawn candidate and the tried ones, and returns the candidate to begin, with those
        that are evaluated with it.

    Returns
    -------
    trial : FrozenTrial
        The record of the trial.
    config : dict of str to object
        The parameters, by their names in the study.
        None is returned instead of both if the space is exhausted, the study has `limit` trials,
        or no other trial may begin.
    """
    log, attrs = study.log, system_attrs or {}
    with log.lock:
        while True:
            for other in log.read_new():
                note_tried(space, other, tried)
            if not may_begin():
                return None
            waiting = log.take_waiting()
            number = log.history.n_trials if waiting is None else waiting.number
            place = number - log.history.n_submodels
            if waiting is None and place >= limit:
                return None
            fixed = enqueued[place] if place < len(enqueued) else {}
            if waiting is not None:
                fixed = waiting.system_attrs.get(FIXED_PARAMS, {})
            config = draw_config(study, space, number, fixed, tried)
            if waiting is not None:
                if config is None:
                    end_trial(study, waiting, TrialState.FAIL, None)
                    continue
                with log.storage.batch():
                    log.set_system_attrs(waiting.trial_id, attrs)
                    for name, value in config.items():
                        log.set_param(waiting, name, value, space.distributions[name])
                return log.record(waiting.trial_id), config
            if config is None:
                return None
            gathered = gather(config, tried)
            config = dict(gathered.config)
            distributions = {name: space.distributions[name] for name in config}
            trial = log.create(number, config, distributions, {**attrs, **gathered.system_attrs})
            if trial is not None:
                tried.update(space.config_key(one) for one in (config, *gathered.others))
                return trial, config
