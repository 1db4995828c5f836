"""The progress bar of a search, or its live view in a notebook, and its line per candidate."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from skhpo._text import short
from skhpo.callbacks import CandidateEvent, FoldEvent, LiveView, SearchCallback, SearchEvent
from skhpo.callbacks._live_view import is_notebook

__all__ = ["Progress"]

SECONDS_IN_A_FILE = 10.0  # between two updates of the bar if the output is not a terminal


class Progress(SearchCallback):
    """A progress bar, and a line per candidate. In a notebook, a live view replaces the bar.

    If the terminal or the file is closed, the progress is no longer shown, and the search
    continues.

    Parameters
    ----------
    verbose : int
        0 shows nothing, 1 shows the bar, 2 or more also prints a line per candidate.
    n_candidates : int or None
        Maximal number of candidates; None if it is not known.
    max_fits : int or None
        Maximal number of fits, if these are the limit. The bar then shows fits.
    names : sequence of str or None
        Names of the objectives, if there are several.
    """

    def __init__(
        self,
        verbose: int,
        n_candidates: int | None,
        max_fits: int | None = None,
        names: Sequence[str | None] = (),
    ) -> None:
        self._verbose = verbose
        self._n_candidates = n_candidates
        self._max_fits = max_fits
        self._names = names
        self._n_fits = 0
        self._n_full_fits = 0.0  # a fit with a part of a resource is that part
        self._n_ended = 0
        self._n_pruned = 0
        self._n_failed = 0
        self._best: float | None = None
        self._bar: Any = None
        self._is_terminal = False
        self._view: LiveView | None = None

    def __enter__(self) -> Self:
        if self._verbose > 0 and is_notebook():
            self._view = LiveView()
        elif self._verbose > 0 and sys.stderr is not None:
            self._try(self._open)
        return self

    def _open(self) -> None:
        from tqdm.auto import tqdm

        self._is_terminal = sys.stderr.isatty()
        self._bar = tqdm(
            total=self._n_candidates if self._max_fits is None else self._max_fits,
            unit="candidate" if self._max_fits is None else "fit",
            desc="Search",
            mininterval=0.1 if self._is_terminal else SECONDS_IN_A_FILE,
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._try(self._bar.close)
        if self._view is not None:
            self._view.close()

    def on_search_start(self, search: SearchEvent) -> None:
        """Open the live view."""
        if self._view is not None:
            self._view.on_search_start(search)

    def on_fold_end(self, fold: FoldEvent) -> None:
        """Count the fit, unless it is one of an earlier search."""
        if not fold.taken_over:
            self._n_fits += 1
            self._n_full_fits += fold.share
        if self._max_fits is not None:
            self._try(self._advance, int(self._n_full_fits))
        self._try(self._show, False)
        if self._view is not None:
            self._view.on_fold_end(fold)

    def on_candidate_end(self, candidate: CandidateEvent) -> None:
        """Count the candidate, unless it is an extra size of one, and show its line."""
        counts = not candidate.is_extra
        self._n_pruned += counts and candidate.status == "pruned"
        self._n_failed += candidate.status in ("failed", "timed out", "out of memory")
        if len(candidate.objectives) == 1:
            value = candidate.objectives[0]
            self._best = value if self._best is None else max(value, self._best)
        if self._verbose > 1 and sys.stdout is not None:
            self._try(self._write, self._line(candidate))
        self._n_ended += counts and candidate.status != "interrupted"
        if self._max_fits is None:
            self._try(self._advance, self._n_ended)
        self._try(self._show, self._is_terminal)
        if self._view is not None:
            self._view.on_candidate_end(candidate)

    def _try(self, show: Callable[..., Any], *arguments: Any) -> None:
        try:
            show(*arguments)
        except (OSError, ValueError):  # the terminal or the file is closed
            self._verbose, self._bar = 0, None

    def _advance(self, n: int) -> None:
        if self._bar is not None:
            self._bar.update(n - self._bar.n)

    def _write(self, line: str) -> None:
        if self._bar is None:
            print(line, flush=True)
        else:
            self._bar.write(line)

    def _show(self, refresh: bool) -> None:
        if self._bar is None:
            return
        shown: dict[str, Any] = {"fits": self._n_fits, "pruned": self._n_pruned}
        if self._max_fits is not None:
            shown = {"candidates": self._n_ended, "pruned": self._n_pruned}
        if self._n_failed:
            shown["failed"] = self._n_failed
        if self._best is not None:
            shown["best"] = short(self._best)
        self._bar.set_postfix(shown, refresh=refresh)

    def _line(self, candidate: CandidateEvent) -> str:
        outcome = f"{candidate.status} {candidate.progress}"
        if len(candidate.objectives) == 1:
            value = candidate.objectives[0]
            is_best = " (best so far)" if value == self._best else ""
            outcome = f"score {short(value)}{is_best}"
        elif candidate.objectives:
            named = zip(self._names, candidate.objectives, strict=True)
            outcome = ", ".join(f"{name} {short(value)}" for name, value in named)
        settings = ", ".join(f"{name}={short(value)}" for name, value in candidate.params.items())
        number = f"{candidate.number + 1}"
        if self._n_candidates is not None and candidate.number < self._n_candidates:
            number += f"/{self._n_candidates}"
        return f"[{number}] {outcome}: {settings}"
