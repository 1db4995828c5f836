"""Summaries of studies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from skhpo.study._direction import StudyDirection, only_direction
from skhpo.trial import FrozenTrial

__all__ = ["StudySummary"]


@dataclass(frozen=True)
class StudySummary:
    """A summary of a study, returned by :func:`skhpo.get_all_study_summaries`.

    Attributes
    ----------
    study_name : str
        Name of the study.
    directions : list of StudyDirection
        One per objective.
    best_trial : FrozenTrial or None
        A copy of the best trial, if the study has one objective and a complete feasible trial.
    user_attrs : dict of str to object
        User attributes of the study.
    n_trials : int
        Number of trials in all states.
    datetime_start : datetime or None
        Start of the first trial.
    study_id : int
        Identity of the study in its storage. Summaries are sorted by it.
    """

    study_name: str
    directions: list[StudyDirection]
    best_trial: FrozenTrial | None
    user_attrs: dict[str, Any]
    n_trials: int
    datetime_start: datetime | None
    study_id: int

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, StudySummary):
            return NotImplemented
        return self.study_id < other.study_id

    def __le__(self, other: object) -> bool:
        if not isinstance(other, StudySummary):
            return NotImplemented
        return self.study_id <= other.study_id

    @property
    def _study_id(self) -> int:
        """The name that scripts written for Optuna use."""
        return self.study_id

    @property
    def direction(self) -> StudyDirection:
        """The direction of a study with one objective.

        Raises
        ------
        RuntimeError
            If the study has several objectives.
        """
        return only_direction(self.directions)
