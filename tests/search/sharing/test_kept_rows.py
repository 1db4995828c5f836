"""The rows of a fold are taken out of the data once, and each fit gets a copy of them."""

import threading

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.stats import uniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import RandomSearchCV, TPESearchCV
from skhpo.search.selection._fresh_splits import fresh_splits
from skhpo.search.sharing import _kept_rows
from skhpo.search.sharing._store import store_of_process

X, y = load_iris(return_X_y=True)
NAMES = np.array(["a", "b", "c"])[y]
FRAME = pd.DataFrame(X).add_prefix("x").assign(n=np.arange(150), f=X[:, 0].astype(np.float32))
WORDS = pd.DataFrame({"one": NAMES, "two": pd.Categorical(np.roll(NAMES, 30))})
TREE = DecisionTreeClassifier(random_state=0)
DEPTH = {"max_depth": [1, 3]}
ENCODED = make_pipeline(OneHotEncoder(handle_unknown="ignore"), TREE)
OF_ENCODED = {"decisiontreeclassifier__max_depth": [1, 3]}


def scores_of(search):
    names = [n for n in search.cv_results_ if n.startswith("split")]
    return {name: search.cv_results_[name] for name in names}


@pytest.mark.parametrize(
    ("estimator", "grid", "X", "y"),
    [
        (TREE, DEPTH, X, NAMES),
        (TREE, DEPTH, np.asfortranarray(X), y),
        (GaussianNB(), {"var_smoothing": [1e-9, 0.1]}, np.asfortranarray(X), y),
        (GaussianNB(), {"var_smoothing": [1e-9, 0.1]}, X[::-1, ::2], y[::-1]),
        (TREE, DEPTH, sparse.csr_matrix(X), y),
        (TREE, DEPTH, sparse.csc_array(X), y),
        (TREE, DEPTH, FRAME, pd.Series(NAMES)),
        (GaussianNB(), {"var_smoothing": [1e-9, 0.1]}, FRAME, pd.Series(y, index=range(7, 157))),
        (ENCODED, OF_ENCODED, WORDS, pd.Series(NAMES).astype("category")),
        (ENCODED, OF_ENCODED, WORDS.astype(str).to_numpy(dtype=object), NAMES.astype(object)),
        (TREE, DEPTH, pl.DataFrame(X), pl.Series(NAMES)),
        (TREE, DEPTH, X.tolist(), NAMES.tolist()),
        (KNeighborsClassifier(), {"n_neighbors": [1, 9]}, X, pd.DataFrame({"a": y, "b": y[::-1]})),
        (SVC(kernel="precomputed"), {"C": [0.1, 10.0]}, rbf_kernel(X), y),
    ],
    ids=[
        "array", "fortran", "sums", "view", "csr", "csc", "frame", "series", "categories",
        "objects", "polars", "lists", "two targets", "kernel",
    ],
)  # fmt: skip
def test_scores_are_those_of_scikit_learn(estimator, grid, X, y):
    def score(model, X, y):
        return float(np.mean(np.asarray(model.predict(X)) == np.asarray(y)))

    given = {"cv": KFold(4, shuffle=True, random_state=0), "scoring": score}
    given |= {"return_train_score": True, "refit": False}
    theirs = GridSearchCV(estimator, grid, **given).fit(X, y)
    ours = RandomSearchCV(
        estimator, grid, pruner=None, random_state=0, submodels=False, share_steps=False, **given
    ).fit(X, y)
    expected = scores_of(theirs)
    assert len(expected) == 8
    for name, column in expected.items():
        np.testing.assert_array_equal(ours.cv_results_[name], column)


@pytest.mark.parametrize("kind", ["mask", "list", "unsigned"])
def test_folds_may_be_given_in_other_ways(kind):
    def given(rows):
        mask = np.isin(np.arange(150), rows)
        return {"mask": mask, "list": rows.tolist(), "unsigned": rows.astype(np.uint8)}[kind]

    folds = KFold(3, shuffle=True, random_state=0).split(X)
    cv = [(given(train), given(test)) for train, test in folds]
    for data in (X, FRAME):
        ours = RandomSearchCV(TREE, DEPTH, n_iter=None, cv=cv, pruner=None, refit=False)
        theirs = GridSearchCV(TREE, DEPTH, cv=cv, refit=False)
        found, expected = scores_of(ours.fit(data, y)), scores_of(theirs.fit(data, y))
        assert {name: repr(one) for name, one in found.items()} == {
            name: repr(one) for name, one in expected.items()
        }


def test_weights_belong_to_the_rows():
    weights = np.random.default_rng(0).random(150)
    grid = {"var_smoothing": [1e-9, 0.1]}
    theirs = GridSearchCV(GaussianNB(), grid, cv=4).fit(X, y, sample_weight=weights)
    ours = RandomSearchCV(GaussianNB(), grid, cv=4, pruner=None).fit(X, y, sample_weight=weights)
    for name, column in scores_of(theirs).items():
        np.testing.assert_array_equal(ours.cv_results_[name], column)


@pytest.fixture
def taken(monkeypatch):
    """Which rows were taken out of the data."""
    calls = []
    take = _kept_rows.safe_indexing

    def spy(data, rows):
        calls.append(len(rows))
        return take(data, rows)

    monkeypatch.setattr(_kept_rows, "safe_indexing", spy)
    return calls


def test_rows_are_taken_once_for_all_candidates_and_forgotten_at_the_end(taken):
    TPESearchCV(GaussianNB(), {"var_smoothing": uniform(0, 1)}, n_iter=12, cv=3).fit(X, y)
    assert sorted(taken) == [50] * 6 + [100] * 6  # X and y
    assert len(store_of_process()) == 0
    assert store_of_process().n_bytes == 0


def test_rows_of_large_data_are_taken_each_time_and_not_kept(taken, monkeypatch):
    given = {"cv": 3, "n_iter": 4, "pruner": None, "random_state": 0}
    space = {"var_smoothing": uniform(0, 1)}
    expected = scores_of(TPESearchCV(GaussianNB(), space, **given).fit(X, y))
    taken.clear()
    monkeypatch.setattr(_kept_rows, "MOST", X.nbytes - 1)
    found = scores_of(TPESearchCV(GaussianNB(), space, **given).fit(X, y))
    assert taken == [50 + 50 * (i % 2 == 0) for i in range(6)]  # of y, which is small
    for name, column in expected.items():
        np.testing.assert_array_equal(found[name], column)

    kept = []
    put = type(store_of_process()).put

    def spy(self, key, value, n_bytes, limit):
        kept.append(key[1])
        return put(self, key, value, n_bytes, limit)

    monkeypatch.setattr(type(store_of_process()), "put", spy)
    monkeypatch.setattr(_kept_rows, "MOST", X.nbytes)  # three times two thirds are too much
    TPESearchCV(GaussianNB(), space, **given).fit(X, y)
    assert kept.count("X") == 3  # the test parts
    assert kept.count("y") == 6


class Spoiling(ClassifierMixin, BaseEstimator):
    """Changes its training rows."""

    def __init__(self, x=0.0):
        self.x = x

    def fit(self, X, y):
        self.model_ = GaussianNB().fit(X, y)
        self.classes_ = self.model_.classes_
        X += 5.0 + self.x
        y[:] = 0
        return self

    def predict(self, X):
        return self.model_.predict(X)


def test_a_fit_that_changes_its_rows_changes_no_other():
    given = {"cv": 3, "return_train_score": True, "refit": False}
    grid = {"x": [0.0, 1.0, 2.0]}
    theirs = GridSearchCV(Spoiling(), grid, **given).fit(X, y.copy())
    ours = RandomSearchCV(Spoiling(), grid, pruner=None, **given).fit(X, y.copy())
    for name, column in scores_of(theirs).items():
        np.testing.assert_array_equal(ours.cv_results_[name], column)


def test_new_folds_have_rows_of_their_own():
    search = TPESearchCV(
        GaussianNB(), {"var_smoothing": uniform(0, 1)}, n_iter=5, cv=3, n_confirm=2, random_state=0
    ).fit(X, y)
    folds = fresh_splits(3, GaussianNB(), X, y, {}, 0)
    for row in np.flatnonzero(~np.isnan(search.cv_results_["mean_confirmed_score"])):
        model = GaussianNB(**search.cv_results_["params"][row])
        expected = cross_val_score(model, X, y, cv=folds).mean()
        assert search.cv_results_["mean_confirmed_score"][row] == expected


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers_find_what_one_worker_finds(backend):
    big = np.tile(X, (60, 6))  # larger than a megabyte: workers have it in a memory map
    target = np.tile(y, 60)
    given = {"cv": 3, "n_iter": 4, "pruner": None, "random_state": 0, "refit": False}
    space = {"var_smoothing": uniform(0, 1)}
    alone = scores_of(RandomSearchCV(GaussianNB(), space, **given).fit(big, target))
    with joblib.parallel_config(backend, n_jobs=2):
        found = scores_of(RandomSearchCV(GaussianNB(), space, **given).fit(big, target))
    for name, column in alone.items():
        np.testing.assert_array_equal(found[name], column)
    assert len(store_of_process()) == 0


def test_searches_of_other_data_in_threads_do_not_meet():
    space = {"var_smoothing": uniform(0, 1)}
    searches = [
        RandomSearchCV(GaussianNB(), space, n_iter=20, cv=3, pruner=None, random_state=0)
        for _ in range(2)
    ]
    data = [(X, y), (X[::-1] * 3.0, y[::-1])]
    threads = [
        threading.Thread(target=search.fit, args=one)
        for search, one in zip(searches, data, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for search, one in zip(searches, data, strict=True):
        for row, params in enumerate(search.cv_results_["params"]):
            expected = cross_val_score(GaussianNB(**params), *one, cv=3).mean()
            assert search.cv_results_["mean_test_score"][row] == expected
