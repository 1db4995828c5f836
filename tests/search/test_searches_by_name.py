"""Each search by name, and each sampler in a search, holds what all searches promise."""

import numpy as np
import pytest
from sklearn.datasets import load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo.distributions import FloatDistribution
from skhpo.samplers import (
    AutoSampler,
    CmaEsSampler,
    GPSampler,
    NSGAIIISampler,
    NSGAIISampler,
    QMCSampler,
    TPESampler,
)

SEARCHES = [
    skhpo.CmaEsSearchCV,
    skhpo.GPSearchCV,
    skhpo.QMCSearchCV,
    skhpo.RandomSearchCV,
    skhpo.TPESearchCV,
]
SAMPLERS = [
    AutoSampler(),
    CmaEsSampler(popsize=5),
    GPSampler(n_startup_trials=6, acquisition="ucb"),
    NSGAIISampler(population_size=6),
    NSGAIIISampler(population_size=6),
    QMCSampler(qmc_type="halton"),
    TPESampler(multivariate=False),
]
MIXED = {
    "svc__C": FloatDistribution(1e-3, 1e3, log=True),
    "svc__gamma": FloatDistribution(1e-5, 1e1, log=True),
    "svc__kernel": ["rbf", "sigmoid"],
    "svc__degree": range(2, 5),
}
by_class = pytest.mark.parametrize("search_class", SEARCHES, ids=lambda c: c.__name__)
by_sampler = pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: type(s).__name__)


def table(search):
    """What a search has found, without its times."""
    return {
        key: np.asarray(column).tolist()
        for key, column in search.cv_results_.items()
        if "time" not in key
    }


def fitted(search_class, n_jobs=1, **options):
    X, y = load_wine(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), SVC())
    settings = {"n_iter": 25, "cv": 3, "random_state": 0, "pre_dispatch": 3} | options
    return search_class(pipeline, MIXED, n_jobs=n_jobs, **settings).fit(X, y)


@by_class
def test_the_same_seed_gives_the_same_on_two_workers(search_class):
    one, two = fitted(search_class), fitted(search_class, n_jobs=2)
    np.testing.assert_equal(table(one), table(two))
    assert one.best_score_ > 0.96


@by_sampler
def test_each_sampler_gives_the_same_on_two_workers(sampler):
    one, two = (fitted(skhpo.StudySearchCV, n_jobs=n_jobs, sampler=sampler) for n_jobs in (1, 2))
    np.testing.assert_equal(table(one), table(two))
    assert one.best_score_ > 0.96
    keys = [tuple(sorted(params.items())) for params in one.cv_results_["params"]]
    assert len(set(keys)) == len(keys)


@by_class
def test_without_a_seed_every_worker_is_kept_busy_and_all_is_recorded(search_class):
    search = fitted(search_class, n_jobs=2, random_state=None)
    assert len(search.cv_results_["params"]) == 25
    assert len(search.study_.trials) == 25


@by_class
def test_a_conditional_space_is_searched(search_class):
    X, y = load_iris(return_X_y=True)
    space = [
        {"clf": [SVC()], "clf__C": FloatDistribution(1e-3, 1e3, log=True)},
        {"clf": [DecisionTreeClassifier(random_state=0)], "clf__max_depth": range(1, 8)},
        {
            "clf": [LogisticRegression(max_iter=50)],
            "clf__C": FloatDistribution(1e-3, 1e3, log=True),
        },
    ]
    pipeline = scaled()
    search = search_class(pipeline, space, n_iter=24, cv=3, random_state=0).fit(X, y)
    kinds = {type(params["clf"]).__name__ for params in search.cv_results_["params"]}
    assert len(kinds) == 3
    assert search.best_score_ > 0.95


def scaled():
    from sklearn.pipeline import Pipeline

    return Pipeline([("scale", StandardScaler()), ("clf", SVC())])


@by_class
def test_a_small_finite_space_is_tried_to_its_end(search_class):
    X, y = load_iris(return_X_y=True)
    search = search_class(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": [1, 2, 3], "criterion": ["gini", "entropy"]},
        n_iter=50,
        cv=3,
        random_state=0,
    ).fit(X, y)
    assert len(search.cv_results_["params"]) == 6


@pytest.mark.parametrize("search_class", [skhpo.GPSearchCV, skhpo.TPESearchCV])
def test_what_learns_does_better_than_chance(search_class):
    """Best score of the second half of the candidates, against that of random ones."""

    def mean_late(search):
        scores = search.cv_results_["mean_test_score"][15:]
        return np.mean(scores)

    learned = np.mean(
        [mean_late(fitted(search_class, pruner=None, random_state=s)) for s in (0, 1)]
    )
    drawn = np.mean(
        [mean_late(fitted(skhpo.RandomSearchCV, pruner=None, random_state=s)) for s in (0, 1)]
    )
    assert learned > drawn + 0.1
