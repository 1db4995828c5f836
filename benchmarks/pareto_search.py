"""The benchmark of searches with several objectives: real models, fitted live.

Prints markdown tables; ``docs/benchmarks/pareto_search.md`` explains them and keeps a full report.
Runs are kept in ``benchmarks/cache/pareto_search.jsonl`` as they come, and not made twice.

    python benchmarks/pareto_search.py [--quick] [--problems NAME ...] [--methods NAME ...]
                                       [--seeds N] [--report]
"""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from _common import CACHE, ONE_THREAD, banner, command_line, markdown, quietly, silence

os.environ |= ONE_THREAD  # before NumPy

import json

import numpy as np
from _pareto_live import N_FOLDS, PROBLEMS, Evaluator, domains, params_at
from _sampler_peers import Dialect
from _sampler_spaces import Array
from pareto import Pymoo

from skhpo import ParetoSearchCV
from skhpo.multi_objective import hypervolume, is_nondominated
from skhpo.samplers import NSGAIISampler

RUNS = CACHE / "pareto_search.jsonl"
CANDIDATES = (30, 60, 100)
AT = 60  # candidates after which fronts are measured on fresh folds
N_REPEATS = 1  # of the fresh cross-validation
N_AT_MOST = 200  # candidates of a search that stops many
APART = 2.0  # standard errors
QUICK_PROBLEMS = (
    "iris: tree, accuracy against leaves",
    "diabetes: lasso, R2 against columns",
    "wine: neighbours, accuracy and a constant",
)
ISSUE = "digits: tree, accuracy against leaves"
REFERENCES = {ISSUE: (0.0, 300.0)}  # losses; for other problems, the worst that random found

# ----------------------------------------------------------------------------------- methods

OURS: dict[str, dict[str, Any]] = {
    "default": {},
    "default, no race": {"pruner": None},
    "default, prior": {"prior": "auto"},
    "GP": {"sampler": "gp"},
    "GP, no race": {"sampler": "gp", "pruner": None},
    "TPE": {"sampler": "tpe"},
    "TPE, no race": {"sampler": "tpe", "pruner": None},
    "NSGA-II": {"sampler": NSGAIISampler},
    "NSGA-II, no race": {"sampler": NSGAIISampler, "pruner": None},
    "random, race": {"sampler": "random"},
    "random": {"sampler": "random", "pruner": None},
}
PEERS: dict[str, Callable[[], Any]] = {
    "Optuna TPE": lambda: Dialect("optuna", "TPESampler"),
    "Optuna NSGA-II": lambda: Dialect("optuna", "NSGAIISampler"),
    "Optuna GP": lambda: Dialect("optuna", "GPSampler"),
    "pymoo NSGA-II": lambda: Pymoo(20),
}
METHODS = (*OURS, *PEERS)


@dataclass(frozen=True)
class Run:
    """What a run came to.

    Attributes
    ----------
    n_fits : list of int
        Fits until a candidate ended, in the order of candidates.
    losses : list of list of float
        Losses of each candidate, empty if it was stopped.
    fresh : list of list of float
        Losses on fresh folds of the front after the fits that ``AT`` candidates take without
        stopping.
    seconds : float
        CPU time of the run without the fresh folds.
    """

    problem: str
    method: str
    seed: int
    n_fits: list[int]
    losses: list[list[float]]
    fresh: list[list[float]]
    seconds: float

    @property
    def key(self) -> tuple[str, str, int]:
        """What it is a run of."""
        return self.problem, self.method, self.seed

    def complete(self, *, candidates: int | None = None, fits: int | None = None) -> list[int]:
        """The complete ones among the first candidates, or of those within a number of fits."""
        last = len(self.losses) if candidates is None else candidates
        rows = range(min(last, len(self.losses)))
        return [i for i in rows if self.losses[i] and (fits is None or self.n_fits[i] <= fits)]


Found = tuple[list[dict[str, Any]], list[int], list[list[float]]]


def search(problem: str, method: str, seed: int, max_fits: int) -> Found:
    """Run a search of ours: parameters, fits so far and losses of its candidates."""
    task, by_hand = PROBLEMS[problem], evaluator(problem)
    settings = dict(OURS[method])
    if settings.get("sampler") is NSGAIISampler:
        settings["sampler"] = NSGAIISampler()
    found = ParetoSearchCV(
        task.model, task.space, objectives=task.objectives, cv=N_FOLDS, n_iter=N_AT_MOST,
        max_fits=max_fits, random_state=seed, refit=False, submodels=False, **settings,
    ).fit(by_hand.X, by_hand.y)  # fmt: skip
    results = found.cv_results_
    order = np.argsort(results["trial_number"])
    n_fits = np.cumsum(np.asarray(results["n_splits_evaluated"])[order])
    losses = (by_hand.signs * found.values_)[order]
    params = [results["params"][i] for i in order]
    return params, n_fits.tolist(), [[] if np.isnan(row).any() else row.tolist() for row in losses]


def search_by_hand(problem: str, method: str, seed: int, max_fits: int) -> Found:
    """Run a sampler of another library with a cross-validation of the same folds."""
    task, by_hand = PROBLEMS[problem], evaluator(problem)
    folds = by_hand.folds()
    sampler = PEERS[method]()
    space = {key: list(domain) for key, domain in domains(task).items()}
    sampler.start(space, len(task.objectives), seed)
    params: list[dict[str, Any]] = []
    losses: list[list[float]] = []
    while len(losses) < max_fits // N_FOLDS:
        points = sampler.ask(1)
        new = [params_at(task, point) for point in points]
        values = [by_hand.losses(p, folds).tolist() for p in new]
        sampler.tell(points, values)
        params += new
        losses += values
    return params, [N_FOLDS * (i + 1) for i in range(len(losses))], losses


@cache
def evaluator(problem: str) -> Evaluator:
    """What evaluates the candidates of a problem."""
    return Evaluator(PROBLEMS[problem])


def make_run(problem: str, method: str, seed: int, max_fits: int) -> Run:
    """Run a method on a problem."""
    start = time.process_time()
    run_it = search if method in OURS else search_by_hand
    params, n_fits, losses = run_it(problem, method, seed, max_fits)
    seconds = time.process_time() - start
    run = Run(problem, method, seed, n_fits, losses, [], round(seconds, 3))
    rows = run.complete(fits=AT * N_FOLDS)
    front = [rows[i] for i in np.flatnonzero(is_nondominated(points(run, rows)))]
    distinct = {tuple(losses[i]): i for i in front}.values()
    by_hand = evaluator(problem)
    folds = list(by_hand.fresh_folds(N_REPEATS))
    run.fresh.extend(by_hand.losses(params[i], folds).tolist() for i in distinct)
    return run


def points(run: Run, rows: Sequence[int]) -> Array:
    """Losses of some candidates."""
    return np.array([run.losses[i] for i in rows]).reshape(
        -1, len(PROBLEMS[run.problem].objectives)
    )


def load() -> list[Run]:
    """The runs that are kept."""
    lines = RUNS.read_text().splitlines() if RUNS.exists() else []
    return list({run.key: run for run in (Run(**json.loads(line)) for line in lines)}.values())


def keep(run: Run) -> None:
    """Add a run to those that are kept."""
    RUNS.parent.mkdir(exist_ok=True)
    with RUNS.open("a") as file:
        file.write(json.dumps(asdict(run)) + "\n")


# ----------------------------------------------------------------------------------- judging


class Judge:
    """Volumes as shares of that of all fronts of a problem together.

    Parameters
    ----------
    runs : sequence of Run
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        by_problem: dict[str, list[Run]] = defaultdict(list)
        for run in runs:
            by_problem[run.problem].append(run)
        self._references = {name: reference(name, own) for name, own in by_problem.items()}
        self._whole = {
            name: self._volume(name, np.vstack([points(run, run.complete()) for run in own]))
            for name, own in by_problem.items()
        }
        self._whole_fresh = {
            name: self._volume(name, np.array([row for run in own for row in run.fresh]))
            for name, own in by_problem.items()
        }

    def _volume(self, problem: str, losses: Array) -> float:
        losses = losses.reshape(-1, len(self._references[problem]))
        losses = losses[(losses < self._references[problem]).all(axis=1)]
        if not len(losses):
            return 0.0
        front = np.unique(losses[is_nondominated(losses)], axis=0)
        return hypervolume(front, self._references[problem])

    def share(self, run: Run, **bound: int) -> float:
        """Share of the volume that the candidates of a run dominate."""
        found = self._volume(run.problem, points(run, run.complete(**bound)))
        return found / self._whole[run.problem]

    def volume(self, run: Run, **bound: int) -> float:
        """The volume itself."""
        return self._volume(run.problem, points(run, run.complete(**bound)))

    def fresh_share(self, run: Run) -> float:
        """The same of a front on fresh folds."""
        return self._volume(run.problem, np.array(run.fresh)) / self._whole_fresh[run.problem]


def reference(problem: str, runs: Sequence[Run]) -> Array:
    """The reference point: a tenth beyond the worst random candidates."""
    if problem in REFERENCES:
        return np.array(REFERENCES[problem])
    drawn = [points(run, run.complete()) for run in runs if run.method == "random"]
    drawn = drawn or [points(run, run.complete()) for run in runs]
    losses = np.vstack(drawn)
    worst, best = losses.max(axis=0), losses.min(axis=0)
    return np.where(worst > best, worst + 0.1 * (worst - best), best + 1.0)


# ------------------------------------------------------------------------------------ tables

Shares = dict[str, dict[str, dict[int, Array]]]  # by method, problem and seed
COLUMNS = (
    *((f"{n} candidates", {"candidates": n}) for n in CANDIDATES),
    *((f"{n * N_FOLDS} fits", {"fits": n * N_FOLDS}) for n in CANDIDATES),
)
IS_SHORT = [CANDIDATES[-1] not in (n, n / N_FOLDS) for _, bound in COLUMNS for n in bound.values()]
AT_FITS, FRESH = 4, 6  # where the shares after 300 fits are, and those on fresh folds


def shares_of(runs: Sequence[Run], judge: Judge) -> Shares:
    """Shares of the volume of each run: at each budget, then on fresh folds."""
    shares: Shares = defaultdict(lambda: defaultdict(dict))
    for run in runs:
        is_long = run.n_fits[-1] > (CANDIDATES[-1] - 1) * N_FOLDS  # no fits for one more
        cells = [
            judge.share(run, **bound) if is_long or is_short else np.nan
            for is_short, bound in zip(IS_SHORT, (bound for _, bound in COLUMNS), strict=True)
        ]
        cells.append(judge.fresh_share(run))
        shares[run.method][run.problem][run.seed] = np.array(cells)
    return {method: shares[method] for method in METHODS if method in shares}


def mean_and_error(samples: Sequence[Array]) -> tuple[Array, Array]:
    """Mean over problems of means over seeds, and its standard error: seeds are what is random."""
    means = np.array([own.mean(axis=0) for own in samples])
    variances = np.array(
        [
            own.var(axis=0, ddof=1) / len(own) if len(own) > 1 else np.full(own.shape[1:], np.nan)
            for own in samples
        ]
    )
    return means.mean(axis=0), np.sqrt(variances.sum(axis=0)) / len(samples)


def report(runs: Sequence[Run]) -> Iterator[str]:
    """All tables, as lines of Markdown."""
    judge = Judge(runs)
    shares = shares_of(runs, judge)
    names = [name for name in PROBLEMS if any(run.problem == name for run in runs)]
    yield f"\n{banner('numpy', 'scikit-learn', 'Optuna')}\n"
    yield from standing(shares, names)
    yield from against("random", shares, names, AT_FITS, f"{AT * N_FOLDS} fits")
    yield from against("random", shares, names, FRESH, f"{AT * N_FOLDS} fits, on fresh folds")
    yield from by_problem(shares, names)
    yield from saved(runs, names)
    yield from savable(runs)
    yield from of_the_issue(runs, judge)


def standing(shares: Shares, names: Sequence[str]) -> Iterator[str]:
    """Mean shares of the methods that ran on all problems, the best at 300 fits first."""
    rows = []
    for method, own in shares.items():
        if not set(names) <= set(own):
            continue
        samples = [np.array(list(own[name].values())) for name in names]
        mean, error = mean_and_error(samples)
        seeds = [len(one) for one in samples]
        cells = [
            "–" if np.isnan(m) else with_error(f"{m:.3f}", e)
            for m, e in zip(mean, error, strict=True)
        ]
        rows.append((mean[AT_FITS], [method, f"{min(seeds)}", *cells]))
    rows.sort(key=lambda row: -row[0])
    yield f"\n### Share of the volume, mean of {len(names)} problems\n"
    fresh = f"{AT * N_FOLDS} fits, fresh folds"
    head = ["method", "seeds", *(name for name, _ in COLUMNS), fresh]
    shown = [j for j in range(len(head)) if any(row[j] != "–" for _, row in rows)]
    yield from markdown(
        [head[j] for j in shown], [[row[j] for j in shown] for _, row in rows], "lr"
    )


def with_error(mean: str, error: float, digits: int = 3) -> str:
    """Return a mean with its standard error, if there is one: a single seed has none."""
    return mean if np.isnan(error) else f"{mean} ± {error:.{digits}f}"


def against(rival: str, shares: Shares, names: Sequence[str], k: int, title: str) -> Iterator[str]:
    """Each method less a rival, on the seeds that both have: mean, and how many problems."""
    rows = []
    for method, own in shares.items():
        if method == rival or rival not in shares:
            continue
        samples, won, lost = [], 0, 0
        for name in names:
            both = sorted(own[name].keys() & shares[rival][name].keys())
            if not both:
                continue
            differences = np.array([own[name][s][k] - shares[rival][name][s][k] for s in both])
            samples.append(differences[:, None])
            won += differences.mean() > 0
            lost += differences.mean() < 0
        if len(samples) == len(names):
            mean, error = mean_and_error(samples)
            shown = with_error(f"{mean[0]:+.4f}", error[0], digits=4)
            rows.append([method, shown, f"{won} : {lost}"])
    yield f"\n### Share less that of {rival}, {title}\n"
    yield from markdown(["method", "difference", "problems won : lost"], rows, "lr")


def by_problem(shares: Shares, names: Sequence[str]) -> Iterator[str]:
    """The default and random on each problem, and the best of the others."""
    if not {"default", "random"} <= set(shares):
        return
    rows = []
    for name in names:
        cells = [name]
        for k in (AT_FITS, FRESH):
            own, other = shares["default"][name], shares["random"][name]
            both = sorted(own.keys() & other.keys())
            d = np.array([own[s][k] - other[s][k] for s in both])
            error = d.std(ddof=1) / np.sqrt(len(d)) if len(d) > 1 else np.nan
            is_worse = d.mean() < -APART * error
            cells.append(f"{np.mean([own[s][k] for s in both]):.3f}")
            cells.append(f"{d.mean():+.3f} ± {error:.3f}" + (", worse" if is_worse else ""))
        means = {
            method: np.mean([found[AT_FITS] for found in by_name[name].values()])
            for method, by_name in shares.items()
            if by_name[name]
        }
        best = max(means, key=lambda m: means[m])
        rows.append([*cells, f"{best} {means[best]:.3f}"])
    yield "\n### Each problem: the default, and its difference from random\n"
    head = ["problem"]
    for title in ("300 fits", "300 fits, fresh folds"):
        head += [title, "less random"]
    yield from markdown([*head, "best method, 300 fits"], rows, "lr")


def saved(runs: Sequence[Run], names: Sequence[str]) -> Iterator[str]:
    """Shares of the fits of the first 60 candidates that stopping saves."""
    by_method: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        n = min(AT, len(run.n_fits))
        by_method[run.method][run.problem].append(1 - run.n_fits[n - 1] / (N_FOLDS * n))
    raced = [m for m in METHODS if any(np.mean(v) > 0 for v in by_method[m].values())]
    yield f"\n### Fits saved in the first {AT} candidates\n"
    rows = []
    for name in names:
        own = [by_method[method][name] for method in raced]
        rows.append([name, *(f"{np.mean(values):.0%}" if values else "–" for values in own)])
    means = [np.mean([np.mean(v) for v in by_method[m].values()]) for m in raced]
    rows.append(["**mean**", *(f"{m:.0%}" for m in means)])
    yield from markdown(["problem", *raced], rows, "lr")


def savable(runs: Sequence[Run]) -> Iterator[str]:
    """Shares of the fits that a race with perfect foresight saves in searches without a race.

    After one fold, it knows the means of a candidate over all folds. It stops a candidate that an
    earlier one dominates, and runs all folds of the others.
    """
    without_race = {*PEERS, *(method for method, how in OURS.items() if "pruner" in how)}
    by_method: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        rows = run.complete(candidates=AT)
        if run.method in without_race and len(rows) == AT:
            losses = np.array([run.losses[i] for i in rows])
            stopped = [not is_nondominated(losses[: i + 1])[-1] for i in range(AT)]
            by_method[run.method].append(float(np.mean(stopped)) * (N_FOLDS - 1) / N_FOLDS)
    rows = [
        [m, len(by_method[m]), f"{np.mean(by_method[m]):.0%}"] for m in METHODS if m in by_method
    ]
    yield f"\n### Fits that perfect foresight saves in the first {AT} candidates\n"
    yield from markdown(["method", "runs", "fits saved"], rows, "lr")


def of_the_issue(runs: Sequence[Run], judge: Judge) -> Iterator[str]:
    """Volumes of the tree of digits in (accuracy, 1 - leaves / 300)."""
    rows = []
    for method in METHODS:
        own = [run for run in runs if run.problem == ISSUE and run.method == method]
        if own:
            cells = [
                np.array([judge.volume(run, **bound) / 300 for run in own])
                for bound in ({"candidates": AT}, {"fits": AT * N_FOLDS})
            ]
            errors = [c.std(ddof=1) / np.sqrt(len(c)) if len(c) > 1 else np.nan for c in cells]
            shown = [f"{c.mean():.4f} ± {e:.4f}" for c, e in zip(cells, errors, strict=True)]
            rows.append([method, len(own), *shown])
    yield f"\n### {ISSUE}: volume in (accuracy, 1 - leaves / 300)\n"
    yield from markdown(["method", "seeds", f"{AT} candidates", f"{AT * N_FOLDS} fits"], rows, "lr")


def main() -> None:
    """Make the runs that are missing, and print the tables."""
    parser = command_line(
        __doc__,
        quick="three problems, two seeds, our methods",
        seeds="number of seeds",
        report="print the tables of the runs there are",
    )
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--long", action="store_true", help="100 candidates instead of 60")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    problems, methods, n_seeds = options.problems, options.methods, options.seeds or 5
    if options.quick:
        problems, n_seeds = list(QUICK_PROBLEMS), options.seeds or 2
        methods = [m for m in methods if m != "Optuna GP"]
    max_fits = N_FOLDS * (CANDIDATES[-1] if options.long else AT)
    silence()
    runs = load()
    done = {run.key for run in runs}
    if not options.report:
        with quietly():
            for seed in range(options.first, n_seeds):
                for method in methods:
                    start = time.process_time()
                    for problem in problems:
                        if (problem, method, seed) not in done:
                            runs.append(make_run(problem, method, seed, max_fits))
                            keep(runs[-1])
                    seconds = time.process_time() - start
                    print(f"seed {seed}, {method}: {seconds:.0f} s", file=sys.stderr, flush=True)
    for line in report([r for r in runs if r.problem in problems and r.method in methods]):
        print(line, flush=True)


if __name__ == "__main__":
    main()
