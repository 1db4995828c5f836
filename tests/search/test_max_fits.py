"""A limit of the fits: it is kept, used up, the same for any number of workers, and it resumes."""

import itertools
import math
import re
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from scipy.stats import randint, uniform
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import FitFailedWarning

from skhpo import (
    GPSearchCV,
    HyperbandSearchCV,
    ParetoSearchCV,
    RandomSearchCV,
    SearchCallback,
    StudySearchCV,
    TPESearchCV,
)
from skhpo.pruners import HyperbandPruner, MedianPruner, RacingPruner, ThresholdPruner
from skhpo.samplers import GridSampler
from skhpo.search.execution._fit_budget import FitBudget
from skhpo.search.fidelity._evaluation_plan import FoldPlan
from tests.search.estimators import Cut, Cutting, Dawdling, Failing, Logged, Scored

X, y = make_classification(n_samples=60, n_features=4, random_state=0)
SPACE = {"x": uniform(0, 1), "k": randint(1, 9), "kind": ["a", "b"]}
GRID = {"k": list(range(1, 9)), "kind": ["a", "b"]}


def n_fits(search):
    """The fits of a search without a resource; those of candidates in the table alone."""
    n = search.cv_results_["n_splits_evaluated"].sum()
    assert n == len(search.evaluations_["fold"])
    return n


def outcome(search):
    table = {
        name: [repr(value) for value in column]
        for name, column in search.cv_results_.items()
        if "time" not in name
    }
    trials = [(t.number, t.state, t.values, repr(t.params)) for t in search.study_.trials]
    return table, trials, search.best_params_


# ------------------------------------------------------------------------ the limit is kept


PRUNERS = {
    "racing": "auto",
    "eager racing": RacingPruner(0.5, n_startup_trials=1),
    "median": MedianPruner(n_startup_trials=2),
    "hyperband": HyperbandPruner(),
    "threshold": ThresholdPruner(lower=-0.3),
    "none": None,
}


@pytest.mark.parametrize("pruner", PRUNERS)
@pytest.mark.parametrize("n_jobs", [1, 3])
@pytest.mark.parametrize("random_state", [0, None])
@pytest.mark.parametrize("max_fits", [4, 7, 61])
def test_a_search_uses_its_fits_and_no_more(pruner, n_jobs, random_state, max_fits):
    search = TPESearchCV(
        Dawdling(), SPACE, max_fits=max_fits, cv=4, pruner=PRUNERS[pruner], n_jobs=n_jobs,
        random_state=random_state,
    )  # fmt: skip
    with joblib.parallel_config("threading"):
        search.fit(X, y)
    assert max_fits - 4 < n_fits(search) <= max_fits
    assert set(search.cv_results_["status"]) <= {"complete", "pruned"}
    assert search.best_score_ == np.nanmax(search.cv_results_["mean_test_score"])


@pytest.mark.parametrize("Search", [TPESearchCV, GPSearchCV])
@pytest.mark.parametrize("pruner", ["racing", "eager racing", "median", "none"])
def test_the_number_of_workers_changes_nothing(Search, pruner):
    found = []
    for n_jobs in (1, 2, 5):
        search = Search(
            Dawdling(), SPACE, max_fits=60, cv=4, pruner=PRUNERS[pruner], n_jobs=n_jobs,
            random_state=1,
        )  # fmt: skip
        with joblib.parallel_config("threading"):
            found.append(outcome(search.fit(X, y)))
    assert found[0] == found[1] == found[2]


def test_the_fits_that_stopped_candidates_save_are_spent_on_others():
    settings = {"cv": 4, "pruner": RacingPruner(0.3), "random_state": 0}
    by_number = TPESearchCV(Scored(), SPACE, n_iter=25, **settings).fit(X, y)
    by_fits = TPESearchCV(Scored(), SPACE, max_fits=100, **settings).fit(X, y)
    assert n_fits(by_number) < 90
    assert n_fits(by_fits) > 96
    params = by_fits.cv_results_["params"]
    assert len(params) > 25
    assert params[:25] == by_number.cv_results_["params"]


def test_failed_fits_count():
    space = {"kind": ["bad"], "x": uniform(0, 1)}
    space = [space, {"kind": ["a"], "x": uniform(0, 1)}]
    search = RandomSearchCV(Failing(), space, max_fits=40, cv=4, random_state=0)
    with pytest.warns(FitFailedWarning):
        search.fit(X, y)
    failed = search.cv_results_["status"] == "failed"
    assert failed.sum() > 1
    assert 36 < n_fits(search) <= 40


def test_several_objectives():
    search = ParetoSearchCV(
        RandomForestClassifier(n_estimators=3, random_state=0), {"max_depth": randint(1, 9)},
        objectives=["accuracy", "model_size"], max_fits=20, cv=3, random_state=0,
    )  # fmt: skip
    search.fit(X, y)
    assert 17 < n_fits(search) <= 20


def test_the_refit_and_the_confirmation_are_not_counted():
    search = TPESearchCV(Scored(), SPACE, max_fits=33, cv=4, n_confirm=3, random_state=0).fit(X, y)
    assert 29 < n_fits(search) <= 33
    assert np.isfinite(search.cv_results_["mean_confirmed_score"]).sum() == 3


# ------------------------------------------------------------------------------ a resource


@pytest.mark.parametrize("n_jobs", [1, 3])
@pytest.mark.parametrize("Search", [TPESearchCV, HyperbandSearchCV])
def test_a_fit_with_a_part_of_the_resource_counts_as_that_part(Search, n_jobs):
    shares = []

    class Witness(SearchCallback):
        def on_fold_end(self, fold):
            shares.append(fold.share)

    search = Search(
        Scored(), {"x": uniform(0, 1)}, max_fits=30, cv=3, resource="k", max_resources=27,
        min_resources=1, n_jobs=n_jobs, random_state=0, callbacks=[Witness()],
    )  # fmt: skip
    with joblib.parallel_config("threading"):
        search.fit(X, y)
    amounts = search.evaluations_["n_resources"]
    assert set(amounts) == {1, 3, 9, 27}
    most = 3 * (1 + 3 + 9 + 27)  # a candidate that is not stopped
    assert 30 * 27 - most < amounts.sum() <= 30 * 27
    assert len(amounts) > 30
    assert sum(shares) == pytest.approx(amounts.sum() / 27)


# ------------------------------------------------------------------------- other limits


def test_the_first_limit_ends_the_search():
    settings = {"cv": 4, "pruner": None, "random_state": 0}
    few = TPESearchCV(Scored(), SPACE, n_iter=3, max_fits=100, **settings).fit(X, y)
    assert len(few.cv_results_["params"]) == 3
    many = TPESearchCV(Scored(), SPACE, n_iter=100, max_fits=12, **settings).fit(X, y)
    assert len(many.cv_results_["params"]) == 3
    assert few.cv_results_["params"] == many.cv_results_["params"]


def test_by_default_there_are_fifty_candidates_or_as_many_as_there_are_fits_for():
    settings = {"cv": 2, "pruner": None, "random_state": 0}
    assert len(RandomSearchCV(Scored(), SPACE, **settings).fit(X, y).cv_results_["params"]) == 50
    search = RandomSearchCV(Scored(), SPACE, max_fits=140, **settings).fit(X, y)
    assert len(search.cv_results_["params"]) == 70


def test_without_a_number_of_candidates_the_timeout_ends_the_search_without_a_warning(recwarn):
    search = RandomSearchCV(Scored(), SPACE, n_iter=None, timeout=0.5, cv=2, random_state=0)
    search.fit(X, y)
    assert len(search.cv_results_["params"]) > 1
    assert not recwarn.list


def test_an_infinite_space_needs_a_limit():
    search = RandomSearchCV(Scored(), SPACE, n_iter=None)
    with pytest.raises(ValueError, match="give `max_fits` or `timeout`, or a number as `n_iter`"):
        search.fit(X, y)


def test_a_finite_space_needs_none():
    search = RandomSearchCV(Scored(), GRID, n_iter=None, cv=2, random_state=0).fit(X, y)
    assert len(search.cv_results_["params"]) == 16


@pytest.mark.parametrize("sampler", ["brute_force", GridSampler(GRID), None])
def test_a_grid(sampler):
    settings = {"cv": 4, "pruner": None, "random_state": 0, "sampler": sampler}
    part = StudySearchCV(Scored(), GRID, max_fits=23, **settings).fit(X, y)
    assert len(part.cv_results_["params"]) == 5
    whole = StudySearchCV(Scored(), GRID, max_fits=500, **settings).fit(X, y)
    assert len(whole.cv_results_["params"]) == 16
    keys = [tuple(params.items()) for params in whole.cv_results_["params"]]
    assert keys == sorted(keys)


# ------------------------------------------------------------------------------- storage


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/search.db"


@pytest.mark.parametrize("pruner", ["racing", "eager racing", "none"])
def test_a_search_that_is_cut_again_and_again_ends_like_the_one_that_never_was(pruner, url):
    settings = {"max_fits": 47, "cv": 4, "random_state": 3, "pruner": PRUNERS[pruner]}
    whole = TPESearchCV(Scored(), SPACE, **settings).fit(X, y)
    search = TPESearchCV(Cutting(), SPACE, storage=url, refit=False, **settings)
    Cutting.n_fits = 0
    for cuts in itertools.count():
        Cutting.last = Cutting.n_fits + 1 + (7 * cuts) % 5
        try:
            search.fit(X, y)
            break
        except Cut:
            continue
    Cutting.last = None
    assert cuts >= 5
    assert outcome(search) == outcome(whole)
    assert Cutting.n_fits == n_fits(whole) <= 47


@pytest.mark.parametrize("resource", [None, "k"])
def test_more_fits_continue_a_finished_search_as_if_it_had_had_them_from_the_start(resource, url):
    space = {"x": uniform(0, 1)}
    settings = {"cv": 3, "random_state": 0, "resource": resource, "max_resources": 27}
    if resource is None:
        settings.pop("max_resources")
    stored = settings | {"storage": url, "study_name": "one"}
    first = TPESearchCV(Scored(), space, max_fits=20, **stored).fit(X, y)
    second = TPESearchCV(Scored(), space, max_fits=50, **stored).fit(X, y)
    whole = TPESearchCV(Scored(), space, max_fits=50, **settings).fit(X, y)
    assert len(first.cv_results_["params"]) < len(second.cv_results_["params"])
    assert outcome(second) == outcome(whole)


def test_fewer_fits_than_are_stored_lose_nothing_and_add_nothing(url):
    settings = {"cv": 3, "random_state": 0, "storage": url, "study_name": "one"}
    first = TPESearchCV(Scored(), SPACE, max_fits=40, **settings).fit(X, y)
    second = TPESearchCV(Scored(), SPACE, max_fits=12, **settings).fit(X, y)
    assert outcome(first) == outcome(second)


def test_searches_that_share_a_study_share_the_fits(url, tmp_path, monkeypatch):
    monkeypatch.setattr(Logged, "log", str(tmp_path / "log"))
    monkeypatch.setattr(Logged, "seconds", 0.01)
    pruner = RacingPruner(0.4, n_startup_trials=2)
    settings = {"cv": 4, "pruner": pruner, "storage": url, "study_name": "one", "refit": False}

    def fit(n):
        return TPESearchCV(Logged(), SPACE, max_fits=n, **settings).fit(X, y)

    fit(4)
    with ThreadPoolExecutor(3) as pool:
        searches = list(pool.map(fit, [60, 60, 60]))
    assert 60 - 4 < len((tmp_path / "log").read_text().splitlines()) <= 60
    assert all(56 < n_fits(search) <= 60 for search in searches)


# ---------------------------------------------------------------------------- wrong limits


@pytest.mark.parametrize("wrong", [0, -5, 2.5, True, np.True_, "40"])
def test_a_limit_that_is_no_positive_int_is_refused(wrong):
    with pytest.raises(ValueError, match="'max_fits' parameter of TPESearchCV must be an int"):
        TPESearchCV(Scored(), SPACE, max_fits=wrong).fit(X, y)


@pytest.mark.parametrize("wrong", [0, True, "all", 1.0])
def test_so_is_a_wrong_number_of_candidates(wrong):
    with pytest.raises(ValueError, match="'n_iter' parameter of TPESearchCV must be an int"):
        TPESearchCV(Scored(), SPACE, n_iter=wrong).fit(X, y)


def test_a_limit_below_one_candidate_is_refused(url):
    search = TPESearchCV(Scored(), SPACE, max_fits=3, cv=4, storage=url)
    message = "`max_fits=3` is too small: a candidate needs up to 4 fits, for 4 splits."
    with pytest.raises(ValueError, match=re.escape(message)):
        search.fit(X, y)
    settings = {"resource": "k", "max_resources": 27, "min_resources": 1}
    search = TPESearchCV(Scored(), {"x": uniform(0, 1)}, max_fits=4, cv=3, **settings)
    with pytest.raises(ValueError, match="a candidate needs up to 5 fits, for 3 splits"):
        search.fit(X, y)


# ------------------------------------------------------------------------ what is shown


def test_the_bar_shows_fits_if_they_are_the_limit(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    settings = {"cv": 4, "verbose": 2, "random_state": 0}
    search = TPESearchCV(Scored(), SPACE, max_fits=50, **settings).fit(X, y)
    out, err = capsys.readouterr()
    last = err.strip().splitlines()[-1].split("\r")[-1]
    assert f"{n_fits(search)}/50" in last
    assert f"candidates={len(search.cv_results_['params'])}" in last
    assert re.search(r"^\[1\] score", out, flags=re.MULTILINE)
    TPESearchCV(Scored(), SPACE, n_iter=5, max_fits=50, **settings).fit(X, y)
    assert "5/5" in capsys.readouterr().err.strip().splitlines()[-1].split("\r")[-1]


def test_callbacks_are_told_which_limit_there_is():
    seen = []

    class Witness(SearchCallback):
        def on_search_start(self, search):
            seen.append((search.n_candidates, search.max_fits))

    for limits in ({"max_fits": 30}, {"n_iter": 3, "max_fits": 30}, {"n_iter": 9, "max_fits": 30}):
        search = RandomSearchCV(Scored(), SPACE, cv=5, callbacks=[Witness()], **limits)
        search.fit(X, y)
    assert seen == [(None, 30), (3, None), (9, 30)]


# --------------------------------------------------------------------- the bookkeeping


def test_a_budget_without_a_limit_always_allows_another():
    budget = FitBudget(FoldPlan(RacingPruner(), 5), None, math.inf)
    assert budget.max_fits is None
    assert math.isinf(budget.n_candidates)
    assert budget.allows_another(lambda own: [])
