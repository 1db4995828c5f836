"""
Resume a search, and share it between processes
===============================================

The search is stored in an SQLite file while it runs. Here a timeout ends it after a second, and the
same call resumes it. Then two processes share the rest of a larger budget.
"""

import tempfile
import warnings
from multiprocessing import get_context
from pathlib import Path

from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.svm import SVC

import skhpo
from skhpo import SearchInterruptedWarning, TPESearchCV

X, y = load_digits(return_X_y=True)
X, y = X[:600], y[:600]
SPACE = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-6, 1e-1)}


def search(storage, n_iter, timeout=None):
    """The same search each time: only its budget differs."""
    return TPESearchCV(
        SVC(), SPACE, n_iter=n_iter, timeout=timeout, storage=storage, study_name="digits"
    )


def report(title, found):
    status = found.cv_results_["status"].tolist()
    counts = {name: status.count(name) for name in ("complete", "pruned", "interrupted")}
    print(f"{title}: {counts}, best {found.best_score_:.4f}")


def work(storage):
    """Fit the search in one of the two processes."""
    search(storage, n_iter=60).fit(X, y)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        storage = f"sqlite:///{Path(folder) / 'search.db'}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SearchInterruptedWarning)
            report("Ended after a second", search(storage, 30, timeout=1).fit(X, y))
        report("The same again", search(storage, 30).fit(X, y))

        processes = [get_context("spawn").Process(target=work, args=(storage,)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        report("A larger budget, shared by two", search(storage, 60).fit(X, y))

        trials = skhpo.load_study(study_name="digits", storage=storage).trials
        workers = {trial.system_attrs["skhpo:worker"]["pid"] for trial in trials}
        print(f"{len(trials)} candidates, found by {len(workers)} processes.")
