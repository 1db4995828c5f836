"""Searches on clusters: dask (processes over TCP), ray and spark, each with two workers."""

import importlib
import os
import time
from collections import Counter
from pathlib import Path

import joblib
import numpy as np
import pytest
from scipy.stats import randint, uniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.exceptions import FitFailedWarning
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from skhpo import RandomSearchCV, TPESearchCV
from skhpo.exceptions import SearchInterruptedWarning
from skhpo.pruners import RacingPruner
from tests.search.estimators import Dawdling, Deadly, Scored
from tests.search.steps import Recorder, lines

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Spark"),
]

X, y = make_classification(n_samples=60, n_features=4, random_state=0)

SPACE = {"x": uniform(0, 1), "k": randint(1, 9), "kind": ["a", "b"]}


@pytest.fixture(
    scope="module",
    params=[
        "dask",
        pytest.param("ray", marks=pytest.mark.extended),
        pytest.param("spark", marks=pytest.mark.extended),
    ],
)
def cluster(request):
    packages = {"dask": "distributed", "ray": "ray", "spark": "joblibspark"}
    pytest.importorskip(packages[request.param])
    engine = importlib.import_module(f"tests.parallel.test_{request.param}")
    with engine.started() as settings:
        yield settings


@pytest.fixture
def on_cluster(cluster):
    settings = cluster()
    with joblib.parallel_config(**settings):
        yield settings["backend"]


class OnceDeadly(Scored):
    """Its first fit of all ends the worker process."""

    def __init__(self, x=0.5, k=3, kind="a", flag=None):
        super().__init__(x, k, kind)
        self.flag = flag

    def fit(self, X, y):
        if not self.flag.exists():
            self.flag.touch()
            os._exit(13)
        return super().fit(X, y)


class Telling(Scored):
    """Writes a line to a file when a fit begins, and takes its time."""

    def __init__(self, x=0.5, k=3, kind="a", file=None):
        super().__init__(x, k, kind)
        self.file = file

    def fit(self, X, y):
        tell(self.file, f"fit in {os.getpid()}")
        time.sleep(0.3)
        return super().fit(X, y)


class Rows:
    """Data of any kind; tells when it is pickled, and when it is opened."""

    def __init__(self, values, file):
        self.values = values
        self.file = file
        self.shape = values.shape

    def __len__(self):
        return len(self.values)

    def __getitem__(self, rows):
        return self.values[rows]

    def __reduce__(self):
        tell(self.file, "pickled")
        return opened, (self.values, self.file)


def opened(values, file):
    tell(file, f"opened in {os.getpid()}")
    return Rows(values, file)


class SizeOfData(ClassifierMixin, BaseEstimator):
    def __init__(self, x=0.5):
        self.x = x

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def score(self, X, y):
        return float(len(X)) - self.x


def tell(file, line):
    with open(file, "a") as log:
        log.write(f"{line}\n")


def told(file):
    return Path(file).read_text().splitlines()


def test_the_same_seed_gives_what_loky_and_one_worker_give_and_folds_are_spared(on_cluster):
    from tests.search.test_reproducible import outcome

    pruner = RacingPruner(alpha=0.2, n_startup_trials=2)
    search = TPESearchCV(Dawdling(), SPACE, n_iter=12, cv=4, random_state=7, pre_dispatch=3,
                         pruner=pruner)  # fmt: skip
    found = outcome(search.fit(X, y))
    n_evaluated = search.cv_results_["n_splits_evaluated"]
    assert (n_evaluated < 4).any()
    assert set(search.cv_results_["status"][n_evaluated < 4]) == {"pruned"}
    with joblib.parallel_config("loky", n_jobs=2):
        assert outcome(search.fit(X, y)) == found
    with joblib.parallel_config("sequential"):
        assert outcome(search.fit(X, y)) == found


def test_predictions_come_back_from_the_workers_of_a_cluster(on_cluster):
    given = {"n_iter": 5, "cv": 3, "random_state": 0, "keep_predictions": 2}
    tree, space = DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3, 4, 5, 6]}
    found = TPESearchCV(tree, space, **given).fit(X, y).oof_predictions_
    with joblib.parallel_config("sequential"):
        expected = TPESearchCV(tree, space, **given).fit(X, y).oof_predictions_
    assert list(found) == list(expected)
    for row, predictions in expected.items():
        np.testing.assert_array_equal(found[row], predictions)


def test_the_data_is_sent_once_and_not_with_each_fold(on_cluster, tmp_path):
    file = tmp_path / "log"
    values = np.random.default_rng(0).normal(size=(60, 500))
    search = RandomSearchCV(SizeOfData(), {"x": uniform(0, 1)}, n_iter=10, cv=3, random_state=0,
                            pruner=None, refit=False)  # fmt: skip
    search.fit(Rows(values, file), y)
    assert search.cv_results_["n_splits_evaluated"].sum() == 30
    counts = Counter(line.split()[0] for line in told(file))
    assert counts["pickled"] <= 9  # measured, sent, and passed on between the workers; not 30
    if on_cluster != "spark":  # each process of spark that runs a task opens it
        assert counts["opened"] <= 2 * 2


def test_a_worker_that_dies_once_costs_nothing(on_cluster, tmp_path):
    settings = {"n_iter": 6, "cv": 3, "random_state": 0, "pruner": None, "pre_dispatch": 2}
    search = RandomSearchCV(OnceDeadly(flag=tmp_path / "died"), SPACE, **settings).fit(X, y)
    assert (tmp_path / "died").exists()
    assert list(search.cv_results_["status"]) == ["complete"] * 6
    with joblib.parallel_config("sequential"):
        alone = RandomSearchCV(Scored(), SPACE, **settings).fit(X, y)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )


def test_a_fit_that_always_kills_its_worker_is_a_failed_candidate(on_cluster):
    space = {"kind": ["a", "b", "bad"]}
    search = RandomSearchCV(Deadly(), space, n_iter=3, cv=2, random_state=0, pre_dispatch=2)
    with pytest.warns(FitFailedWarning, match="WorkerDiedError"):
        search.fit(X, y)
    status = dict(zip(search.cv_results_["param_kind"], search.cv_results_["status"], strict=True))
    assert status == {"a": "complete", "b": "complete", "bad": "failed"}
    assert search.best_params_["kind"] == "b"


def test_a_search_cut_short_leaves_nothing_running_on_the_cluster(on_cluster, tmp_path):
    file = tmp_path / "log"

    def interrupt(study, trial):
        raise KeyboardInterrupt

    how = {"timeout": 1.0} if on_cluster == "ray" else {"callbacks": [interrupt]}
    search = RandomSearchCV(Telling(file=file), SPACE, n_iter=200, cv=2, random_state=0,
                            pruner=None, pre_dispatch=8, refit=False, **how)  # fmt: skip
    with pytest.warns(SearchInterruptedWarning):
        search.fit(X, y)
    time.sleep(2.0)  # folds that were running come to their end, on a busy machine too
    n_begun = len(told(file))
    time.sleep(1.0)
    assert len(told(file)) == n_begun < 40


def test_candidates_share_the_steps_of_a_pipeline_in_each_worker(on_cluster, tmp_path):
    log = tmp_path / "log"
    space = {"model__max_depth": [1, 2, 3, 4, 5, 6]}
    settings = {"n_iter": None, "cv": 3, "pruner": None, "n_jobs": 2, "refit": False}
    shared, alone = (
        RandomSearchCV(
            Pipeline([("step", step), ("model", DecisionTreeClassifier(random_state=0))]),
            space,
            share_steps=share,
            **settings,
        ).fit(X, y)
        for step, share in ((Recorder(log), True), (Recorder(), False))
    )
    assert len(lines(log)) == len(set(lines(log))) <= 2 * 3
    for name in (f"split{k}_test_score" for k in range(3)):
        np.testing.assert_array_equal(shared.cv_results_[name], alone.cv_results_[name])
