"""A storage in the memory of this process."""

from __future__ import annotations

import copy
import threading
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from skhpo.distributions import BaseDistribution, check_distribution_compatibility
from skhpo.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from skhpo.storages._base import BaseStorage, StudyRecord
from skhpo.trial import FrozenTrial, TrialState, create_trial

__all__ = ["InMemoryStorage"]


class InMemoryStorage(BaseStorage):
    """Studies and their trials, in memory.

    This is the default storage of a study. Several studies and several threads can share one.

    Examples
    --------
    >>> import skhpo
    >>> storage = skhpo.storages.InMemoryStorage()
    >>> study = skhpo.create_study(storage=storage, study_name="first")
    >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    >>> len(skhpo.load_study(storage=storage, study_name="first").trials)
    3
    """

    def __init__(self) -> None:
        self.studies: dict[int, StudyRecord] = {}
        self.ids_by_name: dict[str, int] = {}
        self.trials: dict[int, list[FrozenTrial]] = {}  # by study, then by number
        self.trials_by_id: dict[int, FrozenTrial] = {}
        self._study_of: dict[int, int] = {}  # by trial
        self._first: dict[int, dict[str, BaseDistribution]] = {}  # by study, by parameter
        self._n_studies = 0
        self._n_trials = 0
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"InMemoryStorage(n_studies={len(self.studies)})"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.RLock())

    # ------------------------------------------------------------------------ studies

    def create_new_study(self, directions: Sequence[int], study_name: str | None = None) -> int:
        """Create a study and return its id."""
        with self._lock:
            name = f"no-name-{uuid.uuid4()}" if study_name is None else study_name
            if name in self.ids_by_name:
                raise DuplicatedStudyError(
                    f"A study named {name!r} already exists. Load it with `load_study`, use "
                    "`load_if_exists=True`, or choose another name."
                )
            study_id, self._n_studies = self._n_studies, self._n_studies + 1
            self.studies[study_id] = StudyRecord(study_id, name, tuple(directions), {}, {})
            self.ids_by_name[name] = study_id
            self.trials[study_id] = []
            return study_id

    def delete_study(self, study_id: int) -> None:
        """Remove a study and its trials."""
        with self._lock:
            del self.ids_by_name[self.studies.pop(study_id).study_name]
            for trial in self.trials.pop(study_id):
                del self.trials_by_id[trial.trial_id]
                del self._study_of[trial.trial_id]
            self._first.pop(study_id, None)

    def get_study_id_from_name(self, study_name: str) -> int:
        """Return the id of a study."""
        if study_name not in self.ids_by_name:
            raise KeyError(
                f"No study is named {study_name!r}; the names are {sorted(self.ids_by_name)}."
            )
        return self.ids_by_name[study_name]

    def get_study(self, study_id: int) -> StudyRecord:
        """Return the record of a study."""
        return self.studies[study_id]

    def get_all_studies(self) -> list[StudyRecord]:
        """Return the records of all studies, in the order of their creation."""
        return list(self.studies.values())

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set a user attribute of a study."""
        self.studies[study_id].user_attrs[key] = value

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set a system attribute of a study."""
        self.studies[study_id].system_attrs[key] = value

    # ------------------------------------------------------------------------- trials

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Create a trial with the next number and return its id."""
        if template_trial is None:
            trial = create_trial(state=TrialState.RUNNING)
        else:
            trial = copy.deepcopy(template_trial)
        with self._lock:
            trials = self.trials[study_id]
            trial.number, trial.trial_id = len(trials), self._n_trials
            self._n_trials += 1
            trials.append(trial)
            self.trials_by_id[trial.trial_id] = trial
            self._study_of[trial.trial_id] = study_id
            for name, distribution in trial.distributions.items():
                self._first.setdefault(study_id, {}).setdefault(name, distribution)
            return trial.trial_id

    def create_next_trial(self, study_id: int, template_trial: FrozenTrial) -> int | None:
        """Create a trial if the template has the next number; return its id, or None."""
        with self._lock:
            if template_trial.number != len(self.trials[study_id]):
                return None
            return self.create_new_trial(study_id, template_trial)

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Return a trial's record, which must not be changed."""
        return self.trials_by_id[trial_id]

    def _read_trials(self, study_id: int) -> list[FrozenTrial]:
        return list(self.trials[study_id])

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """Return the id of a trial."""
        trials = self.trials[study_id]
        if not 0 <= trial_number < len(trials):
            raise KeyError(f"The study has no trial {trial_number}: it has {len(trials)} trials.")
        return trials[trial_number].trial_id

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Set a parameter of an open trial, given as the distribution's internal number."""
        trial = self.open_trial(trial_id)
        self.check_same_kind(trial_id, param_name, distribution)
        trial.params[param_name] = distribution.to_external_repr(param_value_internal)
        trial.distributions[param_name] = distribution

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Change the state of a trial; store the time of its start and its end."""
        with self._lock:
            if state == TrialState.RUNNING:
                if self.trials_by_id[trial_id].state != TrialState.WAITING:
                    return False
                self.trials_by_id[trial_id].datetime_start = datetime.now()
            trial = self.open_trial(trial_id)
            if values is not None:
                trial.values = list(values)
            if state.is_finished():
                trial.datetime_complete = datetime.now()
            trial.state = state
            return True

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Store an intermediate value of an open trial."""
        self.open_trial(trial_id).intermediate_values[step] = intermediate_value

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set a user attribute of an open trial."""
        self.open_trial(trial_id).user_attrs[key] = value

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set a system attribute of an open trial."""
        self.open_trial(trial_id).system_attrs[key] = value

    def take_over(self, trial_id: int, key: str, old: Any, new: Any) -> bool:
        """Replace a system attribute of an open trial if it still has the expected value."""
        with self._lock:
            trial = self.trials_by_id[trial_id]
            if trial.state.is_finished() or trial.system_attrs.get(key) != old:
                return False
            trial.system_attrs[key] = new
            return True

    def check_same_kind(self, trial_id: int, name: str, distribution: BaseDistribution) -> None:
        """Raise a ValueError if the study has another kind of parameter with this name."""
        of_study = self._first.setdefault(self._study_of[trial_id], {})
        known = of_study.setdefault(name, distribution)
        if known is not distribution:
            check_distribution_compatibility(known, distribution)

    def open_trial(self, trial_id: int) -> FrozenTrial:
        """Return the record of a trial, or raise an error if it has finished."""
        trial = self.trials_by_id[trial_id]
        if trial.state.is_finished():
            raise UpdateFinishedTrialError(
                f"Trial {trial.number} is {trial.state.name}, so it can no longer be changed."
            )
        return trial
