"""A live view of a search in a notebook."""

from __future__ import annotations

import importlib
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from skhpo._text import duration, short
from skhpo.callbacks._search_callback import (
    CandidateEvent,
    FoldEvent,
    SearchCallback,
    SearchEvent,
)

__all__ = ["LiveView", "is_notebook"]

SMALLEST_SAMPLE = 3  # minimal number of ended candidates for an estimate of the time left
WIDTH, HEIGHT = 260, 48  # of the curve, in pixels


def is_notebook() -> bool:
    """Return whether the code runs in a notebook: Jupyter, VS Code, Colab and others."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


class LiveView(SearchCallback):
    """A live view of a search in a notebook: progress, and the best candidate so far.

    It needs no widgets, so it works wherever IPython displays HTML: Jupyter, VS Code, Colab. It
    shows nothing outside a notebook, so the same code can run as a script. With ``verbose=1`` a
    search shows it in a notebook by itself.

    Parameters
    ----------
    interval : float, default=0.5
        Minimal number of seconds between two updates.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import TPESearchCV
    >>> from skhpo.callbacks import LiveView
    >>> X, y = load_iris(return_X_y=True)
    >>> search = TPESearchCV(
    ...     SVC(), {"C": loguniform(1e-2, 1e2)}, n_iter=5, random_state=0, callbacks=[LiveView()]
    ... ).fit(X, y)
    """

    def __init__(self, interval: float = 0.5) -> None:
        self.interval = interval
        self._handle: Any = None

    def on_search_start(self, search: SearchEvent) -> None:
        """Show the empty view."""
        self._handle = None
        if not is_notebook():
            return
        self._search = search
        self._status: Counter[str] = Counter()
        self._n_fits = 0
        self._n_full_fits = 0.0  # a fit with a part of a resource is that part
        self._best: float | None = None
        self._best_params: Mapping[str, Any] = {}
        self._curve: list[float] = []  # the best value after each candidate with a best before it
        self._started = self._updated = time.monotonic()
        shown = importlib.import_module("IPython.display")
        self._html = shown.HTML
        self._handle = shown.display(self._html(self._render()), display_id=True)

    def on_fold_end(self, fold: FoldEvent) -> None:
        """Count the fit, unless it is one of an earlier search."""
        if self._handle is not None and not fold.taken_over:
            self._n_fits += 1
            self._n_full_fits += fold.share
            self._update()

    def on_candidate_end(self, candidate: CandidateEvent) -> None:
        """Count the candidate, unless it is an extra size of one, and remember the best."""
        if self._handle is None:
            return
        if not candidate.is_extra:
            self._status[str(candidate.status)] += 1
        if len(candidate.objectives) == 1:
            value = candidate.objectives[0]
            if self._best is None or value > self._best:
                self._best, self._best_params = value, candidate.params
        if self._best is not None:
            self._curve.append(self._best)
        self._update()

    def on_search_end(self, search: SearchEvent) -> None:
        """Show the last state."""
        self.close()

    def close(self) -> None:
        """Show the last state; later events change nothing."""
        if self._handle is not None:
            self._handle.update(self._html(self._render(has_ended=True)))
            self._handle = None

    def _update(self) -> None:
        now = time.monotonic()
        if now - self._updated >= self.interval:
            self._handle.update(self._html(self._render()))
            self._updated = time.monotonic()

    def _render(self, has_ended: bool = False) -> str:
        search, n_ended = self._search, sum(self._status.values())
        seconds = time.monotonic() - self._started
        counts = ", ".join(f"{count} {status}" for status, count in self._status.most_common())
        of_all = "" if search.n_candidates is None else f" of {search.n_candidates}"
        fits = f"{self._n_fits} fits"
        done, total = n_ended, search.n_candidates
        if search.max_fits is not None:
            done, total = int(self._n_full_fits), search.max_fits
            fits = f"{done} of {total} fits"
        facts = [f"{n_ended}{of_all} candidates{f': {counts}' if counts else ''}", fits]
        facts.append(duration(seconds))
        if not has_ended and n_ended >= SMALLEST_SAMPLE and total is not None and done < total:
            facts.append(f"about {duration(seconds / done * (total - done))} left")
        bar = f'<progress value="{done}" max="{total}" style="width: {WIDTH}px"></progress>'
        lines = [
            *([] if total is None else [bar]),
            escape(" · ".join(facts)),
            *self._best_lines(),
        ]
        return f'<div class="skhpo-live-view">{"<br>".join(lines)}</div>'

    def _best_lines(self) -> list[str]:
        """Return the lines on the best candidate so far, or on the front."""
        if len(self._search.objectives) > 1:
            n_front = len(self._search.study.best_trials)
            return [f"{n_front} candidates on the Pareto front"] if n_front else []
        if self._best is None:
            return []
        params = ", ".join(f"{name}={short(value)}" for name, value in self._best_params.items())
        lines = [f"best score {short(self._best)} with <code>{escape(params)}</code>"]
        return [*lines, _curve_svg(self._curve)] if len(set(self._curve)) > 1 else lines


def _curve_svg(values: Sequence[float]) -> str:
    """Return the best score so far as a small step curve."""
    low, high = min(values), max(values)
    step = WIDTH / max(len(values) - 1, 1)
    points = [f"0,{_height(values[0], low, high):.1f}"]
    for i in range(1, len(values)):
        points += [f"{i * step:.1f},{_height(values[j], low, high):.1f}" for j in (i - 1, i)]
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="best score so far">'
        f'<polyline points="{" ".join(points)}" fill="none" stroke="#e66101" stroke-width="2"/>'
        "</svg>"
    )


def _height(value: float, low: float, high: float) -> float:
    return 3 + (HEIGHT - 6) * (1 - (value - low) / (high - low))
