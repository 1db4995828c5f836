"""A model of fold losses: predict a candidate's cross-validation result from some of its folds.

All candidates are evaluated on the same folds. The loss of a candidate on a fold is modelled as the
sum of the candidate's level, the effect of the fold and a residual (a two-way layout). Residuals of
similar candidates are alike: some folds agree with the mean of all folds more closely than others,
and some deviate together. The residuals therefore have a covariance between folds, estimated with
an inverse-Wishart prior centred at equal and independent folds.

The model was compared with simpler ones on 36 tables of fold losses of real models
(``docs/benchmarks/pruning.md``). At the same regret, it saved about five percentage points more of
the fold fits than a rule based on differences to the incumbent, and about one more than the plain
two-way layout. The covariance contributes at most half a point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from skhpo.history import first_smallest
from skhpo.multi_objective import shrink

__all__ = ["FoldModel"]

_MAX_ROWS = 30  # maximum number of complete candidates used for the estimates
_MIN_ROWS = 4  # minimum number; if the better half is smaller, others are used as well
_PRIOR_DOF = 2.0  # weight of the prior residual variance, in degrees of freedom
_PRIOR_SHARE = 0.25  # prior residual variance, as a share of the variance between folds
_LARGEST = float(np.finfo(float).max)


@dataclass(frozen=True, eq=False)
class FoldModel:
    r"""Gaussian model of the losses of candidates on the folds of a cross-validation.

    The loss of candidate :math:`c` on fold :math:`f` is :math:`\mu_c + \phi_f + e_{cf}` with
    :math:`e_c \sim N(0, s^2 R)`. The effects and the covariance are estimated from the better half
    of the complete candidates, because residuals are smaller among good candidates. The level
    :math:`\mu_c` has a flat prior. The prediction is universal kriging with an unknown constant.

    Attributes
    ----------
    best : float
        Smallest mean loss of the complete candidates; inf if none is finite.
    effects : ndarray of shape (n_folds,)
        Effects of the folds, shrunk towards zero.
    scale : float
        Standard deviation s of the residuals, in the unit of the losses.
    relative_covariance : ndarray of shape (n_folds, n_folds)
        Covariance R of the residuals between folds, in units of ``scale ** 2``.
    quantile : float
        Quantile of Student's t at the stopping level.

    References
    ----------
    Smyth, G. K. (2004). Linear models and empirical Bayes methods for assessing differential
    expression in microarray experiments. (Moderated variance.)

    Cressie, N. (1993). Statistics for spatial data, section 3.4. (Universal kriging.)

    Hansen, N. (2016). The CMA evolution strategy: a tutorial. (Logarithmic rank weights.)

    Examples
    --------
    >>> from skhpo.pruners._fold_model import FoldModel
    >>> model = FoldModel.fit([[0.2, 0.4, 0.3], [0.3, 0.5, 0.4], [0.5, 0.6, 0.7]])
    >>> model.should_stop([0], [0.6]), model.should_stop([0], [0.21])
    (True, False)
    """

    best: float
    effects: NDArray[np.float64]
    scale: float
    relative_covariance: NDArray[np.float64]
    quantile: float

    @classmethod
    @np.errstate(over="ignore", invalid="ignore")  # losses may be denormal, or huge
    def fit(
        cls, losses: ArrayLike, alpha: float = 0.05, merit: ArrayLike | None = None
    ) -> FoldModel:
        """Estimate the model from the complete candidates.

        Parameters
        ----------
        losses : array-like of shape (n_complete, n_folds)
            Losses of the complete candidates, smaller is better. Candidates with a non-finite
            loss are ignored.
        alpha : float, default=0.05
            Stop a candidate when its probability of beating the best one is below this level, in
            (0, 0.5].
        merit : array-like of shape (n_complete,), optional
            Values that define the better half, smaller is better. Default: the mean loss.

        Returns
        -------
        FoldModel
            The model; its size is about a kilobyte for ten folds.
        """
        losses = np.asarray(losses, dtype=float)
        n_folds = losses.shape[1]
        rows, means = _best_rows(losses, merit)
        if not means.size:
            return cls(np.inf, np.zeros(n_folds), 0.0, np.eye(n_folds), 0.0)
        weights = _rank_weights(means.size)
        size = weights.sum()
        rows, factor = shrink(rows)
        centred = rows - means[:, None] / factor
        unit = np.abs(centred).max() or 1.0
        centred /= unit

        effects = weights @ centred / size
        residuals = centred - effects
        scatter = (residuals * weights[:, None]).T @ residuals
        dof = _PRIOR_DOF + (size - 1) * (n_folds - 1)
        between_folds = weights @ (centred**2).sum(axis=1) / (size * (n_folds - 1))
        variance = (_PRIOR_DOF * _PRIOR_SHARE * between_folds + scatter.trace()) / dof
        shrinkage = _shrinkage(effects, variance / size)
        relative = np.eye(n_folds)
        if variance > 0:
            relative = (n_folds * relative + scatter / variance) / (n_folds + size - 1)
        return cls(
            best=float(means.min()),
            effects=_finite(unit * shrinkage * effects, factor),
            scale=float(_finite(unit * np.sqrt(variance), factor)),
            relative_covariance=relative * (1 + shrinkage / size),
            quantile=float(stdtrit(dof, alpha)),
        )

    def predict(self, folds: ArrayLike, values: ArrayLike) -> tuple[float, float]:
        """Predict the mean loss over all folds of a candidate evaluated on some of them.

        Parameters
        ----------
        folds : array-like of shape (n_seen,)
            Indices of the evaluated folds, at least one, without repetitions.
        values : array-like of shape (n_seen,)
            The losses on these folds.

        Returns
        -------
        mean : float
            Predicted mean loss. It is exact if all folds were evaluated, and NaN or infinite if a
            loss is.
        variance : float
            Variance of the prediction error; at most the largest float.
        """
        mean, deviation = self._predict(folds, values)
        return mean, min(deviation * deviation, _LARGEST)

    def _predict(self, folds: ArrayLike, values: ArrayLike) -> tuple[float, float]:
        """Predict the mean loss, and the standard deviation of its error."""
        folds = np.asarray(folds, dtype=np.intp)
        values = np.asarray(values, dtype=float)
        n_folds, n_seen = self.effects.size, folds.size
        if n_seen == n_folds or not np.isfinite(values).all():
            with np.errstate(invalid="ignore", over="ignore"):
                return float(values.mean()), 0.0
        both = np.empty((2, n_seen))
        both[0], both[1] = values, self.effects[folds]
        both, factor = shrink(both)
        adjusted = both[0] - both[1]
        of_means, of_mean = self._covariance_with_mean
        sides = np.ones((n_seen, 2))
        sides[:, 1] = with_mean = of_means[folds]
        seen = self.relative_covariance[folds[:, None], folds]
        ones_solved, mean_solved = np.linalg.solve(seen, sides).T
        level_precision = float(ones_solved.sum())
        left = 1.0 - float(mean_solved.sum())
        weights = mean_solved + left * ones_solved / level_precision
        variance = of_mean - float(mean_solved @ with_mean) + left**2 / level_precision
        mean = _finite_number(float(weights @ adjusted) * factor)
        return mean, _finite_number(self.scale * math.sqrt(max(variance, 0.0)))

    @cached_property
    def _covariance_with_mean(self) -> tuple[NDArray[np.float64], float]:
        """The covariance of each fold with the mean of all folds, and the variance of this mean."""
        return self.relative_covariance.mean(axis=1), float(self.relative_covariance.mean())

    def should_stop(self, folds: ArrayLike, values: ArrayLike) -> bool:
        """Return whether a candidate is unlikely to beat the best complete one.

        A candidate with a NaN loss should stop. A candidate that was evaluated on all folds should
        not, because nothing is left to stop.

        Parameters
        ----------
        folds, values : array-like of shape (n_seen,)
            As for :meth:`predict`.

        Returns
        -------
        bool
            True if the probability is below the model's level.
        """
        return self.judge(folds, values)[0]

    def judge(self, folds: ArrayLike, values: ArrayLike) -> tuple[bool, float, float]:
        """Return the results of :meth:`should_stop` and :meth:`predict` in one call.

        Parameters
        ----------
        folds, values : array-like of shape (n_seen,)
            As for :meth:`predict`.

        Returns
        -------
        stop : bool
        mean, variance : float
        """
        mean, deviation = self._predict(folds, values)
        variance = min(deviation * deviation, _LARGEST)
        if np.size(folds) == self.effects.size:
            return False, mean, variance
        if np.isnan(mean):
            return True, mean, variance
        (best, shown, spread), _ = shrink(np.array([self.best, mean, deviation]))
        gap = float(best) - float(shown)  # inf - inf is NaN: neither is better
        return gap < self.quantile * float(spread), mean, variance


def _finite(values: ArrayLike, factor: float = 1.0) -> NDArray[np.float64]:
    """Multiply values by a factor, and clip them to the range of floats."""
    with np.errstate(over="ignore"):
        clipped: NDArray[np.float64] = np.clip(np.multiply(values, factor), -_LARGEST, _LARGEST)
    return clipped


def _finite_number(value: float) -> float:
    """Clip a number to the range of floats."""
    return min(max(value, -_LARGEST), _LARGEST)


def _best_rows(
    losses: NDArray[np.float64], merit: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the better half of the rows with finite means and their means, best first."""
    with np.errstate(invalid="ignore", over="ignore"):
        means = losses.mean(axis=1)
    key = means if merit is None else np.asarray(merit, dtype=float)
    if not np.isfinite(means).all():
        finite = np.isfinite(means)
        losses, means, key = losses[finite], means[finite], key[finite]
    n = means.size
    n_rows = min(max(min(n, _MIN_ROWS), (n + 1) // 2), _MAX_ROWS)
    best = first_smallest(key, n_rows) if n_rows else np.arange(0)
    best = best[np.argsort(key[best], kind="stable")]
    return losses[best], means[best]


def _rank_weights(n_rows: int) -> NDArray[np.float64]:
    """Return logarithmic rank weights whose sum is the effective number of rows."""
    weights: NDArray[np.float64] = np.log((n_rows + 0.5) / np.arange(1, n_rows + 1))
    weights *= weights.sum() / (weights @ weights)
    return weights


def _shrinkage(effects: NDArray[np.float64], sampling_variance: float) -> float:
    """Return the share of the estimated effects' variance that is not sampling error."""
    total = float(effects.var(ddof=1)) if len(effects) > 1 else 0.0
    return max(0.0, 1 - sampling_variance / total) if total > 0 else 0.0
