"""The boosting benchmark: what early stopping saves in a search, and what it does to the score.

Prints markdown tables; ``docs/benchmarks/boosting.md`` explains them and keeps a full run.

    python benchmarks/boosting.py [--quick] [--tasks NAME ...] [--libraries NAME ...]
        [--methods NAME ...] [--seeds N] [--report]
    python benchmarks/boosting.py --optimism  # measures and draws docs/images/early_stopping.png
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import optuna
import psutil
import xgboost
from _common import (
    CACHE,
    banner,
    command_line,
    load_runs,
    print_table,
    save_runs,
    silence,
    spread,
)
from joblib import Parallel, delayed
from lightgbm import LGBMClassifier, LGBMRegressor
from optuna.distributions import FloatDistribution, IntDistribution
from optuna_integration import LightGBMPruningCallback, OptunaSearchCV, XGBoostPruningCallback
from sklearn.base import BaseEstimator
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    make_classification,
    make_friedman1,
    make_friedman2,
)
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, train_test_split
from xgboost import XGBClassifier, XGBRegressor

from skhpo import RandomSearchCV, TPESearchCV

RUNS = CACHE / "boosting_runs.json"
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "early_stopping.png"
N_CANDIDATES = 30
N_FOLDS = 5
N_WORKERS = 2
MOST_ROUNDS = 1000
PATIENCE = 50
FEW_ROUNDS = 50  # the least that OptunaSearchCV tries, which cannot stop early
QUICK_TASKS = ("cancer", "diabetes")


# --------------------------------------------------------------------------------- tasks


@dataclass(frozen=True)
class Task:
    """Data, and whether they hold classes or numbers."""

    name: str
    load: Callable[[], tuple[Any, Any]]
    n_classes: int  # 0 for regression
    is_dear: bool = False

    @property
    def scoring(self) -> str:
        return "neg_log_loss" if self.n_classes else "neg_root_mean_squared_error"


def _noisy() -> tuple[Any, Any]:
    return make_classification(
        20_000,
        30,
        n_informative=12,
        n_redundant=6,
        n_clusters_per_class=4,
        class_sep=0.8,
        flip_y=0.1,
        random_state=0,
    )


TASKS = (
    Task("cancer", lambda: load_breast_cancer(return_X_y=True), 2),
    Task("diabetes", lambda: load_diabetes(return_X_y=True), 0),
    Task("friedman", lambda: make_friedman1(3_000, 15, noise=2.0, random_state=0), 0),
    Task("friedman2", lambda: make_friedman2(1_000, noise=125.0, random_state=0), 0),
    Task("digits", lambda: load_digits(return_X_y=True), 10, is_dear=True),
    Task("noisy", _noisy, 2, is_dear=True),
)


@dataclass
class Data:
    """A task's data, a third of them held out, and the folds of the rest."""

    X: Any
    y: Any
    X_held_out: Any
    y_held_out: Any
    splits: list[tuple[Any, Any]]


def draw(task: Task, seed: int) -> Data:
    """Hold out a third that no search sees; split the rest into folds."""
    X, y = task.load()
    kind = StratifiedKFold if task.n_classes else KFold
    X, X_held_out, y, y_held_out = train_test_split(
        X, y, test_size=1 / 3, stratify=y if task.n_classes else None, random_state=seed
    )
    folds = kind(N_FOLDS, shuffle=True, random_state=seed)
    return Data(X, y, X_held_out, y_held_out, list(folds.split(X, y)))


# ----------------------------------------------------------------------------- libraries


@dataclass(frozen=True)
class Library:
    """A library of boosters: its models, and what is searched of them."""

    name: str
    classifier: Callable[..., Any]
    regressor: Callable[..., Any]
    size: str  # the parameter for the size of a tree
    sizes: tuple[int, ...]  # in the grid
    least_child: str
    cross_validate: Callable[[Task, Data, dict[str, Any], Any], list[float]]

    def model(self, task: Task, **params: Any) -> BaseEstimator:
        kind = self.classifier if task.n_classes else self.regressor
        return kind(**{"n_estimators": MOST_ROUNDS, "n_jobs": 1, "random_state": 0} | params)

    @property
    def grid(self) -> dict[str, Any]:
        """27 candidates, with the number of rounds among the parameters."""
        return {
            "n_estimators": [100, 300, 1000],
            "learning_rate": [0.03, 0.1, 0.3],
            self.size: list(self.sizes),
        }

    @property
    def space(self) -> dict[str, Any]:
        """The space around the grid, without the number of rounds; skhpo takes Optuna's ranges."""
        return {
            "learning_rate": FloatDistribution(0.03, 0.3, log=True),
            self.size: IntDistribution(self.sizes[0], self.sizes[-1]),
            "subsample": FloatDistribution(0.5, 1.0),
            "colsample_bytree": FloatDistribution(0.5, 1.0),
            self.least_child: IntDistribution(1, 20, log=True),
        }


def suggest(trial: optuna.Trial, space: dict[str, Any]) -> dict[str, Any]:
    """A candidate of a space."""
    return {
        name: (trial.suggest_int if isinstance(ranged, IntDistribution) else trial.suggest_float)(
            name, ranged.low, ranged.high, log=ranged.log
        )
        for name, ranged in space.items()
    }


def _xgboost_cv(task: Task, data: Data, params: dict[str, Any], trial: Any) -> list[float]:
    """Mean validation curve of ``xgboost.cv``, pruned, up to its best round."""
    objective = {0: "reg:squarederror", 2: "binary:logistic"}.get(task.n_classes, "multi:softprob")
    metric = {0: "rmse", 2: "logloss"}.get(task.n_classes, "mlogloss")
    given = params | {"objective": objective, "eval_metric": metric, "nthread": 1, "seed": 0}
    if task.n_classes > 2:
        given["num_class"] = task.n_classes
    table = xgboost.cv(
        given,
        xgboost.DMatrix(data.X, data.y, nthread=1),
        num_boost_round=MOST_ROUNDS,
        folds=data.splits,
        early_stopping_rounds=PATIENCE,
        callbacks=[XGBoostPruningCallback(trial, f"test-{metric}")],
        as_pandas=False,
    )
    return list(table[f"test-{metric}-mean"])


def _lightgbm_cv(task: Task, data: Data, params: dict[str, Any], trial: Any) -> list[float]:
    """Mean validation curve of ``lightgbm.cv``, pruned, up to its best round."""
    objective = {0: "regression", 2: "binary"}.get(task.n_classes, "multiclass")
    metric = {0: "rmse", 2: "binary_logloss"}.get(task.n_classes, "multi_logloss")
    given = params | {
        "objective": objective,
        "metric": metric,
        "num_threads": 1,
        "seed": 0,
        "verbose": -1,
        "subsample_freq": 1,
    }
    if task.n_classes > 2:
        given["num_class"] = task.n_classes
    table = lightgbm.cv(
        given,
        lightgbm.Dataset(data.X, data.y, params={"num_threads": 1, "verbose": -1}),
        num_boost_round=MOST_ROUNDS,
        folds=data.splits,
        callbacks=[
            lightgbm.early_stopping(PATIENCE, verbose=False),
            LightGBMPruningCallback(trial, metric),
        ],
    )
    return list(table[f"valid {metric}-mean"])


def _lgbm_classifier(**params: Any) -> LGBMClassifier:
    return LGBMClassifier(subsample_freq=1, verbose=-1, **params)


def _lgbm_regressor(**params: Any) -> LGBMRegressor:
    return LGBMRegressor(subsample_freq=1, verbose=-1, **params)


LIBRARIES = (
    Library(
        "XGBoost",
        XGBClassifier,
        XGBRegressor,
        "max_depth",
        (2, 4, 6),
        "min_child_weight",
        _xgboost_cv,
    ),
    Library(
        "LightGBM",
        _lgbm_classifier,
        _lgbm_regressor,
        "num_leaves",
        (4, 12, 31),
        "min_child_samples",
        _lightgbm_cv,
    ),
)


# ------------------------------------------------------------------------------- methods

Method = Callable[[Library, Task, Data, int], tuple[Any, float]]  # a fitted model, its CV loss


def grid(library: Library, task: Task, data: Data, seed: int) -> tuple[Any, float]:
    """GridSearchCV over the rounds, too; nothing stops early."""
    search = GridSearchCV(
        library.model(task),
        library.grid,
        scoring=task.scoring,
        cv=data.splits,
        n_jobs=N_WORKERS,
    ).fit(data.X, data.y)
    return _found(search)


def optuna_by_hand(library: Library, task: Task, data: Data, seed: int) -> tuple[Any, float]:
    """TPE, and the MedianPruner after each round of the library's own ``cv``, which stops early."""
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=seed), pruner=optuna.pruners.MedianPruner()
    )

    def objective(trial: optuna.Trial) -> float:
        params = suggest(trial, library.space)
        curve = library.cross_validate(task, data, params, trial)
        trial.set_user_attr("rounds", int(np.argmin(curve)) + 1)
        return float(min(curve))

    study.optimize(objective, n_trials=N_CANDIDATES, n_jobs=N_WORKERS)
    best = study.best_trial
    rounds = best.user_attrs["rounds"]
    model = library.model(task, **best.params, n_estimators=rounds).fit(data.X, data.y)
    return model, float(best.value)


def optuna_search(library: Library, task: Task, data: Data, seed: int) -> tuple[Any, float]:
    """OptunaSearchCV over the rounds, too; nothing stops early."""
    rounds = IntDistribution(FEW_ROUNDS, MOST_ROUNDS, log=True)
    search = OptunaSearchCV(
        library.model(task),
        library.space | {"n_estimators": rounds},
        scoring=task.scoring,
        cv=data.splits,
        n_trials=N_CANDIDATES,
        n_jobs=N_WORKERS,
        random_state=seed,
    ).fit(data.X, data.y)
    return _found(search)


def _skhpo(**settings: Any) -> Method:
    def run(library: Library, task: Task, data: Data, seed: int) -> tuple[Any, float]:
        search = TPESearchCV(
            library.model(task),
            library.space,
            n_iter=N_CANDIDATES,
            scoring=task.scoring,
            cv=data.splits,
            n_jobs=N_WORKERS,
            random_state=seed,
            **settings,
        ).fit(data.X, data.y)
        return _found(search)

    return run


def _found(search: Any) -> tuple[Any, float]:
    return search.best_estimator_, -float(search.best_score_)


METHODS: dict[str, Method] = {
    "GridSearchCV": grid,
    "Optuna by hand": optuna_by_hand,
    "OptunaSearchCV": optuna_search,
    "skhpo, fold": _skhpo(early_stopping="fold"),
    "skhpo, fold, 2 in flight": _skhpo(early_stopping="fold", pre_dispatch=2),
    "skhpo, inner": _skhpo(early_stopping="inner"),
    "skhpo, fold, no racing": _skhpo(early_stopping="fold", pruner=None),
}
OURS, WHOLE_GRID, NO_RACING = "skhpo, fold", "GridSearchCV", "skhpo, fold, no racing"


# ---------------------------------------------------------------------------------- runs


@dataclass(frozen=True)
class Run:
    """What a method cost and found once."""

    task: str
    library: str
    method: str
    seed: int
    seconds: float
    cpu_seconds: float
    cv_loss: float
    held_out_loss: float
    rounds: int

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.task, self.library, self.method, self.seed


def cpu_seconds() -> float:
    """Of this process and its workers."""
    me = psutil.Process()
    times = [process.cpu_times() for process in (me, *me.children(recursive=True))]
    return sum(spent.user + spent.system for spent in times)


def run(method: str, library: Library, task: Task, seed: int) -> Run:
    """Run a method once, with workers that are up."""
    data = draw(task, seed)
    warm_up()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start, cpu_start = time.perf_counter(), cpu_seconds()
        model, cv_loss = METHODS[method](library, task, data, seed)
        seconds, cpu = time.perf_counter() - start, cpu_seconds() - cpu_start
        scorer = get_scorer(task.scoring)
        held_out_loss = -float(scorer(model, data.X_held_out, data.y_held_out))
    return Run(
        task.name,
        library.name,
        method,
        seed,
        seconds,
        cpu,
        cv_loss,
        held_out_loss,
        int(model.get_params()["n_estimators"]),
    )


def warm_up() -> None:
    """Start the workers and let them import, so that no method pays for it."""
    fit = delayed(_fit_a_little)
    Parallel(n_jobs=N_WORKERS)(fit(library) for library in LIBRARIES for _ in range(N_WORKERS))
    for library in LIBRARIES:  # the searches of skhpo have workers of their own
        model = library.model(TASKS[0], n_estimators=2)
        space = {"learning_rate": [0.1, 0.2]}
        RandomSearchCV(model, space, n_jobs=N_WORKERS, random_state=0).fit(*TASKS[0].load())


def _fit_a_little(library: Library) -> None:
    task = TASKS[0]
    library.model(task, n_estimators=2).fit(*task.load())


def last_runs() -> dict[tuple[str, str, str, int], Run]:
    """Runs that have been kept."""
    return {run.key: run for run in load_runs(RUNS, Run)}


def is_wanted(task: Task, method: str, seed: int) -> bool:
    """What costs most runs once: racing's worth; the grid of dear tasks."""
    if method == NO_RACING:
        return seed == 0 and not task.is_dear
    return seed == 0 or not (task.is_dear and method == WHOLE_GRID)


def run_all(
    tasks: list[Task], libraries: list[Library], methods: list[str], n_seeds: int, is_fresh: bool
) -> list[Run]:
    """All that has not been run."""
    runs = {} if is_fresh else last_runs()
    for seed, task, library, method in product(range(n_seeds), tasks, libraries, methods):
        if (task.name, library.name, method, seed) in runs or not is_wanted(task, method, seed):
            continue
        one = run(method, library, task, seed)
        runs[one.key] = one
        print(one, file=sys.stderr, flush=True)
        if not is_fresh:
            save_runs(RUNS, runs.values())
    return list(runs.values())


# -------------------------------------------------------------------------------- tables


MEASURES = {"seconds": 1, "cpu_seconds": 1, "cv_loss": 4, "held_out_loss": 4, "rounds": 0}


def print_tables(runs: list[Run]) -> None:
    """A table a task and library, then the ratios."""
    head = (
        "task", "library", "method", "runs", "seconds", "CPU seconds", "CV loss", "held-out loss",
        "rounds",
    )  # fmt: skip
    rows = []
    for task, library in _pairs(runs):
        for method in METHODS:
            of = [one for one in runs if one.key[:3] == (task, library, method)]
            if of:
                cells = (
                    spread([getattr(one, name) for one in of], digits, short=True)
                    for name, digits in MEASURES.items()
                )
                rows.append((task, library, method, len(of), *cells))
    print_table(head, rows, title="What it costs, and what it finds")
    for peer in METHODS:
        if peer != OURS:
            print_comparison(runs, peer)


def print_comparison(runs: list[Run], peer: str) -> None:
    """Ours against a peer, seed by seed."""
    by_key = {one.key: one for one in runs}
    head = (
        "task", "library", "pairs", "times faster", "times less CPU time", "held-out loss, ratio",
        "better or equal in",
    )  # fmt: skip
    rows: list[tuple[object, ...]] = []
    logs: list[tuple[float, float, float]] = []
    for task, library in _pairs(runs):
        pairs = [
            (one, by_key[task, library, peer, one.seed])
            for one in runs
            if one.key[:3] == (task, library, OURS) and (task, library, peer, one.seed) in by_key
        ]
        if not pairs:
            continue
        ratios = np.array(
            [
                (
                    other.seconds / ours.seconds,
                    other.cpu_seconds / ours.cpu_seconds,
                    ours.held_out_loss / other.held_out_loss,
                )
                for ours, other in pairs
            ]
        )
        logs.append(tuple(np.log(ratios).mean(axis=0)))
        cells = (
            spread(column, digits, short=True)
            for column, digits in zip(ratios.T, (1, 1, 3), strict=True)
        )
        n_better = f"{np.sum(ratios[:, 2] <= 1.0)} of {len(pairs)}"
        rows.append((task, library, len(pairs), *cells, n_better))
    if logs:
        wall, cpu, loss = np.exp(np.mean(logs, axis=0))
        rows.append(("geometric mean", "", "", f"{wall:.1f}", f"{cpu:.1f}", f"{loss:.3f}", ""))
    print_table(head, rows, title=f"{OURS}, against {peer}")


def _pairs(runs: Iterable[Run]) -> list[tuple[str, str]]:
    found = {(one.task, one.library) for one in runs}
    return [
        (task.name, lib.name)
        for task in TASKS
        for lib in LIBRARIES
        if (task.name, lib.name) in found
    ]


# ------------------------------------------------------------------------------ optimism

TEST_ROWS = (50, 100, 200, 500)
FRESH_ROWS = 4_000
FIXED_ROUND = 30  # before any fit may end


@dataclass(frozen=True)
class Curves:
    """Losses of one fit after each round: on the scored rows, on fresh rows, where it stopped."""

    scored: Any
    fresh: Any
    best: int  # index of the round that the watched rows have found to be best

    @property
    def optimism(self) -> float:
        """How much too good the score is.

        At a round fixed beforehand, scored and fresh rows have the same expected loss: what
        they differ by there is chance, and is taken off.
        """
        gap = self.fresh - self.scored
        return float(gap[self.best] - gap[FIXED_ROUND])


def watch(n_rows: int, seed: int) -> dict[str, Curves]:
    """Fit one of five folds with `n_rows` in its test part, watched on "fold" and on "inner"."""
    X, y = make_classification(
        5 * n_rows + FRESH_ROWS,
        20,
        n_informative=8,
        n_clusters_per_class=4,
        flip_y=0.1,
        shuffle=True,
        random_state=seed,
    )
    scored, train = slice(0, n_rows), slice(n_rows, 5 * n_rows)
    X_scored, X_train, X_fresh = X[scored], X[train], X[5 * n_rows :]
    y_scored, y_train, y_fresh = y[scored], y[train], y[5 * n_rows :]
    learn, hold = train_test_split(
        np.arange(4 * n_rows), test_size=0.1, stratify=y_train, random_state=seed
    )
    to_score = [(X_fresh, y_fresh), (X_scored, y_scored)]
    return {
        "fold": _curves(X_train, y_train, to_score),
        "inner": _curves(
            X_train[learn], y_train[learn], [*to_score, (X_train[hold], y_train[hold])]
        ),
    }


def _curves(X: Any, y: Any, to_score: list[tuple[Any, Any]]) -> Curves:
    """Stopped early on the last of the sets."""
    model = XGBClassifier(
        n_estimators=MOST_ROUNDS,
        early_stopping_rounds=PATIENCE,
        learning_rate=0.1,
        max_depth=3,
        n_jobs=1,
    ).fit(X, y, eval_set=to_score, verbose=False)
    fresh, scored, *_ = (np.array(losses["logloss"]) for losses in model.evals_result().values())
    return Curves(scored, fresh, model.best_iteration)


def measure_optimism(n_repeats: int) -> None:
    """Print a table of the optimism, and draw it."""
    repeats = {n_rows: [watch(n_rows, seed) for seed in range(n_repeats)] for n_rows in TEST_ROWS}
    head = (
        "rows in the test part", "watched on", "loss reported", "loss on fresh rows", "optimism",
        "of the loss",
    )  # fmt: skip
    rows = []
    figures: dict[str, list[tuple[float, float]]] = {"fold": [], "inner": []}
    for n_rows, fits in repeats.items():
        for on, found in figures.items():
            fresh = float(np.mean([fit[on].fresh[fit[on].best] for fit in fits]))
            optimism = np.array([fit[on].optimism for fit in fits])
            mean, error = optimism.mean(), optimism.std(ddof=1) / np.sqrt(n_repeats)
            found.append((100 * mean / fresh, 100 * error / fresh))
            rows.append((
                n_rows,
                on,
                f"{fresh - mean:.4f}",
                f"{fresh:.4f}",
                f"{mean:.4f} ± {error:.4f}",
                f"{100 * mean / fresh:.1f} %",
            ))  # fmt: skip
    print_table(head, rows, title=f"Optimism: mean ± standard error over {n_repeats} draws")
    draw_picture(repeats[100][0]["fold"], figures)


def draw_picture(one: Curves, figures: dict[str, list[tuple[float, float]]]) -> None:
    """One fold's curves, and the optimism by the size of the fold."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    blue, orange = "#1f77b4", "#d95f02"
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    rounds = np.arange(1, len(one.scored) + 1)
    left.plot(rounds, one.scored, color=blue, label="the 100 rows that are scored")
    left.plot(rounds, one.fresh, color=orange, label="fresh rows")
    best, truth = one.best, int(np.argmin(one.fresh))
    left.plot(best + 1, one.scored[best], "o", color=blue)
    left.plot(best + 1, one.fresh[best], "o", color=orange)
    left.plot(truth + 1, one.fresh[truth], "o", color=orange, mfc="white")
    left.vlines(best + 1, one.scored[best], one.fresh[best], color="gray", lw=1, ls=":")
    for value, text, offset in (
        (one.scored[best], "the score reported", -16),
        (one.fresh[best], "what that model does", 22),
    ):
        left.annotate(
            text,
            (best + 1, value),
            (0, offset),
            textcoords="offset points",
            ha="center",
            fontsize=9,
        )
    left.annotate(
        "best rounds on fresh rows", (truth + 1, one.fresh[truth]), (0, 56),
        textcoords="offset points", ha="center", fontsize=9, arrowprops={"arrowstyle": "-"},
    )  # fmt: skip
    left.set_ylim(one.scored.min() - 0.03, one.fresh[5])
    left.set(xlabel="rounds", ylabel="log loss", title="One fold, stopped on its scored rows")
    left.legend(frameon=False, fontsize=8, loc="upper right")
    for (on, found), color in zip(figures.items(), (blue, orange), strict=True):
        means, errors = np.transpose(found)
        right.errorbar(
            TEST_ROWS, means, 2 * errors, marker="o", capsize=3, color=color, label=f'"{on}"'
        )
    right.axhline(0, color="gray", lw=0.8)
    right.set(
        xscale="log",
        xlabel="rows in the test part of a fold",
        ylabel="% of the loss",
        title="How much too good the score is",
    )
    right.set_xticks(TEST_ROWS, [str(n_rows) for n_rows in TEST_ROWS])
    right.minorticks_off()
    right.legend(frameon=False)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=100)


# ------------------------------------------------------------------------------ the line


def main() -> None:
    """Parse the command line, run, print."""
    parser = command_line(
        __doc__,
        quick="two small tasks, one seed, not kept",
        tasks=[task.name for task in TASKS],
        seeds="seeds of split and search; default 3",
        report="the tables of the runs kept",
    )
    parser.add_argument("--libraries", nargs="+", choices=[library.name for library in LIBRARIES])
    parser.add_argument("--methods", nargs="+", choices=list(METHODS))
    parser.add_argument(
        "--optimism", action="store_true", help="measure and draw how honest the scores are"
    )
    options = parser.parse_args()
    silence()
    names = options.tasks or (QUICK_TASKS if options.quick else [task.name for task in TASKS])
    tasks = [task for task in TASKS if task.name in names]
    n_seeds = options.seeds or (1 if options.quick else 3)
    print(banner("scikit-learn", "XGBoost", "LightGBM", "Optuna"))
    if options.optimism:
        measure_optimism(n_repeats=10 if options.quick else 100)
    elif options.report:
        print_tables(list(last_runs().values()))
    else:
        libraries = [one for one in LIBRARIES if one.name in (options.libraries or one.name)]
        methods = options.methods or list(METHODS)
        print_tables(run_all(tasks, libraries, methods, n_seeds, is_fresh=options.quick))


if __name__ == "__main__":
    main()
