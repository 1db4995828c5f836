"""`fit_timeout` and `fit_memory`: a fit that goes past is ended, and told as what it is."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from joblib import parallel_config
from scipy.stats import uniform
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import SGDClassifier
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo import HyperbandSearchCV, ParetoSearchCV, RandomSearchCV, TPESearchCV
from skhpo.exceptions import FitMemoryError, FitTimeoutError
from tests.search.estimators import Greedy, GreedyInOneFold, Logged, Scored

ROOT = Path(__file__).parents[2]
X, y = load_iris(return_X_y=True)
SPACE = {"x": uniform(0, 1), "kind": ["a", "bad"]}
STATUS = {"hangs": "timed out", "hoards": "out of memory"}
ERRORS = {"hangs": FitTimeoutError, "hoards": FitMemoryError}

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="multiprocessing is slow here")


def limits(kind):
    """A limit that the fit exceeds. A forked worker has this process's memory from the start."""
    if kind == "hangs":
        return {"fit_timeout": 1.0}
    return {"fit_memory": psutil.Process().memory_info().rss + 500_000_000}


def search_with(kind, estimator=None, n_iter=2, **settings):
    """A search whose second candidate goes past a limit."""
    enqueue = [{"x": 0.5, "kind": "a"}, {"x": 0.5, "kind": kind}]
    settings = {"cv": 2, "random_state": 0, "refit": False, **limits(kind), **settings}
    space = {"x": uniform(0, 1), "kind": ["a", kind]}
    estimator = Greedy() if estimator is None else estimator
    return TPESearchCV(estimator, space, n_iter=n_iter, enqueue=enqueue, **settings)


@pytest.mark.filterwarnings("ignore:One or more of the test scores")
@pytest.mark.parametrize(
    ("backend", "n_jobs", "kind"),
    [
        ("multiprocessing", 1, "hangs"),
        ("multiprocessing", 1, "hoards"),
        ("multiprocessing", 2, "hangs"),
        ("multiprocessing", 2, "hoards"),
        pytest.param("loky", 1, "hoards", marks=pytest.mark.slow),
        pytest.param("loky", 2, "hangs", marks=pytest.mark.slow),
    ],
)
def test_a_fit_past_its_limit_is_ended_and_told_as_what_it_is(backend, n_jobs, kind):
    search = search_with(kind)
    with (
        parallel_config(backend=backend, n_jobs=n_jobs),
        pytest.warns(FitFailedWarning, match=ERRORS[kind].__name__),
    ):
        search.fit(X, y)
    assert search.cv_results_["status"].tolist() == ["complete", STATUS[kind]]
    assert np.isnan(search.cv_results_["mean_test_score"][1])
    trial = search.study_.trials[1]
    assert trial.state is skhpo.TrialState.FAIL
    assert trial.user_attrs == {"failure": STATUS[kind]}


@needs_fork
@pytest.mark.filterwarnings("ignore:One or more of the test scores")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.parametrize("seed", [0, None])
def test_a_fit_that_hangs_holds_no_other_candidate(seed):
    search = search_with("hangs", n_iter=8, random_state=seed, pruner=None)
    with parallel_config(backend="multiprocessing", n_jobs=2):
        search.fit(X, y)
    by_kind = dict(zip(search.cv_results_["param_kind"], search.cv_results_["status"], strict=True))
    assert by_kind == {"a": "complete", "hangs": "timed out"}
    assert len(search.cv_results_["params"]) == 8


@pytest.mark.parametrize("kind", ["hangs", "hoards"])
def test_with_error_score_raise_the_limit_is_an_error(kind):
    with (
        parallel_config(backend="multiprocessing", n_jobs=1),
        pytest.raises(ERRORS[kind], match="fit_timeout" if kind == "hangs" else "fit_memory"),
    ):
        search_with(kind, error_score="raise").fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_an_error_score_that_is_a_number_is_the_score_of_the_fold_that_was_ended():
    center = X - X.mean(axis=0)
    folds = [(np.arange(75), np.arange(75, 150)), (np.arange(75, 150), np.arange(75))]
    search = search_with("hangs", GreedyInOneFold(), error_score=-7.0, cv=folds, pruner=None)
    with parallel_config(backend="multiprocessing", n_jobs=1):
        search.fit(center, y)
    scores = [search.cv_results_[f"split{k}_test_score"][1] for k in range(2)]
    assert sum(score == -7.0 for score in scores) == 1
    assert search.cv_results_["status"].tolist() == ["complete", "complete"]


@pytest.mark.parametrize(
    "backend", [pytest.param("loky", marks=pytest.mark.slow), "multiprocessing"]
)
def test_one_worker_with_a_limit_gives_what_one_without_gives_to_the_last_bit(backend):
    settings = {"n_iter": 10, "cv": 3, "random_state": 0}
    space = {"alpha": uniform(1e-5, 0.1), "penalty": ["l1", "l2"]}
    estimator = SGDClassifier(random_state=0)
    alone = TPESearchCV(estimator, space, **settings).fit(X, y)
    limited = TPESearchCV(estimator, space, fit_timeout=100, fit_memory="8 GB", **settings)
    with parallel_config(backend=backend, n_jobs=1):
        limited.fit(X, y)
    for name in ("params", "split1_test_score", "mean_test_score", "status"):
        assert np.array_equal(
            np.array(alone.cv_results_[name], dtype=object).astype(str),
            np.array(limited.cv_results_[name], dtype=object).astype(str),
        )
    assert np.array_equal(alone.best_estimator_.coef_, limited.best_estimator_.coef_)


@pytest.mark.filterwarnings("ignore:One or more of the test scores")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_a_stored_search_remembers_that_a_fold_timed_out_and_does_not_run_it_again(tmp_path):
    url = f"sqlite:///{tmp_path}/search.db"
    with parallel_config(backend="multiprocessing", n_jobs=1):
        first = search_with("hangs", storage=url).fit(X, y)
    again = search_with("hangs", storage=url, fit_timeout=None).fit(X, y)  # it would hang here
    assert again.cv_results_["status"].tolist() == ["complete", "timed out"]
    assert again.study_.trials[1].user_attrs == first.study_.trials[1].user_attrs


@pytest.mark.parametrize("backend", ["threading"])
@pytest.mark.parametrize("kind", ["hangs", "hoards"])
def test_a_backend_that_can_end_no_fit_is_refused_before_the_first(
    backend, kind, tmp_path, monkeypatch
):
    monkeypatch.setattr(Logged, "log", str(tmp_path / "log"))
    search = RandomSearchCV(Logged(), {"x": uniform(0, 1)}, n_iter=3, **limits(kind))
    with (
        parallel_config(backend=backend, n_jobs=2),
        pytest.raises(ValueError, match="ThreadingBackend has no processes that can be killed"),
    ):
        search.fit(X, y)
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    "setting",
    [
        {"fit_timeout": 0},
        {"fit_timeout": "5"},
        {"fit_memory": -1},
        {"fit_memory": "2 gigs"},
        {"fit_memory": "lots"},
        {"fit_memory": "0 GB"},
    ],
)
def test_a_limit_that_makes_no_sense_is_an_error_that_names_it(setting):
    [(name, value)] = setting.items()
    search = RandomSearchCV(Scored(), {"x": uniform(0, 1)}, n_iter=2, **setting)
    with pytest.raises(ValueError, match=rf"(?s){name}.*{value}"):
        search.fit(X, y)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 GB", 2 * 10**9),
        ("512MiB", 512 * 2**20),
        ("1.5 gib", 3 * 2**29),
        ("7", 7),
        (8e9, 8 * 10**9),
    ],
)
def test_memory_is_a_number_or_a_text_with_a_unit(text, expected):
    search = RandomSearchCV(Scored(), {"x": uniform(0, 1)}, fit_memory=text)
    assert skhpo.search._limits.limits_of(search).memory == expected


def test_with_fit_timeout_the_timeout_ends_a_fit_that_hangs_with_one_worker():
    search = search_with("hangs", timeout=2.0, fit_timeout=250)
    with (
        parallel_config(backend="multiprocessing", n_jobs=1),
        pytest.warns(skhpo.SearchInterruptedWarning, match="timeout"),
    ):
        search.fit(X, y)
    assert search.cv_results_["status"][0] == "complete"


@pytest.mark.filterwarnings("ignore:One or more of the test scores")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_a_search_of_several_objectives_ends_a_fit_that_hangs():
    search = ParetoSearchCV(
        Greedy(),
        {"x": uniform(0, 1), "kind": ["a", "hangs"]},
        objectives=["accuracy", "fit_time"],
        enqueue=[{"x": 0.5, "kind": "a"}, {"x": 0.5, "kind": "hangs"}],
        n_iter=2,
        cv=2,
        refit=False,
        fit_timeout=1.0,
    )
    with parallel_config(backend="multiprocessing", n_jobs=1):
        search.fit(X, y)
    assert search.cv_results_["status"].tolist() == ["complete", "timed out"]


@pytest.mark.filterwarnings("ignore:One or more of the test scores")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_a_fit_that_hangs_at_a_rung_of_a_resource_is_ended():
    search = HyperbandSearchCV(
        Greedy(),
        {"x": uniform(0, 1), "kind": ["a", "hangs"]},
        enqueue=[{"x": 0.5, "kind": "a"}, {"x": 0.5, "kind": "hangs"}],
        n_iter=2,
        cv=2,
        random_state=0,
        refit=False,
        fit_timeout=1.0,
    )
    with parallel_config(backend="multiprocessing", n_jobs=1):
        search.fit(X, y)
    assert search.cv_results_["status"][1] == "timed out"


def test_the_confirmation_on_fresh_folds_keeps_the_limits():
    search = TPESearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": [1, 2, 3]},
        n_confirm=2,
        random_state=0,
        fit_timeout=100,
    )
    with parallel_config(backend="multiprocessing", n_jobs=1):
        search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_confirmed_score"]).sum() == 2


SCRIPT = """
import time, warnings
from sklearn.base import BaseEstimator, ClassifierMixin
from skhpo import RandomSearchCV

class Own(ClassifierMixin, BaseEstimator):
    def __init__(self, x=1):
        self.x = x
    def fit(self, X, y):
        self.classes_ = [0, 1]
        if self.x == 2:
            time.sleep(300)
        return self
    def score(self, X, y):
        return self.x

warnings.simplefilter("ignore")
search = RandomSearchCV(Own(), {"x": [1, 2, 3]}, scoring=lambda e, X, y: e.x, cv=2, fit_timeout=1)
search.fit([[0], [1]] * 4, [0, 1] * 4)
print(sorted(zip(search.cv_results_["param_x"].tolist(), search.cv_results_["status"])))
"""


@pytest.mark.slow
def test_classes_and_lambdas_of_a_script_without_a_main_guard_travel_to_the_worker(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    run = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
    )
    assert run.stdout == "[(1, 'complete'), (2, 'timed out'), (3, 'complete')]\n", run.stderr
