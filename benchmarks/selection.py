"""Which candidate to choose: rules compared by the score of the chosen model on new rows.

The best of many noisy means is lucky. Each run draws rows for a search and keeps the others. The
search is the default one; then each rule chooses among its candidates, with or without further
fits. The chosen candidate is fitted on all rows of the search and scored on the rows that were
kept. Prints markdown tables; ``docs/benchmarks/selection.md`` explains them and keeps a full run.

    python benchmarks/selection.py [--quick] [--tasks NAME ...] [--seeds N] [--report] [--jobs N]
"""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from _common import CACHE, banner, command_line, print_table, quietly, silence, write
from _fold_tables import FOREST, KNN, TREE
from _search_tasks import N_FOLDS, TASKS, Task
from sklearn import datasets
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo.pruners._fold_model import FoldModel
from skhpo.samplers._gp_model import GaussianProcess, fit_hyperparameters
from skhpo.samplers._gp_transform import soften

N_CANDIDATES = 50
N_MORE = 20  # candidates for about as many fits as a further look at the best takes
MORE = f"the best mean, of {N_CANDIDATES + N_MORE} candidates"
N_BEST = 10  # candidates of which the rules know more
N_REPEATS = 4  # further repetitions of the folds at most

Rows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


# -------------------------------------------------------------------------------------- the data


def some_rows(loader: Callable[..., Any], n: int, seed: int) -> Rows:
    """Rows of a real data set for the search, and all others."""
    X, y = loader(return_X_y=True)
    rows = np.random.default_rng(seed).permutation(len(y))
    return X[rows[:n]], y[rows[:n]], X[rows[n:]], y[rows[n:]]


def new_rows(maker: Callable[..., Any], n: int, seed: int, **settings: Any) -> Rows:
    """Rows of a generator for the search, and 3,000 more of the same kind."""
    X, y = maker(n_samples=n + 3000, random_state=seed, **settings)
    rows = np.random.default_rng(seed).permutation(len(y))
    return X[rows[:n]], y[rows[:n]], X[rows[n:]], y[rows[n:]]


CANCER = partial(some_rows, datasets.load_breast_cancer, 200)
DIGITS = partial(some_rows, datasets.load_digits, 300)
DIABETES = partial(some_rows, datasets.load_diabetes, 200)
NOISY = partial(
    new_rows, datasets.make_classification, 200, n_features=12, n_informative=5, flip_y=0.1
)
SEVERAL = partial(
    new_rows, datasets.make_classification, 300, n_features=10, n_informative=6, n_classes=4
)
FRIEDMAN = partial(new_rows, datasets.make_friedman1, 200, noise=1.5)

DATA: dict[str, Callable[..., Rows]] = {
    "digits-svc": DIGITS,
    "digits-pca-knn": DIGITS,
    "cancer-logistic": CANCER,
    "noisy-boosting": NOISY,
    "noisy-forest": NOISY,
    "diabetes-elastic_net": DIABETES,
    "friedman-svr": FRIEDMAN,
    "friedman-gbr": FRIEDMAN,
    "several-mlp": SEVERAL,
    "cancer-models": CANCER,
    "noisy-tree": NOISY,
    "diabetes-forest": DIABETES,
    "friedman-knn": FRIEDMAN,
    "diabetes-boosting": DIABETES,
}


def _no_data() -> Any:
    raise NotImplementedError


FURTHER = (
    Task(
        "noisy-tree",
        _no_data,
        DecisionTreeClassifier(random_state=0),
        "accuracy",
        [],
        [TREE],
    ),
    Task(
        "diabetes-forest",
        _no_data,
        RandomForestRegressor(n_estimators=20, random_state=0),
        "r2",
        [],
        [{name: domain for name, domain in FOREST.items() if name != "n_estimators"}],
    ),
    Task(
        "friedman-knn",
        _no_data,
        KNeighborsRegressor(),
        "r2",
        [],
        [KNN],
    ),
    Task(
        "diabetes-boosting",
        _no_data,
        HistGradientBoostingRegressor(max_iter=30, early_stopping=False, random_state=0),
        "neg_mean_absolute_error",
        [],
        next(task.branches for task in TASKS if task.name == "noisy-boosting"),
    ),
)
ALL = {task.name: task for task in (*TASKS, *FURTHER)}
QUICK_TASKS = ("cancer-logistic", "friedman-svr", "noisy-tree")


# -------------------------------------------------------------------------------------- one run


@dataclass
class Found:
    """What a search found, and what is true.

    Attributes
    ----------
    scores : ndarray of shape (n_complete, N_FOLDS)
        Of the complete candidates.
    again : ndarray of shape (N_BEST, N_REPEATS * N_FOLDS)
        Scores of the best on further folds, in the order of `order`.
    order : ndarray
        Complete candidates by their mean, the best first.
    truth : ndarray of shape (n_complete,)
        Score on new rows after a fit on all rows of the search.
    features : ndarray of shape (n_complete, n_features)
        The candidates, for the kernel of a Gaussian process.
    blocks : ndarray of shape (n_features,)
        The parameter of each feature.
    more : tuple of (float, int)
        Truth of the best after 20 more candidates, and the fits that these took.
    """

    task: str
    seed: int
    scores: np.ndarray
    again: np.ndarray
    order: np.ndarray
    truth: np.ndarray
    features: np.ndarray
    blocks: np.ndarray
    more: tuple[float, int]


def folds_of(y: np.ndarray, seed: int) -> list[Any]:
    """Return the folds of a search or of a repetition."""
    kind = StratifiedKFold if np.issubdtype(y.dtype, np.integer) else KFold
    return list(kind(N_FOLDS, shuffle=True, random_state=seed).split(np.zeros((len(y), 1)), y))


def run(name: str, seed: int) -> Found:
    """Search once, and find out the truth."""
    task, (X, y, X_new, y_new) = ALL[name], DATA[name](seed=seed)
    scorer = get_scorer(task.metric)
    with quietly():
        search = skhpo.AutoSearchCV(
            task.estimator,
            task.for_scipy(),
            scoring=task.metric,
            cv=folds_of(y, seed),
            n_iter=N_CANDIDATES + N_MORE,
            random_state=seed,
            refit=False,
            error_score=np.nan,
        ).fit(X, y)
        results = search.cv_results_
        is_complete = results["status"] == "complete"
        complete = np.flatnonzero(is_complete[:N_CANDIDATES])
        columns = [results[f"split{k}_test_score"][complete] for k in range(N_FOLDS)]
        scores = np.stack(columns, axis=1)
        order = np.argsort(-scores.mean(axis=1), kind="stable")
        params = [results["params"][row] for row in complete]

        def score(p: Mapping[str, Any], rows: Any, test: Any) -> float:
            model = clone(task.estimator).set_params(**clone(p, safe=False))
            return float(scorer(model.fit(X[rows], y[rows]), *test))

        truth = np.array([score(p, slice(None), (X_new, y_new)) for p in params])
        repeats = [f for r in range(N_REPEATS) for f in folds_of(y, 1000 + N_REPEATS * seed + r)]
        again = np.array(
            [[score(params[c], a, (X[b], y[b])) for a, b in repeats] for c in order[:N_BEST]]
        )
        last = int(np.where(is_complete, results["mean_test_score"], -np.inf).argmax())
        more = score(results["params"][last], slice(None), (X_new, y_new))
    n_more = int(results["n_splits_evaluated"][N_CANDIDATES:].sum())
    trials = [search.study_.trials[row] for row in complete]
    return Found(name, seed, scores, again, order, truth, *features_of(trials), (more, n_more))


def features_of(trials: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the trials for the kernel of a Gaussian process: also which parameters they have."""
    distributions = {name: d for trial in trials for name, d in trial.distributions.items()}
    has = np.array([[name in trial.params for name in distributions] for trial in trials])
    columns = []
    for name, distribution in distributions.items():
        values = [trial.params.get(name) for trial in trials]
        if distribution.is_ordered:
            known = [name in trial.params for trial in trials]
            internal = [
                distribution.to_internal_repr(v) for v, k in zip(values, known, strict=True) if k
            ]
            column = np.full(len(trials), 0.5)
            column[known] = distribution.to_unit(np.array(internal, dtype=float))
            columns.append(column[:, None])
        else:
            columns.append(indicators([repr(value) for value in values]))
    if not has.all():
        columns.append(indicators([row.tobytes() for row in has]))
    blocks = np.repeat(np.arange(len(columns)), [column.shape[1] for column in columns])
    return np.hstack(columns), blocks


def indicators(values: list[Any]) -> np.ndarray:
    """Return one column for each value, such that different values have distance 1."""
    choices = list(dict.fromkeys(values))
    return np.sqrt(0.5) * np.array([[v == c for c in choices] for v in values], dtype=float)


# -------------------------------------------------------------------------------------- the rules


def choices_of(found: Found) -> dict[str, tuple[int, int]]:
    """Return what each rule chooses, and the number of further fits that it needs."""
    mean, order, again = found.scores.mean(axis=1), found.order, found.again
    fold_noise = FoldModel.fit(-found.scores[order[:30]]).scale ** 2 / N_FOLDS
    nothing = np.zeros(len(mean))
    smooth = posterior_mean(found, mean, nothing)
    top = order[:N_BEST]
    choices = {
        "best mean": (order[0], 0),
        "posterior mean": (int(smooth.argmax()), 0),
        "posterior mean, of the best 10": (top[smooth[top].argmax()], 0),
        "posterior mean, noise of the folds": (
            int(posterior_mean(found, mean, nothing + fold_noise).argmax()),
            0,
        ),
    }
    for n_best in (3, 5, 10):
        for n_repeats in (1, 2, 4):
            some, n_folds = order[:n_best], n_repeats * N_FOLDS
            fresh = again[:n_best, :n_folds].mean(axis=1)
            pooled = (mean[some] + n_repeats * fresh) / (1 + n_repeats)
            n_fits = len(some) * n_folds
            name = f"the best {n_best} on {n_folds} new folds"
            choices[name] = (some[fresh.argmax()], n_fits)
            choices[f"{name}, all folds"] = (some[pooled.argmax()], n_fits)
            if n_best == N_BEST and n_repeats < N_REPEATS:
                values, variance = mean.copy(), nothing + fold_noise
                values[some], variance[some] = pooled, fold_noise / (1 + n_repeats)
                smooth = posterior_mean(found, values, variance)
                choices[f"{name}, posterior mean"] = (some[smooth[some].argmax()], n_fits)
    return choices


def posterior_mean(found: Found, means: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return the mean of a Gaussian process at the candidates."""
    losses, slope = soften(-means)
    unit = losses.std()
    if not unit > 0.0:
        return means
    targets, noise = (losses - losses.mean()) / unit, variance * (slope / unit) ** 2
    theta = fit_hyperparameters(found.features, targets, noise, found.blocks)
    model = GaussianProcess(found.features, targets, noise, theta, found.blocks)
    return -model.posterior(found.features)[0]


def print_tables(runs: Mapping[str, list[Found]]) -> None:
    """Print what each rule gains, in units of (best - median) of the truth, and task by task."""
    gains: dict[str, list[list[float]]] = {}
    fits: dict[str, list[int]] = {}
    for found in runs.values():
        unit = np.mean([one.truth.max() - np.median(one.truth) for one in found])
        by_rule: dict[str, list[float]] = {}
        for one in found:
            first = one.truth[one.order[0]]
            by_rule.setdefault(MORE, []).append((one.more[0] - first) / unit)
            fits.setdefault(MORE, []).append(one.more[1])
            for rule, (choice, n_fits) in choices_of(one).items():
                by_rule.setdefault(rule, []).append((one.truth[choice] - first) / unit)
                fits.setdefault(rule, []).append(n_fits)
            top = one.truth[one.order[:N_BEST]]
            for rule, value in (("the truly best of 10", top.max()), ("any of 10", top.mean())):
                by_rule.setdefault(rule, []).append((value - first) / unit)
        for rule, values in by_rule.items():
            gains.setdefault(rule, []).append(values)
    rows = []
    for rule, by_task in gains.items():
        means = [float(np.mean(values)) for values in by_task]
        errors = [np.var(values, ddof=1) / len(values) for values in by_task]
        error = np.sqrt(np.sum(errors)) / len(errors)
        better = sum(value > 0 for value in means)
        n_fits = f"{np.mean(fits[rule]):.0f}" if rule in fits else "-"
        rows.append((rule, n_fits, f"{np.mean(means):+.3f} ± {error:.3f}", better))
    head = ("rule", "further fits", "gain", f"tasks where it is better, of {len(runs)}")
    print_table(head, rows, title="Gain over the best mean")
    shown = ("posterior mean", "the best 10 on 10 new folds", "the truly best of 10")
    at = list(runs)
    rows = [
        (name, *(f"{np.mean(gains[rule][i]):+.3f}" for rule in shown)) for i, name in enumerate(at)
    ]
    print_table(("task", *shown), rows, title="Task by task")


def path_of(name: str) -> Path:
    return CACHE / f"selection-{name}.pickle"


def main() -> None:
    """Parse the command line, run, print."""
    parser = command_line(
        __doc__,
        quick="three tasks, four seeds",
        tasks=list(ALL),
        seeds="runs of each task; default 20",
        report="the tables of the last runs; nothing is run",
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes; default 1")
    options = parser.parse_args()
    silence()
    names = options.tasks or (QUICK_TASKS if options.quick else list(ALL))
    n_seeds = options.seeds or (4 if options.quick else 20)
    for name in names:
        start = time.perf_counter()
        path = path_of(name)
        known = pickle.loads(path.read_bytes()) if path.exists() else []
        missing = [s for s in range(n_seeds) if s not in {f.seed for f in known}]
        if options.report or not missing:
            continue
        new = joblib.Parallel(options.jobs)(joblib.delayed(run)(name, s) for s in missing)
        write(path, pickle.dumps(known + new))
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    print(f"{banner('numpy', 'scikit-learn')}; {N_CANDIDATES} candidates, {N_FOLDS} folds.")
    with quietly():
        print_tables(
            {n: pickle.loads(path_of(n).read_bytes()) for n in names if path_of(n).exists()}
        )


if __name__ == "__main__":
    main()
