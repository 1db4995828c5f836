"""With a seed and default settings, the number of workers changes nothing but the time."""

import warnings

import joblib
import pytest
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.svm import SVC

from skhpo import (
    CmaEsSearchCV,
    GPSearchCV,
    HyperbandSearchCV,
    ParetoSearchCV,
    QMCSearchCV,
    RandomSearchCV,
    StudySearchCV,
    TPESearchCV,
)
from skhpo.search._setup import WINDOW, WORKERS_EACH
from tests.search.estimators import Dawdling
from tests.search.test_reproducible import BRANCHES, FLAT, outcome

X, y = make_classification(n_samples=60, n_features=4, random_state=0)
MANY = WORKERS_EACH * WINDOW + 1  # workers, more than the default window feeds


def score(estimator, X, y):
    return estimator.score(X, y)


def minus_x(estimator, X, y):
    return -estimator.x


SEARCHES = {
    "tpe": (TPESearchCV, FLAT, {}),
    "branches": (TPESearchCV, BRANCHES, {}),
    "gp": (GPSearchCV, FLAT, {}),
    "cma-es": (CmaEsSearchCV, FLAT, {}),
    "qmc": (QMCSearchCV, FLAT, {}),
    "random": (RandomSearchCV, FLAT, {}),
    "random, no pruner": (RandomSearchCV, FLAT, {"pruner": None}),
    "study": (StudySearchCV, FLAT, {}),
    "hyperband": (HyperbandSearchCV, FLAT, {"min_resources": 20}),
    "confirmed": (TPESearchCV, FLAT, {"n_confirm": 3}),
    "pareto": (ParetoSearchCV, FLAT, {"objectives": {"score": score, "x": minus_x}}),
}


def fit(name, n_jobs, backend="threading"):
    Search, space, settings = SEARCHES[name]
    settings = {"n_iter": 12, "cv": 4, "random_state": 3, "n_jobs": n_jobs, **settings}
    with joblib.parallel_config(backend):
        return Search(Dawdling(), space, **settings).fit(X, y)


@pytest.mark.parametrize("name", SEARCHES)
def test_one_two_and_four_workers_find_the_same(name):
    one, two, four = (outcome(fit(name, n_jobs)) for n_jobs in (1, 2, 4))
    assert one == two == four


@pytest.mark.parametrize("name", ["tpe", "hyperband", "pareto"])
def test_processes_find_what_one_thread_finds(name):
    assert outcome(fit(name, 2, "loky")) == outcome(fit(name, 1))


def test_a_support_vector_machine_is_tuned_alike_by_any_number_of_workers():
    data = load_breast_cancer(return_X_y=True)
    ranges = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-7, 1e-1)}
    searches = [
        TPESearchCV(SVC(), ranges, n_iter=20, random_state=0, n_jobs=n_jobs).fit(*data)
        for n_jobs in (1, 2)
    ]
    assert searches[0].best_params_ == searches[1].best_params_
    assert outcome(searches[0]) == outcome(searches[1])


def warnings_of(**settings):
    search = RandomSearchCV(
        Dawdling(), {"x": uniform(0, 1)}, **{"n_iter": 3, "cv": 2, "random_state": 0} | settings
    )
    with joblib.parallel_config("threading"), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(X, y)
    return [str(warning.message) for warning in caught if warning.category is UserWarning]


def test_more_workers_than_the_window_can_feed_are_told_of_once():
    (message,) = warnings_of(n_jobs=MANY)
    assert f"`pre_dispatch={MANY}`" in message
    assert "random_state=None" in message


@pytest.mark.parametrize(
    "settings",
    [
        {"n_jobs": MANY - 1},
        {"n_jobs": MANY, "pre_dispatch": MANY},
        {"n_jobs": MANY, "pre_dispatch": "n_jobs"},
        {"n_jobs": MANY, "random_state": None},
        {"n_jobs": MANY, "pruner": None},  # a random search without pruning: no result counts
    ],
    ids=str,
)
def test_workers_that_can_be_fed_are_not_warned_of(settings):
    assert warnings_of(**settings) == []
