"""Fronts and hypervolumes in Optuna's dialect show what Optuna shows."""

import numpy as np
import optuna
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import skhpo
import skhpo.visualization as vis

pytest.importorskip("plotly.graph_objects")
FACES = [vis, vis.matplotlib]


def study_of(n_trials=30, n_objectives=2, directions=None, constrained=False, names=None):
    """A study with complete (some equal), pruned, failed and, if asked, infeasible trials."""

    def objective(trial):
        u = np.round([trial.suggest_float(f"x{i}", 0, 1) for i in range(n_objectives)], 1)
        if trial.number % 6 == 1:
            raise skhpo.TrialPruned
        if trial.number % 6 == 4:
            raise ZeroDivisionError
        if constrained:
            trial.set_constraint("sum", u.sum() - 0.6 * n_objectives)
        return [float(u[0] + u.sum() / 4), *(float(1 - u[0] + 0.3 * one) for one in u[1:])]

    study = skhpo.create_study(
        directions=directions or ["minimize"] * n_objectives,
        sampler=skhpo.samplers.RandomSampler(seed=0),
    )
    if names is not None:
        study.set_metric_names(names)
    study.optimize(objective, n_trials=n_trials, catch=(ZeroDivisionError,))
    return study


KINDS = {
    "two objectives": {},
    "three objectives": {"n_objectives": 3},
    "directions": {"directions": ["maximize", "minimize"]},
    "constraints": {"constrained": True},
    "names": {"names": ["loss", "seconds"]},
    "one trial": {"n_trials": 1},
    "no trials": {"n_trials": 0},
}


def points(trace):
    return np.column_stack(
        [trace[axis] for axis in "xyz" if axis in trace and trace[axis] is not None]
    )


@pytest.mark.parametrize("include_dominated_trials", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_the_front_is_that_of_optuna(kind, include_dominated_trials):
    study = study_of(**KINDS[kind])
    settings = {"include_dominated_trials": include_dominated_trials}
    ours = vis.plot_pareto_front(study, **settings)
    theirs = optuna.visualization.plot_pareto_front(study.to_optuna(), **settings)
    assert [trace.type for trace in ours.data] == [trace.type for trace in theirs.data]
    for trace, other in zip(ours.data, theirs.data, strict=True):
        mine, yours = points(trace).tolist(), points(other).tolist()
        assert sorted(mine) == sorted(yours)
        assert trace.hovertemplate == other.hovertemplate
    assert ours.layout.xaxis.title.text == theirs.layout.xaxis.title.text
    assert ours.layout.scene.zaxis.title.text == theirs.layout.scene.zaxis.title.text
    ax = vis.matplotlib.plot_pareto_front(study, **settings)
    ax.figure.canvas.draw()
    assert ax.get_title() == ours.layout.title.text


def test_a_function_of_constraints_replaces_those_of_the_study():
    study = study_of(constrained=True)
    figure = vis.plot_pareto_front(study, constraints_func=lambda t: [0.5 - t.params["x0"]])
    with pytest.warns(FutureWarning):
        other = optuna.visualization.plot_pareto_front(
            study.to_optuna(), constraints_func=lambda t: [0.5 - t.params["x0"]]
        )
    for trace, theirs in zip(figure.data, other.data, strict=True):
        assert sorted(points(trace).tolist()) == sorted(points(theirs).tolist())


@pytest.mark.parametrize("face", FACES)
def test_targets_choose_what_is_shown(face):
    study = study_of(n_objectives=4)
    with pytest.raises(ValueError, match=r"2 or 3 axes, not 4.*`targets`"):
        face.plot_pareto_front(study)
    face.plot_pareto_front(
        study, targets=lambda t: (t.values[0], t.params["x1"]), target_names=["a", "b"]
    )
    with pytest.raises(ValueError, match="2 or 3 axes, not 1"):
        face.plot_pareto_front(study, targets=lambda t: [t.values[0]])
    with pytest.raises(ValueError, match="sequence of numbers"):
        face.plot_pareto_front(study, targets=lambda t: t.values[0])
    with pytest.raises(ValueError, match="length 2"):
        face.plot_pareto_front(study_of(), target_names=["a"])
    with pytest.raises(ValueError, match="names of the axes"):
        face.plot_pareto_front(study_of(0), targets=lambda t: t.values)


def test_targets_say_nothing_of_what_is_better():
    ax = vis.matplotlib.plot_pareto_front(
        study_of(), targets=lambda t: (t.params["x0"], t.params["x1"]), target_names=["a", "b"]
    )
    assert ax.get_xlabel() == "a"
    assert not ax.texts
    assert not ax.lines


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_the_hypervolume_is_that_of_optuna(kind):
    study = study_of(**KINDS[kind])
    signs = np.array([-1 if d.name == "MAXIMIZE" else 1 for d in study.directions])
    reference = (signs * (1.1 if kind != "directions" else np.array([0.1, 1.1]))).tolist()
    ours = vis.plot_hypervolume_history(study, reference)
    theirs = optuna.visualization.plot_hypervolume_history(study.to_optuna(), reference)
    assert_array_equal(ours.data[0].x, theirs.data[0].x)
    assert_allclose(ours.data[0].y, theirs.data[0].y, atol=1e-12)
    vis.matplotlib.plot_hypervolume_history(study, reference).figure.canvas.draw()


@pytest.mark.parametrize("face", FACES)
def test_wrong_hypervolumes_are_explained(face):
    with pytest.raises(ValueError, match="each of the 2 objectives"):
        face.plot_hypervolume_history(study_of(), [1.0])
    with pytest.raises(ValueError, match="several objectives"):
        face.plot_hypervolume_history(skhpo.create_study(), [1.0])
