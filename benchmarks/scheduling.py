"""The scheduling benchmark: what a search costs beside its fits, and how busy it keeps its workers.

Prints markdown tables; ``docs/benchmarks/scheduling.md`` explains them and keeps a full run.

    python benchmarks/scheduling.py [--quick] [--only PART ...]
"""

from __future__ import annotations

import gc
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import optuna
from _common import banner, command_line, print_table, silence, spread
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.model_selection import RandomizedSearchCV

import skhpo
from skhpo import RandomSearchCV, TPESearchCV
from skhpo.distributions import BaseDistribution, FloatDistribution
from skhpo.parallel import VirtualExecutor
from skhpo.pruners import RacingPruner
from skhpo.samplers import RandomSampler, TPESampler
from skhpo.search._records import Candidate, FoldResult
from skhpo.search.execution._controller import StudyController
from skhpo.search.execution._fit_budget import FitBudget
from skhpo.search.execution._listeners import Listeners
from skhpo.search.execution._run import run
from skhpo.search.execution._scheduler import Scheduler
from skhpo.search.fidelity._evaluation_plan import FoldPlan
from skhpo.search.fidelity._submodels import Submodels
from skhpo.search.objectives._problem import single_score
from skhpo.search.persistence._checkpoint import Checkpoint
from skhpo.space import SearchSpace

N_FOLDS = 5
N_PARAMS = 10


# ---------------------------------------------------------------- one worker: overhead of a fold


class Empty(BaseEstimator):  # type: ignore[misc]
    """An estimator whose fit does nothing."""

    def __init__(self, a: float = 0.5, b: float = 0.5) -> None:
        self.a = a
        self.b = b

    def fit(self, X: Any, y: Any) -> Empty:
        """Do nothing."""
        return self

    def score(self, X: Any, y: Any) -> float:
        """Some number, without ties."""
        return -((self.a - 0.3) ** 2) - (self.b - 0.6) ** 2


SPACE = {"a": stats.uniform(), "b": stats.uniform()}


def overhead(quick: bool) -> None:
    """CPU milliseconds a fold with an empty fit, beside RandomizedSearchCV, in turns."""
    n_repeats, n_iter = (5, 40) if quick else (15, 100)
    X, y = np.zeros((200, 5)), np.arange(200) % 2
    common: dict[str, Any] = {"cv": N_FOLDS, "refit": False, "random_state": 0}
    searches: dict[str, Callable[[], Any]] = {
        "RandomizedSearchCV": lambda: RandomizedSearchCV(Empty(), SPACE, n_iter=n_iter, **common),
        "RandomSearchCV, no pruning": lambda: RandomSearchCV(
            Empty(), SPACE, n_iter=n_iter, pruner=None, **common
        ),
        "RandomSearchCV": lambda: RandomSearchCV(Empty(), SPACE, n_iter=n_iter, **common),
        "TPESearchCV, no pruning": lambda: TPESearchCV(
            Empty(), SPACE, n_iter=n_iter, pruner=None, **common
        ),
        "TPESearchCV": lambda: TPESearchCV(Empty(), SPACE, n_iter=n_iter, **common),
    }
    a_fold: dict[str, list[float]] = {name: [] for name in searches}
    a_candidate: dict[str, list[float]] = {name: [] for name in searches}
    for repeat in range(n_repeats + 1):
        for name, make in searches.items():
            search = make()
            gc.collect()
            start = time.process_time()
            search.fit(X, y)
            spent = 1000 * (time.process_time() - start)
            if repeat > 0:  # the first warms up
                folds = search.cv_results_.get("n_splits_evaluated", np.full(n_iter, N_FOLDS))
                a_fold[name].append(spent / folds.sum())
                a_candidate[name].append(spent / n_iter)
    base = np.array(a_fold["RandomizedSearchCV"])
    print_table(
        ("search", "CPU ms a fold: median (range)", "ratio, median of pairs", "CPU ms a candidate"),
        (
            (
                name,
                spread(a_fold[name], 3),
                f"{np.median(np.array(a_fold[name]) / base):.2f}",
                spread(a_candidate[name], 2),
            )
            for name in searches
        ),
        title=f"Overhead at n_jobs=1: an empty fit, {n_iter} candidates, "
        f"{n_repeats} repeats in turns",
    )


# ---------------------------------------------------------------------------- two real workers


class Sleeper(Empty):
    """An estimator whose fit sleeps, and notes in a file how long: thrown-away folds count too."""

    def __init__(
        self, a: float = 0.5, b: float = 0.5, seconds: float = 0.05, log: str = ""
    ) -> None:
        super().__init__(a, b)
        self.seconds = seconds
        self.log = log

    def fit(self, X: Any, y: Any) -> Sleeper:
        """Sleep."""
        start = time.perf_counter()
        time.sleep(self.seconds)
        if self.log:
            with open(self.log, "a") as file:
                file.write(f"{time.perf_counter() - start}\n")
        return self


def busy(quick: bool) -> None:
    """Share of the wall time that two workers spend in fits, after the pool is warm."""
    n_repeats = 2 if quick else 5
    X, y = np.zeros((200, 5)), np.arange(200) % 2
    common: dict[str, Any] = {"cv": N_FOLDS, "refit": False, "n_jobs": 2}
    wide: dict[str, Any] = {"pre_dispatch": "2*n_jobs", **common}
    searches: dict[str, Callable[..., Any]] = {
        "RandomizedSearchCV": partial(RandomizedSearchCV, random_state=0, **common),
        "TPESearchCV, no pruning": partial(TPESearchCV, pruner=None, random_state=0, **common),
        "TPESearchCV": partial(TPESearchCV, random_state=0, **common),
        "TPESearchCV, pre_dispatch='2*n_jobs'": partial(TPESearchCV, random_state=0, **wide),
        "TPESearchCV, free-running": partial(TPESearchCV, **common),
    }

    def rows() -> Iterable[tuple[object, ...]]:
        for seconds, n_iter in ((0.05, 24), (0.2, 12)) if quick else ((0.05, 80), (0.2, 40)):
            shares: dict[str, list[float]] = {name: [] for name in searches}
            kept: dict[str, list[float]] = {name: [] for name in searches}
            for make in searches.values():  # warms the pool
                make(Sleeper(seconds=0.0), SPACE, n_iter=8).fit(X, y)
            for _ in range(n_repeats):
                for name, make in searches.items():
                    with tempfile.NamedTemporaryFile("r") as log:
                        search = make(Sleeper(seconds=seconds, log=log.name), SPACE, n_iter=n_iter)
                        start = time.perf_counter()
                        search.fit(X, y)
                        wall = time.perf_counter() - start
                        slept = np.loadtxt(log.name)
                    shares[name].append(100 * slept.sum() / (2 * wall))
                    n_kept = search.cv_results_.get(
                        "n_splits_evaluated", np.full(n_iter, N_FOLDS)
                    ).sum()
                    kept[name].append(100 * n_kept / slept.size)
            for name in searches:
                yield (
                    f"{1000 * seconds:.0f} ms",
                    n_iter,
                    name,
                    spread(shares[name], 1),
                    f"{np.median(kept[name]):.0f} %",
                )

    print_table(
        (
            "a fit",
            "candidates",
            "search",
            "workers busy, % of wall time: median (range)",
            "fits that were used",
        ),
        rows(),
        title=f"Two workers (loky), equal fits that sleep, {n_repeats} repeats in turns",
    )


# ------------------------------------------------------------------------- workers in virtual time


class ToyReferee:
    """Candidates out of nothing; with `prune_share`, so many end after each fold."""

    def __init__(self, prune_share: float) -> None:
        self._prune_share = prune_share
        self._rng = np.random.default_rng(1)

    def ask(self, number: int) -> Candidate:
        """A candidate."""
        return Candidate(number, range(N_FOLDS))

    def judge(self, candidate: Candidate) -> str | None:
        """Draw lots."""
        is_last = candidate.n_judged == N_FOLDS
        return None if is_last or self._rng.random() >= self._prune_share else "pruned"

    def tell(self, candidate: Candidate) -> None:
        """Forget it."""


class SimilarDurations:
    """Log-normal fold times, similar within a candidate."""

    def __init__(self, n_candidates: int, sigma: float, seed: int) -> None:
        rng = np.random.default_rng(seed)
        of_candidates = rng.lognormal(sigma=sigma, size=(n_candidates, 1))
        self._seconds = of_candidates * rng.lognormal(sigma=0.2, size=(n_candidates, N_FOLDS))

    def __call__(self, key: tuple[int, int]) -> float:
        number, fold = key
        return float(self._seconds[number, fold])


class Durations:
    """Log-normal fold times; a candidate's folds take alike, or are drawn each for itself."""

    def __init__(self, n_candidates: int, sigma: float, is_shared: bool) -> None:
        rng = np.random.default_rng(0)
        self._seconds = rng.lognormal(sigma=sigma, size=(n_candidates, 1 if is_shared else N_FOLDS))

    def __call__(self, key: tuple[int, int]) -> float:
        number, fold = key
        return float(self._seconds[number, fold % self._seconds.shape[1]])


def simulate(
    controller: Any, n_workers: int, n_candidates: int, window: int, in_order: bool, durations: Any
) -> tuple[float, float, int, float, list[Candidate]]:
    """Run a schedule in virtual time.

    Returns
    -------
    busy : float
        Share of the workers' time spent in folds until the last task has been *dispatched*: the
        tail, in which there is nothing left to start, says nothing of the scheduler.
    busy_to_the_end : float
        The same to the end of the last task.
    n_folds : int
        Fold tasks run.
    milliseconds : float
        CPU time a fold of everything but the fits, which are empty.
    candidates : list of Candidate
    """
    scheduler = Scheduler(controller, n_candidates=n_candidates, window=window, in_order=in_order)
    spans: list[tuple[float, float]] = []

    with VirtualExecutor(n_workers, durations) as workers:

        def submit(workers: Any, candidate: Candidate, fold: int) -> None:
            key = candidate.number, fold
            spans.append((workers.clock, durations(key)))
            workers.submit(key, _score, candidate, fold)

        start = time.process_time()
        run(scheduler, workers, submit, lambda outcome: outcome.result())
        spent = time.process_time() - start
        to_the_end = workers.utilisation
    begins, lengths = np.array(spans).T
    last = begins.max()
    within = np.minimum(begins + lengths, last) - begins
    return (
        float(within.sum() / (n_workers * last)),
        to_the_end,
        len(spans),
        1000 * spent / len(spans),
        scheduler.candidates,
    )


def _score(candidate: Candidate, fold: int) -> FoldResult:
    rng = np.random.default_rng((candidate.number, fold))
    params = candidate.params or {"x0": 0.5}
    level = -sum((value - 0.3) ** 2 for value in params.values())
    return FoldResult(level + 0.1 * np.sin(fold) + 0.05 * rng.normal())


def multiples(quick: bool) -> None:
    """How busy workers are, and the folds run, for windows that are multiples of their number."""
    factors: tuple[int | None, ...] = (1, 2, 3, 4, 6, None)
    n_seeds = 1 if quick else 3

    def cell(n_workers: int, factor: int | None, sigma: float) -> str:
        n_candidates = 20 * n_workers
        results = [
            simulate(
                ToyReferee(0.3),
                n_workers,
                n_candidates,
                n_workers if factor is None else factor * n_workers,
                factor is not None,
                SimilarDurations(n_candidates, sigma, seed),
            )
            for seed in range(n_seeds)
        ]
        busy_share = np.mean([result[0] for result in results])
        n_folds = np.mean([result[2] for result in results]) / n_candidates
        return f"{100 * busy_share:.0f} % ({n_folds:.1f})"

    print_table(
        (
            "sigma",
            "workers",
            *(f"{factor} x workers" for factor in factors if factor),
            "free-running",
        ),
        (
            (sigma, n_workers, *(cell(n_workers, factor, sigma) for factor in factors))
            for sigma in (0.5, 1.0)
            for n_workers in ((8, 16) if quick else (8, 16, 32, 64))
        ),
        title="Workers busy until the last start (folds run for each candidate), by window; "
        "20 candidates for each worker, three in ten stopped after each fold",
    )


def virtual(quick: bool) -> None:
    """Workers busy, and milliseconds of scheduling, with a toy controller."""
    cases = [
        (64, 2_000, "free-running", 64, False),
        (64, 2_000, "reproducible, pre_dispatch = 64", 64, True),
        (64, 2_000, "reproducible, pre_dispatch = 128", 128, True),
        (64, 2_000, "reproducible, pre_dispatch = 256", 256, True),
        (1_000, 20_000, "free-running", 1_000, False),
        (1_000, 20_000, "reproducible, pre_dispatch = 1000", 1_000, True),
        (1_000, 20_000, "reproducible, pre_dispatch = 2000", 2_000, True),
    ]

    def rows() -> Iterable[tuple[object, ...]]:
        for n_workers, n_candidates, mode, window, in_order in cases[:4] if quick else cases:
            for share in (0.0, 0.3):
                for is_shared in (True, False):
                    result = simulate(
                        ToyReferee(share),
                        n_workers,
                        n_candidates,
                        window,
                        in_order,
                        Durations(n_candidates, 1.0, is_shared),
                    )
                    busy_share, to_the_end, n_folds, milliseconds, _ = result
                    yield (
                        n_workers,
                        f"{n_candidates:,} x {N_FOLDS}",
                        mode,
                        "yes" if share else "no",
                        "a candidate" if is_shared else "a fold",
                        f"{100 * busy_share:.1f} %",
                        f"{100 * to_the_end:.1f} %",
                        f"{n_folds:,}",
                        f"{milliseconds:.3f}",
                    )

    print_table(
        (
            "workers",
            "candidates x folds",
            "mode",
            "pruning",
            "time drawn for",
            "busy until the last start",
            "busy to the end",
            "folds run",
            "scheduling, CPU ms a fold",
        ),
        rows(),
        title="Simulated workers, log-normal fold times (sigma 1)",
    )


def whole(quick: bool) -> None:
    """The whole controller: study, sampler, racing between folds."""
    space = SearchSpace.from_param_distributions(
        {f"x{i}": stats.uniform() for i in range(N_PARAMS)}
    )
    sizes = (500, 2_000) if quick else (1_000, 5_000, 20_000)

    def rows() -> Iterable[tuple[object, ...]]:
        for n_candidates in sizes:
            for sampler in (RandomSampler(seed=0), TPESampler(seed=0)):
                for in_order in (False, True):
                    study = skhpo.create_study(
                        direction="maximize", sampler=sampler, pruner=RacingPruner()
                    )
                    plan = FoldPlan(study.pruner, N_FOLDS)
                    controller = StudyController(
                        study,
                        space,
                        plan=plan,
                        budget=FitBudget(plan, None, n_candidates),
                        problem=single_score(None),
                        submodels=Submodels(None, space, (), 0, is_on=False),
                        enqueued=(),
                        n_candidates=n_candidates,
                        in_order=in_order,
                        callbacks=(),
                        listeners=Listeners(),
                        checkpoint=Checkpoint(study),
                    )
                    n_workers = min(1_000, n_candidates // 20)
                    busy_share, _, n_folds, milliseconds, candidates = simulate(
                        controller,
                        n_workers,
                        n_candidates,
                        n_workers if not in_order else 2 * n_workers,
                        in_order,
                        Durations(n_candidates, 1.0, is_shared=True),
                    )
                    yield (
                        type(sampler).__name__,
                        "reproducible" if in_order else "free-running",
                        f"{n_candidates:,}",
                        n_workers,
                        f"{n_folds:,}",
                        f"{np.mean([c.status == 'pruned' for c in candidates]):.0%}",
                        f"{milliseconds:.2f}",
                        f"{milliseconds * n_folds / n_candidates:.2f}",
                        f"{100 * busy_share:.1f} %",
                    )

    print_table(
        (
            "sampler",
            "mode",
            "candidates",
            "workers",
            "folds run",
            "pruned",
            "CPU ms a fold",
            "CPU ms a candidate",
            "busy until the last start",
        ),
        rows(),
        title="The whole controller: study, sampler, racing; "
        f"{N_PARAMS} parameters, {N_FOLDS} folds",
    )


# ---------------------------------------------------------------------------------- ask and tell


def ask_tell(quick: bool) -> None:
    """CPU milliseconds of one ask and tell, with so many trials behind it."""
    sizes = (100, 1_000) if quick else (100, 1_000, 10_000)
    names = [f"x{i}" for i in range(N_PARAMS)]
    ours: dict[str, BaseDistribution] = {name: FloatDistribution(0.0, 1.0) for name in names}
    theirs = {name: optuna.distributions.FloatDistribution(0.0, 1.0) for name in names}

    def rows() -> Iterable[tuple[object, ...]]:
        for n_trials in sizes:
            rng = np.random.default_rng(0)
            points = rng.random((n_trials, N_PARAMS))
            losses = ((points - 0.3) ** 2).sum(axis=1) + 0.05 * rng.normal(size=n_trials)
            study: Any = skhpo.create_study(sampler=TPESampler(seed=0))
            for point, loss in zip(points, losses, strict=True):
                params = dict(zip(names, point.tolist(), strict=True))
                study.add_trial(
                    skhpo.create_trial(params=params, distributions=ours, value=float(loss))
                )
            peer = optuna.create_study(
                sampler=optuna.samplers.TPESampler(seed=0, multivariate=True)
            )
            peer.add_trials(
                [
                    optuna.trial.create_trial(
                        params=dict(zip(names, point.tolist(), strict=True)),
                        distributions=theirs,
                        value=float(loss),
                    )
                    for point, loss in zip(points, losses, strict=True)
                ]
            )
            n_repeats = 20 if n_trials > 1_000 else 60
            costs: tuple[list[float], list[float]] = ([], [])
            for repeat in range(n_repeats):  # in turns
                for kept, one in zip(costs, (study, peer), strict=True):
                    start = time.process_time()
                    trial = one.ask()
                    value = sum((trial.suggest_float(name, 0, 1) - 0.3) ** 2 for name in names)
                    one.tell(trial, value)
                    if repeat > 2:
                        kept.append(1000 * (time.process_time() - start))
            ratio = np.median(np.array(costs[1]) / np.array(costs[0]))
            yield f"{n_trials:,}", spread(costs[0]), spread(costs[1], 1), f"{ratio:.0f}"

    print_table(
        ("trials", "skhpo TPESampler", "Optuna TPESampler(multivariate=True)", "times faster"),
        rows(),
        title=f"Ask + tell of TPE, {N_PARAMS} parameters, CPU ms: median (range)",
    )


PARTS = {
    "overhead": overhead,
    "busy": busy,
    "multiples": multiples,
    "virtual": virtual,
    "whole": whole,
    "ask_tell": ask_tell,
}


def main() -> None:
    """Parse the command line, run, print."""
    parser = command_line(__doc__, quick="small sizes, few repeats", only=PARTS)
    options = parser.parse_args()
    silence()
    warnings.simplefilter("ignore")
    print(banner("numpy", "scikit-learn", "joblib", "Optuna"))
    for name in options.only:
        PARTS[name](options.quick)


if __name__ == "__main__":
    main()
