"""``keep_predictions``: the out-of-fold predictions of the best candidates."""

import pickle
import sqlite3
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_linnerud
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import (
    KFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.fixes import parse_version

from skhpo import (
    HyperbandSearchCV,
    ParetoSearchCV,
    RandomSearchCV,
    TPESearchCV,
)
from skhpo.search.objectives import _costs
from skhpo.search.selection._kept_predictions import KeptPredictions
from tests.search.estimators import Failing, Scored

X, y = load_iris(return_X_y=True)
X_bin, y_bin = load_breast_cancer(return_X_y=True)
X_bin, y_bin = X_bin[::4, :6], y_bin[::4]
SVM = {"C": loguniform(1e-2, 1e2), "gamma": loguniform(1e-3, 1e1)}
NAMES = np.array(["setosa", "versicolor", "virginica"])[y]


def assert_equals_cross_val_predict(search, X, y, cv=None):
    assert len(search.oof_predictions_) > 0
    for row, predictions in search.oof_predictions_.items():
        assert search.cv_results_["status"][row] == "complete"
        model = clone(search.estimator).set_params(**search.cv_results_["params"][row])
        method = search.oof_methods_[row]
        expected = cross_val_predict(model, X, y, method=method, cv=cv)
        if sparse.issparse(expected):
            assert predictions.format == expected.format
            predictions, expected = predictions.toarray(), expected.toarray()
        tables = expected if isinstance(expected, list) else [expected]
        found = predictions if isinstance(expected, list) else [predictions]
        for one, other in zip(found, tables, strict=True):
            np.testing.assert_array_equal(one, other, strict=True)


def best_rows(search, n):
    means = np.where(
        search.cv_results_["status"] == "complete", search.cv_results_["mean_test_score"], -np.inf
    )
    return np.argsort(-means, kind="stable")[:n].tolist()


# ------------------------------------------------------------------ equal to cross_val_predict

TREE = {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 5]}
MIXED = np.random.default_rng(0).permutation(150)
TWO_TARGETS = np.column_stack([y, y == 1])[MIXED]


@pytest.mark.parametrize(
    ("estimator", "space", "data", "method"),
    [
        (SVC(), SVM, (X_bin, y_bin), "decision_function"),
        (SVC(), SVM, (X, y), "decision_function"),
        (GaussianNB(), {"var_smoothing": loguniform(1e-9, 1)}, (X, NAMES), "predict_proba"),
        (
            DecisionTreeClassifier(random_state=0),
            TREE,
            (pd.DataFrame(X).add_prefix("x"), pd.Series(NAMES).astype("category")),
            "predict_proba",
        ),
        (DecisionTreeClassifier(random_state=0), TREE, (X[MIXED], TWO_TARGETS), "predict_proba"),
        (
            KNeighborsClassifier(metric="cosine", algorithm="brute"),
            {"n_neighbors": [1, 3, 5], "weights": ["uniform", "distance"]},
            (sparse.csr_matrix(X), y),
            "predict_proba",
        ),
        (Ridge(), {"alpha": loguniform(1e-3, 1e3)}, load_diabetes(return_X_y=True), "predict"),
        (Ridge(), {"alpha": loguniform(1, 1e3)}, load_linnerud(return_X_y=True), "predict"),
        (RidgeClassifier(), {"alpha": loguniform(1e-3, 1)}, (X, NAMES), "decision_function"),
        (
            make_pipeline(StandardScaler(), PCA(random_state=0), LogisticRegression()),
            {"pca__n_components": [2, 3], "logisticregression__C": loguniform(1e-2, 1e2)},
            (X_bin, y_bin),
            "predict_proba",
        ),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "fit") else "",
)
def test_predictions_are_those_of_cross_val_predict(estimator, space, data, method):
    search = TPESearchCV(
        estimator, space, n_iter=8, cv=3, random_state=0, keep_predictions=3, share_steps=True,
        scoring=by_equality if data[1] is TWO_TARGETS else None,
    ).fit(*data)  # fmt: skip
    assert set(search.oof_methods_.values()) == {method}
    assert next(iter(search.oof_predictions_)) == search.best_index_
    assert len(search.oof_predictions_) == min(
        3, (search.cv_results_["status"] == "complete").sum()
    )
    assert_equals_cross_val_predict(search, *data, cv=3)


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_predictions_come_back_from_the_workers_of_any_backend(backend):
    given = {"n_iter": 10, "cv": 3, "random_state": 0, "keep_predictions": 2}
    with joblib.parallel_config(backend, n_jobs=2):
        search = TPESearchCV(SVC(), SVM, **given).fit(X, y)
    alone = TPESearchCV(SVC(), SVM, **given).fit(X, y)
    assert list(search.oof_predictions_) == list(alone.oof_predictions_)
    for row, predictions in alone.oof_predictions_.items():
        np.testing.assert_array_equal(search.oof_predictions_[row], predictions)


def test_sizes_that_share_a_fit_have_the_predictions_of_separate_fits():
    grid = {"n_estimators": [2, 5, 9], "max_depth": [1, 3]}
    forest = RandomForestClassifier(random_state=0)
    search = RandomSearchCV(forest, grid, pruner=None, cv=3, random_state=0, keep_predictions=6)
    search.fit(X, y)
    assert (search.cv_results_["submodel_of"] >= 0).sum() == 4
    assert len(search.oof_predictions_) == 6
    assert_equals_cross_val_predict(search, X, y, cv=3)


def test_a_class_that_a_training_part_lacks_has_the_probability_0():
    folds = KFold(3)  # iris is sorted by class: each fold lacks one
    space = {"var_smoothing": [1e-9, 1e-3]}
    search = RandomSearchCV(GaussianNB(), space, cv=folds, keep_predictions=2).fit(X, NAMES)
    with pytest.warns(RuntimeWarning, match="Number of classes"):
        assert_equals_cross_val_predict(search, X, NAMES, cv=folds)


def test_decision_values_of_which_the_class_is_not_known_are_nan():
    folds = KFold(3)
    search = RandomSearchCV(SVC(), {"C": [1, 2]}, cv=folds, keep_predictions=1).fit(X, y)
    assert search.oof_predictions_ == {}  # each fold has two of three classes, and one column
    rare = np.where(np.arange(150) == 149, 2, y % 2)
    search.fit(X, rare)
    values = search.oof_predictions_[search.best_index_]
    assert values.shape == (150, 3)
    assert np.isnan(values[50:]).all()
    assert not np.isnan(values[:50]).any()


@pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.7"),
    reason="HistGradientBoosting takes no evaluation set",
)
def test_early_stopping_predicts_with_the_best_number_of_rounds():
    booster = HistGradientBoostingClassifier(max_iter=30, random_state=0)
    search = TPESearchCV(
        booster, {"learning_rate": loguniform(0.05, 1)}, n_iter=4, cv=3, random_state=0,
        early_stopping="fold", keep_predictions=1, refit=True, scoring="neg_log_loss",
    ).fit(X_bin, y_bin)  # fmt: skip
    row = search.best_index_
    for fold, (train, test) in enumerate(StratifiedKFold(3).split(X_bin, y_bin)):
        rounds = int(search.cv_results_[f"split{fold}_best_iteration"][row])
        model = clone(booster).set_params(
            **search.cv_results_["params"][row], max_iter=rounds, early_stopping=False
        )
        expected = model.fit(X_bin[train], y_bin[train]).predict_proba(X_bin[test])
        np.testing.assert_array_equal(search.oof_predictions_[row][test], expected)


def test_with_a_resource_only_models_with_all_of_it_predict():
    search = HyperbandSearchCV(
        SVC(), SVM, n_iter=12, cv=3, random_state=0, keep_predictions=2
    ).fit(X, y)  # fmt: skip
    assert (search.cv_results_["n_resources"] < 150).any()
    assert (search.cv_results_["n_resources"][list(search.oof_predictions_)] == 150).all()
    for row, values in search.oof_predictions_.items():  # the rows are in another order
        model = SVC(**search.cv_results_["params"][row])
        expected = cross_val_predict(model, X, y, cv=3, method="decision_function")
        np.testing.assert_allclose(values, expected, atol=0.02)


# -------------------------------------------------------------------------- whose are kept


def test_the_best_complete_candidates_are_kept():
    search = TPESearchCV(SVC(), SVM, n_iter=25, random_state=0, keep_predictions=4).fit(X, y)
    assert "pruned" in search.cv_results_["status"]
    assert list(search.oof_predictions_) == best_rows(search, 4)
    assert list(search.oof_methods_) == list(search.oof_predictions_)
    kept = pickle.loads(pickle.dumps(search)).oof_predictions_
    np.testing.assert_array_equal(
        kept[search.best_index_], search.oof_predictions_[search.best_index_]
    )


def test_nothing_is_kept_by_default():
    search = TPESearchCV(SVC(), SVM, n_iter=3, cv=2, random_state=0).fit(X, y)
    assert search.oof_predictions_ == {}
    assert search.oof_methods_ == {}


@pytest.mark.parametrize("random_state", [0, None])
def test_memory_is_bounded_by_the_number_kept_and_the_window(random_state, monkeypatch):
    ended, most = [], []
    offer = KeptPredictions.offer

    def spy(self, candidate):
        ended.append(candidate)
        offer(self, candidate)
        most.append(sum(bool(one.predictions) for one in ended))

    monkeypatch.setattr(KeptPredictions, "offer", spy)
    TPESearchCV(SVC(), SVM, n_iter=30, random_state=random_state, keep_predictions=2).fit(X, y)
    assert len(ended) == 30
    assert max(most) == 2


class Counting(ClassifierMixin, BaseEstimator):
    """Counts its fits and predictions."""

    n_fits = 0
    calls: tuple = ()

    def __init__(self, x=0.5):
        self.x = x

    def fit(self, X, y):
        Counting.n_fits += 1
        self.classes_ = np.unique(y)
        self.model_ = GaussianNB(var_smoothing=10.0 ** (-9 * self.x)).fit(X, y)
        return self

    def predict(self, X):
        Counting.calls += ("predict",)
        return self.model_.predict(X)

    def predict_proba(self, X):
        Counting.calls += ("predict_proba",)
        return self.model_.predict_proba(X)


@pytest.fixture(autouse=True)
def _fresh_counts():
    Counting.n_fits, Counting.calls = 0, ()


def test_in_a_grid_the_chosen_one_of_equals_is_kept_without_further_fits():
    grid = {"x": np.linspace(0, 0.001, 9).tolist()}
    search = RandomSearchCV(
        Counting(), grid, cv=3, pruner=None, random_state=1, keep_predictions=1, refit=True
    ).fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) == 1
    assert list(search.oof_predictions_) == [search.best_index_] == [0]
    assert Counting.n_fits == 9 * 3 + 1


def test_a_candidate_that_is_chosen_at_the_end_is_fitted_again():
    def worst(results):
        return int(np.argmin(results["mean_test_score"]))

    grid = {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 10]}
    search = RandomSearchCV(
        DecisionTreeClassifier(random_state=0), grid, pruner=None, refit=worst, keep_predictions=2,
        random_state=0, cv=4,
    ).fit(X, y)  # fmt: skip
    assert list(search.oof_predictions_) == [search.best_index_, *best_rows(search, 1)]
    assert_equals_cross_val_predict(search, X, y, cv=4)


def test_without_refit_the_best_are_kept():
    search = TPESearchCV(
        SVC(), SVM, n_iter=8, random_state=0, keep_predictions=2, refit=False,
        scoring=["accuracy", "f1_macro"],
    ).fit(X, y)  # fmt: skip
    means = np.nan_to_num(search.cv_results_["mean_test_accuracy"], nan=-np.inf)
    assert list(search.oof_predictions_) == np.argsort(-means, kind="stable")[:2].tolist()


def test_the_front_is_kept_and_of_a_larger_front_the_chosen_one_and_the_most_volume():
    given = {"objectives": ["roc_auc", "model_size"], "n_iter": 20, "cv": 3, "random_state": 0}
    search = ParetoSearchCV(SVC(), SVM, **given, keep_predictions=50).fit(X_bin, y_bin)
    assert next(iter(search.oof_predictions_)) == search.best_index_
    assert set(search.oof_predictions_) == set(search.pareto_front_)
    assert len(search.pareto_front_) > 2
    assert_equals_cross_val_predict(search, X_bin, y_bin, cv=3)

    some = ParetoSearchCV(SVC(), SVM, **given, keep_predictions=2).fit(X_bin, y_bin)
    assert next(iter(some.oof_predictions_)) == search.best_index_
    assert len(some.oof_predictions_) == 2
    assert set(some.oof_predictions_) < set(search.pareto_front_)
    for row, values in some.oof_predictions_.items():
        np.testing.assert_array_equal(values, search.oof_predictions_[row])


def test_candidates_that_violate_a_constraint_are_not_kept():
    search = ParetoSearchCV(
        DecisionTreeClassifier(random_state=0), TREE, objectives=["accuracy", "n_features"],
        constraints={"accuracy": ">= 0.9"}, random_state=0, keep_predictions=9, cv=3,
    ).fit(X, y)  # fmt: skip
    assert not search.is_feasible_.all()
    assert search.is_feasible_[list(search.oof_predictions_)].all()


# ------------------------------------------------------------------- nothing computed twice


def test_what_the_scorer_predicts_is_not_predicted_again():
    space = {"x": [0.1, 0.5]}
    search = RandomSearchCV(
        Counting(), space, cv=3, pruner=None, keep_predictions=1, refit=False,
        scoring=["roc_auc_ovr", "neg_log_loss"],
    )  # fmt: skip
    search.fit(X, y)
    assert Counting.calls == ("predict_proba",) * 6
    Counting.calls = ()
    search.set_params(scoring="accuracy", return_train_score=True).fit(X, y)
    assert sorted(Counting.calls) == ["predict"] * 12 + ["predict_proba"] * 6


def test_scores_are_the_same_with_and_without_predictions():
    given = {"n_iter": 12, "random_state": 0, "return_train_score": True, "scoring": "roc_auc_ovr"}
    forest = RandomForestClassifier(3, random_state=0)
    space = {"max_depth": [1, 2, 3, 4, 5], "min_samples_leaf": [1, 5, 9]}
    kept = TPESearchCV(forest, space, **given, keep_predictions=3).fit(X, y)
    plain = TPESearchCV(forest, space, **given).fit(X, y)
    for name, column in plain.cv_results_.items():
        if "time" not in name:
            np.testing.assert_array_equal(kept.cv_results_[name], column)


def test_times_that_are_objectives_are_measured_without_what_is_remembered(monkeypatch):
    monkeypatch.setattr(_costs, "AGREE", 1e9)  # any three times agree, on a busy machine as well
    search = ParetoSearchCV(
        Counting(), {"x": [0.1, 0.5]}, objectives=["neg_log_loss", "score_time"], cv=3,
        pruner=None, keep_predictions=1, refit=False,
    ).fit(X, y)  # fmt: skip
    assert Counting.calls == ("predict_proba",) * (6 * (3 + 1))  # three times, and once more
    assert len(search.oof_predictions_) == 1


# ------------------------------------------------------------- rows without, or with several


def test_a_row_in_several_test_parts_has_the_mean():
    folds = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    search = TPESearchCV(SVC(), SVM, n_iter=5, cv=folds, random_state=0, keep_predictions=1)
    search.fit(X, y)
    splits = list(folds.split(X, y))
    model = SVC(**search.cv_results_["params"][search.best_index_])
    each = [
        cross_val_predict(model, X, y, cv=splits[i : i + 3], method="decision_function")
        for i in (0, 3)
    ]
    found = search.oof_predictions_[search.best_index_]
    np.testing.assert_array_equal(found, (each[0] + each[1]) / 2)


class Labels(ClassifierMixin, BaseEstimator):
    """Predicts labels only: of the nearest row."""

    def __init__(self, n=1):
        self.n = n

    def fit(self, X, y):
        self.model_ = KNeighborsClassifier(self.n).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)


@pytest.mark.parametrize("labels", [y, y.astype(float), NAMES, np.column_stack([y, y[::-1]])])
def test_a_row_in_several_test_parts_has_the_most_frequent_label(labels):
    folds = RepeatedKFold(n_splits=3, n_repeats=3, random_state=0)
    search = RandomSearchCV(
        Labels(), {"n": [1, 40]}, cv=folds, keep_predictions=1, pruner=None, scoring=by_equality
    ).fit(X, labels)
    splits = list(folds.split(X))
    model = Labels(**search.best_params_)
    each = np.array(
        [cross_val_predict(model, X, labels, cv=splits[i : i + 3]) for i in (0, 3, 6)]
    ).reshape(3, -1)
    expected = pd.DataFrame(each).mode().iloc[0].to_numpy()
    found = search.oof_predictions_[search.best_index_]
    assert found.dtype == labels.dtype
    assert (each != each[0]).any()
    np.testing.assert_array_equal(found.ravel(), expected)


def by_equality(estimator, X, y):
    return float((estimator.predict(X) == y).mean())


def test_rows_in_no_test_part_are_nan_or_masked():
    folds = TimeSeriesSplit(3)
    given = {"cv": folds, "keep_predictions": 1, "random_state": 0}
    forest = RandomForestRegressor(3, random_state=0)
    search = RandomSearchCV(forest, {"max_depth": [1, 3]}, **given).fit(X_bin, y_bin)
    values = search.oof_predictions_[search.best_index_]
    first = next(folds.split(X_bin))[1][0]
    assert np.isnan(values[:first]).all()
    assert not np.isnan(values[first:]).any()

    search = RandomSearchCV(
        Labels(), {"n": [1, 3]}, **given | {"cv": ShuffleSplit(1, random_state=0)}
    )
    values = search.fit(X, NAMES).oof_predictions_[search.best_index_]
    assert (~np.ma.getmaskarray(values)).sum() == 15
    assert values.dtype == NAMES.dtype


def test_models_without_targets_predict_too():
    search = RandomSearchCV(
        IsolationForest(n_estimators=5, random_state=0), {"max_features": [1, 2]}, cv=KFold(3),
        scoring=lambda model, X: float(model.score_samples(X).mean()), keep_predictions=2,
    ).fit(X)  # fmt: skip
    assert set(search.oof_methods_.values()) == {"decision_function"}
    assert_equals_cross_val_predict(search, X, None, cv=KFold(3))


# --------------------------------------------------------------------------------- failures


class Picky(Scored):
    """Its fit fails if the first row is in the training part; its predictions may fail."""

    def fit(self, X, y):
        if self.kind == "no fit" and X[0, 3] == 0.2:
            raise ValueError("not this row")
        return super().fit(X, y)

    def predict(self, X):
        if self.kind == "no prediction":
            raise ValueError("no prediction")
        return super().predict(X).astype(float)


def test_a_fold_whose_fit_fails_has_no_predictions():
    search = RandomSearchCV(
        Picky(), {"kind": ["no fit"], "x": [0.1, 0.2]}, pruner=None, error_score=-9.0, cv=3,
        keep_predictions=1, refit=False, enqueue=None,
    )  # fmt: skip
    with pytest.warns(FitFailedWarning):
        search.fit(X, y)
    (values,) = search.oof_predictions_.values()
    ends = [test for train, test in StratifiedKFold(3).split(X, y) if X[train[0], 3] == 0.2]
    assert np.ma.getmaskarray(values)[np.concatenate(ends)].all()
    assert (~np.ma.getmaskarray(values)).sum() == 150 - sum(map(len, ends)) > 0


def test_predictions_that_fail_give_a_warning_or_raise_the_error():
    search = RandomSearchCV(
        Picky(), {"kind": ["no prediction"], "x": [0.1, 0.2]}, pruner=None, cv=3,
        keep_predictions=1, refit=False, enqueue=None,
    )  # fmt: skip
    with pytest.warns(UserWarning, match="3 of 3 folds .* ValueError: no prediction"):
        search.fit(X, y)
    assert search.oof_predictions_ == {}
    assert (search.cv_results_["status"] == "complete").all()
    with pytest.raises(ValueError, match="no prediction"):
        search.set_params(error_score="raise").fit(X, y)


def test_candidates_that_fail_have_no_predictions():
    with pytest.warns(FitFailedWarning):
        search = RandomSearchCV(
            Failing(), {"kind": ["a", "bad"]}, cv=3, keep_predictions=5, enqueue=None
        ).fit(X, y)
    assert list(search.oof_predictions_) == [search.best_index_]


# ---------------------------------------------------------------------------------- storage


def test_a_search_that_resumes_repeats_the_fits_of_the_best_and_stores_no_predictions(tmp_path):
    given = {"cv": 3, "random_state": 0, "storage": tmp_path / "search.db", "study_name": "one"}
    space = {"x": uniform(0, 1)}
    TPESearchCV(Counting(), space, n_iter=6, **given).fit(X, y)
    Counting.n_fits = 0
    search = TPESearchCV(Counting(), space, n_iter=9, **given, keep_predictions=2).fit(X, y)
    n_evaluated = int((~search.evaluations_["from_storage"]).sum())
    assert n_evaluated < Counting.n_fits <= n_evaluated + 2 * 3 + 1
    assert_equals_cross_val_predict(search, X, y, cv=3)

    whole = TPESearchCV(Counting(), space, n_iter=9, cv=3, random_state=0, keep_predictions=2)
    assert list(whole.fit(X, y).oof_predictions_) == list(search.oof_predictions_)
    with sqlite3.connect(tmp_path / "search.db") as connection:
        (dump,) = ["\n".join(connection.iterdump())]
    assert "predictions" not in dump
    connection.close()


def test_without_time_the_fits_are_not_repeated(tmp_path):
    given = {
        "n_iter": 4,
        "cv": 3,
        "random_state": 0,
        "storage": tmp_path / "search.db",
        "study_name": "one",
    }
    space = {"x": uniform(0, 1)}
    TPESearchCV(Counting(), space, **given).fit(X, y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search = TPESearchCV(Counting(), space, **given, keep_predictions=1, timeout=1e-9)
        search.fit(X, y)
    assert search.oof_predictions_ == {}
    assert any("3 of 3 folds" in str(one.message) for one in caught)


def test_results_taken_over_from_an_earlier_search_are_fitted_again_for_their_predictions():
    space = {"x": [0.1, 0.3, 0.5]}
    earlier = RandomSearchCV(Counting(), space, cv=3, pruner=None, random_state=0).fit(X, y)
    search = RandomSearchCV(
        Counting(), space, cv=3, pruner=None, random_state=0, prior=earlier, keep_predictions=3
    ).fit(X, y)
    assert search.evaluations_["from_storage"].all()
    assert len(search.oof_predictions_) == 3
    assert_equals_cross_val_predict(search, X, y, cv=3)


# ---------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("given", [-1, 2.5, True, "best", None])
def test_other_values_are_refused(given):
    search = TPESearchCV(SVC(), SVM, keep_predictions=given)
    with pytest.raises(ValueError, match="keep_predictions"):
        search.fit(X, y)


def test_an_estimator_that_cannot_predict_is_refused():
    search = RandomSearchCV(
        PCA(), {"n_components": [1, 2]}, scoring=lambda model, X: 0.0, keep_predictions=1
    )
    with pytest.raises(ValueError, match="`keep_predictions` needs an estimator with one of"):
        search.fit(X)


def test_words_of_other_libraries_are_explained():
    with pytest.raises(TypeError, match="`keep_predictions` here"):
        TPESearchCV(SVC(), SVM, save_predictions=True)


def test_a_threshold_can_be_chosen_from_the_predictions():
    search = TPESearchCV(
        LogisticRegression(max_iter=500), {"C": loguniform(1e-3, 1e2)}, n_iter=5, random_state=0,
        keep_predictions=1, scoring="roc_auc",
    ).fit(X_bin, y_bin)  # fmt: skip
    scores = search.oof_predictions_[search.best_index_][:, 1]
    thresholds = np.unique(scores)
    found = [accuracy_score(y_bin, scores >= t) for t in thresholds]
    assert max(found) >= accuracy_score(y_bin, scores >= 0.5)
