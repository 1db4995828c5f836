"""Plot of the intermediate values of the trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.logging import get_logger
from skhpo.plots._data._curves import CurvesData, curves_of_study
from skhpo.visualization._plotly import graph_objects

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from skhpo.study import Study

__all__ = ["TITLE", "X_LABEL", "Y_LABEL", "curves_with_messages", "plot_intermediate_values"]

TITLE = "Intermediate Values Plot"
X_LABEL, Y_LABEL = "Step", "Intermediate Value"
MANY = 1000  # trials from which several share a trace
N_GROUPS = 10
_GREY = "#CCCCCC"

_logger = get_logger(__name__)


def plot_intermediate_values(study: Study) -> Figure:
    """Plot the values that the trials reported, by step.

    Parameters
    ----------
    study : Study
        The study. Trials that failed or reported nothing are omitted. Trials that break a
        constraint have grey markers. More than 1,000 trials share a few traces, because a browser
        cannot show thousands of them.

    Returns
    -------
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ImportError
        If plotly is missing.

    See Also
    --------
    skhpo.plots.CurvesDisplay : The same, and the curves of searches, with matplotlib.

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
    >>> len(skhpo.visualization.plot_intermediate_values(study).data)
    10
    """
    go = graph_objects()
    data = curves_with_messages(study)
    layout = {"title": {"text": TITLE}, "showlegend": False}
    layout |= {"xaxis": {"title": {"text": X_LABEL}}, "yaxis": {"title": {"text": Y_LABEL}}}
    if len(data.x) <= MANY:
        lines = [_line(data, i) for i in range(len(data.x))]
    else:
        rows = np.arange(len(data.x))
        groups = [rows[data.is_feasible & (rows % N_GROUPS == k)] for k in range(N_GROUPS)]
        groups.append(rows[~data.is_feasible])
        lines = [_lines(data, group) for group in groups if len(group)]
    return go.Figure(data=lines, layout=layout)


def curves_with_messages(study: Study) -> CurvesData:
    """Return the data of the plot; log why it is empty."""
    data = curves_of_study(study)
    if not data.x:
        _logger.warning("No trial has intermediate values, so the plot is empty: report them.")
    return data


def _line(data: CurvesData, i: int) -> dict[str, Any]:
    marker: dict[str, Any] = {"maxdisplayed": 10}
    if not data.is_feasible[i]:
        marker["color"] = _GREY
    return {
        "type": "scatter",
        "x": data.x[i],
        "y": data.y[i],
        "mode": "lines+markers",
        "marker": marker,
        "name": f"Trial{data.number[i]}",
    }


def _lines(data: CurvesData, rows: Any) -> dict[str, Any]:
    """Return one trace of several trials, with gaps between them."""
    gap = np.array([np.nan])
    marker: dict[str, Any] = {"size": 3}
    if not data.is_feasible[rows[0]]:
        marker["color"] = _GREY
    names = [f"Trial{data.number[i]}" for i in rows for _ in range(len(data.x[i]) + 1)]
    return {
        "type": "scatter",
        "x": np.concatenate([part for i in rows for part in (data.x[i], gap)]),
        "y": np.concatenate([part for i in rows for part in (data.y[i], gap)]),
        "mode": "lines+markers",
        "line": {"width": 1},
        "marker": marker,
        "text": names,
        "hovertemplate": "%{x}, %{y}<extra>%{text}</extra>",
        "name": f"{len(rows)} trials",
    }
