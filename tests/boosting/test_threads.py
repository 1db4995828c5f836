"""Workers times the threads of a booster do not exceed the cores, unless the user wants it so."""

import functools

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skhpo.boosting import limit_threads, limited, threads_each
from tests.boosting.boosters import FAMILIES, search

X, y = load_diabetes(return_X_y=True)
X, y = X[:120], y[:120]

NAMES = {"xgboost": "n_jobs", "lightgbm": "n_jobs", "catboost": "thread_count"}
N_CORES = 8


@pytest.fixture(autouse=True)
def cores(monkeypatch):
    """As if the machine had eight cores; no fit really uses so many."""
    monkeypatch.setattr("skhpo.boosting._threads.cpu_count", lambda: N_CORES)


@pytest.fixture(params=NAMES)
def family(request):
    return request.param


@pytest.fixture
def make(family, monkeypatch):
    """Make a booster whose class notes the parameters of each fit, and learns on one thread."""
    by_hand, name = FAMILIES[family], NAMES[family]
    cls = type(by_hand.make("regressor"))
    used, own_fit = [], cls.fit

    @functools.wraps(own_fit)
    def fit(self, X, y, *args, **params):
        used.append({"n_rows": len(X)} | self.get_params())
        self.set_params(**{name: 1})
        return own_fit(self, X, y, *args, **params)

    def make(**params):
        given = by_hand.make("regressor", **{by_hand.rounds: 5}).get_params()
        del given[name]
        return cls(**given | params)

    monkeypatch.setattr(cls, "fit", fit)
    make.used = used
    return make


def run(model, space, n_jobs=2, **settings):
    with joblib.parallel_config("threading"):
        return search(model, space, n_jobs=n_jobs, **settings).fit(X, y)


@pytest.mark.parametrize("n_workers", [2, 3, 8, 20])
@pytest.mark.parametrize("early_stopping", [None, "fold"])
def test_each_of_several_workers_has_its_share_of_the_cores(
    make, family, n_workers, early_stopping
):
    run(make(), {"learning_rate": [0.3]}, n_workers, early_stopping=early_stopping, refit=False)

    expected = max(1, N_CORES // n_workers)
    assert [fit[NAMES[family]] for fit in make.used] == [expected] * 3


def test_one_worker_leaves_the_booster_as_it_is(make, family):
    run(make(), {"learning_rate": [0.3]}, n_jobs=1, refit=False)

    assert [fit.get(NAMES[family]) for fit in make.used] == [None] * 3


@pytest.mark.parametrize("n_jobs", [2, 1])
def test_the_refit_runs_alone_and_has_all_the_cores(make, family, n_jobs):
    found = run(make(), {"learning_rate": [0.3]}, n_jobs, early_stopping="fold")

    assert [fit["n_rows"] for fit in make.used] == [80, 80, 80, 120]
    assert make.used[-1].get(NAMES[family]) is None
    assert NAMES[family] not in found.best_params_


@pytest.mark.parametrize("early_stopping", [None, "inner"])
def test_what_the_user_has_set_is_kept_in_folds_and_refit(make, family, early_stopping):
    run(make(**{NAMES[family]: 3}), {"learning_rate": [0.3]}, early_stopping=early_stopping)

    assert [fit[NAMES[family]] for fit in make.used] == [3] * 4


def test_what_the_space_sets_is_kept_too(make, family):
    run(make(), {NAMES[family]: [5]}, refit=False)

    assert [fit[NAMES[family]] for fit in make.used] == [5] * 3


def test_a_booster_at_the_end_of_pipelines_has_its_share(make, family):
    inner = Pipeline([("scale", StandardScaler()), ("model", make())])
    pipeline = Pipeline([("scale", StandardScaler()), ("inner", inner)])
    run(pipeline, {"inner__model__learning_rate": [0.3]}, early_stopping="fold")

    assert [fit.get(NAMES[family]) for fit in make.used] == [4, 4, 4, None]


@pytest.mark.parametrize("family", ["xgboost", "lightgbm"], indirect=True)
def test_a_booster_that_the_space_puts_in_place_has_its_share(make, family):
    pipeline = Pipeline([("scale", StandardScaler()), ("model", Ridge())])
    run(pipeline, {"model": [make()]}, early_stopping="fold")

    assert [fit.get(NAMES[family]) for fit in make.used] == [4, 4, 4, None]


@pytest.mark.parametrize(
    ("family", "alias"),
    [
        ("xgboost", "nthread"),
        ("lightgbm", "num_threads"),
        ("lightgbm", "num_thread"),
        ("lightgbm", "nthread"),
        ("lightgbm", "nthreads"),
    ],
    indirect=["family"],
)
def test_the_user_may_have_set_it_by_another_name(make, family, alias):
    run(make(**{alias: 3}), {"learning_rate": [0.3]})

    assert [(fit[alias], fit.get("n_jobs")) for fit in make.used] == [(3, None)] * 4


def test_scores_do_not_depend_on_it():
    by_hand = FAMILIES["xgboost"]
    model = by_hand.make("regressor")
    model.set_params(n_jobs=None)
    one, two = (
        run(model, {"learning_rate": [0.3]}, n_jobs, refit=False, early_stopping="fold")
        for n_jobs in (1, N_CORES)
    )

    assert one.cv_results_["mean_test_score"] == pytest.approx(two.cv_results_["mean_test_score"])
    assert one.cv_results_["mean_best_iteration"] == two.cv_results_["mean_best_iteration"]


@pytest.mark.parametrize(("n_workers", "expected"), [(1, 8), (2, 4), (3, 2), (8, 1), (9, 1)])
def test_the_cores_are_shared_and_nobody_has_none(n_workers, expected):
    assert threads_each(n_workers) == expected


@pytest.mark.parametrize("value", [Ridge(), Ridge, "passthrough", None, 3, np.array([1.0])])
def test_values_that_are_no_boosters_are_left_as_they_are(value):
    assert limited(value, 2) is value


def test_the_users_own_object_is_not_changed():
    model = FAMILIES["xgboost"].make("regressor", n_jobs=None)
    copy = limited(model, 2)

    assert copy is not model
    assert (copy.n_jobs, model.n_jobs) == (2, None)
    limit_threads(Ridge(), 2)  # has no threads, and no parameter of that name
