"""The history shows each candidate as it ended, and the best measured value so far."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.svm import SVC

import skhpo
from skhpo.plots import HistoryDisplay
from skhpo.plots._data._history import history_data
from skhpo.plots._data._trials import trial_table

plt = pytest.importorskip("matplotlib.pyplot")
NAN = np.nan


@pytest.fixture(autouse=True)
def _close_figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def study_of(*values, direction="minimize"):
    """A study with one trial per value; None fails, a tuple is stopped after these reports."""
    study = skhpo.create_study(direction=direction)
    for value in values:
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        if value is None:
            study.tell(trial, state=skhpo.TrialState.FAIL)
        elif isinstance(value, tuple):
            for step, report in enumerate(value):
                trial.report(report, step)
            study.tell(trial, state=skhpo.TrialState.PRUNED)
        else:
            study.tell(trial, value)
    return study


@pytest.fixture(scope="module")
def search():
    X, y = load_iris(return_X_y=True)
    space = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-4, 1e2)}
    return skhpo.TPESearchCV(SVC(), space, n_iter=25, random_state=0).fit(X, y)


def test_best_so_far_ignores_stopped_and_failed_trials():
    data = history_data(study_of(3.0, (0.5, 0.1), None, 2.0, 5.0))
    assert_array_equal(data.value, [3.0, NAN, NAN, 2.0, 5.0])
    assert_array_equal(data.predicted, [NAN, 0.1, NAN, NAN, NAN])
    assert_array_equal(data.best, [3.0, 3.0, 3.0, 2.0, 2.0])
    assert_array_equal(data.is_failed, [False, False, True, False, False])


def test_infeasible_trials_are_never_the_best():
    study = skhpo.create_study()
    for value, violation in ((1.0, 1.0), (2.0, -1.0)):
        study.add_trial(skhpo.create_trial(value=value, constraints={"c": violation}))
    assert_array_equal(history_data(study).best, [NAN, 2.0])


def test_predictions_of_a_search_are_not_values(search):
    data = history_data(search.study_)
    results = search.cv_results_
    is_pruned = results["status"] == "pruned"
    assert is_pruned.any()
    assert np.isnan(data.value[is_pruned]).all()
    assert_array_equal(data.predicted[is_pruned], results["predicted_test_score"][is_pruned])
    assert data.best[-1] == search.best_score_


def test_fits_are_counted_by_folds(search):
    display = HistoryDisplay.from_search(search, x="fits")
    assert display.x[-1] == search.cv_results_["n_splits_evaluated"].sum()
    assert display.ax_.get_xlabel() == "fits"


def test_seconds_follow_the_ends_of_the_trials(search):
    display = HistoryDisplay.from_search(search, x="seconds")
    assert (np.diff(display.x) >= 0).all()
    assert display.x[0] > 0


@pytest.mark.parametrize("values", [(), (1.0,), (None,), ((1.0,), (2.0,))])
def test_few_or_no_complete_trials_make_a_plot(values):
    display = HistoryDisplay.from_study(study_of(*values))
    display.figure_.canvas.draw()
    assert len(display.x) == len(values)


def test_several_objectives_need_a_name():
    study = skhpo.create_study(directions=["minimize", "maximize"])
    study.set_metric_names(["loss", "accuracy"])
    study.add_trial(skhpo.create_trial(values=[1.0, 0.5]))
    with pytest.raises(ValueError, match=r"\['loss', 'accuracy'\].*`objective=`"):
        HistoryDisplay.from_study(study)
    with pytest.raises(ValueError, match="Did you mean 'accuracy'"):
        HistoryDisplay.from_study(study, objective="acuracy")
    assert HistoryDisplay.from_study(study, objective="accuracy").best == [0.5]


def test_wrong_objects_are_explained(search):
    with pytest.raises(TypeError, match="`from_search`"):
        HistoryDisplay.from_study(search)
    with pytest.raises(TypeError, match="`from_study`"):
        HistoryDisplay.from_search(search.study_)
    with pytest.raises(NotFittedError, match="TPESearchCV has no attribute 'study_'"):
        HistoryDisplay.from_search(skhpo.TPESearchCV(SVC(), {"C": [1, 2]}))
    with pytest.raises(ValueError, match="`x` must be one of"):
        HistoryDisplay.from_search(search, x="folds")


def test_parameters_of_other_branches_are_masked():
    study = skhpo.create_study()
    study.optimize(
        lambda t: t.suggest_float("a" if t.suggest_categorical("b", [0, 1]) else "c", 0, 1),
        n_trials=10,
    )
    params = trial_table(study).params
    has_a = [trial.params["b"] == 1 for trial in study.trials]
    assert_array_equal(~np.ma.getmaskarray(params["a"]), has_a)
    assert_array_equal(np.ma.getmaskarray(params["c"]), has_a)


@pytest.mark.parametrize("outlier", [-40.0, 40.0])
def test_an_outlier_does_not_hide_how_the_others_differ(outlier):
    values = [*np.linspace(0.9, 1.0, 12), outlier]
    study = skhpo.create_study(direction="maximize" if outlier < 0 else "minimize")
    study.optimize(lambda trial: values[trial.number], n_trials=len(values))
    display = HistoryDisplay.from_study(study)
    low, high = display.ax_.get_ylim()
    assert low < 0.9
    assert high > 1.0
    assert high - low < 0.2
    (marked,) = [line for line in display.ax_.lines if line.get_label() == "outside of the plot"]
    assert_array_equal(marked.get_xdata(), [12])


def test_the_best_value_is_never_outside_of_the_plot():
    values = [*np.linspace(0.9, 1.0, 12), 40.0]
    study = skhpo.create_study(direction="maximize")
    study.optimize(lambda trial: values[trial.number], n_trials=len(values))
    assert HistoryDisplay.from_study(study).ax_.get_ylim()[1] >= 40.0
