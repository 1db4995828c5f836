"""How much too good the best score is, for having been chosen among many."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skhpo.multi_objective import shrink
from skhpo.pruners._fold_model import FoldModel

__all__ = ["expected_optimism"]

LARGEST = float(np.finfo(float).max)
N_DRAWS = 400
N_BEST = 100  # candidates that may be the best one in truth


def expected_optimism(scores: ArrayLike) -> tuple[float, float]:
    """Expect by how much the mean score of the best candidate exceeds what it is worth.

    Each mean over the folds has an error, and the candidate with a lucky one is chosen. A
    parametric bootstrap draws the errors anew, from the noise that the folds show once the effects
    of folds and candidates are taken out, and looks at that of the winner. The candidates are
    taken to lie closer together than their means do, by as much as noise has spread these.

    Parameters
    ----------
    scores : array-like of shape (n_candidates, n_folds)
        Scores of the complete candidates, greater is better.

    Returns
    -------
    optimism : float
        In the unit of the scores; 0 with less than two candidates or folds.
    error : float
        Standard error of a candidate's mean score, beside others on the same folds.

    Notes
    -----
    On the 10-fold tables of ``docs/benchmarks/pruning.md``, with 60 candidates chosen by five of
    the folds and met again on the other five, the estimate is 0.62 and the truth 0.74 on average,
    in units of (best - median); medians over the tables 0.28 and 0.35.

    References
    ----------
    G. Cawley and N. Talbot, "On over-fitting in model selection and subsequent selection bias in
    performance evaluation", JMLR 11 (2010).

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.search.selection._selection_bias import expected_optimism
    >>> rng = np.random.default_rng(0)
    >>> all_the_same = 0.8 + 0.02 * rng.normal(size=(50, 5))
    >>> optimism, error = expected_optimism(all_the_same)
    >>> round(optimism, 2), round(error, 3)
    (0.02, 0.008)
    """
    losses = -np.asarray(scores, dtype=float)
    losses = losses[np.isfinite(losses).all(axis=1)]
    if len(losses) < 2 or losses.shape[1] < 2:
        return 0.0, 0.0
    losses, unit = shrink(losses)
    means = losses.mean(axis=1)
    best = np.argsort(means, kind="stable")[:N_BEST]
    model = FoldModel.fit(losses[best])
    error = model.scale / np.sqrt(losses.shape[1])
    spread = _standard_deviation(means[best])
    left = np.sqrt(max(0.0, 1.0 - (error / spread) ** 2)) if spread > error else float(spread == 0)
    true = means[best].mean() + left * (means[best] - means[best].mean())
    draws: NDArray[np.float64] = error * np.random.default_rng(0).normal(size=(N_DRAWS, len(best)))
    winner = np.argmin(true + draws, axis=1)
    optimism = -draws[np.arange(N_DRAWS), winner].mean()
    return min(float(optimism) * unit, LARGEST), min(float(error) * unit, LARGEST)


def _standard_deviation(values: NDArray[np.float64]) -> float:
    """That of finite values of any size."""
    unit = np.abs(values).max() or 1.0
    return float((values / unit).std(ddof=1) * unit)
