"""Data of the comparison plot: the best score so far of each strategy, over repetitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ComparisonData", "StrategyCurve", "comparison_data"]

X_AXES = ("fits", "seconds")

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class StrategyCurve:
    """The best score so far of one strategy, over its repetitions.

    Attributes
    ----------
    x : ndarray of shape (n_steps,)
        Positions at which a repetition takes a step, from where all have a score.
    median, low, high : ndarray of shape (n_steps,)
        Median and quantiles over the repetitions. A repetition that has ended keeps its score.
    n_repeats : int
        Number of repetitions with a curve.
    is_point : bool
        Whether all repetitions have a single score, as an estimator without a search has.
    """

    x: FloatArray
    median: FloatArray
    low: FloatArray
    high: FloatArray
    n_repeats: int
    is_point: bool


@dataclass
class ComparisonData:
    """The best score so far of each strategy.

    Attributes
    ----------
    curves : dict of str to StrategyCurve
        The curves by strategy; strategies without a known curve are left out.
    x_name : {"fits", "seconds"}
        The unit of the x-axis.
    name : str
        Name of the score.
    band : tuple of float
        The quantiles of the band.
    """

    curves: dict[str, StrategyCurve]
    x_name: str
    name: str
    band: tuple[float, float]


def comparison_data(
    comparison: Any, *, x: str = "fits", band: tuple[float, float] = (0.25, 0.75)
) -> ComparisonData:
    """Return the data of a comparison plot.

    Parameters
    ----------
    comparison : SearchComparison
        The comparison.
    x : {"fits", "seconds"}, default="fits"
        The x-axis.
    band : tuple of float, default=(0.25, 0.75)
        Quantiles over the repetitions that limit the band.

    Returns
    -------
    data : ComparisonData
    """
    if not hasattr(comparison, "curves"):
        raise TypeError(
            "`comparison` must be a SearchComparison, the result of compare_searches; got "
            f"{type(comparison).__name__}."
        )
    if x not in X_AXES:
        raise ValueError(f"`x` must be one of {list(X_AXES)}; got {x!r}.")
    low, high = band
    if not 0.0 <= low <= 0.5 <= high <= 1.0:
        raise ValueError(
            f"`band` must be two quantiles around 0.5, such as (0.25, 0.75); got {band}."
        )
    curves = {}
    for name, runs in comparison.curves.items():
        steps = [_known(getattr(run, x), run.best) for run in runs if run is not None]
        steps = [step for step in steps if len(step[0])]
        if steps:
            curves[name] = _over_repetitions(steps, band)
    if not curves:
        raise ValueError("No strategy of the comparison has a curve to plot.")
    return ComparisonData(curves, x, comparison.metric_name, band)


def _known(x: FloatArray, best: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the part of a curve that has a score."""
    rows = ~np.isnan(best)
    return x[rows], best[rows]


def _over_repetitions(
    steps: list[tuple[FloatArray, FloatArray]], band: tuple[float, float]
) -> StrategyCurve:
    begin = max(float(x[0]) for x, _ in steps)
    grid = np.unique(np.concatenate([x for x, _ in steps]))
    grid = grid[grid >= begin]
    scores = np.stack([best[np.searchsorted(x, grid, side="right") - 1] for x, best in steps])
    low, median, high = np.quantile(scores, [band[0], 0.5, band[1]], axis=0)
    is_point = all(len(x) == 1 for x, _ in steps)
    return StrategyCurve(grid, median, low, high, len(steps), is_point)
