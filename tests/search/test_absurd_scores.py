"""Whatever floats a scorer returns, the search goes on, and numpy does not warn."""

import warnings

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from skhpo import (
    CmaEsSearchCV,
    GPSearchCV,
    HyperbandSearchCV,
    ParetoSearchCV,
    QMCSearchCV,
    TPESearchCV,
    one_standard_error,
)
from skhpo.pruners import MedianPruner, PatientPruner, RacingPruner, WilcoxonPruner

X, y = np.arange(40.0).reshape(-1, 1), np.arange(40) % 2
SPACE = {"a": uniform(), "b": uniform(), "kind": ["one", "two", "three"]}
TABLES = {
    "huge": [1e308, -1e308, 1e200, -1e200, 1e155, 1.0, 2.0],
    "diverging": [-1.0, -2.0, -1e160, -1e12, -0.5],
    "denormal": [5e-324, -5e-324, 1e-310, 0.0],
    "infinite": [np.inf, -np.inf, 1.0, 0.5, 1e308],
    "minus infinity alone": [-np.inf],
    "nan": [np.nan, 1.0, -1e308, 0.5, np.inf],
}
SEARCHES = {
    "tpe": TPESearchCV,
    "gp": GPSearchCV,
    "cma-es": CmaEsSearchCV,
    "qmc": QMCSearchCV,
    "hyperband": lambda *args, **kwargs: HyperbandSearchCV(*args, min_resources=10, **kwargs),
    "confirmed": lambda *args, **kwargs: TPESearchCV(*args, n_confirm=3, cv=4, **kwargs),
    "simplest": lambda *args, **kwargs: TPESearchCV(*args, refit=one_standard_error("b"), **kwargs),
    "no pruner": lambda *args, **kwargs: TPESearchCV(*args, pruner=None, **kwargs),
    "median": lambda *args, **kwargs: TPESearchCV(*args, pruner=MedianPruner(1), **kwargs),
    "wilcoxon": lambda *args, **kwargs: TPESearchCV(*args, pruner=WilcoxonPruner(), **kwargs),
    "patient": lambda *args, **kwargs: TPESearchCV(
        *args, pruner=PatientPruner(RacingPruner(), 1), **kwargs
    ),
}


class Learned(BaseEstimator):
    """Learns nothing; scorers read its parameters."""

    def __init__(self, a=0.5, b=0.5, kind="one"):
        self.a = a
        self.b = b
        self.kind = kind

    def fit(self, X, y=None):
        return self


def absurd(table, share, seed=0):
    """A scorer that returns one of the table's values for a share of the folds."""

    def score(estimator, X, y=None):
        rng = np.random.default_rng([seed, int(X[0, 0]), int(estimator.a * 1e6)])
        if rng.random() < share:
            return TABLES[table][int(rng.integers(len(TABLES[table])))]
        return -((estimator.a - 0.3) ** 2) - (estimator.b - 0.6) ** 2 + 0.01 * rng.normal()

    return score


def fit_without_warnings_of_numpy(search):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        return search.fit(X, y)


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_outlives_absurd_scores(name, table, share):
    settings = {"scoring": absurd(table, share), "n_iter": 15, "random_state": 0}
    search = fit_without_warnings_of_numpy(SEARCHES[name](Learned(), SPACE, **settings))
    assert len(search.cv_results_["params"]) == 15
    assert search.best_params_ in list(search.cv_results_["params"])


@pytest.mark.parametrize(
    ("preferred", "n_confirm"), [(None, 0), ({"one": ">= -5", "two": ">= -1e300"}, 3)]
)
@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize("table", TABLES)
def test_a_search_with_several_objectives_outlives_absurd_scores(
    table, share, preferred, n_confirm
):
    search = ParetoSearchCV(
        Learned(),
        SPACE,
        objectives={"one": absurd(table, share), "two": absurd(table, share, seed=1)},
        constraints={"one": ">= -5"},
        preferred=preferred,
        n_confirm=n_confirm,
        n_iter=15,
        random_state=0,
    )
    if share == 1.0 and table in ("nan", "infinite"):
        with pytest.raises(ValueError, match=r"No candidate is complete|finite values in all"):
            fit_without_warnings_of_numpy(search)
    else:
        fit_without_warnings_of_numpy(search)
    assert len(search.cv_results_["params"]) == 15


def test_a_mean_of_infinite_scores_of_both_signs_is_a_failure_not_a_winner():
    def score(estimator, X, y=None):
        if estimator.a < 0.5:
            return np.inf if X[0, 0] == 0.0 else -np.inf
        return estimator.a

    search = TPESearchCV(
        Learned(), {"a": uniform()}, scoring=score, pruner=None, n_iter=10, random_state=0, cv=2
    )
    with pytest.warns(UserWarning, match="non-finite"):
        search.fit(X)
    low = np.asarray(search.cv_results_["param_a"], dtype=float) < 0.5
    assert set(search.cv_results_["status"][low]) == {"failed"}
    assert search.best_params_["a"] >= 0.5


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("Search", [TPESearchCV, GPSearchCV])
def test_a_regressor_that_diverges_does_not_end_the_search(Search):
    X, y = load_diabetes(return_X_y=True)
    diverging = TransformedTargetRegressor(
        make_pipeline(PolynomialFeatures(2), StandardScaler(), Ridge()),
        func=np.log,
        inverse_func=lambda z: np.exp(30.0 * z),
    )
    search = Search(
        diverging,
        {"regressor__ridge__alpha": uniform(1e-9, 1e3)},
        scoring="neg_mean_squared_error",
        n_iter=10,
        random_state=0,
    ).fit(X[:150], y[:150])
    scores = np.concatenate([search.cv_results_[f"split{k}_test_score"] for k in range(5)])
    assert np.nanmin(scores) < -1e154  # it does diverge
    assert np.isfinite(search.best_score_)
