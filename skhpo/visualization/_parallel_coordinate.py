"""Plot of the trials as lines through the axes of all parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.distributions import FloatDistribution
from skhpo.multi_objective import nondomination_rank
from skhpo.plots._axes import LONGEST_LABEL, ParamAxis, param_axis, short, tick_places
from skhpo.plots._data._parallel_coordinates import FloatArray, ParallelCoordinatesData
from skhpo.plots._data._scores import Scores
from skhpo.plots._data._trials import Target, trial_table
from skhpo.visualization._arguments import TARGET_NAME, log_that_none_is_complete
from skhpo.visualization._parameters import complete_scores, shown_params
from skhpo.visualization._plotly import graph_objects

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from skhpo.study import Study

__all__ = ["TITLE", "lines_to_draw", "plot_parallel_coordinate"]

TITLE = "Parallel Coordinate Plot"
MISSING = "None"  # the tick of trials that do not have a parameter
LONGEST_NAME = 20
N_TICKS = 5


def plot_parallel_coordinate(
    study: Study,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
) -> Figure:
    """Plot the complete trials as lines through the axes of all parameters.

    Lines of trials that do not have a parameter pass its tick "None". If there are constraints, a
    further axis shows which trials satisfy them. Dragging along an axis selects lines.

    Parameters
    ----------
    study : Study
        The study.
    params : list of str, default=None
        Names of the parameters; by default, all, in alphabetical order.
    target : callable, default=None
        Function that takes a complete trial and returns the number to show. By default, all
        objectives are shown, and several make the colour the Pareto rank.
    target_name : str, default="Objective Value"
        Name of the values.

    Returns
    -------
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        If no complete trial has one of `params`.
    ImportError
        If plotly is missing.

    See Also
    --------
    skhpo.plots.ParallelCoordinatesDisplay : The same for searches, with matplotlib.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     return trial.suggest_float("x", -5, 5) ** 2 + trial.suggest_float("y", -5, 5)
    >>> study = skhpo.create_study()
    >>> study.optimize(objective, n_trials=20)
    >>> figure = skhpo.visualization.plot_parallel_coordinate(study)
    >>> [dimension.label for dimension in figure.data[0].dimensions]
    ['Objective Value', 'x', 'y']
    """
    go = graph_objects()
    data, n_objectives = lines_to_draw(study, params, target, target_name)
    layout = go.Layout(title=TITLE)
    if len(data.value) == 0 or len(data.axes) == n_objectives:
        return go.Figure(layout=layout)
    dimensions = [
        _dimension(axis, at) for axis, at in zip(data.axes, data.positions.T, strict=True)
    ]
    if not data.is_feasible.all():
        ticks = {"tickvals": [0, 1], "ticktext": ["no", "yes"], "range": [0, 1]}
        dimensions.append({"label": "feasible", "values": data.is_feasible.astype(int), **ticks})
    line = {
        "color": data.value,
        "colorscale": "Blues",
        "colorbar": {"title": data.name},
        "reversescale": not data.greater_is_better,
        "showscale": True,
    }
    lines = go.Parcoords(dimensions=dimensions, line=line, labelangle=30, labelside="bottom")
    return go.Figure(data=[lines], layout=layout)


def lines_to_draw(
    study: Study, params: list[str] | None, target: Target | None, target_name: str
) -> tuple[ParallelCoordinatesData, int]:
    """Return the complete trials, and how many of the first axes are objectives.

    The values are those of the objective or, if there are several, the Pareto ranks.
    """
    table = trial_table(study, target=target, target_name=target_name)
    if len(table.names) == 1:
        scores = complete_scores(study, target, target_name)
        objectives, names = scores.value[:, None], [target_name]
        value, name, greater = scores.value, target_name, scores.greater_is_better
    else:
        is_finite = np.asarray(np.isfinite(table.values).all(axis=1))
        objectives = np.where(is_finite[:, None], table.values, np.nan)
        has_names = study.metric_names is not None
        names = [one if has_names else f"Objective {i}" for i, one in enumerate(table.names)]
        signs = np.where(table.greater_is_better, -1.0, 1.0)
        value, name, greater = np.full(len(is_finite), np.nan), "Pareto Rank", False
        value[is_finite] = nondomination_rank(signs * objectives[is_finite])
        scores = Scores(table, 0, value, np.full(len(value), np.nan), name, greater)
        if not is_finite.any():
            log_that_none_is_complete()
    axes = scores.axes(sorted(set(shown_params(scores, params))))
    rows = np.isfinite(value)
    shown = [_axis_of_values(one, at) for one, at in zip(names, objectives[rows].T, strict=True)]
    columns = [objectives, *(scores.positions(axis)[:, None] for axis in axes)]
    data = ParallelCoordinatesData(
        axes=[*shown, *axes],
        positions=np.hstack(columns)[rows],
        value=value[rows],
        is_feasible=table.is_feasible[rows],
        number=table.numbers[rows],
        name=name,
        greater_is_better=greater,
    )
    return data, len(shown)


def _axis_of_values(name: str, values: FloatArray) -> ParamAxis:
    """Return an axis of an objective."""
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    return param_axis(name, FloatDistribution(float(low), float(high)), values)


def _dimension(axis: ParamAxis, positions: FloatArray) -> dict[str, Any]:
    """Return an axis of plotly with its values, on the scale of the parameter."""
    is_log = axis.scale == "log"
    values = np.log10(positions) if is_log else positions
    low, high = np.log10([axis.low, axis.high]) if is_log else (axis.low, axis.high)
    if axis.scale == "category":
        labels = axis.labels
        ticks = [float(place) for place in tick_places(len(labels))]
        texts = [short(labels[int(place)], LONGEST_LABEL) for place in ticks]
    else:
        ticks = np.linspace(low, high, N_TICKS if low < high else 1).tolist()
        if is_log and np.floor(high) - np.ceil(low) >= 1:
            ticks = np.arange(np.ceil(low), np.floor(high) + 1).tolist()
        texts = [f"{10**tick if is_log else tick:.3g}" for tick in ticks]
    is_missing = np.isnan(values)
    if is_missing.any():
        missing = low - (0.15 * (high - low) or 1.0)
        values = np.where(is_missing, missing, values)
        ticks, texts, low = [missing, *ticks], [MISSING, *texts], missing
    margin = 0.0 if low < high else 0.5
    return {
        "label": short(axis.name, LONGEST_NAME),
        "values": values,
        "range": [low - margin, high + margin],
        "tickvals": ticks,
        "ticktext": texts,
    }
