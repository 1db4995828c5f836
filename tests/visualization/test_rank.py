"""The ranks in Optuna's dialect are those that Optuna shows."""

import numpy as np
import optuna
import pytest

import skhpo.visualization as vis
from tests.plots.studies import HARD, mixed, study_of, two_objectives


def names(axis):
    return dict(zip(axis.tickvals or (), axis.ticktext or ()))


def rgb(color):
    """A colour as three numbers."""
    if color == "#cccccc":
        return (204, 204, 204)
    return tuple(round(float(part)) for part in color[4:-1].split(","))


def planes(figure):
    """The dots of each plane with their colours, and choices as texts."""
    found = {}
    for trace in figure.data:
        if trace.x is None or len(trace.x) == 0 or trace.x[0] is None:
            continue
        xaxis, yaxis = (
            figure.layout[f"{which}axis" + (trace[f"{which}axis"] or which)[1:]] for which in "xy"
        )
        x = [names(xaxis).get(place, place) for place in trace.x]
        y = [names(yaxis).get(place, place) for place in trace.y]
        dots = set(zip(x, y, map(rgb, trace.marker.color)))
        if dots:
            found[trace.xaxis, trace.yaxis] = dots
    return found


@pytest.mark.parametrize("kind", HARD)
def test_the_same_dots_and_colours_as_optuna(kind):
    study = HARD[kind]()
    ours, theirs = vis.plot_rank(study), optuna.visualization.plot_rank(study.to_optuna())
    assert planes(ours) == planes(theirs)
    ax = vis.matplotlib.plot_rank(study)
    np.ravel(ax)[0].figure.canvas.draw()


def test_two_parameters_keep_their_order():
    study = study_of(mixed)
    figure = vis.plot_rank(study, params=["y", "x"])
    theirs = optuna.visualization.plot_rank(study.to_optuna(), params=["y", "x"])
    assert planes(figure) == planes(theirs)
    assert figure.layout.xaxis.type == "log"
    assert figure.data[-1].marker.colorbar.ticktext[0].startswith("min. (")
    assert vis.matplotlib.plot_rank(study, params=["y", "x"]).get_xlabel() == "y"


def test_several_objectives_need_a_target():
    study = study_of(two_objectives, directions=["minimize", "minimize"])
    with pytest.raises(ValueError, match="give a `target`"):
        vis.plot_rank(study)
    figure = vis.plot_rank(study, target=lambda t: t.values[1], target_name="second")
    assert figure.layout.title.text == "Rank (second)"
