"""The importances are shown with their spread, and with what chance would give."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.svm import SVC

import skhpo
from skhpo.importance import FanovaImportanceEvaluator, get_param_importances
from skhpo.plots import ImportancesDisplay
from skhpo.plots._data._importances import importances_data
from tests.plots.studies import HARD, conditional, mixed, study_of, two_objectives


def some_idle(trial):
    for i in range(5):
        trial.suggest_float(f"idle {i}", 0, 1)
    return trial.suggest_float("x", -5, 5) ** 2


def test_importances_are_those_of_get_param_importances():
    study = study_of(mixed, 60)
    data = importances_data(study)
    expected = get_param_importances(study)
    assert data.params == [name for name in expected if name != "only"]
    assert_allclose(data.importance, [expected[name] for name in data.params])


def test_parameters_without_effect_are_not_clear():
    n_clear = {}
    for seed in range(10):
        data = importances_data(study_of(some_idle, 60, seed=seed))
        for name in np.array(data.params)[data.is_clear]:
            n_clear[name] = n_clear.get(name, 0) + 1
    assert n_clear.pop("x") == 10
    assert sum(n_clear.values()) <= 8  # of 50; 2.5 are expected


def test_the_spread_is_that_of_other_studies():
    data = importances_data(study_of(mixed, 100))
    others = []
    for seed in range(1, 21):
        importances = get_param_importances(study_of(mixed, 100, seed=seed))
        others.append([importances[name] for name in data.params])
    sd = np.std(others, axis=0)
    assert_allclose(data.sd[:2], sd[:2], rtol=0.7)


def test_the_spread_shrinks_with_the_number_of_trials():
    few, many = (importances_data(study_of(mixed, n)) for n in (30, 500))
    assert many.sd.max() < few.sd.max()
    assert many.chance.max() < few.chance.max()


def test_the_same_seed_gives_the_same_picture():
    study = study_of(mixed, 40)
    one, two, other = (importances_data(study, seed=seed) for seed in (0, 0, 1))
    assert_allclose(one.sd, two.sd)
    assert_allclose(one.chance, two.chance)
    assert not np.allclose(one.sd, other.sd)


def test_any_evaluator_and_no_repeats():
    study = study_of(conditional, 60)
    display = ImportancesDisplay.from_study(
        study, evaluator=FanovaImportanceEvaluator(n_trees=8, seed=0), n_repeats=3
    )
    assert set(display.params) == {"shared", "branch"}
    assert np.isfinite(display.sd).all()
    display = ImportancesDisplay.from_study(study, n_repeats=0)
    assert np.isnan(display.sd).all()
    assert display.is_clear.all()
    assert not display.ax_.lines
    params = ["shared", "line[0]"]
    display = ImportancesDisplay.from_study(
        study, evaluator=FanovaImportanceEvaluator(n_trees=8, seed=0), params=params, n_repeats=3
    )
    assert set(display.params) == set(params)


def test_an_objective_of_several_is_explained_in_its_direction():
    study = study_of(two_objectives, 100, directions=["minimize", "maximize"])
    study.set_metric_names(["sum", "difference"])
    assert ImportancesDisplay.from_study(study).name == "the Pareto front"
    display = ImportancesDisplay.from_study(study, objective="difference")
    assert display.params[0] == "x"
    assert display.is_clear.tolist() == [True, False]
    target = importances_data(study, target=lambda trial: -trial.values[1])
    assert_allclose(target.importance, display.importance)


@pytest.mark.filterwarnings("ignore:Importances need 2 trials")
@pytest.mark.parametrize("kind", HARD)
def test_hard_studies_make_a_plot(kind):
    display = ImportancesDisplay.from_study(HARD[kind]())
    display.figure_.canvas.draw()
    if kind in ("one trial", "equal values"):
        assert not display.is_clear.any()


def test_a_search_is_shown_with_its_score(fitted, fitted_branches):
    display = ImportancesDisplay.from_search(fitted)
    assert set(display.params) == {"C", "gamma"}
    assert display.ax_.get_xlabel() == "importance for score"
    assert "degree" in ImportancesDisplay.from_search(fitted_branches).params


def test_bars_colours_and_labels():
    display = ImportancesDisplay.from_study(study_of(some_idle, 60), bar_kw={"height": 0.5})
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == display.params
    assert {bar.get_height() for bar in display.ax_.patches} == {0.5}
    assert len({bar.get_facecolor() for bar in display.ax_.patches}) == 2


def test_wrong_arguments_are_refused(fitted):
    study = study_of(mixed, 5)
    with pytest.raises(ValueError, match="`n_repeats` must be 0 or more"):
        ImportancesDisplay.from_study(study, n_repeats=-1)
    with pytest.raises(TypeError, match="`evaluator` must be"):
        ImportancesDisplay.from_study(study, evaluator="fanova")
    with pytest.raises(TypeError, match="`from_search`"):
        ImportancesDisplay.from_study(skhpo.TPESearchCV(SVC(), {}))
    with pytest.raises(ValueError, match="Unknown objective 'scor'"):
        ImportancesDisplay.from_search(fitted, objective="scor")


def test_chance_above_one_does_not_squeeze_the_bars():
    display = ImportancesDisplay(
        ["x", "y"], np.array([0.9, 0.1]), np.array([0.05, 0.05]), np.array([0.2, 7.0]), "loss"
    ).plot()
    assert display.ax_.get_xlim() == (0.0, 1.0)
    drawn = {line.get_label(): line for line in display.ax_.lines}
    assert_allclose(drawn["_more than 1"].get_xydata(), [[1.0, 1.0]])
    assert_allclose(drawn["by chance (95 %)"].get_xdata(), [0.2, np.nan])
