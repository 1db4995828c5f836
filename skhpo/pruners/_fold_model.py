"""The additive model of fold losses: what a candidate's full cross-validation will come to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

__all__ = ["FoldModel"]

_PRIOR_DOF = 4.0  # weight of the prior residual variance, in degrees of freedom
_MAX_ROWS = 100  # complete candidates used for the estimates


@dataclass(frozen=True, eq=False)
class FoldModel:
    """Loss of candidate c on fold f: its own level, the fold's effect, and a residual.

    Attributes
    ----------
    best : float
        Smallest mean loss of the complete candidates; inf if none is finite.
    effects : ndarray of shape (n_folds,)
        Shrunken fold effects.
    effect_variance : float
        Variance of an estimated fold effect.
    residual_variance : float
        Variance of a residual.
    quantile : float
        Student-t quantile of the stopping level.
    """

    best: float
    effects: NDArray[np.float64]
    effect_variance: float
    residual_variance: float
    quantile: float

    @classmethod
    def fit(cls, losses: ArrayLike, alpha: float = 0.05) -> FoldModel:
        """Estimate the model from the complete candidates."""
        losses = np.asarray(losses, dtype=float)
        n_folds = losses.shape[1]
        with np.errstate(invalid="ignore"):
            means = losses.mean(axis=1)
        finite = np.flatnonzero(np.isfinite(means))
        if not finite.size:
            return cls(np.inf, np.zeros(n_folds), 0.0, 0.0, 0.0)
        n = finite.size
        n_rows = min(max(min(n, 4), -(-n // 2)), _MAX_ROWS)
        rows = finite[np.argpartition(means[finite], n_rows - 1)[:n_rows]]
        centred = losses[rows] - means[rows, None]
        raw = centred.mean(axis=0)
        sampling_dof = (n_rows - 1) * (n_folds - 1)
        within = (centred**2).sum() / (n_rows * (n_folds - 1))
        dof = _PRIOR_DOF + sampling_dof
        residual = (_PRIOR_DOF * 0.5 * within + ((centred - raw) ** 2).sum()) / dof
        of_mean = residual / n_rows
        spread = max(0.0, float(raw.var(ddof=1)) - of_mean)
        shrinkage = spread / (spread + of_mean) if spread > 0 else 0.0
        return cls(
            best=float(means[finite].min()),
            effects=raw * shrinkage,
            effect_variance=float(shrinkage * of_mean),
            residual_variance=float(residual),
            quantile=float(stdtrit(dof, min(alpha * 4 / (n_folds - 1), 0.5))),
        )

    def predict(self, folds: ArrayLike, values: ArrayLike) -> tuple[float, float]:
        """Mean and variance of a candidate's full mean loss, given its losses on some folds."""
        folds = np.asarray(folds, dtype=np.intp)
        values = np.asarray(values, dtype=float)
        n_folds, n_seen = self.effects.size, folds.size
        if n_seen == n_folds:
            return float(values.mean()), 0.0
        mean = float((values - self.effects[folds]).mean())
        variance = (self.residual_variance + self.effect_variance) * (1 / n_seen - 1 / n_folds)
        return mean, variance

    def should_stop(self, folds: ArrayLike, values: ArrayLike) -> bool:
        """Whether the candidate has little chance to beat the best complete one."""
        mean, variance = self.predict(folds, values)
        if np.isnan(mean):
            return True
        if np.isinf(self.best):
            return False
        return bool(self.best - mean < self.quantile * np.sqrt(variance))
