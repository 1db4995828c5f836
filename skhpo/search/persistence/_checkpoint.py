"""Checkpoints: folds stored in the study, and those of earlier fits and other processes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from skhpo.history import SUBMODEL_OF
from skhpo.search._records import FoldResult
from skhpo.search.persistence._lease import at_work, is_known_to_be_dead, new_mark
from skhpo.storages import BaseStorage, Heartbeat
from skhpo.study import Study
from skhpo.trial import FrozenTrial, TrialState

__all__ = [
    "FOLD",
    "N_JUDGED",
    "TAKEN_FROM",
    "TASKS",
    "Checkpoint",
    "StoredCheckpoint",
    "folds_of",
    "has_ended_with_folds",
]

FOLD = "skhpo:fold:"  # prefix of the attributes that contain the result of a fold
N_JUDGED = "skhpo:n_judged"  # attribute with the number of folds after which a candidate ended
TAKEN_FROM = "skhpo:taken_from"  # attribute of a candidate taken over: its former study and number
TASKS = "skhpo:tasks"  # attribute of such a candidate, and of a submodel: its tasks in their order
WORKER = "skhpo:worker"  # attribute with the mark of the fit that runs a candidate

# The storage's own settings replace the next two if it defines a heartbeat interval.
HEARTBEAT = 10.0  # seconds between two heartbeats
GRACE = 60.0  # seconds without a heartbeat after which a worker counts as dead
SILENCE = 20.0  # seconds after which a fit checks again whether it still owns a candidate
GLANCE = 10.0  # seconds between two checks for trials of dead workers


class Checkpoint:
    """Checkpoint of a search in memory.

    The study contains every fold, so that a later search can take its results over. What was
    taken over into this study is its past.

    Parameters
    ----------
    study : Study
        The study in its storage.
    """

    mark: Mapping[str, Any] = {}
    can_resume = False  # whether a later fit can continue the search

    def __init__(self, study: Study) -> None:
        self._study = study
        self._storage: BaseStorage = study.storage
        self._past = deque(study.log.rewind())

    @contextmanager
    def open(self) -> Iterator[None]:
        """Run the search inside the block."""
        yield

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Atomic transaction: either all that the block writes is stored, or none of it."""
        yield

    def began(self, trial_id: int, is_new: bool) -> None:
        """Register that a candidate starts or resumes."""

    def ends(self, trial_id: int, n_judged: int) -> None:
        """Store the number of folds after which a candidate ended."""
        self._storage.set_trial_system_attr(trial_id, N_JUDGED, n_judged)

    def keep(self, trial_id: int, fold: int, result: FoldResult) -> None:
        """Store the result of a fold."""
        self._storage.set_trial_system_attr(trial_id, f"{FOLD}{fold}", result.to_json())

    def has_all(self, trial: FrozenTrial, tasks: Iterable[int]) -> bool:
        """Return whether the results of all these tasks of a candidate are stored."""
        return True

    def let_go(self, trial_id: int) -> bool:
        """Release an unfinished candidate for another fit; return whether that is possible."""
        return False

    def is_still_ours(self, trial_id: int) -> bool:
        """Return whether a candidate that runs here still belongs to this fit."""
        return True

    def next_past(self) -> FrozenTrial | None:
        """Return the next trial of an earlier fit to resume; None after the last."""
        if not self._past:
            return None
        trial = self._past.popleft()
        self._study.log.replay(trial, as_open=True)
        return trial

    def has_past(self) -> bool:
        """Return whether trials of earlier fits are still to resume."""
        return bool(self._past)

    def pass_submodels(self, number: int) -> None:
        """Read the submodels of trial `number` that an earlier fit has recorded next."""

    def is_at_work_elsewhere(self) -> bool:
        """Return whether other processes run candidates of this search."""
        return False

    def begun_elsewhere(self, own: set[int]) -> list[FrozenTrial]:
        """Return the candidates that other processes have begun: their number is not in `own`."""
        return []

    def others(self, known: set[int]) -> list[FrozenTrial]:
        """Return those of them that have ended."""
        return [trial for trial in self.begun_elsewhere(known) if trial.state.is_finished()]


class StoredCheckpoint(Checkpoint):
    """Checkpoint of a stored search. The study contains every fold, so no fit is lost.

    Parameters
    ----------
    study : Study
        The study in the storage.
    """

    can_resume = True

    def __init__(self, study: Study) -> None:
        super().__init__(study)
        self._identity = new_mark()
        self.mark = {WORKER: self._identity}
        self._own: set[int] = set()  # ids of the trials that this fit has run
        self._sure: dict[int, float] = {}  # by id of such a trial: last time it was surely ours
        self._next_glance = 0.0
        interval = self._storage.get_heartbeat_interval()
        self._grace = None if interval is not None else GRACE
        self._heart = Heartbeat(self._storage, HEARTBEAT if interval is None else interval)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Send heartbeats of this process while the block runs."""
        with at_work(self._identity), self._heart:
            yield

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Atomic transaction: either all that the block writes is stored, or none of it."""
        with self._storage.batch():
            yield

    # ------------------------------------------------------------------ storing

    def began(self, trial_id: int, is_new: bool) -> None:
        """Register that a candidate starts or resumes, and begin to send its heartbeats."""
        self._own.add(trial_id)
        self._sure[trial_id] = _now()
        self._heart.add(trial_id, at_once=not is_new)

    def ends(self, trial_id: int, n_judged: int) -> None:
        """Store the number of folds after which a candidate ended, and stop its heartbeats."""
        self._heart.remove(trial_id)
        super().ends(trial_id, n_judged)

    def has_all(self, trial: FrozenTrial, tasks: Iterable[int]) -> bool:
        """Return whether the results of all these tasks of a candidate are stored.

        The last one is missing if the transaction that contained it has failed.
        """
        return all(f"{FOLD}{task}" in trial.system_attrs for task in tasks)

    def let_go(self, trial_id: int) -> bool:
        """Release an unfinished candidate, so that another fit can resume it."""
        self._heart.remove(trial_id)
        self._own.discard(trial_id)
        self._storage.take_over(trial_id, WORKER, self._identity, None)
        return True

    def is_still_ours(self, trial_id: int) -> bool:
        """Return whether this fit still owns a candidate that it runs.

        Other processes take over a candidate only after a long time without heartbeats. The
        storage is therefore queried only if the last check is some time ago.
        """
        if trial_id not in self._sure:  # it ended in an earlier fit
            return True
        if abs(_now() - self._sure[trial_id]) < SILENCE:
            return True
        is_ours = self._storage.take_over(trial_id, WORKER, self._identity, self._identity)
        self._sure[trial_id] = _now()
        return is_ours

    # ---------------------------------------------------------------- reading

    def pass_submodels(self, number: int) -> None:
        """Read the submodels of trial `number` that an earlier fit has recorded next."""
        while self._past and self._past[0].system_attrs.get(SUBMODEL_OF) == number:
            self._study.log.replay(self._past.popleft(), as_open=False)

    def next_past(self) -> FrozenTrial | None:
        """Return the next trial that has ended, or that this fit takes over from a dead owner."""
        while self._past:
            trial = self._past.popleft()
            is_ours = has_ended_with_folds(trial) or self._take_over(trial)
            self._study.log.replay(trial, as_open=is_ours)
            if is_ours:
                return self._storage.get_trial(trial.trial_id)
        if time.monotonic() >= self._next_glance:
            self._next_glance = time.monotonic() + GLANCE
            for trial in self._running():
                if self._take_over(trial):
                    self._study.log.claim(trial.number)
                    return self._storage.get_trial(trial.trial_id)
        return None

    def is_at_work_elsewhere(self) -> bool:
        """Return whether other processes run candidates.

        The next call of :meth:`next_past` then checks for dead ones at once.
        """
        self._next_glance = 0.0
        return bool(self._running())

    def begun_elsewhere(self, own: set[int]) -> list[FrozenTrial]:
        """Return the candidates that other processes have begun: their number is not in `own`."""
        return [
            trial
            for trial in self._study.get_trials(deepcopy=False)
            if trial.number not in own and (has_ended_with_folds(trial) or self._is_running(trial))
        ]

    def _running(self) -> list[FrozenTrial]:
        """Return the unfinished candidates that other processes run."""
        return [
            trial
            for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            if self._is_running(trial) and trial.trial_id not in self._own
        ]

    def _is_running(self, trial: FrozenTrial) -> bool:
        return trial.state == TrialState.RUNNING and WORKER in trial.system_attrs

    def _take_over(self, trial: FrozenTrial) -> bool:
        """Try to take over a candidate of a dead owner; return whether that succeeded.

        It fails if the owner is alive, or if another process was first.
        """
        if not self._is_running(trial):
            return False
        mark = trial.system_attrs[WORKER]
        if not is_known_to_be_dead(mark) and mark != self._identity:
            stale = self._storage.get_stale_trial_ids(self._study.log.study_id, self._grace)
            if trial.trial_id not in stale:
                return False
        return self._storage.take_over(trial.trial_id, WORKER, mark, self._identity)


def _now() -> float:
    """Return the wall-clock time in seconds: the monotonic clock may stop in standby."""
    return time.time()


def has_ended_with_folds(trial: FrozenTrial) -> bool:
    """Return whether a trial is a candidate of a search that has ended, with its results."""
    return trial.state.is_finished() and trial.system_attrs.get(N_JUDGED, 0) > 0


def folds_of(trial: FrozenTrial) -> dict[int, FoldResult]:
    """Return the stored results of a trial, by fold."""
    return {
        int(key.removeprefix(FOLD)): FoldResult.from_json(kept)
        for key, kept in trial.system_attrs.items()
        if key.startswith(FOLD)
    }
