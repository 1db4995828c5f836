"""A study as it was at some moment, for pruners that must not see what came later."""

from __future__ import annotations

import copy
from collections.abc import Container, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from skhpo.history import History
from skhpo.study._direction import StudyDirection
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study._study import Study

__all__ = ["StudySnapshot", "best_of"]


class StudySnapshot:
    """The finished trials of a study at the time of the snapshot; reads like a study."""

    def __init__(self, study: Study) -> None:
        self.study_name = study.study_name
        self.direction = study.direction
        self.directions = study.directions
        self.user_attrs = study.user_attrs
        self.sampler = study.sampler
        self.pruner = study.pruner
        self._finished = [t for t in study.get_trials(deepcopy=False) if t.state.is_finished()]

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
        """A copy of the best complete trial."""
        return copy.deepcopy(best_of(self._finished, self.history.sign))

    @property
    def best_params(self) -> dict[str, Any]:
        """Parameters of the best trial."""
        return self.best_trial.params

    @property
    def best_value(self) -> float | None:
        """Value of the best trial."""
        return self.best_trial.value

    @cached_property
    def history(self) -> History:
        """The trials that had finished, as columns; rows are not trial numbers here."""
        history = History(maximize=self.direction == StudyDirection.MAXIMIZE)
        for row, trial in enumerate(self._finished):
            trial = copy.copy(trial)
            trial.number = row
            history.add(trial)
        return history


def best_of(trials: Iterable[FrozenTrial], sign: float) -> FrozenTrial:
    """Return the complete trial with the best value, the first of equals."""
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if not complete:
        raise ValueError("No trial is complete yet.")
    return min(complete, key=lambda trial: (sign * trial.values[0], trial.number))  # type: ignore[index]
