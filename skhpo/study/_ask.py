"""Ask for a candidate of a search space that is declared in advance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from skhpo.study._draw import draw_config, note_tried
from skhpo.study._tell import end_trial
from skhpo.trial import FrozenTrial, TrialState
from skhpo.trial._frozen import FIXED_PARAMS

if TYPE_CHECKING:
    from skhpo.space import SearchSpace
    from skhpo.study._study import Study

__all__ = ["ask_in_space"]


def ask_in_space(
    study: Study,
    space: SearchSpace,
    tried: set[Any],
    enqueued: Sequence[Mapping[str, Any]] = (),
    limit: float = math.inf,
    system_attrs: Mapping[str, Any] | None = None,
    may_begin: Callable[[], bool] = lambda: True,
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
        Maximum number of trials of the study.
    system_attrs : mapping of str to object, optional
        System attributes of the new trial.
    may_begin : callable, optional
        Returns whether another trial may begin, given all trials so far. It is called again if
        another process begins a trial before this one.

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
            if waiting is None and number >= limit:
                return None
            fixed = enqueued[number] if number < len(enqueued) else {}
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
            distributions = {name: space.distributions[name] for name in config}
            trial = log.create(number, config, distributions, attrs)
            if trial is not None:
                tried.add(space.config_key(config))
                return trial, config
