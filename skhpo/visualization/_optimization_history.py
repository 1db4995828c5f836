"""Plot of the history of studies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.logging import get_logger
from skhpo.plots._data._history import HistoryData, history_data
from skhpo.plots._data._mean_history import MeanHistoryData, mean_history_data
from skhpo.plots._data._sources import named_studies
from skhpo.plots._data._trials import Target
from skhpo.visualization._arguments import (
    TARGET_NAME,
    check_target,
    log_that_none_is_complete,
)
from skhpo.visualization._plotly import INFEASIBLE, graph_objects

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from skhpo.study import Study

__all__ = ["TITLE", "histories_by_name", "plot_optimization_history"]

TITLE = "Optimization History Plot"

_logger = get_logger(__name__)


def plot_optimization_history(
    study: Study | Sequence[Study],
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
    error_bar: bool = False,
) -> Figure:
    """Plot the values of the complete trials in their order, and the best so far.

    Parameters
    ----------
    study : Study or sequence of Study
        One or more studies.
    target : callable, default=None
        Function that takes a complete trial and returns the number to show; required if there
        are several objectives. With a target, the best so far is not shown.
    target_name : str, default="Objective Value"
        Name of the values.
    error_bar : bool, default=False
        Whether to show the mean and the standard deviation over all studies.

    Returns
    -------
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        If a study has several objectives and there is no `target`.
    ImportError
        If plotly is missing.

    See Also
    --------
    skhpo.plots.HistoryDisplay : Show stopped and failed candidates too, over fits or seconds.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study()
    >>> study.optimize(lambda trial: trial.suggest_float("x", -5, 5) ** 2, n_trials=20)
    >>> figure = skhpo.visualization.plot_optimization_history(study)
    >>> [trace.name for trace in figure.data][:2]
    ['Objective Value', 'Best Value']
    """
    go = graph_objects()
    histories = histories_by_name(study, target, target_name)
    layout = go.Layout(title=TITLE, xaxis={"title": "Trial"}, yaxis={"title": target_name})
    traces: list[Any] = []
    if error_bar and histories:
        mean = mean_history_data(list(histories.values()))
        traces = _mean_traces(go, mean, target_name, has_best=target is None)
    elif histories:
        for suffix, data in histories.items():
            traces += _traces(go, data, suffix, target_name, has_best=target is None)
    return go.Figure(data=traces, layout=layout)


def histories_by_name(
    study: Study | Sequence[Study], target: Target | None, target_name: str
) -> dict[str, HistoryData]:
    """Return the histories of studies by a suffix of their labels; empty if nothing is complete."""
    studies = named_studies(study)
    check_target(list(studies.values()), target, target_name)
    if not studies:
        _logger.warning("There are no studies, so the plot is empty.")
        return {}
    histories = {
        f" of {label}" if len(studies) > 1 else "": history_data(
            one, target=target, name=target_name
        )
        for label, one in studies.items()
    }
    if all(np.isnan(one.value).all() for one in histories.values()):
        log_that_none_is_complete()
        return {}
    return histories


def _traces(go: Any, data: HistoryData, suffix: str, target_name: str, has_best: bool) -> list[Any]:
    is_measured = ~np.isnan(data.value)
    feasible, infeasible = is_measured & data.is_feasible, is_measured & ~data.is_feasible
    dots = go.Scatter(
        x=data.number[feasible],
        y=data.value[feasible],
        mode="markers",
        name=f"{target_name}{suffix}",
    )
    best = go.Scatter(x=data.number, y=data.best, mode="lines", name=f"Best Value{suffix}")
    crosses = go.Scatter(
        x=data.number[infeasible],
        y=data.value[infeasible],
        mode="markers",
        name="Infeasible Trial",
        marker={"color": INFEASIBLE},
        showlegend=False,
    )
    return [dots, best, crosses] if has_best else [dots, crosses]


def _mean_traces(go: Any, data: MeanHistoryData, target_name: str, has_best: bool) -> list[Any]:
    dots = go.Scatter(
        x=data.number,
        y=data.mean,
        error_y={"type": "data", "array": data.sd, "visible": True},
        mode="markers",
        name=target_name,
    )
    if not has_best:
        return [dots]
    line = {"x": data.number, "mode": "lines"}
    hidden = {**line, "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
    return [
        dots,
        go.Scatter(y=data.best_mean, name="Best Value", **line),
        go.Scatter(y=data.best_mean + data.best_sd, **hidden),
        go.Scatter(
            y=data.best_mean - data.best_sd,
            fill="tonexty",
            fillcolor="rgba(239, 85, 59, 0.2)",
            **hidden,
        ),
    ]
