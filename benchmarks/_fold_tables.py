"""Tables of fold losses of real models, the material of the pruning benchmark.

A table holds the losses (smaller is better) of some 150-200 random configurations of one model on
one data set, on every fold of a 5-fold or a 10-fold cross-validation. The data ship with
scikit-learn or are synthetic, so nothing is downloaded. Tables are made once, in about ten
minutes on one core, and kept in ``benchmarks/cache``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from _common import kept_arrays
from _sampler_spaces import Space, from_unit
from sklearn import datasets
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

__all__ = ["FoldTable", "load_tables"]

FOLDS = (5, 10)


@dataclass(frozen=True)
class FoldTable:
    """Losses of the configurations of one model on one data set, fold by fold.

    Attributes
    ----------
    name : str
        Data set, model and metric.
    losses : ndarray of shape (n_configs, n_folds)
        Negated scores: smaller is better.
    points : ndarray of shape (n_configs, n_params)
        The configurations in the unit cube.
    held_out : bool
        Whether the table is kept for the final report; settings are chosen on the others.
    """

    name: str
    losses: np.ndarray
    points: np.ndarray
    held_out: bool


@dataclass(frozen=True)
class Task:
    """One model with its space on one data set, scored by one or more metrics."""

    name: str
    data: Callable[[], tuple[np.ndarray, np.ndarray]]
    model: Callable[..., Any]
    space: Space
    metrics: tuple[str, ...]
    n_configs: int = 200
    ordered: bool = False  # contiguous folds along a sorted feature: large fold effects


def bundled(
    loader: Callable[..., Any], n_samples: int | None = None
) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """A data set of scikit-learn's own, subsampled."""

    def load() -> tuple[np.ndarray, np.ndarray]:
        X, y = loader(return_X_y=True)
        rows = np.random.default_rng(0).permutation(len(y))[:n_samples]
        return X[rows], y[rows]

    return load


def synthetic(
    maker: Callable[..., Any], **kwargs: Any
) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """A synthetic data set."""
    return lambda: maker(random_state=0, **kwargs)


def sorted_by_first_feature(
    load: Callable[[], tuple[np.ndarray, np.ndarray]],
) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """The same data, sorted, so that contiguous folds differ in kind."""

    def load_sorted() -> tuple[np.ndarray, np.ndarray]:
        X, y = load()
        rows = np.argsort(X[:, 0], kind="stable")
        return X[rows], y[rows]

    return load_sorted


def scaled(estimator: Callable[..., Any], **fixed: Any) -> Callable[..., Any]:
    """The estimator behind a StandardScaler."""
    return lambda **params: make_pipeline(StandardScaler(), estimator(**fixed, **params))


def plain(estimator: Callable[..., Any], **fixed: Any) -> Callable[..., Any]:
    """The estimator as it is."""
    return lambda **params: estimator(**fixed, **params)


LOGISTIC: Space = {
    "C": ("log", 1e-4, 1e3),
    "l1_ratio": ("choice", 0.0, 1.0),
    "class_weight": ("choice", None, "balanced"),
}
SVM: Space = {"C": ("log", 1e-2, 1e3), "gamma": ("log", 1e-4, 1e1)}
KNN: Space = {
    "n_neighbors": ("int", 1, 40),
    "p": ("float", 1.0, 3.0),
    "weights": ("choice", "uniform", "distance"),
}
FOREST: Space = {
    "n_estimators": ("int", 4, 20),
    "max_depth": ("int", 1, 12),
    "max_features": ("float", 0.1, 1.0),
    "min_samples_leaf": ("int", 1, 20),
}
BOOSTING: Space = {
    "learning_rate": ("log", 0.01, 1.0),
    "max_iter": ("int", 5, 30),
    "max_leaf_nodes": ("int", 2, 16),
    "l2_regularization": ("log", 1e-3, 1e2),
}
TREE: Space = {
    "max_depth": ("int", 1, 15),
    "min_samples_leaf": ("int", 1, 40),
    "max_features": ("float", 0.2, 1.0),
    "ccp_alpha": ("log", 1e-5, 1e-1),
}
NETWORK: Space = {
    "hidden_layer_sizes": ("int", 2, 24),
    "alpha": ("log", 1e-5, 1e1),
    "learning_rate_init": ("log", 1e-3, 1e-1),
    "max_iter": ("int", 5, 25),
}
ELASTIC_NET: Space = {"alpha": ("log", 1e-3, 1e2), "l1_ratio": ("float", 0.0, 1.0)}

CANCER = bundled(datasets.load_breast_cancer, 350)
DIABETES = bundled(datasets.load_diabetes)
DIGITS = bundled(datasets.load_digits, 400)
NOISY = synthetic(
    datasets.make_classification, n_samples=300, n_features=12, n_informative=5, flip_y=0.1
)
SEVERAL = synthetic(
    datasets.make_classification, n_samples=300, n_features=10, n_informative=6, n_classes=4
)
RARE = synthetic(
    datasets.make_classification, n_samples=400, n_features=15, weights=[0.85], flip_y=0.05
)
FRIEDMAN1 = synthetic(datasets.make_friedman1, n_samples=250, noise=1.5)
FRIEDMAN2 = synthetic(datasets.make_friedman2, n_samples=250, noise=100.0)
LINEAR = synthetic(
    datasets.make_regression, n_samples=120, n_features=40, n_informative=8, noise=60.0
)
BINARY = ("accuracy", "roc_auc", "neg_log_loss")

TASKS = (
    Task(
        "breast_cancer-logistic",
        CANCER,
        scaled(LogisticRegression, solver="liblinear", max_iter=50),
        LOGISTIC,
        BINARY,
    ),
    Task("breast_cancer-svc", CANCER, scaled(SVC), SVM, ("accuracy", "roc_auc")),
    Task("wine-knn", bundled(datasets.load_wine), scaled(KNeighborsClassifier), KNN, BINARY[::2]),
    Task("iris-svc", bundled(datasets.load_iris), scaled(SVC), SVM, ("accuracy",)),
    Task("digits-knn", DIGITS, plain(KNeighborsClassifier), KNN, ("accuracy",), 150),
    Task("digits-svc", DIGITS, scaled(SVC), SVM, ("accuracy",), 150),
    Task("noisy-forest", NOISY, plain(RandomForestClassifier, random_state=0), FOREST, BINARY, 150),
    Task(
        "noisy-boosting",
        NOISY,
        plain(HistGradientBoostingClassifier, early_stopping=False, random_state=0),
        BOOSTING,
        BINARY[1:],
        150,
    ),
    Task("breast_cancer-tree", CANCER, plain(DecisionTreeClassifier, random_state=0), TREE, BINARY),
    Task(
        "diabetes-elastic_net",
        DIABETES,
        scaled(ElasticNet),
        ELASTIC_NET,
        ("r2", "neg_mean_squared_error"),
    ),
    Task(
        "diabetes-forest",
        DIABETES,
        plain(RandomForestRegressor, random_state=0),
        FOREST,
        ("neg_mean_squared_error",),
        150,
    ),
    Task("diabetes-knn", DIABETES, scaled(KNeighborsRegressor), KNN, ("r2",)),
    Task("friedman1-svr", FRIEDMAN1, scaled(SVR), SVM, ("neg_mean_squared_error",)),
    Task(
        "friedman1-boosting",
        FRIEDMAN1,
        plain(HistGradientBoostingRegressor, early_stopping=False, random_state=0),
        BOOSTING,
        ("r2",),
        150,
    ),
    Task(
        "linear-ridge",
        LINEAR,
        scaled(Ridge),
        {"alpha": ("log", 1e-2, 1e5)},
        ("neg_mean_squared_error",),
    ),
    Task("linear-elastic_net", LINEAR, scaled(ElasticNet), ELASTIC_NET, ("r2",)),
    Task(
        "several-network",
        SEVERAL,
        scaled(MLPClassifier, random_state=0),
        NETWORK,
        BINARY[::2],
        150,
    ),
    Task(
        "friedman2-tree",
        FRIEDMAN2,
        plain(DecisionTreeRegressor, random_state=0),
        TREE,
        ("neg_mean_squared_error",),
    ),
    Task(
        "rare-logistic",
        RARE,
        scaled(LogisticRegression, solver="liblinear", max_iter=50),
        LOGISTIC,
        BINARY[1:],
    ),
    Task("digits-tree", DIGITS, plain(DecisionTreeClassifier, random_state=0), TREE, ("accuracy",)),
    Task(
        "friedman1-network",
        FRIEDMAN1,
        scaled(MLPRegressor, random_state=0, solver="lbfgs"),
        NETWORK,
        ("r2",),
        150,
    ),
    Task(
        "wine-forest",
        bundled(datasets.load_wine),
        plain(RandomForestClassifier, random_state=0),
        FOREST,
        ("neg_log_loss",),
        150,
    ),
    Task(
        "diabetes_sorted-elastic_net",
        sorted_by_first_feature(DIABETES),
        scaled(ElasticNet),
        ELASTIC_NET,
        ("neg_mean_squared_error",),
        ordered=True,
    ),
    Task(
        "friedman1_sorted-svr",
        sorted_by_first_feature(FRIEDMAN1),
        scaled(SVR),
        SVM,
        ("neg_mean_squared_error",),
        ordered=True,
    ),
)


def splits_of(task: Task, X: np.ndarray, y: np.ndarray, n_folds: int) -> list[tuple[Any, Any]]:
    """The folds: stratified for classes, contiguous for ordered data, else shuffled."""
    if task.ordered:
        return list(KFold(n_folds).split(X))
    if "r2" in task.metrics or "neg_mean_squared_error" in task.metrics:
        return list(KFold(n_folds, shuffle=True, random_state=1).split(X))
    return list(StratifiedKFold(n_folds, shuffle=True, random_state=1).split(X, y))


def losses_of(task: Task, points: np.ndarray, n_folds: int) -> np.ndarray:
    """Fit every configuration on every fold: losses of shape (n_metrics, n_configs, n_folds)."""
    X, y = task.data()
    splits = splits_of(task, X, y, n_folds)
    scorers = [get_scorer(metric) for metric in task.metrics]
    losses = np.empty((len(scorers), len(points), n_folds))
    for c, point in enumerate(points):
        params = {
            name: from_unit(domain, u)
            for (name, domain), u in zip(task.space.items(), point, strict=True)
        }
        for f, (train, test) in enumerate(splits):
            model = task.model(**params).fit(X[train], y[train])
            losses[:, c, f] = [-scorer(model, X[test], y[test]) for scorer in scorers]
    return losses


def make(task: Task, index: int) -> dict[str, np.ndarray]:
    """The arrays of one task: points in the unit cube and the losses for each number of folds."""
    points = np.random.default_rng(index).random((task.n_configs, len(task.space)))
    arrays = {"points": points}
    for n_folds in FOLDS:
        arrays[f"losses{n_folds}"] = losses_of(task, points, n_folds)
    return arrays


def fold_arrays(task: Task, index: int) -> dict[str, np.ndarray]:
    """The arrays of one task, from the cache where they are there."""
    return kept_arrays(f"fold_table-{task.name}", partial(make, task, index))


def load_tables(n_folds: int) -> list[FoldTable]:
    """All tables of a number of folds; every second task is held out."""
    return list(_tables(n_folds))


def _tables(n_folds: int) -> Iterator[FoldTable]:
    for index, task in enumerate(TASKS):
        arrays = fold_arrays(task, index)
        for metric, losses in zip(task.metrics, arrays[f"losses{n_folds}"], strict=True):
            yield FoldTable(f"{task.name}-{metric}", losses, arrays["points"], bool(index % 2))


if __name__ == "__main__":
    load_tables(FOLDS[0])
