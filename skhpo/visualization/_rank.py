"""Plot of the trials in the planes of two parameters, coloured by rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.logging import get_logger
from skhpo.plots._data._pairs import pairs_data
from skhpo.plots._data._rank import RankData, relative_ranks
from skhpo.plots._data._trials import Target
from skhpo.trial import FrozenTrial
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

__all__ = ["TICKS", "plot_rank", "ranks_to_draw", "tick_texts"]

TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)

_logger = get_logger(__name__)


def plot_rank(
    study: Study,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
) -> Figure:
    """Plot the complete trials in the planes of two parameters, coloured by rank.

    The smallest value is blue and the largest is red. Infeasible trials are grey.

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
    skhpo.plots.RankDisplay : The same with one plot per pair, and with stopped candidates.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     return trial.suggest_float("x", -5, 5) ** 2 + trial.suggest_float("y", -5, 5)
    >>> study = skhpo.create_study()
    >>> study.optimize(objective, n_trials=20)
    >>> figure = skhpo.visualization.plot_rank(study)
    >>> len(figure.data[0].x)
    20
    """
    go = graph_objects()
    data, trials = ranks_to_draw(study, params, target, target_name)
    n_params = len(data.axes)
    layout = go.Layout(title=f"Rank ({target_name})")
    if n_params == 0:
        return go.Figure(layout=layout)
    texts = np.array(hover_texts(trials, data.value, target_name), dtype=object)
    if n_params == 2:
        figure = go.Figure(data=[_dots(go, data, 0, 1, texts)], layout=layout)
        figure.update_xaxes(**axis_options(data.axes[0]))
        figure.update_yaxes(**axis_options(data.axes[1]))
    else:
        spacing = 0.08 / n_params
        figure = grid_figure(
            n_params,
            n_params,
            shared_xaxes=True,
            shared_yaxes=True,
            horizontal_spacing=spacing,
            vertical_spacing=spacing,
        )
        figure.update_layout(layout)
        for i in range(n_params):
            for j in range(n_params):
                cell = {"row": j + 1, "col": i + 1}
                figure.add_trace(_dots(go, data, i, j, texts), **cell)
                x, y = axis_options(data.axes[i]), axis_options(data.axes[j])
                figure.update_xaxes(**(x if j == n_params - 1 else {**x, "title": None}), **cell)
                figure.update_yaxes(**(y if i == 0 else {**y, "title": None}), **cell)
    bar = {"thickness": 10, "tickvals": TICKS, "ticktext": tick_texts(data)}
    scale = {"colorscale": "RdYlBu_r", "showscale": True, "cmin": 0, "cmax": 1, "colorbar": bar}
    empty = go.Scatter(x=[None], y=[None], mode="markers", marker=scale, showlegend=False)
    figure.add_trace(empty)
    return figure


def ranks_to_draw(
    study: Study, params: list[str] | None, target: Target | None, target_name: str
) -> tuple[RankData, list[FrozenTrial]]:
    """Return the complete trials in the planes of the parameters, and their records."""
    scores = complete_scores(study, target, target_name, finite=False)
    names = shown_params(scores, params)
    if not names:
        _logger.warning("There are no parameters, so the plot is empty.")
    data = pairs_data(scores, names)
    return RankData(rank=relative_ranks(data.value), **vars(data)), scores.table.trials


def tick_texts(data: RankData) -> list[str]:
    """Return the values at the quartiles of the ranks."""
    with np.errstate(invalid="ignore"):  # between a finite and an infinite value
        values = np.quantile(data.value[~np.isnan(data.value)], TICKS)
    words = ("min.", "25%", "50%", "75%", "max.")
    return [f"{word} ({value:.3g})" for word, value in zip(words, values, strict=True)]


def _dots(go: Any, data: RankData, i: int, j: int, texts: Any) -> Any:
    from plotly.colors import sample_colorscale

    has_both = np.isfinite(data.positions[:, [i, j]]).all(axis=1)
    rows = np.flatnonzero(has_both & ~np.isnan(data.rank))
    colors = sample_colorscale("RdYlBu_r", data.rank[rows].tolist()) if len(rows) else []
    return go.Scatter(
        x=data.positions[rows, i],
        y=data.positions[rows, j],
        mode="markers",
        marker={
            "color": [
                color if data.is_feasible[row] else INFEASIBLE
                for color, row in zip(colors, rows, strict=True)
            ],
            "line": {"width": 0.5, "color": "Grey"},
        },
        showlegend=False,
        hovertemplate="%{hovertext}<extra></extra>",
        hovertext=texts[rows],
    )
