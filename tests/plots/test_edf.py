"""The EDF counts the complete candidates of each study."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.svm import SVC

import skhpo
from skhpo.plots import EDFDisplay
from tests.plots.studies import HARD, mixed, study_of, two_objectives


def test_only_measured_finite_values_count():
    study = skhpo.create_study()
    for value in (3.0, 1.0, float("inf"), 2.0):
        study.add_trial(skhpo.create_trial(value=value))
    trial = study.ask()
    trial.report(0.0, 0)
    study.tell(trial, state=skhpo.TrialState.PRUNED)
    display = EDFDisplay.from_study(study)
    assert_array_equal(display.values, [[1.0, 2.0, 3.0]])
    assert_array_equal(display.fractions, [[1 / 3, 2 / 3, 1.0]])


def test_predictions_of_a_search_do_not_count(fitted):
    display = EDFDisplay.from_search(fitted)
    results = fitted.cv_results_
    measured = results["mean_test_score"][results["status"] == "complete"]
    assert_array_equal(display.values[0], np.sort(measured))
    assert display.ax_.get_xlabel() == "score (higher is better)"


def test_several_studies_and_searches_have_a_line_each(fitted):
    studies = [study_of(mixed), study_of(mixed, seed=1)]
    assert EDFDisplay.from_study(studies).labels == [one.study_name for one in studies]
    display = EDFDisplay.from_study({"a": studies[0], "b": studies[1]})
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["a", "b"]
    assert EDFDisplay.from_search([fitted, fitted]).labels == ["TPESearchCV", "TPESearchCV (2)"]
    assert EDFDisplay.from_search({"svc": fitted}).labels == ["svc"]


def test_line_ends_at_one_and_starts_at_zero():
    display = EDFDisplay.from_study(study_of(mixed))
    (line,) = display.ax_.lines
    y = line.get_ydata()
    assert y[0] == 0.0
    assert y[-1] == 1.0
    assert len(y) == 31


@pytest.mark.parametrize("kind", HARD)
def test_hard_studies_make_a_plot(kind):
    EDFDisplay.from_study(HARD[kind]()).figure_.canvas.draw()


def test_what_cannot_be_compared_is_refused(fitted):
    down, up = study_of(mixed), study_of(mixed, direction="maximize")
    with pytest.raises(ValueError, match=r"larger values are better in \['up'\] only"):
        EDFDisplay.from_study({"down": down, "up": up})
    both = EDFDisplay.from_study({"down": down, "up": up}, target=lambda trial: trial.value)
    assert both.greater_is_better is None
    several = study_of(two_objectives, directions=["minimize", "minimize"])
    with pytest.raises(ValueError, match="select it with `objective=`"):
        EDFDisplay.from_study(several)
    with pytest.raises(TypeError, match="`from_search`"):
        EDFDisplay.from_study(fitted)
    with pytest.raises(TypeError, match="`from_study`"):
        EDFDisplay.from_search(down)
    with pytest.raises(NotFittedError, match="has no attribute 'study_'"):
        EDFDisplay.from_search([skhpo.TPESearchCV(SVC(), {"C": [1, 2]})])
