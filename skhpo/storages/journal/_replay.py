"""The entries of a journal, and their replay to studies and trials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache
from typing import Any, ClassVar

from skhpo.distributions import json_to_distribution
from skhpo.storages._json import distribution_json, plain_attribute
from skhpo.storages._memory import InMemoryStorage
from skhpo.trial import FrozenTrial, TrialState

__all__ = ["Operation", "Replay", "template_log", "utc_now"]


class Operation(IntEnum):
    """The operation of an entry, with the number of Optuna's format."""

    CREATE_STUDY = 0
    DELETE_STUDY = 1
    SET_STUDY_USER_ATTR = 2
    SET_STUDY_SYSTEM_ATTR = 3
    CREATE_TRIAL = 4
    SET_TRIAL_PARAM = 5
    SET_TRIAL_STATE_VALUES = 6
    SET_TRIAL_INTERMEDIATE_VALUE = 7
    SET_TRIAL_USER_ATTR = 8
    SET_TRIAL_SYSTEM_ATTR = 9
    DISCARD_TRIALS = 10  # a hint by other programs without effect


_distribution = lru_cache(maxsize=4096)(json_to_distribution)


class Replay:
    """The state of a journal's studies, updated entry by entry.

    An entry that is no longer valid (a study with an existing name, a change of a finished trial)
    came too late and has no effect. Ids are assigned in order, as in Optuna's replay.

    Attributes
    ----------
    memory : InMemoryStorage
        The studies and trials so far.
    """

    def __init__(self) -> None:
        self.memory = InMemoryStorage()

    def apply(self, log: Mapping[str, Any]) -> None:
        """Apply an entry."""
        operation = Operation(log["op_code"])
        if operation == Operation.CREATE_STUDY:
            self._create_study(log)
        elif operation in self._OF_STUDIES and log["study_id"] in self.memory.studies:
            self._OF_STUDIES[operation](self, log["study_id"], log)
        elif operation in self._OF_TRIALS:
            trial = self.memory.trials_by_id.get(log["trial_id"])
            if trial is not None and not trial.state.is_finished():
                self._OF_TRIALS[operation](self, trial, log)

    # ------------------------------------------------------------------------ studies

    def _create_study(self, log: Mapping[str, Any]) -> None:
        if log["study_name"] not in self.memory.ids_by_name:
            self.memory.create_new_study(log["directions"], log["study_name"])

    def _delete_study(self, study_id: int, log: Mapping[str, Any]) -> None:
        self.memory.delete_study(study_id)

    def _set_study_user_attr(self, study_id: int, log: Mapping[str, Any]) -> None:
        self.memory.studies[study_id].user_attrs.update(log["user_attr"])

    def _set_study_system_attr(self, study_id: int, log: Mapping[str, Any]) -> None:
        self.memory.studies[study_id].system_attrs.update(log["system_attr"])

    def _create_trial(self, study_id: int, log: Mapping[str, Any]) -> None:
        distributions = {k: _distribution(d) for k, d in log.get("distributions", {}).items()}
        trial = FrozenTrial(
            number=-1,
            state=TrialState(log.get("state", TrialState.RUNNING)),
            value=log.get("value") if log.get("values") is None else None,
            values=log.get("values"),
            datetime_start=_local(log.get("datetime_start")),
            datetime_complete=_local(log.get("datetime_complete")),
            params={
                k: distributions[k].to_external_repr(p) for k, p in log.get("params", {}).items()
            },
            distributions=distributions,
            user_attrs=dict(log.get("user_attrs", {})),
            system_attrs=dict(log.get("system_attrs", {})),
            intermediate_values={
                int(step): value for step, value in log.get("intermediate_values", {}).items()
            },
            trial_id=-1,
        )
        self.memory.create_new_trial(study_id, trial)

    # ------------------------------------------------------------------------- trials

    def _set_param(self, trial: FrozenTrial, log: Mapping[str, Any]) -> None:
        name, distribution = log["param_name"], _distribution(log["distribution"])
        try:
            self.memory.check_same_kind(trial.trial_id, name, distribution)
        except ValueError:
            return
        trial.params[name] = distribution.to_external_repr(log["param_value_internal"])
        trial.distributions[name] = distribution

    def _set_state_values(self, trial: FrozenTrial, log: Mapping[str, Any]) -> None:
        state = TrialState(log["state"])
        if state == TrialState.RUNNING:
            if trial.state == TrialState.RUNNING:
                return  # another process was faster
            trial.datetime_start = _local(log["datetime_start"])
        if state.is_finished():
            trial.datetime_complete = _local(log["datetime_complete"])
        if log["values"] is not None:
            trial.values = list(log["values"])
        trial.state = state

    def _set_intermediate_value(self, trial: FrozenTrial, log: Mapping[str, Any]) -> None:
        trial.intermediate_values[int(log["step"])] = log["intermediate_value"]

    def _set_user_attr(self, trial: FrozenTrial, log: Mapping[str, Any]) -> None:
        trial.user_attrs.update(log["user_attr"])

    def _set_system_attr(self, trial: FrozenTrial, log: Mapping[str, Any]) -> None:
        trial.system_attrs.update(log["system_attr"])

    _OF_STUDIES: ClassVar[dict[Operation, Callable[[Replay, int, Mapping[str, Any]], None]]] = {
        Operation.DELETE_STUDY: _delete_study,
        Operation.SET_STUDY_USER_ATTR: _set_study_user_attr,
        Operation.SET_STUDY_SYSTEM_ATTR: _set_study_system_attr,
        Operation.CREATE_TRIAL: _create_trial,
    }
    _OF_TRIALS: ClassVar[
        dict[Operation, Callable[[Replay, FrozenTrial, Mapping[str, Any]], None]]
    ] = {
        Operation.SET_TRIAL_PARAM: _set_param,
        Operation.SET_TRIAL_STATE_VALUES: _set_state_values,
        Operation.SET_TRIAL_INTERMEDIATE_VALUE: _set_intermediate_value,
        Operation.SET_TRIAL_USER_ATTR: _set_user_attr,
        Operation.SET_TRIAL_SYSTEM_ATTR: _set_system_attr,
    }


def template_log(trial: FrozenTrial) -> dict[str, Any]:
    """Return the fields of an entry that creates a trial from a template."""
    several = trial.values is not None and len(trial.values) > 1
    log = {
        "state": trial.state,
        "value": None if several or not trial.values else trial.values[0],
        "values": trial.values if several else None,
        "datetime_start": _utc(trial.datetime_start),
        "distributions": {k: distribution_json(d) for k, d in trial.distributions.items()},
        "params": {k: trial.distributions[k].to_internal_repr(v) for k, v in trial.params.items()},
        "user_attrs": {k: plain_attribute(k, v) for k, v in trial.user_attrs.items()},
        "system_attrs": {k: plain_attribute(k, v) for k, v in trial.system_attrs.items()},
        "intermediate_values": trial.intermediate_values,
    }
    if trial.datetime_complete is not None:
        log["datetime_complete"] = _utc(trial.datetime_complete)
    return log


def utc_now() -> str:
    """Return the current time in the format of entries."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")


def _local(moment: str | None) -> datetime | None:
    """Convert a time of an entry to local time."""
    if moment is None:
        return None
    return datetime.fromisoformat(moment).astimezone().replace(tzinfo=None)
