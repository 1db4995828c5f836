"""Searches over long lists: values with their types, stored as a range, resumed as they were."""

import sqlite3

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

import skhpo
from skhpo import CmaEsSearchCV, GPSearchCV, QMCSearchCV, RandomSearchCV, TPESearchCV

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_iris(return_X_y=True)
SPACE = {"C": np.linspace(0.01, 10, 100_000), "max_iter": range(100, 100_000)}


@pytest.mark.parametrize(
    "Search", [TPESearchCV, GPSearchCV, CmaEsSearchCV, QMCSearchCV, RandomSearchCV]
)
def test_each_search_gives_elements_of_the_lists(Search):
    search = Search(LogisticRegression(), SPACE, n_iter=12, cv=2, random_state=0, enqueue=None)
    for params in search.fit(X, y).cv_results_["params"]:
        assert type(params["C"]) is np.float64
        assert params["C"] in SPACE["C"]
        assert type(params["max_iter"]) is int
        assert params["max_iter"] in SPACE["max_iter"]


def test_a_stored_search_over_long_lists_goes_on_and_stores_no_list(tmp_path):
    url = f"sqlite:///{tmp_path}/search.db"

    def search(n_iter, **settings):
        search = TPESearchCV(
            LogisticRegression(), SPACE, n_iter=n_iter, cv=2, random_state=0, **settings
        )
        return search.fit(X, y).cv_results_["params"]

    stored = {"storage": url, "study_name": "long"}
    search(4, **stored)
    assert search(8, **stored) == search(8)
    with sqlite3.connect(tmp_path / "search.db") as connection:
        rows = connection.execute("select distribution_json from trial_params").fetchall()
    assert max(len(text) for (text,) in rows) < 200


def test_a_stored_search_knows_another_long_list(tmp_path):
    stored = {"storage": f"sqlite:///{tmp_path}/search.db", "study_name": "long"}
    for C in (np.linspace(0.01, 10, 5000), np.linspace(0.01, 10, 5001)):
        search = TPESearchCV(LogisticRegression(), {"C": C}, n_iter=2, cv=2, **stored)
        if len(C) == 5000:
            search.fit(X, y)
        else:
            with pytest.raises(skhpo.exceptions.StudyMismatchError, match="5001 numbers"):
                search.fit(X, y)


def test_optuna_reads_the_values_of_a_stored_search_over_long_lists(tmp_path):
    optuna = pytest.importorskip("optuna")
    url = f"sqlite:///{tmp_path}/search.db"
    search = TPESearchCV(
        LogisticRegression(), SPACE, n_iter=4, cv=2, random_state=0, storage=url, study_name="long"
    ).fit(X, y)
    study = optuna.load_study(study_name="long", storage=url)
    assert [trial.params for trial in study.trials] == search.cv_results_["params"]


class Layers:
    """Draws tuples, as users of RandomizedSearchCV write it for the layers of a network."""

    def rvs(self, random_state=None):
        return tuple(int(n) for n in random_state.randint(1, 9, size=random_state.randint(1, 3)))


@pytest.mark.parametrize("seed", [0, None])
def test_a_stored_search_over_drawn_tuples_goes_on(tmp_path, seed):
    class Net(LogisticRegression):
        def __init__(self, layers=(1,), C=1.0):
            super().__init__(C=C)
            self.layers = layers

    stored = {"storage": f"sqlite:///{tmp_path}/search.db", "study_name": "drawn"}
    space = {"layers": Layers()}
    first = TPESearchCV(Net(), space, n_iter=3, cv=2, random_state=seed, **stored).fit(X, y)
    again = TPESearchCV(Net(), space, n_iter=5, cv=2, random_state=seed, **stored).fit(X, y)
    assert again.cv_results_["params"][:3] == first.cv_results_["params"]
    assert all(isinstance(p["layers"], tuple) for p in again.cv_results_["params"])


def test_numbers_in_random_order_are_learned_from_in_order():
    values = np.random.default_rng(0).permutation(np.arange(1, 501)).tolist()

    class Peak(LogisticRegression):
        def fit(self, X, y):
            return self

        def score(self, X, y):
            return -abs(self.C - 300)

    search = TPESearchCV(Peak(), {"C": values}, n_iter=40, cv=2, random_state=0, refit=False)
    assert search.fit(X, y).best_score_ >= -5
