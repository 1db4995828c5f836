"""Plot of the values in the planes of two parameters, with contours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.logging import get_logger
from skhpo.plots._data._interpolation import grid_of_values, places
from skhpo.plots._data._pairs import PairsData, pairs_data
from skhpo.plots._data._trials import Target
from skhpo.visualization._arguments import TARGET_NAME
from skhpo.visualization._parameters import axis_options, complete_scores, shown_params
from skhpo.visualization._plotly import INFEASIBLE, graph_objects, grid_figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from skhpo.study import Study

__all__ = ["TITLE", "can_be_drawn", "pairs_to_draw", "plot_contour"]

TITLE = "Contour Plot"

_logger = get_logger(__name__)


def plot_contour(
    study: Study,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
) -> Figure:
    """Plot the values of the complete trials in the planes of two parameters, with contours.

    The contours interpolate between the values of the trials. Dark colours are better; with a
    target, smaller.

    Parameters
    ----------
    study : Study
        The study.
    params : list of str, default=None
        Names of the parameters; by default, all. Two make one plot, and more a matrix.
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
    skhpo.plots.ContourDisplay : Contours of a model, which averages over the other parameters.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     return trial.suggest_float("x", -5, 5) ** 2 + trial.suggest_float("y", -5, 5)
    >>> study = skhpo.create_study()
    >>> study.optimize(objective, n_trials=20)
    >>> figure = skhpo.visualization.plot_contour(study)
    >>> [trace.type for trace in figure.data]
    ['contour', 'scatter', 'scatter']
    """
    go = graph_objects()
    data = pairs_to_draw(study, params, target, target_name)
    n_params = len(data.axes)
    if n_params < 2:
        return go.Figure(layout=go.Layout(title=TITLE))
    if n_params == 2:
        figure = go.Figure(data=_traces(go, data, 0, 1, True), layout=go.Layout(title=TITLE))
        figure.update_xaxes(**axis_options(data.axes[0]))
        figure.update_yaxes(**axis_options(data.axes[1]))
        return figure
    figure = grid_figure(n_params, n_params, shared_xaxes=True, shared_yaxes=True)
    figure.update_layout(title=TITLE)
    has_scale = True
    for i in range(n_params):
        for j in range(n_params):
            cell = {"row": j + 1, "col": i + 1}
            traces = _traces(go, data, i, j, has_scale) if i != j else [go.Scatter()]
            has_scale &= len(traces) == 1
            for trace in traces:
                figure.add_trace(trace, **cell)
            x, y = axis_options(data.axes[i]), axis_options(data.axes[j])
            figure.update_xaxes(**(x if j == n_params - 1 else {**x, "title": None}), **cell)
            figure.update_yaxes(**(y if i == 0 else {**y, "title": None}), **cell)
    return figure


def pairs_to_draw(
    study: Study, params: Sequence[str] | None, target: Target | None, target_name: str
) -> PairsData:
    """Return the complete trials in the planes of the parameters, with messages."""
    if params is not None and len(params) < 2:
        _logger.warning("`params` has fewer than two names, so the plot is empty.")
    scores = complete_scores(study, target, target_name)
    return pairs_data(scores, sorted(set(shown_params(scores, params))))


def can_be_drawn(data: PairsData, i: int, j: int) -> bool:
    """Return whether both parameters vary and a trial has both; otherwise log the reason."""
    known = data.positions[np.isfinite(data.value)]
    for k in (i, j):
        if len(np.unique(known[np.isfinite(known[:, k]), k])) < 2:
            _logger.warning(f"The parameter {data.axes[k].name!r} has fewer than two values.")
            return False
    if not np.isfinite(known[:, [i, j]]).all(axis=1).any():
        names = data.axes[i].name, data.axes[j].name
        _logger.warning(f"No complete trial has both of the parameters {names}.")
        return False
    return True


def _traces(go: Any, data: PairsData, i: int, j: int, has_scale: bool) -> list[Any]:
    """Return the contour, the feasible trials and the others; or an empty trace."""
    if not can_be_drawn(data, i, j):
        return [go.Scatter()]
    positions = data.positions[:, [i, j]]
    rows = np.isfinite(positions).all(axis=1) & np.isfinite(data.value)
    axes = data.axes[i], data.axes[j]
    x, y = (places(axis, positions[rows, k]) for k, axis in enumerate(axes))
    better = data.greater_is_better
    contour = go.Contour(
        x=x,
        y=y,
        z=grid_of_values(axes, (x, y), positions[rows], data.value[rows], better),
        colorbar={"title": data.name},
        colorscale="Blues",
        connectgaps=True,
        contours_coloring="heatmap",
        hoverinfo="none",
        line_smoothing=1.3,
        reversescale=not better,
        showscale=has_scale,
    )
    dots = []
    for chosen, name, color in (
        (rows & data.is_feasible, "Feasible Trial", "black"),
        (rows & ~data.is_feasible, "Infeasible Trial", INFEASIBLE),
    ):
        dots.append(
            go.Scatter(
                x=positions[chosen, 0],
                y=positions[chosen, 1],
                mode="markers",
                name=name,
                marker={"color": color, "line": {"width": 2.0, "color": "Gray"}},
                showlegend=False,
                hovertext=[
                    f"Trial #{number}<br>{data.name}: {value:.6g}"
                    for number, value in zip(data.number[chosen], data.value[chosen], strict=True)
                ],
            )
        )
    return [contour, *dots]
