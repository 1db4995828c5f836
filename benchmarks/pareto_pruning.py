"""What racing for a front saves: searches of several objectives, replayed on tables of real folds.

A table holds scores and costs of 120 random configurations of a model, on each fold of a 5-fold and
a 10-fold cross-validation. A replay takes 60 of them in a random order and stops them as
``ParetoSearchCV`` does; it is compared with the same search without stopping. Prints a markdown
table; ``docs/benchmarks/pareto_pruning.md`` explains it. Tables are kept in ``benchmarks/cache``.

    python benchmarks/pareto_pruning.py [--quick] [--n-orders N] [--alpha A ...]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from _common import command_line, kept_arrays, print_table
from numpy.typing import NDArray
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import Cost, ParetoSearchCV
from skhpo.multi_objective import hypervolume
from skhpo.pruners import RacingPruner
from skhpo.pruners._front_race import FrontRace
from skhpo.samplers import RandomSampler

FOLDS = (5, 10)
N_CONFIGS = 120
N_CANDIDATES = 60
Array = NDArray[np.float64]


def n_support_vectors(model: Any) -> int:
    """Support vectors of an SVM, which each prediction has to meet."""
    return int(model[-1].n_support_.sum())


def n_leaves(model: Any) -> int:
    """Leaves of a tree."""
    return int(model.get_n_leaves())


def few(data: Any, n: int) -> tuple[Any, Any]:
    """The first rows of data that come in no order."""
    return data.data[:n], data.target[:n]


RARE = make_classification(
    1200, 15, n_informative=6, weights=[0.9], flip_y=0.03, class_sep=0.8, random_state=1
)


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
            "n_estimators": randint(3, 30),
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
            "max_iter": randint(5, 60),
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


def replay(losses: Array, is_scale: list[bool], alpha: float) -> tuple[int, NDArray[np.bool_]]:
    """Run candidates in their order; return the folds run, and which were completed."""
    n, n_folds, n_objectives = losses.shape
    pruner = RacingPruner(alpha=alpha)
    is_complete = np.zeros(n, dtype=bool)
    n_run = 0
    for c in range(n):
        race = FrontRace.fit(
            losses[:c][is_complete[:c]], n_objectives, alpha=alpha, is_scale=is_scale
        )
        order = pruner.fold_order(c, n_folds)
        for k in range(1, n_folds + 1):
            n_run += 1
            if k < n_folds and race.should_stop(order[:k], losses[c, order[:k]]):
                break
        else:
            is_complete[c] = True
    return n_run, is_complete


def oracle(losses: Array, means: Array) -> int:
    """Folds that a judge would run who stops what cannot come to the front after one fold."""
    is_lost = [((means <= m).all(axis=1) & (means < m).any(axis=1)).any() for m in means]
    return int(np.where(is_lost, 1, losses.shape[1]).sum())


def volume(means: Array) -> Callable[[Array], float]:
    """Hypervolume in units of the spread, so that objectives count alike."""
    low, high = means.min(axis=0), means.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    return lambda points: hypervolume((points - low) / span, np.full(means.shape[1], 1.01))


def measure(
    task: Task, n_folds: int, alpha: float, n_orders: int
) -> tuple[float, float, float, float]:
    """Share of fits saved, mean and largest loss of volume, and what an oracle would save."""
    table = losses_of(task, n_folds)
    rng = np.random.default_rng(0)
    saved, lost, best = [], [], []
    for _ in range(n_orders):
        losses = table[rng.permutation(len(table))[:N_CANDIDATES]]
        means = losses.mean(axis=1)
        of = volume(table.mean(axis=1))
        n_run, is_complete = replay(losses, task.is_scale, alpha)
        whole = losses.shape[0] * n_folds
        saved.append(1 - n_run / whole)
        lost.append(1 - of(means[is_complete]) / of(means))
        best.append(1 - oracle(losses, means) / whole)
    return float(np.mean(saved)), float(np.mean(lost)), float(np.max(lost)), float(np.mean(best))


def rows(alpha: float, n_orders: int) -> Iterator[tuple[object, ...]]:
    """Rows of the table of a level: the tasks, then their means."""
    figures: dict[int, list[tuple[float, ...]]] = {n_folds: [] for n_folds in FOLDS}
    for task in TASKS:
        for n_folds in FOLDS:
            figures[n_folds].append(measure(task, n_folds, alpha, n_orders))
            yield task.name, n_folds, *cells(figures[n_folds][-1])
    for n_folds in FOLDS:
        yield "**mean**", n_folds, *cells(np.mean(figures[n_folds], axis=0))


def cells(figures: Sequence[float] | Array) -> tuple[str, ...]:
    """Figures as the table shows them."""
    saved, lost, worst, best = figures
    return f"{saved:.0%}", f"{best:.0%}", f"{lost:.2%}", f"{worst:.2%}"


def main() -> None:
    """Measure, and print the tables."""
    parser = command_line(__doc__, quick="three orders a table")
    parser.add_argument("--n-orders", type=int, default=30, help="random orders a table")
    parser.add_argument("--alpha", type=float, nargs="+", default=[0.05])
    options = parser.parse_args()
    n_orders = 3 if options.quick else options.n_orders
    head = ("task", "folds", "fits saved", "an oracle", "volume lost, mean", "worst order")
    for alpha in options.alpha:
        print(f"\nLevel {alpha:g}, {N_CANDIDATES} candidates, {n_orders} orders.")
        print_table(head, rows(alpha, n_orders))


if __name__ == "__main__":
    main()
