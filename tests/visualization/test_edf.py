"""The EDF in Optuna's dialect shows what Optuna shows."""

import numpy as np
import optuna
import pytest
from numpy.testing import assert_allclose

import skhpo.visualization as vis
from tests.plots.studies import HARD, mixed, study_of, two_objectives


def heights(trace, at):
    """The height of the steps of a trace at given positions."""
    return np.array(trace.y)[np.searchsorted(trace.x, at, side="right") - 1]


@pytest.mark.parametrize("kind", HARD)
def test_the_same_fractions_as_optuna(kind):
    study = HARD[kind]()
    ours, theirs = vis.plot_edf(study), optuna.visualization.plot_edf(study.to_optuna())
    assert len(ours.data) == len(theirs.data)
    for trace, their_trace in zip(ours.data, theirs.data):
        assert trace.name == their_trace.name
        assert_allclose(heights(trace, their_trace.x), their_trace.y)
    vis.matplotlib.plot_edf(study).figure.canvas.draw()


def test_several_studies_of_any_direction():
    studies = [study_of(mixed), study_of(mixed, direction="maximize")]
    figure = vis.plot_edf(studies)
    assert [trace.name for trace in figure.data] == [study.study_name for study in studies]
    assert len(vis.matplotlib.plot_edf(studies).lines) == 2


def test_several_objectives_need_a_target():
    study = study_of(two_objectives, directions=["minimize", "minimize"])
    with pytest.raises(ValueError, match="give a `target`"):
        vis.plot_edf(study)
    figure = vis.plot_edf(study, target=lambda trial: trial.values[1], target_name="second")
    assert figure.layout.xaxis.title.text == "second"
