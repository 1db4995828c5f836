"""Submodels of ensembles: the first trees of a forest, the first rounds of a booster."""

from __future__ import annotations

import copy
from typing import Any

from skhpo.submodels._base import SubmodelFamily, given_as

__all__ = [
    "AdaBoost",
    "Bagging",
    "CatBoost",
    "Forest",
    "GradientBoosting",
    "HistGradientBoosting",
    "LightGBM",
    "XGBoost",
]

SMALL = 10_000  # largest number of rows without early stopping, with ``early_stopping="auto"``


class Forest(SubmodelFamily):
    """Random forests and extra trees: the first trees.

    Each tree has a seed of its own, which is drawn in the order of the trees.
    """

    parameter = "n_estimators"

    def is_exact(self, model: Any, n_samples: int) -> bool:
        """Return whether seeds are fixed, and nothing is computed from all trees."""
        return is_seeded(model) and given_as(model, warm_start=False, oob_score=False)

    def view(self, model: Any, value: Any) -> Any:
        """Return the forest of the first trees."""
        return self._first(model, int(value))

    def _first(self, model: Any, n: int) -> Any:
        view = copy.copy(model).set_params(n_estimators=n)
        view.estimators_ = model.estimators_[:n]
        return view


class Bagging(Forest):
    """Bagging: the first estimators, with their features and seeds."""

    def _first(self, model: Any, n: int) -> Any:
        view = super()._first(model, n)
        view.estimators_features_ = model.estimators_features_[:n]
        view._seeds = model._seeds[:n]
        return view


class AdaBoost(Forest):
    """AdaBoost: the first rounds, with their weights."""

    def is_exact(self, model: Any, n_samples: int) -> bool:
        """Return whether the seed is fixed."""
        return is_seeded(model)

    def _first(self, model: Any, n: int) -> Any:
        view = super()._first(model, n)
        view.estimator_weights_ = model.estimator_weights_[:n]
        view.estimator_errors_ = model.estimator_errors_[:n]
        return view


class GradientBoosting(SubmodelFamily):
    """Gradient boosting: the first rounds, if it does not stop early."""

    parameter = "n_estimators"

    def is_exact(self, model: Any, n_samples: int) -> bool:
        """Return whether the seed is fixed, and all rounds are made."""
        return is_seeded(model) and given_as(model, warm_start=False, n_iter_no_change=None)

    def view(self, model: Any, value: Any) -> Any:
        """Return the model of the first rounds."""
        n = int(value)
        view = copy.copy(model).set_params(n_estimators=n)
        view.n_estimators_ = n
        for name in ("estimators_", "train_score_", "oob_improvement_", "oob_scores_"):
            if hasattr(model, name):
                setattr(view, name, getattr(model, name)[:n])
        if hasattr(model, "oob_scores_"):
            view.oob_score_ = view.oob_scores_[-1]
        return view


class HistGradientBoosting(SubmodelFamily):
    """Histogram gradient boosting: the first rounds, if it does not stop early."""

    parameter = "max_iter"

    def is_exact(self, model: Any, n_samples: int) -> bool:
        """Return whether nothing is random, and all rounds are made."""
        params = model.get_params(deep=False)
        stops = params["early_stopping"]
        makes_all = stops is False or (stops == "auto" and n_samples <= SMALL)
        draws = params.get("max_features", 1.0) != 1.0 or n_samples > SMALL
        return makes_all and given_as(model, warm_start=False) and (is_seeded(model) or not draws)

    def view(self, model: Any, value: Any) -> Any:
        """Return the model of the first rounds; None if it stopped early."""
        if model.do_early_stopping_:
            return None
        n = int(value)
        view = copy.copy(model).set_params(max_iter=n)
        view._predictors = model._predictors[:n]
        return view


class LightGBM(SubmodelFamily):
    """LightGBM: the first rounds of gradient boosting or of a random forest, but not of DART."""

    parameter = "n_estimators"
    # Other names of `n_estimators`, and parameters that let the fit stop early.
    _must_be_unset = (
        "num_iterations", "num_iteration", "n_iter", "num_tree", "num_trees", "num_round",
        "num_rounds", "nrounds", "num_boost_round", "max_iter", "early_stopping_round",
        "early_stopping_rounds", "early_stopping", "n_iter_no_change", "boosting", "boost",
    )  # fmt: skip

    def is_exact(self, model: Any, n_samples: int) -> bool:
        """Return whether rounds do not change the earlier ones."""
        params = model.get_params(deep=False)
        is_plain = params["boosting_type"] in ("gbdt", "goss", "rf")
        is_known = not callable(params["objective"])
        unset = all(params.get(name) is None for name in self._must_be_unset)
        return is_plain and is_known and unset

    def view(self, model: Any, value: Any) -> Any:
        """Return the model with a booster of the first rounds."""
        from lightgbm import Booster

        text = model.booster_.model_to_string(num_iteration=int(value))
        view = copy.copy(model)
        view._other_params = dict(model._other_params)  # `set_params` writes into it
        view.set_params(n_estimators=int(value))
        view._Booster = Booster(model_str=text)
        return view


class XGBoost(SubmodelFamily):
    """XGBoost: the first rounds of trees, but not of DART."""

    parameter = "n_estimators"
    _must_be_unset = (
        "early_stopping_rounds", "callbacks", "process_type", "updater", "num_boost_round",
    )  # fmt: skip

    def is_exact(self, model: Any, n_samples: int) -> bool:
        """Return whether rounds do not change the earlier ones."""
        params = model.get_params(deep=False)
        is_plain = params["booster"] in (None, "gbtree") and not callable(params["objective"])
        return is_plain and all(params.get(name) is None for name in self._must_be_unset)

    def view(self, model: Any, value: Any) -> Any:
        """Return the model with a booster of the first rounds."""
        booster = model.get_booster()
        view = copy.copy(model).set_params(n_estimators=int(value))
        view._Booster = booster[: min(int(value), booster.num_boosted_rounds())]
        return view


class CatBoost(SubmodelFamily):
    """CatBoost: the first rounds of symmetric trees, if the learning rate is given.

    The default of the learning rate depends on the number of rounds.

    Parameters
    ----------
    parameter : str
        The name of the parameter, which has several.
    """

    # With these parameters, a round depends on those before it only.
    _known = frozenset(
        (
            "learning_rate", "eta", "depth", "max_depth", "l2_leaf_reg", "reg_lambda",
            "random_seed", "random_state", "random_strength", "bootstrap_type", "subsample",
            "bagging_temperature", "sampling_frequency", "rsm", "colsample_bylevel", "border_count",
            "max_bin", "feature_border_type", "one_hot_max_size", "nan_mode", "cat_features",
            "boosting_type", "score_function", "leaf_estimation_method",
            "leaf_estimation_iterations", "class_weights", "auto_class_weights",
            "scale_pos_weight", "loss_function", "objective", "eval_metric", "thread_count",
            "verbose", "silent", "logging_level", "allow_writing_files", "train_dir",
        )
    )  # fmt: skip

    def __init__(self, parameter: str) -> None:
        self.parameter = parameter

    def is_exact(self, model: Any, n_samples: int) -> bool:
        """Return whether rounds do not change the earlier ones, as far as is known."""
        params = model.get_params(deep=False)
        given = {name for name, value in params.items() if value is not None}
        losses = [params.get("loss_function"), params.get("objective")]
        is_known = all(loss is None or isinstance(loss, str) for loss in losses)
        has_rate = not given.isdisjoint(("learning_rate", "eta"))
        return has_rate and is_known and given <= self._known | {self.parameter}

    def view(self, model: Any, value: Any) -> Any:
        """Return the model of the first rounds."""
        n = int(value)
        view = model.copy()
        view.shrink(ntree_end=min(n, model.tree_count_))
        view._init_params = {**model._init_params, self.parameter: value}
        view._n_features_in = model._n_features_in
        view.get_feature_importance()  # it keeps those of the smaller model
        return view


def is_seeded(model: Any) -> bool:
    """Return whether the random state of a model is fixed: each fit draws the same numbers."""
    return model.get_params(deep=False)["random_state"] is not None  # `clone` copies a generator
