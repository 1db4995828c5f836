"""Plot of the trials as lines through the axes of all parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from skhpo.plots import ParallelCoordinatesDisplay
from skhpo.plots._data._trials import Target
from skhpo.visualization._arguments import TARGET_NAME
from skhpo.visualization._parallel_coordinate import TITLE, lines_to_draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["plot_parallel_coordinate"]


def plot_parallel_coordinate(
    study: Study,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
) -> Axes:
    """Plot the complete trials as lines through the axes of all parameters.

    Parameters
    ----------
    study : Study
        The study.
    params : list of str, default=None
        Names of the parameters; by default, all, in alphabetical order.
    target : callable, default=None
        Function that takes a complete trial and returns the number to show. By default, all
        objectives are shown, and several make the colour the Pareto rank.
    target_name : str, default="Objective Value"
        Name of the values.

    Returns
    -------
    ax : matplotlib Axes

    Raises
    ------
    ValueError
        If no complete trial has one of `params`.
    ImportError
        If matplotlib is missing.

    See Also
    --------
    skhpo.plots.ParallelCoordinatesDisplay : The same for searches.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     return trial.suggest_float("x", -5, 5) ** 2 + trial.suggest_float("y", -5, 5)
    >>> study = skhpo.create_study()
    >>> study.optimize(objective, n_trials=20)
    >>> ax = skhpo.visualization.matplotlib.plot_parallel_coordinate(study)
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['x', 'y', 'Objective Value']
    """
    data, n_objectives = lines_to_draw(study, params, target, target_name)
    if n_objectives == 1:  # the objective has an axis of its own
        data = replace(data, axes=data.axes[1:], positions=data.positions[:, 1:])
    if data.greater_is_better is None:  # smaller values of a target are the better ones
        data = replace(data, greater_is_better=False)
    display = ParallelCoordinatesDisplay(**vars(data)).plot()
    display.ax_.set_title(TITLE)
    return display.ax_
