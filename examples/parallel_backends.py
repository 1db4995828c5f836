"""
Processes, threads and dask: the same result
============================================

With an int ``random_state`` the result depends neither on the number of workers nor on the backend,
nor on which of two folds finishes first.
"""

import time
from importlib.util import find_spec

from joblib import parallel_config
from scipy.stats import loguniform, randint
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier

from skhpo import TPESearchCV

X, y = load_breast_cancer(return_X_y=True)
search = TPESearchCV(
    HistGradientBoostingClassifier(max_iter=30, random_state=0),
    {
        "learning_rate": loguniform(0.01, 1.0),
        "max_leaf_nodes": randint(2, 32),
        "l2_regularization": loguniform(1e-3, 1e2),
    },
    n_iter=15,
    scoring="neg_log_loss",
    random_state=0,
)


def run(name):
    start = time.perf_counter()
    search.fit(X, y)
    seconds = time.perf_counter() - start
    n_fits = search.cv_results_["n_splits_evaluated"].sum()
    print(f"{name:24}{search.best_score_:12.8f}{n_fits:7}{seconds:9.1f}", flush=True)


def main():
    print(f"{'workers':24}{'best score':>12}{'fits':>7}{'seconds':>9}")
    run("this process")
    for backend in ("loky", "threading"):
        with parallel_config(backend, n_jobs=2):
            run(f"2 by {backend}")
    if find_spec("distributed") is None:
        print("(dask is not installed: pip install '.[dask]')")
        return
    from distributed import Client

    with (
        Client(n_workers=2, threads_per_worker=1, dashboard_address=None),
        parallel_config("dask"),
    ):
        run("2 by dask")


if __name__ == "__main__":  # dask's worker processes import this file
    main()
