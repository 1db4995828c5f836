"""Measures of the search benchmark, and their tables in markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from _common import print_table, spread
from _search_tasks import Task
from scipy.stats import rankdata

__all__ = ["ON_GRID", "Run", "TaskRuns", "print_tables"]

OURS = "skhpo AutoSearchCV"
GRID = "GridSearchCV"
HALVING = "HalvingRandomSearchCV"
ON_GRID = ", the grid as space"
ONE_BUDGET = ("RandomizedSearchCV", f"RandomizedSearchCV{ON_GRID}", HALVING)
N_BOOTSTRAP = 1000
STEPS = (25, 50, 100, 200, 250)  # fold fits at which regret and true quality are shown
FITS, SECONDS = 0, 1  # what a run is charged for: columns of `Run.costs`


@dataclass(frozen=True)
class Run:
    """One run of a method on a task.

    Attributes
    ----------
    events : list of (n_fits, seconds, overhead, score)
        Spent so far, and the mean score, at each candidate with all its folds.
    n_fits, seconds, overhead
        Spent at the end: fold fits, CPU seconds in them, and CPU seconds beside them.
    truths : dict of float to float
        True quality of the best candidate after so many fold fits; inf is the whole run.
    """

    method: str
    seed: int
    events: list[tuple[int, float, float, float]]
    n_fits: int
    seconds: float
    overhead: float
    truths: dict[float, float] = field(default_factory=dict)

    @property
    def costs(self) -> tuple[float, float]:
        """Fold fits and seconds of the whole run."""
        return self.n_fits, self.seconds + self.overhead

    def best_at(self, n_fits: float) -> float:
        """Best score of a complete candidate within so many fold fits."""
        return max((e[3] for e in self.events if e[0] <= n_fits), default=-np.inf)

    def cost_to(self, level: float, budget: float, unit: int) -> tuple[float, bool]:
        """Cost until a score is met within `budget` fits, and whether it was; else of all fits."""
        spent = self.costs
        for n_fits, seconds, overhead, score in self.events:
            if n_fits > budget:
                break
            spent = (n_fits, seconds + overhead)
            if score >= level - 1e-12:
                return spent[unit], True
        return spent[unit] if self.n_fits > budget else self.costs[unit], False


@dataclass(frozen=True)
class TaskRuns:
    """All runs on a task, the grid's best score, and the typical true quality."""

    task: Task
    goal: float
    runs: list[Run]
    typical_truth: float

    def of(self, method: str) -> list[Run]:
        """Runs of a method, by seed."""
        return [run for run in self.runs if run.method == method]

    @property
    def methods(self) -> list[str]:
        """Names of the methods, the grid first."""
        return list(dict.fromkeys(run.method for run in self.runs))

    @property
    def methods_on_space(self) -> list[str]:
        """Names of the methods that search the space."""
        return [m for m in self.methods if m != GRID and not m.endswith(ON_GRID)]

    @property
    def best_known(self) -> float:
        """The best score that any run saw."""
        return max(score for run in self.runs for *_, score in run.events)

    def regret(self, score: float) -> float:
        """0 at the best score known, 1 at that of a random candidate (the median)."""
        typical = np.median([e[3] for run in self.of("RandomizedSearchCV") for e in run.events])
        return float(min(1.0, (self.best_known - score) / (self.best_known - typical)))

    def true_regret(self, truth: float) -> float:
        """0 at the best truth of all choices, 1 at that of a random candidate (the median)."""
        best = max(truth for run in self.runs for truth in run.truths.values())
        return float((best - truth) / (best - self.typical_truth))


def expected_cost(runs: Iterable[Run], level: float, budget: float, unit: int) -> float:
    """Cost of restarting a method until a run meets the level; with no success a lower bound.

    The expected running time of Hansen et al. (COCO): cost of all runs over their successes.
    """
    costs, met = zip(*(run.cost_to(level, budget, unit) for run in runs), strict=True)
    return float(sum(costs) / max(1, sum(met)))


def geometric_mean(values: Iterable[float]) -> float:
    """Geometric mean."""
    return float(np.exp(np.mean(np.log(list(values)))))


def over_seeds(
    results: Sequence[TaskRuns],
    statistic: Callable[[TaskRuns, Callable[[str], list[Run]]], float],
) -> tuple[float, float, float]:
    """Geometric mean over tasks, and its 5 % and 95 % points when seeds are drawn again."""
    rng = np.random.default_rng(0)

    def drawn(result: TaskRuns) -> Callable[[str], list[Run]]:
        def of(method: str) -> list[Run]:
            runs = result.of(method)
            return [runs[i] for i in rng.integers(len(runs), size=len(runs))]

        return of

    centre = geometric_mean(statistic(r, r.of) for r in results)
    spread = [geometric_mean(statistic(r, drawn(r)) for r in results) for _ in range(N_BOOTSTRAP)]
    return centre, *np.quantile(spread, [0.05, 0.95]).tolist()


def percent(share: Any) -> str:
    """A share as a percentage."""
    return f"{100 * share:.0f} %"


def interval(values: tuple[float, float, float], digits: int = 2) -> str:
    """A value and where it may lie."""
    return "{:.{d}f} ({:.{d}f} to {:.{d}f})".format(*values, d=digits)


def print_tables(results: Sequence[TaskRuns], budget: int) -> None:
    """Print all tables."""
    print_tasks(results)
    print_goal(results, budget)
    for method in (OURS, OURS + ON_GRID):
        print_goal_by_task(results, method)
    print_equal_quality(results, budget)
    print_regret(results, budget)
    print_true_regret(results)
    print_final_scores(results, budget)
    print_overhead(results)


def print_tasks(results: Sequence[TaskRuns]) -> None:
    """What the tasks are, and how hard the grid's score is to meet."""
    print("\n### The tasks")
    rows = []
    for r in results:
        whole = r.of(GRID)[0]
        scores = np.array([score for *_, score in whole.events])
        drawn = np.array([e[3] for run in r.of("RandomizedSearchCV") for e in run.events])
        rows.append(
            (
                r.task.name,
                r.task.metric,
                " + ".join(
                    str(sum(len(domain) > 2 for domain in branch.values()))
                    for branch in r.task.branches
                ),
                r.task.n_grid,
                f"{1000 * whole.seconds / whole.n_fits:.1f}",
                f"{r.goal:.4f}",
                int((scores >= r.goal - 1e-12).sum()),
                len(r.of(OURS)),
                f"{100 * (drawn >= r.goal - 1e-12).mean():.1f} %",
            )
        )
    print_table(
        (
            "task",
            "metric",
            "parameters (by branch)",
            "grid candidates",
            "ms a fold (CPU)",
            "grid's best",
            "grid candidates tied at it",
            "seeds",
            "random candidates that meet it",
        ),
        rows,
    )


def print_goal(results: Sequence[TaskRuns], budget: int) -> None:
    """Runs that met the grid's best score, and the cost until then."""
    print("\n### Is the grid's score met, and at what cost?")

    def ratio(method: str, unit: int) -> tuple[float, float, float]:
        def statistic(r: TaskRuns, of: Callable[[str], list[Run]]) -> float:
            whole = r.of(GRID)[0].costs[unit]
            return whole / expected_cost(of(method), r.goal, np.inf, unit)

        return over_seeds(results, statistic)

    rows = []
    for method in results[0].methods[1:]:
        n_budgets = 1 if method in ONE_BUDGET else 2
        limits = [np.inf] if method == HALVING else [budget, 2 * budget]
        met = [
            percent(
                np.mean(
                    [run.best_at(at) >= r.goal - 1e-12 for r in results for run in r.of(method)]
                )
            )
            for at in limits[:n_budgets]
        ]
        never = sum(
            max(run.best_at(np.inf) for run in r.of(method)) < r.goal - 1e-12 for r in results
        )
        rows.append(
            (
                method,
                *met,
                *["-"] * (2 - n_budgets),
                interval(ratio(method, FITS), 1),
                interval(ratio(method, SECONDS), 1),
                never,
            )
        )
    print_table(
        (
            "method",
            f"runs that met it within {budget} fits",
            f"within {2 * budget} fits",
            "times fewer fits than the grid",
            "times less time than the grid",
            "tasks where no run met it",
        ),
        rows,
    )


def print_goal_by_task(results: Sequence[TaskRuns], method: str) -> None:
    """The same for one method, task by task."""
    print(f"\n### {method}: task by task")
    rows = []
    for r in results:
        whole, runs = r.of(GRID)[0], r.of(method)
        met = [run.cost_to(r.goal, np.inf, FITS) for run in runs]
        fits = [cost for cost, is_met in met if is_met]
        own, _ = whole.cost_to(r.goal, np.inf, FITS)
        rows.append(
            (
                r.task.name,
                f"{len(fits)} of {len(runs)}",
                spread(fits, 0) if fits else "-",
                whole.n_fits,
                int(own),
                f"{whole.n_fits / expected_cost(runs, r.goal, np.inf, FITS):.1f}",
                f"{whole.costs[SECONDS] / expected_cost(runs, r.goal, np.inf, SECONDS):.1f}",
            )
        )
    print_table(
        (
            "task",
            "runs that met the grid's score",
            "fits until then: median (min to max)",
            "fits of the grid",
            "of these until its best came up",
            "times fewer fits",
            "times less time",
        ),
        rows,
    )


def print_equal_quality(results: Sequence[TaskRuns], budget: int) -> None:
    """What AutoSearchCV spends to get where each peer gets with the whole budget."""
    print("\n### Cost to equal quality: AutoSearchCV over the peer")
    rows = []
    for peer in results[0].methods_on_space:
        if peer == OURS:
            continue
        cells: list[object] = [peer]
        for unit in (FITS, SECONDS):

            def statistic(
                r: TaskRuns, of: Callable[[str], list[Run]], peer: str = peer, unit: int = unit
            ) -> float:
                limit = np.inf if peer == HALVING else budget
                level = float(np.median([run.best_at(limit) for run in r.of(peer)]))
                ours = expected_cost(of(OURS), level, limit, unit)
                return ours / expected_cost(of(peer), level, limit, unit)

            by_task = {r.task.name: statistic(r, r.of) for r in results}
            worst = max(by_task, key=lambda name: by_task[name])
            cells += [
                interval(over_seeds(results, statistic)),
                f"{sum(v < 1 for v in by_task.values())} of {len(by_task)}",
                f"{by_task[worst]:.2f} ({worst})",
            ]
        rows.append(cells)
    print_table(
        (
            "peer",
            "fits, ratio",
            "tasks with fewer fits",
            "worst task",
            "time, ratio",
            "tasks with less time",
            "worst task",
        ),
        rows,
    )


def print_regret(results: Sequence[TaskRuns], budget: int) -> None:
    """Normalised regret against fold fits, and ranks."""
    steps = STEPS
    print("\n### Regret against fold fits, and rank")
    rows = []
    methods = [m for m in results[0].methods_on_space if m != HALVING]
    ranks = {at: mean_ranks(results, methods, at) for at in (steps[2], budget)}
    for m, method in enumerate(methods):
        cells: list[object] = [method]
        for step in steps:
            regrets = regrets_at(results, method, step)
            cells.append(f"{regrets.mean():.3f} ± {regrets.mean(axis=0).std():.3f}")
        rows.append([*cells, *(f"{ranks[at][m]:.2f}" for at in ranks)])
    regrets = regrets_at(results, HALVING, np.inf)
    ending = f"{regrets.mean():.3f} ± {regrets.mean(axis=0).std():.3f} (at its end)"
    rows.append([HALVING, *["-"] * (len(steps) - 1), ending, "-", "-"])
    head = [f"{step} fits" for step in steps]
    print_table(("method", *head, *(f"rank at {at} fits" for at in ranks)), rows)


def regrets_at(results: Sequence[TaskRuns], method: str, n_fits: float) -> np.ndarray:
    """Regrets of shape (n_tasks, n_seeds); where fewer seeds were run, they are repeated."""
    n_seeds = max(len(r.of(method)) for r in results)
    rows = [[r.regret(run.best_at(n_fits)) for run in r.of(method)] for r in results]
    return np.array([(row * n_seeds)[:n_seeds] for row in rows])


def print_true_regret(results: Sequence[TaskRuns]) -> None:
    """True quality of the choices, on folds that no search saw."""
    print("\n### True regret of the choice, on new folds of all rows")
    whole = np.array([r.true_regret(r.of(GRID)[0].truths[np.inf]) for r in results])
    rows: list[Sequence[object]] = []
    for method in (m for m in results[0].methods if m not in (GRID, HALVING)):
        cells: list[object] = [method]
        for step in STEPS:
            regrets = true_regrets_at(results, method, step)
            cells.append(f"{regrets.mean():.3f} ± {regrets.mean(axis=0).std():.3f}")
        rows.append(cells)
    print_table(("method", *(f"{step} fits" for step in STEPS)), rows)
    print(f"\nThe best of the whole grid: {whole.mean():.3f}")


def true_regrets_at(results: Sequence[TaskRuns], method: str, step: int) -> np.ndarray:
    """True regrets of shape (n_tasks, n_seeds); where fewer seeds were run, they are repeated."""
    n_seeds = max(len(r.of(method)) for r in results)
    rows = []
    for r in results:
        row = [r.true_regret(run.truths.get(step, r.typical_truth)) for run in r.of(method)]
        rows.append((row * n_seeds)[:n_seeds])
    return np.array(rows)


def mean_ranks(results: Sequence[TaskRuns], methods: Sequence[str], n_fits: float) -> np.ndarray:
    """Mean rank of each method over tasks and seeds; ties share their ranks."""
    regrets = np.array([regrets_at(results, method, n_fits) for method in methods])
    ranks: np.ndarray = rankdata(regrets.round(12), axis=0)
    return np.asarray(ranks.mean(axis=(1, 2)))


def print_final_scores(results: Sequence[TaskRuns], budget: int) -> None:
    """Best scores, task by task."""
    print(f"\n### Best cross-validated score within {budget} fits: median over seeds")
    methods = [GRID, *results[0].methods_on_space]
    rows = []
    for r in results:
        medians = [
            np.median([run.best_at(np.inf if m in (GRID, HALVING) else budget) for run in r.of(m)])
            for m in methods
        ]
        top = max(medians)
        cells = [f"**{v:.4f}**" if v >= top - 1e-12 else f"{v:.4f}" for v in medians]
        rows.append((r.task.name, *cells))
    print_table(("task", *methods), rows)


def print_overhead(results: Sequence[TaskRuns]) -> None:
    """CPU time of the methods themselves."""
    print("\n### CPU time of the method itself")
    rows = []
    for method in results[0].methods:
        a_fold = [1000 * run.overhead / run.n_fits for r in results for run in r.of(method)]
        shares = [
            run.overhead / (run.overhead + run.seconds) for r in results for run in r.of(method)
        ]
        rows.append(
            (
                method,
                f"{np.median(a_fold):.2f} ({np.quantile(a_fold, 0.25):.2f} to "
                f"{np.quantile(a_fold, 0.75):.2f})",
                percent(float(np.median(shares))),
            )
        )
    print_table(("method", "ms a fold: median (quartiles)", "share of all CPU time"), rows)
