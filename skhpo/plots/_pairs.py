"""Axes for pairs of parameters: one, or the lower triangle of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.plots._axes import LONGEST_NAME, ParamAxis, lay_out
from skhpo.plots._data._pairs import pairs_of
from skhpo.plots._style import new_axes, new_grid_of_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["lay_out_pairs", "pair_axes"]

LONGEST_NAME_IN_GRID = 20


def pair_axes(ax: Any, n_params: int) -> dict[tuple[int, int], Axes]:
    """Return the axes of each pair of parameters.

    Parameters
    ----------
    ax : matplotlib Axes, array of Axes or None
        One for two parameters, or a grid of ``n_params - 1`` rows and columns, of which the lower
        triangle is used; None for those of a new figure.
    n_params : int
        Number of parameters, 2 or more.

    Returns
    -------
    axes : dict of (int, int) to matplotlib Axes

    Raises
    ------
    ValueError
        If the number of the given axes is wrong.
    """
    size = n_params - 1
    if ax is None and size == 1:
        return {(0, 1): new_axes()}
    if ax is None:
        grid = new_grid_of_axes(size, size, figsize=(1.2 + 2.4 * size, 0.8 + 2.1 * size))
        for x, y in np.argwhere(np.triu(np.ones((size, size)), 1)):
            grid[x, y].remove()
    else:
        grid = np.array(ax, dtype=object)
        if grid.size != size**2:
            wanted = "one Axes" if size == 1 else f"an array of {size} x {size} Axes"
            raise ValueError(f"`ax` must be {wanted} for {n_params} parameters; got {grid.size}.")
        grid = grid.reshape(size, size)
    return {(x, y): grid[y - 1, x] for x, y in pairs_of(n_params)}


def lay_out_pairs(axes: dict[tuple[int, int], Axes], params: Sequence[ParamAxis]) -> None:
    """Set scales and ticks of all axes, and labels of the outer ones."""
    for (x, y), ax in axes.items():
        is_left, is_bottom = x == 0, y == len(params) - 1
        longest = LONGEST_NAME if len(axes) == 1 else LONGEST_NAME_IN_GRID
        lay_out(ax, "x", params[x], has_label=is_bottom, longest_name=longest)
        lay_out(ax, "y", params[y], has_label=is_left, longest_name=longest)
        ax.tick_params(labelbottom=is_bottom, labelleft=is_left)
