"""``evaluations_``: a table of all folds that a search evaluated, where and when."""

import json
import pickle
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_iris, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.svm import SVC

from skhpo import HyperbandSearchCV, ParetoSearchCV, SearchCallback, TPESearchCV
from skhpo.search._records import FoldResult
from tests.search.estimators import Failing, Scored, Slow

X, y = load_iris(return_X_y=True)
SVM = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-4, 1e2)}
FLAT = {"x": uniform(0, 1)}


def frame(search):
    return pd.DataFrame(search.evaluations_)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_each_evaluated_fold_is_a_row_with_the_scores_of_the_table(n_jobs):
    search = TPESearchCV(SVC(), SVM, n_iter=20, random_state=0, n_jobs=n_jobs).fit(X, y)
    table, results = frame(search), search.cv_results_
    assert "pruned" in results["status"]
    assert len(table) == results["n_splits_evaluated"].sum()
    for row in table.itertuples():
        assert row.test_score == results[f"split{row.fold}_test_score"][row.candidate]
        assert row.trial_number == results["trial_number"][row.candidate]
    assert not table["from_storage"].any()
    assert not table["error"].any()
    assert not table.duplicated(["candidate", "fold"]).any()


def test_folds_are_in_the_order_of_their_start_and_do_not_overlap_on_one_worker():
    start = time.time()
    search = TPESearchCV(Slow(seconds=0.01), FLAT, n_iter=4, cv=3, random_state=0).fit(X, y)
    table = frame(search)
    starts, ends = table["started_at"], table["started_at"] + table["seconds"]
    assert starts[0] == 0.0
    assert (starts[1:].to_numpy() >= ends[:-1].to_numpy() - 1e-3).all()
    assert ends.iloc[-1] < time.time() - start
    assert (table["seconds"] >= table["fit_time"] + table["score_time"] - 1e-3).all()
    assert (table["worker"] == 0).all()


def test_workers_are_numbered_by_their_first_start():
    with parallel_config(backend="threading", n_jobs=2):  # both workers start at once
        search = TPESearchCV(Slow(seconds=0.05), FLAT, n_iter=6, cv=3, random_state=0).fit(X, y)
    table = frame(search)
    assert set(table["worker"]) == {0, 1}
    assert table["worker"][0] == 0
    for _, folds in table.groupby("worker"):
        starts = folds["started_at"].to_numpy()
        ends = starts + folds["seconds"].to_numpy()
        assert (starts[1:] >= ends[:-1] - 1e-3).all()


def test_several_metrics_and_training_scores_have_columns():
    search = TPESearchCV(
        SVC(), SVM, n_iter=3, cv=2, scoring=["accuracy", "f1_macro"], return_train_score=True,
        refit="accuracy",
        random_state=0,
    ).fit(X, y)  # fmt: skip
    metrics = {f"{kind}_{one}" for kind in ("test", "train") for one in ("accuracy", "f1_macro")}
    assert metrics <= set(search.evaluations_)
    assert "test_score" not in search.evaluations_
    assert "n_resources" not in search.evaluations_
    assert "curve" not in search.evaluations_


def test_costs_of_several_objectives_have_columns():
    search = ParetoSearchCV(
        SVC(), SVM, objectives=["accuracy", "model_size", "fit_time"], n_iter=4, cv=2,
        random_state=0,
    ).fit(X, y)  # fmt: skip
    table, results = frame(search), search.cv_results_
    for row in table.itertuples():
        assert row.model_size == results[f"split{row.fold}_model_size"][row.candidate]
        assert row.fit_time == results[f"split{row.fold}_fit_time"][row.candidate]
    assert "test_model_size" not in table


def test_a_resource_has_a_row_for_each_fold_of_each_rung():
    search = HyperbandSearchCV(SVC(), SVM, n_iter=20, cv=2, random_state=0).fit(X, y)
    table, results = frame(search), search.cv_results_
    assert table["n_resources"].nunique() > 1
    top = table.groupby("candidate")["n_resources"].max()
    np.testing.assert_array_equal(top.to_numpy(), results["n_resources"])
    assert not table.duplicated(["candidate", "fold", "n_resources"]).any()


def test_a_grid_points_to_the_rows_of_its_own_order():
    grid = {"C": [10.0, 0.1, 1.0], "kernel": ["rbf", "linear"]}
    search = TPESearchCV(SVC(), grid, cv=2, random_state=0).fit(X, y)
    results = search.cv_results_
    for row in frame(search).itertuples():
        assert row.test_score == results[f"split{row.fold}_test_score"][row.candidate]


def test_failed_fits_are_marked():
    space = {"x": uniform(0, 1), "kind": ["a", "bad"]}
    with pytest.warns(FitFailedWarning):
        search = TPESearchCV(Failing(), space, n_iter=10, cv=2, random_state=0).fit(X, y)
    table = frame(search)
    failed = table.loc[table["error"], "candidate"].unique()
    assert len(failed) > 0
    assert (search.cv_results_["status"][failed] == "failed").all()
    assert table.loc[table["error"], "test_score"].isna().all()


def test_a_resumed_search_tells_stored_folds_from_its_own(tmp_path):
    settings = {"cv": 3, "random_state": 0, "storage": str(tmp_path / "search.db")}
    first = TPESearchCV(Scored(), FLAT, n_iter=4, study_name="s", **settings).fit(X, y)
    both = TPESearchCV(Scored(), FLAT, n_iter=7, study_name="s", **settings).fit(X, y)
    old, new = frame(first), frame(both)
    stored = new[new["from_storage"]].reset_index(drop=True)
    assert not old["from_storage"].any()
    assert 0 < len(stored) < len(new)
    same = [name for name in old if name != "from_storage"]
    pd.testing.assert_frame_equal(stored[same], old[same])
    assert (new["started_at"].diff()[1:] >= 0).all()


def test_folds_stored_without_times_are_read_and_come_last(tmp_path):
    path = tmp_path / "search.db"
    settings = {"cv": 2, "random_state": 0, "storage": str(path), "study_name": "s"}
    TPESearchCV(Scored(), FLAT, n_iter=3, **settings).fit(X, y)
    with sqlite3.connect(path) as database:
        rows = database.execute(
            "SELECT rowid, value_json FROM trial_system_attributes WHERE key LIKE 'skhpo:fold:%'"
        ).fetchall()
        for rowid, text in rows:
            fold = json.loads(text)
            for name in ("started_at", "seconds", "worker"):
                del fold[name]
            database.execute(
                "UPDATE trial_system_attributes SET value_json = ? WHERE rowid = ?",
                (json.dumps(fold), rowid),
            )
    table = frame(TPESearchCV(Scored(), FLAT, n_iter=5, **settings).fit(X, y))
    is_old = table["from_storage"]
    assert is_old.sum() == len(rows) == 6
    assert table.loc[is_old, "started_at"].isna().all()
    assert (table.loc[is_old, "worker"] == -1).all()
    assert (table.loc[~is_old, "worker"] == 0).all()
    assert is_old.iloc[-6:].all()
    assert table.loc[is_old, "candidate"].is_monotonic_increasing


def test_candidates_of_another_fit_at_the_same_time_are_included(tmp_path):
    settings = {"cv": 2, "storage": str(tmp_path / "s.db"), "study_name": "s", "n_iter": 12}

    def fit(_):
        return TPESearchCV(Slow(seconds=0.05), FLAT, refit=False, **settings).fit(X, y)

    with ThreadPoolExecutor(2) as pool:
        searches = list(pool.map(fit, range(2)))
    for search in searches:
        table = frame(search)
        assert len(table) == search.cv_results_["n_splits_evaluated"].sum()
        assert 0 < table["from_storage"].sum() < len(table)
        assert set(table["worker"]) == {0, 1}


def test_learning_curves_are_flat_after_the_best_round():
    data, target = make_classification(n_samples=300, flip_y=0.2, random_state=0)
    model = HistGradientBoostingClassifier(max_iter=200, random_state=0)
    space = {"learning_rate": loguniform(0.02, 0.5)}
    search = TPESearchCV(
        model, space, n_iter=3, cv=2, early_stopping="inner", random_state=0
    ).fit(data, target)  # fmt: skip
    table = frame(search)
    for row in table.itertuples():
        rounds, values = row.curve["rounds"], row.curve["values"]
        assert row.best_iteration in rounds
        assert len(set(values[rounds >= row.best_iteration])) == 1
        assert rounds.shape == values.shape
        assert (np.diff(rounds) > 0).all()
        assert (np.diff(values) >= 0).all()  # the metric of this model is maximised
    assert table["stopped_at"].isna().all()


def test_learning_curves_of_stopped_fits_end_where_they_were_stopped():
    model = pytest.importorskip("xgboost").XGBClassifier(n_estimators=100, n_jobs=1)
    data, target = make_classification(n_samples=300, flip_y=0.2, random_state=0)
    space = {"learning_rate": loguniform(1e-4, 0.5)}
    search = TPESearchCV(
        model, space, n_iter=20, cv=2, early_stopping="inner", random_state=0
    ).fit(data, target)  # fmt: skip
    table = frame(search)
    stopped = table[table["stopped_at"].notna()]
    assert len(stopped) > 0
    for row in stopped.itertuples():
        assert row.curve["rounds"][-1] == row.stopped_at
    assert all(np.isfinite(curve["values"]).all() for curve in table["curve"])


def test_it_survives_pickling():
    search = TPESearchCV(SVC(), SVM, n_iter=3, cv=2, random_state=0).fit(X, y)
    read = pickle.loads(pickle.dumps(search)).evaluations_
    assert list(read) == list(search.evaluations_)
    for name, column in read.items():
        np.testing.assert_array_equal(column, search.evaluations_[name])


def test_fold_events_have_the_worker_and_the_start():
    seen = []

    class Records(SearchCallback):
        def on_fold_end(self, fold):
            seen.append(fold)

    start = time.time()
    TPESearchCV(SVC(), SVM, n_iter=3, cv=2, random_state=0, callbacks=[Records()]).fit(X, y)
    assert all(start - 1e-3 <= fold.started_at <= time.time() for fold in seen)
    assert len({fold.worker for fold in seen}) == 1
    host, process, thread = seen[0].worker.rsplit(":", 2)
    assert host
    assert int(process) > 0 < int(thread)
    assert all(fold.seconds > 0 for fold in seen)


def test_results_stored_by_older_versions_are_read():
    result = FoldResult.from_json({"test_scores": 0.5, "fit_error": None, "fit_time": 0.1})
    assert (result.started_at, result.seconds, result.worker) == (None, None, None)
