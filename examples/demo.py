"""
A grid, random draws and TPE on the same pipeline
=================================================

The same pipeline is tuned by three searches: a grid, random draws, and TPESearchCV.

Each search tunes a support vector machine that reads handwritten digits (scikit-learn's bundled
data). It has three parameters: the number of principal components, and C and gamma of the machine.
The grid has 75 candidates; the other two searches try 50 candidates from the ranges that the grid
spans. Both are random, so each runs three times, with the seeds 0, 1 and 2.

``make demo`` runs it in about a minute. With ``--quick`` it uses less data and one seed.
"""

import argparse
import time

import numpy as np
from scipy.stats import loguniform, randint
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import TPESearchCV

pipeline = make_pipeline(StandardScaler(), PCA(random_state=0), SVC())
grid = {
    "pca__n_components": [16, 32, 48],
    "svc__C": [0.1, 1, 10, 100, 1000],
    "svc__gamma": [1e-4, 1e-3, 1e-2, 1e-1, 1],
}
ranges = {
    "pca__n_components": randint(16, 49),
    "svc__C": loguniform(0.1, 1000),
    "svc__gamma": loguniform(1e-4, 1),
}


def main(quick):
    X, y = load_digits(return_X_y=True)
    if quick:
        X, y = X[:400], y[:400]
    data = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)
    seeds = range(1 if quick else 3)

    print(__doc__.split("\n\n")[2], "\n")
    print(f"{'':27}{'CV score':>9}{'held out':>10}{'fits':>6}{'seconds':>9}")
    run_without_search(*data)  # starts joblib's workers; TPESearchCV starts its own
    show("no search, as it is given", run_without_search(*data))
    by_grid = run(GridSearchCV(pipeline, grid, n_jobs=2), *data)
    show("GridSearchCV", by_grid)
    for seed in seeds:
        search = RandomizedSearchCV(pipeline, ranges, n_iter=50, n_jobs=2, random_state=seed)
        show(f"RandomizedSearchCV, seed {seed}", run(search, *data))
    by_tpe = []
    for seed in seeds:
        search = TPESearchCV(pipeline, ranges, n_iter=50, n_jobs=2, random_state=seed)
        by_tpe.append(run(search, *data))
        show(f"TPESearchCV, seed {seed}", by_tpe[-1])
    sum_up(by_grid, by_tpe)


def run(search, X_train, X_test, y_train, y_test):
    """Return the best CV score, the score on held-out data, fits, and seconds."""
    start = time.perf_counter()
    search.fit(X_train, y_train)
    seconds = time.perf_counter() - start
    results = search.cv_results_
    n_fits = len(results["params"]) * search.n_splits_
    if "n_splits_evaluated" in results:  # TPESearchCV stops some candidates after a few folds
        n_fits = results["n_splits_evaluated"].sum()
    return search.best_score_, search.score(X_test, y_test), n_fits, seconds


def run_without_search(X_train, X_test, y_train, y_test):
    start = time.perf_counter()
    scores = cross_val_score(pipeline, X_train, y_train, n_jobs=2)
    seconds = time.perf_counter() - start
    held_out = pipeline.fit(X_train, y_train).score(X_test, y_test)
    return scores.mean(), held_out, len(scores), seconds


def show(name, measured):
    score, held_out, n_fits, seconds = measured
    print(f"{name:27}{score:9.4f}{held_out:10.4f}{n_fits:6.0f}{seconds:9.1f}", flush=True)


def sum_up(by_grid, by_tpe):
    score, _, n_fits, seconds = np.mean(by_tpe, axis=0)
    n_reached = sum(run[0] >= by_grid[0] for run in by_tpe)
    print(
        f"\nTPESearchCV used {by_grid[2] / n_fits:.1f} times fewer fits than the grid and took "
        f"{by_grid[3] / seconds:.1f} times less time;\nit reached the grid's CV score in "
        f"{n_reached} of {len(by_tpe)} runs (mean {score:.4f}, the grid's {by_grid[0]:.4f})."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--quick", action="store_true", help="less data, one seed")
    main(parser.parse_args().quick)
