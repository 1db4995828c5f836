"""Tree-structured Parzen estimator: Bergstra et al. 2011; multivariate as Falkner et al. 2018."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from skhpo.history import Columns, first_smallest
from skhpo.samplers._base import ColumnSampler
from skhpo.samplers._failures import likely_last
from skhpo.samplers._parzen import Layout, ParzenEstimator

__all__ = ["TPESampler"]

GAMMA = 0.15  # share of the trials that count as good ...
MAX_BEST = 25  # ... and their number at most
GAMMA_OF_SEVERAL = 0.1  # the share with several objectives
MAX_RECENT = 200  # of the trials that are not among the best, the newest ...
MAX_RUNNERS_UP = 100  # ... and the best of the older ones make up the density g
MAX_PENDING = 200  # of the trials under way, the newest
MIN_TRIALS_OF_GROUP = 4


class TPESampler(ColumnSampler):
    """Learn where good trials lie, and try there.

    The best 15 % of the trials give a density l, the others (and those under way) a
    density g. Of some points drawn from l, the one with the largest ``l / g`` is tried:
    it is the one with the largest expected improvement (Bergstra et al. 2011, section 4.1).
    Both densities are joint over all parameters that occur together, numbers and
    categories alike, so interactions are seen.

    Parameters
    ----------
    n_startup_trials : int, default=6
        Trials drawn from the prior before the model is used.
    n_ei_candidates : int, default=24
        Points drawn from l at each ask. More points exploit more, and are not better.
    seed : int, optional
        Seed; None draws one from the system.
    multivariate : bool, default=True
        Model parameters that occur together by one joint density. False models each by itself,
        and does not see how they interact.
    group : bool, default=True
        In a conditional space, model each group of parameters that occur together jointly.
        False does so only for the parameters that all trials have.
    constant_liar : bool, default=True
        Count trials under way among the others, so that parallel workers keep apart.

    Notes
    -----
    - The best ``ceil(0.15 n)`` trials, at most 25, are weighted by log rank, which outliers
      cannot upset; the others weigh the same.
    - With several objectives the best are the tenth in the first fronts; from the last front that
      counts, those that together dominate the largest volume (Ozaki et al. 2022). They weigh the
      same, and there may be more than 25 of them.
    - Trials that break a constraint come after all feasible ones, by how much they break it.
    - One bandwidth a dimension, ``max(0.05, 0.1 n^(-1 / (d + 4)))`` of the range.
    - Trials stopped early count with the prediction of their value, where there is one,
      otherwise after all complete ones; failed trials count among the others.
    - In a conditional space, each group of parameters that occur together is modelled
      on the trials that have it.

    References
    ----------
    J. Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011.

    S. Falkner et al., "BOHB: Robust and efficient hyperparameter optimization at scale", ICML 2018.

    Y. Ozaki et al., "Multiobjective tree-structured Parzen estimator", JAIR 73 (2022).

    S. Watanabe, "Tree-structured Parzen estimator: Understanding its algorithm components
    and their roles for better empirical performance", arXiv:2304.11127 (2023).

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", -5, 5)
    ...     y = trial.suggest_int("y", -5, 5)
    ...     return (x - 1) ** 2 + (y + 2) ** 2
    >>> study = skhpo.create_study(sampler=skhpo.samplers.TPESampler(seed=0))
    >>> study.optimize(objective, n_trials=60)
    >>> study.best_value < 0.5
    True
    """

    def __init__(
        self,
        *,
        n_startup_trials: int = 6,
        n_ei_candidates: int = 24,
        seed: int | None = None,
        multivariate: bool = True,
        group: bool = True,
        constant_liar: bool = True,
    ) -> None:
        if n_startup_trials < 0:
            raise ValueError(f"`n_startup_trials` must be 0 or more; got {n_startup_trials}.")
        if n_ei_candidates < 1:
            raise ValueError(f"`n_ei_candidates` must be 1 or more; got {n_ei_candidates}.")
        super().__init__(seed=seed)
        self.n_startup_trials = n_startup_trials
        self.n_ei_candidates = n_ei_candidates
        self.multivariate = multivariate
        self.group = group
        self.constant_liar = constant_liar

    def propose(self, columns: Columns, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw points from the density of the good trials, the most promising first."""
        if len(columns.names) > 1 and not self._is_joint(columns):
            alone = [
                columns.history.columns({name: distribution})
                for name, distribution in zip(columns.names, columns.distributions, strict=True)
            ]
            return np.hstack([self.propose(column, rng) for column in alone])
        n_trials = len(columns.finished)
        if columns.history.n_finished < self.n_startup_trials or n_trials < MIN_TRIALS_OF_GROUP:
            return likely_last(rng.random((self.n_ei_candidates, len(columns.names))), columns)
        if columns.layout is None:
            columns.layout = Layout(columns.distributions)
        good, bad = self._densities(columns)
        points = good.sample(rng, self.n_ei_candidates)
        gain = good.log_density(points) - bad.log_density(points)
        return points[np.argsort(-gain, kind="stable")]

    def _is_joint(self, columns: Columns) -> bool:
        return self.multivariate and (self.group or not columns.is_conditional)

    def _densities(self, columns: Columns) -> tuple[ParzenEstimator, ParzenEstimator]:
        """Densities of the good and of the other trials."""
        n_trials = len(columns.finished)
        if columns.history.n_objectives == 1:
            best, others = columns.split(min(math.ceil(GAMMA * n_trials), MAX_BEST))
            weights = log_rank_weights(len(best))
        else:
            best, others = columns.split(math.ceil(GAMMA_OF_SEVERAL * n_trials))
            weights = np.ones(len(best))
        others = _cap(others, columns)
        if self.constant_liar:
            others = np.concatenate([others, columns.pending[-MAX_PENDING:]])
        good = ParzenEstimator(columns.points[best], weights, columns.layout)
        bad = ParzenEstimator(columns.points[others], np.ones(len(others)), columns.layout)
        return good, bad


def log_rank_weights(n: int) -> NDArray[np.float64]:
    """Weights of the best trials by rank, the best first, with mean 1."""
    weights = np.maximum(0.05, np.log(n + 0.5) - np.log(np.arange(1, n + 1)))
    normalised: NDArray[np.float64] = weights / weights.mean() if n else weights
    return normalised


def _cap(rows: NDArray[np.int64], columns: Columns) -> NDArray[np.int64]:
    """Keep the newest trials and the best of the older ones, so that an ask stays fast."""
    if len(rows) <= MAX_RECENT + MAX_RUNNERS_UP:
        return rows
    older, recent = rows[:-MAX_RECENT], rows[-MAX_RECENT:]
    losses = np.nan_to_num(columns.history.losses[older], nan=np.inf)
    loss = losses[:, 0]
    if losses.shape[1] > 1:  # the sum of the ranks
        loss = losses.argsort(axis=0, kind="stable").argsort(axis=0).sum(axis=1).astype(float)
    runners_up = older[first_smallest(loss, MAX_RUNNERS_UP)]
    return np.concatenate([runners_up, recent])
