"""The benchmark of searches with a resource: what each finds in the same time.

Prints markdown tables; ``docs/benchmarks/multifidelity.md`` explains them and keeps a full run.

    python benchmarks/multifidelity.py [--quick] [--tasks NAME ...] [--seeds N] [--seconds T]
                                       [--resume | --report]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
import optuna
from _common import (
    CACHE,
    banner,
    command_line,
    load_runs,
    print_table,
    quietly,
    save_runs,
    silence,
    spread,
)
from lightgbm import LGBMClassifier
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from scipy import stats
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    HalvingRandomSearchCV,
    ParameterSampler,
    RandomizedSearchCV,
    StratifiedKFold,
    train_test_split,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import HyperbandSearchCV, TPESearchCV
from skhpo.search.fidelity._resource import N_SAMPLES, Resource

RUNS = CACHE / "multifidelity_runs.json"
N_FOLDS = 5
FACTOR = 3
N_RUNGS = 4
FEWEST = FACTOR ** (N_RUNGS - 1)  # candidates with which halving comes to the last rung
QUICK_TASKS = ("svc", "forest")

clock = time.process_time  # one worker, one thread: what others do on the machine hardly counts


# --------------------------------------------------------------------------------- tasks


@dataclass(frozen=True)
class Task:
    """A model, its space, its data, and the resource of which candidates get more."""

    name: str
    estimator: BaseEstimator
    space: dict[str, BaseDistribution]
    load: Callable[[], tuple[Any, Any]]
    n_train: int
    scoring: str
    resource: str

    @property
    def largest(self) -> int:
        """All of the resource; the smallest amount is a 27th of it."""
        if self.resource == N_SAMPLES:
            return self.n_train
        return int(self.estimator.get_params()[self.resource])

    @property
    def smallest(self) -> int:
        return self.largest // FEWEST

    @property
    def scipy_space(self) -> dict[str, Any]:
        return {name: _for_scipy(ranged) for name, ranged in self.space.items()}


def _for_scipy(ranged: BaseDistribution) -> Any:
    if isinstance(ranged, CategoricalDistribution):
        return list(ranged.choices)
    if isinstance(ranged, IntDistribution):
        return stats.randint(ranged.low, ranged.high + 1)
    if ranged.log:
        return stats.loguniform(ranged.low, ranged.high)
    return stats.uniform(ranged.low, ranged.high - ranged.low)


def _made(n_rows: int) -> tuple[Any, Any]:
    return make_classification(
        n_rows, 20, n_informative=10, n_clusters_per_class=4, flip_y=0.05, random_state=0
    )


TASKS = (
    Task(
        "svc",
        make_pipeline(StandardScaler(), SVC()),
        {
            "svc__C": FloatDistribution(1e-2, 1e3, log=True),
            "svc__gamma": FloatDistribution(1e-4, 1e1, log=True),
        },
        lambda: _made(6_000),
        2_700,
        "accuracy",
        N_SAMPLES,
    ),
    Task(
        "forest",
        RandomForestClassifier(135, random_state=0),
        {
            "criterion": CategoricalDistribution(["gini", "entropy"]),
            "max_depth": IntDistribution(2, 30),
            "max_features": FloatDistribution(0.02, 1.0, log=True),
            "min_samples_leaf": IntDistribution(1, 20),
        },
        lambda: load_digits(return_X_y=True),
        1_198,
        "neg_log_loss",
        "n_estimators",
    ),
    Task(
        "mlp",
        make_pipeline(StandardScaler(), MLPClassifier(max_iter=81, random_state=0)),
        {
            "mlpclassifier__hidden_layer_sizes": CategoricalDistribution([16, 32, 64, 128]),
            "mlpclassifier__learning_rate_init": FloatDistribution(1e-4, 1e-1, log=True),
            "mlpclassifier__alpha": FloatDistribution(1e-6, 1e1, log=True),
            "mlpclassifier__batch_size": CategoricalDistribution([32, 64, 128, 256]),
            "mlpclassifier__activation": CategoricalDistribution(["relu", "tanh"]),
        },
        lambda: load_digits(return_X_y=True),
        1_198,
        "neg_log_loss",
        "mlpclassifier__max_iter",
    ),
    Task(
        "lightgbm",
        LGBMClassifier(n_estimators=270, subsample_freq=1, random_state=0, n_jobs=1, verbose=-1),
        {
            "learning_rate": FloatDistribution(0.01, 0.5, log=True),
            "num_leaves": IntDistribution(4, 48),
            "min_child_samples": IntDistribution(2, 100),
            "subsample": FloatDistribution(0.4, 1.0),
            "colsample_bytree": FloatDistribution(0.3, 1.0),
        },
        lambda: _made(20_000),
        4_000,
        "neg_log_loss",
        "n_estimators",
    ),
)


@dataclass
class Data:
    """A task's data: rows for the search, rows that no search sees, and the folds."""

    X: Any
    y: Any
    X_held_out: Any
    y_held_out: Any
    cv: StratifiedKFold


def draw(task: Task, seed: int) -> Data:
    """Hold out rows, and say how the rest is folded."""
    X, y = task.load()
    X, X_held_out, y, y_held_out = train_test_split(
        X, y, train_size=task.n_train, stratify=y, random_state=seed
    )
    cv = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
    return Data(X, y, X_held_out, y_held_out, cv)


# ------------------------------------------------------------------------------- methods


@dataclass
class Found:
    """What a search came to."""

    params: dict[str, Any]
    cv_score: float
    n_tried: int
    n_complete: int  # with all folds and all of the resource
    is_default: bool = False  # the best is the estimator as it was given


Method = Callable[[Task, Data, int, float], Found]


class UntilTimeout(RandomizedSearchCV):  # type: ignore[misc]
    """RandomizedSearchCV that begins no candidate once its time is over."""

    end = float("inf")

    def _run_search(self, evaluate_candidates: Callable[..., Any]) -> None:
        sampler = ParameterSampler(
            self.param_distributions, self.n_iter, random_state=self.random_state
        )
        for params in sampler:
            evaluate_candidates([params])
            if clock() >= self.end:
                return


def randomized(task: Task, data: Data, seed: int, seconds: float) -> Found:
    """RandomizedSearchCV, cut when its time is over."""
    search = UntilTimeout(
        clone(task.estimator),
        task.scipy_space,
        n_iter=10**4,
        scoring=task.scoring,
        cv=data.cv,
        refit=False,
        random_state=seed,
    )
    search.end = clock() + seconds
    search.fit(data.X, data.y)
    n = len(search.cv_results_["params"])
    return Found(search.best_params_, float(search.best_score_), n, n)


N_CANDIDATES: dict[tuple[str, float], int] = {}  # with which halving takes its time, as known


def halving(task: Task, data: Data, seed: int, seconds: float) -> Found:
    """HalvingRandomSearchCV, with as many candidates as its last run says fit the time."""
    n_candidates = N_CANDIDATES.get((task.name, seconds), FEWEST)
    start = clock()
    search = HalvingRandomSearchCV(
        clone(task.estimator),
        task.scipy_space,
        n_candidates=n_candidates,
        factor=FACTOR,
        resource=task.resource,
        min_resources=task.smallest,
        max_resources=task.largest,
        scoring=task.scoring,
        cv=data.cv,
        refit=False,
        return_train_score=False,
        random_state=seed,
    ).fit(data.X, data.y)
    fitting = round(n_candidates * seconds / (clock() - start))
    N_CANDIDATES[task.name, seconds] = max(FEWEST, fitting)
    is_last = search.cv_results_["n_resources"] >= FEWEST * task.smallest
    return Found(search.best_params_, float(search.best_score_), n_candidates, int(is_last.sum()))


def optuna_hyperband(task: Task, data: Data, seed: int, seconds: float) -> Found:
    """Optuna's TPE and HyperbandPruner, told the mean over the folds at each rung."""
    end = clock() + seconds
    rungs = tuple(task.largest // FACTOR**k for k in reversed(range(N_RUNGS)))
    study = optuna.create_study(
        direction="maximize",
        study_name=f"{task.name}-{seed}",  # brackets depend on it
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.HyperbandPruner(rungs[0], rungs[-1], FACTOR),
    )
    folds = list(data.cv.split(data.X, data.y))
    resource = Resource(task.resource, rungs, seed)
    is_complete = False
    while clock() < end or not is_complete:
        trial = study.ask(task.space)
        value = _climb(task, data, folds, resource, trial, end if is_complete else float("inf"))
        is_complete |= value is not None
        if value is None:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(trial, value)
    complete = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    return Found(study.best_params, study.best_value, len(study.trials), len(complete))


def _climb(
    task: Task, data: Data, folds: list[Any], resource: Resource, trial: optuna.Trial, end: float
) -> float | None:
    """Run a candidate from rung to rung; None if it is pruned, or has no time left."""
    scorer = get_scorer(task.scoring)
    models: list[Any] = [None] * N_FOLDS
    for rung, amount in enumerate(resource.rungs):
        scores = []
        for fold, (train, test) in enumerate(folds):
            allocation = resource.allocation(rung, len(data.y), models[fold])
            model, rows, params, fit_params = allocation.prepare(
                clone(task.estimator), data.y, train, trial.params, {}
            )
            model.set_params(**params).fit(data.X[rows], data.y[rows], **fit_params)
            models[fold] = allocation.model_to_keep(model)
            scores.append(scorer(model, data.X[test], data.y[test]))
            if clock() >= end and (fold, rung) != (N_FOLDS - 1, len(resource.rungs) - 1):
                return None
        trial.report(float(np.mean(scores)), amount)
        if rung < len(resource.rungs) - 1 and trial.should_prune():
            return None
    return float(np.mean(scores))


def _skhpo(search_class: type[Any], *, with_resource: bool) -> Method:
    def run(task: Task, data: Data, seed: int, seconds: float) -> Found:
        resource = {"resource": task.resource} if with_resource else {}
        with mock.patch("time.monotonic", clock):  # the timeout is in CPU time
            search = search_class(
                clone(task.estimator),
                task.scipy_space,
                n_iter=10**6,
                scoring=task.scoring,
                cv=data.cv,
                refit=False,
                random_state=seed,
                timeout=seconds,
                **resource,
            ).fit(data.X, data.y)
        status = search.cv_results_["status"]
        return Found(
            search.best_params_,
            float(search.best_score_),
            len(status),
            int((status == "complete").sum()),
            bool(search.best_index_ == 0 and _has_defaults(task)),
        )

    return run


def _has_defaults(task: Task) -> bool:
    """Whether the estimator, as it is given, lies in the space."""
    given = task.estimator.get_params()
    return all(_contains(ranged, given[name]) for name, ranged in task.space.items())


def _contains(ranged: BaseDistribution, value: Any) -> bool:
    if isinstance(ranged, CategoricalDistribution):
        return value in ranged.choices
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and ranged.low <= value <= ranged.high


HALVING_PEER = "HalvingRandomSearchCV"
RACING = "skhpo TPESearchCV"
HALVING = "skhpo TPESearchCV(resource=...)"
HYPERBAND = "skhpo HyperbandSearchCV"
OURS = (RACING, HALVING, HYPERBAND)
METHODS: dict[str, Method] = {
    "RandomizedSearchCV": randomized,
    HALVING_PEER: halving,
    "Optuna TPE + Hyperband": optuna_hyperband,
    RACING: _skhpo(TPESearchCV, with_resource=False),
    HALVING: _skhpo(TPESearchCV, with_resource=True),
    HYPERBAND: _skhpo(HyperbandSearchCV, with_resource=True),
}


# ---------------------------------------------------------------------------------- runs


@dataclass
class Run:
    """One search, and how good its choice is on rows that it never saw."""

    task: str
    method: str
    seed: int
    seconds: float  # that it was given
    cv_score: float
    held_out: float
    n_tried: int
    n_complete: int
    is_default: bool
    cpu_seconds: float
    wall_seconds: float
    load: float


def run(method: str, task: Task, seed: int, seconds: float) -> Run:
    """Search; then refit the best with all of the resource, and score it on held-out rows."""
    data = draw(task, seed)
    with quietly():
        if method == HALVING_PEER and (task.name, seconds) not in N_CANDIDATES:
            halving(task, data, seed + 1000, seconds)  # a trial run, for its number of candidates
        cpu, wall = clock(), time.perf_counter()
        found = METHODS[method](task, data, seed, seconds)
        cpu, wall = clock() - cpu, time.perf_counter() - wall
        best = clone(task.estimator).set_params(**found.params)
        if task.resource != N_SAMPLES:
            best.set_params(**{task.resource: task.largest})
        best.fit(data.X, data.y)
        held_out = get_scorer(task.scoring)(best, data.X_held_out, data.y_held_out)
    return Run(
        task.name, method, seed, seconds, found.cv_score, float(held_out), found.n_tried,
        found.n_complete, found.is_default, cpu, wall, os.getloadavg()[0],
    )  # fmt: skip


def run_all(tasks: Iterable[Task], n_seeds: int, seconds: float, known: list[Run]) -> list[Run]:
    """All methods in turns, seed after seed; each run is kept in a file once it is there."""
    runs = list(known)
    done = {(run.task, run.method, run.seed, run.seconds) for run in runs}
    for seed in range(n_seeds):
        for task in tasks:
            for method in METHODS:
                if (task.name, method, seed, seconds) in done:
                    continue
                runs.append(run(method, task, seed, seconds))
                print(runs[-1], file=sys.stderr, flush=True)
                save_runs(RUNS, runs)
    return runs


# -------------------------------------------------------------------------------- tables


def print_task(task: Task, runs: list[Run]) -> None:
    """What each method found on a task; log losses are shown as such, smaller is better."""
    is_loss = task.scoring.startswith("neg_")
    sign = -1 if is_loss else 1
    rows = []
    for method in METHODS:
        own = [run for run in runs if run.method == method]
        rows.append((
            method,
            spread([sign * run.held_out for run in own], 4),
            spread([sign * run.cv_score for run in own], 4),
            spread([run.n_tried for run in own], 0),
            spread([run.n_complete for run in own], 0),
            spread([run.cpu_seconds for run in own], 1),
        ))  # fmt: skip
    metric = "log loss, smaller is better" if is_loss else f"{task.scoring}, larger is better"
    print_table(
        ("search", "held out", "CV, all of the resource", "tried", "complete", "CPU s"),
        rows,
        title=f"{task.name}: {metric}; resource {task.resource}, {task.smallest} to {task.largest}",
    )


def print_ranks(tasks: Sequence[Task], runs: list[Run]) -> None:
    """Mean ranks of the methods, and duels between ours and all."""
    methods = list(METHODS)
    cells = sorted({(run.task, run.seed) for run in runs})
    held_out = _matrix(runs, cells, "held_out")
    ranks, cv_ranks = _ranks(held_out), _ranks(_matrix(runs, cells, "cv_score"))
    of_task = {task.name: [cell[0] == task.name for cell in cells] for task in tasks}
    print_table(
        ("search", "held out", "CV", *(f"held out, {name}" for name in of_task)),
        [
            (
                method,
                f"{ranks[:, column].mean():.2f}",
                f"{cv_ranks[:, column].mean():.2f}",
                *(f"{ranks[rows, column].mean():.1f}" for rows in of_task.values()),
            )
            for column, method in enumerate(methods)
        ],
        title=f"Mean rank among the six, {len(cells)} runs each; 1 is best",
    )
    print_table(
        ("against", *OURS),
        [
            (peer, *(_duel(held_out[:, methods.index(ours)], held_out[:, i]) for ours in OURS))
            for i, peer in enumerate(methods)
        ],
        title="Runs won / tied / lost by ours, held out",
    )


def _duel(ours: np.ndarray, other: np.ndarray) -> str:
    return f"{(ours > other).sum()} / {(ours == other).sum()} / {(ours < other).sum()}"


def _matrix(runs: list[Run], cells: list[tuple[str, int]], attribute: str) -> np.ndarray:
    """One row a task and seed, one column a method."""
    values = {(run.task, run.seed, run.method): getattr(run, attribute) for run in runs}
    return np.array([[values[(*cell, method)] for method in METHODS] for cell in cells])


def _ranks(scores: np.ndarray) -> np.ndarray:
    return np.asarray(stats.rankdata(-scores, axis=1))


def print_report(tasks: Sequence[Task], runs: list[Run], seconds: float) -> None:
    """All tables."""
    runs = [run for run in runs if run.seconds == seconds]
    tasks = [task for task in tasks if any(run.task == task.name for run in runs)]
    runs = [run for run in runs if run.task in {task.name for task in tasks}]
    busy = np.array([run.cpu_seconds / run.wall_seconds for run in runs])
    print(
        f"{banner('numpy', 'scikit-learn', 'LightGBM', 'Optuna')}, of which a search uses one; "
        f"{seconds:g} s of CPU time a search, {sum(run.cpu_seconds for run in runs) / 60:.0f} "
        f"minutes in all. Load average {spread([run.load for run in runs], 1)}; a search got "
        f"{100 * np.median(busy):.0f} % of a processor."
    )
    print_ranks(tasks, runs)
    for task in tasks:
        print_task(task, [run for run in runs if run.task == task.name])
    for task in tasks:
        if _has_defaults(task):
            print(f"\nOf {task.name}, the best was the estimator as it was given:", end=" ")
            print(", ".join(f"{method} {_n_defaults(task, method, runs)}" for method in OURS))


def _n_defaults(task: Task, method: str, runs: list[Run]) -> str:
    own = [run for run in runs if (run.task, run.method) == (task.name, method)]
    return f"in {sum(run.is_default for run in own)} of {len(own)} runs"


def main() -> None:
    """Parse the command line, run, print."""
    parser = command_line(
        __doc__,
        quick="two tasks, one seed, 3 seconds",
        tasks=[task.name for task in TASKS],
        seeds="default 3",
        report="the tables of the last runs; nothing is run",
    )
    parser.add_argument("--seconds", type=float, help="CPU time of a search; default 10")
    parser.add_argument("--resume", action="store_true", help="go on where a run was cut")
    options = parser.parse_args()
    silence()
    names = options.tasks or (QUICK_TASKS if options.quick else [task.name for task in TASKS])
    tasks = [task for task in TASKS if task.name in names]
    seconds = options.seconds or (3.0 if options.quick else 10.0)
    runs = load_runs(RUNS, Run)
    if not options.report:
        if not options.resume:
            runs = [run for run in runs if run.seconds != seconds or run.task not in names]
        n_seeds = options.seeds or (1 if options.quick else 3)
        runs = run_all(tasks, n_seeds, seconds, runs)
    print_report(tasks, runs, seconds)


if __name__ == "__main__":
    main()
