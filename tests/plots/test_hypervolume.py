"""The hypervolume grows with the front, and ends at that of the search."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo.multi_objective import hypervolume
from skhpo.plots import HypervolumeDisplay, ParetoFrontDisplay
from skhpo.plots._data._hypervolume import running_hypervolume

plt = pytest.importorskip("matplotlib.pyplot")
X, y = load_iris(return_X_y=True)


@pytest.fixture(autouse=True)
def _close_figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module", params=[False, True], ids=["free", "constrained"])
def search(request):
    settings = {"constraints": {"model_size": "<= 2500"}} if request.param else {}
    space = {"ccp_alpha": loguniform(1e-4, 1), "max_depth": range(1, 10)}
    return skhpo.ParetoSearchCV(
        DecisionTreeClassifier(random_state=0), space, objectives=["accuracy", "model_size"],
        n_iter=20, cv=3, random_state=0, **settings,
    ).fit(X, y)  # fmt: skip


@pytest.mark.parametrize("n_objectives", [2, 3, 4])
def test_each_value_is_the_hypervolume_of_the_trials_so_far(n_objectives):
    losses = np.random.default_rng(0).random((40, n_objectives))
    losses[5] = np.nan
    losses[7] = losses[6]
    losses[9] = -np.inf
    corner = np.full(n_objectives, 0.8)
    known = np.where(np.isfinite(losses).all(axis=1)[:, None], losses, 1.0)
    expected = [hypervolume(known[: i + 1], corner) for i in range(40)]
    assert_allclose(running_hypervolume(losses, corner), expected)


def test_the_last_value_is_that_of_the_search(search):
    display = HypervolumeDisplay.from_search(search)
    assert display.hypervolume[-1] == pytest.approx(search.hypervolume_)
    assert display.reference_point == pytest.approx(search.reference_point_)
    complete = search.cv_results_["status"] == "complete"
    assert_array_equal(display.number, search.cv_results_["trial_number"][complete])
    assert_array_equal(display.is_feasible, search.is_feasible_[complete])


def test_over_fits_those_of_stopped_candidates_count():
    search = skhpo.ParetoSearchCV(
        DecisionTreeClassifier(random_state=0), {"min_samples_leaf": range(1, 70, 3)},
        objectives=["accuracy", "n_features"], constraints={"accuracy": ">= 0.9"}, refit=False,
        sampler="random", n_iter=20, cv=10, random_state=0,
    ).fit(X, y)  # fmt: skip
    display = HypervolumeDisplay.from_search(search, x="fits")
    assert display.ax_.get_xlabel() == "fits"
    fits, complete = (
        search.cv_results_["n_splits_evaluated"],
        search.cv_results_["status"] == "complete",
    )
    assert fits[~complete].sum() > 0
    ends = dict(zip(search.cv_results_["trial_number"], fits, strict=True))
    order = sorted(search.study_.trials, key=lambda trial: trial.datetime_complete)
    so_far = np.cumsum([ends[trial.number] for trial in order])
    is_complete = [trial.state.name == "COMPLETE" for trial in order]
    assert_array_equal(display.x, so_far[is_complete])
    assert display.hypervolume[-1] == pytest.approx(search.hypervolume_)
    seconds = HypervolumeDisplay.from_search(search, x="seconds")
    assert_array_equal(seconds.number, display.number)
    assert (np.diff(seconds.x) >= 0).all()
    with pytest.raises(ValueError, match="`x` must be one of"):
        HypervolumeDisplay.from_search(search, x="minutes")


def test_candidates_outside_of_a_preferred_region_count_and_break_no_constraint():
    found = skhpo.ParetoSearchCV(
        DecisionTreeClassifier(random_state=0), {"max_depth": range(1, 10)},
        objectives=["accuracy", "model_size"], preferred={"accuracy": ">= 2"}, refit=False,
        constraints={"model_size": "<= 1 MB"}, n_iter=6, cv=3, random_state=0,
    ).fit(X, y)  # fmt: skip
    display = HypervolumeDisplay.from_search(found)
    assert display.is_feasible.all()
    assert found.hypervolume_ > 0.0
    assert display.hypervolume[-1] == pytest.approx(found.hypervolume_)


def test_a_reference_point_may_be_given_by_name(search):
    reference = {"accuracy": 0.2, "model_size": 5000.0}
    display = HypervolumeDisplay.from_search(search, reference_point=reference)
    assert display.reference_point == reference
    with pytest.raises(ValueError, match="must name each objective"):
        HypervolumeDisplay.from_search(search, reference_point={"accuracy": 0.2})
    assert HypervolumeDisplay.from_study(search.study_).hypervolume[-1] > 0


def test_the_front_of_a_study_is_that_of_its_search(search):
    ours = ParetoFrontDisplay.from_study(search.study_)
    theirs = ParetoFrontDisplay.from_search(search)
    assert_array_equal(np.sort(ours.front), np.sort(theirs.front))
    assert ours.ax_.get_xlabel() == "accuracy"
    turned = ParetoFrontDisplay.from_study(search.study_, ["model_size", "accuracy"])
    assert turned.ax_.get_xlabel() == "model_size"


def test_wrong_objects_are_explained(search):
    space = {"max_depth": [1, 2]}
    single = skhpo.TPESearchCV(DecisionTreeClassifier(), space, cv=2).fit(X, y)
    with pytest.raises(NotFittedError, match="several objectives"):
        HypervolumeDisplay.from_search(single)
    with pytest.raises(ValueError, match="several objectives"):
        HypervolumeDisplay.from_study(single.study_)
    with pytest.raises(TypeError, match="`from_search`"):
        ParetoFrontDisplay.from_study(search)
    with pytest.raises(ValueError, match="2 or 3 objectives, not 1"):
        ParetoFrontDisplay.from_study(single.study_)


def test_a_study_without_trials_has_empty_plots():
    study = skhpo.create_study(directions=["minimize", "maximize"])
    for Display in (HypervolumeDisplay, ParetoFrontDisplay):
        Display.from_study(study).figure_.canvas.draw()


def test_ten_thousand_trials():
    study = skhpo.create_study(directions=["minimize", "minimize"])
    values = np.random.default_rng(0).random((10_000, 2))
    study.add_trials([skhpo.create_trial(values=row) for row in values.tolist()])
    for Display in (HypervolumeDisplay, ParetoFrontDisplay):
        Display.from_study(study).figure_.canvas.draw()
