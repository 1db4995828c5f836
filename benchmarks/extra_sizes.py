"""The benchmark of extra sizes: what they add in searches whose sampler draws the candidates.

Prints markdown tables; ``docs/benchmarks/submodels.md`` explains them and keeps a full run.

    python benchmarks/extra_sizes.py [--quick] [--tasks NAME ...] [--seeds N]
"""

from __future__ import annotations

import os

from _common import ONE_THREAD, banner, command_line, print_table, quietly, silence

os.environ.update(ONE_THREAD)

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import loguniform, randint, uniform
from sklearn.base import clone
from sklearn.datasets import load_digits, make_classification, make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer, precision_score, recall_score
from sklearn.model_selection import FixedThresholdClassifier, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skhpo import GPSearchCV, ParetoSearchCV, TPESearchCV
from skhpo.multi_objective import hypervolume

N_ITER = 30
N_FOLDS = 5
N_SEEDS = 8


def noisy(seed: int) -> Any:
    """Two classes of 12 columns; 15 % of the labels are drawn."""
    return make_classification(
        6000, 12, n_informative=5, n_redundant=3, flip_y=0.15, class_sep=0.7,
        random_state=100 + seed,
    )  # fmt: skip


def rare(seed: int) -> Any:
    """Two classes of 20 columns, one of which has a tenth of the rows."""
    return make_classification(
        8000, 20, n_informative=6, n_redundant=4, weights=[0.9], flip_y=0.03, class_sep=0.8,
        random_state=200 + seed,
    )  # fmt: skip


def rare_wide(seed: int) -> Any:
    """Two classes of 150 columns, one of which has a tenth of the rows."""
    return make_classification(
        9000, 150, n_informative=25, n_redundant=20, weights=[0.9], flip_y=0.03, class_sep=0.9,
        random_state=250 + seed,
    )  # fmt: skip


def friedman(seed: int) -> Any:
    """Numbers of 10 columns, with noise."""
    return make_friedman1(4000, 10, noise=2.0, random_state=300 + seed)


def digits(seed: int) -> Any:
    """The digits of scikit-learn."""
    return load_digits(return_X_y=True)


@dataclass(frozen=True)
class Task:
    """A model with its space, and data, of which the search sees some rows."""

    model: Any
    space: dict[str, Any]
    load: Callable[[int], Any]
    n_rows: int
    scoring: str


NEIGHBORS = (
    Pipeline([("scale", StandardScaler()), ("m", KNeighborsClassifier())]),
    {"m__n_neighbors": randint(1, 60), "m__weights": ["uniform", "distance"], "m__p": [1, 2, 3]},
)
TREE = (
    DecisionTreeClassifier(random_state=0),
    {
        "ccp_alpha": loguniform(1e-5, 1e-1),
        "min_samples_leaf": randint(1, 30),
        "max_features": uniform(0.1, 0.9),
        "criterion": ["gini", "entropy"],
    },
)
ROUNDS = (
    GradientBoostingRegressor(random_state=0),
    {
        "n_estimators": randint(20, 300),
        "learning_rate": loguniform(0.01, 0.5),
        "max_depth": randint(1, 5),
        "subsample": uniform(0.4, 0.6),
    },
)
THRESHOLD = (
    Pipeline(
        [
            ("scale", StandardScaler()),
            ("select", SelectKBest()),
            ("m", FixedThresholdClassifier(LogisticRegression(max_iter=500))),
        ]
    ),
    {
        "select__k": randint(2, 21),
        "m__threshold": uniform(0.02, 0.96),
        "m__estimator__C": loguniform(1e-4, 1e2),
        "m__estimator__class_weight": [None, "balanced"],
    },
)
TASKS = {
    "neighbors": Task(*NEIGHBORS, noisy, 500, "accuracy"),
    "tree": Task(*TREE, noisy, 500, "accuracy"),
    "tree, digits": Task(*TREE, digits, 600, "accuracy"),
    "gradient boosting": Task(*ROUNDS, friedman, 200, "r2"),
    "threshold": Task(*THRESHOLD, rare, 600, "f1"),
}
FRONTS = {
    "precision and recall": TASKS["threshold"],
    "the same, longer fits": Task(
        THRESHOLD[0], THRESHOLD[1] | {"select__k": randint(10, 151)}, rare_wide, 3000, "f1"
    ),
}
SAMPLERS = {"TPE": TPESearchCV, "GP": GPSearchCV}

# In the order of the columns, after the first: arguments of the search.
OTHERS: dict[str, dict[str, Any]] = {
    "extra sizes": {"submodels": True},
    "twice the candidates": {"n_iter": 2 * N_ITER},
    "four times": {"n_iter": 4 * N_ITER},
}


@dataclass(frozen=True)
class Run:
    """One search: its CPU time, and its value on the folds and on rows that it has not seen."""

    seconds: float
    of_folds: float
    of_new_rows: float


def split(task: Task, seed: int) -> Any:
    """Return the rows of the search, and new rows."""
    X, y = task.load(seed)
    stratify = None if task.load is friedman else y
    return train_test_split(X, y, train_size=task.n_rows, random_state=seed, stratify=stratify)


def run_search(kind: Any, task: Task, seed: int, settings: dict[str, Any]) -> Run:
    """Run a search for one objective."""
    X, X_new, y, y_new = split(task, seed)
    settings = {"n_iter": N_ITER, "submodels": False} | settings
    start = time.process_time()
    search = kind(
        task.model, task.space, scoring=task.scoring, cv=N_FOLDS, random_state=seed, **settings
    ).fit(X, y)
    seconds = time.process_time() - start
    new = get_scorer(task.scoring)(search.best_estimator_, X_new, y_new)
    return Run(seconds, search.best_score_, new)


def run_front(task: Task, seed: int, settings: dict[str, Any]) -> Run:
    """Run a search for precision and recall; the value is the hypervolume from (0, 0)."""
    X, X_new, y, y_new = split(task, seed)
    settings = {"n_iter": N_ITER, "submodels": False} | settings
    start = time.process_time()
    search = ParetoSearchCV(
        task.model, task.space, objectives=["precision", "recall"], refit=False, cv=N_FOLDS,
        random_state=seed, **settings,
    ).fit(X, y)  # fmt: skip
    seconds = time.process_time() - start
    points = []
    for params in search.pareto_params_:
        predicted = clone(task.model).set_params(**params).fit(X, y).predict(X_new)
        precision = precision_score(y_new, predicted, zero_division=0.0)
        points.append([precision, recall_score(y_new, predicted)])
    of_folds = np.array(search.pareto_values_, dtype=float)
    return Run(seconds, *(hypervolume(-np.array(p), [0.0, 0.0]) for p in (of_folds, points)))


def cells_of(run: Callable[[int, dict[str, Any]], Run], n_seeds: int) -> list[str]:
    """Return the cells of a row: values without extra sizes, and what the others change."""
    alone = [run(seed, {}) for seed in range(n_seeds)]
    cells = [f"{np.mean([one.of_new_rows for one in alone]):.3f}"]
    for settings in OTHERS.values():
        runs = [run(seed, settings) for seed in range(n_seeds)]
        pairs = list(zip(runs, alone, strict=True))
        ratio = np.exp(np.mean([np.log(one.seconds / base.seconds) for one, base in pairs]))
        folds = np.mean([one.of_folds - base.of_folds for one, base in pairs])
        gains = [one.of_new_rows - base.of_new_rows for one, base in pairs]
        error = np.std(gains, ddof=1) / np.sqrt(n_seeds) if n_seeds > 1 else np.nan
        cells.append(f"{ratio:.1f} / {folds:+.3f} / {np.mean(gains):+.3f} ± {error:.3f}")
    return cells


def rows_of(names: list[str], n_seeds: int) -> Iterator[list[str]]:
    """Yield the rows of the table."""
    for name in names:
        if name in FRONTS:
            yield [name, "default", *cells_of(partial(run_front, FRONTS[name]), n_seeds)]
            continue
        task = TASKS[name]
        for label, kind in SAMPLERS.items():
            yield [name, label, *cells_of(partial(run_search, kind, task), n_seeds)]


def main() -> None:
    """Run the benchmark and print its table."""
    names = [*TASKS, *FRONTS]
    parser = command_line(
        __doc__,
        quick="the task with thresholds, on two seeds",
        tasks=names,
        seeds="number of seeds",
    )
    given = parser.parse_args()
    chosen = given.tasks or (["threshold"] if given.quick else names)
    n_seeds = given.seeds or (2 if given.quick else N_SEEDS)
    silence()
    print(banner("scikit-learn"))
    title = "CPU time as a multiple / gain on the folds / gain on new rows, with standard error"
    head = ["task", "sampler", "alone, on new rows", *OTHERS]
    with quietly():
        print_table(head, rows_of(chosen, n_seeds), title=title, columns="llr")


if __name__ == "__main__":
    main()
