"""Which candidates a search tries: those enqueued first, none twice, all of a small space."""

import numpy as np
import pytest
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import RandomSearchCV, StudySearchCV, TPESearchCV
from skhpo.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from skhpo.samplers import BaseSampler
from tests.search.estimators import Scored

X, y = load_iris(return_X_y=True)
SEARCHES = [TPESearchCV, RandomSearchCV]


def fitted(space, estimator=None, Search=TPESearchCV, **settings):
    settings = {"n_iter": 6, "cv": 2, "random_state": 0} | settings
    return Search(Scored() if estimator is None else estimator, space, **settings).fit(X, y)


def keys(search):
    return [tuple(sorted(params.items())) for params in search.cv_results_["params"]]


# ---------------------------------------------------------------------------- enqueue


@pytest.mark.parametrize("Search", SEARCHES)
def test_the_first_candidate_is_the_estimator_as_it_is_given(Search):
    search = fitted({"x": uniform(0, 1), "k": randint(1, 9)}, Scored(x=0.25, k=7), Search)
    assert search.cv_results_["params"][0] == {"x": 0.25, "k": 7}
    assert search.cv_results_["status"][0] == "complete"


def test_an_estimator_outside_the_space_is_not_tried():
    search = fitted({"x": uniform(0, 1)}, Scored(x=3.0))
    assert len(search.cv_results_["params"]) == 6
    assert all(0 <= params["x"] <= 1 for params in search.cv_results_["params"])


def test_the_search_never_ends_below_the_estimator_as_it_is_given():
    best = Scored(x=0.3, k=4, kind="b")
    search = fitted({"x": uniform(0, 1), "k": randint(1, 9)}, best, n_iter=20)
    assert search.best_score_ >= search.cv_results_["mean_test_score"][0]


def test_without_enqueue_the_sampler_has_the_first_word():
    search = fitted({"x": uniform(0, 1)}, Scored(x=0.25), enqueue=None)
    assert search.cv_results_["params"][0] != {"x": 0.25}


def test_enqueued_dicts_come_first_and_in_order():
    enqueue = [{"x": 0.1, "k": 2}, {"x": 0.2, "k": 8}]
    search = fitted({"x": uniform(0, 1), "k": randint(1, 9)}, enqueue=enqueue)
    assert search.cv_results_["params"][:2] == enqueue
    assert len(search.cv_results_["params"]) == 6


@pytest.mark.parametrize("Search", SEARCHES)
def test_what_an_enqueued_dict_leaves_out_is_sampled(Search):
    search = fitted({"x": uniform(0, 1), "k": randint(1, 9)}, enqueue=[{"k": 2}], Search=Search)
    first = search.cv_results_["params"][0]
    assert first["k"] == 2
    assert 0 <= first["x"] <= 1


def test_an_enqueued_dict_finds_its_branch():
    space = [{"kind": ["a"], "x": uniform(0, 1)}, {"kind": ["b"], "k": randint(1, 9)}]
    enqueue = [{"kind": "b", "k": 3}, {"kind": "a", "x": 0.5}, {"k": 5}]
    search = fitted(space, enqueue=enqueue)
    first = search.cv_results_["params"][:3]
    assert first == [*enqueue[:2], {"kind": "b", "k": 5}]


def test_candidates_enqueued_twice_are_tried_once():
    search = fitted({"x": uniform(0, 1)}, enqueue=[{"x": 0.5}, {"x": 0.5}], n_iter=8)
    assert len(set(keys(search))) == len(keys(search)) == 8


# ----------------------------------------------------------------- none twice, and all


@pytest.mark.parametrize("Search", SEARCHES)
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("random_state", [0, None])
def test_a_small_space_is_searched_once_whole(Search, n_jobs, random_state):
    space = {"k": [1, 2, 3, 4], "kind": ["a", "b"], "x": [0.1, 0.5, 0.9]}
    search = fitted(space, Search=Search, n_iter=200, n_jobs=n_jobs, random_state=random_state,
                    pre_dispatch=3)  # fmt: skip
    assert len(keys(search)) == 24
    assert len(set(keys(search))) == 24
    assert len(search.study_.trials) == 24


@pytest.mark.parametrize("Search", SEARCHES)
def test_no_candidate_of_a_finite_space_is_tried_twice(Search):
    for n_iter in (10, 22):
        search = fitted({"k": randint(1, 9), "kind": ["a", "b", "c"]}, Search=Search, n_iter=n_iter)
        assert len(keys(search)) == len(set(keys(search))) == n_iter


def test_a_small_space_of_branches_is_searched_whole():
    space = [{"kind": ["a"], "k": [1, 2, 3]}, {"kind": ["b"], "x": [0.1, 0.2]}, {"kind": ["c"]}]
    search = fitted(space, n_iter=50)
    assert len(set(keys(search))) == len(keys(search)) == 6


def test_an_empty_space_has_one_candidate():
    search = fitted({}, n_iter=10)
    assert search.cv_results_["params"] == [{}]
    assert search.best_params_ == {}


def test_a_sampler_that_repeats_itself_is_not_followed():
    class Same(BaseSampler):
        def sample_independent(self, study, trial, param_name, param_distribution):
            return param_distribution.to_external_repr(param_distribution.from_unit(0.1))

    search = fitted({"k": [1, 2, 3, 4, 5]}, sampler=Same(), enqueue=None, n_iter=5)
    assert sorted(params["k"] for params in search.cv_results_["params"]) == [1, 2, 3, 4, 5]


# ----------------------------------------------------------------------------- spaces


@pytest.mark.parametrize("Search", SEARCHES)
def test_a_name_may_have_another_range_in_another_branch(Search):
    space = [
        {"kernel": ["linear"], "C": loguniform(1e-3, 1e-1)},
        {"kernel": ["rbf"], "C": loguniform(1e1, 1e3), "gamma": loguniform(1e-3, 1e-1)},
    ]
    search = fitted(space, SVC(), Search, n_iter=25)
    for params in search.cv_results_["params"]:
        if params["kernel"] == "linear":
            assert 1e-3 <= params["C"] <= 1e-1
            assert "gamma" not in params
        else:
            assert 1e1 <= params["C"] <= 1e3
            assert 1e-3 <= params["gamma"] <= 1e-1
    kernels = search.cv_results_["param_kernel"].tolist()
    assert {"linear", "rbf"} == set(kernels)
    masked = np.ma.getmaskarray(search.cv_results_["param_gamma"])
    assert masked.tolist() == [kernel == "linear" for kernel in kernels]


def test_estimators_may_be_choices():
    pipeline = Pipeline([("scale", StandardScaler()), ("model", SVC())])
    space = [
        {"scale": [StandardScaler(), MinMaxScaler(), "passthrough"], "model": [SVC()],
         "model__C": loguniform(1e-1, 1e2)},
        {"scale": ["passthrough"], "model": [DecisionTreeClassifier()],
         "model__max_depth": randint(1, 5)},
    ]  # fmt: skip
    search = fitted(space, pipeline, n_iter=20)
    models = [type(params["model"]) for params in search.cv_results_["params"]]
    assert set(models) == {SVC, DecisionTreeClassifier}
    assert not hasattr(search.cv_results_["params"][0]["model"], "classes_")
    assert isinstance(search.best_estimator_["model"], type(search.best_params_["model"]))


def test_our_own_distributions_are_taken():
    space = {
        "x": FloatDistribution(0.01, 1, log=True),
        "k": IntDistribution(1, 9, step=2),
        "kind": CategoricalDistribution(["a", "b"]),
    }
    for params in fitted(space, n_iter=15).cv_results_["params"]:
        assert 0.01 <= params["x"] <= 1
        assert params["k"] in (1, 3, 5, 7, 9)
        assert params["kind"] in ("a", "b")


def test_optunas_distributions_are_taken():
    optuna = pytest.importorskip("optuna")
    space = {"x": optuna.distributions.FloatDistribution(0, 1),
             "k": optuna.distributions.IntDistribution(1, 9)}  # fmt: skip
    assert all(1 <= p["k"] <= 9 for p in fitted(space).cv_results_["params"])


def test_a_curated_space_is_found_for_a_known_estimator():
    search = fitted("suggest", LogisticRegression(max_iter=300), n_iter=4)
    assert "C" in search.best_params_


@pytest.mark.parametrize("values", [[True, False], [None, 1, "auto"], [(1, 2), (3,)], [1, 1.0]])
def test_choices_reach_the_estimator_as_the_user_wrote_them(values):
    search = fitted({"kind": values}, n_iter=10, enqueue=None)
    tried = [params["kind"] for params in search.cv_results_["params"]]
    assert sorted(map(repr, tried)) == sorted(map(repr, values))


def test_the_study_keeps_the_same_parameters_as_the_results():
    search = fitted({"x": uniform(0, 1), "kind": ["a", "b"]}, n_iter=10)
    assert [trial.params for trial in search.study_.trials] == search.cv_results_["params"]


@pytest.mark.parametrize("Search", [TPESearchCV, RandomSearchCV, StudySearchCV])
def test_tpe_is_the_default_but_for_random_search(Search):
    name = "RandomSampler" if Search is RandomSearchCV else "TPESampler"
    assert type(fitted({"x": uniform(0, 1)}, Search=Search).study_.sampler).__name__ == name


def test_tpe_learns_more_than_random_search_does():
    space = {"x": uniform(0, 1), "k": randint(1, 40), "kind": list("abcdef")}
    best = {
        Search: [
            fitted(space, Search=Search, n_iter=40, random_state=seed).best_score_
            for seed in range(8)
        ]
        for Search in SEARCHES
    }
    assert np.mean(best[TPESearchCV]) > np.mean(best[RandomSearchCV])
