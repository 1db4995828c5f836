"""Tasks of the search benchmark: a model, its data, a user's grid, and the space around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import optuna
from _fold_tables import CANCER, DIABETES, DIGITS, NOISY, SEVERAL, bundled
from _fold_tables import FRIEDMAN1 as FRIEDMAN
from _sampler_spaces import Domain, for_scipy
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import ElasticNet, LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, SVR

__all__ = ["N_FOLDS", "TASKS", "Task"]

N_FOLDS = 5

Branch = dict[str, Domain]


@dataclass(frozen=True)
class Task:
    """One search as a user would pose it.

    Attributes
    ----------
    name : str
        Data set and model.
    load : callable
        Returns ``X, y``.
    estimator : estimator
        As the user has it.
    metric : str
        Name of the scorer.
    grid : list of dict
        What the user would give GridSearchCV.
    branches : list of dict
        The space that the other methods search; more than one dict is a conditional space.
    """

    name: str
    load: Callable[[], tuple[np.ndarray, np.ndarray]]
    estimator: Any
    metric: str
    grid: list[dict[str, list[Any]]]
    branches: list[Branch]

    @property
    def n_grid(self) -> int:
        """Candidates of the grid."""
        return sum(int(np.prod([len(v) for v in part.values()])) for part in self.grid)

    def load_all(self) -> tuple[np.ndarray, np.ndarray]:
        """All rows of the data, at most 1,000; the searches may see a part of them."""
        whole = {CANCER: load_breast_cancer, DIGITS: load_digits}
        if self.load not in whole:
            return self.load()
        return bundled(whole[self.load], 1000)()

    def splits(self, y: np.ndarray, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
        """The folds: stratified where `y` holds classes."""
        kind = StratifiedKFold if np.issubdtype(y.dtype, np.integer) else KFold
        rows = np.zeros((len(y), 1))
        return list(kind(N_FOLDS, shuffle=True, random_state=seed).split(rows, y))

    def on_grid(self) -> Task:
        """The task with the grid as its space."""
        branches = [
            {name: ("choice", *values) for name, values in part.items()} for part in self.grid
        ]
        return replace(self, branches=branches)

    # The same space, for each library.

    def for_scipy(self) -> list[dict[str, Any]]:
        """The space as RandomizedSearchCV and skhpo take it."""
        return [{name: for_scipy(d) for name, d in branch.items()} for branch in self.branches]

    def for_optuna(self) -> dict[str, Any]:
        """The space as flat Optuna distributions; ``branch`` chooses among several."""
        flat: dict[str, Any] = {}
        if len(self.branches) > 1:
            names = list(range(len(self.branches)))
            flat["branch"] = optuna.distributions.CategoricalDistribution(names)
        for b, branch in enumerate(self.branches):
            for name, domain in branch.items():
                if len(domain) > 2:
                    flat[self._flat_name(b, name)] = _optuna(domain)
        return flat

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        """Ask an Optuna trial for a candidate, define-by-run."""
        several = len(self.branches) > 1
        b = trial.suggest_categorical("branch", range(len(self.branches))) if several else 0
        flat: dict[str, Any] = {"branch": b}
        for name, domain in self.branches[b].items():
            if len(domain) > 2:
                key = self._flat_name(b, name)
                flat[key] = trial._suggest(key, _optuna(domain))
        return self.decode(flat)

    def decode(self, flat: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters of the estimator, out of names with the branch in front."""
        b = flat.get("branch", 0)
        return {
            name: flat[self._flat_name(b, name)] if len(domain) > 2 else domain[1]
            for name, domain in self.branches[b].items()
        }

    def _flat_name(self, b: int, name: str) -> str:
        return name if len(self.branches) == 1 else f"{b}.{name}"


def _optuna(domain: Domain) -> Any:
    kind, *args = domain
    if kind == "choice":
        return optuna.distributions.CategoricalDistribution(args)
    if kind == "int":
        return optuna.distributions.IntDistribution(*args)
    low, high = args
    return optuna.distributions.FloatDistribution(low, high, log=kind == "log")


# -------------------------------------------------------------------------------------- the tasks


def _scaled(model: Any, *between: tuple[str, Any]) -> Pipeline:
    return Pipeline([("scale", StandardScaler()), *between, ("model", model)])


def _decades(low: int, high: int) -> list[float]:
    return [float(f"1e{exponent}") for exponent in range(low, high + 1)]


_KNN, _SVC = KNeighborsClassifier(), SVC(random_state=0)
_FOREST = RandomForestClassifier(n_estimators=10, random_state=0)
_LOGISTIC = LogisticRegression(solver="liblinear", max_iter=100, random_state=0)

TASKS: Sequence[Task] = (
    Task(
        "digits-svc",
        DIGITS,
        _scaled(SVC()),
        "accuracy",
        [
            {"model__kernel": ["linear"], "model__C": _decades(-2, 3)},
            {
                "model__kernel": ["rbf"],
                "model__C": _decades(-2, 3),
                "model__gamma": _decades(-5, 0),
            },
            {
                "model__kernel": ["poly"],
                "model__C": _decades(-2, 3),
                "model__gamma": _decades(-3, 0),
                "model__degree": [2, 3],
            },
        ],
        [
            {"model__kernel": ("choice", "linear"), "model__C": ("log", 1e-2, 1e3)},
            {
                "model__kernel": ("choice", "rbf"),
                "model__C": ("log", 1e-2, 1e3),
                "model__gamma": ("log", 1e-5, 1.0),
            },
            {
                "model__kernel": ("choice", "poly"),
                "model__C": ("log", 1e-2, 1e3),
                "model__gamma": ("log", 1e-3, 1.0),
                "model__degree": ("int", 2, 3),
            },
        ],
    ),
    Task(
        "digits-pca-knn",
        DIGITS,
        _scaled(KNeighborsClassifier(), ("pca", PCA(random_state=0))),
        "accuracy",
        [
            {
                "pca__n_components": [5, 10, 15, 20, 25, 30, 40, 50],
                "model__n_neighbors": [1, 3, 5, 7, 9, 15],
                "model__weights": ["uniform", "distance"],
                "model__p": [1, 2],
            }
        ],
        [
            {
                "pca__n_components": ("int", 2, 60),
                "model__n_neighbors": ("int", 1, 20),
                "model__weights": ("choice", "uniform", "distance"),
                "model__p": ("choice", 1, 2),
            }
        ],
    ),
    Task(
        "cancer-logistic",
        CANCER,
        _scaled(_LOGISTIC),
        "neg_log_loss",
        [
            {
                "model__C": [float(f"{v:.1g}") for v in np.logspace(-4, 4, 17)],
                "model__l1_ratio": [0.0, 1.0],
                "model__class_weight": [None, "balanced"],
                "model__fit_intercept": [True, False],
            }
        ],
        [
            {
                "model__C": ("log", 1e-4, 1e4),
                "model__l1_ratio": ("choice", 0.0, 1.0),
                "model__class_weight": ("choice", None, "balanced"),
                "model__fit_intercept": ("choice", True, False),
            }
        ],
    ),
    Task(
        "noisy-boosting",
        NOISY,
        HistGradientBoostingClassifier(max_iter=30, early_stopping=False, random_state=0),
        "neg_log_loss",
        [
            {
                "learning_rate": [0.03, 0.1, 0.3],
                "max_leaf_nodes": [3, 7, 15, 31],
                "min_samples_leaf": [5, 10, 20, 40],
                "l2_regularization": [1e-3, 0.1, 1.0, 10.0],
            }
        ],
        [
            {
                "learning_rate": ("log", 0.01, 0.5),
                "max_leaf_nodes": ("int", 2, 31),
                "min_samples_leaf": ("int", 2, 50),
                "l2_regularization": ("log", 1e-3, 100.0),
            }
        ],
    ),
    Task(
        "noisy-forest",
        NOISY,
        RandomForestClassifier(n_estimators=10, random_state=0),
        "roc_auc",
        [
            {
                "max_features": [0.2, 0.4, 0.6, 0.8, 1.0],
                "min_samples_leaf": [1, 2, 5, 10],
                "max_depth": [2, 4, 8, 16],
                "criterion": ["gini", "log_loss"],
            }
        ],
        [
            {
                "max_features": ("float", 0.1, 1.0),
                "min_samples_leaf": ("int", 1, 20),
                "max_depth": ("int", 1, 16),
                "criterion": ("choice", "gini", "log_loss"),
            }
        ],
    ),
    Task(
        "diabetes-elastic_net",
        DIABETES,
        _scaled(
            ElasticNet(max_iter=300), ("poly", PolynomialFeatures(degree=2, include_bias=False))
        ),
        "neg_root_mean_squared_error",
        [
            {
                "model__alpha": [float(f"{v:.1g}") for v in np.logspace(-3, 2, 16)],
                "model__l1_ratio": [0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 1.0],
                "poly__degree": [1, 2],
            }
        ],
        [
            {
                "model__alpha": ("log", 1e-3, 100.0),
                "model__l1_ratio": ("float", 0.0, 1.0),
                "poly__degree": ("int", 1, 2),
            }
        ],
    ),
    Task(
        "friedman-svr",
        FRIEDMAN,
        _scaled(SVR(max_iter=20_000)),
        "r2",
        [
            {
                "model__C": _decades(-2, 3),
                "model__gamma": _decades(-4, 1),
                "model__epsilon": [0.01, 0.1, 0.5, 1.0],
            }
        ],
        [
            {
                "model__C": ("log", 1e-2, 1e3),
                "model__gamma": ("log", 1e-4, 10.0),
                "model__epsilon": ("log", 1e-2, 2.0),
            }
        ],
    ),
    Task(
        "friedman-gbr",
        FRIEDMAN,
        GradientBoostingRegressor(n_estimators=40, random_state=0),
        "neg_root_mean_squared_error",
        [
            {
                "learning_rate": [0.03, 0.1, 0.2, 0.4],
                "max_depth": [1, 2, 3, 5],
                "subsample": [0.5, 0.75, 1.0],
                "max_features": [0.3, 0.6, 1.0],
                "min_samples_leaf": [1, 10],
            }
        ],
        [
            {
                "learning_rate": ("log", 0.01, 0.5),
                "max_depth": ("int", 1, 6),
                "subsample": ("float", 0.4, 1.0),
                "max_features": ("float", 0.1, 1.0),
                "min_samples_leaf": ("int", 1, 20),
            }
        ],
    ),
    Task(
        "several-mlp",
        SEVERAL,
        _scaled(MLPClassifier(hidden_layer_sizes=(16,), max_iter=20, random_state=0)),
        "neg_log_loss",
        [
            {
                "model__hidden_layer_sizes": [8, 16, 32],
                "model__alpha": [1e-4, 1e-2, 0.1, 1.0],
                "model__learning_rate_init": [1e-3, 3e-3, 1e-2, 3e-2],
                "model__activation": ["relu", "tanh"],
            }
        ],
        [
            {
                "model__hidden_layer_sizes": ("int", 4, 48),
                "model__alpha": ("log", 1e-5, 10.0),
                "model__learning_rate_init": ("log", 1e-3, 0.1),
                "model__activation": ("choice", "relu", "tanh"),
            }
        ],
    ),
    Task(
        "cancer-models",
        CANCER,
        _scaled(_LOGISTIC),
        "roc_auc",
        [
            {
                "model": [_LOGISTIC],
                "model__C": _decades(-3, 3),
                "model__class_weight": [None, "balanced"],
            },
            {"model": [_SVC], "model__C": _decades(-2, 3), "model__gamma": _decades(-4, 0)},
            {
                "model": [_KNN],
                "model__n_neighbors": [1, 3, 5, 9, 15, 25],
                "model__weights": ["uniform", "distance"],
                "model__p": [1, 2],
            },
            {
                "model": [_FOREST],
                "model__max_features": [0.1, 0.3, 0.6],
                "model__min_samples_leaf": [1, 3, 10],
                "model__max_depth": [3, 6, 12],
            },
        ],
        [
            {
                "model": ("choice", _LOGISTIC),
                "model__C": ("log", 1e-3, 1e3),
                "model__class_weight": ("choice", None, "balanced"),
            },
            {
                "model": ("choice", _SVC),
                "model__C": ("log", 1e-2, 1e3),
                "model__gamma": ("log", 1e-4, 1.0),
            },
            {
                "model": ("choice", _KNN),
                "model__n_neighbors": ("int", 1, 30),
                "model__weights": ("choice", "uniform", "distance"),
                "model__p": ("choice", 1, 2),
            },
            {
                "model": ("choice", _FOREST),
                "model__max_features": ("float", 0.05, 1.0),
                "model__min_samples_leaf": ("int", 1, 15),
                "model__max_depth": ("int", 2, 12),
            },
        ],
    ),
)
