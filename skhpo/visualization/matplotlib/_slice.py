"""Plot of the values by each parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.plots import SliceDisplay
from skhpo.plots._data._trials import Target
from skhpo.visualization._arguments import TARGET_NAME
from skhpo.visualization._parameters import complete_scores, shown_params
from skhpo.visualization._slice import TITLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from skhpo.study import Study

__all__ = ["plot_slice"]


def plot_slice(
    study: Study,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
) -> Axes | NDArray[Any]:
    """Plot the values of the complete trials by each parameter.

    Parameters
    ----------
    study : Study
        The study.
    params : list of str, default=None
        Names of the parameters; by default, all.
    target : callable, default=None
        Function that takes a complete trial and returns the number to show; required if there
        are several objectives.
    target_name : str, default="Objective Value"
        Name of the values.

    Returns
    -------
    ax : matplotlib Axes, or ndarray of Axes of shape (n_params,)

    Raises
    ------
    ValueError
        If the study has several objectives and there is no `target`, or if no complete trial
        has one of `params`.
    ImportError
        If matplotlib is missing.

    See Also
    --------
    skhpo.plots.SliceDisplay : Show the partial dependence and stopped candidates too.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study()
    >>> study.optimize(lambda trial: trial.suggest_float("x", -5, 5) ** 2, n_trials=20)
    >>> skhpo.visualization.matplotlib.plot_slice(study).get_xlabel()
    'x'
    """
    scores = complete_scores(study, target, target_name)
    axes = scores.axes(sorted(set(shown_params(scores, params))))
    n_trials = len(scores.value)
    display = SliceDisplay(
        axes=axes,
        positions=np.column_stack([scores.positions(axis) for axis in axes])
        if axes
        else np.empty((n_trials, 0)),
        value=scores.value,
        predicted=scores.predicted,
        is_failed=np.zeros(n_trials, dtype=bool),
        is_feasible=scores.table.is_feasible,
        number=scores.table.numbers,
        curves=[None] * len(axes),
        name=target_name,
        greater_is_better=None,
    ).plot()
    display.figure_.suptitle(TITLE)
    plotted: NDArray[Any] = display.axes_
    return plotted if len(axes) > 1 else display.ax_
