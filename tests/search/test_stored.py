"""A search kept in a storage: it goes on where it was cut, and ends as if it never had been."""

import copy
import pickle
import sqlite3
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
from scipy import sparse
from scipy.stats import gamma, randint, uniform
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, ShuffleSplit, cross_val_score
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

import skhpo
from skhpo import (
    CmaEsSearchCV,
    GPSearchCV,
    QMCSearchCV,
    RandomSearchCV,
    SearchInterruptedWarning,
    StudySearchCV,
    TPESearchCV,
)
from skhpo.exceptions import StorageInternalError, StudyMismatchError
from skhpo.pruners import HyperbandPruner, MedianPruner, RacingPruner
from skhpo.samplers import NSGAIISampler, TPESampler
from skhpo.search._setup import make_setup
from skhpo.search.persistence._fingerprint import make_fingerprint
from skhpo.storages import InMemoryStorage, RDBStorage
from tests.search.estimators import Cut, Cutting, Failing, Scored, Slow

X, y = make_classification(n_samples=60, n_features=4, random_state=0)
FLAT = {"x": uniform(0, 1), "k": randint(1, 9), "kind": ["a", "b"]}
BRANCHES = [
    {"kind": ["a"], "x": uniform(0, 1)},
    {"kind": ["b"], "x": gamma(2.0), "k": randint(1, 9)},
]


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/search.db"


def outcome(search):
    """All that a search has found, but for times, as plain values."""
    table = {
        name: [repr(value) for value in column]  # a masked value has its repr, too
        for name, column in search.cv_results_.items()
        if "time" not in name
    }
    trials = [
        (t.number, t.state, t.values, repr(t.params), repr(t.intermediate_values))
        for t in search.study_.trials
    ]
    return table, trials, search.best_index_


# ------------------------------------------------------------------------- going on


SEARCHES = {
    "tpe": (TPESearchCV, FLAT, {}),
    "tpe, window of 4": (TPESearchCV, FLAT, {"pre_dispatch": 4}),
    "tpe, branches": (TPESearchCV, BRANCHES, {"pre_dispatch": 2}),
    "tpe, median": (TPESearchCV, FLAT, {"pruner": MedianPruner(n_startup_trials=2)}),
    "tpe, eager racing": (
        TPESearchCV, FLAT, {"pruner": RacingPruner(0.4, n_startup_trials=2), "pre_dispatch": 3},
    ),
    "hyperband": (TPESearchCV, FLAT, {"pruner": HyperbandPruner(), "pre_dispatch": 3}),
    "no pruner": (TPESearchCV, FLAT, {"pruner": None}),
    "gp": (GPSearchCV, FLAT, {"pre_dispatch": 2}),
    "cma-es": (CmaEsSearchCV, {"x": uniform(0, 1), "k": randint(1, 9)}, {}),
    "qmc": (QMCSearchCV, FLAT, {}),
    "random": (RandomSearchCV, BRANCHES, {}),
    "genetic": (StudySearchCV, FLAT, {"sampler": NSGAIISampler(population_size=6)}),
    "grid of 16": (TPESearchCV, {"k": list(range(1, 9)), "kind": ["a", "b"]}, {}),
}  # fmt: skip


@pytest.mark.parametrize("where", ["sqlite", "memory"])
@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_that_is_cut_again_and_again_ends_like_the_one_that_never_was(name, where, url):
    kind, space, settings = SEARCHES[name]
    settings = {"n_iter": 18, "cv": 4, "random_state": 3, "refit": False} | settings
    whole = kind(Scored(), space, **settings).fit(X, y)
    n_folds = whole.cv_results_["n_splits_evaluated"].sum()

    storage = InMemoryStorage() if where == "memory" else url
    search = kind(Cutting(), space, storage=storage, study_name="one", **settings)
    Cutting.n_fits, cuts = 0, 0
    while True:
        Cutting.last = Cutting.n_fits + 1 + (7 * cuts) % 5
        try:
            search.fit(X, y)
            break
        except Cut:
            cuts += 1
    Cutting.last = None
    assert cuts >= 5
    assert outcome(search) == outcome(whole)
    # Folds that ran ahead of a verdict count, too: at one worker there are none.
    assert Cutting.n_fits == n_folds
    Cutting.n_fits = 0
    assert outcome(search.fit(X, y)) == outcome(whole)
    assert Cutting.n_fits == 0


def test_a_larger_budget_goes_on_where_the_smaller_one_ended(url):
    settings = {"cv": 3, "random_state": 0, "storage": url, "study_name": "one"}
    TPESearchCV(Scored(), FLAT, n_iter=8, **settings).fit(X, y)
    search = TPESearchCV(Scored(), FLAT, n_iter=20, **settings).fit(X, y)
    whole = TPESearchCV(Scored(), FLAT, n_iter=20, cv=3, random_state=0).fit(X, y)
    assert outcome(search) == outcome(whole)


def test_a_smaller_budget_loses_nothing(url):
    settings = {"cv": 3, "random_state": 0, "storage": url, "study_name": "one"}
    first = TPESearchCV(Scored(), FLAT, n_iter=12, **settings).fit(X, y)
    again = TPESearchCV(Scored(), FLAT, n_iter=5, **settings).fit(X, y)
    assert outcome(first) == outcome(again)


def test_another_sampler_goes_on_with_the_same_scores(url):
    storage = RDBStorage(url)
    random = RandomSearchCV(Scored(), FLAT, n_iter=10, storage=storage, study_name="s").fit(X, y)
    search = TPESearchCV(Scored(), FLAT, n_iter=15, storage=storage, study_name="s").fit(X, y)
    assert len(search.cv_results_["params"]) == 15
    assert search.cv_results_["params"][:10] == random.cv_results_["params"]
    assert search.best_score_ >= random.best_score_


def test_without_a_seed_a_search_goes_on_too(url):
    search = TPESearchCV(Cutting(), FLAT, n_iter=10, cv=3, storage=url, pruner=None, refit=False)
    Cutting.n_fits, Cutting.last = 0, 17
    with pytest.raises(Cut):
        search.fit(X, y)
    Cutting.last = None
    search.fit(X, y)
    assert Cutting.n_fits == 30
    assert (search.cv_results_["status"] == "complete").all()


def test_after_the_timeout_half_done_candidates_wait_for_the_next_fit(url):
    search = TPESearchCV(Slow(seconds=0.03), FLAT, n_iter=12, cv=4, storage=url, random_state=0,
                         timeout=0.5, pruner=None)  # fmt: skip
    with pytest.warns(SearchInterruptedWarning):
        search.fit(X, y)
    states = [trial.state.name for trial in search.study_.trials]
    assert states.count("FAIL") == 0
    assert 1 <= states.count("COMPLETE") < 12
    search.set_params(timeout=None).fit(X, y)
    whole = clone(search).set_params(storage=None).fit(X, y)
    assert outcome(search) == outcome(whole)


def test_an_error_that_ends_the_search_loses_no_fold(url):
    space = {"x": uniform(0, 1), "kind": ["a", "bad"]}
    search = TPESearchCV(Failing(), space, n_iter=20, cv=3, storage=url, study_name="s",
                         random_state=0, error_score="raise")  # fmt: skip
    with pytest.raises(ValueError, match="this kind cannot be fitted"):
        search.fit(X, y)
    stored = skhpo.load_study(study_name="s", storage=url)
    finished = [trial for trial in stored.trials if trial.state.is_finished()]
    assert len(finished) >= 1
    assert all(len(trial.intermediate_values) >= 1 for trial in finished)


def test_failed_fits_train_scores_and_several_metrics_come_back_as_they_were(url):
    space = {"x": uniform(0, 1), "kind": ["a", "bad"]}
    search = RandomSearchCV(
        Failing(), space, n_iter=12, cv=3, storage=url, random_state=0, refit="f1",
        scoring=["accuracy", "f1"], return_train_score=True,
    )  # fmt: skip
    with pytest.warns(FitFailedWarning):
        first = outcome(search.fit(X, y))
    with pytest.warns(FitFailedWarning):  # told again
        assert outcome(search.fit(X, y)) == first
    assert {"mean_train_f1", "std_test_accuracy"} <= set(search.cv_results_)
    assert "failed" in search.cv_results_["status"]


def test_times_come_back_too(url):
    search = TPESearchCV(Slow(seconds=0.01), FLAT, n_iter=4, cv=2, storage=url, random_state=0)
    first = search.fit(X, y).cv_results_
    again = search.fit(X, y).cv_results_
    np.testing.assert_array_equal(first["mean_fit_time"], again["mean_fit_time"])


def test_callbacks_are_called_once_a_candidate_over_all_fits(url):
    seen = []
    search = TPESearchCV(Cutting(), FLAT, n_iter=10, cv=3, storage=url, random_state=0, refit=False,
                         callbacks=[lambda study, trial: seen.append(trial.number)])  # fmt: skip
    Cutting.n_fits, Cutting.last = 0, 12
    with pytest.raises(Cut):
        search.fit(X, y)
    Cutting.last = None
    search.fit(X, y)
    assert sorted(seen) == list(range(10))


def test_trials_that_a_user_enqueues_in_the_study_are_tried(url):
    search = TPESearchCV(Scored(), FLAT, n_iter=4, cv=2, storage=url, study_name="s",
                         random_state=0).fit(X, y)  # fmt: skip
    skhpo.load_study(study_name="s", storage=url).enqueue_trial({"x": 0.25, "k": 4, "kind": "b"})
    search.set_params(n_iter=8).fit(X, y)
    assert {"x": 0.25, "k": 4, "kind": "b"} in search.cv_results_["params"]
    assert len(search.cv_results_["params"]) == 8


# ---------------------------------------------------------- choices that are no JSON


def test_estimators_tuples_and_functions_are_kept_as_labels_and_matched_again(url):
    pipeline = Pipeline([("scale", StandardScaler()), ("svc", SVC())])
    space = {
        "scale": [StandardScaler(), MinMaxScaler(), "passthrough"],
        "svc__class_weight": [None, "balanced", {0: 1, 1: 2}],
        "svc__C": uniform(0.1, 5),
    }
    settings = {"cv": 3, "random_state": 0}
    whole = TPESearchCV(pipeline, space, n_iter=12, **settings).fit(X, y)
    stored = {"storage": url, "study_name": "s"}
    TPESearchCV(pipeline, space, n_iter=5, **settings, **stored).fit(X, y)
    search = TPESearchCV(clone(pipeline), copy.deepcopy(space), n_iter=12, **settings, **stored)
    search.fit(X, y)
    assert [repr(p) for p in search.cv_results_["params"]] == [
        repr(p) for p in whole.cv_results_["params"]
    ]
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], whole.cv_results_["mean_test_score"]
    )
    assert hasattr(search.best_params_["scale"], "transform") or (
        search.best_params_["scale"] == "passthrough"
    )
    labels = skhpo.load_study(study_name="s", storage=url).trials[0].params
    assert labels["scale"] == "StandardScaler()"


def test_nothing_in_the_database_is_a_pickle(url, tmp_path):
    space = {"scale": [StandardScaler(), MinMaxScaler()], "svc__C": uniform(0.1, 5)}
    pipeline = Pipeline([("scale", StandardScaler()), ("svc", SVC())])
    TPESearchCV(pipeline, space, n_iter=3, cv=2, storage=url).fit(X, y)
    with sqlite3.connect(tmp_path / "search.db") as connection:
        tables = [name for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'")]  # fmt: skip
        cells = [c for t in tables for row in connection.execute(f"SELECT * FROM {t}") for c in row]
    assert not any(isinstance(cell, bytes) for cell in cells)


# --------------------------------------------------------------------- the fingerprint


CHANGES = {
    "estimator": {"estimator": SVC(kernel="linear")},
    "space": {"param_distributions": {"C": uniform(0.1, 6)}},
    "cv splits": {"cv": KFold(3, shuffle=True, random_state=0)},
    "scoring": {"scoring": "f1"},
    "error_score": {"error_score": 0.0},
    "return_train_score": {"return_train_score": True},
}


def base(url, **changes):
    arguments = {"estimator": SVC(), "param_distributions": {"C": uniform(0.1, 5)}, "cv": KFold(3),
                 "scoring": "accuracy", "n_iter": 3, "storage": url, "study_name": "s"}  # fmt: skip
    return TPESearchCV(**arguments | changes)


@pytest.mark.parametrize("part", CHANGES)
def test_a_search_that_differs_is_refused_with_a_message_that_says_in_what(part, url):
    base(url).fit(X, y)
    with pytest.raises(StudyMismatchError, match=part) as caught:
        base(url, **CHANGES[part]).fit(X, y)
    assert str(caught.value).count("\n- ") == 1
    assert "another `study_name`" in str(caught.value)
    assert "skhpo.delete_study" in str(caught.value)


@pytest.mark.parametrize(
    "data", [(X + 1, y), (X, 1 - y), (X[::-1], y), (X.astype(np.float32), y)], ids=str
)
def test_other_data_are_refused(data, url):
    base(url).fit(X, y)
    with pytest.raises(StudyMismatchError, match="- data"):
        base(url).fit(*data)


def test_other_sample_weights_are_refused(url):
    base(url).fit(X, y, sample_weight=np.ones(60))
    with pytest.raises(StudyMismatchError, match="- data"):
        base(url).fit(X, y, sample_weight=np.arange(1.0, 61.0))


def test_splits_that_shuffle_anew_are_refused_with_a_hint(url):
    base(url, cv=ShuffleSplit(3)).fit(X, y)
    with pytest.raises(StudyMismatchError, match="needs an int `random_state`"):
        base(url, cv=ShuffleSplit(3)).fit(X, y)


@pytest.mark.parametrize("make", [
    lambda: (X, y), lambda: (X.tolist(), y.tolist()), lambda: (sparse.csr_matrix(X), y),
    lambda: (pytest.importorskip("pandas").DataFrame(X, columns=list("abcd")), y),
    lambda: (pytest.importorskip("polars").DataFrame(X, schema=list("abcd")), y),
], ids=["array", "list", "sparse", "pandas", "polars"])  # fmt: skip
def test_the_same_data_made_anew_are_recognised(make, url):
    first = base(url).fit(*make())
    assert outcome(base(url).fit(*make())) == outcome(first)


def test_what_does_not_change_scores_may_change(url):
    forest = RandomForestClassifier(5, random_state=0)
    space = {"max_depth": [1, 2, 3]}
    TPESearchCV(forest, space, n_iter=2, cv=2, storage=url, study_name="s").fit(X, y)
    forest.set_params(n_jobs=1, verbose=0)
    TPESearchCV(forest, space, n_iter=3, cv=2, storage=url, study_name="s", n_jobs=1, verbose=0,
                timeout=600, pruner=None).fit(X, y)  # fmt: skip


def nested_pipeline(memory=None, cache_size=200, n_jobs=None, verbose=False):
    inner = Pipeline([("scale", StandardScaler()), ("pca", PCA(3))], memory=memory, verbose=verbose)
    union = FeatureUnion([("inner", inner), ("all", "passthrough")], n_jobs=n_jobs, verbose=verbose)
    model = SVC(cache_size=cache_size, verbose=verbose)
    return Pipeline([("union", union), ("model", model)], memory=memory, verbose=verbose)


def fingerprint_of(estimator, **params):
    search = TPESearchCV(estimator, {}, cv=2)
    return make_fingerprint(search, make_setup(search, search._make_problem(), X, y, params))


@pytest.mark.parametrize(
    "changed",
    [
        {"memory": "a folder"},
        {"memory": joblib.Memory("another folder", verbose=0)},
        {"memory": Path("a folder")},
        {"cache_size": 500},
        {"n_jobs": 2},
        {"verbose": True},
    ],
    ids=str,
)
def test_a_cache_threads_and_what_is_printed_do_not_make_another_search(changed):
    assert fingerprint_of(nested_pipeline(**changed)) == fingerprint_of(nested_pipeline())


def test_a_search_goes_on_with_another_folder_for_its_cache(url, tmp_path):
    settings = {"cv": 2, "storage": url, "study_name": "s", "random_state": 0}
    space = {"model__C": [0.1, 1, 10]}
    TPESearchCV(nested_pipeline(), space, n_iter=2, **settings).fit(X, y)
    cached = nested_pipeline(memory=str(tmp_path / "cache"))
    search = TPESearchCV(cached, space, n_iter=3, **settings).fit(X, y)
    assert len(search.study_.trials) == 3


@pytest.mark.parametrize(
    ("family", "changed"),
    [
        ("xgboost.XGBClassifier", {"n_jobs": 1, "verbosity": 0}),
        ("xgboost.XGBClassifier", {"nthread": 1}),
        ("lightgbm.LGBMClassifier", {"n_jobs": 1, "verbosity": -1}),
        ("lightgbm.LGBMClassifier", {"num_threads": 1, "verbose": -1}),
        ("catboost.CatBoostClassifier", {"thread_count": 1, "verbose": False}),
        ("catboost.CatBoostClassifier", {"allow_writing_files": False, "logging_level": "Silent"}),
    ],
)
def test_threads_and_output_of_boosters_do_not_make_another_search(family, changed):
    module, _, name = family.partition(".")
    Booster = getattr(pytest.importorskip(module), name)
    assert fingerprint_of(Booster(**changed)) == fingerprint_of(Booster())
    assert fingerprint_of(Booster(learning_rate=0.2)) != fingerprint_of(Booster())


def test_a_number_that_is_called_memory_does_make_another_search():
    class Remembering(Scored):
        def __init__(self, memory=10):
            self.memory = memory

    assert fingerprint_of(Remembering(20)) != fingerprint_of(Remembering(10))
    assert fingerprint_of(Remembering(memory="a folder")) != fingerprint_of(Remembering(20))


def test_what_a_fit_prints_does_not_make_another_search():
    catboost = pytest.importorskip("catboost")
    model = catboost.CatBoostClassifier()
    assert fingerprint_of(model, verbose=False) == fingerprint_of(model)


def test_a_study_that_is_no_search_is_refused(url):
    study = skhpo.create_study(storage=url, study_name="s", direction="maximize")
    study.optimize(lambda trial: trial.suggest_float("C", 0, 1), n_trials=1)
    with pytest.raises(StudyMismatchError, match="not of a search"):
        base(url).fit(X, y)
    skhpo.create_study(storage=url, study_name="down")
    with pytest.raises(StudyMismatchError, match="are minimize, those of the search maximize"):
        base(url, study_name="down").fit(X, y)


# -------------------------------------------------------------------------- the name


def test_without_a_name_the_same_call_finds_its_study_and_another_gets_its_own(url):
    first = base(url, study_name=None).fit(X, y)
    assert base(url, study_name=None).fit(X, y).study_.study_name == first.study_.study_name
    base(url, study_name=None, cv=KFold(2)).fit(X, y)
    names = skhpo.get_all_study_names(url)
    assert len(names) == 2
    assert all(name.startswith("TPESearchCV SVC ") for name in names)


def test_nested_in_a_cross_validation_each_part_has_its_own_study(url):
    scores = cross_val_score(base(url, study_name=None), X, y, cv=3)
    assert len(skhpo.get_all_study_names(url)) == 3
    assert (cross_val_score(base(url, study_name=None), X, y, cv=3) == scores).all()


@pytest.mark.parametrize(("given", "message"), [
    ({"storage": 3}, "'storage' parameter"), ({"study_name": 3}, "'study_name' parameter"),
    ({"storage": "study"}, "must be the path of an SQLite file"),
])  # fmt: skip
def test_a_storage_that_is_none_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        base("sqlite:///:memory:", **given).fit(X, y)


# --------------------------------------------------------------------- after the fact


def test_a_search_in_memory_is_saved_after_the_fact(url):
    search = TPESearchCV(
        Pipeline([("scale", StandardScaler()), ("svc", SVC())]),
        {"scale": [StandardScaler(), MinMaxScaler()], "svc__C": uniform(0.1, 5)},
        n_iter=6, cv=3, random_state=0,
    ).fit(X, y)  # fmt: skip
    skhpo.copy_study(
        from_study_name=search.study_.study_name, from_storage=search.study_._storage,
        to_storage=url, to_study_name="saved",
    )  # fmt: skip
    saved = skhpo.load_study(study_name="saved", storage=url)
    assert saved.best_value == search.best_score_
    assert [t.intermediate_values for t in saved.trials] == [
        t.intermediate_values for t in search.study_.trials
    ]


def test_a_fitted_search_is_pickled_with_its_line_to_the_storage(url):
    search = base(url).fit(X, y)
    again = pickle.loads(pickle.dumps(search))
    assert len(again.study_.trials) == 3
    assert (again.predict(X) == search.predict(X)).all()


def test_a_storage_that_fails_says_so_and_what_it_has_stays(url):
    storage = RDBStorage(url)
    search = TPESearchCV(Scored(), FLAT, n_iter=60, cv=3, storage=storage, study_name="s",
                         random_state=0, refit=False)  # fmt: skip

    def fill_the_disk(study, trial):
        if trial.number == 4:
            storage._database._open()[0].connect().exec_driver_sql("PRAGMA max_page_count = 1")

    with pytest.raises(StorageInternalError, match="the disk is full"):
        search.set_params(callbacks=[fill_the_disk]).fit(X, y)
    storage.remove_session()
    assert len(skhpo.load_study(study_name="s", storage=url).trials) >= 5
    search.set_params(callbacks=None).fit(X, y)
    whole = clone(search).set_params(storage=None).fit(X, y)
    assert outcome(search)[0] == outcome(whole)[0]


def test_real_estimators_give_the_same_scores_to_the_last_bit(url):
    X, y = load_iris(return_X_y=True)
    space = {"C": uniform(0.01, 10), "l1_ratio": [0.0]}
    settings = {"n_iter": 6, "cv": 5, "random_state": 0, "pruner": None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(max_iter=300)
        whole = TPESearchCV(model, space, **settings).fit(X, y)
        TPESearchCV(model, space, storage=url, **settings | {"n_iter": 3}).fit(X, y)
        search = TPESearchCV(model, space, storage=url, **settings).fit(X, y)
    assert outcome(search) == outcome(whole)


def test_a_sampler_with_a_seed_of_its_own_is_as_good_as_that_of_the_class(url):
    settings = {"n_iter": 8, "cv": 2, "random_state": 1, "sampler": TPESampler(n_startup_trials=2)}
    whole = StudySearchCV(Scored(), FLAT, **settings).fit(X, y)
    search = StudySearchCV(Scored(), FLAT, storage=url, **settings).fit(X, y)
    assert outcome(search) == outcome(whole)


# ---------------------------------------------------------------- workers elsewhere


def cut_search(url, **settings):
    """A search that ends in the middle of a candidate, with the storage it is kept in."""
    search = TPESearchCV(Cutting(), FLAT, n_iter=6, cv=4, random_state=0, refit=False,
                         storage=url, study_name="s", **settings)  # fmt: skip
    Cutting.n_fits, Cutting.last = 0, 10
    with pytest.raises(Cut):
        search.fit(X, y)
    Cutting.last = None
    return search


def give_to_another_machine(url):
    """Let the one running trial look as if it ran on another machine; return its id."""
    storage = RDBStorage(url)
    [trial] = [t for t in storage.get_all_trials(1) if t.state.name == "RUNNING"]
    mark = {"host": "elsewhere", "pid": 1, "began": None, "fit": "another"}
    assert storage.take_over(trial._trial_id, "skhpo:worker", None, mark)
    return trial._trial_id


def test_a_candidate_of_a_silent_worker_on_another_machine_is_taken_over(url, monkeypatch):
    search = cut_search(url)
    trial_id = give_to_another_machine(url)
    RDBStorage(url).record_heartbeats([trial_id])
    monkeypatch.setattr("skhpo.search.persistence._checkpoint.GRACE", 2.0)
    search.fit(X, y)
    whole = clone(search).set_params(storage=None).fit(X, y)
    assert search.cv_results_["params"][:3] == whole.cv_results_["params"][:3]
    assert len(search.cv_results_["params"]) == 6
    assert "RUNNING" not in {trial.state.name for trial in search.study_.trials}


def test_a_candidate_of_a_living_worker_on_another_machine_is_awaited(url):
    search = cut_search(url)
    trial_id = give_to_another_machine(url)
    RDBStorage(url).record_heartbeats([trial_id])
    with pytest.warns(SearchInterruptedWarning, match="timeout"):
        search.set_params(timeout=2.0).fit(X, y)
    [running] = [t for t in search.study_.trials if t.state.name == "RUNNING"]
    assert running.system_attrs["skhpo:worker"]["host"] == "elsewhere"
    assert len(search.cv_results_["params"]) == 5
