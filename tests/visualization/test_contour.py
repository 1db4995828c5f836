"""The contours in Optuna's dialect show what Optuna shows."""

import numpy as np
import optuna
import pytest

import skhpo.visualization as vis
from tests.plots.studies import HARD, big, conditional, mixed, study_of, two_objectives

pytestmark = pytest.mark.filterwarnings("ignore:Contour plot will not be displayed")


def names(axis):
    return dict(zip(axis.tickvals or (), axis.ticktext or ()))


def planes(figure):
    """The values on the grid and the dots of each plane, with choices as texts."""
    found = {}
    for trace in figure.data:
        if trace.x is None:
            continue
        xaxis, yaxis = (
            figure.layout[f"{which}axis" + (trace[f"{which}axis"] or which)[1:]] for which in "xy"
        )
        plane = found.setdefault((trace.xaxis, trace.yaxis, trace.type, trace.name), set())
        x, y = (
            [names(axis).get(p, p) for p in at] for axis, at in ((xaxis, trace.x), (yaxis, trace.y))
        )
        if trace.type == "contour":
            z = np.array(trace.z, dtype=float)
            plane |= {(x[i], y[j], z[j, i]) for j, i in np.argwhere(np.isfinite(z))}
        else:
            plane |= set(zip(x, y))
    return {key: plane for key, plane in found.items() if plane}


@pytest.mark.parametrize("kind", HARD)
def test_the_same_values_as_optuna(kind):
    study = HARD[kind]()
    ours, theirs = vis.plot_contour(study), optuna.visualization.plot_contour(study.to_optuna())
    assert planes(ours) == planes(theirs)
    ax = vis.matplotlib.plot_contour(study)
    np.ravel(ax)[0].figure.canvas.draw()


def test_two_parameters_make_one_plot_with_log_scales():
    study = study_of(mixed)
    figure = vis.plot_contour(study, params=["x", "y"])
    theirs = optuna.visualization.plot_contour(study.to_optuna(), params=["x", "y"])
    assert planes(figure) == planes(theirs)
    assert figure.layout.yaxis.type == "log"
    assert figure.data[0].reversescale == theirs.data[0].reversescale
    ax = vis.matplotlib.plot_contour(study, params=["x", "y"])
    assert ax.get_yscale() == "log"
    assert vis.matplotlib.plot_contour(study, params=["x", "y", "k"]).shape == (3, 3)


def test_pairs_that_never_occur_together_are_empty():
    study = study_of(conditional)
    figure = vis.plot_contour(study, params=["line[0]", "curve[1]"])
    assert not planes(figure)
    vis.matplotlib.plot_contour(study, params=["line[0]", "curve[1]"])


def test_large_studies_have_a_grid_of_limited_size():
    study = big(5_000)
    figure = vis.plot_contour(study, params=["x", "y"])
    assert np.shape(figure.data[0].z) == (100, 100)
    vis.matplotlib.plot_contour(study, params=["x", "y"]).figure.canvas.draw()


def test_a_target_counts_small_as_good():
    study = study_of(two_objectives, directions=["minimize", "maximize"])
    with pytest.raises(ValueError, match="give a `target`"):
        vis.plot_contour(study)
    figure = vis.plot_contour(study, target=lambda t: t.values[1], target_name="second")
    assert figure.data[0].reversescale
    assert figure.data[0].colorbar.title.text == "second"
    with pytest.raises(ValueError, match="No complete trial has the parameter 'z'"):
        vis.plot_contour(study_of(mixed), params=["x", "z"])
