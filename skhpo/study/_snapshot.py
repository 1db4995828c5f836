"""A study as it was at some moment, for pruners that must not see what came later."""

from __future__ import annotations

import copy
from collections.abc import Container
from functools import cached_property
from typing import TYPE_CHECKING, Any

from skhpo.history import History
from skhpo.study._best import best_row, best_rows
from skhpo.study._direction import StudyDirection, only_direction
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study._study import Study

__all__ = ["StudySnapshot"]


class StudySnapshot:
    """The finished trials of a study at the time of the snapshot; reads like a study."""

    def __init__(self, study: Study) -> None:
        self.study_name = study.study_name
        self.directions = study.directions
        self.user_attrs = study.user_attrs
        self.sampler = study.sampler
        self.pruner = study.pruner
        states = [TrialState(state) for state in study.history.state]
        trials = study.get_trials(deepcopy=False)
        self._finished = [t for t, s in zip(trials, states, strict=False) if s.is_finished()]

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Return the trials that had finished."""
        trials = [t for t in self._finished if states is None or t.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    @property
    def trials(self) -> list[FrozenTrial]:
        """Copies of the trials that had finished."""
        return self.get_trials()

    @property
    def best_trial(self) -> FrozenTrial:
        """A copy of the best complete and feasible trial."""
        return copy.deepcopy(self._finished[best_row(self.history)])

    @property
    def best_params(self) -> dict[str, Any]:
        """Parameters of the best trial."""
        return self.best_trial.params

    @property
    def best_value(self) -> float | None:
        """Value of the best trial."""
        return self.best_trial.value

    @property
    def best_trials(self) -> list[FrozenTrial]:
        """Copies of the complete and feasible trials that no other dominates."""
        return [copy.deepcopy(self._finished[row]) for row in best_rows(self.history)]

    @property
    def direction(self) -> StudyDirection:
        """Which values are better, in a study of one objective."""
        return only_direction(self.directions)

    @cached_property
    def history(self) -> History:
        """The trials that had finished, as columns; rows are not trial numbers here."""
        history = History(maximize=[d == StudyDirection.MAXIMIZE for d in self.directions])
        for row, trial in enumerate(self._finished):
            trial = copy.copy(trial)
            trial.number = row
            history.add(trial)
        return history
