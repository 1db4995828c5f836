"""What a storage is: it keeps studies and their trials, and knows no algorithm."""

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
    """What a storage knows of a study besides its trials.

    Attributes
    ----------
    study_id : int
        Identity in the storage.
    study_name : str
        Its name.
    directions : tuple of int
        Directions of its objectives, as :class:`skhpo.study.StudyDirection` numbers them.
    user_attrs, system_attrs : dict of str to object
        Notes of the user, and of the library.
    """

    study_id: int
    study_name: str
    directions: tuple[int, ...]
    user_attrs: dict[str, Any]
    system_attrs: dict[str, Any]

    @property
    def direction(self) -> StudyDirection:
        """The direction of the only objective.

        Raises
        ------
        RuntimeError
            If the study has several objectives.
        """
        if len(self.directions) > 1:
            raise RuntimeError("A study of several objectives has no single direction.")
        return StudyDirection(self.directions[0])

    @property
    def _study_id(self) -> int:  # what tools of Optuna's ask for
        return self.study_id


class BaseStorage(ABC):
    """Base class of the storages, in the dialect of Optuna.

    Methods that return trials look at what others have written, but for
    :meth:`get_trial` of a trial that runs here.

    Trials have an id, unique in the storage, and a number, counted from 0 in their study.
    Everything that names an unknown study or trial raises a KeyError; everything that changes a
    finished trial raises an :class:`skhpo.exceptions.UpdateFinishedTrialError`.
    """

    # ------------------------------------------------------------------------ studies

    @abstractmethod
    def create_new_study(self, directions: Sequence[int], study_name: str | None = None) -> int:
        """Keep a new study and return its id.

        Parameters
        ----------
        directions : sequence of int
            Directions of the objectives.
        study_name : str, optional
            Its name. Default: a unique one.

        Raises
        ------
        skhpo.exceptions.DuplicatedStudyError
            If there is a study of this name.
        """

    @abstractmethod
    def delete_study(self, study_id: int) -> None:
        """Remove a study and its trials."""

    @abstractmethod
    def get_study_id_from_name(self, study_name: str) -> int:
        """Return the id of a study."""

    @abstractmethod
    def get_study(self, study_id: int) -> StudyRecord:
        """Return what is known of a study."""

    @abstractmethod
    def get_all_studies(self) -> list[StudyRecord]:
        """Return what is known of each study, in the order in which they were created."""

    def get_study_name_from_id(self, study_id: int) -> str:
        """Return the name of a study."""
        return self.get_study(study_id).study_name

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """Return the directions of a study's objectives."""
        return [StudyDirection(direction) for direction in self.get_study(study_id).directions]

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """Return the notes of the user on a study, in a new dict."""
        return dict(self.get_study(study_id).user_attrs)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """Return the notes of the library on a study, in a new dict."""
        return dict(self.get_study(study_id).system_attrs)

    @abstractmethod
    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Keep a note of the user on a study."""

    @abstractmethod
    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Keep a note of the library on a study."""

    # ------------------------------------------------------------------------- trials

    @abstractmethod
    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Keep a new trial, number it, and return its id.

        Parameters
        ----------
        study_id : int
            The study.
        template_trial : FrozenTrial, optional
            What it is like. Default: running, and without parameters.
        """

    @abstractmethod
    def create_next_trial(self, study_id: int, template_trial: FrozenTrial) -> int | None:
        """Keep a new trial, and a sign of its life, if the number of the template is the next.

        Return its id, or None. So a trial can be drawn in the knowledge of all before it,
        whoever else writes.
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
            Return copies. Without, the records must not be changed.
        states : container of TrialState, optional
            Only trials in these states.
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
        """Return the number of a study's trials, or of those in a state or several."""
        states = (state,) if isinstance(state, TrialState) else state
        return len(self.get_all_trials(study_id, deepcopy=False, states=states))

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """Return the complete trial with the best value; constraints do not count.

        Raises
        ------
        ValueError
            If no trial is complete.
        RuntimeError
            If the study has several objectives.
        """
        directions = self.get_study_directions(study_id)
        if len(directions) > 1:
            raise RuntimeError("A study of several objectives has no single best trial.")
        trials = self.get_all_trials(study_id, deepcopy=False, states=(TrialState.COMPLETE,))
        if not trials:
            raise ValueError("No trial is complete.")
        best = max if directions[0] == StudyDirection.MAXIMIZE else min
        return best(trials, key=lambda trial: (trial.values or [])[0])

    def get_trial_number_from_id(self, trial_id: int) -> int:
        """Return the number of a trial."""
        return self.get_trial(trial_id).number

    def get_trial_param(self, trial_id: int, param_name: str) -> float:
        """Return a parameter of a trial, as the distribution's internal number."""
        trial = self.get_trial(trial_id)
        return trial.distributions[param_name].to_internal_repr(trial.params[param_name])

    def get_trial_params(self, trial_id: int) -> dict[str, Any]:
        """Return the parameters of a trial, in a new dict."""
        return dict(self.get_trial(trial_id).params)

    def get_trial_user_attrs(self, trial_id: int) -> dict[str, Any]:
        """Return the notes of the user on a trial, in a new dict."""
        return dict(self.get_trial(trial_id).user_attrs)

    def get_trial_system_attrs(self, trial_id: int) -> dict[str, Any]:
        """Return the notes of the library on a trial, in a new dict."""
        return dict(self.get_trial(trial_id).system_attrs)

    def check_trial_is_updatable(self, trial_id: int, trial_state: TrialState) -> None:
        """Raise an error if a trial in this state cannot be changed.

        Raises
        ------
        skhpo.exceptions.UpdateFinishedTrialError
            If the state is one of a finished trial.
        """
        if trial_state.is_finished():
            raise UpdateFinishedTrialError(
                f"Trial {self.get_trial(trial_id).number} is {trial_state.name}: it cannot be "
                "changed any more."
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
        """Set a parameter of an open trial, as the distribution's internal number."""

    @abstractmethod
    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Move a trial to another state.

        Returns
        -------
        changed : bool
            False if the trial was to start and had been started, or ended, by someone else.
        """

    @abstractmethod
    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Keep a value reported by an open trial."""

    @abstractmethod
    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Keep a note of the user on an open trial."""

    @abstractmethod
    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Keep a note of the library on an open trial."""

    @abstractmethod
    def take_over(self, trial_id: int, key: str, old: Any, new: Any) -> bool:
        """Change a note of the library on an open trial if it still is what it was.

        Parameters
        ----------
        trial_id : int
            The trial; it counts as one that runs here from then on.
        key : str
            The note.
        old, new : object
            What it must be (None if there is none), and is to be.

        Returns
        -------
        changed : bool
            False if the note is another by now, or the trial has ended.
        """

    def batch(self) -> AbstractContextManager[None]:
        """Return a context in which all that is set of trials is kept as a whole, at its end."""
        return nullcontext()

    def remove_session(self) -> None:  # noqa: B027
        """Close what is open, such as connections; the next use opens it again."""

    # ------------------------------------------------------------------ signs of life

    def get_heartbeat_interval(self) -> int | None:
        """Return the seconds between two heartbeats of a trial; None if there are none."""
        return None

    def get_heartbeat_stale_trial_callback(self) -> Callable[[Study, FrozenTrial], None] | None:
        """Return what is called with a study and a trial whose worker died."""
        return None

    def get_failed_trial_callback(self) -> Callable[[Study, FrozenTrial], None] | None:
        """Return the same: an old name of `get_heartbeat_stale_trial_callback`."""
        warnings.warn(
            "`get_failed_trial_callback` is an old name: write "
            "`get_heartbeat_stale_trial_callback`.",
            FutureWarning,
            stacklevel=2,
        )
        return self.get_heartbeat_stale_trial_callback()

    def record_heartbeats(self, trial_ids: Sequence[int]) -> None:  # noqa: B027
        """Note that the workers of some trials are alive."""

    def get_stale_trial_ids(self, study_id: int, grace_period: float | None = None) -> list[int]:
        """Return the ids of running trials whose last heartbeat is older than so many seconds."""
        return []
