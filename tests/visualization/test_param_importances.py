"""The importances in Optuna's dialect are those that Optuna shows."""

import optuna
import pytest
from numpy.testing import assert_allclose

import skhpo.visualization as vis
from tests.plots.studies import HARD, conditional, mixed, study_of, two_objectives

pytestmark = pytest.mark.filterwarnings("ignore:Importances need 2 trials", "ignore:.*PedAnova")


def assert_same(ours, theirs):
    assert len(ours.data) == len(theirs.data)
    for trace, their_trace in zip(ours.data, theirs.data):
        assert trace.name == their_trace.name
        heights, their_heights = (dict(zip(t.y, t.x)) for t in (trace, their_trace))
        assert heights.keys() == their_heights.keys()
        for name, height in heights.items():
            assert_allclose(height, their_heights[name], atol=1e-6)


# With constraints, the importances differ: here infeasible trials are never among the best.
@pytest.mark.parametrize("kind", sorted(HARD.keys() - {"two trials", "one trial", "all ends"}))
def test_the_same_importances_as_optuna(kind):
    study = HARD[kind]()
    ours = vis.plot_param_importances(study)
    assert_same(ours, optuna.visualization.plot_param_importances(study.to_optuna()))
    vis.matplotlib.plot_param_importances(study).figure.canvas.draw()


def test_selected_parameters_and_targets():
    study = study_of(conditional, 60)
    converted = study.to_optuna()
    options = {"params": ["shared", "line[0]"]}
    theirs = optuna.visualization.plot_param_importances(converted, **options)
    assert_same(vis.plot_param_importances(study, **options), theirs)

    options = {"target": lambda trial: trial.params["shared"], "target_name": "shared"}
    theirs = optuna.visualization.plot_param_importances(converted, **options)
    assert_same(vis.plot_param_importances(study, **options), theirs)


def test_each_of_several_objectives_has_bars():
    study = study_of(two_objectives, 60, directions=["minimize", "minimize"])
    ours = vis.plot_param_importances(study)
    assert_same(ours, optuna.visualization.plot_param_importances(study.to_optuna()))
    assert len(vis.matplotlib.plot_param_importances(study).containers) == 2
    study.set_metric_names(["a", "b"])
    assert [trace.name for trace in vis.plot_param_importances(study).data] == ["a", "b"]


@pytest.mark.parametrize("kind", ["one trial", "two trials", "all ends"])
def test_few_trials_make_a_plot(kind):
    study = HARD[kind]()
    assert len(vis.plot_param_importances(study).data[0].x) == len(study.trials[0].params)
    vis.matplotlib.plot_param_importances(study).figure.canvas.draw()


def test_hover_texts_name_the_distribution():
    (bars,) = vis.plot_param_importances(study_of(mixed, 20)).data
    texts = dict(zip(bars.y, bars.hovertemplate))
    assert texts["k"].startswith("k (IntDistribution): ")
