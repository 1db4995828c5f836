"""Real tuning problems with several objectives, as tables of losses on each fold.

A table has the losses of 100 random configurations of a model on each fold of a cross-validation.
Tables are kept in ``benchmarks/cache``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from _common import kept_arrays
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_wine,
    make_classification,
    make_friedman1,
)
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skhpo import Cost, ParetoSearchCV
from skhpo.samplers import RandomSampler

__all__ = ["TASKS", "Task", "losses_of"]

N_CONFIGS = 100
Array = NDArray[np.float64]


def n_support_vectors(model: Any) -> int:
    """Support vectors of an SVM, which each prediction has to meet."""
    return int(model[-1].n_support_.sum())


def n_leaves(model: Any) -> int:
    """Leaves of a tree."""
    return int(model.get_n_leaves())


def n_leaves_of_all(model: Any) -> int:
    """Leaves of all trees of a gradient boosting."""
    return int(sum(tree.get_n_leaves() for tree in model.estimators_.ravel()))


def n_leaves_of_booster(model: Any) -> int:
    """Leaves of all trees of a LightGBM model."""
    return int(model.booster_.trees_to_dataframe()["decision_type"].isna().sum())


def n_columns(model: Any) -> int:
    """Columns with a weight that is not zero."""
    return int((model[-1].coef_ != 0).any(axis=0).sum())


def n_coefficients(model: Any) -> int:
    """Columns that the last step gets."""
    return int(model[-1].coef_.size)


def few(data: Any, n: int) -> tuple[Any, Any]:
    """The first rows of data that come in no order."""
    return data.data[:n], data.target[:n]


RARE = make_classification(
    800, 15, n_informative=6, weights=[0.9], flip_y=0.03, class_sep=0.8, random_state=1
)

FRIEDMAN = make_friedman1(400, noise=2.0, random_state=0)


@dataclass(frozen=True)
class Task:
    """A model, its space, its data and its objectives."""

    name: str
    model: Any
    space: dict[str, Any]
    data: Callable[[], tuple[Any, Any]]
    objectives: list[Any]
    is_scale: list[bool]


TASKS = (
    Task(
        "rare: forest, roc_auc against bytes",
        RandomForestClassifier(random_state=0),
        {
            "n_estimators": randint(2, 20),
            "max_leaf_nodes": randint(4, 150),
            "max_features": uniform(0.1, 0.9),
        },
        lambda: RARE,
        ["roc_auc", "model_size"],
        [False, True],
    ),
    Task(
        "rare: logistic regression, recall against precision",
        make_pipeline(StandardScaler(), LogisticRegression(solver="liblinear")),
        {
            "logisticregression__C": loguniform(1e-4, 1e2),
            "logisticregression__class_weight": [{0: 1, 1: w} for w in (0.5, 1, 2, 4, 8, 16)],
        },
        lambda: RARE,
        ["recall", "precision"],
        [False, False],
    ),
    Task(
        "cancer: SVM, accuracy against support vectors",
        make_pipeline(StandardScaler(), SVC()),
        {"svc__C": loguniform(1e-2, 1e3), "svc__gamma": loguniform(1e-4, 1.0)},
        lambda: load_breast_cancer(return_X_y=True),
        ["accuracy", Cost(n_support_vectors)],
        [False, True],
    ),
    Task(
        "diabetes: lasso, R2 against columns",
        make_pipeline(StandardScaler(), Lasso()),
        {"lasso__alpha": loguniform(1e-2, 1e2)},
        lambda: load_diabetes(return_X_y=True),
        ["r2", "n_features"],
        [False, True],
    ),
    Task(
        "rare: tree, average precision against leaves",
        DecisionTreeClassifier(random_state=0),
        {
            "ccp_alpha": loguniform(1e-4, 1e-1),
            "max_depth": randint(1, 15),
            "min_samples_leaf": randint(1, 40),
        },
        lambda: RARE,
        ["average_precision", Cost(n_leaves)],
        [False, True],
    ),
    Task(
        "rare: boosting, roc_auc against bytes and recall",
        HistGradientBoostingClassifier(random_state=0),
        {
            "max_iter": randint(3, 30),
            "learning_rate": loguniform(0.02, 0.5),
            "max_leaf_nodes": randint(2, 32),
        },
        lambda: RARE,
        ["roc_auc", "model_size", "recall"],
        [False, True, False],
    ),
    Task(
        "digits: network, accuracy against bytes",
        make_pipeline(StandardScaler(), MLPClassifier(max_iter=40, random_state=0)),
        {
            "mlpclassifier__hidden_layer_sizes": [(4,), (8,), (16,), (32,), (64,)],
            "mlpclassifier__alpha": loguniform(1e-5, 1.0),
            "mlpclassifier__learning_rate_init": loguniform(1e-4, 1e-1),
        },
        lambda: few(load_digits(), 600),
        ["accuracy", "model_size"],
        [False, True],
    ),
    Task(
        "digits: neighbours, accuracy against seconds to predict",
        make_pipeline(StandardScaler(), KNeighborsClassifier()),
        {"kneighborsclassifier__n_neighbors": randint(1, 40), "kneighborsclassifier__p": [1, 2, 3]},
        lambda: few(load_digits(), 600),
        ["accuracy", "score_time"],
        [False, True],
    ),
    # The level of the race was chosen on the tasks above; those below had no part in it.
    Task(
        "digits: tree, accuracy against leaves",
        DecisionTreeClassifier(random_state=0),
        {
            "max_depth": randint(1, 20),
            "min_samples_leaf": randint(1, 50),
            "ccp_alpha": loguniform(1e-5, 1e-1),
        },
        lambda: load_digits(return_X_y=True),
        ["accuracy", Cost(n_leaves)],
        [False, True],
    ),
    Task(
        "cancer: SVM on some columns, roc_auc against columns",
        make_pipeline(StandardScaler(), SelectKBest(), SVC()),
        {
            "selectkbest__k": randint(1, 31),
            "svc__C": loguniform(1e-2, 1e3),
            "svc__gamma": loguniform(1e-4, 1.0),
        },
        lambda: load_breast_cancer(return_X_y=True),
        ["roc_auc", "n_features"],
        [False, True],
    ),
    Task(
        "friedman: boosting, R2 against leaves",
        GradientBoostingRegressor(random_state=0),
        {
            "n_estimators": randint(2, 30),
            "max_depth": randint(1, 6),
            "learning_rate": loguniform(0.03, 1.0),
            "subsample": uniform(0.5, 0.5),
        },
        lambda: FRIEDMAN,
        ["r2", Cost(n_leaves_of_all)],
        [False, True],
    ),
    Task(
        "wine: neighbours, accuracy and a constant",
        make_pipeline(StandardScaler(), KNeighborsClassifier()),
        {"kneighborsclassifier__n_neighbors": randint(1, 60), "kneighborsclassifier__p": [1, 2, 3]},
        lambda: load_wine(return_X_y=True),
        ["accuracy", "n_features"],
        [False, True],
    ),
    Task(
        "rare: SVM, recall against precision",
        make_pipeline(StandardScaler(), SVC(class_weight="balanced")),
        {
            "svc__C": loguniform(1e-2, 1e3),
            "svc__gamma": loguniform(1e-3, 1.0),
            "svc__class_weight": [{0: 1, 1: w} for w in (1, 2, 4, 8, 16)],
        },
        lambda: RARE,
        ["recall", "precision"],
        [False, False],
    ),
    Task(
        "digits: sparse linear SVM, accuracy against columns",
        make_pipeline(StandardScaler(), LinearSVC(penalty="l1", dual=False, max_iter=300)),
        {
            "linearsvc__C": loguniform(1e-3, 1e1),
            "linearsvc__class_weight": [None, "balanced"],
        },
        lambda: few(load_digits(), 400),
        ["accuracy", Cost(n_columns)],
        [False, True],
    ),
    Task(
        "diabetes: forest, R2 against bytes",
        RandomForestRegressor(random_state=0),
        {
            "n_estimators": randint(2, 16),
            "min_samples_leaf": randint(1, 40),
            "max_features": uniform(0.1, 0.9),
        },
        lambda: load_diabetes(return_X_y=True),
        ["r2", "model_size"],
        [False, True],
    ),
    Task(
        "cancer: forest, accuracy against log loss",
        ExtraTreesClassifier(random_state=0),
        {
            "n_estimators": randint(2, 16),
            "max_leaf_nodes": randint(2, 60),
            "max_features": uniform(0.1, 0.9),
        },
        lambda: load_breast_cancer(return_X_y=True),
        ["accuracy", "neg_log_loss"],
        [False, False],
    ),
    Task(
        "rare: LightGBM, log loss against leaves",
        LGBMClassifier(random_state=0, verbosity=-1, n_jobs=1),
        {
            "n_estimators": randint(2, 30),
            "num_leaves": randint(2, 32),
            "learning_rate": loguniform(0.03, 0.5),
            "min_child_samples": randint(3, 60),
        },
        lambda: RARE,
        ["neg_log_loss", Cost(n_leaves_of_booster)],
        [False, True],
    ),
    Task(
        "diabetes: polynomial ridge, R2 against columns",
        make_pipeline(
            StandardScaler(),
            PolynomialFeatures(include_bias=False),
            SelectKBest(f_regression),
            Ridge(),
        ),
        {"selectkbest__k": randint(1, 66), "ridge__alpha": loguniform(1e-2, 1e4)},
        lambda: load_diabetes(return_X_y=True),
        ["r2", Cost(n_coefficients)],
        [False, True],
    ),
    Task(
        "friedman: tree, median error against leaves",
        DecisionTreeRegressor(random_state=0),
        {
            "max_leaf_nodes": randint(2, 200),
            "min_samples_leaf": randint(1, 30),
            "min_impurity_decrease": loguniform(1e-4, 1.0),
        },
        lambda: FRIEDMAN,
        ["neg_median_absolute_error", Cost(n_leaves)],
        [False, True],
    ),
    Task(
        "rare: logistic regression, recall against precision and accuracy",
        make_pipeline(StandardScaler(), LogisticRegression(solver="liblinear")),
        {
            "logisticregression__C": loguniform(1e-4, 1e2),
            "logisticregression__class_weight": [{0: 1, 1: w} for w in (0.5, 1, 2, 4, 8, 16)],
            "logisticregression__l1_ratio": [0.0, 1.0],
        },
        lambda: RARE,
        ["recall", "precision", "balanced_accuracy"],
        [False, False, False],
    ),
    Task(
        "cancer: network, roc_auc against bytes",
        make_pipeline(StandardScaler(), MLPClassifier(max_iter=30, random_state=0)),
        {
            "mlpclassifier__hidden_layer_sizes": randint(1, 60),
            "mlpclassifier__alpha": loguniform(1e-5, 10.0),
            "mlpclassifier__learning_rate_init": loguniform(1e-4, 1e-1),
        },
        lambda: load_breast_cancer(return_X_y=True),
        ["roc_auc", "model_size"],
        [False, True],
    ),
    Task(
        "wine: forest, accuracy against seconds of the fit",
        RandomForestClassifier(random_state=0),
        {
            "n_estimators": randint(1, 16),
            "max_depth": randint(1, 10),
            "max_features": randint(1, 13),
        },
        lambda: load_wine(return_X_y=True),
        ["accuracy", "fit_time"],
        [False, True],
    ),
)  # fmt: skip


def losses_of(task: Task, n_folds: int) -> Array:
    """Losses of the task's table, ndarray of shape (n_configs, n_folds, n_objectives)."""
    slug = "".join(c if c.isalnum() else "_" for c in task.name)
    table = kept_arrays(f"pareto_table-{slug}-{n_folds}", lambda: tabulate(task, n_folds))
    losses: Array = table["losses"]
    return losses


def tabulate(task: Task, n_folds: int) -> dict[str, Array]:
    """Make the table of a task."""
    search = ParetoSearchCV(
        task.model, task.space, objectives=task.objectives, n_iter=N_CONFIGS, cv=n_folds,
        pruner=None, sampler=RandomSampler(), random_state=0, refit=False, enqueue=None,
    ).fit(*task.data())  # fmt: skip
    columns = []
    for objective in search.objectives_:
        kind, sign = ("test_", -1.0) if objective.greater_is_better else ("", 1.0)
        folds = [search.cv_results_[f"split{k}_{kind}{objective.name}"] for k in range(n_folds)]
        columns.append(sign * np.stack(folds, axis=1))
    return {"losses": np.stack(columns, axis=2)}
