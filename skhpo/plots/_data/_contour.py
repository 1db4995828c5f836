"""Data of the contour plot: the partial dependence on two parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from skhpo.plots._data._choose import pair_params
from skhpo.plots._data._pairs import FloatArray, PairsData, pairs_data, pairs_of
from skhpo.plots._data._scores import scores_of
from skhpo.plots._data._trials import Target

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["ContourData", "Surface", "contour_data"]


@dataclass
class Surface:
    """The partial dependence on two parameters.

    Attributes
    ----------
    x : ndarray of shape (n_x,)
        Positions on the axis of the first parameter.
    y : ndarray of shape (n_y,)
        Positions on the axis of the second parameter.
    mean : ndarray of shape (n_y, n_x)
        Mean of the objective over the other parameters; NaN where no trial is similar.
    """

    x: FloatArray
    y: FloatArray
    mean: FloatArray


@dataclass
class ContourData(PairsData):
    """The trials and the partial dependence in the planes of two parameters each.

    Attributes
    ----------
    surfaces : dict of (int, int) to Surface
        The partial dependence by the indices of the two parameters. Pairs that no trial has
        together are missing, and all are if there are fewer than 5 values.
    """

    surfaces: dict[tuple[int, int], Surface]


def contour_data(
    study: Study,
    *,
    params: Sequence[str] | None = None,
    objective: str | None = None,
    target: Target | None = None,
    name: str | None = None,
    n_points: int | None = None,
) -> ContourData:
    """Return the data of a contour plot.

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
    n_points : int, default=None
        Number of points of each surface along each axis of numbers; by default 30, and 20 if
        there are several surfaces.

    Returns
    -------
    data : ContourData

    Raises
    ------
    ValueError
        If there are fewer than two parameters.
    """
    scores = scores_of(study, objective=objective, target=target, name=name)
    names = pair_params(study, scores.table, params, objective, target)
    data = pairs_data(scores, names)
    n_points = n_points or (30 if len(names) == 2 else 20)
    surfaces = {}
    model, columns = scores.surrogate()
    for i, j in pairs_of(len(names)) if model is not None else ():
        has_both = np.isfinite(data.positions[:, [i, j]]).all(axis=1) & scores.is_shown
        if model is None or not has_both.any() or not {names[i], names[j]} <= set(columns):
            continue
        x, y = (data.axes[k].grid(n_points, with_margin=True) for k in (i, j))
        points = np.column_stack([one.ravel() for one in np.meshgrid(x, y)])
        found = model.dependence([columns.index(names[k]) for k in (i, j)], points)
        surfaces[i, j] = Surface(x, y, found.mean.reshape(len(y), len(x)))
    return ContourData(surfaces=surfaces, **vars(data))
