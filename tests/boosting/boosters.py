"""Each family of boosters: how one is made, and how its user stops it early by hand."""

import inspect
import warnings

import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from skhpo import RandomSearchCV

ROUNDS = 5
LIMIT = 60  # rounds without early stopping

HAS_X_VAL = "X_val" in inspect.signature(HistGradientBoostingRegressor.fit).parameters


def search(model, space, **settings):
    """A search that runs every fold of every candidate."""
    settings = {"n_iter": 1, "cv": 3, "random_state": 0, "pruner": None} | settings
    return RandomSearchCV(model, space, error_score="raise", **settings)


class ByHand:
    """A family, as its own documentation has it."""

    rounds = "n_estimators"

    def make(self, kind, **params):
        """A model that learns fast and soon learns no more."""
        raise NotImplementedError

    def fit(self, model, X, y, X_val, y_val, *, metric=None, weight=None, weight_val=None):
        """Fit with an evaluation set; the number of rounds with which it predicts."""
        raise NotImplementedError

    def n_rounds(self, model):
        """How many rounds a model was fitted with, without early stopping."""
        raise NotImplementedError


class XGBoost(ByHand):
    metrics = ("error", "logloss")

    def make(self, kind, **params):
        xgboost = pytest.importorskip("xgboost")
        model = getattr(xgboost, {"classifier": "XGBClassifier", "regressor": "XGBRegressor"}[kind])
        defaults = {"n_estimators": LIMIT, "learning_rate": 0.5, "n_jobs": 1, "random_state": 0}
        return model(**defaults | params)

    def fit(self, model, X, y, X_val, y_val, *, metric=None, weight=None, weight_val=None):
        model.set_params(early_stopping_rounds=ROUNDS)
        if metric is not None:
            model.set_params(eval_metric=metric)
        given = {"eval_set": [(X_val, y_val)], "verbose": False}
        if weight is not None:
            given |= {"sample_weight": weight, "sample_weight_eval_set": [weight_val]}
        model.fit(X, y, **given)
        return model.best_iteration + 1

    def n_rounds(self, model):
        return model.get_booster().num_boosted_rounds()


class LightGBM(ByHand):
    metrics = ("auc", "binary_logloss")

    def make(self, kind, **params):
        lightgbm = pytest.importorskip("lightgbm")
        model = getattr(
            lightgbm, {"classifier": "LGBMClassifier", "regressor": "LGBMRegressor"}[kind]
        )
        defaults = {
            "n_estimators": LIMIT, "learning_rate": 0.5, "num_leaves": 7, "n_jobs": 1,
            "random_state": 0, "verbose": -1,
        }  # fmt: skip
        return model(**defaults | params)

    def fit(self, model, X, y, X_val, y_val, *, metric=None, weight=None, weight_val=None):
        import lightgbm

        if metric is not None:
            model.set_params(metric=metric)
        given = {"callbacks": [lightgbm.early_stopping(ROUNDS, verbose=False)]}
        if weight is not None:
            given |= {"sample_weight": weight, "eval_sample_weight": [weight_val]}
        with warnings.catch_warnings():  # its new name does not encode labels
            warnings.filterwarnings("ignore", "The argument 'eval_set' is deprecated")
            model.fit(X, y, eval_set=[(X_val, y_val)], **given)
        return model.best_iteration_

    def n_rounds(self, model):
        return model.booster_.num_trees()


class CatBoost(ByHand):
    rounds = "iterations"
    metrics = ("AUC", "Logloss")

    def make(self, kind, **params):
        catboost = pytest.importorskip("catboost")
        model = getattr(
            catboost, {"classifier": "CatBoostClassifier", "regressor": "CatBoostRegressor"}[kind]
        )
        defaults = {
            "iterations": LIMIT, "learning_rate": 0.5, "depth": 4, "thread_count": 1,
            "random_seed": 0, "verbose": False, "allow_writing_files": False,
        }  # fmt: skip
        return model(**defaults | params)

    def fit(self, model, X, y, X_val, y_val, *, metric=None, weight=None, weight_val=None):
        import catboost

        if metric is not None:
            model.set_params(eval_metric=metric)
        model.fit(
            catboost.Pool(X, y, weight=weight),
            eval_set=catboost.Pool(X_val, y_val, weight=weight_val),
            early_stopping_rounds=ROUNDS,
        )
        return model.best_iteration_ + 1

    def n_rounds(self, model):
        return model.tree_count_


class HistGradientBoosting(ByHand):
    rounds = "max_iter"
    metrics = ("roc_auc", "loss")

    def make(self, kind, **params):
        if not HAS_X_VAL:
            pytest.skip("scikit-learn takes evaluation sets from 1.7 on")
        model = {
            "classifier": HistGradientBoostingClassifier,
            "regressor": HistGradientBoostingRegressor,
        }[kind]
        defaults = {
            "max_iter": LIMIT, "learning_rate": 0.5, "max_leaf_nodes": 7, "random_state": 0
        }  # fmt: skip
        return model(**defaults | params)

    def fit(self, model, X, y, X_val, y_val, *, metric=None, weight=None, weight_val=None):
        model.set_params(early_stopping=True, n_iter_no_change=ROUNDS)
        if metric is not None:
            model.set_params(scoring=metric)
        given = {"X_val": X_val, "y_val": y_val}
        if weight is not None:
            given |= {"sample_weight": weight, "sample_weight_val": weight_val}
        model.fit(X, y, **given)
        return model.n_iter_

    def n_rounds(self, model):
        return model.n_iter_


FAMILIES = {
    "xgboost": XGBoost(),
    "lightgbm": LightGBM(),
    "catboost": CatBoost(),
    "hist": HistGradientBoosting(),
}
MODELS = [(family, kind) for family in FAMILIES for kind in ("classifier", "regressor")]
