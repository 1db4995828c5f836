"""Data, splits, scorers and failures: as scikit-learn's searches take them."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning, UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    RepeatedKFold,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.neighbors import KernelDensity
from sklearn.tree import DecisionTreeClassifier

from skhpo import RandomSearchCV, TPESearchCV
from tests.search.estimators import Failing, Scored

X, y = load_iris(return_X_y=True)
tree = DecisionTreeClassifier(random_state=0)
depth = {"max_depth": randint(1, 9)}


def small(estimator=tree, space=depth, **settings):
    settings = {"n_iter": 5, "cv": 3, "random_state": 0, "error_score": "raise"} | settings
    return TPESearchCV(estimator, space, **settings)


# ------------------------------------------------------------------------------- data


def test_pandas_input_gives_feature_names():
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    search = small().fit(frame, pd.Series(y))
    assert search.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    assert not hasattr(small(refit=False).fit(frame, y), "feature_names_in_")
    assert not hasattr(small().fit(X, y), "feature_names_in_")


def test_polars_input_gives_feature_names():
    frame = pl.DataFrame(X, schema=["a", "b", "c", "d"])
    search = small().fit(frame, pl.Series(y))
    if hasattr(DecisionTreeClassifier().fit(frame, y), "feature_names_in_"):  # not all versions
        assert search.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    assert search.score(frame, y) > 0.9


def test_lists_are_data_too():
    assert small().fit(X.tolist(), y.tolist()).best_score_ == small().fit(X, y).best_score_


def test_the_estimator_sees_the_users_container():
    class Sees(Scored):
        def fit(self, X, y):
            assert isinstance(X, pd.DataFrame)
            assert isinstance(y, pd.Series)
            return super().fit(X, y)

        def score(self, X, y):
            return 0.0

    small(Sees(), {"k": [1, 2]}).fit(pd.DataFrame(X), pd.Series(y))


@pytest.mark.parametrize(
    ("estimator", "space"),
    [
        (KMeans(n_init=1), {"n_clusters": [2, 3, 4]}),
        (KernelDensity(), {"bandwidth": loguniform(0.1, 3)}),
    ],
)
def test_an_unsupervised_estimator_needs_no_y(estimator, space):
    search = small(estimator, space).fit(X)
    assert search.best_index_ == np.nanargmax(search.cv_results_["mean_test_score"])


def test_data_of_unequal_lengths_is_an_error():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        small().fit(X, y[:-1])


# ----------------------------------------------------------------------------- splits


@pytest.mark.parametrize(
    "cv", [ShuffleSplit(3), StratifiedKFold(3, shuffle=True), RepeatedKFold(n_splits=2)]
)
def test_a_shuffling_splitter_without_a_seed_gives_all_candidates_the_same_folds(cv):
    class Notes(BaseEstimator):
        seen = {}

        def __init__(self, x=0):
            self.x = x

        def fit(self, X, y):
            Notes.seen.setdefault(self.x, set()).add(tuple(X[:, 0]))
            return self

        def score(self, X, y):
            return 0.0

    small(Notes(), {"x": [1, 2, 3]}, cv=cv, pruner=None, refit=False).fit(
        np.arange(60.0)[:, None], np.arange(60) % 2
    )
    first, second, third = Notes.seen.values()
    assert first == second == third
    assert len(first) > 1


def test_splits_may_come_from_a_generator():
    search = small(cv=KFold(4).split(X)).fit(X, y)
    assert search.n_splits_ == 4
    assert "split3_test_score" in search.cv_results_


def test_splits_may_be_a_list():
    splits = [(np.arange(100), np.arange(100, 150)), (np.arange(50, 150), np.arange(50))]
    assert small(cv=splits).fit(X, y).n_splits_ == 2


def test_one_split_is_enough():
    split = [(np.arange(0, 150, 2), np.arange(1, 150, 2))]
    search = small(cv=split).fit(X, y)
    assert search.best_score_ > 0.9
    assert (search.cv_results_["status"] == "complete").all()


@pytest.mark.parametrize("cv", [GroupKFold(3), LeaveOneGroupOut()])
def test_groups_reach_the_splitter(cv):
    groups = np.arange(150) % 4
    search = small(cv=cv).fit(X, y, groups=groups)
    assert search.n_splits_ == cv.get_n_splits(X, y, groups)
    with pytest.raises(ValueError, match="groups"):
        small(cv=cv).fit(X, y)


def test_a_splitter_without_splits_is_an_error():
    with pytest.raises(ValueError, match="No fits were performed"):
        small(cv=iter([])).fit(X, y)


# ---------------------------------------------------------------------------- scoring


def both(estimator, X, y):
    return {
        "accuracy": accuracy_score(y, estimator.predict(X)),
        "loss": -log_loss(y, estimator.predict_proba(X)),
    }


@pytest.mark.parametrize(
    "scoring",
    [
        ["accuracy", "neg_log_loss"],
        ("accuracy", "neg_log_loss"),
        {"accuracy": "accuracy", "neg_log_loss": "neg_log_loss"},
    ],
)
def test_several_metrics_make_several_columns(scoring):
    search = small(scoring=scoring, refit="neg_log_loss", pruner=None).fit(X, y)
    results = search.cv_results_
    assert search.multimetric_
    assert search.best_index_ == results["mean_test_neg_log_loss"].argmax()
    assert search.best_score_ == results["mean_test_neg_log_loss"].max()
    assert {"rank_test_accuracy", "split2_test_accuracy"} < results.keys()
    assert search.scorer_.keys() == {"accuracy", "neg_log_loss"}


def test_the_search_follows_the_metric_that_refit_names():
    space = {"max_depth": randint(1, 9)}
    search = small(tree, space, scoring=["accuracy", "neg_log_loss"], refit="neg_log_loss")
    search.fit(X, y)
    losses = search.cv_results_["mean_test_neg_log_loss"]
    told = [t.value for t in search.study_.trials if t.state.name == "COMPLETE"]
    assert told == losses[search.cv_results_["status"] == "complete"].tolist()


def test_without_refit_the_search_follows_the_first_metric():
    search = small(scoring=["neg_log_loss", "accuracy"], refit=False, pruner=None).fit(X, y)
    told = [trial.value for trial in search.study_.trials]
    assert told == search.cv_results_["mean_test_neg_log_loss"].tolist()
    assert not hasattr(search, "best_index_")


def test_several_metrics_need_a_refit_that_names_one():
    with pytest.raises(ValueError, match="refit"):
        small(scoring=["accuracy", "neg_log_loss"]).fit(X, y)
    with pytest.raises(ValueError, match="refit"):
        small(scoring=both, refit="recall").fit(X, y)


def test_a_callable_may_give_several_metrics():
    search = small(scoring=both, refit="loss", pruner=None).fit(X, y)
    assert search.best_index_ == search.cv_results_["mean_test_loss"].argmax()


def test_a_callable_may_give_one_metric():
    search = small(scoring=lambda e, X, y: accuracy_score(y, e.predict(X)), pruner=None).fit(X, y)
    named = small(scoring="accuracy", pruner=None).fit(X, y)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], named.cv_results_["mean_test_score"]
    )


def test_a_callable_refit_chooses_the_candidate():
    def shallowest(results):
        complete = results["status"] == "complete"
        depths = np.where(complete, results["param_max_depth"].astype(int), 99)
        return int(depths.argmin())

    search = small(refit=shallowest, pruner=None, n_iter=8).fit(X, y)
    assert search.best_params_["max_depth"] == min(
        params["max_depth"] for params in search.cv_results_["params"]
    )
    assert search.best_estimator_.max_depth == search.best_params_["max_depth"]
    assert not hasattr(search, "best_score_")


@pytest.mark.parametrize("index", [-1, 99])
def test_a_refit_that_chooses_no_candidate_is_an_error(index):
    with pytest.raises(IndexError, match="best_index_ index out of range"):
        small(refit=lambda results: index).fit(X, y)


# --------------------------------------------------------------------------- metadata


def test_with_routing_metadata_that_nobody_requested_is_an_error():
    with sklearn.config_context(enable_metadata_routing=True):
        search = small(LogisticRegression(), {"C": [1, 2]})
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            search.fit(X, y, sample_weight=np.ones(150))


def test_with_routing_metadata_goes_where_it_was_requested():
    class Weighed(Scored):
        def fit(self, X, y, sample_weight=None):
            assert len(sample_weight) == len(X)
            return super().fit(X, y)

    with sklearn.config_context(enable_metadata_routing=True):
        search = small(Weighed().set_fit_request(sample_weight=True), {"k": [1, 2]})
        search.fit(X, y, sample_weight=np.ones(150))
        router = search.get_metadata_routing()
    assert {"estimator", "scorer", "splitter"} <= set(router._route_mappings)


def test_fit_parameters_are_cut_to_the_fold():
    class Takes(Scored):
        def fit(self, X, y, note=None, constant=None):
            assert len(note) == len(X)
            assert constant == "as it is"
            return super().fit(X, y)

    small(Takes(), {"k": [1, 2]}).fit(X, y, note=np.arange(150), constant="as it is")


# --------------------------------------------------------------------------- failures


def kinds(*values):
    return {"kind": list(values), "k": [1, 2]}


def test_a_failing_fit_raises_if_so_asked():
    with pytest.raises(ValueError, match="this kind cannot be fitted"):
        small(Failing(), kinds("good", "bad"), error_score="raise").fit(X, y)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_failed_candidates_rank_last_and_a_warning_sums_them_up(n_jobs):
    search = small(Failing(), kinds("good", "bad"), error_score=np.nan, n_jobs=n_jobs, n_iter=4)
    with pytest.warns(FitFailedWarning, match="this kind cannot be fitted"):
        search.fit(X, y)
    bad = search.cv_results_["param_kind"] == "bad"
    assert ((search.cv_results_["status"] == "failed") == bad).all()
    assert search.best_params_["kind"] == "good"
    ranks = search.cv_results_["rank_test_score"]
    assert ranks[bad].min() > ranks[search.cv_results_["status"] == "complete"].max()
    states = [trial.state.name for trial in search.study_.trials]
    numbers = search.cv_results_["trial_number"]
    assert [states[number] == "FAIL" for number in numbers] == bad.tolist()


def test_a_failed_candidate_is_not_run_further_unless_there_is_no_pruner():
    space = kinds("bad", "good")
    with pytest.warns(FitFailedWarning):
        search = small(Failing(), space, error_score=np.nan, n_iter=4).fit(X, y)
    bad = search.cv_results_["param_kind"] == "bad"
    assert (search.cv_results_["n_splits_evaluated"][bad] == 1).all()
    with pytest.warns(FitFailedWarning):
        search = small(Failing(), space, error_score=np.nan, n_iter=4, pruner=None).fit(X, y)
    assert (search.cv_results_["n_splits_evaluated"] == 3).all()


def test_a_number_as_the_error_score_counts_as_a_score():
    search = small(Failing(), kinds("good", "bad"), error_score=-7.0, pruner=None, n_iter=4)
    with pytest.warns(FitFailedWarning):
        search.fit(X, y)
    bad = search.cv_results_["param_kind"] == "bad"
    assert (search.cv_results_["mean_test_score"][bad] == -7.0).all()
    assert (search.cv_results_["status"] == "complete").all()


@pytest.mark.parametrize("error_score", [np.nan, 0.0])
@pytest.mark.parametrize("pruner", ["auto", None])
def test_if_all_fits_fail_the_search_fails(error_score, pruner):
    search = small(Failing(), kinds("bad"), error_score=error_score, pruner=pruner)
    with pytest.raises(ValueError, match=r"(?s)All the \d+ fits failed.*cannot be fitted"):
        search.fit(X, y)


@pytest.mark.parametrize("scoring", [both, ["accuracy"], {"loss": "neg_log_loss"}])
def test_if_all_fits_fail_the_search_fails_with_several_metrics_too(scoring):
    search = small(Failing(), kinds("bad"), error_score=np.nan, scoring=scoring, refit=False)
    with pytest.raises(ValueError, match=r"(?s)All the \d+ fits failed"):
        search.fit(X, y)


@pytest.mark.parametrize("first", [2, 3])
def test_some_fits_may_fail_with_a_callable_that_gives_several_metrics(first):
    class FailingTree(DecisionTreeClassifier):
        def fit(self, X, y):
            if self.max_depth == 2:
                raise ValueError("no depth of two")
            return super().fit(X, y)

    search = small(FailingTree(), {"max_depth": [2, 3, 4]}, scoring=both, refit="loss",
                   error_score=np.nan, enqueue=[{"max_depth": first}])  # fmt: skip
    with pytest.warns(FitFailedWarning, match="no depth of two"):
        search.fit(X, y)
    bad = search.cv_results_["param_max_depth"] == 2
    assert np.isnan(search.cv_results_["mean_test_loss"][bad]).all()
    assert search.best_params_["max_depth"] > 2


def test_a_scorer_that_fails_makes_the_candidate_fail():
    def scoring(estimator, X, y):
        if estimator.max_depth == 2:
            raise ValueError("cannot score")
        return 1.0

    search = small(tree, {"max_depth": [2, 3]}, scoring=scoring, error_score=np.nan)
    with pytest.warns(UserWarning, match="Scoring failed"):
        search.fit(X, y)
    assert search.best_params_ == {"max_depth": 3}
    assert sorted(search.cv_results_["status"]) == ["complete", "failed"]


def test_a_search_that_prunes_does_not_warn_of_missing_scores():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search = RandomSearchCV(Scored(), {"x": loguniform(1e-3, 1)}, n_iter=30, random_state=0)
        search.fit(X, y)
    assert "pruned" in search.cv_results_["status"]


def test_minimal_estimators_that_derive_from_nothing_are_searched():
    from sklearn.utils._testing import MinimalClassifier, MinimalRegressor

    for Minimal in (MinimalClassifier, MinimalRegressor):
        search = small(Minimal(), {"param": [1, 10]}).fit(X, y)
        assert search.best_params_["param"] in (1, 10)
