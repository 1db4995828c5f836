"""Plot of the times at which the trials ran."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import numpy as np

from skhpo.logging import get_logger
from skhpo.plots._data._timeline import TimelineData, timeline_of_study
from skhpo.visualization._hover import hover_text
from skhpo.visualization._plotly import graph_objects

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from skhpo.study import Study

__all__ = ["NAMES", "TITLE", "X_LABEL", "Y_LABEL", "plot_timeline", "timeline_with_messages"]

TITLE, X_LABEL, Y_LABEL = "Timeline Plot", "Datetime", "Trial"
NAMES = {
    "infeasible": ("INFEASIBLE", "#cccccc"),
    "complete": ("COMPLETE", "blue"),
    "failed": ("FAIL", "red"),
    "pruned": ("PRUNED", "orange"),
    "running": ("RUNNING", "green"),
    "waiting": ("WAITING", "gray"),
}

_logger = get_logger(__name__)


def plot_timeline(study: Study, n_recent_trials: int | None = None) -> Figure:
    """Plot the times at which the trials ran, one bar per trial.

    Parameters
    ----------
    study : Study
        The study.
    n_recent_trials : int, default=None
        If given, show only the last trials.

    Returns
    -------
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        If `n_recent_trials` is not positive.
    ImportError
        If plotly is missing.

    See Also
    --------
    skhpo.plots.TimelineDisplay : The same with matplotlib, and the folds of a search by worker.

    Examples
    --------
    >>> import skhpo, skhpo.visualization
    >>> study = skhpo.create_study()
    >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=10)
    >>> [trace.name for trace in skhpo.visualization.plot_timeline(study).data]
    ['COMPLETE']
    """
    go = graph_objects()
    data = timeline_with_messages(study, n_recent_trials)
    trials = {trial.number: trial for trial in study.get_trials(deepcopy=False)}
    figure = go.Figure()
    for status, (name, color) in NAMES.items():
        bars = np.flatnonzero(data.status == status)
        if len(bars) == 0:
            continue
        figure.add_bar(
            name=name,
            x=1000.0 * data.seconds[bars],
            y=data.lane[bars],
            base=[_time(data, bar).isoformat() for bar in bars.tolist()],
            text=[hover_text(trials[number]) for number in data.number[bars].tolist()],
            hovertemplate="%{text}<extra>" + name + "</extra>",
            orientation="h",
            marker={"color": color},
            textposition="none",
        )
    figure.update_layout(
        title=TITLE,
        xaxis={"title": X_LABEL, "type": "date"},
        yaxis={"title": Y_LABEL},
        showlegend=True,
    )
    return figure


def timeline_with_messages(study: Study, n_recent_trials: int | None) -> TimelineData:
    """Return the data of the plot; log what is odd about them."""
    data = timeline_of_study(study, n_recent_trials=n_recent_trials)
    if len(data.start) == 0:
        _logger.warning("The study has no trials, so the plot is empty.")
    for number in data.number[data.seconds < 0.0].tolist():
        _logger.warning(f"Trial {number} ended before it started.")
    return data


def _time(data: TimelineData, bar: int) -> datetime.datetime:
    assert data.origin is not None  # there are bars
    return data.origin + datetime.timedelta(seconds=float(data.start[bar]))
