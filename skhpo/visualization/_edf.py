"""Plot of the distribution of the values of studies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skhpo.plots._data._edf import EDFData, edf_data
from skhpo.plots._data._sources import named_studies
from skhpo.plots._data._trials import Target
from skhpo.visualization._arguments import TARGET_NAME, check_target, log_that_none_is_complete
from skhpo.visualization._plotly import graph_objects

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from skhpo.study import Study
    from skhpo.trial import FrozenTrial

__all__ = ["TITLE", "Y_LABEL", "edf_of_complete", "plot_edf"]

TITLE = "Empirical Distribution Function Plot"
Y_LABEL = "Cumulative Probability"


def plot_edf(
    study: Study | Sequence[Study],
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
) -> Figure:
    """Plot the fraction of complete trials whose value is at most each value.

    Parameters
    ----------
    study : Study or sequence of Study
        One or more studies.
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
        If a study has several objectives and there is no `target`.
    ImportError
        If plotly is missing.

    See Also
    --------
    skhpo.plots.EDFDisplay : The same for searches, with matplotlib.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study()
    >>> study.optimize(lambda trial: trial.suggest_float("x", -5, 5) ** 2, n_trials=20)
    >>> figure = skhpo.visualization.plot_edf(study)
    >>> float(max(figure.data[0].y))
    1.0
    """
    go = graph_objects()
    data = edf_of_complete(study, target, target_name)
    layout = go.Layout(title=TITLE, xaxis={"title": target_name}, yaxis={"title": Y_LABEL})
    figure = go.Figure(
        data=[
            go.Scatter(
                x=np.concatenate([x[:1], x]),
                y=np.concatenate([[0.0], y]),
                name=label,
                mode="lines",
                line={"shape": "hv"},
            )
            for label, x, y in zip(data.labels, data.values, data.fractions, strict=True)
            if len(x)
        ],
        layout=layout,
    )
    if figure.data:
        figure.update_yaxes(range=[0, 1])
    return figure


def edf_of_complete(
    study: Study | Sequence[Study], target: Target | None, target_name: str
) -> EDFData:
    """Return the data of the plot, with messages in Optuna's manner."""
    studies = named_studies(study)
    check_target(list(studies.values()), target, target_name)
    data = edf_data(studies, target=target or _value, name=target_name)
    if not any(len(values) for values in data.values):
        log_that_none_is_complete()
    return data


def _value(trial: FrozenTrial) -> float:
    assert trial.value is not None  # the trial is complete
    return trial.value
