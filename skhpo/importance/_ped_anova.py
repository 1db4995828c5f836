"""PED-ANOVA: parameter importances from the best trials (Watanabe et al. 2023)."""

from __future__ import annotations

import math
import warnings
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from skhpo.distributions import BaseDistribution
from skhpo.history import best_by_fronts, total_violation
from skhpo.importance._base import (
    BaseImportanceEvaluator,
    Target,
    by_importance,
    check_params,
    read_trials,
)
from skhpo.study import StudyDirection
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["PedAnovaImportanceEvaluator"]

FloatArray = NDArray[np.float64]

N_GRID_POINTS = 50  # maximal number of grid points of an ordered parameter
PRIOR_WEIGHT = 1.0  # weight of the uniform density, in trials
MIN_TRIALS_OF_A_REGIME = 2
SMALLEST_BANDWIDTH = 0.5 / 1.64  # in grid points: 90 % of a kernel's mass is in its own cell
TINY = 1e-12  # keeps the ratio of two densities finite


class PedAnovaImportanceEvaluator(BaseImportanceEvaluator):
    """Importances by how much a parameter's distribution differs between the best and all trials.

    The importance of a parameter is the Pearson divergence between two densities, estimated with
    kernels on a grid: that of the best trials, and that of all trials. No model of the objective
    is fitted, so it takes milliseconds. As trials are compared with trials, the sampler's
    preferences cancel, unless they change: a sampler that converges, such as TPE in more than a
    hundred trials, narrows parameters without effect, too. They then look important here, and not
    to :class:`FanovaImportanceEvaluator`.

    A conditional parameter is evaluated among the trials that have it. If its range differs
    between trials, it is evaluated among the trials of each range (regime). The parts are summed
    with the weight ``alpha**2 / beta``, where ``alpha`` and ``beta`` are the fractions of the
    best trials and of all trials that belong to the regime. The presence of a parameter counts
    for the parameter that controls it. Regimes with a single trial are left out.

    With several objectives and no target, the best trials are the first fronts. From the last
    front, those that dominate most are used. Infeasible trials come after all others, ordered by
    constraint violation.

    Parameters
    ----------
    target_quantile : float, default=0.1
        Fraction of the trials that count as the best. A stable estimate needs at least five.
    region_quantile : float, default=1.0
        Fraction of the trials with which the best are compared. With 0.5, the importances show
        what matters within the better half.
    evaluate_on_local : bool, default=True
        Whether to compare with the distribution of the trials. If False, compare with the
        whole space.

    References
    ----------
    S. Watanabe, A. Bansal and F. Hutter, "PED-ANOVA: Efficiently quantifying hyperparameter
    importance in arbitrary subspaces", IJCAI 2023, arXiv:2304.10255.

    K. Baba, Y. Ozaki and S. Watanabe, "Conditional PED-ANOVA: Hyperparameter importance in
    hierarchical and dynamic search spaces", KDD 2026, arXiv:2601.20800.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.importance import PedAnovaImportanceEvaluator, get_param_importances
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> def objective(trial):
    ...     return trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1) / 1000
    >>> study.optimize(objective, n_trials=100)
    >>> evaluator = PedAnovaImportanceEvaluator(target_quantile=0.2)
    >>> list(get_param_importances(study, evaluator=evaluator))
    ['x', 'y']
    """

    def __init__(
        self,
        *,
        target_quantile: float = 0.1,
        region_quantile: float = 1.0,
        evaluate_on_local: bool = True,
    ) -> None:
        if not 0.0 < target_quantile < region_quantile <= 1.0:
            raise ValueError(
                "`target_quantile` and `region_quantile` must satisfy 0 < target_quantile < "
                f"region_quantile <= 1; got {target_quantile} and {region_quantile}."
            )
        if region_quantile < 1.0 and not evaluate_on_local:
            raise ValueError(
                f"`region_quantile` must be 1 if `evaluate_on_local` is False; "
                f"got {region_quantile}."
            )
        self.target_quantile = target_quantile
        self.region_quantile = region_quantile
        self.evaluate_on_local = evaluate_on_local

    def evaluate(
        self, study: Study, params: Sequence[str] | None = None, *, target: Target | None = None
    ) -> dict[str, float]:
        """Return the importance of each parameter.

        Parameters
        ----------
        study : Study
            The study.
        params : sequence of str, optional
            Names of the parameters. Default: all parameters of any trial.
        target : callable, optional
            Function that takes a complete trial and returns the number to explain; smaller is
            better. Default: the objectives' values, in the study's directions.

        Returns
        -------
        importances : dict of str to float
            Importances by name, the largest first. All are 0 if there are fewer than 2 trials.

        Raises
        ------
        TypeError
            If `params` is not a list of names.
        ValueError
            If one of `params` is in no trial.
        """
        check_params(params)
        trials, values = read_trials(study, target)
        names = _names(trials, params)
        if len(trials) < 2:
            warnings.warn(
                f"Importances need 2 trials or more; got {len(trials)}. All are set equal.",
                stacklevel=3,
            )
            return dict.fromkeys(names, 0.0)
        if target is None:
            maximize = [direction == StudyDirection.MAXIMIZE for direction in study.directions]
            violation = np.array([total_violation(trial.constraints) for trial in trials])
            losses = np.where(maximize, -values, values)
        else:
            violation, losses = np.zeros(len(trials)), values
        in_target = _best(losses, violation, self.target_quantile)
        in_region = _best(losses, violation, self.region_quantile) | in_target
        region = [trials[i] for i in np.flatnonzero(in_region)]
        return by_importance(
            {name: self._importance(name, region, in_target[in_region]) for name in names}
        )

    def _importance(
        self, name: str, region: list[FrozenTrial], in_target: NDArray[np.bool_]
    ) -> float:
        """Sum the divergences within the regimes (arXiv:2601.20800, theorem 4.2)."""
        total, n_target = 0.0, in_target.sum()
        for distribution, rows in _regimes(name, region).items():
            best = in_target[rows]
            if distribution.single() or not best.any():
                continue
            internal = [distribution.to_internal_repr(region[i].params[name]) for i in rows]
            alpha, beta = best.sum() / n_target, len(rows) / len(region)
            total += alpha**2 / beta * self._divergence(distribution, np.array(internal), best)
        return float((n_target / len(region)) ** 2 * total)

    def _divergence(
        self, distribution: BaseDistribution, internal: FloatArray, best: NDArray[np.bool_]
    ) -> float:
        """Return the Pearson divergence between the densities of the best and of all trials."""
        index, n_points = _on_grid(distribution, internal)
        density = _ordered_density if distribution.is_ordered else _categorical_density
        p_best = density(np.bincount(index[best], minlength=n_points)) + TINY
        if self.evaluate_on_local:
            p_all = density(np.bincount(index, minlength=n_points)) + TINY
        else:
            p_all = np.full(n_points, 1.0 / n_points)
        return float(p_all @ (p_best / p_all - 1.0) ** 2)


def _names(trials: list[FrozenTrial], params: Sequence[str] | None) -> list[str]:
    """Return the names of the parameters to evaluate, in the order of their first occurrence."""
    known = list(dict.fromkeys(name for trial in trials for name in trial.params))
    if params is None:
        return known
    if missing := [name for name in params if name not in known]:
        raise ValueError(f"No complete trial has the `params` {missing}; known names: {known}.")
    return list(params)


def _best(losses: FloatArray, violation: FloatArray, quantile: float) -> NDArray[np.bool_]:
    """Mark the best fraction of the trials; with one objective, include ties with the last."""
    n_best = math.ceil(quantile * len(losses))
    is_best = np.zeros(len(losses), dtype=bool)
    if losses.shape[1] == 1:
        loss = losses[:, 0]
        order = np.lexsort((loss, violation))
        last = order[n_best - 1]
        is_best[order[:n_best]] = True
        is_best |= (loss == loss[last]) & (violation == violation[last])
    else:
        feasible = np.flatnonzero(violation <= 0.0)
        if len(feasible):
            feasible = feasible[best_by_fronts(losses[feasible], n_best)]
        broken = np.argsort(violation, kind="stable")[np.count_nonzero(violation <= 0.0) :]
        is_best[np.concatenate([feasible, broken])[:n_best]] = True
    return is_best


def _regimes(name: str, trials: list[FrozenTrial]) -> dict[BaseDistribution, list[int]]:
    """Return the positions of the trials that have a parameter, by its distribution."""
    regimes: dict[BaseDistribution, list[int]] = defaultdict(list)
    for i, trial in enumerate(trials):
        if name in trial.distributions:
            regimes[trial.distributions[name]].append(i)
    return {
        distribution: rows
        for distribution, rows in regimes.items()
        if len(rows) >= MIN_TRIALS_OF_A_REGIME
    }


def _on_grid(distribution: BaseDistribution, internal: FloatArray) -> tuple[NDArray[np.int64], int]:
    """Return the index of the nearest grid point of each value, and the number of grid points."""
    if not distribution.is_ordered:
        assert distribution.n_cells is not None
        return internal.astype(np.int64), distribution.n_cells
    evenly = distribution.from_unit(np.linspace(0.0, 1.0, N_GRID_POINTS))
    grid = np.unique(distribution.to_unit(evenly))  # distinct values only
    borders = (grid[1:] + grid[:-1]) / 2.0
    return np.searchsorted(borders, distribution.to_unit(internal)), len(grid)


def _ordered_density(counts: NDArray[np.int64]) -> FloatArray:
    """Return the density on a grid of ordered points, given the number of trials at each.

    It is a mixture of one Gaussian per trial, with Scott's bandwidth, and a wide one for the
    prior. Each is truncated at the ends of the grid.
    """
    n_points, n_trials = len(counts), int(counts.sum())
    grid = np.arange(n_points)
    where = np.flatnonzero(counts)
    means = np.append(where, (n_points - 1) / 2.0)
    deviations = np.full(len(means), _scott_bandwidth(np.repeat(grid, counts)))
    deviations[-1] = n_points
    weights = np.append(counts[where], PRIOR_WEIGHT) / (n_trials + PRIOR_WEIGHT)
    borders = np.arange(n_points + 1) - 0.5
    below = ndtr((borders[:, None] - means) / deviations)
    mass: FloatArray = np.diff(below, axis=0) / (below[-1] - below[0])
    return mass @ weights


def _scott_bandwidth(positions: NDArray[np.int64]) -> float:
    """Return the bandwidth by Scott's rule, with the smaller of two estimates of the spread."""
    n = len(positions)
    sd = positions.std(ddof=1) if n > 1 else 0.0
    iqr = positions[min(n - 1, n * 3 // 4)] - positions[max(n // 4 - 1, 0)]
    bandwidth = max(1.059 * min(iqr / 1.34, sd) * n**-0.2, SMALLEST_BANDWIDTH)
    return float(bandwidth)


def _categorical_density(counts: NDArray[np.int64]) -> FloatArray:
    """Return the density over unordered choices, given the number of trials at each.

    It is a mixture of one kernel per trial (its choice, smoothed with the uniform density) and
    the uniform density for the prior.
    """
    n_choices, n_trials = len(counts), int(counts.sum())
    smoothing = PRIOR_WEIGHT / (np.count_nonzero(counts) + 1)
    kernels = (smoothing + np.eye(n_choices)) / (1.0 + n_choices * smoothing)
    prior = np.full(n_choices, PRIOR_WEIGHT / n_choices)
    density: FloatArray = (counts @ kernels + prior) / (n_trials + PRIOR_WEIGHT)
    return density
