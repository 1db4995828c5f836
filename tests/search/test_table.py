"""``cv_results_``: its order, and what it says of candidates that were stopped."""

import itertools
import warnings

import numpy as np
import pytest
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, ParameterGrid
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

import skhpo
from skhpo import (
    GPSearchCV,
    HyperbandSearchCV,
    ParetoSearchCV,
    RandomSearchCV,
    SearchInterruptedWarning,
    TPESearchCV,
)
from skhpo.history import PREDICTED_VALUE
from skhpo.pruners import MedianPruner
from skhpo.trial import TrialState
from tests.search.estimators import Failing, Scored, Slow

X, y = load_iris(return_X_y=True)
SPACE = {"x": uniform(0, 1)}
GRID = {"x": [0.9, 0.1, 0.5], "k": [4, 3, 6, 5]}


# ------------------------------------------------------------------------------ the order


@pytest.mark.parametrize("Search", [TPESearchCV, RandomSearchCV, GPSearchCV])
def test_a_grid_that_is_tried_whole_has_the_order_of_a_parameter_grid(Search):
    search = Search(Scored(), GRID, random_state=0, cv=2).fit(X, y)
    assert search.cv_results_["params"] == list(ParameterGrid(GRID))
    assert search.best_params_ == search.cv_results_["params"][search.best_index_]
    assert search.best_score_ == np.nanmax(search.cv_results_["mean_test_score"])


def test_a_heatmap_is_the_one_of_grid_search():
    grid = {"gamma": [1e-3, 1e-2, 0.1], "C": [0.1, 1, 10, 100]}
    ours = TPESearchCV(SVC(), grid, pruner=None, random_state=0).fit(X, y)
    theirs = GridSearchCV(SVC(), grid).fit(X, y)
    np.testing.assert_array_equal(
        ours.cv_results_["mean_test_score"].reshape(4, 3),
        theirs.cv_results_["mean_test_score"].reshape(4, 3),
    )
    assert ours.best_index_ == theirs.best_index_  # of equals, too
    assert ours.best_params_ == theirs.best_params_


@pytest.mark.parametrize(
    "grid",
    [
        [{"k": [5, 2]}, {"x": [0.4, 0.2], "k": [1, 9]}],
        [{"kind": ["b", "a"]}, {"kind": ["a"], "x": [0.1]}],
        {"x": np.array([0.3, 0.1]), "kind": ["b", "a"]},
        {"k": range(1, 6)},
    ],
)
def test_branches_and_arrays_keep_the_order_of_a_parameter_grid(grid):
    search = RandomSearchCV(Scored(), grid, random_state=0, cv=2).fit(X, y)
    assert search.cv_results_["params"] == list(ParameterGrid(grid))


def test_estimators_among_the_choices_keep_the_order_too():
    pipe = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())])
    grid = {"scale": [MinMaxScaler(), "passthrough", StandardScaler()], "model__C": [1.0, 0.1]}
    search = TPESearchCV(pipe, grid, random_state=0, cv=2).fit(X, y)
    assert search.cv_results_["params"] == list(ParameterGrid(grid))


def test_a_candidate_that_a_grid_has_twice_stands_where_it_comes_first():
    grid = {"x": [0.5, 0.1, 0.5], "kind": ["b", "b", "a"]}
    search = RandomSearchCV(Scored(), grid, random_state=0, cv=2).fit(X, y)
    first = dict.fromkeys((p["kind"], p["x"]) for p in ParameterGrid(grid))
    assert [(p["kind"], p["x"]) for p in search.cv_results_["params"]] == list(first)


@pytest.mark.parametrize("settings", [{"n_iter": 5}, {"n_iter": 20, "space": SPACE}])
def test_other_tables_have_the_order_in_which_candidates_were_tried(settings):
    space = settings.pop("space", GRID)
    search = RandomSearchCV(Scored(), space, cv=2, random_state=0, **settings).fit(X, y)
    assert list(search.cv_results_["trial_number"]) == list(range(settings["n_iter"]))
    trials = search.study_.trials
    assert search.cv_results_["params"] == [trial.params for trial in trials]


def test_a_grid_that_was_cut_short_has_the_order_in_which_candidates_were_tried():
    grid = {"x": np.linspace(0, 1, 30), "k": [4, 3, 2]}
    search = RandomSearchCV(Slow(), grid, n_iter=90, cv=2, timeout=0.4, random_state=0)
    with pytest.warns(SearchInterruptedWarning):
        search.fit(X, y)
    numbers = search.cv_results_["trial_number"]
    assert 0 < len(numbers) < 90
    assert list(numbers) == sorted(numbers)


def test_the_trial_number_leads_from_a_row_to_its_trial():
    search = TPESearchCV(Scored(), GRID, cv=3, random_state=0).fit(X, y)
    trials = search.study_.trials
    numbers = search.cv_results_["trial_number"]
    assert sorted(numbers) == list(range(12)) != list(numbers)
    for row, number in enumerate(numbers):
        assert trials[number].params == search.cv_results_["params"][row]
        if search.cv_results_["status"][row] == "complete":
            assert trials[number].value == search.cv_results_["mean_test_score"][row]


def test_a_stored_grid_that_is_gone_on_with_ends_in_the_order_of_the_grid(tmp_path):
    stored = {"storage": f"sqlite:///{tmp_path}/search.db", "study_name": "grid"}
    settings = {"cv": 2, "random_state": 0} | stored
    part = RandomSearchCV(Scored(), GRID, n_iter=5, **settings).fit(X, y)
    assert list(part.cv_results_["trial_number"]) == [0, 1, 2, 3, 4]
    whole = RandomSearchCV(Scored(), GRID, n_iter=12, **settings).fit(X, y)
    assert whole.cv_results_["params"] == list(ParameterGrid(GRID))


def test_the_front_of_a_grid_is_told_in_rows_of_the_table():
    search = ParetoSearchCV(
        Scored(), {"x": [0.9, 0.3, 0.1], "k": [9, 4, 1]}, objectives={"a": by_x, "b": by_k},
        refit="a", cv=2, random_state=0,
    ).fit(X, y)  # fmt: skip
    table = search.cv_results_
    assert table["params"] == list(ParameterGrid({"x": [0.9, 0.3, 0.1], "k": [9, 4, 1]}))
    assert [table["params"][row] for row in search.pareto_front_] == [{"x": 0.9, "k": 9}]
    assert search.best_params_ == {"x": 0.9, "k": 9}
    np.testing.assert_array_equal(search.values_[:, 0], table["mean_test_a"])


def by_x(estimator, X, y):
    return estimator.x


def by_k(estimator, X, y):
    return float(estimator.k)


def test_the_gain_over_the_given_estimator_is_that_over_its_own_row():
    # The given estimator is the best, and in the middle of the grid: there is no gain to warn of.
    grid = {"x": list(np.linspace(0.0, 0.6, 13)), "kind": ["b"]}
    search = TPESearchCV(Scored(x=0.3, kind="b"), grid, pruner=None, cv=4, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", skhpo.exceptions.SearchOverfitWarning)
        search.fit(np.zeros((40, 1)), np.arange(40) % 2)
    assert search.best_params_["x"] == pytest.approx(0.3)
    assert search.cv_results_["trial_number"][search.best_index_] == 0


# ------------------------------------------------------------------- what was predicted


@pytest.mark.parametrize("pruner", ["auto", MedianPruner(n_startup_trials=3)])
def test_every_candidate_has_a_prediction_which_is_the_mean_where_that_is_known(pruner):
    search = RandomSearchCV(Scored(), SPACE, n_iter=25, cv=5, pruner=pruner, random_state=0)
    table = search.fit(X, y).cv_results_
    predicted, error = table["predicted_test_score"], table["std_error_predicted_test_score"]
    complete, pruned = table["status"] == "complete", table["status"] == "pruned"
    assert pruned.sum() >= 5
    np.testing.assert_array_equal(predicted[complete], table["mean_test_score"][complete])
    assert (error[complete] == 0.0).all()
    assert np.isfinite(predicted).all()
    assert (error[pruned] > 0.0).all()


def test_the_prediction_of_a_stopped_candidate_is_that_of_the_study():
    search = RandomSearchCV(Scored(), SPACE, n_iter=25, cv=5, random_state=0).fit(X, y)
    np.testing.assert_array_equal(
        search.cv_results_["predicted_test_score"], values_or_predictions(search.study_)
    )


def values_or_predictions(study):
    """The values of complete trials, and the predictions of stopped ones."""
    return [trial.system_attrs.get(PREDICTED_VALUE, trial.value) for trial in study.trials]


def test_a_prediction_is_never_a_value_of_a_trial():
    seen = []
    search = RandomSearchCV(
        Scored(), SPACE, n_iter=25, cv=5, random_state=0,
        callbacks=[lambda study, trial: seen.append((trial.state, trial.value))],
    ).fit(X, y)  # fmt: skip
    pruned = [trial for trial in search.study_.trials if trial.state == TrialState.PRUNED]
    assert pruned
    assert all(trial.value is None for trial in pruned)
    assert {value for state, value in seen if state == TrialState.PRUNED} == {None}


def test_predictions_are_near_what_a_whole_run_gives():
    settings = {"n_iter": 40, "cv": 5, "random_state": 0}
    raced = RandomSearchCV(SVC(), {"C": uniform(0.001, 1.0)}, **settings).fit(X, y).cv_results_
    whole = RandomSearchCV(SVC(), {"C": uniform(0.001, 1.0)}, pruner=None, **settings).fit(X, y)
    pruned = raced["status"] == "pruned"
    assert pruned.any()
    truth = whole.cv_results_["mean_test_score"][pruned]
    miss = np.abs(raced["predicted_test_score"][pruned] - truth)
    assert np.median(miss) < 0.05
    assert np.mean(miss <= 3.0 * raced["std_error_predicted_test_score"][pruned] + 1e-9) > 0.6


def test_every_metric_has_its_prediction():
    search = RandomSearchCV(
        Scored(), SPACE, n_iter=25, cv=5, scoring={"up": by_x_and_fold, "down": by_minus_x},
        refit="up", random_state=0,
    ).fit(X, y)  # fmt: skip
    table = search.cv_results_
    pruned = table["status"] == "pruned"
    assert pruned.any()
    for metric in ("up", "down"):
        assert np.isfinite(table[f"predicted_test_{metric}"]).all()
    np.testing.assert_allclose(table["predicted_test_down"], [-p["x"] for p in table["params"]])
    np.testing.assert_array_equal(table["predicted_test_up"], values_or_predictions(search.study_))


def by_x_and_fold(estimator, X, y):
    return estimator.x + 0.01 * np.sin(float(np.sum(X)))


def by_minus_x(estimator, X, y):
    return -estimator.x


def test_with_several_objectives_each_has_its_prediction_costs_too():
    cost = skhpo.Cost(lambda model: model.k, "k")
    search = ParetoSearchCV(
        Scored(), {"x": uniform(0, 1), "k": list(range(1, 9))},
        objectives=[by_x_and_fold, cost], n_iter=30, cv=5, random_state=0,
    ).fit(X, y)  # fmt: skip
    table = search.cv_results_
    assert "pruned" in table["status"]
    np.testing.assert_allclose(table["predicted_k"], [p["k"] for p in table["params"]], rtol=1e-6)
    miss = table["predicted_test_by_x_and_fold"] - [p["x"] for p in table["params"]]
    assert np.abs(miss).max() < 0.05


def test_a_failed_candidate_has_no_prediction():
    space = {"kind": ["bad", "good"], "k": [1, 2, 3]}
    search = RandomSearchCV(Failing(), space, cv=3, random_state=0)
    with pytest.warns(FitFailedWarning):
        table = search.fit(X, y).cv_results_
    failed = table["status"] == "failed"
    assert failed.sum() == 3
    assert np.isnan(table["predicted_test_score"][failed]).all()
    assert np.isnan(table["std_error_predicted_test_score"][failed]).all()


def test_along_a_resource_the_prediction_is_the_score_with_the_most_that_was_given():
    space = {"C": loguniform(1e-4, 10)}
    search = HyperbandSearchCV(SVC(), space, n_iter=12, cv=3, random_state=0)
    table = search.fit(X, y).cv_results_
    pruned = table["status"] == "pruned"
    assert pruned.any()
    folds = np.stack([table[f"split{k}_test_score"] for k in range(3)])
    np.testing.assert_allclose(table["predicted_test_score"], folds.mean(axis=0))
    assert np.isnan(table["std_error_predicted_test_score"][pruned]).all()
    assert (table["std_error_predicted_test_score"][~pruned] == 0.0).all()


def test_predictions_come_back_with_a_stored_search(tmp_path):
    settings = {"n_iter": 20, "cv": 5, "random_state": 0}
    stored = {"storage": f"sqlite:///{tmp_path}/search.db", "study_name": "study"}
    once = RandomSearchCV(Scored(), SPACE, **settings).fit(X, y).cv_results_
    RandomSearchCV(Scored(), SPACE, **settings | stored | {"n_iter": 10}).fit(X, y)
    again = RandomSearchCV(Scored(), SPACE, **settings | stored).fit(X, y).cv_results_
    assert "pruned" in once["status"][:10]
    for name in ("predicted_test_score", "std_error_predicted_test_score", "trial_number"):
        np.testing.assert_array_equal(again[name], once[name])


def test_an_interrupted_candidate_is_predicted_from_the_folds_that_it_has_run():
    n_fits = itertools.count()

    def scoring(estimator, X, y):
        if next(n_fits) == 13:
            raise KeyboardInterrupt
        return estimator.x

    search = RandomSearchCV(Scored(), SPACE, n_iter=9, cv=5, scoring=scoring, pruner=None)
    with pytest.warns(SearchInterruptedWarning):
        table = search.fit(X, y).cv_results_
    assert list(table["status"]) == ["complete", "complete", "interrupted"]
    np.testing.assert_allclose(table["predicted_test_score"], [p["x"] for p in table["params"]])


# -------------------------------------------------------------------------- its storage


def test_a_fitted_search_says_where_its_study_is_kept(tmp_path):
    url = f"sqlite:///{tmp_path}/search.db"
    storage = skhpo.storages.RDBStorage(url)
    search = RandomSearchCV(Scored(), SPACE, n_iter=3, cv=2, storage=storage).fit(X, y)
    assert search.study_.storage is storage
    in_memory = RandomSearchCV(Scored(), SPACE, n_iter=3, cv=2, random_state=0).fit(X, y)
    skhpo.copy_study(
        from_study_name=in_memory.study_.study_name, from_storage=in_memory.study_.storage,
        to_storage=url, to_study_name="saved",
    )  # fmt: skip
    assert "saved" in skhpo.get_all_study_names(url)
