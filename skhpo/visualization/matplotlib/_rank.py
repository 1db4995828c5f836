"""Plot of the trials in the planes of two parameters, coloured by rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.plots._axes import lay_out
from skhpo.plots._data._rank import RankData
from skhpo.plots._data._trials import Target
from skhpo.plots._style import GREY, dot_style, new_axes, new_grid_of_axes
from skhpo.visualization._arguments import TARGET_NAME
from skhpo.visualization._plotly import INFEASIBLE
from skhpo.visualization._rank import TICKS, ranks_to_draw, tick_texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from skhpo.study import Study

__all__ = ["plot_rank"]


def plot_rank(
    study: Study,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
) -> Axes | NDArray[Any]:
    """Plot the complete trials in the planes of two parameters, coloured by rank.

    The smallest value is blue and the largest is red. Infeasible trials are grey.

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
    skhpo.plots.RankDisplay : The same with one plot per pair, and with stopped candidates.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     return trial.suggest_float("x", -5, 5) ** 2 + trial.suggest_float("y", -5, 5)
    >>> study = skhpo.create_study()
    >>> study.optimize(objective, n_trials=20)
    >>> ax = skhpo.visualization.matplotlib.plot_rank(study)
    >>> ax.get_title()
    'Rank (Objective Value)'
    """
    data, _ = ranks_to_draw(study, params, target, target_name)
    n_params = len(data.axes)
    title = f"Rank ({target_name})"
    if n_params in (0, 2):
        ax = new_axes()
        ax.set_title(title)
        if n_params == 2:
            _add_colorbar(ax.figure, _draw(ax, data, 0, 1), ax, data)
        return ax
    size = 1.5 + 1.9 * n_params
    axes: NDArray[Any] = new_grid_of_axes(n_params, n_params, figsize=(size + 1.0, size))
    axes[0, 0].figure.suptitle(title)
    dots = None
    for i in range(n_params):
        for j in range(n_params):
            dots = _draw(axes[j, i], data, i, j, is_outer=(j == n_params - 1, i == 0))
    _add_colorbar(axes[0, 0].figure, dots, axes, data)
    return axes if n_params > 1 else axes[0, 0]


def _draw(
    ax: Axes, data: RankData, i: int, j: int, is_outer: tuple[bool, bool] = (True, True)
) -> Any:
    lay_out(ax, "x", data.axes[i], has_label=is_outer[0])
    lay_out(ax, "y", data.axes[j], has_label=is_outer[1])
    ax.tick_params(labelbottom=is_outer[0], labelleft=is_outer[1])
    has_both = np.isfinite(data.positions[:, [i, j]]).all(axis=1) & ~np.isnan(data.rank)
    broken = has_both & ~data.is_feasible
    style = dot_style(int(has_both.sum())) | {"linewidths": 0.4, "edgecolors": GREY}
    ax.scatter(data.positions[broken, i], data.positions[broken, j], color=INFEASIBLE, **style)
    rows = has_both & data.is_feasible
    style |= {"cmap": "RdYlBu_r", "vmin": 0.0, "vmax": 1.0}
    return ax.scatter(data.positions[rows, i], data.positions[rows, j], c=data.rank[rows], **style)


def _add_colorbar(figure: Any, dots: Any, ax: Any, data: RankData) -> None:
    bar = figure.colorbar(dots, ax=ax, ticks=TICKS)
    bar.set_ticklabels(tick_texts(data))
    bar.solids.set_alpha(1.0)
