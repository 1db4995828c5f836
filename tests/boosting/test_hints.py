"""What a search says where early stopping cannot work, or has nothing to stop."""

import warnings

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import Pipeline

from skhpo.boosting import EarlyStopping
from tests.boosting.boosters import FAMILIES, LIMIT, search

X, y = (part[:150] for part in load_breast_cancer(return_X_y=True))
ONLY_FIRST = "the first round was the best in every fold of every candidate"


# ------------------------------------------------------------------- boosters within other models

WRAPPERS = {
    "one against the rest": (OneVsRestClassifier, "estimator"),
    "several outputs": (MultiOutputClassifier, "estimator"),
    "calibrated": (CalibratedClassifierCV, "estimator"),
    "stacked": (lambda model: StackingClassifier([("one", model)]), "one"),
    "on top of a stack": (
        lambda model: StackingClassifier([("one", LogisticRegression())], model),
        "final_estimator",
    ),
    "voting": (lambda model: VotingClassifier([("one", model)]), "one"),
    "a transformed target": (TransformedTargetRegressor, "regressor"),
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_booster_within_another_model_is_refused_with_the_reason(wrapper):
    wrap, prefix = WRAPPERS[wrapper]
    model = wrap(FAMILIES["hist"].make("classifier"))
    found = search(model, {f"{prefix}__max_depth": [2]}, early_stopping="fold")
    reason = r"Its HistGradientBoostingClassifier is fitted by \w+, on data that the search"
    with pytest.raises(ValueError, match=reason):
        found.fit(X, y)


def test_a_wrapped_booster_among_boosters_is_fitted_as_always():
    model = FAMILIES["hist"].make("classifier")
    pipeline = Pipeline([("model", model)])
    space = {"model": [OneVsRestClassifier(model), model]}
    found = search(pipeline, space, n_iter=2, early_stopping="fold").fit(X, y)
    is_wrapped = [isinstance(one, OneVsRestClassifier) for one in found.cv_results_["param_model"]]
    assert list(np.isnan(found.cv_results_["mean_best_iteration"])) == is_wrapped


# ------------------------------------------------------------------------ only the first round


def upside_down(truth, predicted):
    """A metric that is better the larger it is, which XGBoost takes for a loss."""
    return roc_auc_score(truth, predicted)


def test_a_metric_that_is_minimised_by_mistake_is_warned_of():
    model = FAMILIES["xgboost"].make("classifier", learning_rate=0.02)
    space = {"max_depth": [1], "learning_rate": [0.02, 0.05]}
    stopping = EarlyStopping(metric=upside_down)
    rows = np.arange(150)
    found = search(model, space, n_iter=2, cv=[(rows, rows)], early_stopping=stopping)
    with pytest.warns(UserWarning, match=ONLY_FIRST):
        found.fit(X, y)


@pytest.mark.parametrize("family", ["xgboost", "lightgbm", "catboost"])
def test_a_learning_rate_far_too_high_is_warned_of(family):
    sampling = {"bootstrap_type": "No"} if family == "catboost" else {}
    model = FAMILIES[family].make("classifier", **sampling)
    found = search(model, {"learning_rate": [50.0]}, early_stopping="fold", refit=False)
    with pytest.warns(UserWarning, match=ONLY_FIRST):
        found.fit(X, y)


def test_one_fit_that_learns_more_than_a_round_ends_the_doubt():
    model = FAMILIES["xgboost"].make("classifier")
    found = search(model, {"learning_rate": [50.0, 0.1]}, n_iter=2, early_stopping="fold")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=f".*{ONLY_FIRST}")
        found.fit(X, y)
    assert 1 in found.cv_results_["mean_best_iteration"]


def test_a_limit_of_one_round_is_no_reason_to_warn():
    model = FAMILIES["xgboost"].make("classifier", n_estimators=1)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=f".*{ONLY_FIRST}")
        search(model, {"max_depth": [2]}, early_stopping="fold").fit(X, y)


# ------------------------------------------------------------------------- CatBoost's constructor


def words():
    """Rows whose first column is a word."""
    import pandas as pd

    return pd.DataFrame({"word": ["x", "y", "z"] * 50, "number": np.arange(150.0)})


@pytest.mark.parametrize("early_stopping", ["fold", None])
def test_cat_features_that_cannot_be_cloned_are_sent_to_fit(early_stopping):
    model = FAMILIES["catboost"].make("classifier", cat_features=["word"])
    found = search(model, {"depth": [2]}, early_stopping=early_stopping)
    with pytest.raises(RuntimeError, match=r"search.fit\(X, y, cat_features=\['word'\]\)"):
        found.fit(words(), y)


def test_in_a_pipeline_they_go_to_fit_with_the_prefix_of_their_step():
    model = FAMILIES["catboost"].make("classifier", cat_features=["word"])
    found = search(Pipeline([("model", model)]), {"model__depth": [2]})
    with pytest.raises(RuntimeError, match=r"search.fit\(X, y, model__cat_features=\['word'\]\)"):
        found.fit(words(), y)


def test_a_choice_of_the_space_that_cannot_be_cloned_is_named_before_the_first_fit():
    make = FAMILIES["catboost"].make
    space = {"model": [make("classifier"), make("classifier", cat_features=["word"])]}
    found = search(Pipeline([("model", make("classifier"))]), space)
    with pytest.raises(RuntimeError, match=r"search.fit\(X, y, model__cat_features=\['word'\]\)"):
        found.fit(words(), y)
    assert not hasattr(found, "study_")


@pytest.mark.parametrize(
    ("name", "value"), [("monotone_constraints", [1] + [0] * 29), ("custom_metric", ["AUC"])]
)
def test_other_lists_of_catboost_are_sent_to_the_space_and_work_there(name, value):
    make = FAMILIES["catboost"].make
    with pytest.raises(RuntimeError, match="Make it the only choice of the space") as caught:
        search(make("classifier", **{name: value}), {"depth": [2]}).fit(X, y)
    assert f"{{{name!r}: [{value!r}]}}" in str(caught.value)
    found = search(make("classifier"), {name: [value]}, early_stopping="fold").fit(X, y)
    assert found.best_params_[name] == value


@pytest.mark.parametrize("on", ["fold", "inner"])
def test_cat_features_as_a_tuple_give_what_those_of_fit_give(on):
    make = FAMILIES["catboost"].make
    settings = {"early_stopping": on, "scoring": "neg_log_loss"}
    as_tuple = search(make("classifier", cat_features=("word",)), {"depth": [2]}, **settings)
    in_fit = search(make("classifier"), {"depth": [2]}, **settings)
    as_tuple.fit(words(), y)
    in_fit.fit(words(), y, cat_features=["word"])
    assert as_tuple.best_score_ == in_fit.best_score_


def test_what_others_cannot_clone_is_told_as_scikit_learn_tells_it():
    class Changed(LogisticRegression):
        def __init__(self, C=1.0):
            super().__init__(C=[C])

    with pytest.raises(RuntimeError, match=r"either does not set or modifies parameter C$"):
        search(Changed(), {"C": [1.0]}).fit(X, y)


# ------------------------------------------------------------------------- metrics, weights


class Hits:
    """A metric in CatBoost's way: the share of labels that are right."""

    def is_max_optimal(self):
        return True

    def evaluate(self, approximations, targets, weights):
        return float(np.mean((np.asarray(approximations[0]) > 0) == np.asarray(targets))), 1.0

    def get_final_error(self, error, weight):
        return error


def test_a_metric_object_of_catboost_is_watched():
    model = FAMILIES["catboost"].make("classifier")
    stopping = EarlyStopping(metric=Hits(), rounds=5)
    mine = search(model, {"depth": [2]}, early_stopping=stopping).fit(X, y)
    named = mine.set_params(early_stopping=EarlyStopping(metric="Accuracy", rounds=5))
    rounds = mine.cv_results_["mean_best_iteration"][0]
    assert named.fit(X, y).cv_results_["mean_best_iteration"][0] == rounds


@pytest.mark.parametrize(
    ("family", "name", "value"),
    [
        ("xgboost", "eval_metric", ["error", "logloss"]),
        ("xgboost", "eval_metric", log_loss),
        ("xgboost", "scale_pos_weight", 3.0),
        ("xgboost", "monotone_constraints", (1,) + (0,) * 29),
        ("lightgbm", "metric", ["auc", "binary_logloss"]),
        ("lightgbm", "class_weight", {0: 1.0, 1: 5.0}),
        ("lightgbm", "monotone_constraints", [1] + [0] * 29),
        ("catboost", "auto_class_weights", "Balanced"),
        ("catboost", "use_best_model", False),
        ("catboost", "od_type", "IncToDec"),
        ("catboost", "grow_policy", "Lossguide"),
        ("hist", "class_weight", "balanced"),
        ("hist", "monotonic_cst", [1] + [0] * 29),
    ],
)
def test_a_setting_of_the_booster_is_kept_where_it_is_stopped_early(family, name, value):
    model = FAMILIES[family].make("classifier", **{name: value})
    found = search(model, {"learning_rate": [0.3]}, early_stopping="inner").fit(X, y)
    assert 1 <= found.cv_results_["mean_best_iteration"][0] <= LIMIT
    assert found.best_estimator_.get_params()[name] == value


def test_texts_of_catboost_are_watched_as_it_learns_them():
    import pandas as pd

    rows = load_diabetes(return_X_y=True, as_frame=True)[0][:150]
    texts = pd.DataFrame({"text": np.where(rows["bmi"] > 0, "heavy load up", "light air down")})
    model = FAMILIES["catboost"].make("classifier")
    found = search(model, {"depth": [2]}, early_stopping="fold")
    found.fit(texts, (rows["bmi"] > 0).astype(int), text_features=["text"])
    assert found.best_score_ == 1.0
