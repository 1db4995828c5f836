"""The possible improvement in Optuna's dialect, with evaluators of one's own."""

import numpy as np
import optuna.terminator
import pytest

import skhpo
import skhpo.visualization as vis
from skhpo.study import StudyDirection

pytest.importorskip("plotly.graph_objects")
FACES = [vis, vis.matplotlib]


def study_of(n_trials=30, **settings):
    study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0), **settings)
    study.optimize(lambda trial: trial.suggest_float("x", -5, 5) ** 2, n_trials=n_trials)
    return study


class Count:
    """Evaluates to the number of trials, and remembers the direction."""

    def evaluate(self, trials, study_direction):
        self.direction = study_direction
        return float(len(trials))


def test_an_evaluator_is_called_for_each_complete_trial():
    evaluator = Count()
    figure = vis.plot_terminator_improvement(
        study_of(), improvement_evaluator=evaluator, min_n_trials=10
    )
    early, late = figure.data
    np.testing.assert_array_equal(early.y, np.arange(1, 11))
    np.testing.assert_array_equal(late.y, np.arange(10, 31))
    assert (early.showlegend, late.showlegend) == (False, True)
    assert evaluator.direction == StudyDirection.MINIMIZE


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_evaluators_of_optuna_that_need_no_space_work():
    study = study_of()
    evaluator = optuna.terminator.BestValueStagnationEvaluator()
    theirs = optuna.visualization.plot_terminator_improvement(
        study.to_optuna(), improvement_evaluator=evaluator
    )
    ours = vis.plot_terminator_improvement(study, improvement_evaluator=evaluator)
    values = [dict(zip(t.x, t.y, strict=True)) for t in ours.data]
    others = [dict(zip(t.x, t.y, strict=True)) for t in theirs.data if t.x is not None]
    merged, expected = values[0] | values[1], others[0] | others[1]
    assert merged == expected


@pytest.mark.parametrize("face", FACES)
def test_the_default_is_the_bound_at_some_trials(face):
    figure = face.plot_terminator_improvement(study_of())
    if face is vis:
        assert len(np.unique(np.concatenate([trace.x for trace in figure.data]))) <= 20


@pytest.mark.parametrize("face", FACES)
def test_the_error_needs_scores_of_folds_or_an_evaluator(face):
    study = study_of()
    with pytest.raises(ValueError, match="`error_evaluator`"):
        face.plot_terminator_improvement(study, plot_error=True)
    face.plot_terminator_improvement(study, plot_error=True, error_evaluator=Count())
    scored = skhpo.create_study()
    for trial in study.trials:
        trial.system_attrs["terminator:cv_scores"] = [trial.value - 0.1, trial.value + 0.1]
        scored.add_trial(trial)
    figure = face.plot_terminator_improvement(scored, plot_error=True)
    if face is vis:
        assert figure.data[-1].name == "Error"
        np.testing.assert_allclose(figure.data[-1].y, np.sqrt(1.5 * 0.02))


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("n_trials", [0, 1, 6])
def test_few_trials(face, n_trials):
    figure = face.plot_terminator_improvement(study_of(n_trials))
    assert figure is not None


@pytest.mark.parametrize("face", FACES)
def test_wrong_arguments_are_explained(face):
    with pytest.raises(TypeError, match="`improvement_evaluator` must be None or an object"):
        face.plot_terminator_improvement(study_of(), improvement_evaluator=3)
    with pytest.raises(ValueError, match="one objective"):
        face.plot_terminator_improvement(skhpo.create_study(directions=["minimize", "minimize"]))
