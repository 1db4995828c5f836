"""What a search shows while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skhpo.search._schedule import Candidate

__all__ = ["Progress"]


class Progress:
    """A progress bar over candidates, and a line a candidate for those who want it.

    Parameters
    ----------
    verbose : int
        0 shows nothing, 1 the bar, 2 and more also a line a candidate.
    n_candidates : int
        How many candidates there will be, at most.
    n_folds : int
        Folds of a candidate.
    names : sequence of str or None
        Names of the objectives, where there are several.
    """

    def __init__(
        self, verbose: int, n_candidates: int, n_folds: int, names: Sequence[str | None] = ()
    ) -> None:
        self._verbose = verbose
        self._n_candidates = n_candidates
        self._n_folds = n_folds
        self._names = names
        self._n_fits = 0
        self._n_pruned = 0
        self._best: float | None = None
        self._bar: Any = None

    def __enter__(self) -> Self:
        if self._verbose > 0:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=self._n_candidates, unit="candidate", desc="Search")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def fold_done(self) -> None:
        """A fold has come in."""
        self._n_fits += 1
        if self._bar is not None:
            self._show(refresh=False)

    def candidate_done(
        self, candidate: Candidate, params: dict[str, Any], values: NDArray[np.float64]
    ) -> None:
        """A candidate has ended, with its mean score, or values of objectives, or NaN."""
        self._n_pruned += candidate.status == "pruned"
        if candidate.status == "complete" and len(values) == 1:
            self._best = values[0] if self._best is None else max(values[0], self._best)
        if self._bar is None:
            return
        if self._verbose > 1:
            self._bar.write(self._line(candidate, params, values))
        self._bar.update(1)
        self._show(refresh=True)

    def _show(self, refresh: bool) -> None:
        shown: dict[str, Any] = {"fits": self._n_fits, "pruned": self._n_pruned}
        if self._best is not None:
            shown["best"] = f"{self._best:.4g}"
        self._bar.set_postfix(shown, refresh=refresh)

    def _line(
        self, candidate: Candidate, params: dict[str, Any], values: NDArray[np.float64]
    ) -> str:
        outcome = f"{candidate.status} after {candidate.n_judged}/{len(candidate.fold_order)} folds"
        if candidate.status == "complete" and len(values) == 1:
            is_best = " (best so far)" if values[0] == self._best else ""
            outcome = f"score {values[0]:.4f}{is_best}"
        elif candidate.status == "complete":
            named = zip(self._names, values, strict=True)
            outcome = ", ".join(f"{name} {value:.4g}" for name, value in named)
        settings = ", ".join(f"{name}={value}" for name, value in params.items())
        return f"[{candidate.number + 1}/{self._n_candidates}] {outcome}: {settings}"
