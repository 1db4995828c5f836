"""Racing between folds with several objectives: stop candidates unlikely to reach the front."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skhpo.multi_objective import is_nondominated, nondomination_rank
from skhpo.pruners._fold_model import FoldModel

__all__ = ["FrontRace"]

FloatArray = NDArray[np.float64]

LARGEST = np.finfo(float).max
SMALLEST = 1e-12  # smaller sizes and times are replaced by this value


@dataclass(frozen=True, eq=False)
class FrontRace:
    """Rule that stops candidates with several losses by their optimistic corner.

    Each loss has its own model (:class:`skhpo.pruners._fold_model.FoldModel`). The model's
    optimistic bound on the candidate's mean loss is one coordinate of the optimistic corner. A
    candidate stops if a complete candidate is as good as this corner in every objective, or if the
    corner violates a constraint while some complete candidate is feasible.

    Attributes
    ----------
    models : list of FoldModel
        One per loss; empty while there are too few complete candidates.
    front : ndarray of shape (n_front, n_objectives)
        Mean losses of the feasible non-dominated complete candidates.
    bounds : ndarray of shape (n_losses,)
        Upper bounds of the mean losses; inf if there is no bound.
    is_log : ndarray of bool of shape (n_losses,)
        Whether the logarithm of a loss is modelled.

    Notes
    -----
    With a level `alpha` for each of `m` objectives, the probability of stopping a candidate that
    would have been better than the complete one in some objective is at most ``m * alpha``. It is
    usually near `alpha`, because the corner is seldom only just dominated in all objectives.

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.pruners._front_race import FrontRace
    >>> errors = np.array([[0.1, 0.2, 0.1], [0.2, 0.3, 0.2], [0.3, 0.5, 0.4]])
    >>> sizes = np.array([[9.0, 9.0, 9.0], [5.0, 5.0, 5.0], [5.0, 5.0, 5.0]])
    >>> race = FrontRace.fit(np.stack([errors, sizes], axis=2), n_objectives=2)
    >>> race.should_stop([0], [[0.4, 6.0]]), race.should_stop([0], [[0.4, 1.0]])
    (True, False)
    """

    models: list[FoldModel]
    front: FloatArray
    bounds: FloatArray
    is_log: NDArray[np.bool_]

    @classmethod
    def fit(
        cls,
        losses: ArrayLike,
        n_objectives: int,
        *,
        alpha: float = 0.05,
        n_startup_trials: int = 3,
        bounds: ArrayLike | None = None,
        is_scale: ArrayLike | None = None,
    ) -> FrontRace:
        """Estimate the models from the complete candidates.

        Parameters
        ----------
        losses : array-like of shape (n_complete, n_folds, n_losses)
            Losses of the complete candidates, smaller is better: the objectives, then the other
            bounded losses.
        n_objectives : int
            Number of losses that are objectives.
        alpha : float, default=0.05
            Level of the optimistic corner, in (0, 0.5].
        n_startup_trials : int, default=3
            Number of complete candidates before any candidate is stopped.
        bounds : array-like of shape (n_losses,), optional
            Upper bounds of the mean losses. Default: no bounds.
        is_scale : array-like of bool of shape (n_losses,), optional
            Which losses are sizes or times, whose noise grows with their value. Their logarithms
            are modelled if all are positive. Default: none.

        Returns
        -------
        FrontRace
        """
        losses = np.asarray(losses, dtype=float)
        n_losses = losses.shape[2]
        limits = np.full(n_losses, np.inf) if bounds is None else np.asarray(bounds, dtype=float)
        if len(losses) < n_startup_trials or losses.shape[1] < 2:
            no_front = np.empty((0, n_objectives))
            return cls([], no_front, limits, np.zeros(n_losses, dtype=bool))
        scale = np.zeros(n_losses, dtype=bool) if is_scale is None else np.asarray(is_scale)
        is_log = scale & (losses > 0.0).all(axis=(0, 1))
        with np.errstate(over="ignore", invalid="ignore"):
            means = losses.mean(axis=1)
        violation = _violation(means, limits)
        merit = nondomination_rank(means[:, :n_objectives], violation).astype(float)
        shown = np.where(is_log, np.log(np.maximum(losses, SMALLEST)), losses)
        models = [FoldModel.fit(shown[:, :, j], alpha, merit) for j in range(n_losses)]
        front = means[violation <= 0.0, :n_objectives]
        if len(front):
            front = front[is_nondominated(front)]
        return cls(models, front, limits, is_log)

    def predict(self, folds: ArrayLike, losses: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Predict the mean losses over all folds of a candidate evaluated on some of them.

        Parameters
        ----------
        folds : array-like of shape (n_seen,)
            Indices of the evaluated folds, at least one, without repetitions.
        losses : array-like of shape (n_seen, n_losses)
            The losses on these folds.

        Returns
        -------
        mean, variance : ndarray of shape (n_losses,)
            Predicted mean losses, and the variances of their errors.
        """
        mean, variance = self._predict(folds, np.asarray(losses, dtype=float))
        with np.errstate(over="ignore"):
            growth = np.minimum(np.exp(np.where(self.is_log, mean, 0.0)), LARGEST)
            spread = np.minimum(growth * np.sqrt(variance), LARGEST)
            return np.where(self.is_log, growth, mean), np.minimum(spread**2, LARGEST)

    def should_stop(self, folds: ArrayLike, losses: ArrayLike) -> bool:
        """Return whether a candidate is unlikely to reach the front.

        Parameters
        ----------
        folds, losses : array-like
            As for :meth:`predict`.
        """
        losses = np.asarray(losses, dtype=float)
        if np.isnan(losses).any():
            return True
        if not self.models or len(losses) == self.models[0].effects.size or not len(self.front):
            return False
        mean, variance = self._predict(folds, losses)
        with np.errstate(over="ignore"):
            corner = mean + np.array([model.quantile for model in self.models]) * np.sqrt(variance)
            corner = np.where(self.is_log, np.exp(np.where(self.is_log, corner, 0.0)), corner)
        is_dominated = (self.front <= corner[: self.front.shape[1]]).all(axis=1).any()
        return bool(is_dominated or (corner > self.bounds).any())

    def _predict(self, folds: ArrayLike, losses: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the means and variances of the losses, or of their logarithms if modelled so."""
        shown = np.where(self.is_log, np.log(np.maximum(losses, SMALLEST)), losses)
        predicted = [model.predict(folds, shown[:, j]) for j, model in enumerate(self.models)]
        mean, variance = np.array(predicted).T
        return mean, variance


def _violation(means: FloatArray, bounds: FloatArray) -> FloatArray:
    """Return by how much mean losses exceed their bounds, in units of each loss's spread."""
    has_bound = np.isfinite(bounds)
    if not has_bound.any():
        return np.zeros(len(means))
    with np.errstate(over="ignore", invalid="ignore"):
        spread = means[:, has_bound].std(axis=0)
        excess = np.maximum(means[:, has_bound] - bounds[has_bound], 0.0)
        unit = np.where((spread > 0.0) & np.isfinite(spread), spread, 1.0)
        violation: FloatArray = (excess / unit).sum(axis=1)
    return violation
