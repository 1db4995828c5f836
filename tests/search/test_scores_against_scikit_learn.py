"""Scores equal scikit-learn's own evaluation of the same candidates, bit for bit."""

import numpy as np
import pytest
import sklearn
from scipy import sparse
from scipy.stats import loguniform, randint
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs, make_classification, make_regression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, log_loss, make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, ShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skhpo import RandomSearchCV, TPESearchCV
from skhpo.pruners import MedianPruner, RacingPruner
from tests.search.columns import columns_of_ours

X, y = make_classification(n_samples=120, n_features=6, n_informative=4, flip_y=0.2, random_state=0)
X_real, y_real = make_regression(n_samples=100, n_features=5, noise=20.0, random_state=0)
X_blobs, _ = make_blobs(n_samples=90, centers=4, random_state=0)
groups = np.arange(len(y)) % 7
weight = np.random.default_rng(0).uniform(0.1, 2.0, len(y))

C = {"C": loguniform(1e-3, 1e2)}
depth = {"max_depth": randint(1, 9), "min_samples_leaf": [1, 2, 4, 8]}


def accuracy_and_loss(estimator, X, y):
    return {
        "accuracy": accuracy_score(y, estimator.predict(X)),
        "loss": -log_loss(y, estimator.predict_proba(X)),
    }


def oracle_of(search, X, y, **fit_params):
    """scikit-learn's grid search over the candidates that ours tried, in the same order."""
    return GridSearchCV(
        search.estimator,
        [{name: [value] for name, value in p.items()} for p in search.cv_results_["params"]],
        scoring=search.scoring,
        refit=search.refit,
        cv=search.cv,
        error_score=search.error_score,
        return_train_score=search.return_train_score,
    ).fit(X, y, **fit_params)


def assert_same_results(search, oracle):
    ours, theirs = search.cv_results_, oracle.cv_results_
    assert set(ours) == set(theirs) | columns_of_ours(theirs)
    for name in theirs:
        if not name.endswith("_time"):
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    for name in ("best_index_", "best_score_", "best_params_", "n_splits_", "multimetric_"):
        assert getattr(search, name) == getattr(oracle, name)


CASES = {
    "classifier": (LogisticRegression(), C, {}, X, y, {}),
    "regressor": (Ridge(), {"alpha": loguniform(1e-2, 1e3)}, {"cv": 4}, X_real, y_real, {}),
    "clusterer": (KMeans(n_init=1, random_state=0), {"n_clusters": randint(2, 9)}, {"cv": 3},
                  X_blobs, None, {}),
    "train scores": (DecisionTreeClassifier(random_state=0), depth, {"return_train_score": True},
                     X, y, {}),
    "branches": (
        SVC(random_state=0),
        [
            {"kernel": ["linear"], "C": loguniform(1e-3, 1)},
            {"kernel": ["rbf"], "C": loguniform(1e-1, 1e2), "gamma": loguniform(1e-3, 1)},
        ],
        {}, X, y, {},
    ),
    "estimators as choices": (
        Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())]),
        {
            "scale": [StandardScaler(), MinMaxScaler(), "passthrough"],
            "model": [LogisticRegression(), KNeighborsClassifier(), SVC(C=3)],
        },
        {}, X, y, {},
    ),
    "metrics in a list": (
        LogisticRegression(), C,
        {"scoring": ["accuracy", "roc_auc"], "refit": "roc_auc", "return_train_score": True},
        X, y, {},
    ),
    "metrics from a callable": (LogisticRegression(), C,
                                {"scoring": accuracy_and_loss, "refit": "loss"}, X, y, {}),
    "sample weights": (LogisticRegression(), C, {}, X, y, {"sample_weight": weight}),
    "groups": (DecisionTreeRegressor(random_state=0), depth, {"cv": GroupKFold(4)}, X, y,
               {"groups": groups}),
    "random splits": (LogisticRegression(), C, {"cv": ShuffleSplit(4, random_state=3)}, X, y, {}),
    "sparse input": (LogisticRegression(), C, {}, sparse.csr_matrix(X), y, {}),
    "several targets": (Ridge(), {"alpha": [0.1, 1.0, 10.0]}, {"cv": KFold(3)}, X_real,
                        np.c_[y_real, -y_real], {}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("Search", [TPESearchCV, RandomSearchCV])
def test_without_a_pruner_all_scores_equal_those_of_scikit_learn(Search, case):
    estimator, space, settings, X, y, fit_params = CASES[case]
    search = Search(estimator, space, n_iter=8, pruner=None, random_state=0, **settings)
    search.fit(X, y, **fit_params)
    assert_same_results(search, oracle_of(search, X, y, **fit_params))


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_scores_equal_those_of_scikit_learn_when_several_workers_fit(backend):
    import joblib

    search = TPESearchCV(LogisticRegression(), C, n_iter=8, pruner=None, random_state=0, n_jobs=2)
    with joblib.parallel_config(backend):
        search.fit(X, y)
    assert_same_results(search, oracle_of(search, X, y))


def test_scores_equal_those_of_scikit_learn_with_metadata_routing():
    with sklearn.config_context(enable_metadata_routing=True):
        accuracy = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        estimator = LogisticRegression().set_fit_request(sample_weight=True)
        params = {"sample_weight": weight, "groups": groups}
        search = TPESearchCV(estimator, C, n_iter=6, pruner=None, random_state=0,
                             scoring=accuracy, cv=GroupKFold(3)).fit(X, y, **params)  # fmt: skip
        assert_same_results(search, oracle_of(search, X, y, **params))


def test_failed_fits_get_the_error_score_as_in_scikit_learn():
    space = {"penalty": ["l2", "never heard of"], "C": [0.1, 1.0]}
    search = RandomSearchCV(LogisticRegression(), space, pruner=None, error_score=-1.0,
                            random_state=0)  # fmt: skip
    with pytest.warns(sklearn.exceptions.FitFailedWarning):
        search.fit(X, y)
    with pytest.warns(sklearn.exceptions.FitFailedWarning):
        assert_same_results(search, oracle_of(search, X, y))


@pytest.mark.parametrize("pruner", [RacingPruner(alpha=0.2), MedianPruner(n_startup_trials=2)])
@pytest.mark.parametrize("scoring", [None, "neg_log_loss"])
def test_with_a_pruner_the_folds_that_were_run_score_as_in_scikit_learn(pruner, scoring):
    search = RandomSearchCV(
        DecisionTreeClassifier(random_state=0), depth, n_iter=20, pruner=pruner, cv=6,
        scoring=scoring, return_train_score=True, random_state=1,
    ).fit(X, y)  # fmt: skip
    ours, theirs = search.cv_results_, oracle_of(search, X, y).cv_results_
    complete = ours["status"] == "complete"
    assert 0 < complete.sum() < 20
    for part in ("test", "train"):
        names = [f"split{fold}_{part}_score" for fold in range(6)]
        mine = np.array([ours[name] for name in names])
        real = np.array([theirs[name] for name in names])
        run = ~np.isnan(mine)
        np.testing.assert_array_equal(mine[run], real[run])
        np.testing.assert_array_equal(run.sum(axis=0), ours["n_splits_evaluated"])
        for name in (f"mean_{part}_score", f"std_{part}_score"):
            np.testing.assert_array_equal(ours[name][complete], theirs[name][complete])
            assert np.isnan(ours[name][~complete]).all()
    best = theirs["mean_test_score"][complete].max()
    assert search.best_score_ == best
    assert (ours["rank_test_score"][~complete] > ours["rank_test_score"][complete].max()).all()


def test_the_refitted_estimator_predicts_as_one_fitted_by_hand():
    search = TPESearchCV(LogisticRegression(), C, n_iter=5, random_state=0).fit(X, y)
    by_hand = LogisticRegression(**search.best_params_).fit(X, y)
    np.testing.assert_array_equal(search.predict_proba(X), by_hand.predict_proba(X))
    assert search.score(X, y) == get_scorer("accuracy")(by_hand, X, y)
