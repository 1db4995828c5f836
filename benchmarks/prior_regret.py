"""What a prior of an estimator is worth: regret by the number of candidates, with and without it.

Each problem is an estimator with the space of `suggest_space` on a dataset from which no prior was
learned. A search without pruning runs on 5 folds; the regret after k candidates is 0 at the best
score and 1 at the median of 300 random configurations. Wrong priors show the harm: `shuffled` gives
each configuration the losses of another one, `inverted` calls the best the worst.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from _common import print_table
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_wine,
    make_classification,
    make_friedman1,
    make_friedman2,
    make_friedman3,
    make_gaussian_quantiles,
    make_hastie_10_2,
    make_moons,
    make_regression,
)
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import skhpo
from skhpo.priors import _find as finding
from skhpo.priors import known_prior

N_CANDIDATES = 40
SHOWN = (3, 5, 10, 15, 20, 30, 40)
N_REFERENCE = 300
N_ROWS = 400


def first_rows(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(0).permutation(len(y))[:N_ROWS]
    return X[order], y[order]


def classification() -> dict[str, Any]:
    def made(seed: int, **settings: Any) -> Any:
        return make_classification(N_ROWS, random_state=seed, **settings)

    return {
        "breast cancer": first_rows(*load_breast_cancer(return_X_y=True)),
        "wine": first_rows(*load_wine(return_X_y=True)),
        "digits": first_rows(*load_digits(return_X_y=True)),
        "moons": make_moons(N_ROWS, noise=0.3, random_state=0),
        "quantiles": make_gaussian_quantiles(n_samples=N_ROWS, n_features=6, random_state=0),
        "hastie": first_rows(*make_hastie_10_2(2000, random_state=0)),
        "linear": made(1, n_features=30, n_informative=4, flip_y=0.1),
        "clusters": made(2, n_features=10, n_informative=8, n_classes=4, n_clusters_per_class=2),
        "rare": made(3, n_features=12, n_informative=6, weights=[0.9], flip_y=0.02),
    }


def regression() -> dict[str, Any]:
    return {
        "diabetes": first_rows(*load_diabetes(return_X_y=True)),
        "friedman 1": make_friedman1(N_ROWS, noise=1.0, random_state=0),
        "friedman 2": make_friedman2(N_ROWS, noise=50.0, random_state=0),
        "friedman 3": make_friedman3(N_ROWS, noise=0.1, random_state=0),
        "linear": make_regression(N_ROWS, 20, n_informative=5, noise=30.0, random_state=0),
        "wide": make_regression(150, 80, n_informative=10, noise=30.0, random_state=1),
    }


def gradient_boosting(kind: str) -> Any:
    import lightgbm

    return getattr(lightgbm, f"LGBM{kind}")(verbosity=-1, n_jobs=1, random_state=0)


ESTIMATORS: dict[str, Callable[[], Any]] = {
    "SVC": lambda: make_pipeline(StandardScaler(), SVC()),
    "LogisticRegression": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "KNeighborsClassifier": lambda: make_pipeline(StandardScaler(), KNeighborsClassifier()),
    "RandomForestClassifier": lambda: RandomForestClassifier(50, random_state=0),
    "LGBMClassifier": lambda: gradient_boosting("Classifier"),
    "RandomForestRegressor": lambda: RandomForestRegressor(50, random_state=0),
    "LGBMRegressor": lambda: gradient_boosting("Regressor"),
}
SCORING = {"LGBMClassifier": "neg_log_loss", "LogisticRegression": "neg_log_loss"}

METHODS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "random": (skhpo.RandomSearchCV, {}, ""),
    "TPE": (skhpo.TPESearchCV, {"prior": None}, ""),
    "TPE, prior": (skhpo.TPESearchCV, {}, ""),
    "GP": (skhpo.GPSearchCV, {"prior": None}, ""),
    "GP, prior": (skhpo.GPSearchCV, {}, ""),
    "GP, shuffled": (skhpo.GPSearchCV, {}, "shuffled"),
    "GP, inverted": (skhpo.GPSearchCV, {}, "inverted"),
}


def falsified(name: str, how: str) -> Any:
    """Return a wrong prior."""
    prior = known_prior(name)
    if prior is None or not how:
        return prior
    if how == "inverted":
        tables = {metric: -losses for metric, losses in prior.tables.items()}
    else:
        order = np.random.default_rng(0).permutation(len(prior.coordinates))
        tables = {metric: losses[:, order] for metric, losses in prior.tables.items()}
    return replace(prior, tables=tables)


def scores_of(name: str, method: str, X: Any, y: Any, seed: int, n_iter: int) -> np.ndarray:
    """Return the mean scores of the candidates, in their order."""
    search_class, settings, how = METHODS[method]
    kind = KFold if "Regressor" in name else StratifiedKFold
    finding.known_prior = lambda one: falsified(one, how)
    estimator = ESTIMATORS[name]()
    try:
        search = search_class(
            estimator,
            "suggest",
            n_iter=n_iter,
            cv=kind(5, shuffle=True, random_state=0),
            scoring=SCORING.get(name),
            pruner=None,
            refit=False,
            random_state=seed,
            **settings,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            search.fit(X, y)
    finally:
        finding.known_prior = known_prior
    return search.cv_results_["mean_test_score"]


def run(name: str, data: str, X: Any, y: Any, n_seeds: int) -> dict[str, np.ndarray]:
    """Return the regrets of all methods on a dataset, of shape (n_seeds, n_shown)."""
    reference = scores_of(name, "random", X, y, 1000, N_REFERENCE)
    median, best = np.nanmedian(reference), np.nanmax(reference)
    runs = {
        method: np.array(
            [
                np.fmax.accumulate(scores_of(name, method, X, y, seed, N_CANDIDATES))
                for seed in range(n_seeds)
            ]
        )
        for method in METHODS
    }
    best = max(best, *(curves.max() for curves in runs.values()))
    shown = np.array(SHOWN) - 1
    scale = max(best - median, 1e-9)
    return {method: (best - curves[:, shown]) / scale for method, curves in runs.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("estimators", nargs="*", default=list(ESTIMATORS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=-1)
    parser.add_argument("--csv", help="file for the mean regrets")
    parser.add_argument("--quick", action="store_true", help="one estimator, two seeds")
    arguments = parser.parse_args()
    names = ["LogisticRegression"] if arguments.quick else arguments.estimators
    n_seeds = 2 if arguments.quick else arguments.seeds
    lines = ["estimator,method,candidates,regret"]
    for name in names:
        problems = regression() if "Regressor" in name else classification()
        with joblib.parallel_config("loky", inner_max_num_threads=1):
            results = joblib.Parallel(arguments.jobs)(
                joblib.delayed(run)(name, data, X, y, n_seeds) for data, (X, y) in problems.items()
            )
        print(f"\n{name}: {len(problems)} datasets, {n_seeds} seeds\n")
        rows = []
        for method in METHODS:
            each = np.array([result[method].mean(axis=0) for result in results])
            mean, error = each.mean(axis=0), each.std(axis=0, ddof=1) / np.sqrt(len(each))
            lines += [f"{name},{method},{k},{m:.5f}" for k, m in zip(SHOWN, mean, strict=True)]
            rows.append([method, *(f"{m:.3f} ± {e:.3f}" for m, e in zip(mean, error, strict=True))])
        print_table(["candidates", *map(str, SHOWN)], rows)
        if arguments.csv:
            Path(arguments.csv).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
