"""Heartbeats of running trials, and the handling of trials whose worker died."""

from __future__ import annotations

import copy
import logging
import math
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from skhpo.exceptions import SkhpoError, UpdateFinishedTrialError
from skhpo.storages._base import BaseStorage
from skhpo.trial import FrozenTrial, TrialState, create_trial

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = [
    "Heartbeat",
    "Pulse",
    "RetryFailedTrialCallback",
    "RetryHeartbeatStaleTrialCallback",
    "fail_stale_trials",
]

logger = logging.getLogger("skhpo.storages")

RESOLUTION = 2.0  # seconds up to which a clock may be inexact: SQLite's has whole seconds
DRIFT = 0.001  # seconds by which two clocks may diverge per second

FAILED_TRIAL = "failed_trial"  # system attributes of a trial that is retried
RETRY_HISTORY = "retry_history"


class Heartbeat:
    """Context that writes heartbeats of this process's running trials from a thread.

    Parameters
    ----------
    storage : BaseStorage
        Where the trials are stored.
    interval : float or None
        Seconds between two heartbeats; None writes none.
    """

    def __init__(self, storage: BaseStorage, interval: float | None) -> None:
        self._storage = storage
        self._interval = interval
        self._trial_ids: set[int] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._interval is not None:
            self._thread = threading.Thread(
                target=self._beat, name="skhpo heartbeat", args=(self._interval,), daemon=True
            )
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def add(self, trial_id: int, at_once: bool = True) -> None:
        """Start the heartbeats of a trial, by default with one immediately."""
        if self._interval is None:
            return
        with self._lock:
            self._trial_ids.add(trial_id)
        if at_once:
            self._storage.record_heartbeats([trial_id])

    def remove(self, trial_id: int) -> None:
        """Stop the heartbeats of a trial."""
        with self._lock:
            self._trial_ids.discard(trial_id)

    def _beat(self, interval: float) -> None:
        while not self._over.wait(interval):
            with self._lock:
                trial_ids = sorted(self._trial_ids)
            try:
                self._storage.record_heartbeats(trial_ids)
            except SkhpoError as error:  # the trial's thread gets and reports it, too
                logger.warning("No heartbeat could be written: %s", error)


class Pulse:
    """Detector of stale heartbeats that is robust to changes of the clock.

    Timestamps show immediately which workers have been silent for long. After the clock has jumped
    ahead, they are ignored for a grace period, in which each living worker writes a new heartbeat.
    A heartbeat that stays the same while this process observes it is stale in any case.
    """

    def __init__(self) -> None:
        self._offset: tuple[float, float] | None = None  # bounds of the offset between the clocks
        self._read_at = 0.0
        self._jumped_at = -math.inf
        self._seen: dict[
            int, dict[int, tuple[datetime, float]]
        ] = {}  # since when each heartbeat was seen

    def read(self, clock: Callable[[], datetime]) -> datetime:
        """Read the clock that timestamps heartbeats, and detect if it has jumped ahead.

        Parameters
        ----------
        clock : callable
            Returns the time.
        """
        before = time.monotonic()
        now = clock()
        after = time.monotonic()
        seconds = (now - datetime(2000, 1, 1)).total_seconds()
        offset = seconds - after, seconds - before
        if self._offset is not None:
            drift = RESOLUTION + DRIFT * (after - self._read_at)
            if offset[0] - self._offset[1] > drift:
                self._jumped_at = after
        self._offset, self._read_at = offset, after
        return now

    def stale(
        self, study_id: int, now: datetime, beats: Mapping[int, datetime], grace: float
    ) -> list[int]:
        """Return the ids of the trials whose heartbeat is older than the grace period.

        Parameters
        ----------
        study_id : int
            The study.
        now : datetime
            The time of the clock that timestamps heartbeats.
        beats : mapping of int to datetime
            The last heartbeat of each running trial.
        grace : float
            Seconds.
        """
        here = time.monotonic()
        before = self._seen.get(study_id, {})
        seen = {
            trial_id: before[trial_id]
            if trial_id in before and before[trial_id][0] == beat
            else (beat, here)
            for trial_id, beat in beats.items()
        }
        self._seen[study_id] = seen
        dates_count = here - self._jumped_at > grace
        oldest = now - timedelta(seconds=grace)
        return [
            trial_id
            for trial_id, (beat, since) in seen.items()
            if (dates_count and beat < oldest) or here - since > grace + RESOLUTION
        ]


def fail_stale_trials(study: Study) -> None:
    """Fail the running trials whose last heartbeat is too old.

    ``Study.optimize`` does this before each trial. Nothing happens if the storage has no heartbeat
    interval.

    Parameters
    ----------
    study : Study
        The study.

    Examples
    --------
    >>> import skhpo
    >>> storage = skhpo.storages.RDBStorage("sqlite:///:memory:", heartbeat_interval=60)
    >>> study = skhpo.create_study(storage=storage)
    >>> skhpo.storages.fail_stale_trials(study)
    """
    storage = study.storage
    if storage.get_heartbeat_interval() is None:
        return
    callback = storage.get_heartbeat_stale_trial_callback()
    for trial_id in storage.get_stale_trial_ids(study.log.study_id):
        try:
            storage.set_trial_state_values(trial_id, TrialState.FAIL)
        except UpdateFinishedTrialError:  # another process was faster
            continue
        trial = copy.deepcopy(storage.get_trial(trial_id))
        logger.warning("Trial %d has failed: its worker sends no heartbeats.", trial.number)
        if callback is not None:
            callback(study, trial)


class RetryHeartbeatStaleTrialCallback:
    """Callback that retries trials whose worker died by enqueuing their parameters.

    Parameters
    ----------
    max_retry : int, optional
        Maximum number of retries. Default: no limit.
    inherit_intermediate_values : bool, default=False
        Whether the new trial inherits the values that the old one reported.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
    >>> storage = RDBStorage(
    ...     "sqlite:///:memory:",
    ...     heartbeat_interval=60,
    ...     heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=3),
    ... )
    """

    def __init__(
        self, max_retry: int | None = None, inherit_intermediate_values: bool = False
    ) -> None:
        self._max_retry = max_retry
        self._inherit_intermediate_values = inherit_intermediate_values

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Enqueue the trial's parameters, unless they were retried `max_retry` times."""
        numbers = [*self.retry_history(trial), trial.number]
        if self._max_retry is not None and len(numbers) > self._max_retry:
            return
        reports = trial.intermediate_values if self._inherit_intermediate_values else None
        study.add_trial(
            create_trial(
                state=TrialState.WAITING,
                params=trial.params,
                distributions=trial.distributions,
                user_attrs=trial.user_attrs,
                system_attrs={
                    FAILED_TRIAL: trial.number,
                    **trial.system_attrs,
                    RETRY_HISTORY: numbers,
                },
                intermediate_values=reports,
            )
        )

    @staticmethod
    def retried_trial_number(trial: FrozenTrial) -> int | None:
        """Return the number of the first trial that this one retries; None if it is not a retry.

        Parameters
        ----------
        trial : FrozenTrial
            A trial.

        Returns
        -------
        number : int or None
        """
        number: int | None = trial.system_attrs.get(FAILED_TRIAL)
        return number

    @staticmethod
    def retry_history(trial: FrozenTrial) -> list[int]:
        """Return the numbers of the trials that this one retries, the first one first.

        Parameters
        ----------
        trial : FrozenTrial
            A trial.

        Returns
        -------
        numbers : list of int
        """
        return list(trial.system_attrs.get(RETRY_HISTORY, []))


class RetryFailedTrialCallback(RetryHeartbeatStaleTrialCallback):
    """Deprecated alias of :class:`RetryHeartbeatStaleTrialCallback`."""

    def __init__(
        self, max_retry: int | None = None, inherit_intermediate_values: bool = False
    ) -> None:
        warnings.warn(
            "`RetryFailedTrialCallback` is deprecated: use `RetryHeartbeatStaleTrialCallback`.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__(max_retry, inherit_intermediate_values)
