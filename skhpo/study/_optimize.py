"""Run the trials of an objective, in one or several threads."""

from __future__ import annotations

import gc
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skhpo.exceptions import is_pruned
from skhpo.storages import Heartbeat, fail_stale_trials
from skhpo.study._callbacks import OptimizeCallback
from skhpo.study._progress_bar import ProgressBar, progress_bar
from skhpo.trial import FrozenTrial, Trial, TrialState

if TYPE_CHECKING:
    from skhpo.study._study import Study

__all__ = ["optimize"]

logger = logging.getLogger("skhpo.study")


@dataclass
class _Run:
    """One call of ``Study.optimize``."""

    study: Study
    func: Callable[[Trial], Any]
    catch: tuple[type[Exception], ...]
    callbacks: Sequence[Callable[[Study, FrozenTrial], None]]
    gc_after_trial: bool
    deadline: float
    progress: ProgressBar | None
    heartbeat: Heartbeat

    def may_start(self) -> bool:
        return not self.study.log.runs.stop_requested and time.monotonic() < self.deadline

    def one_trial(self) -> None:
        """Ask, evaluate, tell, and call the callbacks."""
        fail_stale_trials(self.study)
        trial = self.study.ask()
        self.heartbeat.add(trial.trial_id)
        try:
            frozen = self._evaluate(trial)
        finally:
            self.heartbeat.remove(trial.trial_id)
            if self.gc_after_trial:
                gc.collect()
        for callback in self.callbacks:
            callback(self.study, frozen)
        if self.progress is not None:
            self.progress.update(self.study)

    def one_trial_in_thread(self) -> None:
        """Run one trial in its own thread."""
        with self.study.log.runs.begin():
            self.one_trial()

    def _evaluate(self, trial: Trial) -> FrozenTrial:
        study = self.study
        try:
            value = self.func(trial)
        except BaseException as error:
            if is_pruned(error):
                logger.info("Trial %d pruned. %s", trial.number, error)
                return study.tell(trial, state=TrialState.PRUNED)
            frozen = study.tell(trial, state=TrialState.FAIL)
            logger.warning("Trial %d failed with %r; %s.", trial.number, trial.params, error)
            if not isinstance(error, self.catch):
                raise
            return frozen
        frozen = study.tell(trial, value)
        if frozen.state == TrialState.COMPLETE and logger.isEnabledFor(logging.INFO):
            logger.info(_message(study, frozen))
        return frozen


def _message(study: Study, trial: FrozenTrial) -> str:
    """Return the log message of a complete trial."""
    if len(study.directions) > 1:
        return f"Trial {trial.number}: values {trial.values}, parameters {trial.params}."
    message = f"Trial {trial.number}: value {trial.value}, parameters {trial.params}."
    try:
        best = study.best_trial
    except ValueError:  # no trial is feasible yet
        return message
    return f"{message} Best is trial {best.number}: {best.value}."


def optimize(
    study: Study,
    func: Callable[[Trial], Any],
    *,
    n_trials: int | None,
    timeout: float | None,
    n_jobs: int,
    catch: tuple[type[Exception], ...],
    callbacks: Sequence[Callable[[Study, FrozenTrial], None]],
    gc_after_trial: bool,
    show_progress_bar: bool,
) -> None:
    """Run trials; see :meth:`skhpo.Study.optimize`."""
    n_threads = os.cpu_count() or 1 if n_jobs == -1 else n_jobs
    if n_threads < 1:
        raise ValueError(f"`n_jobs` must be 1 or more, or -1; got {n_jobs}.")
    with study.log.runs.begin():
        storage = study.storage
        shown = progress_bar(n_trials, timeout, n_threads) if show_progress_bar else nullcontext()
        with (
            Heartbeat(storage, storage.get_heartbeat_interval()) as heartbeat,
            shown as progress,
            ExitStack() as contexts,
        ):
            for callback in callbacks:
                if isinstance(callback, OptimizeCallback):
                    contexts.enter_context(callback.optimizing(study))
            run = _Run(
                study=study,
                func=func,
                catch=catch,
                callbacks=callbacks,
                gc_after_trial=gc_after_trial,
                deadline=float("inf") if timeout is None else time.monotonic() + timeout,
                progress=progress,
                heartbeat=heartbeat,
            )
            if n_threads == 1:
                _run_here(run, n_trials)
            else:
                _run_in_threads(run, n_trials, n_threads)


def _run_here(run: _Run, n_trials: int | None) -> None:
    n_started = 0
    while (n_trials is None or n_started < n_trials) and run.may_start():
        n_started += 1
        run.one_trial()


def _run_in_threads(run: _Run, n_trials: int | None, n_threads: int) -> None:
    running: set[Future[None]] = set()
    n_started = 0
    with ThreadPoolExecutor(n_threads) as pool:
        while True:
            while (
                len(running) < n_threads
                and (n_trials is None or n_started < n_trials)
                and run.may_start()
            ):
                running.add(pool.submit(run.one_trial_in_thread))
                n_started += 1
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
