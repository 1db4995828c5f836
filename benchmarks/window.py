"""The window's benchmark: what candidates in flight cost in regret, and what they save in time.

With an int seed a candidate is chosen without the results of the newest ``pre_dispatch - 1``. The
same searches are run for several windows: whole searches by their public face, whose scores come
from the samplers' problems, with five folds and their noise. Workers work in virtual time.
``docs/benchmarks/window.md`` explains the tables and keeps a full run.

    python benchmarks/window.py [--quick] [--only PART] [--samplers NAME ...] [--problems NAME ...]
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from unittest import mock

import numpy as np
from _common import CACHE, command_line, print_table, quietly, write
from _sampler_problems import PROBLEMS, Problem
from _sampler_spaces import for_scipy
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

import skhpo
from skhpo.parallel import VirtualExecutor
from skhpo.search.execution._scheduler import Scheduler

N_FOLDS = 5
WINDOWS = (1, 2, 3, 4, 6, 8, 12)
N_WORKERS = (1, 2, 4, 8, 16, 32)
BUDGETS = (30, 60)
GROWING: dict[int | str, Callable[[int], int]] = {  # windows by the number of the next candidate
    4: lambda number: 4,
    8: lambda number: 8,
    16: lambda number: 16,
    32: lambda number: 32,
    "max(4, t/8)": lambda number: max(4, number // 8),
    "4 + t/8": lambda number: 4 + number // 8,
    "4 + t/4": lambda number: 4 + number // 4,
    "4 + t/2": lambda number: 4 + number // 2,
}
SEARCHES = {
    "TPE": skhpo.TPESearchCV,
    "GP": skhpo.GPSearchCV,
    "random": skhpo.RandomSearchCV,
}
ONE_OBJECTIVE = [problem for problem in PROBLEMS if problem.n_objectives == 1]
TUNING = [problem for problem in ONE_OBJECTIVE if problem.family == "tuning"]


class Tabulated(BaseEstimator):  # type: ignore[misc]
    """An estimator whose score on a fold is a problem's value, with the noise of the folds.

    The row of the test part says which fold it is; the noise depends on the candidate, the fold
    and the seed alone.
    """

    problem: Problem
    seed: int

    def __init__(self, point: Any = None) -> None:
        self.point = point
        self.values: dict[str, Any] = {}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Values of the problem's parameters."""
        return {name: self.values.get(name) for name in self.problem.space}

    def set_params(self, **params: Any) -> Tabulated:
        """Set some."""
        self.values = {**self.values, **params}
        return self

    def __sklearn_clone__(self) -> Tabulated:
        copy = type(self)()
        copy.values = dict(self.values)
        return copy

    def fit(self, X: Any, y: Any = None) -> Tabulated:
        """Learn nothing."""
        return self

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the problem's value, with noise."""
        fold = int(X[0, 0])
        value = float(self.problem([self.values])[0, 0])
        key = zlib.crc32(repr(sorted(self.values.items())).encode())
        noise = self.problem.noise * np.sqrt(N_FOLDS)
        effect = np.random.default_rng((self.seed, fold)).normal(0.0, 1.5 * noise)
        return -(value + effect + np.random.default_rng((self.seed, fold, key)).normal(0.0, noise))


class Durations:
    """Log-normal virtual times of the folds of candidates: alike within a candidate."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, key: tuple[int, int]) -> float:
        number, fold = key
        candidate = np.random.default_rng((self._seed, number)).lognormal(sigma=0.7)
        return float(
            candidate * np.random.default_rng((self._seed, number, fold)).lognormal(sigma=0.2)
        )


class GrowingScheduler(Scheduler):
    """A scheduler whose window depends on the number of the next candidate."""

    def __init__(self, *args: Any, rule: Callable[[int], int], **more: Any) -> None:
        self._rule = rule
        super().__init__(*args, **more)

    def _start_candidate(self) -> Any:
        self._window = self._rule(len(self.candidates))
        return super()._start_candidate()

    def _tell_what_may_be_told(self) -> None:
        self._window = self._rule(len(self.candidates))
        super()._tell_what_may_be_told()


def search_once(
    problem: Problem,
    name: str,
    window: int | str,
    seed: int,
    n_iter: int,
    n_workers: int = 1,
    pruner: Any = "auto",
    random_state: Any = "seed",
) -> dict[str, float]:
    """Run one search; return its regret, the folds it used and ran, and its virtual time."""
    Case = type("Case", (Tabulated,), {"problem": problem, "seed": seed})
    workers = VirtualExecutor(n_workers, Durations(seed))
    n_run = 0
    submit = workers.submit

    def counted(*args: Any, **kwargs: Any) -> None:
        nonlocal n_run
        n_run += 1
        submit(*args, **kwargs)

    workers.submit = counted  # type: ignore[method-assign]
    search = SEARCHES[name](
        Case(),
        {parameter: for_scipy(domain) for parameter, domain in problem.space.items()},
        n_iter=n_iter,
        cv=[(np.array([(f + 1) % N_FOLDS]), np.array([f])) for f in range(N_FOLDS)],
        refit=False,
        enqueue=None,
        pruner=pruner,
        pre_dispatch=4 if window in GROWING else window,
        random_state=seed if random_state == "seed" else random_state,
    )
    kind: Any = Scheduler
    if window in GROWING:
        kind = partial(GrowingScheduler, rule=GROWING[window])
    with (
        mock.patch("skhpo.search.execution._workers.Executor", return_value=workers),
        mock.patch("skhpo.search._base.Scheduler", kind),
    ):
        search.fit(np.arange(float(N_FOLDS))[:, None], np.zeros(N_FOLDS))
    best, median = problem.scale
    value = float(problem([search.best_params_])[0, 0])
    return {
        "regret": (value - best) / (median - best),
        "used": int(search.cv_results_["n_splits_evaluated"].sum()),
        "run": n_run,
        "seconds": workers.clock,
    }


def kept(path: str, make: Any) -> Any:
    """A result, from the cache where it is there."""
    file = CACHE / "window" / f"{path}.json"
    if not file.exists():
        write(file, json.dumps(make()))
    return json.loads(file.read_text())


def regrets_of(
    name: str, problems: Sequence[Problem], n_iter: int, window: int | str, n_seeds: int
) -> NDArray[np.float64]:
    """Regrets of searches, ndarray of shape (n_problems, n_seeds)."""
    return np.array(
        [
            [
                kept(
                    f"{name}-{problem.name}-{n_iter}-{window}-{seed}".replace("/", " by "),
                    partial(search_once, problem, name, window, seed, n_iter),
                )["regret"]
                for seed in range(n_seeds)
            ]
            for problem in problems
        ]
    )


def against(
    base: NDArray[np.float64], regrets: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Mean difference of each problem from other regrets, and the error of the mean of these."""
    difference = (regrets - base).mean(axis=1)
    return difference, float(difference.std(ddof=1) / np.sqrt(len(difference)))


def regret(names: Sequence[str], problems: Sequence[Problem], n_seeds: int) -> None:
    """Mean regret by window, and its difference from that of a window of one, by pairs."""
    held_out = np.array([problem.held_out for problem in problems])
    for name in names:
        for n_iter in BUDGETS:
            alone = regrets_of(name, problems, n_iter, 1, n_seeds)
            rows = []
            for window in WINDOWS:
                regrets = regrets_of(name, problems, n_iter, window, n_seeds)
                difference, error = against(alone, regrets)
                rows.append(
                    (
                        window,
                        f"{regrets.mean():.3f}",
                        f"{difference.mean():+.3f} ({error:.3f})",
                        f"{difference[~held_out].mean():+.3f}",
                        f"{difference[held_out].mean():+.3f}",
                    )
                )
            print_table(
                ("window", "mean regret", "against 1 (error)", "not held out", "held out"),
                rows,
                title=f"{name}, {n_iter} candidates: {len(problems)} problems, {n_seeds} seeds",
            )


def speed(problems: Sequence[Problem], n_seeds: int) -> None:
    """How much faster searches are with more workers, by window, and what is run in vain."""
    mean_seconds = np.mean(
        [Durations(seed)((n, f)) for seed in range(n_seeds) for n in range(50) for f in range(5)]
    )
    for pruner in ("auto", None):
        rows = []
        for window in (*WINDOWS, "free-running"):
            cells = []
            for n_workers in N_WORKERS:
                is_free = isinstance(window, str)
                results = [
                    search_once(
                        problem,
                        "random",
                        n_workers if is_free else window,
                        seed,
                        50,
                        n_workers=n_workers,
                        pruner=pruner,
                        random_state=None if is_free else seed,
                    )
                    for problem in problems
                    for seed in range(n_seeds)
                ]
                n_used = sum(result["used"] for result in results)
                in_vain = sum(result["run"] for result in results) / n_used - 1.0
                seconds = sum(result["seconds"] for result in results)
                cells.append(f"{n_used * mean_seconds / seconds:.1f} ({in_vain:.0%})")
            rows.append((window, *cells))
        print_table(
            ("window", *(f"{n} workers" for n in N_WORKERS)),
            rows,
            title=f"Speed-up (folds run in vain), {'racing' if pruner else 'no pruning'}",
        )


def growing(names: Sequence[str], problems: Sequence[Problem], n_seeds: int) -> None:
    """Windows that grow with the number of candidates: regret against 4, and seconds."""
    n_workers = (4, 8, 16, 32, 64)
    for name in names:
        for n_iter in (60, 240):
            base = regrets_of(name, problems, n_iter, 4, n_seeds)
            rows = []
            for window in GROWING:
                regrets = regrets_of(name, problems, n_iter, window, n_seeds)
                difference, error = against(base, regrets)
                seconds = [
                    np.mean(
                        [
                            search_once(problem, "random", window, seed, n_iter, n)["seconds"]
                            for problem in problems[:2]
                            for seed in range(n_seeds)
                        ]
                    )
                    for n in n_workers
                ]
                rows.append(
                    (
                        window,
                        f"{regrets.mean():.3f}",
                        f"{difference.mean():+.3f} ({error:.3f})",
                        *(f"{one:.0f}" for one in seconds),
                    )
                )
            print_table(
                (
                    "window",
                    "mean regret",
                    "against 4 (error)",
                    *(f"{n} workers" for n in n_workers),
                ),
                rows,
                title=f"{name}, {n_iter} candidates: {len(problems)} problems, {n_seeds} seeds; "
                "virtual seconds",
            )


def main() -> None:
    """Parse the command line, run, print."""
    parser = command_line(
        __doc__, quick="two seeds, three test functions", only=("regret", "speed", "growing")
    )
    parser.add_argument("--samplers", nargs="+", choices=SEARCHES, default=["TPE", "GP"])
    parser.add_argument("--problems", nargs="+", help="names; default all, a subset for speed")
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    names = options.problems or [problem.name for problem in ONE_OBJECTIVE]
    if options.quick:
        names = ["branin", "hartmann3", "hartmann6-noisy"]
    problems = [problem for problem in ONE_OBJECTIVE if problem.name in names]
    n_seeds = 2 if options.quick else options.seeds
    with quietly():
        if "speed" in options.only:
            speed(problems if options.problems or options.quick else TUNING[:4], min(n_seeds, 3))
        if "regret" in options.only:
            regret(options.samplers, problems, n_seeds)
        if "growing" in options.only:
            growing(options.samplers, problems, min(n_seeds, 3))


if __name__ == "__main__":
    main()
