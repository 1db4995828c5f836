"""Several processes share a search whose candidates share fits."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from skhpo import TPESearchCV

GRID = {"max_depth": [1, 2, 3, 4, 5, 6], "ccp_alpha": [0.0, 0.005, 0.05]}
SCRIPT = """
import sys, time
from tests.submodels.test_processes import shared_search
path, start = sys.argv[1:]
time.sleep(max(0.0, float(start) - time.time()))
shared_search(path).fit(*shared_search.data)
"""


class SlowTree(DecisionTreeClassifier):
    """A tree that notes each fit in a file."""

    notes = None

    def fit(self, X, y):
        import time

        time.sleep(0.03)
        with open(SlowTree.notes, "a") as file:
            file.write("fit\n")
        return super().fit(X, y)


def shared_search(path):
    """The search that all processes run."""
    from skhpo.submodels import register_submodels
    from skhpo.submodels._trees import PrunedTree

    register_submodels(SlowTree, "ccp_alpha", PrunedTree())
    SlowTree.notes = Path(path).with_suffix(".txt")
    return TPESearchCV(
        SlowTree(random_state=0), GRID, n_iter=None, pruner=None, refit=False, cv=4, storage=path
    )


shared_search.data = load_iris(return_X_y=True)


@pytest.mark.slow
@pytest.mark.parametrize("is_killed", [pytest.param(False, marks=pytest.mark.extended), True])
def test_processes_share_the_fits_and_no_size_is_missing(tmp_path, is_killed):
    import time

    path = str(tmp_path / "search.db")
    command = [sys.executable, "-c", SCRIPT, path, str(time.time() + 3.0)]
    processes = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _ in range(3)]
    if is_killed:
        notes = Path(path).with_suffix(".txt")
        while not notes.exists() or len(notes.read_text().split()) < 5:
            time.sleep(0.01)
        processes[0].kill()
    for process in processes:
        process.wait(120)
    search = shared_search(path).fit(*shared_search.data)
    grid_search = GridSearchCV(DecisionTreeClassifier(random_state=0), GRID, cv=4, refit=False)
    grid_search.fit(*shared_search.data)
    assert len(search.study_.trials) == 18
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], grid_search.cv_results_["mean_test_score"]
    )
    n_fits = len(SlowTree.notes.read_text().split())
    assert 6 * 4 <= n_fits <= 6 * 4 + 2 * is_killed
