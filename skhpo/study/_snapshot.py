"""Snapshots of a study, for pruners that must not see later changes."""

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
    """The finished trials of a study at the time of the snapshot, with a study's interface."""

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
        """Return the finished trials."""
        trials = [t for t in self._finished if states is None or t.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    @property
    def trials(self) -> list[FrozenTrial]:
        """Copies of the finished trials."""
        return self.get_trials()

    @property
    def best_trial(self) -> FrozenTrial:
        """A copy of the best complete feasible trial."""
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
        """Copies of the non-dominated complete feasible trials."""
        return [copy.deepcopy(self._finished[row]) for row in best_rows(self.history)]

    @property
    def direction(self) -> StudyDirection:
        """The direction of a study with one objective."""
        return only_direction(self.directions)

    @cached_property
    def history(self) -> History:
        """The finished trials as columns; row indices are not trial numbers here."""
        history = History(maximize=[d == StudyDirection.MAXIMIZE for d in self.directions])
        for row, trial in enumerate(self._finished):
            trial = copy.copy(trial)
            trial.number = row
            history.add(trial)
        return history
