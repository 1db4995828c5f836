"""With a seed, early stopping depends neither on the number of workers nor on being cut."""

import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import skhpo
from skhpo import TPESearchCV
from skhpo.boosting import EarlyStopping
from skhpo.exceptions import StudyMismatchError
from skhpo.samplers import TPESampler
from tests.boosting.boosters import FAMILIES

X, y = load_breast_cancer(return_X_y=True)
X, y = X[:200, :6], y[:200]
DEPTH = {"xgboost": "max_depth", "lightgbm": "num_leaves", "catboost": "depth", "hist": "max_depth"}


def make(family, **settings):
    model = FAMILIES[family].make("classifier")
    space = {"learning_rate": loguniform(0.02, 0.9), DEPTH[family]: randint(2, 6)}
    settings = {
        "n_iter": 8,
        "cv": 3,
        "random_state": 3,
        "pre_dispatch": 2,
        "early_stopping": EarlyStopping(rounds=4, on="inner", validation_fraction=0.3),
    } | settings
    return TPESearchCV(model, space, **settings)


def table(search):
    """All of ``cv_results_`` but the times, as texts: NaN equals NaN."""
    return {
        name: [repr(value) for value in column]
        for name, column in search.cv_results_.items()
        if "time" not in name
    }


def test_the_default_sampler_knows_that_small_learning_rates_need_more_rounds():
    default = make("lightgbm", n_iter=16).fit(X, y)
    blind = make("lightgbm", n_iter=16, sampler=TPESampler()).fit(X, y)
    rates = [
        np.log([params["learning_rate"] for params in found.cv_results_["params"]])
        for found in (default, blind)
    ]
    np.testing.assert_array_equal(rates[0][:6], rates[1][:6])  # before anything was learned
    assert rates[0][6:].mean() > rates[1][6:].mean() + 0.2


@pytest.mark.parametrize("on", ["fold", "inner"])
@pytest.mark.parametrize("family", ["xgboost", "hist"])
def test_one_worker_and_two_processes_find_the_same(family, on):
    stopping = EarlyStopping(rounds=4, on=on, validation_fraction=0.3)
    one, two = (make(family, n_jobs=n_jobs, early_stopping=stopping).fit(X, y) for n_jobs in (1, 2))

    assert table(one) == table(two)
    assert one.best_params_ == two.best_params_
    assert np.array_equal(one.predict(X), two.predict(X))
    assert "split2_best_iteration" in table(one)


class Cut(BaseException):
    """The end of a process, as far as a search can tell."""


def cut_at(number):
    """A callback that ends the search after so many candidates."""

    def callback(study, trial):
        if trial.number == number:
            raise Cut

    return callback


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stored_search_that_was_cut_ends_with_the_same_best_iterations(family, tmp_path):
    whole = make(family).fit(X, y)
    url = f"sqlite:///{tmp_path}/search.db"
    with pytest.raises(Cut):
        make(family, storage=url, study_name="one", callbacks=[cut_at(4)]).fit(X, y)
    n_before = len(skhpo.load_study(study_name="one", storage=url).trials)
    resumed = make(family, storage=url, study_name="one").fit(X, y)

    assert 4 < n_before <= 8
    assert table(resumed) == table(whole)
    assert resumed.best_params_ == whole.best_params_
    assert FAMILIES[family].rounds in resumed.best_params_


def test_a_stored_search_that_is_complete_fits_no_fold_again(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/search.db"
    first = make("hist", storage=url).fit(X, y)
    cls = type(FAMILIES["hist"].make("classifier"))
    n_rows, own_fit = [], cls.fit

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        n_rows.append(len(X))
        return own_fit(self, X, y, sample_weight, X_val=X_val, y_val=y_val)

    monkeypatch.setattr(cls, "fit", fit)
    again = make("hist", storage=url).fit(X, y)

    assert n_rows == [200]  # the refit
    assert table(again) == table(first)
    assert again.best_params_ == first.best_params_


@pytest.mark.parametrize(
    "other",
    [None, "fold", EarlyStopping(rounds=5, on="inner", validation_fraction=0.3)],
)
def test_a_study_is_not_gone_on_with_under_other_early_stopping(other, tmp_path):
    url = f"sqlite:///{tmp_path}/search.db"
    make("hist", storage=url, study_name="one", n_iter=2).fit(X, y)

    with pytest.raises(StudyMismatchError, match="early stopping"):
        make("hist", storage=url, study_name="one", n_iter=2, early_stopping=other).fit(X, y)


def mean_loss(model, X, y):
    """A metric of one's own."""
    return -float(np.mean(model.predict(X) != y))


def test_a_study_knows_a_metric_of_ones_own_by_its_name(tmp_path):
    """Its address is another in each process: the search could not be gone on with."""
    url = f"sqlite:///{tmp_path}/search.db"
    settings = {"storage": url, "study_name": "one", "n_iter": 2}
    own = EarlyStopping(rounds=4, metric=mean_loss)
    make("hist", early_stopping=own, **settings).fit(X, y)

    with pytest.raises(StudyMismatchError, match="mean_loss") as caught:
        make("hist", early_stopping="fold", **settings).fit(X, y)
    assert " at 0x" not in str(caught.value)


@pytest.mark.parametrize("family", ["xgboost", "hist"])
def test_a_pipeline_in_worker_processes_finds_what_it_does_in_this_one(family):
    found = []
    for n_jobs in (1, 2):
        model = FAMILIES[family].make("classifier")
        pipeline = Pipeline([("scale", StandardScaler()), ("model", model)])
        space = {"model__learning_rate": [0.1, 0.3, 0.5]}
        settings = {"n_iter": 3, "cv": 3, "random_state": 0, "pre_dispatch": 2}
        one = TPESearchCV(pipeline, space, early_stopping="fold", n_jobs=n_jobs, **settings)
        found.append(table(one.fit(X, y)))

    assert found[0] == found[1]
