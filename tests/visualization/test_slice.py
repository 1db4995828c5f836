"""The slices in Optuna's dialect show what Optuna shows."""

import numpy as np
import optuna
import pytest

import skhpo.visualization as vis
from tests.plots.studies import HARD, mixed, study_of, two_objectives


def points(figure):
    """The points of each subplot as a set, with choices as texts."""
    found = {}
    for trace in figure.data:
        xaxis = figure.layout["xaxis" + (trace.xaxis or "x")[1:]]
        ticks = dict(zip(xaxis.tickvals or (), xaxis.ticktext or ()))
        of_axis = found.setdefault(xaxis.title.text, set())
        for x, y in zip(trace.x, trace.y):
            text = ticks.get(x, x)
            of_axis.add((str(text).strip("'") if ticks or isinstance(x, str) else x, y))
    return found


@pytest.mark.parametrize("kind", HARD)
def test_the_same_points_as_optuna(kind):
    study = HARD[kind]()
    ours, theirs = vis.plot_slice(study), optuna.visualization.plot_slice(study.to_optuna())
    assert points(ours) == points(theirs)
    ax = vis.matplotlib.plot_slice(study)
    np.ravel(ax)[0].figure.canvas.draw()


def test_log_scales_and_colours():
    study = study_of(mixed)
    figure = vis.plot_slice(study, params=["y", "x"])
    assert figure.layout.xaxis.type == "linear"
    assert figure.layout.xaxis2.type == "log"
    assert list(figure.data[0].marker.color) == list(range(30))
    assert [ax.get_xlabel() for ax in vis.matplotlib.plot_slice(study, params=["y", "x"])] == [
        "x",
        "y",
    ]


def test_unknown_parameters_and_objectives_are_refused():
    with pytest.raises(ValueError, match="No complete trial has the parameter 'z'"):
        vis.plot_slice(study_of(mixed), params=["z"])
    study = study_of(two_objectives, directions=["minimize", "minimize"])
    with pytest.raises(ValueError, match="give a `target`"):
        vis.plot_slice(study)
    figure = vis.plot_slice(study, target=lambda t: t.values[1], target_name="second")
    assert figure.layout.yaxis.title.text == "second"
