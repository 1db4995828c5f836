"""Tables for the benchmark of cost-aware search: scores and times of every candidate of a grid.

A forest or a boosted model is fitted once with the largest number of trees. Its first k trees are
the model with k trees, and take k parts of the time. So a table takes seconds, not hours.
"""

from __future__ import annotations

import itertools
import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from _common import CACHE
from numpy.typing import NDArray
from sklearn.datasets import load_digits, make_classification, make_friedman1
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

FloatArray = NDArray[np.float64]
N_FOLDS = 2


@dataclass(frozen=True)
class Table:
    """A grid of candidates with their losses and the seconds of their folds.

    Attributes
    ----------
    name : str
        Name of the task.
    grid : dict of str to list
        Values of each parameter.
    loss, seconds : ndarray with one axis per parameter
        Mean loss over the folds, and seconds of all folds.
    """

    name: str
    grid: dict[str, list[Any]]
    loss: FloatArray
    seconds: FloatArray


def _log_steps(low: float, high: float, n: int) -> list[float]:
    return [float(f"{value:.3g}") for value in np.geomspace(low, high, n)]


def _noisy(n_rows: int) -> tuple[FloatArray, NDArray[np.int64]]:
    return make_classification(
        n_rows, 20, n_informative=6, flip_y=0.15, class_sep=0.8, random_state=0
    )


def _friedman(n_rows: int) -> tuple[FloatArray, FloatArray]:
    return make_friedman1(n_rows, noise=2.0, random_state=0)


def _digits(n_rows: int) -> tuple[FloatArray, NDArray[np.int64]]:
    X, y = load_digits(return_X_y=True)
    return X[:n_rows], y[:n_rows]


TREES = [10, 20, 40, 80, 150, 300, 600, 1000]
ROUNDS = [10, 20, 40, 80, 150, 300, 500]
FORESTS = {"max_features": [0.1, 0.3, 1.0], "min_samples_leaf": [1, 3, 8, 20]}
BOOSTED = {"learning_rate": _log_steps(0.01, 0.5, 6), "max_depth": [1, 2, 3, 5]}
KERNEL = {"C": _log_steps(0.01, 1e4, 13), "gamma": _log_steps(1e-4, 1.0, 9)}


def _loss(y: Any, predicted: Any, labels: Any) -> float:
    if labels is None:
        return float(mean_squared_error(y, predicted))
    return float(log_loss(y, np.clip(predicted, 1e-6, 1.0), labels=labels))


def _after_each_tree(model: Any, X: FloatArray) -> Iterator[FloatArray]:
    """Yield the predictions of the first k trees, for k = 1, 2, ..."""
    if hasattr(model, "staged_predict"):
        staged = getattr(model, "staged_predict_proba", model.staged_predict)
        yield from staged(X)
        return
    total: Any = 0.0
    for n, tree in enumerate(model.estimators_, 1):
        total = total + (tree.predict_proba(X) if hasattr(model, "classes_") else tree.predict(X))
        yield total / n


def _of_trees(
    name: str, make: Callable[..., Any], others: dict[str, list[Any]], steps: list[int], data: Any
) -> Table:
    X, y = data
    grid = {"n_estimators": steps, **others}
    loss, seconds = np.zeros((2, *map(len, grid.values())))
    folds = list(KFold(N_FOLDS, shuffle=True, random_state=0).split(X))
    for place in itertools.product(*(range(len(values)) for values in others.values())):
        params = {n: values[i] for (n, values), i in zip(others.items(), place, strict=True)}
        for train, test in folds:
            model = make(n_estimators=steps[-1], random_state=0, **params)
            start = time.process_time()
            model.fit(X[train], y[train])
            per_tree = (time.process_time() - start) / steps[-1]
            labels = getattr(model, "classes_", None)
            for n, predicted in enumerate(_after_each_tree(model, X[test]), 1):
                if n in steps:
                    at = (steps.index(n), *place)
                    loss[at] += _loss(y[test], predicted, labels) / N_FOLDS
                    seconds[at] += per_tree * n
    return Table(name, grid, loss, seconds)


def _of_kernels(name: str, make: Callable[..., Any], data: Any) -> Table:
    X, y = data
    loss, seconds = np.zeros((2, *map(len, KERNEL.values())))
    folds = list(KFold(N_FOLDS, shuffle=True, random_state=0).split(X))
    for place in np.ndindex(*loss.shape):
        C, gamma = KERNEL["C"][place[0]], KERNEL["gamma"][place[1]]
        for train, test in folds:
            model = make_pipeline(StandardScaler(), make(C=C, gamma=gamma, max_iter=300_000))
            start = time.process_time()
            model.fit(X[train], y[train])
            seconds[place] += time.process_time() - start
            loss[place] += (1.0 - model.score(X[test], y[test])) / N_FOLDS
    return Table(name, KERNEL, loss, seconds)


TASKS: dict[str, Callable[[str], Table]] = {
    "forest, noisy": lambda n: _of_trees(n, RandomForestClassifier, FORESTS, TREES, _noisy(250)),
    "forest, friedman": lambda n: _of_trees(
        n, RandomForestRegressor, FORESTS, TREES, _friedman(200)
    ),
    "boosting, noisy": lambda n: _of_trees(
        n, GradientBoostingClassifier, BOOSTED, ROUNDS, _noisy(250)
    ),
    "boosting, friedman": lambda n: _of_trees(
        n, GradientBoostingRegressor, BOOSTED, ROUNDS, _friedman(200)
    ),
    "svc, noisy": lambda n: _of_kernels(n, SVC, _noisy(1000)),
    "svc, digits": lambda n: _of_kernels(n, SVC, _digits(1000)),
    "svr, friedman": lambda n: _of_kernels(n, SVR, _friedman(600)),
}


def table(name: str) -> Table:
    """Return the table of a task; it is made once, and kept in the cache."""
    path = CACHE / f"cost_{name.replace(', ', '_')}.pickle"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(TASKS[name](name)))
    kept: Table = pickle.loads(path.read_bytes())
    return kept
