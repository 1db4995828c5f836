"""The benchmark of several objectives: the volume that samplers dominate, ours and the peers'.

Prints markdown tables; ``docs/benchmarks/pareto.md`` explains them and keeps a full report. Runs
are kept in ``benchmarks/cache/pareto_runs.json`` as they come, and not made twice.

    python benchmarks/pareto.py [--quick] [--problems NAME ...] [--methods NAME ...] [--seeds N]
                                [--fresh | --report]
"""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
from _common import (
    CACHE,
    ONE_THREAD,
    banner,
    command_line,
    load_runs,
    markdown,
    quietly,
    save_runs,
    span,
)
from _pareto_problems import FAMILIES, PROBLEMS, ParetoProblem
from _sampler_peers import Dialect
from _sampler_spaces import Array, Point, Space
from scipy.stats import rankdata

from skhpo.multi_objective import hypervolume, is_nondominated

RUNS = CACHE / "pareto_runs.json"
BUDGETS = (50, 100, 200)
SAVE_EACH = 5.0  # seconds
APART = 2.0  # standard errors
QUICK_PROBLEMS = ("zdt1", "dtlz2", "forest-score-and-size")


# --------------------------------------------------------------------------------- methods


class Method(Protocol):
    """What a method is here: it tells of several points at once where it works in generations."""

    version: str

    def start(self, space: Space, n_objectives: int, seed: int) -> None:
        """Begin a run."""

    def ask(self, n: int) -> list[Point]:
        """Return the next points: `n`, or a generation."""

    def tell(self, points: Sequence[Point], values: Sequence[Sequence[float]]) -> None:
        """Take the values of the points that were asked for last."""


class Pymoo:
    """NSGA-II of pymoo; where not all parameters are numbers, its genetic algorithm for mixed ones.

    That one is given NSGA-II's survival, as pymoo's documentation has it for several objectives.
    """

    def __init__(self, pop_size: int) -> None:
        import pymoo

        self.pop_size = pop_size
        self.version = str(pymoo.__version__)

    def start(self, space: Space, n_objectives: int, seed: int) -> None:
        from pymoo.algorithms.moo.nsga2 import NSGA2, RankAndCrowdingSurvival
        from pymoo.core.mixed import MixedVariableGA
        from pymoo.core.problem import Problem as PymooProblem
        from pymoo.core.variable import Choice, Integer, Real

        makers = {
            "float": lambda low, high: Real(bounds=(low, high)),
            "log": lambda low, high: Real(bounds=(np.log(low), np.log(high))),
            "int": lambda low, high: Integer(bounds=(low, high)),
            "choice": lambda *values: Choice(options=list(range(len(values)))),
        }
        self.space = space
        self.is_mixed = any(kind in ("int", "choice") for kind, *_ in space.values())
        variables = {name: makers[kind](*args) for name, (kind, *args) in space.items()}
        if self.is_mixed:
            problem = PymooProblem(vars=variables, n_obj=n_objectives)
            self.algorithm: Any = MixedVariableGA(self.pop_size, survival=RankAndCrowdingSurvival())
        else:
            bounds = np.array([variable.bounds for variable in variables.values()], dtype=float)
            problem = PymooProblem(
                n_var=len(space), n_obj=n_objectives, xl=bounds[:, 0], xu=bounds[:, 1]
            )
            self.algorithm = NSGA2(self.pop_size)
        self.algorithm.setup(problem, termination=("n_gen", 1000), seed=seed)

    def ask(self, n: int) -> list[Point]:
        self.asked = self.algorithm.ask()
        return [self._decode(individual.X) for individual in self.asked]

    def _decode(self, x: Any) -> Point:
        point: Point = {}
        for j, (name, (kind, *args)) in enumerate(self.space.items()):
            value = x[name] if self.is_mixed else x[j]
            if kind == "choice":
                point[name] = args[value]
            elif kind == "int":
                point[name] = round(value)
            else:
                point[name] = float(np.exp(value) if kind == "log" else value)
        return point

    def tell(self, points: Sequence[Point], values: Sequence[Sequence[float]]) -> None:
        self.asked.set("F", np.array(values))
        for individual in self.asked:
            individual.evaluated.add("F")
        self.algorithm.tell(infills=self.asked)


METHODS: dict[str, Callable[[], Method]] = {
    "skhpo GP": lambda: Dialect("skhpo", "GPSampler"),
    "skhpo TPE": lambda: Dialect("skhpo", "TPESampler"),
    "skhpo NSGA-II": lambda: Dialect("skhpo", "NSGAIISampler"),
    "random": lambda: Dialect("skhpo", "RandomSampler"),
    "Optuna GP": lambda: Dialect("optuna", "GPSampler"),
    "Optuna TPE": lambda: Dialect("optuna", "TPESampler"),
    "Optuna NSGA-II": lambda: Dialect("optuna", "NSGAIISampler"),
    "pymoo NSGA-II, 20": lambda: Pymoo(20),
    "pymoo NSGA-II, 40": lambda: Pymoo(40),
}
OURS = ("skhpo GP", "skhpo TPE", "skhpo NSGA-II")
PEERS = tuple(name for name in METHODS if name not in OURS and name != "random")
DEAR = ("Optuna GP",)  # not in the quick setting


# --------------------------------------------------------------------------------- runs


@dataclass(frozen=True)
class Run:
    """What a run came to.

    Attributes
    ----------
    volumes : list of float
        Hypervolume at each of ``BUDGETS``.
    milliseconds : list of float
        CPU time of an ask and its tell, on average up to each of them.
    front : list of list of float
        What no other point of the run dominates.
    """

    problem: str
    method: str
    seed: int
    version: str
    volumes: list[float]
    milliseconds: list[float]
    front: list[list[float]]


def make_run(problem: ParetoProblem, name: str, seed: int) -> Run:
    """Run a method on a problem."""
    method = METHODS[name]()
    method.start(
        {key: list(domain) for key, domain in problem.space.items()}, problem.n_objectives, seed
    )
    values = np.empty((0, problem.n_objectives))
    milliseconds: dict[int, float] = {}
    spent = 0.0
    while len(values) < BUDGETS[-1]:
        start = time.process_time()
        points = method.ask(1)
        spent += time.process_time() - start
        n_before = len(values)
        new = problem(points)
        values = np.vstack([values, new])
        start = time.process_time()
        method.tell(points, new.tolist())
        spent += time.process_time() - start
        milliseconds |= {
            budget: 1e3 * spent / len(values)
            for budget in BUDGETS
            if n_before < budget <= len(values)
        }
    front = values[: BUDGETS[-1]]
    front = front[is_nondominated(front) & (front < problem.reference).all(axis=1)]
    return Run(
        problem.name,
        name,
        seed,
        method.version,
        [hypervolume(values[:budget], problem.reference) for budget in BUDGETS],
        [float(f"{milliseconds[budget]:.4g}") for budget in BUDGETS],
        [[float(f"{v:.7g}") for v in row] for row in front],
    )


def keep(runs: Sequence[Run]) -> None:
    """Write the cache, with what other processes have written since; theirs give way to ours."""
    by_key = {(run.problem, run.method, run.seed): run for run in [*load_runs(RUNS, Run), *runs]}
    save_runs(RUNS, by_key.values())


def run_all(
    problems: Sequence[ParetoProblem],
    methods: Sequence[str],
    n_seeds: int,
    runs: list[Run],
    save: Callable[[Sequence[Run]], None],
) -> None:
    """Make the runs that are missing, seed by seed, and add them to `runs`."""
    done = {(run.problem, run.method, run.seed) for run in runs}
    last_saved = time.monotonic()
    try:
        for seed in range(n_seeds):
            for name in methods:
                start = time.process_time()
                for problem in problems:
                    if (problem.name, name, seed) not in done:
                        runs.append(make_run(problem, name, seed))
                        if time.monotonic() > last_saved + SAVE_EACH:
                            save(runs)
                            last_saved = time.monotonic()
                seconds = time.process_time() - start
                print(f"seed {seed}, {name}: {seconds:.0f} s", file=sys.stderr, flush=True)
    finally:
        save(runs)


# --------------------------------------------------------------------------------- judging


Regrets = dict[str, dict[int, Array]]  # by problem and seed: regret at each budget


def judge(runs: Sequence[Run], problems: Sequence[ParetoProblem]) -> dict[str, Regrets]:
    """Regrets of each method: what is missing of the front's volume, as a share of it."""
    best = {}
    for problem in problems:
        fronts = [run.front for run in runs if run.problem == problem.name and run.front]
        found = np.vstack([*fronts, np.empty((0, problem.n_objectives))])
        best[problem.name] = problem.best_volume(found)
    regrets: dict[str, Regrets] = {name: defaultdict(dict) for name in METHODS}
    for run in runs:
        if run.problem in best:
            shares = np.array(run.volumes) / best[run.problem]
            regrets[run.method][run.problem][run.seed] = 1.0 - shares
    return {name: own for name, own in regrets.items() if own}


def mean_and_error(samples: Sequence[Array]) -> tuple[Array, Array]:
    """Mean over problems of means over seeds, and its standard error: seeds are what is random."""
    means = np.array([np.mean(own, axis=0) for own in samples])
    variances = np.array(
        [
            np.var(own, axis=0, ddof=1) / len(own) if len(own) > 1 else np.full_like(own[0], np.nan)
            for own in samples
        ]
    )
    return means.mean(axis=0), np.sqrt(variances.sum(axis=0)) / len(samples)


def _stacked(own: Regrets, names: Sequence[str]) -> list[Array]:
    return [np.array(list(own[name].values())) for name in names]


# --------------------------------------------------------------------------------- tables


def report(runs: Sequence[Run], problems: Sequence[ParetoProblem]) -> Iterator[str]:
    """All tables, as lines of Markdown."""
    regrets = judge(runs, problems)
    yield from inventory(runs, regrets)
    for family in FAMILIES:
        names = [problem.name for problem in problems if problem.family == family]
        if names:
            yield from standing(f"{family}, {len(names)} problems", regrets, names)
    names = [problem.name for problem in problems]
    yield from standing(f"All {len(names)} problems", regrets, names)
    yield from duels(regrets, problems)
    yield from by_problem(regrets, problems)
    yield from costs(runs, problems)


def inventory(runs: Sequence[Run], regrets: dict[str, Regrets]) -> Iterator[str]:
    """What was run."""
    yield f"\n{banner('numpy')}\n"
    rows = []
    for name, own in regrets.items():
        seeds = [len(by_seed) for by_seed in own.values()]
        version = ", ".join(sorted({run.version for run in runs if run.method == name}))
        rows.append([name, version, str(len(seeds)), span(seeds)])
    yield from markdown(["method", "version", "problems", "seeds"], rows, "lr")


def standing(title: str, regrets: dict[str, Regrets], names: Sequence[str]) -> Iterator[str]:
    """Mean regret and rank of the methods that ran on all problems, the best first."""
    regrets = {name: own for name, own in regrets.items() if set(names) <= set(own)}
    if not regrets:
        return
    means = np.array(
        [[own.mean(axis=0) for own in _stacked(regrets[method], names)] for method in regrets]
    )
    ranks = rankdata(means, axis=0).mean(axis=1)
    rows = []
    for i in np.argsort(ranks[:, -1], kind="stable"):
        method = list(regrets)[i]
        mean, error = mean_and_error(_stacked(regrets[method], names))
        cells = zip(mean, error, ranks[i], strict=True)
        rows.append([method, *(cell for m, e, r in cells for cell in (_pm(m, e), f"{r:.1f}"))])
    yield f"\n### {title}\n"
    head = [cell for budget in BUDGETS for cell in (f"{budget} trials", "rank")]
    yield from markdown(["method", *head], rows, "lr")


def _pm(mean: float, error: float, sign: str = "") -> str:
    digits = f"{mean:{sign}.3f}"
    return digits if np.isnan(error) else f"{digits} ± {error:.3f}"


def duels(regrets: dict[str, Regrets], problems: Sequence[ParetoProblem]) -> Iterator[str]:
    """Regret of each of ours less that of its best peer, on the seeds that both have.

    Like is compared with like besides: the Gaussian processes, of which the peer has few seeds,
    and the genetic algorithms.
    """
    cheap = tuple(name for name in PEERS if name not in DEAR)
    genetic = tuple(name for name in cheap if "NSGA-II" in name)
    pairs = [(ours, cheap) for ours in OURS]
    pairs += [("skhpo GP", ("Optuna GP",)), ("skhpo NSGA-II", genetic)]
    rows = []
    for ours, rivals in pairs:
        for family in FAMILIES:
            names = {problem.name for problem in problems if problem.family == family}
            peers = [name for name in rivals if names <= set(regrets.get(name, {}))]
            if names and peers and names <= set(regrets.get(ours, {})):
                cells = [_duel(regrets, ours, peers, sorted(names), k) for k in range(len(BUDGETS))]
                rows.append([ours, family, *cells])
    if rows:
        yield "\n### Ours less the best peer of the family and budget: difference, won : lost\n"
        head = ["ours", "family", *(f"{budget} trials" for budget in BUDGETS)]
        yield from markdown(head, rows, "lr")


def _duel(
    regrets: dict[str, Regrets], ours: str, peers: Sequence[str], names: Sequence[str], k: int
) -> str:
    def mean(peer: str) -> float:
        return float(mean_and_error(_stacked(regrets[peer], names))[0][k])

    rival = min(peers, key=mean)
    differences = []
    for name in names:
        own, other = regrets[ours][name], regrets[rival][name]
        differences.append(
            np.array([own[seed] - other[seed] for seed in own.keys() & other.keys()])
        )
    difference, error = (float(row[k]) for row in mean_and_error(differences))
    means = np.array([rows.mean(axis=0)[k] for rows in differences])
    verdict = ", apart" if abs(difference) > APART * error else ""
    record = f"{(means < 0).sum()} : {(means > 0).sum()}"
    return f"{rival}: {_pm(difference, error, '+')}, {record}{verdict}"


def by_problem(regrets: dict[str, Regrets], problems: Sequence[ParetoProblem]) -> Iterator[str]:
    """Mean regret on each problem at the largest budget."""
    rows = []
    for problem in problems:
        cells = [
            f"{np.mean(list(own[problem.name].values()), axis=0)[-1]:.3f}"
            if problem.name in own
            else "–"
            for own in regrets.values()
        ]
        rows.append([problem.name, *cells])
    yield f"\n### Each problem, {BUDGETS[-1]} trials\n"
    yield from markdown(["problem", *regrets], rows, "lr")


def costs(runs: Sequence[Run], problems: Sequence[ParetoProblem]) -> Iterator[str]:
    """CPU milliseconds of an ask and its tell."""
    n_objectives = {problem.name: problem.n_objectives for problem in problems}
    times: dict[tuple[str, int], list[list[float]]] = defaultdict(list)
    for run in runs:
        if run.problem in n_objectives:
            times[run.method, n_objectives[run.problem]].append(run.milliseconds)
    counts = sorted(set(n_objectives.values()))
    rows = []
    for method in METHODS:
        cells = []
        for n in counts:
            own = times.get((method, n))
            cells += [f"{ms:.2f}" for ms in np.median(own, axis=0)] if own else ["–"] * len(BUDGETS)
        if set(cells) != {"–"}:
            rows.append([method, *cells])
    yield "\n### CPU milliseconds of an ask and its tell: median of the runs' means\n"
    head = [f"{n} objectives, {budget} trials" for n in counts for budget in BUDGETS]
    yield from markdown(["method", *head], rows, "lr")


# --------------------------------------------------------------------------------- command line


@cache
def _names() -> list[str]:
    return [problem.name for problem in PROBLEMS]


def main() -> None:
    """Parse the command line, run, print."""
    parser = command_line(
        __doc__,
        quick="three problems, two seeds, no dear method, none kept",
        seeds="default 10",
        report="the tables of the kept runs",
    )
    parser.add_argument("--problems", nargs="+", choices=[*_names(), *FAMILIES])
    parser.add_argument("--methods", nargs="+", choices=list(METHODS))
    parser.add_argument("--fresh", action="store_true", help="make kept runs anew")
    options = parser.parse_args()
    chosen = options.problems or (QUICK_PROBLEMS if options.quick else _names())
    problems = [p for p in PROBLEMS if p.name in chosen or p.family in chosen]
    methods = options.methods or [m for m in METHODS if not (options.quick and m in DEAR)]
    runs = [] if options.quick else load_runs(RUNS, Run)
    if not options.report:
        if options.fresh:
            names = [problem.name for problem in problems]
            runs = [run for run in runs if run.problem not in names or run.method not in methods]
            save_runs(RUNS, runs)
        os.environ.update(ONE_THREAD)  # for what is not loaded yet
        save = (lambda runs: None) if options.quick else keep
        with quietly():
            run_all(problems, methods, options.seeds or (2 if options.quick else 10), runs, save)
    print("\n".join(report([run for run in runs if run.method in methods], problems)))


if __name__ == "__main__":
    main()
