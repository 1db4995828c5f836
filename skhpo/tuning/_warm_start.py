"""The start of a job from earlier jobs: their trials as results, or their best as candidates."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from skhpo.exceptions import DuplicatedStudyError, StudyMismatchError
from skhpo.space import SearchSpace
from skhpo.storages import BaseStorage
from skhpo.study import Study, get_all_study_names, load_study
from skhpo.trial import TrialState

__all__ = ["best_of_parents", "inherit"]

INHERITED = "skhpo:inherited"  # user attribute: the number of trials of the parent
N_BEST = 5  # candidates that a transfer takes from each parent
PATIENCE = 60.0  # seconds to wait for another process that copies the trials
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


def inherit(storage: BaseStorage, name: str, parent: str) -> int:
    """Copy the finished trials of a parent to the study of a job, once.

    If several processes start the job at the same time, one of them copies, and the others wait.

    Parameters
    ----------
    storage : BaseStorage
        The storage of both studies.
    name, parent : str
        Names of the job and of its parent.

    Returns
    -------
    n_inherited : int
        Number of trials that the study has from its parent.

    Raises
    ------
    ValueError
        If there is no such parent.
    """
    source = _load(storage, parent)
    try:
        storage.create_new_study(source.directions, name)
    except DuplicatedStudyError:
        return _wait_for_trials(storage, name)
    child = load_study(study_name=name, storage=storage)
    for key, value in storage.get_study(source.log.study_id).system_attrs.items():
        storage.set_study_system_attr(child.log.study_id, key, value)
    trials = source.get_trials(deepcopy=False, states=FINISHED)
    child.add_trials(trials)
    child.set_user_attr(INHERITED, len(trials))
    return len(trials)


def _wait_for_trials(storage: BaseStorage, name: str) -> int:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        study = load_study(study_name=name, storage=storage)
        if INHERITED in study.user_attrs:
            return int(study.user_attrs[INHERITED])
        time.sleep(0.2)
    raise StudyMismatchError(
        f"The study {name!r} exists, but without the trials of its parent. Give the job another "
        "name, or remove the study with `skhpo.delete_study(study_name=..., storage=...)`."
    )


def best_of_parents(
    storage: BaseStorage, parents: Sequence[str], space: dict[str, Any], estimator: Any
) -> list[dict[str, Any]]:
    """Return the first candidates of a transfer: the defaults, and the best of each parent.

    Candidates that do not lie in the space are left out. Parameters that only the parents had
    are, too.
    """
    search_space = SearchSpace.from_param_distributions(space, estimator=estimator)
    defaults = {name: value for name, value in estimator.get_params().items() if name in space}
    found = [defaults]
    for parent in parents:
        study = _load(storage, parent)
        trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        sign = -1.0 if study.direction.name == "MAXIMIZE" else 1.0
        trials.sort(key=lambda trial: sign * float(trial.value or 0.0))
        found += [
            {name: trial.params[name] for name in space if name in trial.params}
            for trial in trials[:N_BEST]
        ]
    unique: list[dict[str, Any]] = []
    for params in found:
        if params and params not in unique and search_space.to_config(params) is not None:
            unique.append(params)
    return unique


def _load(storage: BaseStorage, parent: str) -> Study:
    names = get_all_study_names(storage)
    if parent not in names:
        listed = ", ".join(map(repr, names)) or "no job"
        raise ValueError(
            f"WarmStartConfig: the storage has no job {parent!r}; it has {listed}. Parents must "
            "use the same Storage."
        )
    return load_study(study_name=parent, storage=storage)
