"""Real tuning problems: tables of cross-validation losses, made continuous.

The data ship with scikit-learn or are synthetic. Tables are made once, in three minutes of one
core, and kept in ``benchmarks/cache``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from _common import kept_arrays
from _fold_tables import CANCER, DIABETES, DIGITS, FRIEDMAN1, NOISY, SEVERAL, bundled
from _sampler_spaces import Array, Space, from_unit, snap
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, StandardScaler
from sklearn.svm import SVC

__all__ = ["TASKS", "Surrogate", "Task", "table"]


@dataclass(frozen=True)
class Task:
    """A model with its space, to be tabulated."""

    name: str
    data: Callable[[], tuple[Array, NDArray[Any]]]
    model: Callable[..., Any]
    space: Space
    metric: str
    second: Callable[[Any, float], float] | None = None  # of a fitted model and its fit's seconds
    n_configs: int = 350
    n_folds: int = 3


def tabulate(task: Task, seed: int) -> dict[str, Array]:
    """Points, and losses of shape (n_objectives, n_configs, n_folds)."""
    X, y = task.data()
    kind = StratifiedKFold if np.issubdtype(y.dtype, np.integer) else KFold
    splits = list(kind(task.n_folds, shuffle=True, random_state=1).split(X, y))
    points = np.random.default_rng(seed).random((task.n_configs, len(task.space)))
    points = snap(task.space, points)
    scorer = get_scorer(task.metric)
    losses = np.empty((1 if task.second is None else 2, len(points), len(splits)))
    for c, point in enumerate(points):
        pairs = zip(task.space.items(), point, strict=True)
        params = {name: from_unit(domain, u) for (name, domain), u in pairs}
        for f, (train, test) in enumerate(splits):
            start = time.process_time()
            model = task.model(**params).fit(X[train], y[train])
            seconds = time.process_time() - start
            losses[0, c, f] = -scorer(model, X[test], y[test])
            if task.second is not None:
                losses[1, c, f] = task.second(model, seconds)
    return {"points": points, "losses": losses}


def table(task: Task, seed: int) -> dict[str, Array]:
    """The table of a task, from the cache where it is there."""
    return kept_arrays(f"sampler_table-{task.name}", lambda: tabulate(task, seed))


LOWER_BOUNDS = {  # of the losses; those of scores with ceilings are a little below what they can be
    "accuracy": -1.01,
    "roc_auc": -1.01,
    "r2": -1.0,
    "neg_log_loss": 0.0,
    "neg_mean_squared_error": 0.0,
}


class Surrogate:
    """A table made continuous: multiquadrics over the unit cube, categories as indicators.

    Logarithms of the losses above their lower bound are interpolated, so that disasters stay
    disasters and do not bend what is near them. How much is smoothed is chosen by cross-validation.
    """

    def __init__(self, space: Space, points: Array, losses: Array, metric: str) -> None:
        self.space = space
        means = losses.mean(axis=1)
        kept = np.isfinite(means)
        self.shift = -LOWER_BOUNDS.get(metric, -np.inf)
        targets = np.log(means[kept] + self.shift) if np.isfinite(self.shift) else means[kept]
        self.offset, self.spread = float(np.median(targets)), float(targets.std())
        targets = (targets - self.offset) / self.spread
        features = self._features(snap(space, points[kept]))
        self.smoothing = min(
            (0.001, 0.01, 0.1, 1.0, 10.0), key=lambda s: _error(features, targets, s)
        )
        self.fit = _multiquadric(features, targets, self.smoothing)
        better = losses[kept][means[kept] <= np.median(means[kept])]
        residuals = (
            better - better.mean(axis=1, keepdims=True) - better.mean(axis=0) + better.mean()
        )
        n, k = residuals.shape
        variance = (residuals**2).sum() / ((n - 1) * (k - 1))
        self.noise = float(np.sqrt(variance / k))

    def __call__(self, points: Array) -> Array:
        """Losses, ndarray of shape (n_points,)."""
        values = self.fit(self._features(points)) * self.spread + self.offset
        losses: Array = np.exp(values) - self.shift if np.isfinite(self.shift) else values
        return losses

    def _features(self, points: Array) -> Array:
        blocks = []
        for j, domain in enumerate(self.space.values()):
            if domain[0] == "choice":
                cells = np.floor(points[:, j] * (len(domain) - 1)).astype(int)
                blocks.append(np.eye(len(domain) - 1)[cells] * 0.5)
            else:
                blocks.append(points[:, [j]])
        return np.concatenate(blocks, axis=1)


def _multiquadric(features: Array, targets: Array, smoothing: float) -> RBFInterpolator:
    return RBFInterpolator(
        features, targets, smoothing=smoothing, kernel="multiquadric", epsilon=8.0, degree=0
    )


def _error(features: Array, targets: Array, smoothing: float) -> float:
    """Mean squared error of ten-fold cross-validation."""
    errors = []
    for train, test in KFold(10, shuffle=True, random_state=0).split(features):
        fit = _multiquadric(features[train], targets[train], smoothing)
        errors.append(fit(features[test]) - targets[test])
    return float(np.mean(np.concatenate(errors) ** 2))


SCALERS = {
    "none": "passthrough",
    "standard": StandardScaler(),
    "minmax": MinMaxScaler(),
    "quantile": QuantileTransformer(n_quantiles=50),
}


def svc(**params: Any) -> Any:
    """A support vector machine."""
    return make_pipeline(StandardScaler(), SVC(max_iter=3000, **params))


def network(n_layers: int, width: int, max_iter: int = 30, **params: Any) -> Any:
    """A multi-layer perceptron of equal layers."""
    return make_pipeline(
        StandardScaler(),
        MLPClassifier(
            hidden_layer_sizes=(width,) * n_layers, max_iter=max_iter, random_state=0, **params
        ),
    )


def sgd(**params: Any) -> Any:
    """A linear model by stochastic gradient descent."""
    return make_pipeline(StandardScaler(), SGDClassifier(max_iter=15, random_state=0, **params))


def nearest(scaler: str, n_components: int, **params: Any) -> Any:
    """Neighbours among principal components."""
    return make_pipeline(
        SCALERS[scaler], PCA(n_components, random_state=0), KNeighborsClassifier(**params)
    )


def forest(**params: Any) -> Any:
    """A random forest."""
    return RandomForestClassifier(random_state=0, **params)


def boosting(**params: Any) -> Any:
    """Gradient boosting."""
    return GradientBoostingRegressor(random_state=0, **params)


def histogram_boosting(**params: Any) -> Any:
    """Gradient boosting on histograms."""
    return HistGradientBoostingRegressor(early_stopping=False, random_state=0, **params)


def log_nodes(model: Any, seconds: float) -> float:
    """Logarithm of a forest's nodes."""
    return float(np.log10(sum(tree.tree_.node_count for tree in model.estimators_)))


def log_seconds(model: Any, seconds: float) -> float:
    """Logarithm of the fit's CPU seconds."""
    return float(np.log10(seconds))


FOREST: Space = {
    "n_estimators": ("int", 4, 24),
    "criterion": ("choice", "gini", "entropy"),
    "max_depth": ("int", 1, 14),
    "max_features": ("float", 0.05, 1.0),
    "min_samples_leaf": ("int", 1, 15),
    "min_samples_split": ("int", 2, 20),
    "bootstrap": ("choice", True, False),
}
NETWORK: Space = {
    "n_layers": ("int", 1, 3),
    "width": ("int", 3, 40),
    "activation": ("choice", "relu", "tanh", "logistic"),
    "solver": ("choice", "adam", "sgd"),
    "alpha": ("log", 1e-5, 10.0),
    "learning_rate_init": ("log", 1e-3, 0.3),
    "batch_size": ("int", 10, 100),
}
TASKS = (
    Task(
        "digits-svc-kernels",
        DIGITS,
        svc,
        {
            "kernel": ("choice", "linear", "rbf", "poly", "sigmoid"),
            "C": ("log", 1e-3, 1e3),
            "gamma": ("log", 1e-5, 1.0),
            "degree": ("int", 2, 5),
            "coef0": ("float", -1.0, 2.0),
            "class_weight": ("choice", "balanced", None),
        },
        "accuracy",
    ),
    Task("several-network-mixed", SEVERAL, network, NETWORK, "neg_log_loss"),
    Task("cancer-forest-mixed", CANCER, forest, FOREST, "neg_log_loss"),
    Task(
        "diabetes-boosting-mixed",
        DIABETES,
        boosting,
        {
            "loss": ("choice", "squared_error", "absolute_error", "huber"),
            "learning_rate": ("log", 0.005, 1.0),
            "n_estimators": ("int", 5, 60),
            "max_depth": ("int", 1, 6),
            "subsample": ("float", 0.3, 1.0),
            "max_features": ("float", 0.1, 1.0),
            "min_samples_leaf": ("int", 1, 30),
        },
        "neg_mean_squared_error",
    ),
    Task(
        "digits-sgd",
        DIGITS,
        sgd,
        {
            "loss": ("choice", "hinge", "log_loss", "modified_huber", "squared_hinge"),
            "penalty": ("choice", "l2", "l1", "elasticnet"),
            "alpha": ("log", 1e-6, 1.0),
            "l1_ratio": ("float", 0.0, 1.0),
            "learning_rate": ("choice", "optimal", "constant", "invscaling"),
            "eta0": ("log", 1e-4, 1.0),
        },
        "accuracy",
    ),
    Task(
        "friedman1-histogram-boosting",
        FRIEDMAN1,
        histogram_boosting,
        {
            "learning_rate": ("log", 0.01, 1.0),
            "max_iter": ("int", 5, 40),
            "max_leaf_nodes": ("int", 2, 31),
            "min_samples_leaf": ("int", 2, 40),
            "l2_regularization": ("log", 1e-3, 1e2),
            "max_bins": ("int", 8, 128),
        },
        "r2",
    ),
    Task(
        "cancer-nearest-pipeline",
        CANCER,
        nearest,
        {
            "scaler": ("choice", *SCALERS),
            "n_components": ("int", 1, 20),
            "n_neighbors": ("int", 1, 40),
            "weights": ("choice", "uniform", "distance"),
            "p": ("float", 1.0, 4.0),
        },
        "neg_log_loss",
    ),
    Task(
        "wine-network-mixed",
        bundled(datasets.load_wine),
        network,
        NETWORK | {"max_iter": ("int", 5, 40)},
        "neg_log_loss",
    ),
    Task("forest-score-and-size", NOISY, forest, FOREST, "roc_auc", second=log_nodes),
    Task("network-score-and-time", SEVERAL, network, NETWORK, "neg_log_loss", second=log_seconds),
)
