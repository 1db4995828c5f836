"""Tuning problems with several objectives that are run live, and their evaluation by hand.

They are those of ``_pareto_tasks`` without a time among the objectives, so that runs can be
repeated, and further ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from _pareto_tasks import FRIEDMAN, RARE, TASKS, Task, few, n_leaves, n_support_vectors
from _sampler_spaces import Array, Point, Space
from scipy.stats import loguniform, randint, uniform
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, StratifiedKFold, check_cv
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeClassifier

from skhpo import Cost
from skhpo.search.objectives._costs import KNOWN_COSTS

__all__ = ["N_FOLDS", "PROBLEMS", "Evaluator", "domains", "params_at"]

N_FOLDS = 5
TIMES = {"fit_time", "score_time"}


def n_leaves_of_all(model: Any) -> int:
    """Leaves of all trees of a histogram gradient boosting."""
    trees = (tree for trees in model._predictors for tree in trees)
    return int(sum(tree.get_n_leaf_nodes() for tree in trees))


def n_leaves_of_booster(model: Any) -> int:
    """Leaves of all trees of a LightGBM model."""
    text = model.booster_.model_to_string()
    return sum(int(line[11:]) for line in text.split("\n") if line.startswith("num_leaves="))


def n_components(model: Any) -> int:
    """Columns that the last step gets."""
    return int(model[-1].n_features_in_)


FURTHER = (
    Task(
        "iris: tree, accuracy against leaves",
        DecisionTreeClassifier(random_state=0),
        {"max_depth": randint(1, 8), "min_samples_leaf": randint(1, 40)},
        lambda: load_iris(return_X_y=True),
        ["accuracy", Cost(n_leaves)],
        [False, True],
    ),
    Task(
        "wine: logistic regression, accuracy against columns",
        make_pipeline(
            StandardScaler(),
            LogisticRegression(solver="saga", l1_ratio=1.0, max_iter=50, random_state=0),
        ),
        {
            "logisticregression__C": loguniform(1e-3, 1e2),
            "logisticregression__l1_ratio": uniform(0.5, 0.5),
            "logisticregression__class_weight": [None, "balanced"],
        },
        lambda: load_wine(return_X_y=True),
        ["accuracy", "n_features"],
        [False, True],
    ),
    Task(
        "rare: naive Bayes, recall against precision",
        make_pipeline(StandardScaler(), PCA(random_state=0), GaussianNB()),
        {
            "pca__n_components": randint(1, 16),
            "gaussiannb__var_smoothing": loguniform(1e-6, 10.0),
            "gaussiannb__priors": [(1 - p, p) for p in (0.02, 0.05, 0.1, 0.2, 0.4, 0.7)],
        },
        lambda: RARE,
        ["recall", "precision"],
        [False, False],
    ),
    Task(
        "digits: neighbours, accuracy and F1",
        KNeighborsClassifier(),
        {
            "n_neighbors": randint(1, 40),
            "p": uniform(1.0, 3.0),
            "weights": ["uniform", "distance"],
        },
        lambda: few(load_digits(), 300),
        ["accuracy", "f1_macro"],
        [False, False],
    ),
    Task(
        "diabetes: boosting, R2 against leaves",
        HistGradientBoostingRegressor(early_stopping=False, random_state=0),
        {
            "max_iter": randint(2, 30),
            "learning_rate": loguniform(0.03, 1.0),
            "max_leaf_nodes": randint(2, 32),
            "min_samples_leaf": randint(2, 60),
        },
        lambda: load_diabetes(return_X_y=True),
        ["r2", Cost(n_leaves_of_all)],
        [False, True],
    ),
    Task(
        "cancer: components and regression, log loss against components",
        make_pipeline(
            StandardScaler(), PCA(random_state=0), LogisticRegression(solver="liblinear")
        ),
        {"pca__n_components": randint(1, 31), "logisticregression__C": loguniform(1e-3, 1e3)},
        lambda: load_breast_cancer(return_X_y=True),
        ["neg_log_loss", Cost(n_components)],
        [False, True],
    ),
    Task(
        "friedman: SVM, R2 against support vectors",
        make_pipeline(StandardScaler(), SVR()),
        {
            "svr__C": loguniform(1e-1, 1e3),
            "svr__gamma": loguniform(1e-3, 1.0),
            "svr__epsilon": loguniform(1e-2, 5.0),
        },
        lambda: FRIEDMAN,
        ["r2", Cost(n_support_vectors)],
        [False, True],
    ),
)  # fmt: skip

DEAR = {  # 25 ms a fit and more
    "rare: forest, roc_auc against bytes",
    "rare: SVM, recall against precision",
    "rare: boosting, roc_auc against bytes and recall",
    "digits: network, accuracy against bytes",
}


def _cheap(task: Task) -> Task:
    """The task with fewer rows, or a faster count, where a fit takes long; with a seed always."""
    if "sparse linear SVM" in task.name:
        model = clone(task.model).set_params(linearsvc__random_state=0)
        return replace(task, model=model, data=lambda: few(load_digits(), 200))
    if "network" in task.name:
        return replace(task, data=lambda: few(load_breast_cancer(), 250))
    if "LightGBM" in task.name:
        return replace(task, objectives=[task.objectives[0], Cost(n_leaves_of_booster)])
    return task


PROBLEMS = {
    task.name: _cheap(task)
    for task in (*TASKS, *FURTHER)
    if task.name not in DEAR and not TIMES & {str(o) for o in task.objectives}
}


# ------------------------------------------------------------------------- spaces of the peers


def domains(task: Task) -> Space:
    """The space of a task for the peers; choices are numbered."""
    return {name: _domain(values) for name, values in task.space.items()}


def _domain(values: Any) -> tuple[Any, ...]:
    if isinstance(values, list):
        return ("choice", *range(len(values)))
    kind, args = values.dist.name, values.args
    match kind:
        case "randint":
            return ("int", args[0], args[1] - 1)
        case "loguniform" | "reciprocal":
            return ("log", *args)
        case "uniform":
            return ("float", args[0], args[0] + args[1])
    raise ValueError(f"No peer is told what a {kind} is.")


def params_at(task: Task, point: Point) -> dict[str, Any]:
    """The parameters at a point of the peers' space."""
    return {
        name: values[point[name]] if isinstance(values := task.space[name], list) else point[name]
        for name in point
    }


# -------------------------------------------------------------------------------- evaluation


class Evaluator:
    """Values of a candidate over folds, by hand: of scores and costs, as ``objectives`` has them.

    Parameters
    ----------
    task : Task
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.X, self.y = task.data()
        self.signs = np.array([-1.0 if self._is_score(o) else 1.0 for o in task.objectives])

    @staticmethod
    def _is_score(objective: Any) -> bool:
        return isinstance(objective, str) and objective not in KNOWN_COSTS

    def folds(self) -> list[tuple[Any, Any]]:
        """The folds of the search: those of ``cv=5``."""
        cv = check_cv(N_FOLDS, self.y, classifier=is_classifier(self.task.model))
        return list(cv.split(self.X, self.y))

    def fresh_folds(self, n_repeats: int) -> Iterator[tuple[Any, Any]]:
        """Folds that no search has seen."""
        kind = StratifiedKFold if is_classifier(self.task.model) else KFold
        for r in range(n_repeats):
            yield from kind(N_FOLDS, shuffle=True, random_state=1000 + r).split(self.X, self.y)

    def losses(self, params: dict[str, Any], folds: list[tuple[Any, Any]]) -> Array:
        """Mean losses over folds; smaller is better."""
        return self.signs * np.mean([self._values(params, *fold) for fold in folds], axis=0)

    def _values(self, params: dict[str, Any], train: Any, test: Any) -> list[float]:
        model = clone(self.task.model).set_params(**params).fit(self.X[train], self.y[train])
        values = []
        for objective in self.task.objectives:
            if self._is_score(objective):
                values.append(float(get_scorer(objective)(model, self.X[test], self.y[test])))
            else:
                cost = KNOWN_COSTS[objective] if isinstance(objective, str) else objective
                values.append(float(cost.function(model)))
        return values
