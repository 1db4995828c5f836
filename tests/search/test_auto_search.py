"""AutoSearchCV needs nothing but an estimator, and does what is best."""

import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import AutoSearchCV, GPSearchCV, TPESearchCV
from skhpo.samplers import AutoSampler
from skhpo.space import suggest_space
from tests.search.estimators import Scored

X, y = load_iris(return_X_y=True)


def test_an_estimator_alone_is_searched_in_the_suggested_space():
    pipeline = make_pipeline(StandardScaler(), SVC())
    search = AutoSearchCV(pipeline, n_iter=6, random_state=0).fit(X, y)
    assert set(search.best_params_) == set(suggest_space(pipeline))
    given = AutoSearchCV(pipeline, "suggest", n_iter=6, random_state=0).fit(X, y)
    assert given.cv_results_["params"] == search.cv_results_["params"]
    assert isinstance(search.study_.sampler, AutoSampler)


def test_a_given_space_is_searched():
    search = AutoSearchCV(SVC(), {"C": loguniform(0.1, 10)}, n_iter=4, random_state=0).fit(X, y)
    assert set(search.best_params_) == {"C"}
    grid = AutoSearchCV(SVC(), param_grid={"C": [1, 10]}).fit(X, y)
    assert len(grid.cv_results_["params"]) == 2


def test_two_spaces_are_an_error_and_other_searches_need_one():
    with pytest.raises(ValueError, match="got both"):
        AutoSearchCV(SVC(), {"C": [1]}, param_grid={"C": [1]}).fit(X, y)
    with pytest.raises(ValueError, match="got neither"):
        TPESearchCV(SVC()).fit(X, y)


def test_an_unknown_estimator_needs_a_space():
    with pytest.raises(ValueError, match="no search space is known"):
        AutoSearchCV(Scored()).fit(X, y)


def test_it_proposes_what_the_gaussian_process_does():
    space = {"C": loguniform(1e-2, 1e2), "gamma": loguniform(1e-3, 1)}
    settings = {"n_iter": 12, "cv": 3, "random_state": 0, "refit": False}
    auto = AutoSearchCV(SVC(), space, **settings).fit(X, y)
    process = GPSearchCV(SVC(), space, **settings).fit(X, y)
    assert auto.cv_results_["params"] == process.cv_results_["params"]


def test_a_clone_has_no_space_either():
    search = clone(AutoSearchCV(SVC(), n_iter=4))
    assert search.param_distributions is None
    assert search.fit(X, y).best_score_ > 0.9
