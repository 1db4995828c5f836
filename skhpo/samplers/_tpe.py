"""Tree-structured Parzen estimator: Bergstra et al. 2011; multivariate as Falkner et al. 2018."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Never

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skhpo.distributions import BaseDistribution
from skhpo.history import Columns, first_smallest
from skhpo.samplers._base import ColumnSampler
from skhpo.samplers._dialect import ConstraintsFunction, check_left_out
from skhpo.samplers._failures import likely_last
from skhpo.samplers._parzen import Layout, ParzenEstimator, relative_spread
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["TPESampler"]

RelativeCost = Callable[[dict[str, Any]], float]

GAMMA = 0.15  # share of the trials that count as good ...
MAX_BEST = 25  # ... and their maximum number
GAMMA_OF_SEVERAL = 0.1  # the share for several objectives
MAX_RECENT = 200  # of the trials that are not good, the density g uses the newest ...
MAX_RUNNERS_UP = 100  # ... and the best of the older ones
MAX_PENDING = 200  # newest running trials that g uses
MIN_TRIALS_OF_GROUP = 4
LEFT_OUT = {
    "consider_prior": (True, "the prior is always one of the kernels"),
    "consider_magic_clip": (True, "kernels are never narrower than a twentieth of the range"),
    "consider_endpoints": (False, "all kernels of a dimension have the same width"),
    "categorical_distance_func": (
        None,
        "numeric choices are ordered, and other choices are all equally distant",
    ),
}


class TPESampler(ColumnSampler):
    """Model the densities of good and other trials, and try where their ratio is largest.

    The best 15 % of the trials define a density l; the others, including running trials, define a
    density g. Of several points drawn from l, the sampler tries the one with the largest
    ``l / g``, which has the largest expected improvement (Bergstra et al. 2011, section 4.1).
    Both densities are joint over all parameters that occur together, numbers and categories
    alike, so they capture interactions.

    Parameters
    ----------
    n_startup_trials : int, default=6
        Trials before the model is used. They are a Latin hypercube: each of as many equal parts
        of a range has one trial.
    n_ei_candidates : int, default=24
        Points drawn from l at each ask. More points exploit more, which is not better.
    seed : int, optional
        Seed; None draws one from the system.
    multivariate : bool or None, default=True
        Model parameters that occur together by one joint density. False models each parameter
        separately, ignoring interactions. None is the same as True.
    group : bool, default=True
        In a conditional space, model each group of parameters that occur together jointly.
        False does so only for the parameters that all trials have.
    constant_liar : bool, default=True
        Count running trials among the others, so that parallel workers try different points.
    gamma : callable, optional
        Returns how many of a given number of trials are good. Default: see the notes.
    weights : callable, optional
        Returns the weights of a given number of trials, the oldest first. Default: see the notes.
    prior_weight : float, optional
        Weight of the prior, relative to trials of weight 1. Default: 1.
    constraints_func : callable, optional
        Called with the record of each trial that is complete or pruned; returns its constraints,
        numbers that are satisfied at 0 and below. ``trial.set_constraint`` in the objective does
        the same, and can be read while the trial runs.
    relative_cost : callable, optional
        Called with the parameters of a point, a dict; returns what a trial of it costs, in any
        unit. The sampler then tries the point with the largest expected improvement per unit of
        cost (Snoek et al. 2012). The parameters are those that are modelled together.
    **left_out
        Arguments of Optuna's sampler. Those that control warnings have no effect; others
        raise an error that states the reason.

    Notes
    -----
    - The good trials are the best ``ceil(0.15 n)``, at most 25. They are weighted by log rank,
      which is robust to outliers; the other trials have equal weights.
    - With several objectives, the good trials are the tenth in the first fronts. From the last
      of these fronts, the trials that together dominate the largest volume are used (Ozaki et al.
      2022). The good trials then have equal weights, and there may be more than 25 of them.
    - Infeasible trials rank after all feasible ones, by the amount of their violation.
    - Each dimension has one bandwidth, ``max(0.05, 0.2 s n^(-1 / (d + 4)))`` of the range, where
      s is the standard deviation of the good trials relative to a uniform spread. So kernels are
      narrow in the dimensions in which the good trials agree, and wide in the others.
    - Trials stopped early rank by the prediction of their value if there is one, otherwise
      after all complete trials. Failed trials count among the others.
    - In a conditional space, each group of parameters that occur together is modelled on the
      trials that have it.

    References
    ----------
    J. Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011.

    M. D. McKay, R. J. Beckman, W. J. Conover, "A comparison of three methods for selecting values
    of input variables in the analysis of output from a computer code", Technometrics 21 (1979).

    D. W. Scott, "Multivariate Density Estimation", Wiley (1992), section 6.3.

    J. Snoek, H. Larochelle, R. P. Adams, "Practical Bayesian optimization of machine learning
    algorithms", NeurIPS 2012.

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
        multivariate: bool | None = True,
        group: bool = True,
        constant_liar: bool = True,
        gamma: Callable[[int], int] | None = None,
        weights: Callable[[int], ArrayLike] | None = None,
        prior_weight: float | None = None,
        constraints_func: ConstraintsFunction | None = None,
        relative_cost: RelativeCost | None = None,
        **left_out: Never,
    ) -> None:
        check_left_out(TPESampler, left_out, LEFT_OUT)
        for name, function in (("gamma", gamma), ("weights", weights)):
            if function is not None and not callable(function):
                raise TypeError(f"`{name}` must be a function of a number; got {function!r}.")
        if relative_cost is not None and not callable(relative_cost):
            raise TypeError(
                f"`relative_cost` must be a function of the parameters; got {relative_cost!r}."
            )
        if prior_weight is not None and not 0.0 < prior_weight < math.inf:
            raise ValueError(f"`prior_weight` must be above 0 and finite; got {prior_weight}.")
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
        self.gamma = gamma
        self.weights = weights
        self.prior_weight = prior_weight
        self.constraints_func = constraints_func
        self.relative_cost = relative_cost

    @property
    def _is_multivariate(self) -> bool:
        return self.multivariate is None or bool(self.multivariate)

    @staticmethod
    def hyperopt_parameters() -> dict[str, Any]:
        """Return arguments that make the sampler behave more like hyperopt's.

        Returns
        -------
        params : dict of str to object

        Examples
        --------
        >>> from skhpo.samplers import TPESampler
        >>> sampler = TPESampler(**TPESampler.hyperopt_parameters(), seed=0)
        >>> sampler.gamma(100)
        3
        """
        return {
            "consider_prior": True,
            "prior_weight": 1.0,
            "consider_magic_clip": True,
            "consider_endpoints": False,
            "n_startup_trials": 20,
            "n_ei_candidates": 24,
            "gamma": hyperopt_gamma,
            "weights": hyperopt_weights,
        }

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the parameters that all trials have; none if each is drawn independently."""
        return super().infer_relative_search_space(study, trial) if self._is_multivariate else {}

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
            points = rng.random((self.n_ei_candidates, len(columns.names)))
            points[0] = self._startup_point(columns, rng)
            return likely_last(points, columns)
        if columns.layout is None:
            columns.layout = Layout(columns.distributions)
        good, bad = self._densities(columns)
        points = good.sample(rng, self.n_ei_candidates)
        gain = good.log_density(points) - bad.log_density(points)
        if self.relative_cost is not None:
            gain -= np.log([self._cost(columns, point) for point in points])
        return points[np.argsort(-gain, kind="stable")]

    def _cost(self, columns: Columns, point: NDArray[np.float64]) -> float:
        """Return the relative cost of a point."""
        assert self.relative_cost is not None
        params = {
            name: distribution.to_external_repr(float(distribution.from_unit(u)))
            for name, distribution, u in zip(
                columns.names, columns.distributions, point, strict=True
            )
        }
        cost = float(self.relative_cost(params))
        if not 0.0 < cost < math.inf:
            raise ValueError(
                f"`relative_cost` must return a number above 0 and finite; got {cost} for {params}."
            )
        return cost

    def _startup_point(self, columns: Columns, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw a point from the part of each range that has the fewest trials.

        With `n_startup_trials` equal parts, the trials become a Latin hypercube (McKay et al.
        1979), into which trials that were not drawn here fit. Of few values, each is a part.
        """
        rows = np.concatenate([columns.finished, columns.pending])
        n_trials = max(self.n_startup_trials, MIN_TRIALS_OF_GROUP)
        point = rng.random(len(columns.names))
        for j, distribution in enumerate(columns.distributions):
            n_parts = min(n_trials, distribution.n_cells or n_trials)
            parts = np.minimum((columns.points[rows, j] * n_parts).astype(np.int64), n_parts - 1)
            counts = np.bincount(parts, minlength=n_parts)
            part = rng.choice(np.flatnonzero(counts == counts.min()))
            point[j] = (part + point[j]) / n_parts
        return point

    def _is_joint(self, columns: Columns) -> bool:
        return self._is_multivariate and (self.group or not columns.is_conditional)

    def _densities(self, columns: Columns) -> tuple[ParzenEstimator, ParzenEstimator]:
        """Return the densities of the good and of the other trials."""
        n_trials = len(columns.finished)
        has_ranks = columns.history.n_objectives == 1
        best, others = columns.split(self._n_best(n_trials, has_ranks))
        others = _cap(others, columns)
        if self.constant_liar:
            others = np.concatenate([others, columns.pending[-MAX_PENDING:]])
        if self.weights is not None:
            of_best, of_others = self._by_age(best), self._by_age(others)
        else:
            of_best = log_rank_weights(len(best)) if has_ranks else np.ones(len(best))
            of_others = np.ones(len(others))
        prior = 1.0 if self.prior_weight is None else self.prior_weight
        points, layout = columns.points, columns.layout
        spread = relative_spread(points[best], of_best)
        good = ParzenEstimator(points[best], of_best, layout, prior, spread)
        bad = ParzenEstimator(points[others], of_others, layout, prior, spread)
        return good, bad

    def _n_best(self, n_trials: int, has_ranks: bool) -> int:
        """Return how many trials count as good."""
        if self.gamma is not None:
            n_best = int(self.gamma(n_trials))
            if n_best < 1:
                raise ValueError(f"`gamma` must return 1 or more; got {n_best} for {n_trials}.")
            return n_best
        if has_ranks:
            return min(math.ceil(GAMMA * n_trials), MAX_BEST)
        return math.ceil(GAMMA_OF_SEVERAL * n_trials)

    def _by_age(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the weights of trials according to `weights`, the oldest trial first."""
        assert self.weights is not None
        by_age = np.asarray(self.weights(len(rows)), dtype=np.float64)
        if by_age.shape != rows.shape or not (np.isfinite(by_age) & (by_age >= 0.0)).all():
            raise ValueError(
                f"`weights` must return {len(rows)} finite numbers of 0 or more for "
                f"{len(rows)} trials; got {by_age!r}."
            )
        weights = np.empty(len(rows))
        weights[np.argsort(rows, kind="stable")] = by_age
        return weights


def hyperopt_gamma(n_trials: int) -> int:
    """Return how many trials hyperopt counts as good: a quarter of the square root, at most 25."""
    return min(math.ceil(0.25 * math.sqrt(n_trials)), 25)


def hyperopt_weights(n_trials: int) -> NDArray[np.float64]:
    """Return weights by age: 1 for the newest 25 trials, and decreasing for older ones."""
    n_new = min(n_trials, 25)
    older = np.linspace(1.0 / max(n_trials, 1), 1.0, n_trials - n_new)
    return np.concatenate([older, np.ones(n_new)])


def log_rank_weights(n: int) -> NDArray[np.float64]:
    """Return weights of the good trials by rank, the best first, with mean 1."""
    weights = np.maximum(0.05, np.log(n + 0.5) - np.log(np.arange(1, n + 1)))
    normalised: NDArray[np.float64] = weights / weights.mean() if n else weights
    return normalised


def _cap(rows: NDArray[np.int64], columns: Columns) -> NDArray[np.int64]:
    """Select the newest trials and the best of the older ones, so that an ask stays fast."""
    if len(rows) <= MAX_RECENT + MAX_RUNNERS_UP:
        return rows
    older, recent = rows[:-MAX_RECENT], rows[-MAX_RECENT:]
    losses = np.nan_to_num(columns.history.losses[older], nan=np.inf)
    loss = losses[:, 0]
    if losses.shape[1] > 1:  # the sum of the ranks
        loss = losses.argsort(axis=0, kind="stable").argsort(axis=0).sum(axis=1).astype(float)
    runners_up = older[first_smallest(loss, MAX_RUNNERS_UP)]
    return np.concatenate([runners_up, recent])
