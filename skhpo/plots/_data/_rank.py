"""Data of the rank plot: the trials by two parameters each, and the ranks of their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from skhpo.plots._data._choose import pair_params
from skhpo.plots._data._pairs import FloatArray, PairsData, pairs_data
from skhpo.plots._data._scores import scores_of
from skhpo.plots._data._trials import Target

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["RankData", "rank_data", "relative_ranks"]


@dataclass
class RankData(PairsData):
    """The trials in the planes of two parameters each, and the ranks of their values.

    Attributes
    ----------
    rank : ndarray of shape (n_trials,)
        Rank of each measured value, from 0 for the smallest to 1 for the largest; equal values
        have the same rank. NaN unless the trial is complete.
    """

    rank: FloatArray


def rank_data(
    study: Study,
    *,
    params: Sequence[str] | None = None,
    objective: str | None = None,
    target: Target | None = None,
    name: str | None = None,
) -> RankData:
    """Return the data of a rank plot.

    Parameters
    ----------
    study : Study
        The study.
    params : sequence of str, default=None
        Names of two or more parameters; by default, the 4 most important.
    objective : str, default=None
        Name of the objective; required if there are several.
    target : callable, default=None
        Function that takes a complete trial and returns the number to show instead of an
        objective.
    name : str, default=None
        Name of the values.

    Returns
    -------
    data : RankData

    Raises
    ------
    ValueError
        If there are fewer than two parameters.
    """
    scores = scores_of(study, objective=objective, target=target, name=name)
    names = pair_params(study, scores.table, params, objective, target)
    data = pairs_data(scores, names)
    return RankData(rank=relative_ranks(data.value), **vars(data))


def relative_ranks(values: FloatArray) -> FloatArray:
    """Return the ranks of values, from 0 to 1; NaN for NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.plots._data._rank import relative_ranks
    >>> relative_ranks(np.array([5.0, np.nan, 1.0, 1.0, np.inf])).round(2).tolist()
    [0.67, nan, 0.17, 0.17, 1.0]
    """
    ranks = np.full(len(values), np.nan)
    known = ~np.isnan(values)
    n = int(known.sum())
    ranks[known] = (rankdata(values[known]) - 1.0) / (n - 1.0) if n > 1 else 0.5
    return ranks
