"""Intermediate values and timeline in Optuna's dialect show what Optuna shows."""

import inspect
import warnings

import numpy as np
import optuna
import pytest
from numpy.testing import assert_array_equal

import skhpo
import skhpo.visualization as vis

go = pytest.importorskip("plotly.graph_objects")


def study_with_all_ends(n_trials=20):
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        trial.suggest_categorical("<b>", ["a", None])
        for step in range(4):
            trial.report(x + 1 / (step + 1), step)
            if trial.number % 4 == 1 and step == 1:
                raise skhpo.TrialPruned
        if trial.number % 5 == 2:
            raise ZeroDivisionError
        trial.set_constraint("c", x - 0.7)
        return x

    study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=n_trials, catch=(ZeroDivisionError,))
    return study


def parameters(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("name", [name for name in dir(vis.matplotlib) if name.startswith("plot_")])
def test_signatures_are_those_of_optuna(name):
    expected = parameters(getattr(optuna.visualization, name))
    assert parameters(getattr(vis, name)) == expected
    assert parameters(getattr(vis.matplotlib, name)) == expected


@pytest.mark.parametrize("n_trials", [0, 1, 20])
def test_intermediate_values_are_those_of_optuna(n_trials):
    study = study_with_all_ends(n_trials)
    ours = vis.plot_intermediate_values(study)
    theirs = optuna.visualization.plot_intermediate_values(study.to_optuna())
    assert len(ours.data) == len(theirs.data)
    for trace, other in zip(ours.data, theirs.data, strict=True):
        assert trace.name == other.name
        assert_array_equal(trace.x, other.x)
        assert_array_equal(trace.y, other.y)
        assert trace.mode == other.mode
        assert (trace.marker.color is None) == (other.marker.color is None)
    ax = vis.matplotlib.plot_intermediate_values(study)
    ax.figure.canvas.draw()
    assert ax.get_title() == ours.layout.title.text


@pytest.mark.parametrize("n_recent_trials", [None, 7])
@pytest.mark.parametrize("n_trials", [0, 1, 20])
def test_bars_of_the_timeline_are_those_of_optuna(n_trials, n_recent_trials):
    study = study_with_all_ends(n_trials)
    ours = vis.plot_timeline(study, n_recent_trials)
    theirs = optuna.visualization.plot_timeline(study.to_optuna(), n_recent_trials)
    assert {trace.name for trace in ours.data} == {trace.name for trace in theirs.data}
    for trace in ours.data:
        (other,) = (one for one in theirs.data if one.name == trace.name)
        assert_array_equal(trace.y, other.y)
        np.testing.assert_allclose(trace.x, other.x)
        assert list(trace.base) == list(other.base)
        assert trace.marker.color == other.marker.color
    ax = vis.matplotlib.plot_timeline(study, n_recent_trials)
    ax.figure.canvas.draw()


def test_texts_of_trials_show_their_parameters_as_they_are():
    (trace, *_) = vis.plot_timeline(study_with_all_ends(3)).data
    assert "x: 0." in trace.text[0]
    assert "&lt;b>: " in trace.text[0]


@pytest.mark.parametrize("face", [vis, vis.matplotlib])
def test_wrong_arguments_are_explained(face):
    with pytest.raises(ValueError, match="n_recent_trials"):
        face.plot_timeline(skhpo.create_study(), n_recent_trials=0)
    with pytest.raises(TypeError, match="must be a Study"):
        face.plot_intermediate_values([1])


@pytest.mark.parametrize("face", [vis, vis.matplotlib])
def test_empty_plots_say_why(face, caplog):
    caplog.set_level("WARNING", logger="skhpo")
    skhpo.logging.enable_propagation()
    try:
        face.plot_timeline(skhpo.create_study())
        face.plot_intermediate_values(skhpo.create_study())
    finally:
        skhpo.logging.disable_propagation()
    assert "no trials" in caplog.text
    assert "intermediate values" in caplog.text
    warnings.resetwarnings()


def test_thousands_of_trials_share_a_few_traces():
    study = skhpo.create_study()
    reports = [{0: number + 2.0, 1: number + 1.0} for number in range(1500)]
    study.add_trials([
        skhpo.create_trial(
            value=1.0, intermediate_values=one, constraints={"c": float(number % 3 == 0)}
        )
        for number, one in enumerate(reports)
    ])  # fmt: skip
    figure = vis.plot_intermediate_values(study)
    assert len(figure.data) == 11
    shown = {}
    for trace in figure.data:
        for name, y in zip(trace.text, trace.y, strict=True):
            shown.setdefault(name, []).append(y)
    assert len(shown) == 1500
    assert shown["Trial7"][:2] == [9.0, 8.0]
    assert np.isnan(shown["Trial7"][2])
    assert "#CCCCCC" in {trace.marker.color for trace in figure.data}
