"""Scores by fold compare the best candidates; the race shows who was stopped after which fold."""

import math
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.svm import SVC

import skhpo
from skhpo.plots import CurvesDisplay, FoldScoresDisplay, RacingDisplay
from skhpo.plots._data._evaluations import names_of_candidates
from tests.search.estimators import Failing

plt = pytest.importorskip("matplotlib.pyplot")
X, y = load_iris(return_X_y=True)
SVM = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-4, 1e2)}
DISPLAYS = [FoldScoresDisplay, RacingDisplay]


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


@pytest.fixture(scope="module")
def pareto():
    objectives = ["accuracy", "model_size"]
    return skhpo.ParetoSearchCV(
        SVC(), SVM, objectives=objectives, n_iter=12, cv=3, random_state=0
    ).fit(X, y)  # fmt: skip


# ------------------------------------------------------------------------ scores by fold


def test_the_best_complete_candidates_come_first(search):
    display = FoldScoresDisplay.from_search(search, n_best=4)
    results = search.cv_results_
    means = results["mean_test_score"]
    assert_allclose(display.scores.mean(axis=1), np.sort(means[~np.isnan(means)])[::-1][:4])
    assert (results["status"][display.candidate] == "complete").all()
    for row, scores in zip(display.candidate, display.scores, strict=True):
        assert_array_equal(scores, [results[f"split{k}_test_score"][row] for k in range(5)])
    assert display.candidate[0] == search.best_index_
    assert display.ax_.get_xlabel() == "score (higher is better)"
    assert display.ax_.yaxis_inverted()


@pytest.mark.parametrize("kind", ["strip", "box"])
def test_lines_connect_the_same_fold(search, kind):
    display = FoldScoresDisplay.from_search(search, n_best=3, kind=kind)
    lines = [line for line in display.ax_.lines if len(line.get_xdata()) == 3]
    assert_array_equal([line.get_xdata() for line in lines[:5]], display.scores.T)


def test_costs_are_sorted_from_small_to_large(pareto):
    with pytest.raises(ValueError, match=r"\['accuracy', 'model_size'\].*`metric=`"):
        FoldScoresDisplay.from_search(pareto)
    with pytest.raises(ValueError, match="Did you mean 'model_size'"):
        FoldScoresDisplay.from_search(pareto, metric="modelsize")
    display = FoldScoresDisplay.from_search(pareto, metric="model_size")
    assert (np.diff(display.scores.mean(axis=1)) >= 0).all()
    assert not display.greater_is_better


def test_with_a_resource_the_scores_are_those_at_the_largest_amount(halved):
    display = FoldScoresDisplay.from_search(halved)
    results = halved.cv_results_
    for row, scores in zip(display.candidate, display.scores, strict=True):
        assert_array_equal(scores, [results[f"split{k}_test_score"][row] for k in range(3)])


def test_of_several_metrics_the_one_of_refit_is_shown():
    search = skhpo.TPESearchCV(
        SVC(), SVM, n_iter=3, cv=2, scoring=["accuracy", "f1_macro"], refit="f1_macro",
        random_state=0,
    ).fit(X, y)  # fmt: skip
    assert FoldScoresDisplay.from_search(search).name == "f1_macro"
    assert RacingDisplay.from_search(search, metric="accuracy").name == "accuracy"


def test_candidates_are_named_by_what_differs_and_briefly():
    step = "columntransformer__numeric__imputer__strategy"
    both = {"svc__C": 1.0, "svc__kernel": "rbf"}
    params = [both | {step: "mean", "svc__gamma": 0.1}, both | {step: "median", "svc__gamma": 1e-5}]
    assert names_of_candidates(params) == [
        "strategy=mean, gamma=0.1",
        "strategy=median, gamma=1e-05",
    ]
    assert names_of_candidates([{"a__C": 1, "b__C": 2}, {"a__C": 2, "b__C": 3}]) == [
        "a__C=1, b__C=2",
        "a__C=2, b__C=3",
    ]
    assert names_of_candidates([{"C": 1}]) == [""]
    assert max(map(len, names_of_candidates([{"x": "a" * 90}, {"x": "b" * 90}]))) < 50


def test_wrong_arguments_are_explained(search):
    with pytest.raises(ValueError, match="`n_best` must be at least 1"):
        FoldScoresDisplay.from_search(search, n_best=0)
    with pytest.raises(ValueError, match="`kind` must be one of"):
        FoldScoresDisplay.from_search(search, kind="violin")


# ------------------------------------------------------------------------------ the race


def test_each_candidate_has_its_folds_and_its_end(search):
    display = RacingDisplay.from_search(search)
    results = search.cv_results_
    assert_array_equal(display.n_fits, results["n_splits_evaluated"])
    assert_array_equal(display.status, results["status"])
    assert_array_equal(display.number, results["trial_number"])
    assert display.best[-1] == search.best_score_
    assert display.work == results["n_splits_evaluated"].sum()
    assert display.full_work == 25 * 5
    assert f"{display.saved:.0%} saved" in display.axes_[0].get_title()


def test_the_score_of_a_stopped_candidate_is_the_mean_of_its_folds(search):
    display = RacingDisplay.from_search(search)
    table = search.evaluations_
    for row in np.flatnonzero(display.status == "pruned"):
        seen = table["test_score"][table["trial_number"] == display.number[row]]
        assert display.score[row] == pytest.approx(seen.mean())


def test_a_grid_is_shown_in_the_order_of_its_proposal():
    grid = {"C": [10.0, 0.1, 1.0], "kernel": ["rbf", "linear"]}
    search = skhpo.TPESearchCV(SVC(), grid, cv=2, random_state=0).fit(X, y)
    display = RacingDisplay.from_search(search)
    assert_array_equal(display.number, np.arange(6))
    means = search.cv_results_["mean_test_score"][np.argsort(search.cv_results_["trial_number"])]
    assert_array_equal(display.score[~np.isnan(means)], means[~np.isnan(means)])


def test_work_with_a_resource_is_counted_in_full_fits(halved):
    display = RacingDisplay.from_search(halved)
    table = halved.evaluations_
    assert display.work == pytest.approx(table["n_resources"].sum() / table["n_resources"].max())
    assert display.saved == pytest.approx(1 - display.work / 60)
    assert display.n_fits.sum() == len(table["fold"])


def test_failed_candidates_are_shown_without_a_score():
    space = {"x": uniform(0, 1), "kind": ["a", "bad"]}
    with pytest.warns(FitFailedWarning):
        search = skhpo.TPESearchCV(Failing(), space, n_iter=10, cv=2, random_state=0).fit(X, y)
    display = RacingDisplay.from_search(search)
    failed = display.status == "failed"
    assert failed.any()
    assert np.isnan(display.score[failed]).all()
    assert (display.n_fits[failed] > 0).all()
    assert (FoldScoresDisplay.from_search(search).scores < 0).all()
    display.figure_.canvas.draw()


@pytest.mark.parametrize("Display", DISPLAYS)
def test_one_candidate_is_enough(Display):
    search = skhpo.TPESearchCV(SVC(), SVM, n_iter=1, random_state=0).fit(X, y)
    Display.from_search(search).figure_.canvas.draw()


@pytest.mark.parametrize("Display", DISPLAYS)
def test_without_a_complete_candidate(Display, search):
    import copy

    cut = copy.copy(search)
    cut.cv_results_ = {**search.cv_results_, "status": np.full(25, "pruned", dtype=object)}
    if Display is FoldScoresDisplay:
        with pytest.raises(ValueError, match="No candidate is complete"):
            Display.from_search(cut)
    else:
        assert np.isnan(Display.from_search(cut).best).all()


@pytest.mark.parametrize("Display", DISPLAYS)
def test_wrong_objects_are_explained(Display, search):
    with pytest.raises(NotFittedError):
        Display.from_search(skhpo.TPESearchCV(SVC(), SVM))
    with pytest.raises(TypeError, match="must be a fitted search"):
        Display.from_search(search.study_)


@pytest.mark.parametrize("Display", DISPLAYS)
def test_it_draws_on_given_axes_with_given_styles(Display, search):
    figure, axes = plt.subplots(2)
    if Display is FoldScoresDisplay:
        display = Display.from_search(search, ax=axes[0], scatter_kw={"alpha": 0.123})
        assert display.ax_ is axes[0]
    else:
        display = Display.from_search(search, axes=axes, scatter_kw={"alpha": 0.123})
        assert list(display.axes_) == list(axes)
    assert display.figure_ is figure
    assert any(dots.get_alpha() == 0.123 for dots in axes[0].collections)


def test_infinite_and_huge_scores_are_left_out():
    class Absurd(SVC):
        def score(self, X, y):
            return {0: math.inf, 1: -math.inf, 2: 1e300}.get(int(self.C), super().score(X, y))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = skhpo.TPESearchCV(
            Absurd(), {"C": [0.5, 1.5, 2.5, 4.0, 5.0]}, pruner=None, cv=2, random_state=0
        ).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for Display in (*DISPLAYS, CurvesDisplay):
            Display.from_search(search).figure_.canvas.draw()
