"""``set_callbacks`` of scikit-learn >= 1.9: the same tasks as scikit-learn's own searches."""

import joblib
import numpy as np
import pytest
from scipy.stats import uniform

pytest.importorskip("sklearn.callback")

from sklearn.callback.tests._utils import (
    MaxIterEstimator,
    RecordingAutoPropagatedCallback,
    RecordingCallback,
)
from sklearn.model_selection import RandomizedSearchCV

from skhpo import RandomSearchCV, TPESearchCV
from tests.search.estimators import Scored

X, y = np.arange(20.0)[:, None], np.arange(20) % 2
SPACE = {"max_iter": [1, 2, 3]}


def task_tree(search, callback):
    """Hooks with the path of task names that leads to them, sorted: workers mix their order."""
    search.set_callbacks(callback).fit(X, y)
    hooks = []
    for record in callback.record:
        path, context = [], record["context"]
        while context is not None:
            path.append((context.task_name, context.estimator_name, context.max_subtasks))
            context = context.parent
        hooks.append((record["name"], *reversed(path)))
    return sorted(map(repr, hooks))


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("Callback", [RecordingCallback, RecordingAutoPropagatedCallback])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_tasks_are_those_of_scikit_learns_search(Callback, refit, n_jobs):
    settings = {"n_iter": 3, "cv": 2, "scoring": "r2", "refit": refit, "n_jobs": n_jobs,
                "random_state": 0}  # fmt: skip
    with joblib.parallel_config("threading"):
        theirs = task_tree(RandomizedSearchCV(MaxIterEstimator(), SPACE, **settings), Callback())
        ours = task_tree(
            RandomSearchCV(MaxIterEstimator(), SPACE, pruner=None, **settings), Callback()
        )
    renamed = [hook.replace("RandomSearchCV", "RandomizedSearchCV") for hook in ours]
    if Callback is RecordingAutoPropagatedCallback:  # another candidate may be best of equals
        theirs = [hook for hook in theirs if "refit" not in hook]
        renamed = [hook for hook in renamed if "refit" not in hook]
    assert sorted(renamed) == theirs


def test_folds_that_are_not_run_have_no_tasks():
    callback = RecordingCallback()
    search = TPESearchCV(Scored(), {"x": np.linspace(0, 1, 30)}, n_iter=25, cv=4, random_state=0)
    search.set_callbacks(callback).fit(X, y)
    assert "pruned" in search.cv_results_["status"]
    names = [r["context"].task_name for r in callback.record if r["name"] == "on_fit_task_begin"]
    run = search.cv_results_["n_splits_evaluated"].sum()
    assert names.count("candidate-split-evaluation") == run
    assert callback.count_hooks("teardown") == 1


class StopsAfter(RecordingCallback):
    """Asks to stop at the end of the n-th fold."""

    def __init__(self, n_folds):
        super().__init__()
        self.n_folds = n_folds
        self.n_seen = 0

    def on_fit_task_end(self, estimator, context):
        self.n_seen += context.task_name == "candidate-split-evaluation"
        return self.n_seen == self.n_folds


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_callback_that_says_stop_ends_the_search(n_jobs):
    search = TPESearchCV(Scored(), {"x": np.linspace(0, 1, 1000)}, n_iter=200, cv=2, pruner=None,
                         n_jobs=n_jobs, pre_dispatch=2, random_state=0)  # fmt: skip
    with joblib.parallel_config("threading"):
        search.set_callbacks(StopsAfter(6)).fit(X, y)
    assert 3 <= len(search.cv_results_["params"]) <= 5
    assert (search.cv_results_["status"] == "complete").all()
    assert search.predict(X).shape == y.shape


def test_with_a_limit_of_fits_there_is_a_task_for_each_fold_that_runs():
    callback = RecordingCallback()
    search = TPESearchCV(Scored(), {"x": np.linspace(0, 1, 99)}, max_fits=50, cv=4, random_state=0)
    search.set_callbacks(callback).fit(X, y)
    names = [r["context"].task_name for r in callback.record if r["name"] == "on_fit_task_begin"]
    run = search.cv_results_["n_splits_evaluated"].sum()
    assert 46 < names.count("candidate-split-evaluation") == run <= 50


def test_callbacks_cannot_prepare_for_a_search_without_end():
    search = TPESearchCV(Scored(), {"x": uniform(0, 1)}, n_iter=None, timeout=5, cv=2)
    search.set_callbacks(RecordingCallback())
    with pytest.raises(ValueError, match="give `n_iter` or `max_fits` besides the `timeout`"):
        search.fit(X, y)
