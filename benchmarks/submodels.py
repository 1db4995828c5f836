"""The benchmark of submodels: what one fit for all sizes of a model saves in a grid.

Prints a markdown table; ``docs/benchmarks/submodels.md`` explains it and keeps a full run.

    python benchmarks/submodels.py [--quick] [--tasks NAME ...] [--seeds N]
"""

from __future__ import annotations

import os

from _common import ONE_THREAD, banner, command_line, print_table, quietly, silence

os.environ.update(ONE_THREAD)

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from skhpo import RandomSearchCV, TPESearchCV
from skhpo.submodels import fits_by_row

N_FOLDS = 5
ROUNDS = [25, 50, 100, 200]
RATES = [0.05, 0.2]


@dataclass(frozen=True)
class Task:
    """A model with its grid, and data."""

    model: Any
    grid: dict[str, list[Any]]
    load: Callable[..., Any]


TASKS = {
    "forest: 4 sizes x 3": Task(
        RandomForestClassifier(random_state=0),
        {"n_estimators": ROUNDS, "max_features": [2, 5, 10]},
        load_breast_cancer,
    ),
    "neighbors: 15 numbers x 2": Task(
        make_pipeline(StandardScaler(), KNeighborsClassifier()),
        {
            "kneighborsclassifier__n_neighbors": [*range(1, 30, 2)],
            "kneighborsclassifier__weights": ["uniform", "distance"],
        },
        load_digits,
    ),
    "neighbors of numbers: 15 numbers x 2": Task(
        make_pipeline(StandardScaler(), KNeighborsRegressor()),
        {
            "kneighborsregressor__n_neighbors": [*range(1, 30, 2)],
            "kneighborsregressor__p": [1, 2],
        },
        load_diabetes,
    ),
    "tree: 10 alphas x 3": Task(
        DecisionTreeClassifier(random_state=0),
        {"ccp_alpha": [0.0, *np.geomspace(1e-4, 0.05, 9)], "min_samples_leaf": [1, 4, 16]},
        load_digits,
    ),
    "GradientBoosting: 4 rounds x 2": Task(
        GradientBoostingRegressor(random_state=0),
        {"n_estimators": ROUNDS, "learning_rate": RATES},
        load_diabetes,
    ),
    "HistGradientBoosting: 4 rounds x 2": Task(
        HistGradientBoostingClassifier(max_leaf_nodes=15),
        {"max_iter": ROUNDS, "learning_rate": RATES},
        load_breast_cancer,
    ),
    "LightGBM: 4 rounds x 2": Task(
        LGBMClassifier(num_leaves=15, verbose=-1, n_jobs=1),
        {"n_estimators": ROUNDS, "learning_rate": RATES},
        load_breast_cancer,
    ),
    "XGBoost: 4 rounds x 2": Task(
        XGBClassifier(max_depth=4, n_jobs=1),
        {"n_estimators": ROUNDS, "learning_rate": RATES},
        load_breast_cancer,
    ),
}
QUICK_TASKS = ("tree: 10 alphas x 3", "GradientBoosting: 4 rounds x 2")

# In the order of the columns. All but those with racing run every fold of every candidate.
GRID, SEPARATE, SHARED = "GridSearchCV", "separate fits", "submodels"
RACING, BOTH = "racing", "racing and submodels"


def make_searches(task: Task) -> dict[str, Any]:
    """Return the searches by name."""
    settings = {"cv": N_FOLDS, "refit": False}
    ours = {**settings, "n_iter": None, "random_state": 0}
    return {
        GRID: GridSearchCV(task.model, task.grid, **settings),
        SEPARATE: RandomSearchCV(task.model, task.grid, pruner=None, submodels=False, **ours),
        SHARED: RandomSearchCV(task.model, task.grid, pruner=None, **ours),
        RACING: TPESearchCV(task.model, task.grid, submodels=False, **ours),
        BOTH: TPESearchCV(task.model, task.grid, **ours),
    }


def run(task: Task, seconds: dict[str, list[float]]) -> dict[str, int]:
    """Run each search once, add its CPU time, check the scores; return the numbers of fits."""
    X, y = task.load(return_X_y=True)
    fits, tables = {}, {}
    for name, search in make_searches(task).items():
        start = time.process_time()
        search.fit(X, y)
        seconds[name].append(time.process_time() - start)
        tables[name] = search.cv_results_
        is_ours = name != GRID
        n_all = len(search.cv_results_["params"]) * N_FOLDS
        fits[name] = int(fits_by_row(search.cv_results_).sum()) if is_ours else n_all
    for name in (SEPARATE, SHARED):
        for fold in range(N_FOLDS):
            column = f"split{fold}_test_score"
            np.testing.assert_array_equal(tables[name][column], tables[GRID][column])
    return fits


def cells_of(task: Task, n_runs: int) -> list[str]:
    """Return the cells of a task: fits and CPU time of each search."""
    searches = make_searches(task)
    seconds: dict[str, list[float]] = {name: [] for name in searches}
    for _ in range(n_runs):
        fits = run(task, seconds)
    cells = [f"{fits[GRID]} / {median(seconds[GRID]):.1f} s"]
    for name in (SEPARATE, SHARED, RACING, BOTH):
        pairs = zip(seconds[name], seconds[GRID], strict=True)
        cells.append(f"{fits[name]} / {median(own / grid for own, grid in pairs):.2f}")
    return cells


def main() -> None:
    """Run the benchmark and print its table."""
    parser = command_line(
        __doc__, quick="two small tasks, once", tasks=TASKS, seeds="number of repetitions"
    )
    given = parser.parse_args()
    names = given.tasks or (QUICK_TASKS if given.quick else TASKS)
    n_runs = given.seeds or (1 if given.quick else 3)
    silence()
    print(banner("scikit-learn", "LightGBM", "XGBoost"))
    rows = ([name, *cells_of(TASKS[name], n_runs)] for name in names)
    head = ["task", GRID, SEPARATE, SHARED, RACING, BOTH]
    with quietly():
        print_table(head, rows, title="Fits / CPU time as a share of GridSearchCV's", columns="lr")


if __name__ == "__main__":
    main()
