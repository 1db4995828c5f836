"""Each submodel equals the model that is fitted separately with its size, to the last bit."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from skhpo.submodels import (
    SubmodelFamily,
    register_submodels,
    submodel_families,
    views_for_scoring,
    views_of,
    writes_into_data,
)

catboost = pytest.importorskip("catboost")
lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")


def two_classes():
    return load_breast_cancer(return_X_y=True)


def many_classes():
    X, y = load_digits(return_X_y=True)
    return X[:600], np.array(list("abcdefghij"))[y[:600]]


def three_classes():
    return load_iris(return_X_y=True)


def numbers():
    return load_diabetes(return_X_y=True)


def lgbm(kind, **params):
    return kind(verbose=-1, n_jobs=1, min_child_samples=5, num_leaves=7, **params)


def cat(kind, **params):
    settings = {"verbose": 0, "thread_count": 1, "allow_writing_files": False, "depth": 3}
    return kind(**{"learning_rate": 0.1, **settings, **params})


def two_named_classes():
    X, y = two_classes()
    return X, np.array(["malignant", "benign"])[y]


def scaled_logistic(**params):
    return make_pipeline(StandardScaler(), LogisticRegression(**params))


SIZES = (1, 4, 12)
THRESHOLDS = ("auto", 0.0, 0.1, 0.4, 1, np.inf)
ALPHAS = (0.0, 0.003, 0.01, 0.2)
COUNTS = (1, 2, 5, 30)
CASES = {
    "forest": (RandomForestClassifier(random_state=0), three_classes, SIZES),
    "forest, drawn rows": (
        RandomForestClassifier(
            random_state=1, max_samples=0.5, class_weight="balanced_subsample", ccp_alpha=0.01
        ),
        two_classes,
        SIZES,
    ),
    "forest, numbers": (RandomForestRegressor(random_state=0, n_jobs=1), numbers, SIZES),
    "extra trees": (ExtraTreesClassifier(random_state=3), many_classes, SIZES),
    "extra trees, numbers": (ExtraTreesRegressor(random_state=3, bootstrap=True), numbers, SIZES),
    "bagging": (
        BaggingClassifier(
            LogisticRegression(max_iter=300, tol=0.1), random_state=0, max_features=0.5
        ),
        three_classes,
        SIZES,
    ),
    "bagging, numbers": (BaggingRegressor(random_state=0, max_samples=0.5), numbers, SIZES),
    "AdaBoost": (AdaBoostClassifier(random_state=0), three_classes, SIZES),
    "AdaBoost, perfect at once": (
        AdaBoostClassifier(DecisionTreeClassifier(max_depth=9), random_state=0),
        three_classes,
        SIZES,
    ),
    "AdaBoost, numbers": (AdaBoostRegressor(random_state=0, learning_rate=0.5), numbers, SIZES),
    "gradient boosting": (
        GradientBoostingClassifier(random_state=0, subsample=0.5, max_features=0.5),
        three_classes,
        SIZES,
    ),
    "gradient boosting, numbers": (
        GradientBoostingRegressor(random_state=0, loss="huber"),
        numbers,
        SIZES,
    ),
    "histogram": (HistGradientBoostingClassifier(early_stopping=False), three_classes, SIZES),
    "histogram, numbers": (
        HistGradientBoostingRegressor(random_state=0, max_features=0.5),
        numbers,
        SIZES,
    ),
    "LightGBM": (
        lgbm(lightgbm.LGBMClassifier, subsample=0.5, subsample_freq=1, colsample_bytree=0.5),
        two_classes,
        SIZES,
    ),
    "LightGBM, classes": (lgbm(lightgbm.LGBMClassifier, learning_rate=1.0), many_classes, SIZES),
    "LightGBM, forest": (
        lgbm(lightgbm.LGBMRegressor, boosting_type="rf", subsample=0.5, subsample_freq=1),
        numbers,
        SIZES,
    ),
    "LightGBM, GOSS": (
        lgbm(lightgbm.LGBMRegressor, data_sample_strategy="goss", learning_rate=0.5),
        numbers,
        SIZES,
    ),
    "XGBoost": (
        xgboost.XGBClassifier(n_jobs=1, subsample=0.5, colsample_bylevel=0.5, max_depth=3),
        two_classes,
        SIZES,
    ),
    "XGBoost, classes": (
        xgboost.XGBClassifier(n_jobs=1, max_depth=3, num_parallel_tree=2, subsample=0.5),
        three_classes,
        SIZES,
    ),
    "XGBoost, numbers": (
        xgboost.XGBRegressor(n_jobs=1, max_depth=3, objective="reg:absoluteerror"),
        numbers,
        SIZES,
    ),
    "CatBoost": (
        cat(catboost.CatBoostClassifier, rsm=0.5, bootstrap_type="MVS", subsample=0.7),
        two_classes,
        SIZES,
    ),
    "CatBoost, classes": (
        cat(catboost.CatBoostClassifier, random_strength=5),
        three_classes,
        SIZES,
    ),
    "CatBoost, numbers": (
        cat(catboost.CatBoostRegressor, loss_function="MAE", boosting_type="Ordered"),
        numbers,
        SIZES,
    ),
    "neighbors, with ties": (KNeighborsClassifier(), three_classes, COUNTS),
    "neighbors, brute force with ties": (KNeighborsClassifier(), many_classes, COUNTS),
    "neighbors, brute force": (KNeighborsClassifier(weights="distance"), two_classes, COUNTS),
    "neighbors, by distance": (KNeighborsClassifier(weights="distance"), three_classes, COUNTS),
    "neighbors, Manhattan": (KNeighborsClassifier(p=1, algorithm="brute"), two_classes, COUNTS),
    "neighbors, numbers": (KNeighborsRegressor(algorithm="ball_tree"), numbers, COUNTS),
    "neighbors, numbers with ties": (
        KNeighborsRegressor(weights="distance"),
        three_classes,
        COUNTS,
    ),
    "tree": (DecisionTreeClassifier(random_state=0), three_classes, ALPHAS),
    "tree, classes": (
        DecisionTreeClassifier(random_state=0, class_weight="balanced"),
        many_classes,
        ALPHAS,
    ),
    "tree, numbers": (DecisionTreeRegressor(random_state=0), numbers, (0.0, 1.0, 30.0, 1e4)),
    "extra tree": (ExtraTreeClassifier(random_state=0), two_classes, ALPHAS),
    "extra tree, numbers": (ExtraTreeRegressor(random_state=2), numbers, (0.5, 50.0)),
    "threshold": (FixedThresholdClassifier(scaled_logistic()), two_classes, THRESHOLDS),
    "threshold, by decisions": (
        FixedThresholdClassifier(
            LinearSVC(dual=False), response_method="decision_function", pos_label=0
        ),
        two_classes,
        ("auto", -1.0, 0.3),
    ),
    "threshold, named classes": (
        FixedThresholdClassifier(
            RandomForestClassifier(n_estimators=5, random_state=0), pos_label="malignant"
        ),
        two_named_classes,
        THRESHOLDS,
    ),
}


def family_of(model):
    return submodel_families(type(model))[0]


def fitted(model, X, y, weight=None):
    """A fitted clone."""
    with np.errstate(all="ignore"):
        return clone(model).fit(X, y, **({} if weight is None else {"sample_weight": weight}))


def outputs(model, X):
    """Everything that a model predicts."""
    names = ("predict", "predict_proba", "decision_function")
    return {name: getattr(model, name)(X) for name in names if hasattr(model, name)}


def assert_equal_outputs(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize("case", CASES)
def test_submodels_predict_what_separate_fits_predict(case):
    model, data, values = CASES[case]
    X, y = data()
    train, test = slice(None, None, 2), X[1::2]
    family = family_of(model)
    values = family.largest_first(values)
    model = clone(model).set_params(**{family.parameter: family.to_fit(values[0])})
    assert family.is_exact(model, len(X[train]))
    largest = fitted(model, X[train], y[train])
    before = outputs(largest, test)
    of_scoring = views_for_scoring(largest, family, values)
    for value, plain, view in zip(
        values, views_of(largest, family, values), of_scoring, strict=True
    ):
        alone = fitted(model.set_params(**{family.parameter: value}), X[train], y[train])
        assert repr(plain) == repr(view) == repr(alone)
        for one in (plain, view):
            assert_equal_outputs(outputs(one, test), outputs(alone, test))
            assert one.score(test, y[1::2]) == alone.score(test, y[1::2])
        if hasattr(alone, "feature_importances_"):
            np.testing.assert_array_equal(plain.feature_importances_, alone.feature_importances_)
        restored = pickle.loads(pickle.dumps(plain))
        assert_equal_outputs(outputs(restored, test), outputs(alone, test))
    assert_equal_outputs(outputs(largest, test), before)  # the fitted model is not changed


@pytest.mark.parametrize(
    "case",
    [
        "forest",
        "AdaBoost",
        "gradient boosting",
        "histogram",
        "LightGBM",
        "XGBoost",
        "tree, numbers",
    ],
)
def test_submodels_of_weighted_rows_equal_weighted_fits(case):
    model, data, values = CASES[case]
    X, y = data()
    weight = np.random.default_rng(0).uniform(0.1, 3.0, len(X))
    family = family_of(model)
    values = family.largest_first(values)
    model = clone(model).set_params(**{family.parameter: family.to_fit(values[0])})
    largest = fitted(model, X, y, weight)
    for value, view in zip(values, views_of(largest, family, values), strict=True):
        alone = fitted(model.set_params(**{family.parameter: value}), X, y, weight)
        assert_equal_outputs(outputs(view, X), outputs(alone, X))


@pytest.mark.parametrize("case", ["LightGBM", "XGBoost", "histogram", "neighbors, with ties"])
def test_submodels_read_frames(case):
    model, data, values = CASES[case]
    X, y = data()
    X = pd.DataFrame(X, columns=[f"column {i}" for i in range(X.shape[1])])
    family = family_of(model)
    values = family.largest_first(values)
    largest = fitted(model.set_params(**{family.parameter: values[0]}), X, y)
    for value, view in zip(values, views_for_scoring(largest, family, values), strict=True):
        alone = fitted(model.set_params(**{family.parameter: value}), X, y)
        assert_equal_outputs(outputs(view, X), outputs(alone, X))


@pytest.mark.parametrize("boosting_type", ["Plain", "Ordered"])
def test_catboost_counts_categories_alike_in_all_sizes(boosting_type):
    X, y = two_classes()
    X = pd.DataFrame(X[:, :4]).add_prefix("x")
    X["kind"] = pd.cut(X["x0"], 12).astype(str)
    # CatBoost copies the list, so that scikit-learn cannot clone the model.
    params = {"boosting_type": boosting_type, "cat_features": ["kind"]}
    family = submodel_families(catboost.CatBoostClassifier)[1]
    assert family.parameter == "n_estimators"
    largest = cat(catboost.CatBoostClassifier, n_estimators=12, **params)
    assert family.is_exact(largest, len(X))
    largest.fit(X[::2], y[::2])
    for size, view in zip(SIZES, views_of(largest, family, SIZES), strict=True):
        alone = cat(catboost.CatBoostClassifier, n_estimators=size, **params)
        alone.fit(X[::2], y[::2])
        assert_equal_outputs(outputs(view, X), outputs(alone, X))


def test_neighbors_choose_their_algorithm_by_the_number():
    X, y = load_iris(return_X_y=True)
    family = family_of(KNeighborsClassifier())
    largest = KNeighborsClassifier(n_neighbors=80).fit(X, y)  # half of the rows: brute force
    assert views_of(largest, family, [79, 5])[1] is None
    assert views_of(largest, family, [79])[0].n_neighbors == 79


def test_more_neighbors_than_rows_fail_as_they_do_separately():
    X, y = load_iris(return_X_y=True)
    largest = KNeighborsClassifier(n_neighbors=200, algorithm="kd_tree").fit(X, y)
    too_many, right = views_for_scoring(largest, family_of(largest), [200, 5])
    with pytest.raises(ValueError, match="Expected n_neighbors <= n_samples_fit"):
        too_many.predict(X)
    alone = KNeighborsClassifier(algorithm="kd_tree").fit(X, y)
    assert_equal_outputs(outputs(right, X), outputs(alone, X))


def test_neighbors_share_one_query():
    X, y = load_iris(return_X_y=True)
    largest = KNeighborsClassifier(n_neighbors=30).fit(X, y)
    asked = []
    query = largest.kneighbors
    largest.kneighbors = lambda *given: asked.append(given[1]) or query(*given)
    for view in views_for_scoring(largest, family_of(largest), [30, 7, 1]):
        view.predict(X)
    assert asked == [30]


NOT_EXACT = {
    "not seeded": RandomForestClassifier(),
    "a score of all trees": RandomForestClassifier(random_state=0, oob_score=True),
    "warm start": ExtraTreesClassifier(random_state=0, warm_start=True),
    "bagging, not seeded": BaggingClassifier(),
    "AdaBoost, not seeded": AdaBoostClassifier(),
    "stops early": GradientBoostingClassifier(random_state=0, n_iter_no_change=3),
    "histogram stops early": HistGradientBoostingClassifier(random_state=0, early_stopping=True),
    "histogram draws columns": HistGradientBoostingClassifier(max_features=0.5),
    "LightGBM, DART": lightgbm.LGBMClassifier(boosting_type="dart"),
    "LightGBM stops early": lightgbm.LGBMClassifier(early_stopping_round=3),
    "LightGBM, other name": lightgbm.LGBMClassifier(num_iterations=20),
    "LightGBM, own loss": lightgbm.LGBMRegressor(objective=lambda a, b: (a - b, a)),
    "XGBoost, DART": xgboost.XGBClassifier(booster="dart"),
    "XGBoost, linear": xgboost.XGBClassifier(booster="gblinear"),
    "XGBoost stops early": xgboost.XGBClassifier(early_stopping_rounds=3),
    "CatBoost, rate by rounds": catboost.CatBoostClassifier(),
    "CatBoost, two names": cat(catboost.CatBoostClassifier, n_estimators=10),
    "CatBoost stops early": cat(catboost.CatBoostClassifier, od_type="Iter", od_wait=3),
    "CatBoost, shrinkage": cat(catboost.CatBoostRegressor, model_shrink_rate=0.1),
    "CatBoost, noise": cat(catboost.CatBoostRegressor, langevin=True),
    "CatBoost, other trees": cat(catboost.CatBoostRegressor, grow_policy="Lossguide"),
    "CatBoost, own loss": cat(catboost.CatBoostRegressor, loss_function=object()),
    "tree, not seeded": DecisionTreeClassifier(),
    "threshold, not seeded": FixedThresholdClassifier(RandomForestClassifier()),
    "threshold, solver that draws": FixedThresholdClassifier(scaled_logistic(solver="saga")),
    "threshold, step that draws": FixedThresholdClassifier(
        make_pipeline(PCA(2), LogisticRegression())
    ),
    "threshold, dual problem": FixedThresholdClassifier(LinearSVC()),
    "threshold, calibration that draws": FixedThresholdClassifier(SVC(probability=True)),
    "threshold, drawn columns": FixedThresholdClassifier(
        HistGradientBoostingClassifier(max_features=0.5)
    ),
}


@pytest.mark.parametrize("case", NOT_EXACT)
def test_what_is_not_exact_is_not_shared(case):
    model = NOT_EXACT[case]
    assert not family_of(model).is_exact(model, 100)


def test_histogram_boosting_is_exact_only_where_it_does_not_stop_early():
    model = HistGradientBoostingClassifier(random_state=0)
    family = family_of(model)
    assert family.is_exact(model, 10_000)
    assert not family.is_exact(model, 10_001)
    assert family.is_exact(model.set_params(early_stopping=False), 10_001)


EXACT = {
    "Newton": scaled_logistic(solver="newton-cholesky"),
    "seeded": scaled_logistic(solver="saga", random_state=0),
    "whole decomposition": make_pipeline(PCA(2, svd_solver="full"), LogisticRegression()),
    "decisions only": SVC(),
    "few rows": HistGradientBoostingClassifier(),
    "boosting": lightgbm.LGBMClassifier(),
}


@pytest.mark.parametrize("case", EXACT)
def test_thresholds_are_shared_where_the_classifier_draws_nothing(case):
    model = FixedThresholdClassifier(EXACT[case])
    assert family_of(model).is_exact(model, 100)


def test_the_classifier_of_all_thresholds_responds_once():
    X, y = two_classes()
    asked = []
    model = FixedThresholdClassifier(scaled_logistic(), threshold=0.5).fit(X, y)
    respond = model.estimator_.predict_proba
    model.estimator_.predict_proba = lambda X: asked.append(len(X)) or respond(X)
    views = views_for_scoring(model, family_of(model), THRESHOLDS)
    for view in views:
        view.predict(X)
        response = view.predict_proba(X)
        response[:] = 0.0  # a scorer may write into what it gets
    assert asked == [len(X)]
    np.testing.assert_array_equal(views[-2].predict_proba(X), respond(X))
    views[0].predict(X[:30])
    assert asked == [len(X), 30]


@pytest.mark.parametrize("value", [np.nan, "0.5", None, True, [0.5]])
def test_only_numbers_and_auto_are_thresholds(value):
    family = family_of(FixedThresholdClassifier(LogisticRegression()))
    assert not family.is_size(value)
    assert all(map(family.is_size, THRESHOLDS))


@pytest.mark.parametrize("value", [0, -1, 2.0, True, None, "auto", "10"])
def test_only_positive_integers_are_sizes(value):
    assert not family_of(RandomForestClassifier()).is_size(value)


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf, None, True, "0"])
def test_only_finite_numbers_that_are_not_negative_prune(value):
    family = family_of(DecisionTreeClassifier())
    assert not family.is_size(value)
    assert family.is_size(0)
    assert family.is_size(np.float64(0.1))


def test_a_derived_class_has_no_submodels_of_its_base():
    class OwnForest(RandomForestClassifier):
        pass

    assert submodel_families(OwnForest) == ()
    assert submodel_families(LogisticRegression) == ()


def test_the_front_of_a_pipeline_transforms_the_same_data_once():
    X, y = load_iris(return_X_y=True)
    front = CountingScaler()
    pipeline = make_pipeline(front, make_pipeline(StandardScaler(), KNeighborsClassifier(9)))
    pipeline.fit(X, y)
    family = family_of(KNeighborsClassifier())
    CountingScaler.n_transforms = 0
    views = views_for_scoring(pipeline, family, [9, 3, 1])
    scores = [view.score(X, y) for view in views]
    assert CountingScaler.n_transforms == 1
    alone = [
        make_pipeline(StandardScaler(), StandardScaler(), KNeighborsClassifier(n)).fit(X, y)
        for n in (9, 3, 1)
    ]
    assert scores == [one.score(X, y) for one in alone]
    views[0].score(X[:50], y[:50])
    assert CountingScaler.n_transforms == 2  # other data


class CountingScaler(StandardScaler):
    """A scaler that counts how often it transforms."""

    n_transforms = 0

    def transform(self, X):
        type(self).n_transforms += 1
        return super().transform(X)


def test_estimators_that_write_into_their_data_are_known():
    assert writes_into_data(make_pipeline(StandardScaler(copy=False), KNeighborsClassifier()))
    assert not writes_into_data(make_pipeline(StandardScaler(), KNeighborsClassifier()))


class Doubled(BaseEstimator):
    """An estimator of a user."""

    def __init__(self, n=3):
        self.n = n


def with_n(model, n):
    return copy.copy(model).set_params(n=n)


@pytest.mark.usefixtures("registry")
class TestRegister:
    """``register_submodels``."""

    def test_a_registered_function_makes_the_views(self):
        register_submodels(Doubled, "n", with_n, is_exact=lambda model: model.n != 7)
        family = family_of(Doubled())
        assert family.parameter == "n"
        assert family.view(Doubled(9), 4).n == 4
        assert family.is_exact(Doubled(9), 100)
        assert not family.is_exact(Doubled(7), 100)

    def test_the_last_one_replaces_the_former(self):
        register_submodels(Doubled, "n", with_n)
        register_submodels(Doubled, "n", lambda model, n: None)
        assert family_of(Doubled()).view(Doubled(9), 4) is None

    def test_a_family_of_ones_own_may_be_added_to_a_known_class(self):
        class Depths(SubmodelFamily):
            parameter = "max_depth"

        register_submodels(DecisionTreeClassifier, "max_depth", Depths())
        names = [one.parameter for one in submodel_families(DecisionTreeClassifier)]
        assert names == ["max_depth", "ccp_alpha"]

    @pytest.mark.parametrize(
        ("given", "error", "message"),
        [
            ((Doubled(), "n", with_n), TypeError, "`estimator_class` must be a class"),
            ((Doubled, "m", with_n), ValueError, "`parameter` must be one of Doubled's.*got 'm'"),
            ((Doubled, "n", 3), TypeError, "`view` must be a function; got 3"),
        ],
    )
    def test_wrong_arguments_are_explained(self, given, error, message):
        with pytest.raises(error, match=message):
            register_submodels(*given)

    def test_a_family_has_its_own_parameter_and_condition(self):
        class Sizes(SubmodelFamily):
            parameter = "m"

        with pytest.raises(ValueError, match="has its own parameter, 'm'"):
            register_submodels(Doubled, "n", Sizes())
        with pytest.raises(TypeError, match="`is_exact` must be a function; got True"):
            register_submodels(Doubled, "n", with_n, is_exact=True)


def test_all_cases_cover_every_class_that_is_known():
    from skhpo.submodels._registry import _BY_NAME

    tested = {type(model).__name__ for model, _, _ in CASES.values()}
    assert tested == {name for _, name in _BY_NAME}
    assert any(is_classifier(model) for model, _, _ in CASES.values())
