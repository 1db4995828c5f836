"""What cannot work is refused before the first fold, in words that say what to do instead."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import RandomSearchCV
from skhpo.boosting import EarlyStopping
from tests.boosting.boosters import FAMILIES, ROUNDS, search

X, y = load_breast_cancer(return_X_y=True)
X, y = X[:120, :5], y[:120]


# ---------------------------------------------------------------------------------- the settings


@pytest.mark.parametrize("rounds", [0, -1, 2.5, "10", None])
def test_rounds_are_a_positive_int(rounds):
    with pytest.raises(ValueError, match=r"`rounds` must be an int of 1 or more; got"):
        EarlyStopping(rounds=rounds)


@pytest.mark.parametrize("family", FAMILIES)
def test_rounds_may_be_an_int_of_numpy(family):
    by_hand = FAMILIES[family]
    best = []
    for rounds in (ROUNDS, np.int64(ROUNDS)):
        stopping = EarlyStopping(rounds=rounds)
        found = search(
            by_hand.make("classifier"), {"learning_rate": [0.5]}, early_stopping=stopping
        )
        best.append(found.fit(X, y).cv_results_["mean_best_iteration"][0])

    assert best[0] == best[1]


@pytest.mark.parametrize("on", ["test", "FOLD", None, 1])
def test_it_is_watched_on_the_fold_or_on_inner_rows(on):
    with pytest.raises(ValueError, match="`on` must be 'fold' or 'inner'; got"):
        EarlyStopping(on=on)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 7, np.nan])
def test_the_fraction_is_one(fraction):
    with pytest.raises(ValueError, match="`validation_fraction` must lie between 0 and 1; got"):
        EarlyStopping(validation_fraction=fraction)


def test_the_rounds_of_the_refit_are_a_mean_a_median_or_a_maximum():
    with pytest.raises(ValueError, match="`refit` must be 'mean', 'median' or 'max'; got 'min'"):
        EarlyStopping(refit="min")


@pytest.mark.parametrize("metric", [["auc"], 3])
def test_the_metric_is_a_name_or_a_callable(metric):
    with pytest.raises(TypeError, match="`metric` must be a metric's name, a callable, or None"):
        EarlyStopping(metric=metric)


@pytest.mark.parametrize("given", ["test", True, 50, {"rounds": 5}])
def test_a_search_takes_a_name_or_settings(given):
    model = HistGradientBoostingClassifier()
    with pytest.raises(ValueError, match="'early_stopping' parameter of RandomSearchCV must be"):
        RandomSearchCV(model, {"max_depth": [2]}, early_stopping=given).fit(X, y)


# ------------------------------------------------------------------------------------ the estimator


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        RandomForestClassifier(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(HistGradientBoostingClassifier(), StandardScaler()),
        Pipeline([("scale", StandardScaler()), ("model", "passthrough")]),
    ],
)
@pytest.mark.parametrize("early_stopping", ["fold", "inner", EarlyStopping()])
def test_a_search_without_a_booster_says_so(estimator, early_stopping):
    settings = {"scoring": "accuracy", "early_stopping": early_stopping}
    found = RandomSearchCV(estimator, {"verbose": [0]}, **settings)
    with pytest.raises(ValueError, match="`early_stopping` is for models that learn in rounds"):
        found.fit(X, y)


def test_it_names_the_model_and_what_to_do():
    found = RandomSearchCV(LogisticRegression(C=3.0), {"C": [1.0]}, early_stopping="fold")
    with pytest.raises(
        ValueError, match=r"got LogisticRegression\(C=3.0\). Leave `early_stopping`"
    ):
        found.fit(X, y)


def test_a_choice_of_models_without_any_booster_says_so():
    pipeline = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())])
    space = {"model": [LogisticRegression(), RandomForestClassifier()]}
    with pytest.raises(ValueError, match="`early_stopping` is for models that learn in rounds"):
        RandomSearchCV(pipeline, space, early_stopping="fold").fit(X, y)


# ------------------------------------------------------------------------- evaluation sets by hand


@pytest.mark.parametrize(
    ("family", "name"),
    [
        ("xgboost", "eval_set"),
        ("xgboost", "sample_weight_eval_set"),
        ("lightgbm", "eval_set"),
        ("lightgbm", "eval_X"),
        ("lightgbm", "eval_sample_weight"),
        ("catboost", "eval_set"),
        ("hist", "X_val"),
        ("hist", "sample_weight_val"),
    ],
)
@pytest.mark.parametrize("is_piped", [False, True])
def test_an_evaluation_set_by_hand_and_one_of_the_search_exclude_each_other(family, name, is_piped):
    model = FAMILIES[family].make("classifier")
    if is_piped:
        model, name = Pipeline([("scale", StandardScaler()), ("model", model)]), f"model__{name}"
    found = search(model, {"model__max_depth" if is_piped else "max_depth": [2]})
    found.set_params(early_stopping="fold")

    message = f"the search makes the evaluation set of each fold; leave the fit parameter '{name}'"
    with pytest.raises(ValueError, match=message):
        found.fit(X, y, **{name: [(X[:20], y[:20])]})


@pytest.mark.parametrize(
    ("family", "name"), [("lightgbm", "eval_X"), ("hist", "X_val"), ("hist", "y_val")]
)
def test_an_evaluation_set_as_long_as_the_data_would_be_cut_to_the_training_rows(family, name):
    """scikit-learn cuts what has a value a row: the model would be watched on what it learns."""
    found = search(FAMILIES[family].make("classifier"), {"max_depth": [2]})

    with pytest.raises(ValueError, match="watched on the rows it learns from") as caught:
        found.fit(X, y, **{name: X})
    assert f"'{name}' has as many rows as X" in str(caught.value)
    assert "`early_stopping='fold'` or 'inner'" in str(caught.value)


def test_an_evaluation_set_of_another_length_is_the_users_own_affair():
    model = FAMILIES["xgboost"].make("classifier", early_stopping_rounds=3)
    found = search(model, {"max_depth": [2]}, refit=False)
    found.fit(X[:100], y[:100], eval_set=[(X[100:], y[100:])], verbose=False)

    assert np.isfinite(found.cv_results_["mean_test_score"][0])


def test_an_evaluation_set_of_none_is_none():
    found = search(
        FAMILIES["xgboost"].make("classifier"), {"max_depth": [2]}, early_stopping="fold"
    )

    assert found.fit(X, y, eval_set=None).n_splits_ == 3


# ----------------------------------------------------------------------------- metrics, small data


@pytest.mark.parametrize("family", FAMILIES)
def test_a_metric_that_the_booster_does_not_know_fails_with_its_name(family):
    by_hand = FAMILIES[family]
    stopping = EarlyStopping(metric="no_such_metric")
    found = search(by_hand.make("classifier"), {"learning_rate": [0.5]}, early_stopping=stopping)

    with pytest.raises(Exception, match=r"no_such_metric|eval metric is required"):
        found.fit(X, y)


def test_too_few_groups_to_hold_one_out_fail_with_the_reason():
    model = FAMILIES["hist"].make("classifier")
    found = search(model, {"max_depth": [2]}, cv=GroupKFold(2), early_stopping="inner")

    with pytest.raises(ValueError, match="the resulting train set will be empty"):
        found.fit(X, y, groups=np.arange(120) % 2)
