"""Plot of the hypervolume by trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from skhpo.plots import HypervolumeDisplay
from skhpo.visualization._hypervolume_history import (
    TITLE,
    X_LABEL,
    Y_LABEL,
    hypervolume_with_messages,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["plot_hypervolume_history"]


def plot_hypervolume_history(study: Study, reference_point: Sequence[float]) -> Axes:
    """Plot the hypervolume of the front of the trials so far.

    Parameters
    ----------
    study : Study
        A study with several objectives.
    reference_point : sequence of float
        The reference point, with one value per objective.

    Returns
    -------
    ax : matplotlib Axes

    Raises
    ------
    ValueError
        If the study has one objective, or if the reference point has another number of values.
    ImportError
        If matplotlib is missing.

    See Also
    --------
    skhpo.plots.HypervolumeDisplay : The same for searches.

    Examples
    --------
    >>> import skhpo, skhpo.visualization
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 1)
    ...     return x**2, (x - 1) ** 2
    >>> study = skhpo.create_study(directions=["minimize", "minimize"])
    >>> study.optimize(objective, n_trials=20)
    >>> ax = skhpo.visualization.matplotlib.plot_hypervolume_history(study, [1, 1])
    >>> ax.get_ylabel()
    'Hypervolume'
    """
    data = hypervolume_with_messages(study, reference_point)
    ax = HypervolumeDisplay(**vars(data)).plot().ax_
    ax.set(title=TITLE, xlabel=X_LABEL, ylabel=Y_LABEL)
    return ax
