"""Plot of the Pareto front."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.logging import get_logger
from skhpo.plots._data._pareto_front import Constraints, ParetoData, Targets, pareto_data
from skhpo.visualization._hover import hover_text
from skhpo.visualization._plotly import graph_objects

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from skhpo.study import Study

__all__ = ["TITLE", "pareto_with_messages", "plot_pareto_front"]

TITLE = "Pareto-front Plot"

_logger = get_logger(__name__)


def plot_pareto_front(
    study: Study,
    *,
    target_names: list[str] | None = None,
    include_dominated_trials: bool = True,
    constraints_func: Constraints | None = None,
    targets: Targets | None = None,
) -> Figure:
    """Plot the Pareto front in two or three dimensions.

    Parameters
    ----------
    study : Study
        A study with several objectives.
    target_names : list of str, default=None
        Names of the axes; by default, those of the objectives.
    include_dominated_trials : bool, default=True
        Whether to show the feasible trials that are not on the front.
    constraints_func : callable, default=None
        Function that takes a complete trial and returns the values of the constraints, which are
        satisfied at 0 and below. By default, the constraints of the study.
    targets : callable, default=None
        Function that takes a complete trial and returns the 2 or 3 values to show; required if
        there are neither 2 nor 3 objectives. The front is always that of all objectives.

    Returns
    -------
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        If there are neither 2 nor 3 values to show, or another number of names.
    ImportError
        If plotly is missing.

    See Also
    --------
    skhpo.plots.ParetoFrontDisplay : The same for searches, with matplotlib.

    Examples
    --------
    >>> import skhpo, skhpo.visualization
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 1)
    ...     return x**2, (x - 1) ** 2
    >>> study = skhpo.create_study(directions=["minimize", "minimize"])
    >>> study.optimize(objective, n_trials=20)
    >>> figure = skhpo.visualization.plot_pareto_front(study)
    >>> [len(trace.x) for trace in figure.data]
    [0, 20]
    """
    go = graph_objects()
    data = pareto_with_messages(study, target_names, constraints_func, targets)
    infeasible, best = ~data.is_feasible, data.is_best
    dominated = data.is_feasible & ~best & include_dominated_trials
    traces = []
    if data.has_constraints:
        traces.append(_dots(go, data, infeasible, "Infeasible Trial", {"color": "#cccccc"}))
    name = "Feasible Trial" if data.has_constraints else "Trial"
    bar: dict[str, Any] = {"title": {"text": "Trial"}}
    traces.append(_dots(go, data, dominated, name, _by_number("Blues", bar)))
    bar = {"title": {"text": "Best Trial"}, "x": 1.1 if include_dominated_trials else 1, "xpad": 40}
    traces.append(_dots(go, data, best, "Best Trial", _by_number("Reds", bar)))
    axes = {
        f"{axis}axis_title": objective.name
        for axis, objective in zip("xyz", data.objectives, strict=False)
    }
    layout: dict[str, Any] = axes if len(data.objectives) == 2 else {"scene": axes}
    return go.Figure(data=traces, layout=go.Layout(title=TITLE, **layout))


def pareto_with_messages(
    study: Study,
    target_names: list[str] | None,
    constraints_func: Constraints | None,
    targets: Targets | None,
) -> ParetoData:
    """Return the data of the plot; log why it is empty."""
    data = pareto_data(study, names=target_names, targets=targets, constraints=constraints_func)
    if not data.is_best.any():
        kind = "complete and feasible" if data.has_constraints else "complete"
        _logger.warning(f"There are no {kind} trials, so the front is empty.")
    return data


def _by_number(colorscale: str, colorbar: dict[str, Any]) -> dict[str, Any]:
    line = {"width": 0.5, "color": "Grey"}
    return {"line": line, "colorscale": colorscale, "colorbar": colorbar}


def _dots(go: Any, data: ParetoData, rows: Any, name: str, marker: dict[str, Any]) -> Any:
    """Return a trace of some trials. Without a colour, they are coloured by number."""
    trials = [data.trials[row] for row in np.flatnonzero(rows)]
    places = dict(zip("xyz", data.values[rows].T, strict=False))
    kind = go.Scatter if len(data.objectives) == 2 else go.Scatter3d
    return kind(
        **places,
        text=[hover_text(trial) for trial in trials],
        mode="markers",
        hovertemplate="%{text}<extra>" + name + "</extra>",
        marker={"color": [trial.number for trial in trials], **marker},
        showlegend=False,
    )
