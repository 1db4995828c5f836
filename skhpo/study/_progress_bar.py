"""The progress bar of ``Study.optimize``."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING, Any, Self

from skhpo._warnings import warn_user
from skhpo.logging import has_default_handler

if TYPE_CHECKING:
    from skhpo.study._study import Study

__all__ = ["ProgressBar", "progress_bar"]


def progress_bar(
    n_trials: int | None, timeout: float | None, n_threads: int
) -> AbstractContextManager[ProgressBar | None]:
    """Return a context with a bar over trials or over time; warn if neither is limited.

    Parameters
    ----------
    n_trials : int, optional
        Number of trials.
    timeout : float, optional
        Seconds.
    n_threads : int
        Number of threads. A bar over time supports only one.
    """
    if n_trials is None and timeout is None:
        warn_user("No progress bar is shown: set `n_trials` or `timeout` to get one.")
        return nullcontext()
    if n_trials is None and n_threads != 1:
        warn_user(
            "No progress bar is shown. The timeout-based progress bar is not supported with "
            "n_jobs != 1. Set `n_trials`, too, to get one."
        )
        return nullcontext()
    if sys.stderr is None:  # there is no console, as under pythonw
        return nullcontext()
    return ProgressBar(n_trials, timeout)


class ProgressBar:
    """A bar that shows the best trial; log messages appear above it.

    If the terminal or the file is closed, the bar ends and the trials continue.

    Parameters
    ----------
    n_trials : int, optional
        Number of trials. If None, the bar is over time.
    timeout : float, optional
        Seconds.
    """

    def __init__(self, n_trials: int | None, timeout: float | None) -> None:
        self._n_trials = n_trials
        self._timeout = timeout
        self._lock = threading.Lock()
        self._context = ExitStack()
        self._bar: Any = None

    def __enter__(self) -> Self:
        self._start = time.monotonic()
        self._try(self._open)
        return self

    def _open(self) -> None:
        from tqdm.auto import tqdm
        from tqdm.contrib.logging import logging_redirect_tqdm

        if self._n_trials is not None:
            bar = tqdm(total=self._n_trials)
        else:
            total = tqdm.format_interval(self._timeout)
            shape = "{desc} {percentage:3.0f}%|{bar}| {elapsed}/" + total
            bar = tqdm(total=self._timeout, bar_format=shape)
        self._bar = self._context.enter_context(bar)
        if has_default_handler():
            self._context.enter_context(logging_redirect_tqdm([logging.getLogger("skhpo")]))

    def __exit__(self, *error: object) -> None:
        self._try(self._context.close)

    def update(self, study: Study) -> None:
        """Update the bar after a trial."""
        best = _best(study)
        with self._lock:
            if self._bar is not None:
                self._try(self._show, best)

    def _show(self, best: str | None) -> None:
        if best is not None:
            self._bar.set_description(best, refresh=False)
        elapsed = time.monotonic() - self._start
        if self._n_trials is None:
            self._bar.update(min(elapsed, self._bar.total) - self._bar.n)
            return
        if self._timeout is not None:
            shown = f"{elapsed:.02f}/{self._timeout} seconds"
            self._bar.set_postfix_str(shown, refresh=False)
        self._bar.update(1)

    def _try(self, show: Callable[..., Any], *arguments: Any) -> None:
        try:
            show(*arguments)
        except (OSError, ValueError):  # the terminal is gone or the file is closed
            self._bar = None


def _best(study: Study) -> str | None:
    """Return a text about the best trial; None if there is none or there are several."""
    if len(study.directions) > 1:
        return None
    try:
        trial = study.best_trial
    except ValueError:  # no trial is complete and feasible yet
        return None
    return f"Best trial: {trial.number}. Best value: {trial.value:.6g}"
