"""Selection bias: the best score is too good because it was chosen among many."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skhpo.multi_objective import shrink
from skhpo.pruners._fold_model import FoldModel

__all__ = ["expected_optimism"]

LARGEST = float(np.finfo(float).max)
N_DRAWS = 400
N_BEST = 100  # number of the best candidates to consider


def expected_optimism(scores: ArrayLike) -> tuple[float, float]:
    """Estimate by how much the mean score of the best candidate exceeds its true score.

    Each mean over the folds has an error, and candidates with a lucky error are more likely to be
    chosen. A parametric bootstrap draws new errors and averages the error of the winner. The
    errors are drawn from the noise that remains in the fold scores when the effects of folds and
    candidates are removed. The true scores are assumed to differ less than the observed means,
    because noise has increased the spread of the means.

    Parameters
    ----------
    scores : array-like of shape (n_candidates, n_folds)
        Scores of the complete candidates, greater is better.

    Returns
    -------
    optimism : float
        The estimate, in the unit of the scores; 0 with fewer than two candidates or folds.
    error : float
        Standard error of a candidate's mean score, compared with others on the same folds.

    Notes
    -----
    The estimate was tested on the 10-fold tables of ``docs/benchmarks/pruning.md``. The best of 60
    candidates was chosen by five of the folds and evaluated on the other five. In units of
    (best - median), the estimate is 0.62 and the true value 0.74 on average; the medians over the
    tables are 0.28 and 0.35.

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
    """Return the standard deviation of finite values, without overflow."""
    unit = np.abs(values).max() or 1.0
    return float((values / unit).std(ddof=1) * unit)
