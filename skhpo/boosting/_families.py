"""What the families of boosters call things: evaluation sets, metrics, rounds, threads."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier

from skhpo.boosting._curves import CurveRule
from skhpo.boosting._early_stopping import EarlyStopping

__all__ = ["Evaluation", "Family", "Observer", "family_of", "find_model"]

Fit = Callable[..., Any]


@dataclass(frozen=True)
class Evaluation:
    """The rows on which a model is watched.

    Attributes
    ----------
    X, y : array-like
        As the model takes them, after all that precedes it in a pipeline.
    sample_weight : array-like or None
        Their weights.
    queries : array-like or None
        Of a ranker, the query of each row.
    """

    X: Any
    y: Any
    sample_weight: Any = None
    queries: Any = None


class Observer:
    """Looks at a fit after some of its rounds.

    Parameters
    ----------
    rule : CurveRule or None
        Says whether to stop; None never does.

    Attributes
    ----------
    stopped_at : int or None
        The round at which it has ended the fit.
    predicted : float or None
        The loss that was expected at the end.
    """

    def __init__(self, rule: CurveRule | None) -> None:
        self._rule = rule
        self._values: list[float] = []
        self.stopped_at: int | None = None
        self.predicted: float | None = None

    @property
    def is_needed(self) -> bool:
        """Whether it looks at all."""
        return self._rule is not None

    def saw(self, value: float) -> bool:
        """Take in the metric after a round; say whether the fit ends."""
        self._values.append(value)
        if self._rule is None or len(self._values) not in self._rule.rounds:
            return False
        self.predicted = self._rule.predict_if_hopeless(self._values)
        if self.predicted is not None:
            self.stopped_at = len(self._values)
        return self.predicted is not None


class Family:
    """A family of models that learn in rounds.

    Attributes
    ----------
    rounds : tuple of str
        Names of the parameter that limits the rounds; the first is the usual one.
    threads : tuple of str
        Names of the parameter for the number of threads; the first is the usual one.
    stops : tuple of str
        Names of the parameter after how many rounds a fit ends, or whether it does.
    by_hand : frozenset of str
        Parameters of ``fit`` that bring an evaluation set.
    can_be_observed : bool
        Whether a fit can be looked at, and ended, while it runs.
    """

    can_be_observed = True

    rounds: tuple[str, ...] = ("n_estimators",)
    threads: tuple[str, ...] = ("n_jobs",)
    stops: tuple[str, ...] = ()
    by_hand: frozenset[str] = frozenset()

    def fit(
        self,
        model: Any,
        fit: Fit,
        X: Any,
        y: Any,
        params: Mapping[str, Any],
        evaluation: Evaluation,
        stopping: EarlyStopping,
        observer: Observer,
    ) -> None:
        """Fit a model, watched on the evaluation rows, until it improves no more.

        Parameters
        ----------
        model : estimator
            The model.
        fit : callable
            Its own ``fit``.
        X, y : array-like
            What it learns from.
        params : mapping of str to object
            Further parameters of `fit`.
        evaluation : Evaluation
            The rows on which it is watched.
        stopping : EarlyStopping
            The settings.
        observer : Observer
            Looks at the metric after some rounds, and may end the fit.
        """
        raise NotImplementedError

    def has_rounds(self, model: Any) -> bool:
        """Whether a model, as it is set, learns in rounds; a forest does not."""
        return True

    def best_rounds(self, model: Any) -> int:
        """The number of rounds with which a fitted model predicts, from 1."""
        raise NotImplementedError

    def curve(self, model: Any) -> list[float]:
        """The watched metric after each round."""
        raise NotImplementedError

    def with_queries(
        self, model: Any, params: Mapping[str, Any], queries: NDArray[Any], X: Any
    ) -> dict[str, Any]:
        """Parameters of ``fit`` with a ranker's queries, unless the user has given them."""
        return dict(params)

    def refit_params(self, n_rounds: int, given: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters with which a model learns just so many rounds, and nothing ends it early."""
        named = [name for name in self.rounds if given.get(name) is not None]
        return {named[0] if named else self.rounds[0]: n_rounds} | self.unset(given)

    def unset(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What takes back the user's own early stopping."""
        return {name: None for name in self.stops if given.get(name) is not None}


class XGBoost(Family):
    """XGBClassifier, XGBRegressor, XGBRanker."""

    threads = ("n_jobs", "nthread")
    stops = ("early_stopping_rounds",)
    by_hand = frozenset(
        {"eval_set", "eval_group", "eval_qid", "sample_weight_eval_set", "base_margin_eval_set"}
    )

    def fit(
        self,
        model: Any,
        fit: Fit,
        X: Any,
        y: Any,
        params: Mapping[str, Any],
        evaluation: Evaluation,
        stopping: EarlyStopping,
        observer: Observer,
    ) -> None:
        """Fit with ``early_stopping_rounds`` and ``eval_set``."""
        model.set_params(**self.unset(model.get_params()))
        model.set_params(early_stopping_rounds=int(stopping.rounds))
        if stopping.metric is not None:
            model.set_params(eval_metric=stopping.metric)
        given: dict[str, Any] = {"eval_set": [(evaluation.X, evaluation.y)], "verbose": False}
        if evaluation.sample_weight is not None:
            given["sample_weight_eval_set"] = [evaluation.sample_weight]
        if evaluation.queries is not None and _is_ranker(model) and not _has_qid(evaluation.X):
            given["eval_qid"] = [evaluation.queries]
        if observer.is_needed:
            from skhpo.boosting._observers import xgboost_observer

            own = model.get_params().get("callbacks") or []
            model.set_params(callbacks=[*own, xgboost_observer(observer)])
        fit(X, y, **given | dict(params))
        if observer.is_needed:
            model.set_params(callbacks=own or None)

    def with_queries(
        self, model: Any, params: Mapping[str, Any], queries: NDArray[Any], X: Any
    ) -> dict[str, Any]:
        """XGBRanker takes the query of each row, also as a column ``qid`` of X."""
        is_given = not _is_ranker(model) or "group" in params or _has_qid(X)
        return dict(params) if is_given else {"qid": queries} | dict(params)

    def has_rounds(self, model: Any) -> bool:
        """XGBRFClassifier and XGBRFRegressor grow all their trees in one."""
        return not type(model).__name__.startswith("XGBRF")

    def best_rounds(self, model: Any) -> int:
        """One more than the index of the best round; all, for linear models."""
        if model.get_params().get("booster") == "gblinear":  # it predicts with all its rounds
            return int(model.get_booster().num_boosted_rounds())
        return int(model.best_iteration) + 1

    def curve(self, model: Any) -> list[float]:
        """The last metric: it is the one that is watched."""
        return [float(value) for value in list(model.evals_result()["validation_0"].values())[-1]]

    def unset(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Its callback ``EarlyStopping`` does the same as the parameter."""
        return super().unset(given) | _without_callback("EarlyStopping", given)


class LightGBM(Family):
    """LGBMClassifier, LGBMRegressor, LGBMRanker."""

    rounds = (
        "n_estimators", "num_iterations", "num_iteration", "n_iter", "num_tree", "num_trees",
        "num_round", "num_rounds", "nrounds", "num_boost_round", "max_iter",
    )  # fmt: skip
    threads = ("n_jobs", "num_threads", "num_thread", "nthread", "nthreads")
    stops = (
        "early_stopping_round", "early_stopping_rounds", "early_stopping", "n_iter_no_change",
    )  # fmt: skip
    by_hand = frozenset(
        {
            "eval_set", "eval_X", "eval_y", "eval_group", "eval_sample_weight", "eval_init_score",
            "eval_class_weight",
        }
    )  # fmt: skip

    def fit(
        self,
        model: Any,
        fit: Fit,
        X: Any,
        y: Any,
        params: Mapping[str, Any],
        evaluation: Evaluation,
        stopping: EarlyStopping,
        observer: Observer,
    ) -> None:
        """Fit with a callback that stops, and an evaluation set."""
        from lightgbm import early_stopping

        params = dict(params)
        model.set_params(**self.unset(model.get_params()))
        callbacks = [*(params.pop("callbacks", None) or ())]
        only_first = stopping.metric is not None  # a name may stand for several: ndcg@1, ndcg@2
        callbacks.append(early_stopping(int(stopping.rounds), only_first, verbose=False))
        if observer.is_needed:
            from skhpo.boosting._observers import LightGBMObserver

            callbacks.append(LightGBMObserver(observer))
        given: dict[str, Any] = {"eval_names": ["validation"], "callbacks": callbacks}
        if isinstance(evaluation.X, list):  # as `fit` itself makes of lists
            evaluation = replace(evaluation, X=np.asarray(evaluation.X))
        takes = inspect.signature(type(model).fit).parameters
        if "eval_X" in takes and not (is_classifier(model) and "eval_set" in takes):
            given |= {"eval_X": evaluation.X, "eval_y": evaluation.y}
        else:  # LightGBM 4.7 encodes the labels of `eval_set`, but not those of `eval_y`
            given["eval_set"] = [(evaluation.X, evaluation.y)]
        if stopping.metric is not None:
            model.set_params(metric="None")  # the model's own metrics might come first
            params["eval_metric"] = stopping.metric
        if evaluation.sample_weight is not None:
            given["eval_sample_weight"] = [evaluation.sample_weight]
        if evaluation.queries is not None and _is_ranker(model):
            given["eval_group"] = [_sizes(evaluation.queries)]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The argument 'eval_set' is deprecated")
            fit(X, y, **given | params)

    def with_queries(
        self, model: Any, params: Mapping[str, Any], queries: NDArray[Any], X: Any
    ) -> dict[str, Any]:
        """LGBMRanker takes the sizes of the queries, whose rows must follow each other."""
        given = {"group": _sizes(queries)} if _is_ranker(model) else {}
        return given | dict(params)

    def unset(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Its callback ``early_stopping``, given to ``fit``, does the same as the parameters."""
        return super().unset(given) | _without_callback("_EarlyStoppingCallback", given)

    def best_rounds(self, model: Any) -> int:
        """The number of the best round; all, if there is none."""
        return int(model.best_iteration_ or model.n_iter_)

    def curve(self, model: Any) -> list[float]:
        """The first metric."""
        return [float(value) for value in next(iter(model.evals_result_["validation"].values()))]


class CatBoost(Family):
    """CatBoostClassifier, CatBoostRegressor, CatBoostRanker."""

    rounds = ("iterations", "n_estimators", "num_boost_round", "num_trees")
    threads = ("thread_count",)
    by_hand = frozenset({"eval_set"})

    def fit(
        self,
        model: Any,
        fit: Fit,
        X: Any,
        y: Any,
        params: Mapping[str, Any],
        evaluation: Evaluation,
        stopping: EarlyStopping,
        observer: Observer,
    ) -> None:
        """Fit with ``early_stopping_rounds`` and ``eval_set``."""
        from catboost import Pool

        if stopping.metric is not None:
            model.set_params(eval_metric=stopping.metric)
        if "allow_writing_files" not in model.get_params():
            model.set_params(allow_writing_files=False)
        own = model.get_params() | dict(params)
        given: dict[str, Any] = {
            "eval_set": Pool(
                evaluation.X,
                evaluation.y,
                weight=evaluation.sample_weight,
                group_id=evaluation.queries if _is_ranker(model) else None,
                cat_features=own.get("cat_features"),
                text_features=own.get("text_features"),
                embedding_features=own.get("embedding_features"),
            ),
            "early_stopping_rounds": int(stopping.rounds),
        }
        if not {"verbose", "logging_level", "silent"} & set(model.get_params()):
            given["verbose"] = False
        if observer.is_needed:
            from skhpo.boosting._observers import CatBoostObserver

            given["callbacks"] = [CatBoostObserver(observer)]
        fit(X, y, **given | dict(params))

    def with_queries(
        self, model: Any, params: Mapping[str, Any], queries: NDArray[Any], X: Any
    ) -> dict[str, Any]:
        """CatBoostRanker takes the query of each row."""
        return ({"group_id": queries} if _is_ranker(model) else {}) | dict(params)

    def best_rounds(self, model: Any) -> int:
        """The number of trees that are kept."""
        return int(model.tree_count_)

    def curve(self, model: Any) -> list[float]:
        """The watched metric is the last."""
        return [float(value) for value in list(model.get_evals_result()["validation"].values())[-1]]

    def unset(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """CatBoost refuses to choose the best of its rounds where nothing is watched."""
        return {"use_best_model": False} if given.get("use_best_model") else {}


class HistGradientBoosting(Family):
    """HistGradientBoostingClassifier and -Regressor of scikit-learn."""

    rounds = ("max_iter",)
    threads = ()
    can_be_observed = False
    by_hand = frozenset({"X_val", "y_val", "sample_weight_val"})

    def fit(
        self,
        model: Any,
        fit: Fit,
        X: Any,
        y: Any,
        params: Mapping[str, Any],
        evaluation: Evaluation,
        stopping: EarlyStopping,
        observer: Observer,
    ) -> None:
        """Fit with ``X_val`` and ``y_val``."""
        model.set_params(early_stopping=True, n_iter_no_change=stopping.rounds)
        if stopping.metric is not None:
            model.set_params(scoring=stopping.metric)
        given: dict[str, Any] = {"X_val": evaluation.X, "y_val": evaluation.y}
        if evaluation.sample_weight is not None:
            given["sample_weight_val"] = evaluation.sample_weight
        fit(X, y, **given | dict(params))

    def best_rounds(self, model: Any) -> int:
        """All rounds: the model predicts with those after the best one, too."""
        return int(model.n_iter_)

    def curve(self, model: Any) -> list[float]:
        """Validation scores; the first is that before any round."""
        return [float(value) for value in model.validation_score_[1:]]

    def refit_params(self, n_rounds: int, given: Mapping[str, Any]) -> dict[str, Any]:
        """Without early stopping, which would hold out rows."""
        return {"max_iter": n_rounds, "early_stopping": False}


_FAMILIES: dict[tuple[str, str], Family] = {
    ("xgboost", "XGBModel"): XGBoost(),
    ("lightgbm", "LGBMModel"): LightGBM(),
    ("catboost", "CatBoost"): CatBoost(),
    ("sklearn", "BaseHistGradientBoosting"): HistGradientBoosting(),
}


def family_of(model: Any) -> Family | None:
    """The family of a model; None if it is none that learns in rounds and can be watched."""
    for base in type(model).__mro__:
        family = _FAMILIES.get((base.__module__.partition(".")[0], base.__name__))
        if family is not None:
            return family
    return None


def find_model(estimator: Any) -> tuple[str, Any]:
    """The model at the end of a pipeline, also of one in another.

    Parameters
    ----------
    estimator : estimator
        A pipeline, or the model itself.

    Returns
    -------
    prefix : str
        What precedes the names of its parameters, such as ``"model__"``.
    model : estimator
        The model.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skhpo.boosting import find_model
    >>> find_model(make_pipeline(StandardScaler(), HistGradientBoostingClassifier()))
    ('histgradientboostingclassifier__', HistGradientBoostingClassifier())
    """
    from sklearn.pipeline import Pipeline

    prefix = ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return prefix, estimator


def _without_callback(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The callbacks without those of a kind, if there are any of it."""
    callbacks = given.get("callbacks") or []
    others = [one for one in callbacks if type(one).__name__ != kind]
    return {} if len(others) == len(callbacks) else {"callbacks": others or None}


def _has_qid(X: Any) -> bool:
    return "qid" in getattr(X, "columns", ())


def _is_ranker(model: Any) -> bool:
    return type(model).__name__.endswith("Ranker")


def _sizes(queries: ArrayLike) -> list[int]:
    """How many rows in a row belong to the same query."""
    queries = np.asarray(queries)
    starts = np.flatnonzero(np.r_[True, queries[1:] != queries[:-1]])
    return [int(size) for size in np.diff(np.r_[starts, len(queries)])]
