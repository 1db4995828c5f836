"""Early stopping where classes are few, rows are few, or a model is an unusual one."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GroupKFold, KFold

from skhpo import RandomSearchCV
from skhpo.boosting._fold import _hold_out_by_class
from tests.boosting.boosters import FAMILIES, LIMIT, search

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
SPACE = {"learning_rate": [0.1]}
HAPPENS = pytest.mark.filterwarnings(
    "ignore:The least populated class", "ignore:The number of unique classes"
)


def labels(kind):
    """Labels with which a tenth of the rows is hard to hold out, and how many rows they are."""
    if kind == "a class of one member":
        return np.r_[np.repeat([0, 1], 30), 2]
    if kind == "20 rows":
        return np.tile([0, 1], 10)
    return np.tile(np.arange(12), 10)


@HAPPENS
@pytest.mark.parametrize("kind", ["20 rows", "12 classes"])
@pytest.mark.parametrize("family", FAMILIES)
def test_inner_rows_are_found_among_few(family, kind):
    y = labels(kind)
    model = FAMILIES[family].make("classifier")
    found = search(model, SPACE, early_stopping="inner", cv=2).fit(X[: len(y)], y)
    assert (found.cv_results_["mean_best_iteration"] <= LIMIT).all()


@HAPPENS
@pytest.mark.parametrize("family", FAMILIES)
def test_a_class_of_one_member_is_learned_where_inner_rows_are_watched(family):
    y = labels("a class of one member")
    rows = np.arange(len(y))
    model = FAMILIES[family].make("classifier")
    cv = [(rows, rows)]
    found = search(model, SPACE, early_stopping="inner", cv=cv).fit(X[: len(y)], y)
    assert found.cv_results_["split0_best_iteration"][0] >= 1
    assert list(found.best_estimator_.classes_) == [0, 1, 2]


@pytest.mark.parametrize("on", ["fold", "inner"])
@pytest.mark.parametrize("family", FAMILIES)
def test_labels_that_training_lacks_are_not_watched(family, on):
    y = np.r_[np.tile([0, 1], 40), np.tile([0, 1, 2, 2], 10)]
    cv = [(np.arange(80), np.arange(80, 120))]
    found = search(FAMILIES[family].make("classifier"), SPACE, early_stopping=on, cv=cv).fit(X, y)
    assert found.cv_results_["split0_best_iteration"][0] >= 1
    assert found.cv_results_["split0_test_score"][0] <= 0.5  # the others are wrong all the same


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fold_with_no_learned_label_is_fitted_without_being_watched(family):
    y = np.repeat([0, 1, 2], 40)
    model = FAMILIES[family].make("classifier")
    found = search(model, SPACE, early_stopping="fold", cv=[(np.arange(80), np.arange(80, 120))])
    found.set_params(refit=False).fit(X, y)
    assert np.isnan(found.cv_results_["split0_best_iteration"][0])
    assert found.cv_results_["split0_test_score"][0] == 0.0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_row_of_each_class_is_always_learned(share, seed):
    y = np.random.default_rng(seed).choice(list("abcdefgh"), size=30)
    learn, hold = _hold_out_by_class(y, share, seed)
    assert set(y[learn]) == set(y)
    assert sorted([*learn, *hold]) == list(range(30))
    assert len(hold) >= 1


def test_classes_of_one_member_each_leave_nothing_to_hold_out():
    learn, hold = _hold_out_by_class(np.arange(9), 0.1, 0)
    assert (list(learn), list(hold)) == (list(range(9)), [])


# ---------------------------------------------------------------------------------------- lists


@pytest.mark.parametrize("on", ["fold", "inner"])
@pytest.mark.parametrize("family", FAMILIES)
def test_lists_of_lists_give_what_arrays_give(family, on):
    X, y = load_diabetes(return_X_y=True)
    X, y = X[:150], y[:150]
    results = [
        search(FAMILIES[family].make("regressor"), SPACE, early_stopping=on).fit(*data)
        for data in [(X, y), (X.tolist(), y.tolist())]
    ]
    arrays, lists = (found.cv_results_["split0_best_iteration"][0] for found in results)
    assert lists == arrays


# --------------------------------------------------------------------------------- unusual models


def test_a_forest_of_xgboost_among_boosters_is_fitted_as_always():
    xgboost = pytest.importorskip("xgboost")
    from sklearn.pipeline import Pipeline

    X, y = load_iris(return_X_y=True)
    models = [xgboost.XGBRFClassifier(n_estimators=5), xgboost.XGBClassifier(n_estimators=20)]
    pipeline = Pipeline([("model", models[1])])
    found = search(pipeline, {"model": models}, n_iter=2, early_stopping="fold", cv=3).fit(X, y)
    rounds = dict(
        zip(
            [type(model).__name__ for model in found.cv_results_["param_model"]],
            found.cv_results_["mean_best_iteration"],
            strict=True,
        )
    )
    assert np.isnan(rounds["XGBRFClassifier"])
    assert rounds["XGBClassifier"] >= 1


@pytest.mark.parametrize("name", ["XGBRFClassifier", "XGBRFRegressor"])
def test_a_forest_of_xgboost_alone_has_no_rounds_to_stop(name):
    model = getattr(pytest.importorskip("xgboost"), name)()
    with pytest.raises(ValueError, match="`early_stopping` is for models that learn in rounds"):
        RandomSearchCV(model, {"max_depth": [2]}, early_stopping="fold").fit(X, X[:, 0] > 0)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("booster", ["gbtree", "gblinear", "dart"])
def test_every_booster_of_xgboost_is_stopped(booster):
    xgboost = pytest.importorskip("xgboost")
    X, y = load_diabetes(return_X_y=True)
    model = xgboost.XGBRegressor(n_estimators=40, booster=booster, early_stopping_rounds=3)
    found = search(model, SPACE, early_stopping="fold").fit(X, y)
    assert 1 <= found.best_params_["n_estimators"] <= 40


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("boosting_type", ["rf", "dart"])
def test_forests_and_dart_of_lightgbm_are_fitted(boosting_type):
    lightgbm = pytest.importorskip("lightgbm")
    X, y = load_diabetes(return_X_y=True)
    settings = {"subsample": 0.5, "subsample_freq": 1, "verbose": -1, "n_jobs": 1}
    model = lightgbm.LGBMRegressor(n_estimators=20, boosting_type=boosting_type, **settings)
    found = search(model, SPACE, early_stopping="fold").fit(X, y)
    assert 1 <= found.best_params_["n_estimators"] <= 20


@pytest.mark.parametrize("on", ["fold", "inner"])
def test_a_ranker_of_xgboost_takes_its_queries_from_a_column(on):
    xgboost = pytest.importorskip("xgboost")
    queries = np.repeat(np.arange(24), 5)
    frame = pd.DataFrame(X, columns=list("abcd"))
    y = (X[:, 0] > 0).astype(int)
    model = xgboost.XGBRanker(n_estimators=20)
    settings = {"cv": GroupKFold(3), "scoring": lambda m, X, y: 0.0, "early_stopping": on}
    found = search(model, SPACE, **settings).fit(frame.assign(qid=queries), y, groups=queries)
    given = search(model, SPACE, **settings).fit(frame, y, groups=queries, qid=queries)
    for name in ("split0_best_iteration", "split2_best_iteration"):
        assert found.cv_results_[name][0] == given.cv_results_[name][0]


def test_unshuffled_folds_of_a_sorted_target_are_searched():
    lightgbm = pytest.importorskip("lightgbm")
    X, y = load_iris(return_X_y=True)
    model = lightgbm.LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1)
    found = search(model, SPACE, early_stopping="fold", cv=KFold(3)).fit(X, y)
    assert found.best_score_ == 0.0
