"""What racing for a front saves: searches of several objectives, replayed on tables of real folds.

A table holds scores and costs of 100 random configurations of a model, on each fold of a 5-fold and
a 10-fold cross-validation. A replay takes 60 of them in a random order and stops them as
``ParetoSearchCV`` does; it is compared with the same search without stopping. Prints a markdown
table; ``docs/benchmarks/pareto_pruning.md`` explains it. Tables are kept in ``benchmarks/cache``.

    python benchmarks/pareto_pruning.py [--quick] [--n-orders N] [--alpha A ...]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from _common import command_line, print_table
from _pareto_tasks import TASKS, Task, losses_of
from numpy.typing import NDArray

from skhpo.multi_objective import hypervolume
from skhpo.pruners import RacingPruner
from skhpo.pruners._front_race import FrontRace

FOLDS = (5, 10)
N_CANDIDATES = 60
Array = NDArray[np.float64]


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
