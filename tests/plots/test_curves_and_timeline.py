"""Curves end where a candidate was stopped; the timeline shows which worker ran what when."""

import datetime

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_iris, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.svm import SVC

import skhpo
from skhpo.plots import CurvesDisplay, TimelineDisplay
from skhpo.plots._data._timeline import timeline_of_study
from skhpo.trial import TrialState, create_trial
from tests.search.estimators import Slow

plt = pytest.importorskip("matplotlib.pyplot")
X, y = load_iris(return_X_y=True)
SVM = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-4, 1e2)}
DISPLAYS = [CurvesDisplay, TimelineDisplay]


@pytest.fixture(autouse=True)
def _close_figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def search():
    return skhpo.TPESearchCV(SVC(), SVM, n_iter=25, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def halved():
    return skhpo.HyperbandSearchCV(SVC(), SVM, n_iter=20, cv=3, random_state=0).fit(X, y)


def reported(*values, state=TrialState.COMPLETE, **settings):
    value = values[-1] if state == TrialState.COMPLETE else None
    reports = dict(enumerate(values))
    return create_trial(state=state, value=value, intermediate_values=reports, **settings)


def study_of(*trials, **settings):
    study = skhpo.create_study(**settings)
    study.add_trials(trials)
    return study


# ---------------------------------------------------------------------------- the curves


def test_trials_that_failed_or_reported_nothing_have_no_curve():
    study = study_of(
        reported(3.0, 2.0),
        reported(4.0, state=TrialState.PRUNED),
        reported(5.0, state=TrialState.FAIL),
        create_trial(value=1.0),
        reported(3.0, 1.5, constraints={"c": 1.0}),
    )
    display = CurvesDisplay.from_study(study)
    assert_array_equal(display.number, [0, 1, 4])
    assert_array_equal(display.status, ["complete", "pruned", "complete"])
    assert_array_equal(display.is_feasible, [True, True, False])
    assert display.best == 0  # trial 3 has no curve, and trial 4 breaks a constraint
    assert_array_equal(display.y[0], [3.0, 2.0])


def test_the_best_trial_follows_the_direction():
    trials = [reported(1.0, 2.0), reported(1.0, 3.0)]
    assert CurvesDisplay.from_study(study_of(*trials)).best == 0
    assert CurvesDisplay.from_study(study_of(*trials, direction="maximize")).best == 1


def test_curves_by_amount_are_the_means_at_each_rung(halved):
    display = CurvesDisplay.from_search(halved)
    results = halved.cv_results_
    assert display.x_name == "n_samples"
    assert display.ax_.get_xscale() == "log"
    assert len(display.x) == 20
    for x, y, number in zip(display.x, display.y, display.number, strict=True):
        row = np.flatnonzero(results["trial_number"] == number)[0]
        assert x[-1] == results["n_resources"][row]
        assert y[-1] == pytest.approx(results["predicted_test_score"][row])
    assert display.best == results["trial_number"][halved.best_index_]


def test_without_a_resource_the_curves_are_the_means_so_far(search):
    display = CurvesDisplay.from_search(search)
    results = search.cv_results_
    lengths = [len(x) for x in display.x]
    assert sorted(lengths) == sorted(results["n_splits_evaluated"])
    best = list(display.number).index(display.best)
    assert display.y[best][-1] == pytest.approx(search.best_score_)


def test_learning_curves_of_boosters():
    data, target = make_classification(n_samples=200, random_state=0)
    search = skhpo.TPESearchCV(
        HistGradientBoostingClassifier(max_iter=50), {"learning_rate": [0.1, 0.3]}, cv=2,
        early_stopping="inner", random_state=0,
    ).fit(data, target)  # fmt: skip
    display = CurvesDisplay.from_search(search)
    assert len(display.x) == len(search.evaluations_["fold"])
    assert display.x_name == "rounds"
    by_folds = CurvesDisplay.from_search(search, kind="folds")
    assert by_folds.x_name == "folds"


def test_kinds_that_a_search_does_not_have_are_explained(search, halved):
    with pytest.raises(ValueError, match="`early_stopping`"):
        CurvesDisplay.from_search(search, kind="rounds")
    with pytest.raises(ValueError, match="no resource"):
        CurvesDisplay.from_search(search, kind="resource")
    with pytest.raises(ValueError, match='kind="resource"'):
        CurvesDisplay.from_search(halved, kind="folds")
    with pytest.raises(ValueError, match="`kind` must be one of"):
        CurvesDisplay.from_search(search, kind="fold")


@pytest.mark.parametrize(
    "trials",
    [
        [],
        [reported(1.0)],
        [reported(1.0, state=TrialState.PRUNED), reported(2.0, 1.0, state=TrialState.PRUNED)],
        [reported(np.nan, 1.0, 2.0), reported(np.inf, 1.0, 2.0)],
        [reported(np.inf, -np.inf, state=TrialState.PRUNED)],
    ],
    ids=["none", "one", "all pruned", "not finite", "nothing finite"],
)
def test_curves_of_odd_studies_are_drawn(trials):
    CurvesDisplay.from_study(study_of(*trials)).figure_.canvas.draw()


def test_several_objectives_have_no_reports():
    study = study_of(create_trial(values=[1.0, 2.0]), directions=["minimize", "minimize"])
    assert CurvesDisplay.from_study(study).x == []


def test_ten_thousand_curves_are_few_artists():
    rng = np.random.default_rng(0)
    trials = [reported(*rng.random(5)) for _ in range(10_000)]
    display = CurvesDisplay.from_study(study_of(*trials))
    assert len(display.ax_.get_children()) < 30
    display.figure_.canvas.draw()


# -------------------------------------------------------------------------- the timeline


def test_folds_are_bars_in_the_lane_of_their_worker(search):
    display = TimelineDisplay.from_search(search)
    table = search.evaluations_
    assert_array_equal(display.start, table["started_at"])
    assert_array_equal(display.seconds, table["seconds"])
    assert_array_equal(display.lane, 0)
    assert_array_equal(display.status, search.cv_results_["status"][table["candidate"]])
    assert "1 worker, " in display.ax_.get_title()


def test_the_busy_share_is_that_of_all_workers():
    settings = {"n_iter": 8, "cv": 3, "pruner": None}
    with parallel_config(backend="threading", n_jobs=2):  # both workers start at once
        search = skhpo.TPESearchCV(Slow(seconds=0.03), {"x": uniform(0, 1)}, **settings).fit(X, y)
    display = TimelineDisplay.from_search(search)
    assert set(display.lane) == {0, 1}
    ends = display.start + display.seconds
    assert display.busy == pytest.approx(display.seconds.sum() / (2 * ends.max()))
    assert 0.4 < display.busy <= 1.0
    assert f"2 workers, {display.busy:.0%} busy" in display.ax_.get_title()


def test_stored_folds_can_be_left_out(tmp_path):
    settings = {"cv": 2, "random_state": 0, "storage": str(tmp_path / "s.db"), "study_name": "s"}
    skhpo.TPESearchCV(SVC(), SVM, n_iter=3, **settings).fit(X, y)
    search = skhpo.TPESearchCV(SVC(), SVM, n_iter=6, **settings).fit(X, y)
    everything = TimelineDisplay.from_search(search)
    fresh = TimelineDisplay.from_search(search, include_stored=False)
    n_stored = search.evaluations_["from_storage"].sum()
    assert len(everything.start) - len(fresh.start) == n_stored > 0
    assert fresh.start.min() == 0.0
    for name in ("started_at", "seconds"):
        search.evaluations_[name] = np.full(len(everything.start), np.nan)
    nothing = TimelineDisplay.from_search(search)
    assert len(nothing.start) == 0
    nothing.figure_.canvas.draw()


def test_trials_are_bars_of_their_own():
    at = datetime.datetime(2024, 1, 1)
    minute = datetime.timedelta(minutes=1)
    kinds = [
        {"value": 1.0},
        {"state": TrialState.PRUNED},
        {"state": TrialState.FAIL},
        {"value": 1.0, "constraints": {"c": 1.0}},
    ]
    trials = [create_trial(**kind) for kind in kinds]
    for number, trial in enumerate(trials):
        trial.datetime_start = at + number * minute
        trial.datetime_complete = at + (number + 2) * minute
    study = study_of(*trials)
    data = timeline_of_study(study)
    assert data.origin == at
    assert_allclose(data.start, [0, 60, 120, 180])
    assert_allclose(data.seconds, 120)
    assert_array_equal(data.status, ["complete", "pruned", "failed", "infeasible"])
    assert np.isnan(data.busy)
    assert_array_equal(timeline_of_study(study, n_recent_trials=2).number, [2, 3])
    display = TimelineDisplay.from_study(study)
    assert display.ax_.get_xlabel() == "minutes"


def test_running_trials_last_until_now_and_waiting_ones_come_last():
    study = skhpo.create_study()
    study.ask()
    study.enqueue_trial({"x": 1.0})
    data = timeline_of_study(study)
    assert_array_equal(data.status, ["running", "waiting"])
    assert data.seconds[0] >= 1.0
    assert data.start[1] > 0.0


@pytest.mark.parametrize("n_trials", [0, 1])
def test_few_trials_make_a_timeline(n_trials):
    study = skhpo.create_study()
    study.optimize(lambda trial: 1.0, n_trials=n_trials)
    TimelineDisplay.from_study(study).figure_.canvas.draw()


def test_a_wrong_number_of_recent_trials_is_refused():
    with pytest.raises(ValueError, match="must be a positive integer; got 0"):
        TimelineDisplay.from_study(skhpo.create_study(), n_recent_trials=0)


@pytest.mark.parametrize("Display", DISPLAYS)
def test_wrong_objects_are_explained(Display, search):
    with pytest.raises(NotFittedError):
        Display.from_search(skhpo.TPESearchCV(SVC(), SVM))
    with pytest.raises(TypeError, match="`from_study`"):
        Display.from_search(search.study_)
    with pytest.raises(TypeError, match="`from_search`"):
        Display.from_study(search)
    unaware = skhpo.TPESearchCV(SVC(), SVM)
    unaware.study_ = search.study_
    with pytest.raises(AttributeError, match="Fit it again"):
        Display.from_search(unaware)
