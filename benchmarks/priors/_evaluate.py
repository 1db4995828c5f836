"""Losses of an estimator's configurations on one dataset, by cross-validation."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
from scipy.stats import qmc, rankdata
from sklearn.base import BaseEstimator, is_regressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler

from benchmarks.priors._datasets import Dataset
from skhpo.priors._families import FAMILIES, Family
from skhpo.priors._units import DataTraits

MODULES = (
    "sklearn.linear_model",
    "sklearn.svm",
    "sklearn.neighbors",
    "sklearn.neural_network",
    "sklearn.tree",
    "sklearn.ensemble",
    "lightgbm",
    "xgboost",
)
ALWAYS: dict[str, Any] = {"random_state": 0, "n_jobs": 1, "verbosity": -1}
XGBOOST: dict[str, Any] = {"random_state": 0, "n_jobs": 1, "verbosity": 0}
METRICS = {
    "classification": ("accuracy", "log_loss", "roc_auc"),
    "regression": ("squared_error", "absolute_error"),
}
N_FOLDS = 5
N_FOLDS_OF_SLOW = 3
MAX_ROWS = 800
LIMITS: dict[str, dict[str, Any]] = {"SVC": {"max_iter": 20_000}, "SVR": {"max_iter": 20_000}}
N_CONFIGURATIONS = 128
SLOW = tuple(
    f"{name}{kind}"
    for name in (
        "RandomForest",
        "ExtraTrees",
        "GradientBoosting",
        "HistGradientBoosting",
        "LGBM",
        "XGB",
        "MLP",
    )
    for kind in ("Classifier", "Regressor")
)
FEWER = {
    **dict.fromkeys(SLOW, 128),
    **{f"RandomForest{kind}": 96 for kind in ("Classifier", "Regressor")},
    **{f"ExtraTrees{kind}": 96 for kind in ("Classifier", "Regressor")},
    **{f"GradientBoosting{kind}": 64 for kind in ("Classifier", "Regressor")},
    **{f"MLP{kind}": 64 for kind in ("Classifier", "Regressor")},
    "LogisticRegression": 64,
    "LinearSVC": 64,
    "Ridge": 48,
    "Lasso": 48,
}
SEED = 20261127


def task_of(name: str) -> str:
    """Return the task of a family: "classification" or "regression"."""
    return "regression" if is_regressor(class_of(name)()) else "classification"


def class_of(name: str) -> Any:
    """Return the class of a family."""
    for module in MODULES:
        found = getattr(import_module(module), name, None)
        if found is not None:
            return found
    raise LookupError(name)


def design(family: Family) -> np.ndarray:
    """Return the draws of the family's configurations: points of a scrambled Sobol sequence."""
    n_draws = sum(unit.n_draws for unit in family.units)
    n = FEWER.get(family.name, N_CONFIGURATIONS)
    sobol = qmc.Sobol(n_draws, seed=SEED)
    return sobol.random_base2(int(np.ceil(np.log2(n))))[:n]


def configurations(family: Family, traits: DataTraits) -> list[dict[str, Any]]:
    """Return the configurations of a family on data with these traits."""
    return decoded(family, design(family), traits)


def decoded(family: Family, rows: np.ndarray, traits: DataTraits) -> list[dict[str, Any]]:
    """Return the configurations of a family with these draws, one row each."""
    found = []
    for draws in rows:
        at, params = 0, {}
        for unit in family.units:
            params[unit.name] = unit.decode(draws[at : at + unit.n_draws], traits)
            at += unit.n_draws
        found.append(params)
    return found


def evaluate(name: str, dataset: Dataset) -> dict[str, np.ndarray]:
    """Return the mean loss of each configuration by metric, and the seconds of a fit."""
    family = FAMILIES[name]
    dataset = replace(dataset, X=dataset.X[:MAX_ROWS], y=dataset.y[:MAX_ROWS])  # in random order
    splits = _splits(dataset, N_FOLDS_OF_SLOW if name in SLOW else N_FOLDS)
    folds = [_prepare(dataset, train, test, family.is_scaled) for train, test in splits]
    X, y = folds[0][0], folds[0][1]
    traits = DataTraits(
        n_features=X.shape[1],
        variance=float(X.var()) or 1.0,
        target_sd=float(y.std()) or 1.0 if dataset.task == "regression" else 1.0,
    )
    metrics = METRICS[dataset.task]
    configs = configurations(family, traits)
    losses = np.full((len(metrics), len(configs)), np.nan)
    seconds = np.full(len(configs), np.nan)
    for c, params in enumerate(configs):
        estimator = _estimator(name, params)
        start = time.perf_counter()
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            each = [_losses(estimator, *fold, dataset.task) for fold in folds]
        losses[:, c] = np.mean(each, axis=0)
        seconds[c] = (time.perf_counter() - start) / len(folds)
    return {**dict(zip(metrics, losses, strict=True)), "seconds": seconds}


def _splits(dataset: Dataset, n_folds: int) -> Any:
    cv: Any = KFold if dataset.task == "regression" else StratifiedKFold
    return cv(n_folds, shuffle=True, random_state=0).split(dataset.X, dataset.y)


def _prepare(dataset: Dataset, train: Any, test: Any, is_scaled: bool) -> tuple[Any, ...]:
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    X_train = imputer.fit_transform(dataset.X[train])
    X_test = imputer.transform(dataset.X[test])
    if is_scaled:
        scaler = StandardScaler().fit(X_train)
        X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
    return X_train, dataset.y[train], X_test, dataset.y[test]


def _estimator(name: str, params: dict[str, Any]) -> BaseEstimator:
    fixed = XGBOOST if name.startswith("XGB") else ALWAYS
    estimator = class_of(name)()
    present = estimator.get_params()
    further = {key: value for key, value in fixed.items() if key in present}
    if name.startswith("LGBM"):
        further["verbosity"] = -1
    return class_of(name)(**further, **LIMITS.get(name, {}), **params)


def _losses(
    estimator: Any, X: np.ndarray, y: np.ndarray, X_test: np.ndarray, y_test: np.ndarray, task: str
) -> list[float]:
    try:
        estimator.fit(X, y)
        if task == "regression":
            error = estimator.predict(X_test) - y_test
            spread = y_test.std() or 1.0
            return [float(np.mean(error**2)) / spread**2, float(np.mean(np.abs(error))) / spread]
        return _classification_losses(estimator, X_test, y_test)
    except (ValueError, FloatingPointError, OverflowError):
        return [np.nan] * len(METRICS[task])


def _classification_losses(estimator: Any, X: np.ndarray, y: np.ndarray) -> list[float]:
    classes = estimator.classes_
    log_loss = np.nan
    probabilities = None
    if hasattr(estimator, "predict_proba"):
        probabilities = estimator.predict_proba(X)
    if probabilities is not None and np.isfinite(probabilities).all():
        of_truth = probabilities[np.arange(len(y)), np.searchsorted(classes, y)]
        log_loss = float(-np.log(np.clip(of_truth, 1e-7, 1.0)).mean())
        scores = probabilities
        predicted = classes[probabilities.argmax(axis=1)]
    else:
        scores = estimator.decision_function(X)
        predicted = estimator.predict(X)
        if scores.ndim == 1:
            scores = np.column_stack([-scores, scores])
    areas = [_auc(scores[:, k], y == label) for k, label in enumerate(classes)]
    return [1.0 - float(np.mean(predicted == y)), log_loss, 1.0 - float(np.nanmean(areas))]


def _auc(scores: np.ndarray, is_it: np.ndarray) -> float:
    n_in, n_out = int(is_it.sum()), int((~is_it).sum())
    if n_in == 0 or n_out == 0:
        return np.nan
    ranks = rankdata(scores)
    return float((ranks[is_it].sum() - n_in * (n_in + 1) / 2) / (n_in * n_out))
