"""Fitted steps are shared within a search: how often they are fitted, where they are kept."""

import pickle
import threading

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.stats import uniform
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skhpo import ParetoSearchCV, RandomSearchCV, TPESearchCV
from skhpo.boosting import EarlyStopping
from skhpo.parallel import Executor
from skhpo.search.sharing._store import Store, store_of_process
from tests.search.steps import Counting, Deadly, FailsLater, Locked, Noisy, Odd, Recorder, lines

X, y = load_iris(return_X_y=True)
K = 3
TREES = {"model__max_depth": [1, 2, 3, 4, 5]}


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def of(*steps, model=None, **settings):
    named = [(f"s{i}", step) for i, step in enumerate(steps)]
    model = DecisionTreeClassifier(random_state=0) if model is None else model
    return Pipeline([*named, ("model", model)], **settings)


def search_in(pipeline, space, kind=RandomSearchCV, data=(X, y), **settings):
    given = {
        "cv": KFold(K, shuffle=True, random_state=0),
        "pruner": None,
        "random_state": 0,
        "refit": False,
        "share_steps": True,
    }
    if kind is RandomSearchCV:
        given["n_iter"] = None
    return kind(pipeline, space, **{**given, **settings}).fit(*data)


def scores(search):
    return {
        name: [repr(value) for value in column]
        for name, column in search.cv_results_.items()
        if "score" in name and "time" not in name
    }


def n_kept_here():
    return len(store_of_process())


# ----------------------------------------------------------------------- how often steps are fitted


def test_a_step_is_fitted_once_on_each_fold(log):
    search_in(of(Recorder(log)), TREES)
    assert len(lines(log)) == len(set(lines(log))) == K


def test_without_sharing_a_step_is_fitted_by_every_candidate(log):
    search_in(of(Recorder(log)), TREES, share_steps=False)
    assert len(lines(log)) == K * 5


def test_test_rows_are_transformed_once_for_all_candidates_and_metrics(log):
    search_in(of(Recorder(log)), TREES, scoring=["accuracy", "neg_log_loss", "roc_auc_ovr"])
    assert len(lines(log, "transform")) == 2 * K  # the training rows and the test rows of each fold


def test_a_step_is_fitted_once_for_each_of_its_parameters(log):
    search_in(of(StandardScaler(), Recorder(log)), {**TREES, "s1__factor": [1.0, 2.0]})
    assert len(lines(log)) == len(set(lines(log))) == 2 * K


def test_steps_after_a_searched_one_are_fitted_anew_and_those_before_are_not(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    pipeline = of(Recorder(first), StandardScaler(), Recorder(second))
    search_in(pipeline, {**TREES, "s1__with_mean": [True, False]})
    assert len(lines(first)) == K
    assert len(lines(second)) == 2 * K


CONTAINERS = {
    "array": lambda X: X,
    "strided array": lambda X: np.hstack([X, X])[:, :3],
    "sparse matrix": sparse.csr_matrix,
    "pandas": lambda X: pd.DataFrame(X).add_prefix("x").assign(kind="a"),
    "pandas, numbers": lambda X: pd.DataFrame(X),
    "polars": lambda X: pl.DataFrame(X),
    "texts": lambda X: [str(row) for row in X],
    "objects": lambda X: np.array([str(row) for row in X], dtype=object),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_outputs_of_each_kind_are_shared(log, container):
    pipeline = of(
        Recorder(log), FunctionTransformer(CONTAINERS[container]), model=DummyClassifier()
    )
    search_in(pipeline, {"model__strategy": ["prior", "most_frequent", "uniform"]})
    assert len(lines(log)) == K
    assert len(lines(log, "transform")) == 2 * K


def test_each_thread_finds_what_others_have_fitted(log):
    with joblib.parallel_config("threading"):
        search_in(of(Recorder(log)), {"model__max_depth": list(range(1, 21))}, n_jobs=3)
    assert set(lines(log)) == set(lines(log)[:K]) or len(set(lines(log))) == K
    assert len(lines(log)) < 3 * K


def test_each_worker_process_fits_a_step_once(log):
    search_in(of(Recorder(log)), {"model__max_depth": list(range(1, 11))}, n_jobs=2)
    assert len(lines(log)) == len(set(lines(log)))  # no process has fitted it twice on one fold
    assert K <= len(lines(log)) <= 2 * K


def test_another_search_fits_the_same_steps_anew(log):
    for rows in (X, X + 1.0):
        search_in(of(Recorder(log)), TREES, data=(rows, y))
    assert len(lines(log)) == len(set(lines(log))) == 2 * K


# ------------------------------------------------------------------------------- what is not shared


def test_a_step_that_draws_random_numbers_is_not_shared_nor_those_after_it(tmp_path):
    noisy, after = tmp_path / "noisy", tmp_path / "after"
    search_in(of(Noisy(noisy), Recorder(after)), TREES)
    assert len(lines(noisy)) == len(lines(after)) == 5 * K


def test_noise_in_the_test_rows_is_drawn_as_without_sharing(log):
    settings = {"scoring": ["accuracy", "neg_log_loss"], "random_state": 0}
    both = []
    for share in (True, False):
        np.random.seed(0)  # noqa: NPY002
        both.append(scores(search_in(of(Noisy(log)), TREES, share_steps=share, **settings)))
    assert both[0] == both[1]


def test_a_step_with_a_generator_is_not_shared(log):
    class Seeded(Recorder):
        def __init__(self, log=None, factor=1.0, kind="good", random_state=None):
            super().__init__(log, factor, kind)
            self.random_state = random_state

    search_in(of(Seeded(log, random_state=np.random.RandomState(0))), TREES)
    assert len(lines(log)) == 5 * K
    search_in(of(Seeded(log, random_state=0)), TREES)
    assert len(lines(log)) == 6 * K


def test_a_fitted_step_that_cannot_be_copied_is_not_shared(log):
    search = search_in(of(Locked(log)), TREES)
    assert len(lines(log)) == 5 * K
    assert scores(search) == scores(search_in(of(Recorder()), TREES, share_steps=False))


def test_a_step_that_changes_when_it_transforms_is_not_shared(log):
    search_in(of(Counting(log)), TREES)
    assert len(lines(log)) >= 4 * K + 1


def test_a_step_that_cannot_be_imported_is_shared_by_worker_processes(log):
    class Local(Recorder):
        pass

    def scorer(pipeline, X, y):  # gets copies of the steps
        return accuracy_score(y, pipeline.predict(X))

    for scoring in (None, scorer):
        search_in(
            of(Local(log)), {"model__max_depth": list(range(1, 11))}, n_jobs=2, scoring=scoring
        )
    assert K <= len(lines(log)) <= 2 * 2 * K


def test_a_pipeline_with_a_memory_uses_that_and_shares_nothing(log, tmp_path):
    memory = joblib.Memory(tmp_path / "cache", verbose=0)
    search = search_in(of(Recorder(log), memory=memory), TREES)
    assert len(lines(log)) == K  # by its memory
    assert search.estimator.memory is memory
    again = search_in(of(Recorder(log), memory=memory), TREES)  # which outlives a search
    assert len(lines(log)) == K
    assert scores(again) == scores(search)


def test_a_step_with_continuous_parameters_is_not_kept(monkeypatch):
    kept = []
    monkeypatch.setattr(Store, "put", lambda *arguments: kept.append(arguments))
    search_in(of(Recorder()), {"s0__factor": uniform(0, 1)}, n_iter=5)
    assert kept == []


def test_pipelines_that_log_callbacks_of_scikit_learn_share_nothing(log):
    callback = pytest.importorskip("sklearn.callback")
    pipeline = of(Recorder(log))
    search = RandomSearchCV(pipeline, TREES, n_iter=None, cv=K, pruner=None, share_steps=True)
    search.set_callbacks(callback.ProgressBar()).fit(X, y)
    assert len(lines(log)) == 5 * K + 1


# ------------------------------------------------------------------------------- what users can see


def test_a_scorer_of_the_user_gets_the_whole_pipeline_fitted(log):
    def scorer(pipeline, X, y):
        assert type(pipeline) is Pipeline
        assert pipeline.memory is None
        assert [name for name, _ in pipeline.steps] == ["s0", "model"]
        assert pipeline["s0"].total_ > 0
        pipeline["s0"].total_ += 1.0  # of this candidate alone
        return accuracy_score(y, pipeline.predict(X))

    shared, alone = (
        search_in(of(Recorder(log)), TREES, scoring=scorer, share_steps=share)
        for share in (True, False)
    )
    assert scores(shared) == scores(alone)
    assert len(lines(log)) == K + 5 * K


def test_the_best_estimator_is_as_without_sharing():
    shared, alone = (
        search_in(of(Recorder()), TREES, share_steps=share, refit=True).best_estimator_
        for share in (True, False)
    )
    assert pickle.dumps(shared) == pickle.dumps(alone)
    assert b"skhpo" not in pickle.dumps(shared)


def test_costs_are_those_of_the_whole_pipeline():
    settings = {"objectives": ["accuracy", "model_size"], "scoring": ["accuracy"], "n_iter": 5}
    shared, alone = (
        search_in(of(StandardScaler()), TREES, ParetoSearchCV, share_steps=share, **settings)
        for share in (True, False)
    )
    assert shared.cv_results_["mean_model_size"].tolist() == (
        alone.cv_results_["mean_model_size"].tolist()
    )


def test_times_of_candidates_that_share_cannot_be_compared(log):
    settings = {"objectives": ["accuracy", "fit_time"], "scoring": ["accuracy"], "n_iter": 5}
    search_in(of(Recorder(log)), TREES, ParetoSearchCV, share_steps="auto", **settings)
    assert len(lines(log)) == 5 * K
    with pytest.raises(ValueError, match=r"`share_steps` must be 'auto' or False if .*'fit_time'"):
        search_in(of(Recorder()), TREES, ParetoSearchCV, share_steps=True, **settings)


def test_times_are_those_that_were_spent():
    class Slow(Recorder):
        def fit(self, X, y=None):
            threading.Event().wait(0.1)
            return super().fit(X, y)

    search = search_in(of(Slow()), TREES)
    assert (search.evaluations_["fit_time"] >= 0.1).sum() == K
    assert (search.cv_results_["mean_fit_time"] >= 0.1).sum() <= 1


# ---------------------------------------------------------------------------- the parts of a search


@pytest.mark.parametrize("on", ["fold", "inner"])
def test_early_stopping_of_a_pipeline_is_as_without_sharing(log, on):
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(n_estimators=30, max_depth=3, n_jobs=1, random_state=0)
    settings = {"early_stopping": EarlyStopping(on=on, rounds=3), "n_iter": 4}
    space = {"model__learning_rate": [0.1, 0.2, 0.3, 0.5]}
    shared, alone = (
        search_in(of(Recorder(log), model=model), space, share_steps=share, **settings)
        for share in (True, False)
    )
    assert scores(shared) == scores(alone)
    name = "mean_best_iteration"
    assert shared.cv_results_[name].tolist() == alone.cv_results_[name].tolist()
    assert len(lines(log)) == K + 4 * K
    n_shared = len(lines(log, "transform")) - 3 * 4 * K  # training, watched and test rows
    assert n_shared == {"fold": 2 * K, "inner": 3 * K}[on]  # the watched rows may be the test rows


@pytest.mark.parametrize("resource", ["n_samples", "model__n_estimators"])
def test_a_resource_is_allocated_as_without_sharing(log, resource):
    model = GradientBoostingClassifier(n_estimators=9, random_state=0)
    settings = {"resource": resource, "n_iter": 4, "pruner": "halving", "min_resources": 1}
    if resource == "n_samples":
        settings["min_resources"] = 40
    space = {"model__max_depth": [1, 2, 3], "model__learning_rate": [0.1, 0.5]}
    shared, alone = (
        search_in(of(Recorder(log), model=model), space, share_steps=share, **settings)
        for share in (True, False)
    )
    assert scores(shared) == scores(alone)
    n_amounts = len(set(shared.evaluations_["n_resources"])) if resource == "n_samples" else 1
    n_shared = len(lines(log)) - len(alone.evaluations_["fold"])
    assert n_shared == K * n_amounts


def test_confirmation_shares_steps_on_its_new_folds(log):
    search_in(of(Recorder(log)), TREES, n_confirm=3, refit=True, cv=K)
    assert len(lines(log)) == len(set(lines(log))) == K + 2 * K + 1  # and the refit


def test_a_search_that_learns_and_prunes_is_as_without_sharing():
    space = {**TREES, "s1__with_mean": [True, False], "model__ccp_alpha": uniform(0, 0.1)}
    settings = {"n_iter": 15, "pruner": "auto"}
    pipeline = of(Recorder(), StandardScaler())
    shared, alone = (
        search_in(pipeline, space, TPESearchCV, share_steps=share, **settings)
        for share in ("auto", False)
    )
    assert scores(shared) == scores(alone)
    assert shared.cv_results_["params"] == alone.cv_results_["params"]


# ------------------------------------------------------------------------------------------ trouble


def test_candidates_whose_step_fails_get_the_error_score(log):
    space = {**TREES, "s0__kind": ["good", "bad"]}
    with pytest.warns(match="fits failed"):
        search = search_in(of(Recorder(log)), space)
    with pytest.warns(match="fits failed"):
        theirs = GridSearchCV(of(Recorder()), space, cv=search.cv, refit=False).fit(X, y)
    for k in range(K):
        name = f"split{k}_test_score"
        np.testing.assert_array_equal(search.cv_results_[name], theirs.cv_results_[name])
    assert len(lines(log)) == K


@pytest.mark.parametrize("scoring", ["accuracy", ["accuracy", "neg_log_loss"]])
def test_test_rows_that_a_step_cannot_transform_have_the_error_score(scoring):
    space = {**TREES, "s0__factor": [1.0, 2.0]}
    pipeline = of(FailsLater())
    with pytest.warns(UserWarning, match="Scoring failed"):
        search = search_in(pipeline, space, scoring=scoring)
    theirs = GridSearchCV(pipeline, space, cv=search.cv, scoring=scoring, refit=False)
    with pytest.warns(UserWarning, match="Scoring failed"):
        theirs.fit(X, y)
    for name in (name for name in theirs.cv_results_ if name.startswith("split")):
        np.testing.assert_array_equal(search.cv_results_[name], theirs.cv_results_[name])


def test_a_step_that_raises_errors_when_copied_is_fitted_as_without_sharing(log):
    search = search_in(of(Odd(log)), TREES)
    assert len(lines(log)) == 5 * K
    assert scores(search) == scores(search_in(of(Recorder()), TREES, share_steps=False))


def test_an_error_of_a_step_is_raised_if_it_should_be():
    with pytest.raises(ValueError, match="this kind cannot be fitted"):
        search_in(of(Recorder(kind="bad")), TREES, error_score="raise")
    assert n_kept_here() == 0


@pytest.mark.slow
def test_a_killed_worker_loses_what_it_kept_and_nothing_else(log):
    space = {**TREES, "s0__factor": [1.0, 2.0, 3.0]}
    killed = search_in(of(Deadly(log)), space, n_jobs=2)
    assert log.with_name("log.dead").exists()
    assert scores(killed) == scores(search_in(of(Recorder()), space, share_steps=False))


def test_what_does_not_fit_into_the_limit_is_fitted_anew(log):
    search = search_in(of(Recorder(log)), TREES, share_steps="1 kB")
    assert len(lines(log)) == 5 * K
    assert scores(search) == scores(search_in(of(Recorder()), TREES, share_steps=False))


def test_the_store_never_exceeds_its_limit(monkeypatch):
    put, sizes = Store.put, []

    def watched(store, *arguments, **named):
        is_kept = put(store, *arguments, **named)
        sizes.append(store.n_bytes)
        return is_kept

    monkeypatch.setattr(Store, "put", watched)
    space = {**TREES, "s0__factor": [1.0, 2.0, 3.0]}
    search = search_in(of(Recorder()), space, share_steps="12 kB")
    assert 6_000 < max(sizes) <= 12_000
    assert scores(search) == scores(search_in(of(Recorder()), space, share_steps=False))


@pytest.mark.parametrize("text", ["2 gigs", "some", "0 GB"])
def test_a_limit_that_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="`share_steps` must be 'auto', True, False, or a text"):
        search_in(of(Recorder()), TREES, share_steps=text)


# --------------------------------------------------------------------------------- after the search


def test_nothing_is_kept_after_a_search():
    search_in(of(Recorder()), TREES)
    assert n_kept_here() == 0
    assert store_of_process().n_bytes == 0


def test_nothing_is_kept_after_an_interrupted_search(log):
    seen = []

    def interrupt(study, trial):
        seen.append(n_kept_here())
        raise KeyboardInterrupt

    with pytest.warns(match="Ctrl-C"):
        search_in(of(Recorder(log)), TREES, callbacks=[interrupt])
    assert seen[0] > 0
    assert n_kept_here() == 0


def test_nothing_is_kept_in_worker_processes_that_live_on(log):
    search_in(of(Recorder(log)), TREES, n_jobs=2)
    workers = {int(line.split()[1]) for line in lines(log)}
    with Executor(2) as executor:
        for task in range(4):
            executor.submit(task, _pid_and_n_kept)
        kept = dict(executor.wait()[1].result() for _ in range(4))
    assert set(kept) & workers  # the same workers
    assert set(kept.values()) == {0}


def _pid_and_n_kept():
    import os

    return os.getpid(), n_kept_here()
