"""The history in Optuna's dialect shows what Optuna shows."""

import numpy as np
import optuna
import pytest
from numpy.testing import assert_allclose

import skhpo
import skhpo.visualization as vis
from tests.plots.studies import HARD, mixed, study_of, two_objectives, with_all_ends

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


def drawn(figure):
    """What each trace shows, without infinite and missing values, and without empty traces."""
    found = []
    for trace in figure.data:
        if len(trace.x) == 0:
            continue
        x, y = np.array(trace.x, dtype=float), np.array(trace.y, dtype=float)
        keep = np.isfinite(y)
        found.append((trace.name, trace.mode, x[keep], y[keep]))
    return found


def assert_same(ours, theirs):
    for (name, mode, x, y), (their_name, their_mode, their_x, their_y) in zip(
        drawn(ours), drawn(theirs), strict=True
    ):
        assert name == their_name
        assert mode == their_mode or their_mode == "none"  # the lower edge of a band
        assert_allclose(x, their_x)
        assert_allclose(y, their_y)


@pytest.mark.parametrize("kind", HARD)
def test_the_same_values_as_optuna(kind):
    study = HARD[kind]()
    theirs = optuna.visualization.plot_optimization_history(study.to_optuna())
    assert_same(vis.plot_optimization_history(study), theirs)
    vis.matplotlib.plot_optimization_history(study).figure.canvas.draw()


@pytest.mark.parametrize("error_bar", [False, True])
def test_several_studies(error_bar):
    studies = [study_of(mixed, 10), study_of(mixed, 12, seed=1), study_of(with_all_ends, 12)]
    ours = vis.plot_optimization_history(studies, error_bar=error_bar)
    converted = [study.to_optuna() for study in studies]
    theirs = optuna.visualization.plot_optimization_history(converted, error_bar=error_bar)
    assert_same(ours, theirs)
    ax = vis.matplotlib.plot_optimization_history(studies, error_bar=error_bar)
    labels = ax.get_legend_handles_labels()[1]
    assert {trace.name for trace in ours.data if trace.showlegend is None} == set(labels)


def test_a_target_has_no_best_value():
    study = study_of(two_objectives, 10, directions=["minimize", "maximize"])
    with pytest.raises(ValueError, match="several objectives: give a `target`"):
        vis.plot_optimization_history(study)

    def target(trial):
        return trial.values[1]

    ours = vis.plot_optimization_history(study, target=target, target_name="second")
    theirs = optuna.visualization.plot_optimization_history(
        study.to_optuna(), target=target, target_name="second"
    )
    assert_same(ours, theirs)
    ax = vis.matplotlib.plot_optimization_history(study, target=target, target_name="second")
    assert ax.get_ylabel() == "second"
    assert not ax.lines
    with pytest.warns(UserWarning, match="`target` is given without `target_name`"):
        vis.plot_optimization_history(study, target=target)


def test_stopped_trials_are_not_shown():
    study = study_of(with_all_ends)
    ax = vis.matplotlib.plot_optimization_history(study)
    n_drawn = sum(np.isfinite(dots.get_offsets()).all(axis=1).sum() for dots in ax.collections)
    values = [t.value for t in study.trials if t.state == skhpo.TrialState.COMPLETE]
    assert n_drawn == np.isfinite(values).sum()


def test_a_search_is_explained():
    with pytest.raises(TypeError, match="attribute `study_`"):
        vis.plot_optimization_history(skhpo.TPESearchCV(None, {}))
