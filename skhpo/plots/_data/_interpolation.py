"""Values of trials on a grid of two parameters, and values between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skhpo.plots._axes import ParamAxis

__all__ = ["fill", "grid_of_values", "places"]

N_PLACES = 100  # largest number of rows and columns of a grid

FloatArray = NDArray[np.float64]


def places(axis: ParamAxis, positions: FloatArray, n_places: int = N_PLACES) -> FloatArray:
    """Return the places of a grid along an axis: the positions that occur, if there are few.

    Numbers have two more places at the limits of the axis.
    """
    if axis.scale == "category":
        return axis.grid(0)
    unique = np.unique(positions[np.isfinite(positions)])
    if len(unique) + 2 > n_places:
        return axis.grid(n_places, with_margin=True)
    low, high = axis.limits
    return np.concatenate([[low], unique, [high]])


def grid_of_values(
    axes: tuple[ParamAxis, ParamAxis],
    at: tuple[FloatArray, FloatArray],
    positions: FloatArray,
    values: FloatArray,
    greater_is_better: bool | None,
) -> FloatArray:
    """Return the values of the trials on a grid.

    Parameters
    ----------
    axes : tuple of two ParamAxis
        The axes x and y.
    at : tuple of two ndarray
        The places along them.
    positions : ndarray of shape (n_trials, 2)
        Positions of the trials, which are moved to the nearest place.
    values : ndarray of shape (n_trials,)
        Their values.
    greater_is_better : bool or None
        The better of several values at one place is used; if None, the last one.

    Returns
    -------
    grid : ndarray of shape (n_y, n_x)
        NaN where there is no trial.
    """
    x, y = (
        _nearest(axis.to_unit(place), axis.to_unit(positions[:, k]))
        for k, (axis, place) in enumerate(zip(axes, at, strict=True))
    )
    order = np.arange(len(values))
    if greater_is_better is not None:
        order = np.argsort(values if greater_is_better else -values, kind="stable")
    grid = np.full((len(at[1]), len(at[0])), np.nan)
    grid[y[order], x[order]] = values[order]  # of several, the last one remains
    return grid


def fill(grid: FloatArray) -> FloatArray:
    """Fill the gaps of a grid: each is the mean of its neighbours (Laplace's equation).

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.plots._data._interpolation import fill
    >>> fill(np.array([[1.0, np.nan, np.nan, 4.0]])).tolist()
    [[1.0, 2.0, 3.0, 4.0]]
    """
    from scipy.sparse import coo_array, diags_array
    from scipy.sparse.linalg import spsolve

    is_gap = np.isnan(grid).ravel()
    if not is_gap.any() or is_gap.all():
        return grid
    index = np.arange(grid.size).reshape(grid.shape)
    pairs = np.hstack(
        [
            np.vstack([index[:, :-1].ravel(), index[:, 1:].ravel()]),
            np.vstack([index[:-1].ravel(), index[1:].ravel()]),
        ]
    )
    one, other = np.hstack([pairs, pairs[::-1]])
    adjacency = coo_array((np.ones(len(one)), (one, other)), shape=(grid.size, grid.size))
    n_neighbours = np.bincount(one, minlength=grid.size).astype(float)
    laplacian = (diags_array(n_neighbours) - adjacency).tocsr()
    known = np.where(is_gap, 0.0, grid.ravel())
    filled = grid.ravel().copy()
    inner = laplacian[is_gap][:, is_gap].tocsc()
    filled[is_gap] = spsolve(inner, -(laplacian[is_gap] @ known))
    return filled.reshape(grid.shape)


def _nearest(places_: FloatArray, positions: FloatArray) -> NDArray[np.int64]:
    """Return the index of the nearest of ascending places for each position."""
    borders = (places_[1:] + places_[:-1]) / 2.0
    return np.searchsorted(borders, positions)
