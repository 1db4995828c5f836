"""Base class of storages, which store studies and their trials."""

from __future__ import annotations

import copy
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skhpo.distributions import BaseDistribution
from skhpo.exceptions import UpdateFinishedTrialError
from skhpo.storages._direction import StudyDirection
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["BaseStorage", "StudyRecord"]


@dataclass(frozen=True)
class StudyRecord:
    """The record of a study, without its trials.

    Attributes
    ----------
    study_id : int
        Id of the study in the storage.
    study_name : str
        Name of the study.
    directions : tuple of int
        Directions of the objectives, as numbers of :class:`skhpo.study.StudyDirection`.
    user_attrs, system_attrs : dict of str to object
        Attributes set by the user, and by the library.
    """

    study_id: int
    study_name: str
    directions: tuple[int, ...]
    user_attrs: dict[str, Any]
    system_attrs: dict[str, Any]

    @property
    def direction(self) -> StudyDirection:
        """Return the direction of the only objective.

        Raises
        ------
        RuntimeError
            If the study has several objectives.
        """
        if len(self.directions) > 1:
            raise RuntimeError("A study with several objectives has no single direction.")
        return StudyDirection(self.directions[0])

    @property
    def _study_id(self) -> int:  # used by Optuna's tools
        return self.study_id


class BaseStorage(ABC):
    """Base class of the storages, compatible with Optuna's.

    Methods that return trials first read changes by other processes, except :meth:`get_trial` for a
    trial that runs in this process.

    A trial has an id, unique in the storage, and a number, counted from 0 in its study.
    All methods raise a KeyError for an unknown study or trial, and an
    :class:`skhpo.exceptions.UpdateFinishedTrialError` if they would change a finished trial.
    """

    # ------------------------------------------------------------------------ studies

    @abstractmethod
    def create_new_study(self, directions: Sequence[int], study_name: str | None = None) -> int:
        """Create a study and return its id.

        Parameters
        ----------
        directions : sequence of int
            Directions of the objectives.
        study_name : str, optional
            Name of the study. Default: a unique name.

        Raises
        ------
        skhpo.exceptions.DuplicatedStudyError
            If a study of this name exists.
        """

    @abstractmethod
    def delete_study(self, study_id: int) -> None:
        """Remove a study and its trials."""

    @abstractmethod
    def get_study_id_from_name(self, study_name: str) -> int:
        """Return the id of a study."""

    @abstractmethod
    def get_study(self, study_id: int) -> StudyRecord:
        """Return the record of a study."""

    @abstractmethod
    def get_all_studies(self) -> list[StudyRecord]:
        """Return the records of all studies, in the order of their creation."""

    def get_study_name_from_id(self, study_id: int) -> str:
        """Return the name of a study."""
        return self.get_study(study_id).study_name

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """Return the directions of a study's objectives."""
        return [StudyDirection(direction) for direction in self.get_study(study_id).directions]

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """Return the user attributes of a study, in a new dict."""
        return dict(self.get_study(study_id).user_attrs)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """Return the system attributes of a study, in a new dict."""
        return dict(self.get_study(study_id).system_attrs)

    @abstractmethod
    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set a user attribute of a study."""

    @abstractmethod
    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set a system attribute of a study."""

    # ------------------------------------------------------------------------- trials

    @abstractmethod
    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Create a trial with the next number and return its id.

        Parameters
        ----------
        study_id : int
            The study.
        template_trial : FrozenTrial, optional
            Its content. Default: a running trial without parameters.
        """

    @abstractmethod
    def create_next_trial(self, study_id: int, template_trial: FrozenTrial) -> int | None:
        """Create a trial and its first heartbeat if the template has the next number.

        Return its id, or None. This ensures that a trial was sampled with knowledge of all earlier
        trials, whatever other processes write.
        """

    @abstractmethod
    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Return a trial's record, which must not be changed."""

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """Return the records of a study's trials by number, in a new list.

        Parameters
        ----------
        study_id : int
            The study.
        deepcopy : bool, default=True
            Return copies. If False, the records must not be changed.
        states : container of TrialState, optional
            Return only trials in these states.
        """
        trials = self._read_trials(study_id)
        if states is not None:
            trials = [trial for trial in trials if trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    @abstractmethod
    def _read_trials(self, study_id: int) -> list[FrozenTrial]:
        """Return the records of a study's trials by number, in a new list."""

    def get_n_trials(
        self, study_id: int, state: Container[TrialState] | TrialState | None = None
    ) -> int:
        """Return the number of a study's trials, or of those in one or several states."""
        states = (state,) if isinstance(state, TrialState) else state
        return len(self.get_all_trials(study_id, deepcopy=False, states=states))

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """Return the complete trial with the best value, ignoring constraints.

        Raises
        ------
        ValueError
            If no trial is complete.
        RuntimeError
            If the study has several objectives.
        """
        directions = self.get_study_directions(study_id)
        if len(directions) > 1:
            raise RuntimeError("A study with several objectives has no single best trial.")
        trials = self.get_all_trials(study_id, deepcopy=False, states=(TrialState.COMPLETE,))
        if not trials:
            raise ValueError("No trial is complete.")
        best = max if directions[0] == StudyDirection.MAXIMIZE else min
        return best(trials, key=lambda trial: (trial.values or [])[0])

    def get_trial_number_from_id(self, trial_id: int) -> int:
        """Return the number of a trial."""
        return self.get_trial(trial_id).number

    def get_trial_param(self, trial_id: int, param_name: str) -> float:
        """Return a parameter of a trial as the distribution's internal number."""
        trial = self.get_trial(trial_id)
        return trial.distributions[param_name].to_internal_repr(trial.params[param_name])

    def get_trial_params(self, trial_id: int) -> dict[str, Any]:
        """Return the parameters of a trial, in a new dict."""
        return dict(self.get_trial(trial_id).params)

    def get_trial_user_attrs(self, trial_id: int) -> dict[str, Any]:
        """Return the user attributes of a trial, in a new dict."""
        return dict(self.get_trial(trial_id).user_attrs)

    def get_trial_system_attrs(self, trial_id: int) -> dict[str, Any]:
        """Return the system attributes of a trial, in a new dict."""
        return dict(self.get_trial(trial_id).system_attrs)

    def check_trial_is_updatable(self, trial_id: int, trial_state: TrialState) -> None:
        """Raise an error if a trial in this state cannot be changed.

        Raises
        ------
        skhpo.exceptions.UpdateFinishedTrialError
            If it is the state of a finished trial.
        """
        if trial_state.is_finished():
            raise UpdateFinishedTrialError(
                f"Trial {self.get_trial(trial_id).number} is {trial_state.name}, so it can "
                "no longer be changed."
            )

    @abstractmethod
    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """Return the id of a trial."""

    @abstractmethod
    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Set a parameter of an open trial, given as the distribution's internal number."""

    @abstractmethod
    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Change the state of a trial.

        Returns
        -------
        changed : bool
            False if the trial should start, but another process has started or finished it.
        """

    @abstractmethod
    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Store an intermediate value of an open trial."""

    @abstractmethod
    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set a user attribute of an open trial."""

    @abstractmethod
    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set a system attribute of an open trial."""

    @abstractmethod
    def take_over(self, trial_id: int, key: str, old: Any, new: Any) -> bool:
        """Replace a system attribute of an open trial if it still has the expected value.

        Parameters
        ----------
        trial_id : int
            The trial; afterwards it counts as running in this process.
        key : str
            Name of the attribute.
        old, new : object
            The expected value (None if the attribute is not set), and the new value.

        Returns
        -------
        changed : bool
            False if the attribute has another value, or the trial has finished.
        """

    def batch(self) -> AbstractContextManager[None]:
        """Return a context that writes all changes of trials atomically when it ends."""
        return nullcontext()

    def remove_session(self) -> None:  # noqa: B027
        """Close connections; the next use opens them again."""

    # --------------------------------------------------------------------- heartbeats

    def get_heartbeat_interval(self) -> int | None:
        """Return the seconds between two heartbeats of a trial; None without heartbeats."""
        return None

    def get_heartbeat_stale_trial_callback(self) -> Callable[[Study, FrozenTrial], None] | None:
        """Return the function that is called with a study and a trial whose worker died."""
        return None

    def get_failed_trial_callback(self) -> Callable[[Study, FrozenTrial], None] | None:
        """Deprecated alias of `get_heartbeat_stale_trial_callback`."""
        warnings.warn(
            "`get_failed_trial_callback` is deprecated: use `get_heartbeat_stale_trial_callback`.",
            FutureWarning,
            stacklevel=2,
        )
        return self.get_heartbeat_stale_trial_callback()

    def record_heartbeats(self, trial_ids: Sequence[int]) -> None:  # noqa: B027
        """Store that the workers of some trials are alive."""

    def get_stale_trial_ids(self, study_id: int, grace_period: float | None = None) -> list[int]:
        """Return the ids of running trials whose last heartbeat is older than `grace_period`."""
        return []
