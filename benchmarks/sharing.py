"""The benchmark of shared steps: the time of a search whose candidates share fitted steps.

Prints markdown tables; ``docs/benchmarks/sharing.md`` explains them and keeps a full run.

    python benchmarks/sharing.py [--quick] [--tasks NAME ...] [--seeds N]
    python benchmarks/sharing.py --long [--seeds N]

With ``--long``, a search of texts that takes GridSearchCV minutes: the time until the others have
found a candidate that is as good as the best of the grid.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from _common import ONE_THREAD, banner, command_line, kept_arrays, print_table, quietly, silence

os.environ |= ONE_THREAD

import numpy as np
import pandas as pd
from sklearn.base import clone, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits, make_classification, make_regression
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import ElasticNet, LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    ParameterGrid,
    RandomizedSearchCV,
    StratifiedKFold,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC

from skhpo import AutoSearchCV, RandomSearchCV, SearchCallback, TPESearchCV

try:
    import dask_ml.model_selection as dask_ml
except ImportError:
    dask_ml = None

LIBRARIES = ("numpy", "scipy", "sklearn", "pandas")
N_TEXTS, LENGTH = 1_000, 700  # texts, and characters of each
N_FOLDS = 3
N_REPEATS = 3

clock = time.process_time  # one worker, one thread: what others do on the machine hardly counts


@dataclass(frozen=True)
class Task:
    """A pipeline, its grid, and its data."""

    name: str
    pipeline: Pipeline
    grid: dict[str, list[Any]]
    load: Callable[[], tuple[Any, Any]]

    @property
    def n_candidates(self) -> int:
        return len(ParameterGrid(self.grid))


def docstrings() -> dict[str, np.ndarray]:
    """Texts of the docstrings of four libraries, and which library each belongs to."""
    found: dict[str, str] = {}
    for library in LIBRARIES:
        package = importlib.import_module(library)
        modules = [package]
        for info in pkgutil.iter_modules(package.__path__, f"{library}."):
            if not info.name.rpartition(".")[2].startswith(("_", "test", "conftest")):
                try:
                    modules.append(importlib.import_module(info.name))
                except ImportError:
                    continue
        for module in modules:
            for name, thing in inspect.getmembers(module):
                text = inspect.getdoc(thing) if callable(thing) else None
                if text and len(text) > 300 and not name.startswith("_"):
                    found.setdefault(text, library)
    return {"texts": np.array(list(found)), "libraries": np.array(list(found.values()))}


def load_texts(n: int = N_TEXTS, length: int = LENGTH) -> tuple[Any, Any]:
    """The beginnings of some texts, without the name of the library, and the libraries."""
    stored = kept_arrays("docstrings", docstrings)
    chosen = np.random.default_rng(0).permutation(len(stored["texts"]))[:n]
    texts, libraries = stored["texts"][chosen].tolist(), stored["libraries"][chosen]
    return [
        t.replace(name, "")[:length] for t, name in zip(texts, libraries, strict=True)
    ], libraries


def load_columns() -> tuple[Any, Any]:
    """The same texts in two columns: the first 200 characters, and the others."""
    texts, libraries = load_texts()
    return pd.DataFrame(
        {"head": [text[:200] for text in texts], "body": [text[200:] for text in texts]}
    ), libraries


def load_numbers() -> tuple[Any, Any]:
    return make_regression(1_500, 50, n_informative=20, noise=50.0, random_state=0)


def load_wide() -> tuple[Any, Any]:
    return make_classification(
        800, 2_000, n_informative=30, n_redundant=100, n_classes=3, class_sep=2.0, random_state=0
    )


TASKS = (
    Task(
        "texts",
        Pipeline(
            [
                ("words", TfidfVectorizer(min_df=2, sublinear_tf=True)),
                ("topics", TruncatedSVD(random_state=0)),
                ("model", LogisticRegression(max_iter=500)),
            ]
        ),
        {
            "words__ngram_range": [(1, 1), (1, 2)],
            "topics__n_components": [30, 60],
            "model__C": np.logspace(-1, 3, 6).tolist(),
        },
        load_texts,
    ),
    Task(
        "wide",
        Pipeline(
            [
                ("scale", StandardScaler()),
                ("select", SelectKBest()),
                ("components", PCA(random_state=0)),
                ("model", SVC()),
            ]
        ),
        {
            "select__k": [300, 1_200],
            "components__n_components": [10, 30],
            "model__C": [0.1, 1.0, 10.0, 100.0],
            "model__gamma": [1e-3, 1e-2],
        },
        load_wide,
    ),
    Task(
        "columns",
        Pipeline(
            [
                (
                    "features",
                    ColumnTransformer(
                        [
                            ("head", TfidfVectorizer(min_df=2), "head"),
                            (
                                "body",
                                make_pipeline(
                                    TfidfVectorizer(min_df=2, ngram_range=(1, 2)),
                                    TruncatedSVD(40, random_state=0),
                                ),
                                "body",
                            ),
                        ]
                    ),
                ),
                ("model", LogisticRegression(max_iter=500)),
            ]
        ),
        {
            "features__head__ngram_range": [(1, 1), (1, 2), (1, 3)],
            "features__head__sublinear_tf": [False, True],
            "features__transformer_weights": [None, {"head": 3.0}],
            "model__C": [1.0, 10.0],
        },
        load_columns,
    ),
    Task(
        "elastic net",
        Pipeline(
            [
                ("scale", StandardScaler()),
                ("products", PolynomialFeatures()),
                ("scale again", StandardScaler()),
                ("select", SelectKBest(f_regression)),
                ("model", ElasticNet(max_iter=500, tol=1e-2)),
            ]
        ),
        {
            "products__interaction_only": [False, True],
            "select__k": [100, 400],
            "model__alpha": np.logspace(-1, 1, 5).tolist(),
            "model__l1_ratio": [0.2, 0.5, 0.9],
        },
        load_numbers,
    ),
    Task(
        "cheap",
        make_pipeline(StandardScaler(), SVC()),
        {"svc__C": np.logspace(-1, 2, 8).tolist(), "svc__gamma": np.logspace(-4, -2, 3).tolist()},
        lambda: tuple(part[:400] for part in load_digits(return_X_y=True)),
    ),
)
LONG = Task(
    "long texts",
    TASKS[0].pipeline,
    {
        "words__ngram_range": [(1, 1), (1, 2)],
        "topics__n_components": [50, 100, 150],
        "model__C": np.logspace(-1, 3, 8).tolist(),
    },
    partial(load_texts, 3_000, 3_000),
)


def _cached(pipeline: Pipeline) -> Pipeline:
    return clone(pipeline).set_params(memory=tempfile.mkdtemp(prefix="skhpo-"))


def searches(task: Task, seed: int, n_less: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The searches to compare by name; those with a number try that many candidates."""
    pipeline, grid = clone(task.pipeline), task.grid
    kind = KFold if is_regressor(pipeline) else StratifiedKFold
    cv = kind(N_FOLDS, shuffle=True, random_state=seed)
    common: dict[str, Any] = {"cv": cv, "refit": False}
    whole = {**common, "n_iter": None, "pruner": None}
    some = {**common, "n_iter": n_less, "random_state": seed}
    yield "GridSearchCV", lambda: GridSearchCV(pipeline, grid, **common)
    yield "GridSearchCV, memory=", lambda: GridSearchCV(_cached(pipeline), grid, **common)
    if dask_ml is not None:  # it fits shared steps once a fold, too
        yield (
            "grid of dask-ml",
            lambda: dask_ml.GridSearchCV(pipeline, grid, scheduler="sync", **common),
        )
    for share in (False, "auto"):
        yield (
            f"grid of skhpo, share_steps={share!r}",
            partial(RandomSearchCV, pipeline, param_grid=grid, share_steps=share, **whole),
        )
    yield f"RandomizedSearchCV, {n_less}", lambda: RandomizedSearchCV(pipeline, grid, **some)
    for share in (False, "auto"):
        yield (
            f"TPESearchCV, {n_less}, share_steps={share!r}",
            partial(TPESearchCV, pipeline, param_grid=grid, share_steps=share, **some),
        )


@dataclass(frozen=True)
class Run:
    """What a search took, and found."""

    seconds: float
    score: float
    scores: np.ndarray


def run(search: Any, X: Any, y: Any) -> Run:
    """Run a search; CPU seconds."""
    start = clock()
    search.fit(X, y)
    seconds = clock() - start
    results = search.cv_results_
    scores = np.array([results[f"split{k}_test_score"] for k in range(N_FOLDS)])
    memory = getattr(search.estimator, "memory", None)
    if memory is not None:
        shutil.rmtree(memory)
    return Run(seconds, float(np.nanmax(results["mean_test_score"])), scores)


def compare(task: Task, seeds: range, n_less: int) -> Iterator[tuple[object, ...]]:
    """Rows of a table: times as parts of that of GridSearchCV in the same repeat."""
    X, y = task.load()
    runs: dict[str, list[Run]] = {}
    for seed in seeds:
        for name, make in searches(task, seed, n_less):
            runs.setdefault(name, []).append(run(make(), X, y))
    grid = runs["GridSearchCV"]
    for name, own in runs.items():
        if "grid" in name or "memory" in name:  # the same candidates
            for one, other in zip(own, grid, strict=True):
                np.testing.assert_array_equal(one.scores, other.scores)
        parts = [one.seconds / other.seconds for one, other in zip(own, grid, strict=True)]
        seconds = median(one.seconds for one in own)
        shown = f"{median(parts):.3f}", f"{min(parts):.3f} to {max(parts):.3f}"
        yield name, f"{seconds:.1f}", *shown, f"{median(one.score for one in own):.4f}"


class Reached(SearchCallback):
    """Notes when a complete candidate is at least as good as a score."""

    def __init__(self, score: float) -> None:
        self.score = score
        self.start = clock()
        self.seconds = np.nan

    def on_candidate_end(self, event: Any) -> None:
        is_good = event.status == "complete" and event.objectives[0] >= self.score
        if is_good and np.isnan(self.seconds):
            self.seconds = clock() - self.start


def time_to_score(task: Task, seeds: range) -> Iterator[tuple[object, ...]]:
    """Rows of a table: the time of whole searches, and until they are as good as the grid."""
    X, y = task.load()
    cv = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    common: dict[str, Any] = {"cv": cv, "refit": False}
    pipeline, grid = clone(task.pipeline), task.grid
    whole = run(GridSearchCV(pipeline, grid, **common), X, y)
    yield "GridSearchCV", f"{whole.seconds:.0f}", f"{whole.seconds:.0f}", "1.0"
    shared = {**common, "param_grid": grid, "n_iter": None}
    for name, kind, settings in (
        ("grid of skhpo", RandomSearchCV, {"pruner": None}),
        ("RandomSearchCV", RandomSearchCV, {}),
        ("TPESearchCV", TPESearchCV, {}),
        ("AutoSearchCV", AutoSearchCV, {}),
    ):
        seconds, until = [], []
        for seed in seeds:
            reached = Reached(whole.score)
            search = kind(pipeline, **shared, **settings, random_state=seed, callbacks=[reached])
            seconds.append(run(search, X, y).seconds)
            until.append(reached.seconds)
        span = f"{median(until):.0f} ({min(until):.0f} to {max(until):.0f})"
        yield name, f"{median(seconds):.0f}", span, f"{whole.seconds / median(until):.1f}"


def main() -> None:
    """Print the tables."""
    parser = command_line(
        __doc__,
        quick="one repeat of the cheap task and of the wide one",
        tasks=[task.name for task in TASKS],
        seeds=f"number of repeats, default {N_REPEATS}",
    )
    parser.add_argument("--long", action="store_true", help="a search that takes minutes")
    options = parser.parse_args()
    silence()
    print(banner("numpy", "scipy", "scikit-learn"))
    if options.long:
        head = ("search", "CPU seconds", "until as good as the grid", "times faster")
        title = f"{LONG.name}: {LONG.n_candidates} candidates on the grid, {N_FOLDS} folds"
        with quietly():
            rows = time_to_score(LONG, range(options.seeds or N_REPEATS))
            print_table(head, rows, title=title, columns="lr")
        return
    names = options.tasks or (["wide", "cheap"] if options.quick else [t.name for t in TASKS])
    n_seeds = options.seeds or (1 if options.quick else N_REPEATS)
    head = ("search", "CPU seconds", "part of GridSearchCV's", "from ... to", "best score")
    for task in TASKS:
        if task.name in names:
            n = task.n_candidates
            title = f"{task.name}: {n} candidates on the grid, {N_FOLDS} folds, repeats: {n_seeds}"
            with quietly():
                rows = compare(task, range(n_seeds), n // 2)
                print_table(head, rows, title=title, columns="lr")


if __name__ == "__main__":
    main()
