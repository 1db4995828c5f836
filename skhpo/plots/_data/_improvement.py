"""Data of the plot of the improvement that is still possible, compared with the noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from sklearn.model_selection import check_cv
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from skhpo import _statistics
from skhpo.distributions import BaseDistribution
from skhpo.history import PREDICTED_VARIANCE
from skhpo.plots._data._evaluations import metric_of, values_of_folds
from skhpo.plots._data._trials import TrialTable, check_study, trial_table
from skhpo.samplers._gp_model import Features, GaussianProcess, fit_hyperparameters

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["ImprovementData", "corrected_error", "improvement_data", "improvement_of_search"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MIN_TRIALS = 5  # complete trials from which there is a model
MIN_TOP, MAX_TOP = 10, 200  # size of the best half that the model uses
N_SAMPLES = 2000  # points of the space at which the bounds are computed
N_NEAR = 500  # further points near the best trials
STEP = 0.05  # their distance, in units of the range
DELTA = 0.1  # the bounds hold with probability 1 - DELTA
SHRINKAGE = 5.0  # divides beta, as in the experiments of Srinivas et al. (2010)


@dataclass
class ImprovementData:
    """The improvement that is still possible, after some of the trials.

    Attributes
    ----------
    number : ndarray of int of shape (n_points,)
        Numbers of trials; each point uses the trials up to this one.
    bound : ndarray of shape (n_points,)
        Upper bound of the improvement over the best trial, in the unit of the objective.
    expected : ndarray of shape (n_points,)
        Expected improvement of the best next trial, in the unit of the objective.
    error : ndarray of shape (n_points,)
        Standard error of the value of the best trial; NaN if it is unknown.
    name : str
        Name of the objective.
    """

    number: IntArray
    bound: FloatArray
    expected: FloatArray
    error: FloatArray
    name: str


def improvement_of_search(
    search: Any, *, n_points: int = 20, random_state: int = 0
) -> ImprovementData:
    """Return the data of a fitted search, with the error from the folds of its best candidate.

    Parameters
    ----------
    search : estimator
        A fitted search with one objective.
    n_points : int, default=20
        Maximal number of points.
    random_state : int, default=0
        Seed of the points of the space.

    Returns
    -------
    data : ImprovementData
    """
    shown = metric_of(search)
    data = improvement_data(search.study_, n_points=n_points, random_state=random_state)
    values, means = values_of_folds(search, shown)
    results = search.cv_results_
    ratio = test_to_train(search)
    is_complete = (results["status"] == "complete") & np.isfinite(means)
    for i, number in enumerate(data.number):
        rows = np.flatnonzero(is_complete & (results["trial_number"] <= number))
        if len(rows):
            data.error[i] = corrected_error(values[rows[np.argmax(means[rows])]], ratio)
    data.name = shown.name
    return data


def improvement_data(study: Study, *, n_points: int = 20, random_state: int = 0) -> ImprovementData:
    """Return the data of a study, without errors.

    Parameters
    ----------
    study : Study
        A study with one objective.
    n_points : int, default=20
        Maximal number of points, which are spaced evenly over the trials.
    random_state : int, default=0
        Seed of the points of the space.

    Returns
    -------
    data : ImprovementData
    """
    if n_points < 1:
        raise ValueError(f"`n_points` must be at least 1; got {n_points}.")
    check_one_objective(study)
    table = trial_table(study)
    trials = _KnownTrials.read(table)
    shown = np.flatnonzero(np.cumsum(trials.is_complete) >= MIN_TRIALS)
    if len(shown) > n_points:
        # Evenly spaced, with the last trial.
        shown = shown[np.linspace(len(shown) - 1, 0, n_points).round().astype(int)[::-1]]
    with threadpool_limits(1, user_api="blas"):
        pairs = [
            _bound_and_expectation(trials.first(row + 1), random_state) for row in shown.tolist()
        ]
    bounds, expected = np.array(pairs, dtype=float).reshape(-1, 2).T
    return ImprovementData(
        number=trials.numbers[shown],
        bound=bounds,
        expected=expected,
        error=np.full(len(bounds), np.nan),
        name=table.names[0],
    )


def check_one_objective(study: Study) -> None:
    """Raise an error unless an object is a study with one objective."""
    check_study(study)
    if len(study.directions) > 1:
        raise ValueError(
            "The possible improvement is defined for one objective. For several, see the "
            "hypervolume: HypervolumeDisplay, or plot_hypervolume_history."
        )


def corrected_error(scores: FloatArray, test_to_train: float | None = None) -> float:
    """Return the standard error of the mean of scores over folds, after Nadeau and Bengio.

    The scores of folds are dependent because their training sets overlap. The correction adds the
    ratio of the sizes of test and training part to the variance.

    Parameters
    ----------
    scores : ndarray of shape (n_folds,)
        The scores; NaN is ignored.
    test_to_train : float, default=None
        Ratio of the numbers of test and training rows. By default, that of k-fold
        cross-validation, ``1 / (k - 1)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.plots._data._improvement import corrected_error
    >>> round(corrected_error(np.array([0.9, 0.8, 1.0, 0.9, 0.9])), 4)
    0.0474
    """
    known = scores[np.isfinite(scores)]
    k = len(known)
    if k < 2:
        return math.nan
    ratio = 1.0 / (k - 1) if test_to_train is None else test_to_train
    return _statistics.corrected_error(known, ratio)


def test_to_train(search: Any) -> float | None:
    """Return the ratio of test to training rows of a search; None if only the folds are known."""
    cv = check_cv(search.cv)
    if hasattr(cv, "cv") and isinstance(cv.cv, list):  # pairs of indices
        sizes = [(_size(train), _size(test)) for train, test in cv.cv]
        return float(np.mean([n_test / n_train for n_train, n_test in sizes]))
    if hasattr(cv, "cvargs"):  # repeated
        return 1.0 / (int(cv.cvargs["n_splits"]) - 1)
    if hasattr(cv, "test_size"):
        share = float(cv.test_size) if isinstance(cv.test_size, float) else 0.1
        return share / (1.0 - share)
    return None


def _size(part: Any) -> int:
    part = np.asarray(part)
    return int(part.sum()) if part.dtype == bool else len(part)


@dataclass(frozen=True)
class _KnownTrials:
    """The feasible trials with a finite loss, measured or predicted, by number."""

    points: FloatArray  # in the unit cube; NaN for parameters that a trial does not have
    losses: FloatArray
    variances: FloatArray
    is_complete: NDArray[np.bool_]
    numbers: IntArray
    distributions: list[BaseDistribution]

    @classmethod
    def read(cls, table: TrialTable) -> _KnownTrials:
        sign = -1.0 if table.greater_is_better[0] else 1.0
        attributes = [trial.system_attrs.get(PREDICTED_VARIANCE) for trial in table.trials]
        variances = np.array(
            [np.nan if one is None else np.atleast_1d(one)[0] for one in attributes], dtype=float
        )
        predicted = np.where(np.isnan(variances), np.nan, table.predicted[:, 0])
        losses = sign * np.where(table.is_complete, table.values[:, 0], predicted)
        rows = np.flatnonzero(np.isfinite(losses) & table.is_feasible)
        names = list(table.distributions)
        points = np.full((len(rows), len(names)), np.nan)
        for j, name in enumerate(names):
            distribution, values = table.distributions[name], table.params[name][rows]
            has_it = np.flatnonzero(~np.ma.getmaskarray(values))
            internal = [distribution.to_internal_repr(values.data[row]) for row in has_it]
            points[has_it, j] = np.clip(distribution.to_unit(np.array(internal, float)), 0.0, 1.0)
        return cls(
            points,
            losses[rows],
            np.where(table.is_complete, 0.0, variances)[rows],
            table.is_complete[rows],
            table.numbers[rows],
            list(table.distributions.values()),
        )

    def first(self, n: int) -> _KnownTrials:
        return self._rows(np.arange(n))

    def best_half(self) -> _KnownTrials:
        n_kept = int(np.clip(len(self.losses) // 2, MIN_TOP, MAX_TOP))
        return self._rows(np.sort(np.argsort(self.losses, kind="stable")[:n_kept]))

    def _rows(self, rows: IntArray) -> _KnownTrials:
        return _KnownTrials(
            self.points[rows],
            self.losses[rows],
            self.variances[rows],
            self.is_complete[rows],
            self.numbers[rows],
            self.distributions,
        )


def _bound_and_expectation(trials: _KnownTrials, seed: int) -> tuple[float, float]:
    """Return the bound of the improvement, and the expected improvement of the next trial.

    The bound is the smallest upper confidence bound of the complete trials minus the smallest
    lower confidence bound in the space (Makarova et al. 2022).
    """
    best = trials.best_half()
    spread = best.losses.std()
    if not best.is_complete.any():
        return math.nan, math.nan
    if not spread > 0.0 or not best.distributions:
        return 0.0, 0.0
    targets = (best.losses - best.losses.mean()) / spread
    variance = best.variances / spread**2
    rng = np.random.default_rng(seed)
    known = np.where(np.isnan(best.points), 0.5, best.points)
    features = Features(best.distributions, known, rng)
    theta = fit_hyperparameters(features(known), targets, variance, features.blocks)
    model = GaussianProcess(features(known), targets, variance, theta, features.blocks)
    mean, sd = model.posterior(features(known[best.is_complete]))
    width = math.sqrt(_beta(known.shape[1], len(known)))
    upper = float((mean + width * sd).min())
    space = features.snap(_points_of_space(trials, best, rng))
    space = np.vstack([space, known])
    space_mean, space_sd = model.posterior(features(space))
    lower = float((space_mean - width * space_sd).min())
    gain = (float(mean.min()) - space_mean) / space_sd
    density = np.exp(-0.5 * gain**2) / math.sqrt(2.0 * math.pi)
    expected = float((space_sd * (gain * ndtr(gain) + density)).max())
    return float(spread * max(upper - lower, 0.0)), float(spread * expected)


def _beta(n_params: int, n_trials: int) -> float:
    return 2.0 * math.log(n_params * n_trials**2 * math.pi**2 / (6.0 * DELTA)) / SHRINKAGE


def _points_of_space(
    trials: _KnownTrials, best: _KnownTrials, rng: np.random.Generator
) -> FloatArray:
    """Return points of the space: random ones, and some near the best trials.

    Each set of parameters that occurs together gets its share of the points. If there are several,
    choices are drawn from those that occurred in the set, because a choice may decide
    which parameters there are.
    """
    is_missing = np.isnan(trials.points)
    patterns, members = np.unique(is_missing, axis=0, return_inverse=True)
    members = members.ravel()
    points = []
    for i, pattern in enumerate(patterns):
        own = trials.points[members == i]
        drawn = rng.random((max(N_SAMPLES // len(patterns), 100), len(pattern)))
        if len(patterns) > 1:
            for j, distribution in enumerate(trials.distributions):
                if not distribution.is_ordered and not pattern[j]:
                    drawn[:, j] = rng.choice(own[:, j], len(drawn))
        drawn[:, pattern] = 0.5
        points.append(drawn)
    order = np.argsort(best.losses, kind="stable")[:10]
    near = best.points[rng.choice(order, N_NEAR)]
    is_ordered = np.array([distribution.is_ordered for distribution in trials.distributions])
    near = near + STEP * rng.standard_normal(near.shape) * is_ordered
    points.append(np.clip(np.where(np.isnan(near), 0.5, near), 0.0, 1.0))
    return np.vstack(points)
