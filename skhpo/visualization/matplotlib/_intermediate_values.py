"""Plot of the intermediate values of the trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.plots import CurvesDisplay
from skhpo.visualization._intermediate_values import TITLE, X_LABEL, Y_LABEL, curves_with_messages

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["plot_intermediate_values"]


def plot_intermediate_values(study: Study) -> Axes:
    """Plot the values that the trials reported, by step.

    Parameters
    ----------
    study : Study
        The study. Trials that failed or reported nothing are omitted.

    Returns
    -------
    ax : matplotlib Axes

    Raises
    ------
    ImportError
        If matplotlib is missing.

    See Also
    --------
    skhpo.plots.CurvesDisplay : The same, and the curves of searches.

    Examples
    --------
    >>> import skhpo, skhpo.visualization
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 1)
    ...     for step in range(5):
    ...         trial.report(x + 1 / (step + 1), step)
    ...     return x
    >>> study = skhpo.create_study()
    >>> study.optimize(objective, n_trials=10)
    >>> skhpo.visualization.matplotlib.plot_intermediate_values(study).get_xlabel()
    'Step'
    """
    ax = CurvesDisplay(**vars(curves_with_messages(study))).plot().ax_
    ax.set(title=TITLE, xlabel=X_LABEL, ylabel=Y_LABEL)
    return ax
