"""Plot of the values in the planes of two parameters, with contours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.plots._axes import lay_out
from skhpo.plots._data._interpolation import fill, grid_of_values, places
from skhpo.plots._data._pairs import PairsData
from skhpo.plots._data._trials import Target
from skhpo.plots._style import DARK, new_axes, new_grid_of_axes
from skhpo.visualization._arguments import TARGET_NAME
from skhpo.visualization._contour import TITLE, can_be_drawn, pairs_to_draw
from skhpo.visualization._plotly import INFEASIBLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from skhpo.study import Study

__all__ = ["plot_contour"]

N_PLACES = 60  # rows and columns of an interpolated grid
N_LEVELS = 15
FEASIBLE = "#000000"  # dots lie on the colours of the contours


def plot_contour(
    study: Study,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
) -> Axes | NDArray[Any]:
    """Plot the values of the complete trials in the planes of two parameters, with contours.

    The contours interpolate between the values of the trials. Dark colours are better; with a
    target, smaller.

    Parameters
    ----------
    study : Study
        The study.
    params : list of str, default=None
        Names of the parameters; by default, all. Two make one plot, and more a matrix.
    target : callable, default=None
        Function that takes a complete trial and returns the number to show; required if there
        are several objectives.
    target_name : str, default="Objective Value"
        Name of the values.

    Returns
    -------
    ax : matplotlib Axes, or ndarray of Axes of shape (n_params, n_params)

    Raises
    ------
    ValueError
        If the study has several objectives and there is no `target`, or if no complete trial
        has one of `params`.
    ImportError
        If matplotlib is missing.

    See Also
    --------
    skhpo.plots.ContourDisplay : Contours of a model, which averages over the other parameters.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     return trial.suggest_float("x", -5, 5) ** 2 + trial.suggest_float("y", -5, 5)
    >>> study = skhpo.create_study()
    >>> study.optimize(objective, n_trials=20)
    >>> ax = skhpo.visualization.matplotlib.plot_contour(study)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('x', 'y')
    """
    data = pairs_to_draw(study, params, target, target_name)
    n_params = len(data.axes)
    if n_params <= 2:
        ax = new_axes()
        ax.set_title(TITLE)
        if n_params == 2 and (filled := _draw(ax, data, 0, 1)) is not None:
            ax.figure.colorbar(filled, ax=ax, label=target_name)
        return ax
    size = 1.5 + 1.9 * n_params
    axes: NDArray[Any] = new_grid_of_axes(n_params, n_params, figsize=(size + 0.8, size))
    axes[0, 0].figure.suptitle(TITLE)
    drawn = [
        _draw(axes[j, i], data, i, j, is_outer=(j == n_params - 1, i == 0))
        for i in range(n_params)
        for j in range(n_params)
    ]
    filled = next((one for one in drawn if one is not None), None)
    if filled is not None:
        axes[0, 0].figure.colorbar(filled, ax=axes, label=target_name)
    return axes


def _draw(
    ax: Axes, data: PairsData, i: int, j: int, is_outer: tuple[bool, bool] = (True, True)
) -> Any:
    """Draw the plane of two parameters, and return the filled contours, if there are any."""
    axes = data.axes[i], data.axes[j]
    lay_out(ax, "x", axes[0], has_label=is_outer[0])
    lay_out(ax, "y", axes[1], has_label=is_outer[1])
    ax.tick_params(labelbottom=is_outer[0], labelleft=is_outer[1])
    if i == j or not can_be_drawn(data, i, j):
        return None
    positions = data.positions[:, [i, j]]
    rows = np.isfinite(positions).all(axis=1) & np.isfinite(data.value)
    x, y = (
        axis.grid(N_PLACES, with_margin=True)
        if axis.scale != "category"
        else places(axis, positions[rows, k])
        for k, axis in enumerate(axes)
    )
    better = data.greater_is_better
    grid = fill(grid_of_values(axes, (x, y), positions[rows], data.value[rows], better))
    known = data.value[np.isfinite(data.value)]
    style: dict[str, Any] = {"cmap": "Blues" if better else "Blues_r"}
    if np.ptp(known) > 0.0:
        style["levels"] = np.linspace(known.min(), known.max(), N_LEVELS)
    filled = ax.contourf(x, y, grid, **style)
    for chosen, color in (
        (rows & data.is_feasible, FEASIBLE),
        (rows & ~data.is_feasible, INFEASIBLE),
    ):
        at_x, at_y = positions[chosen].T
        ax.scatter(at_x, at_y, s=12, color=color, edgecolors=DARK, linewidths=0.6)
    return filled
