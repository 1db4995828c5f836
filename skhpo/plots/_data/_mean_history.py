"""Mean and spread of the histories of several studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skhpo.plots._data._history import HistoryData

__all__ = ["MeanHistoryData", "mean_history_data"]

FloatArray = NDArray[np.float64]


@dataclass
class MeanHistoryData:
    """Mean and standard deviation over studies, by the number of the trial.

    Attributes
    ----------
    number : ndarray of int of shape (n_numbers,)
        Numbers of trials that are complete and feasible in one or more studies.
    mean, sd : ndarray of shape (n_numbers,)
        Mean and standard deviation of the feasible values.
    best_mean, best_sd : ndarray of shape (n_numbers,)
        The same for the best value so far.
    """

    number: NDArray[np.int64]
    mean: FloatArray
    sd: FloatArray
    best_mean: FloatArray
    best_sd: FloatArray


def mean_history_data(histories: Sequence[HistoryData]) -> MeanHistoryData:
    """Return the mean of histories over candidates; infinite values are left out.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.plots._data._history import history_data
    >>> from skhpo.plots._data._mean_history import mean_history_data
    >>> studies = [skhpo.create_study() for _ in range(2)]
    >>> for study, values in zip(studies, ([3.0, 1.0], [5.0, 6.0])):
    ...     for value in values:
    ...         study.add_trial(skhpo.create_trial(value=value))
    >>> mean = mean_history_data([history_data(study) for study in studies])
    >>> mean.mean, mean.best_mean
    (array([4. , 3.5]), array([4., 3.]))
    """
    n_numbers = 1 + max((int(one.number.max()) for one in histories if len(one.number)), default=-1)
    values = np.full((len(histories), n_numbers), np.nan)
    best = values.copy()
    is_feasible = np.zeros(n_numbers, dtype=bool)
    for row, one in enumerate(histories):
        feasible = np.where(one.is_feasible, one.value, np.nan)
        is_feasible[one.number[~np.isnan(feasible)]] = True
        values[row, one.number] = feasible
        best[row, one.number] = one.best
    mean, sd = _mean_and_sd(values[:, is_feasible])
    best_mean, best_sd = _mean_and_sd(best[:, is_feasible])
    return MeanHistoryData(np.flatnonzero(is_feasible), mean, sd, best_mean, best_sd)


def _mean_and_sd(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean and the standard deviation of the finite values of each column."""
    is_known = np.isfinite(values)
    count = is_known.sum(axis=0).astype(float)
    count[count == 0.0] = np.nan
    mean = np.where(is_known, values, 0.0).sum(axis=0) / count
    sd = np.sqrt(np.where(is_known, (values - mean) ** 2, 0.0).sum(axis=0) / count)
    return mean, sd
