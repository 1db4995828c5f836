"""Partial dependence of the objective on parameters, from a Gaussian process on the trials.

The mean of the objective over the other parameters, as the trials have them, is a linear function
of the process. So its posterior mean and variance are exact (Moosbauer et al., "Explaining
hyperparameter optimization via partial dependence plots", NeurIPS 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from skhpo.plots._axes import ParamAxis
from skhpo.samplers._gp_model import (
    GaussianProcess,
    fit_hyperparameters,
    matern,
    squared_distances,
)
from skhpo.samplers._gp_transform import soften

__all__ = ["Dependence", "Surrogate", "fit_surrogate"]

MIN_TRIALS = 5
MAX_TRIALS = 300  # the process is conditioned on a random sample of this size
MAX_FITTED = 200  # trials to which its hyperparameters are fitted
MAX_BACKGROUND = 60  # trials over which the dependence is averaged
MIN_TRIALS_OF_A_PATTERN = 3  # to find out which parameters control others
SQRT_HALF = float(np.sqrt(0.5))  # different choices have distance 1

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass
class Dependence:
    """Partial dependence of the objective at some points.

    Attributes
    ----------
    mean : ndarray
        Mean of the objective over the other parameters; NaN where no trial is similar.
    low, high : ndarray
        Ends of the 95 % interval of the mean.
    """

    mean: FloatArray
    low: FloatArray
    high: FloatArray


def fit_surrogate(
    axes: Sequence[ParamAxis],
    positions: FloatArray,
    values: FloatArray,
    variances: FloatArray,
    *,
    greater_is_better: bool,
    seed: int = 0,
) -> Surrogate | None:
    """Fit a Gaussian process to the trials.

    Parameters
    ----------
    axes : sequence of ParamAxis
        One per parameter.
    positions : ndarray of shape (n_trials, n_params)
        Positions of the parameters on their axes; NaN where a trial does not have one.
    values : ndarray of shape (n_trials,)
        Finite values of the objective.
    variances : ndarray of shape (n_trials,)
        Known noise variance of each value, in addition to the common one.
    greater_is_better : bool
        Whether larger values are better. Bad values are compressed for the model.
    seed : int, default=0
        Seed of the sample if there are more than 300 trials.

    Returns
    -------
    surrogate : Surrogate or None
        None if there are fewer than 5 trials, or no parameters.
    """
    if len(values) < MIN_TRIALS or not axes:
        return None
    if len(values) > MAX_TRIALS:
        rows = np.sort(np.random.default_rng(seed).permutation(len(values))[:MAX_TRIALS])
        positions, values, variances = positions[rows], values[rows], variances[rows]
    return Surrogate(axes, positions, _Scale(values, greater_is_better), variances)


class Surrogate:
    """A Gaussian process on the trials, in which parameters may be inactive.

    Use :func:`fit_surrogate`. An inactive parameter is in the middle of its range, and the set of
    active parameters is a categorical feature of its own.
    """

    def __init__(
        self,
        axes: Sequence[ParamAxis],
        positions: FloatArray,
        scale: _Scale,
        variances: FloatArray,
    ) -> None:
        self._axes = axes
        self._positions = positions
        self._scale = scale
        self._is_active = ~np.isnan(positions)
        _, patterns = np.unique(self._is_active, axis=0, return_inverse=True)
        self._patterns = patterns.reshape(-1)
        self._tried = [np.unique(column[~np.isnan(column)]) for column in positions.T]
        blocks = [self._block(j, positions[:, j]) for j in range(len(axes))]
        if len(np.unique(self._patterns)) > 1:
            blocks.append(SQRT_HALF * np.eye(self._patterns.max() + 1)[self._patterns])
        features = np.hstack(blocks)
        widths = [block.shape[1] for block in blocks]
        self._block_of = np.repeat(np.arange(len(blocks)), widths)
        noise = variances * scale.slope**2
        some = _evenly(len(positions), MAX_FITTED)
        with threadpool_limits(1, user_api="blas"):  # for small matrices, threads cost time
            theta = fit_hyperparameters(
                features[some], scale.targets[some], noise[some], self._block_of
            )
        self._process = GaussianProcess(features, scale.targets, noise, theta, self._block_of)

    def dependence(self, columns: Sequence[int], points: FloatArray) -> Dependence:
        """Return the partial dependence on some parameters.

        The average is over trials that have these parameters. If the value of a parameter decides
        which others are active, it is only combined with trials in which they are active. Choices
        that were not tried have no dependence.

        Parameters
        ----------
        columns : sequence of int
            The parameters.
        points : ndarray of shape (n_points, len(columns))
            Their positions.

        Returns
        -------
        dependence : Dependence
            Arrays of shape (n_points,).
        """
        process = self._process
        has_all = self._is_active[:, columns].all(axis=1)
        rows = np.flatnonzero(has_all)
        rows = rows[_evenly(len(rows), MAX_BACKGROUND)]
        is_swept = np.isin(self._block_of, columns)
        swept = np.hstack([self._block(j, points[:, k]) for k, j in enumerate(columns)])
        order = np.concatenate([np.flatnonzero(self._block_of == j) for j in columns])
        at_points = swept * process.inverse_lengthscales[order]
        to_trials = squared_distances(at_points, process.scaled[:, order])
        rest = process.scaled[:, ~is_swept]
        from_rows = squared_distances(rest[rows], rest)
        prior = matern(from_rows[:, rows], process.signal)[0]
        weights = self._weights(columns, points, rows)
        mean, sd = np.full(len(points), np.nan), np.full(len(points), np.nan)
        for i in np.flatnonzero(weights.any(axis=1)):
            kernel = weights[i] @ matern(from_rows + to_trials[i], process.signal)[0]
            explained = process.whitener @ kernel
            mean[i] = kernel @ process.weights
            sd[i] = np.sqrt(max(weights[i] @ prior @ weights[i] - explained @ explained, 0.0))
        mean, low, high = (self._scale.undo(mean + z * sd) for z in (0.0, -1.96, 1.96))
        return Dependence(mean, np.minimum(low, high), np.maximum(low, high))

    def _block(self, j: int, positions: FloatArray) -> FloatArray:
        """Return the features of a parameter, ndarray of shape (n_points, n_features)."""
        if self._axes[j].distribution.is_ordered:
            unit = self._axes[j].to_unit(positions)
            return np.nan_to_num(unit, nan=0.5)[:, None]
        is_it: FloatArray = np.equal(positions[:, None], self._tried[j]).astype(np.float64)
        return SQRT_HALF * is_it

    def _weights(
        self, columns: Sequence[int], points: FloatArray, rows: NDArray[np.int64]
    ) -> FloatArray:
        """Return the weight of each row for each point, with sum 1 or, if none is similar, 0."""
        fits = np.ones((len(points), len(rows)), dtype=bool)
        for k, j in enumerate(columns):
            fits &= self._goes_with(j, points[:, k], rows)
            if not self._axes[j].distribution.is_ordered:
                fits &= np.isin(points[:, k], self._tried[j])[:, None]
        weights: FloatArray = fits / np.maximum(fits.sum(axis=1, keepdims=True), 1.0)
        return weights

    def _goes_with(self, j: int, at: FloatArray, rows: NDArray[np.int64]) -> BoolArray:
        """Return which rows can have the positions `at` of parameter `j`.

        If the patterns of active parameters exclude each other by the value of the parameter,
        these are rows whose pattern was seen with this value.
        """
        active = np.flatnonzero(self._is_active[:, j])
        patterns, counts = np.unique(self._patterns[active], return_counts=True)
        seen = {p: self._positions[active[self._patterns[active] == p], j] for p in patterns}
        often = [seen[p] for p, n in zip(patterns, counts, strict=True)
                 if n >= MIN_TRIALS_OF_A_PATTERN]  # fmt: skip
        is_ordered = self._axes[j].distribution.is_ordered
        if not any(_exclude(a, b, is_ordered) for i, a in enumerate(often) for b in often[:i]):
            return np.ones((len(at), len(rows)), dtype=bool)
        with_pattern = {
            p: (at >= values.min()) & (at <= values.max()) if is_ordered else np.isin(at, values)
            for p, values in seen.items()
        }
        return np.column_stack([with_pattern[p] for p in self._patterns[rows]])


class _Scale:
    """The values as targets of a Gaussian process: bad ones compressed, mean 0, variance 1."""

    def __init__(self, values: FloatArray, greater_is_better: bool) -> None:
        self._sign = -1.0 if greater_is_better else 1.0
        losses = self._sign * values
        softened, slope = soften(losses)
        spread = softened.std()
        self._is_constant = not spread > 1e-12 * max(np.abs(softened).max(), 1e-300)
        if self._is_constant:
            self.targets, self.slope = np.zeros_like(values), np.zeros_like(values)
            self._losses, self._ends = losses[:1], (0.0, 0.0)
            return
        self.targets = (softened - softened.mean()) / spread
        self.slope = slope / spread
        order = np.argsort(losses, kind="stable")
        self._sorted, self._losses = self.targets[order], losses[order]
        self._ends = (1.0 / self.slope[order[0]], 1.0 / self.slope[order[-1]])

    def undo(self, targets: FloatArray) -> FloatArray:
        """Return the values of targets."""
        if self._is_constant:
            return np.where(np.isnan(targets), np.nan, self._sign * self._losses[0])
        inside = np.interp(targets, self._sorted, self._losses)
        below = np.minimum(targets - self._sorted[0], 0.0) * self._ends[0]
        above = np.maximum(targets - self._sorted[-1], 0.0) * self._ends[1]
        values: FloatArray = self._sign * (inside + below + above)
        return values


def _exclude(a: FloatArray, b: FloatArray, is_ordered: bool) -> bool:
    """Return whether two sets of values have no value, or no part of their ranges, in common."""
    if is_ordered:
        return bool(a.max() < b.min() or b.max() < a.min())
    return not np.isin(a, b).any()


def _evenly(n: int, n_wanted: int) -> NDArray[np.int64]:
    """Return at most `n_wanted` evenly spaced indices below `n`."""
    return np.unique(np.linspace(0, n - 1, min(n, n_wanted)).round().astype(np.int64))
