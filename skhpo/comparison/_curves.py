"""Anytime curves: the best CV score of a search after each of its candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skhpo.callbacks import CandidateEvent, FoldEvent, SearchCallback, SearchEvent

__all__ = ["Curve", "Recorder", "curve_of_table"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """The best CV score so far, after each candidate.

    Attributes
    ----------
    fits : ndarray of shape (n_candidates,)
        Number of fits on folds until the end of each candidate; a fit with a part of a resource
        counts as that part.
    seconds : ndarray of shape (n_candidates,)
        Seconds that these fits and their scoring took, summed over workers.
    best : ndarray of shape (n_candidates,)
        Best mean CV score so far; NaN before the first complete candidate.
    """

    fits: FloatArray
    seconds: FloatArray
    best: FloatArray

    @classmethod
    def of(cls, fits: Any, seconds: Any, scores: Any) -> Curve:
        """Return the curve of candidates, from their scores; NaN for those without one."""
        scores = np.asarray(scores, dtype=float)
        best = np.fmax.accumulate(scores) if len(scores) else scores
        return cls(np.asarray(fits, dtype=float), np.asarray(seconds, dtype=float), best)


class Recorder(SearchCallback):
    """Records the fits of a search of skhpo, and the score of each candidate at its end."""

    def __init__(self) -> None:
        self.n_fits = 0.0
        self.is_interrupted = False
        self._seconds = 0.0
        self._rows: list[tuple[float, float, float]] = []

    def on_fold_end(self, fold: FoldEvent) -> None:
        """Add a fit."""
        self.n_fits += fold.share
        self._seconds += float(np.nansum([fold.fit_time, fold.score_time]))

    def on_candidate_end(self, candidate: CandidateEvent) -> None:
        """Add the end of a candidate."""
        score = candidate.objectives[0] if len(candidate.objectives) == 1 else np.nan
        self._rows.append((self.n_fits, self._seconds, score))

    def on_search_end(self, search: SearchEvent) -> None:
        """Remember whether Ctrl-C has ended the search."""
        self.is_interrupted = search.reason == "interrupt"

    def curve(self) -> Curve:
        """Return the curve."""
        fits, seconds, scores = zip(*self._rows, strict=True) if self._rows else ((), (), ())
        return Curve.of(fits, seconds, scores)


def curve_of_table(results: dict[str, Any], n_folds: int, metric: str) -> Curve:
    """Return the curve of a search, from its ``cv_results_`` in the order of the rows.

    Parameters
    ----------
    results : dict
        ``cv_results_``. With successive halving, only scores of the last iteration count, as
        only these candidates can be chosen.
    n_folds : int
        Number of fits of each row.
    metric : str
        Name of the metric that chooses.

    Returns
    -------
    curve : Curve
    """
    scores = np.array(results[f"mean_test_{metric}"], dtype=float)
    if "iter" in results:
        scores[np.asarray(results["iter"]) < np.max(results["iter"])] = np.nan
    each = np.asarray(results["mean_fit_time"]) + np.asarray(results["mean_score_time"])
    fits = n_folds * np.arange(1, len(scores) + 1)
    return Curve.of(fits, np.nancumsum(n_folds * each), scores)
