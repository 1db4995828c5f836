"""Statistics of paired differences: the corrected t-test, and Holm's correction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

__all__ = ["PairedDifference", "corrected_error", "corrected_t_test", "holm"]


@dataclass(frozen=True)
class PairedDifference:
    """Mean of paired differences, with its confidence interval and test.

    Attributes
    ----------
    mean : float
        Mean difference.
    low, high : float
        Limits of the confidence interval; NaN with fewer than two differences.
    p_value : float
        Two-sided p-value of the hypothesis that the true difference is 0; NaN with fewer than
        two differences.
    detectable : float
        The smallest mean difference that this test would have called significant, which is half
        the width of the interval; NaN with fewer than two differences.
    n : int
        Number of differences.
    """

    mean: float
    low: float
    high: float
    p_value: float
    detectable: float
    n: int


def corrected_error(values: NDArray[np.float64], test_per_train: float) -> float:
    """Return the corrected standard error of the mean of values; see :func:`corrected_t_test`."""
    return float(np.sqrt(values.var(ddof=1) * (1.0 / len(values) + test_per_train)))


def corrected_t_test(
    differences: ArrayLike, test_per_train: float, *, confidence: float = 0.95
) -> PairedDifference:
    """Test paired differences of scores on resampled data.

    The training sets of resampled data overlap, so the differences are not independent, and the
    usual t-test finds too many. Nadeau and Bengio replace the variance of the mean, ``s**2 / n``,
    by ``s**2 * (1 / n + n_test / n_train)``.

    Parameters
    ----------
    differences : array-like of shape (n,)
        One difference for each repetition or fold; NaN is left out.
    test_per_train : float
        Number of test rows divided by the number of training rows; for k folds,
        ``1 / (k - 1)``.
    confidence : float, default=0.95
        Level of the confidence interval.

    Returns
    -------
    difference : PairedDifference

    References
    ----------
    C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52
    (2003).

    Examples
    --------
    >>> from skhpo._statistics import corrected_t_test
    >>> found = corrected_t_test([0.02, 0.01, 0.03, 0.02, 0.02], test_per_train=0.25)
    >>> round(found.mean, 3), round(found.low, 3), round(found.high, 3), round(found.p_value, 3)
    (0.02, 0.007, 0.033, 0.014)
    """
    given = np.asarray(differences, dtype=float)
    given = given[~np.isnan(given)]
    n = len(given)
    if n < 2:
        mean = float(given[0]) if n else np.nan
        return PairedDifference(mean, np.nan, np.nan, np.nan, np.nan, n)
    mean = float(given.mean())
    error = corrected_error(given, test_per_train)
    detectable = float(stdtrit(n - 1, 0.5 + confidence / 2.0)) * error
    if error > 0.0:
        p_value = 2.0 * float(stdtr(n - 1, -abs(mean) / error))
    else:
        p_value = 1.0 if mean == 0.0 else 0.0
    return PairedDifference(mean, mean - detectable, mean + detectable, p_value, detectable, n)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values for the number of tests, by Holm's method; NaN is left out.

    Parameters
    ----------
    p_values : array-like of shape (n_tests,)
        The p-values.

    Returns
    -------
    adjusted : ndarray of shape (n_tests,)

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6 (1979).

    Examples
    --------
    >>> from skhpo._statistics import holm
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    given = np.asarray(p_values, dtype=float)
    adjusted = np.full(given.shape, np.nan)
    rows = np.flatnonzero(~np.isnan(given))
    order = rows[np.argsort(given[rows], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(given[order] * factors))
    return adjusted
