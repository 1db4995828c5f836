"""Plot of the values by each parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.plots._axes import ParamAxis
from skhpo.plots._data._scores import Scores
from skhpo.plots._data._trials import Target
from skhpo.visualization._arguments import TARGET_NAME
from skhpo.visualization._parameters import (
    axis_options,
    complete_scores,
    hover_texts,
    shown_params,
)
from skhpo.visualization._plotly import INFEASIBLE, graph_objects, grid_figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from skhpo.study import Study

__all__ = ["TITLE", "plot_slice"]

TITLE = "Slice Plot"
WIDTH = 300  # of a plot, in pixels, if there are more than 3


def plot_slice(
    study: Study,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
) -> Figure:
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
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        If the study has several objectives and there is no `target`, or if no complete trial
        has one of `params`.
    ImportError
        If plotly is missing.

    See Also
    --------
    skhpo.plots.SliceDisplay : Show the partial dependence and stopped candidates too.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study()
    >>> study.optimize(lambda trial: trial.suggest_float("x", -5, 5) ** 2, n_trials=20)
    >>> figure = skhpo.visualization.plot_slice(study)
    >>> figure.layout.xaxis.title.text
    'x'
    """
    go = graph_objects()
    scores = complete_scores(study, target, target_name)
    axes = scores.axes(sorted(set(shown_params(scores, params))))
    if not axes:
        return go.Figure(layout=go.Layout(title=TITLE))
    figure = grid_figure(1, len(axes), shared_yaxes=True)
    figure.update_layout(title=TITLE)
    for i, axis in enumerate(axes):
        for trace in _traces(go, scores, axis, target_name, has_scale=i == 0):
            figure.add_trace(trace, row=1, col=i + 1)
        figure.update_xaxes(**axis_options(axis), row=1, col=i + 1)
    figure.update_yaxes(title_text=target_name, row=1, col=1)
    if len(axes) > 3:
        figure.update_layout(width=WIDTH * len(axes))
    return figure


def _traces(
    go: Any, scores: Scores, axis: ParamAxis, target_name: str, has_scale: bool
) -> list[Any]:
    """Return the feasible trials, coloured by their number, and the others in grey."""
    positions = scores.positions(axis)
    is_shown = np.isfinite(positions) & ~np.isnan(scores.value)
    colorbar = {"title": "Trial", "x": 1.0, "xpad": 40}
    by_number = {"colorscale": "Blues", "colorbar": colorbar, "showscale": has_scale}
    traces = []
    for rows, name, marker in (
        (is_shown & scores.table.is_feasible, "Feasible Trial", by_number),
        (is_shown & ~scores.table.is_feasible, "Infeasible Trial", {"color": INFEASIBLE}),
    ):
        at = np.flatnonzero(rows)
        if name == "Feasible Trial":
            marker = {**marker, "color": scores.table.numbers[at]}
            marker["line"] = {"width": 0.5, "color": "Grey"}
        elif len(at) == 0:
            continue
        texts = hover_texts([scores.table.trials[i] for i in at], scores.value[at], target_name)
        traces.append(
            go.Scatter(
                x=positions[at],
                y=scores.value[at],
                mode="markers",
                name=name,
                marker=marker,
                showlegend=False,
                hovertemplate="%{hovertext}<extra></extra>",
                hovertext=texts,
            )
        )
    return traces
