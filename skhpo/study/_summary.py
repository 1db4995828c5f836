"""Summary of a study that is not loaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from skhpo.study._direction import StudyDirection, only_direction
from skhpo.trial import FrozenTrial

__all__ = ["StudySummary"]


@dataclass(frozen=True)
class StudySummary:
    """A study in brief, from :func:`get_all_study_summaries`.

    Attributes
    ----------
    study_name : str
        Its name.
    directions : list of StudyDirection
        One for each objective.
    best_trial : FrozenTrial or None
        A copy of its best trial, if it has one objective and a complete, feasible trial.
    user_attrs : dict of str to object
        Notes of the user.
    n_trials : int
        Number of trials, in whichever state.
    datetime_start : datetime or None
        When its first trial started.
    """

    study_name: str
    directions: list[StudyDirection]
    best_trial: FrozenTrial | None
    user_attrs: dict[str, Any]
    n_trials: int
    datetime_start: datetime | None

    @property
    def direction(self) -> StudyDirection:
        """The direction of a study of one objective.

        Raises
        ------
        RuntimeError
            If it has several.
        """
        return only_direction(self.directions)
