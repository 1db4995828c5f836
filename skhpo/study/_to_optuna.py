"""Convert a study to one of Optuna's, for tools that require it."""

from __future__ import annotations

import copy
import importlib
from typing import TYPE_CHECKING, Any

from skhpo.distributions import labelled_json
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from skhpo.study._study import Study

__all__ = ["to_optuna"]


def to_optuna(study: Study) -> Any:
    """Return a copy of a study as an in-memory ``optuna.Study``."""
    try:
        optuna = importlib.import_module("optuna")
    except ImportError as error:
        raise ImportError("`to_optuna` requires optuna: pip install optuna") from error
    record = study.storage.get_study(study.log.study_id)
    storage = optuna.storages.InMemoryStorage()
    directions = [optuna.study.StudyDirection(int(one)) for one in study.directions]
    study_id = storage.create_new_study(directions, study.study_name)
    for key, value in record.user_attrs.items():
        storage.set_study_user_attr(study_id, key, copy.deepcopy(value))
    for key, value in record.system_attrs.items():
        storage.set_study_system_attr(study_id, key, copy.deepcopy(value))
    for trial in study.get_trials():
        storage.create_new_trial(study_id, _trial_of(optuna, trial))
    return optuna.load_study(study_name=study.study_name, storage=storage)


def _trial_of(optuna: Any, trial: FrozenTrial) -> Any:
    """Return a trial of Optuna; choices that JSON cannot represent become labels."""
    distributions = {
        name: optuna.distributions.json_to_distribution(labelled_json(distribution))
        for name, distribution in trial.distributions.items()
    }
    return optuna.trial.FrozenTrial(
        number=trial.number,
        state=optuna.trial.TrialState(int(trial.state)),
        value=None,
        values=trial.values,
        datetime_start=trial.datetime_start,
        datetime_complete=trial.datetime_complete,
        params={
            name: distributions[name].to_external_repr(ours.to_internal_repr(trial.params[name]))
            for name, ours in trial.distributions.items()
        },
        distributions=distributions,
        user_attrs=trial.user_attrs,
        system_attrs=trial.system_attrs,
        intermediate_values=trial.intermediate_values,
        trial_id=-1,
    )
