"""Plot of the Pareto front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skhpo.plots import ParetoFrontDisplay
from skhpo.plots._data._pareto_front import Constraints, Targets
from skhpo.visualization._pareto_front import TITLE, pareto_with_messages

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["plot_pareto_front"]


def plot_pareto_front(
    study: Study,
    *,
    target_names: list[str] | None = None,
    include_dominated_trials: bool = True,
    constraints_func: Constraints | None = None,
    targets: Targets | None = None,
) -> Axes:
    """Plot the Pareto front in two dimensions; a third one is the colour.

    Parameters
    ----------
    study : Study
        A study with several objectives.
    target_names : list of str, default=None
        Names of the axes; by default, those of the objectives.
    include_dominated_trials : bool, default=True
        Whether to show the feasible trials that are not on the front.
    constraints_func : callable, default=None
        Function that takes a complete trial and returns the values of the constraints, which are
        satisfied at 0 and below. By default, the constraints of the study.
    targets : callable, default=None
        Function that takes a complete trial and returns the 2 or 3 values to show; required if
        there are neither 2 nor 3 objectives. The front is always that of all objectives.

    Returns
    -------
    ax : matplotlib Axes

    Raises
    ------
    ValueError
        If there are neither 2 nor 3 values to show, or another number of names.
    ImportError
        If matplotlib is missing.

    See Also
    --------
    skhpo.plots.ParetoFrontDisplay : The same for searches.

    Examples
    --------
    >>> import skhpo, skhpo.visualization
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 1)
    ...     return x**2, (x - 1) ** 2
    >>> study = skhpo.create_study(directions=["minimize", "minimize"])
    >>> study.optimize(objective, n_trials=20)
    >>> skhpo.visualization.matplotlib.plot_pareto_front(study).get_xlabel()
    'Objective 0'
    """
    data = pareto_with_messages(study, target_names, constraints_func, targets)
    is_shown = data.is_best | ~data.is_feasible | include_dominated_trials
    display = ParetoFrontDisplay(
        data.values[is_shown],
        objectives=data.objectives,
        front=np.flatnonzero(data.is_best[is_shown]),
        feasible=data.is_feasible[is_shown],
    ).plot()
    display.ax_.set_title(TITLE)
    return display.ax_
