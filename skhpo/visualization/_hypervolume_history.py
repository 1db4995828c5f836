"""Plot of the hypervolume by trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from skhpo.logging import get_logger
from skhpo.plots._data._hypervolume import HypervolumeData, hypervolume_data
from skhpo.visualization._plotly import graph_objects

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from skhpo.study import Study

__all__ = ["TITLE", "X_LABEL", "Y_LABEL", "hypervolume_with_messages", "plot_hypervolume_history"]

TITLE, X_LABEL, Y_LABEL = "Hypervolume History Plot", "Trial", "Hypervolume"

_logger = get_logger(__name__)


def plot_hypervolume_history(study: Study, reference_point: Sequence[float]) -> Figure:
    """Plot the hypervolume of the front of the trials so far.

    Parameters
    ----------
    study : Study
        A study with several objectives.
    reference_point : sequence of float
        The reference point, with one value per objective.

    Returns
    -------
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        If the study has one objective, or if the reference point has another number of values.
    ImportError
        If plotly is missing.

    See Also
    --------
    skhpo.plots.HypervolumeDisplay : The same for searches, with matplotlib.

    Examples
    --------
    >>> import skhpo, skhpo.visualization
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 1)
    ...     return x**2, (x - 1) ** 2
    >>> study = skhpo.create_study(directions=["minimize", "minimize"])
    >>> study.optimize(objective, n_trials=20)
    >>> figure = skhpo.visualization.plot_hypervolume_history(study, [1, 1])
    >>> len(figure.data[0].y)
    20
    """
    go = graph_objects()
    data = hypervolume_with_messages(study, reference_point)
    return go.Figure(
        data=go.Scatter(x=data.number, y=data.hypervolume, mode="lines+markers"),
        layout=go.Layout(title=TITLE, xaxis={"title": X_LABEL}, yaxis={"title": Y_LABEL}),
    )


def hypervolume_with_messages(study: Study, reference_point: Sequence[float]) -> HypervolumeData:
    """Return the data of the plot; log why it is empty."""
    data = hypervolume_data(study, reference_point)
    if not data.is_feasible.any():
        kind = "feasible" if len(data.number) else "complete"
        _logger.warning(f"There are no {kind} trials, so the hypervolume is not shown.")
    return data
