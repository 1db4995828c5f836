"""A callable `refit` that is right for GridSearchCV is right here."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC, LinearSVC

from skhpo import (
    CmaEsSearchCV,
    GPSearchCV,
    HyperbandSearchCV,
    ParetoSearchCV,
    QMCSearchCV,
    RandomSearchCV,
    TPESearchCV,
)
from tests.search.estimators import Failing, Scored

X, y = load_iris(return_X_y=True)
SPACE = {"x": uniform(0, 1)}
SEARCHES = [TPESearchCV, RandomSearchCV, GPSearchCV, CmaEsSearchCV, QMCSearchCV]


def greatest(results):
    return int(results["mean_test_score"].argmax())


def last_when_sorted(results):
    return np.argsort(results["mean_test_score"])[-1]


def first_in_rank(results):
    return list(results["rank_test_score"]).index(1)


def by_pandas(results):
    return pd.DataFrame(results).sort_values("rank_test_score").index[0]


def near_the_maximum(results):
    scores = results["mean_test_score"]
    return np.flatnonzero(scores >= scores.max())[0]


RULES = [greatest, last_when_sorted, first_in_rank, by_pandas, near_the_maximum]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_for_the_best_score_finds_the_best_complete_candidate(rule):
    settings = {"n_iter": 20, "cv": 5, "random_state": 0}
    search = RandomSearchCV(Scored(), SPACE, refit=rule, **settings).fit(X, y)
    assert "pruned" in search.cv_results_["status"]
    plain = RandomSearchCV(Scored(), SPACE, **settings).fit(X, y)
    assert search.best_index_ == plain.best_index_
    assert search.best_params_ == plain.best_params_
    assert search.best_estimator_.x == plain.best_estimator_.x


@pytest.mark.parametrize("Search", SEARCHES)
def test_the_rule_of_every_search_sees_complete_candidates_only(Search):
    search = Search(Scored(), SPACE, n_iter=40, cv=5, refit=greatest, random_state=0).fit(X, y)
    means = search.cv_results_["mean_test_score"]
    assert "pruned" in search.cv_results_["status"]
    assert search.best_index_ == np.nanargmax(means)


def test_along_a_resource_the_rule_sees_those_that_had_all_of_it():
    def rule(results):
        assert (results["n_resources"] == len(X)).all()
        return greatest(results)

    search = HyperbandSearchCV(SVC(), {"C": loguniform(1e-4, 10)}, n_iter=12, cv=3, refit=rule,
                               random_state=0).fit(X, y)  # fmt: skip
    assert "pruned" in search.cv_results_["status"]
    assert search.best_index_ == np.nanargmax(search.cv_results_["mean_test_score"])


def test_with_several_objectives_the_rule_sees_complete_candidates_only():
    def rule(results):
        return int(results["mean_test_accuracy"].argmax())

    search = ParetoSearchCV(
        Scored(), SPACE | {"k": list(range(1, 9))}, objectives=["accuracy", "model_size"],
        n_iter=25, cv=5, refit=rule, random_state=0,
    ).fit(X, y)  # fmt: skip
    assert search.cv_results_["status"][search.best_index_] == "complete"
    assert search.best_score_ == np.nanmax(search.cv_results_["mean_test_accuracy"])


def test_failed_candidates_are_not_shown_to_the_rule():
    space = {"kind": ["bad", "good"], "k": [1, 2, 3]}
    search = RandomSearchCV(Failing(), space, n_iter=6, cv=2, refit=greatest, pruner=None,
                            random_state=0)  # fmt: skip
    with pytest.warns(FitFailedWarning):
        search.fit(X, y)
    assert search.best_params_["kind"] == "good"
    assert search.best_index_ == np.nanargmax(search.cv_results_["mean_test_score"])


def test_the_table_of_a_rule_has_all_columns_and_is_as_long_as_there_are_complete_candidates():
    tables = []

    def rule(results):
        tables.append(results)
        return 0

    space = [{"x": uniform(0, 1)}, {"x": uniform(0, 1), "k": [1, 2, 3]}]
    search = RandomSearchCV(Scored(), space, n_iter=20, cv=5, refit=rule, random_state=0).fit(X, y)
    (table,) = tables
    rows = np.flatnonzero(search.cv_results_["status"] == "complete")
    assert 0 < len(rows) < 20
    assert list(table) == list(search.cv_results_)
    assert {len(column) for column in table.values()} == {len(rows)}
    for name, column in search.cv_results_.items():
        if name == "params":
            assert table[name] == [column[row] for row in rows]
        else:
            assert type(table[name]) is type(column)
            assert table[name].dtype == column.dtype
            np.testing.assert_array_equal(table[name], column[rows])
            np.testing.assert_array_equal(
                np.ma.getmaskarray(table[name]), np.ma.getmaskarray(column)[rows]
            )
    assert search.best_index_ == rows[0]


def test_where_every_candidate_is_complete_the_rule_gets_what_grid_search_gives_it():
    tables = []

    def rule(results):
        tables.append(results)
        return greatest(results)

    grid = {"C": [0.1, 1, 10], "gamma": [0.01, 0.1, 1]}
    GridSearchCV(SVC(), grid, refit=rule).fit(X, y)
    TPESearchCV(SVC(), grid, refit=rule, pruner=None, random_state=0).fit(X, y)
    theirs, ours = tables
    assert set(theirs) <= set(ours)

    def by_params(table, name):
        pairs = zip(table["params"], table[name], strict=True)
        return sorted((params["C"], params["gamma"], value) for params, value in pairs)

    for name in theirs:
        if name != "params" and "time" not in name:
            assert by_params(ours, name) == by_params(theirs, name)


def test_a_metric_that_is_missing_for_some_does_not_mislead_a_rule_on_it():
    def scoring(estimator, X, y):
        return {"one": 1.0, "two": np.nan if estimator.k == 1 else -float(estimator.k)}

    def rule(results):
        return int(results["mean_test_two"].argmax())

    search = RandomSearchCV(Scored(), {"k": [1, 2, 3]}, scoring=scoring, refit=rule, cv=2)
    with pytest.warns(UserWarning, match="non-finite"):
        search.fit(X, y)
    assert search.best_params_ == {"k": 2}


@pytest.mark.parametrize(
    ("returned", "error", "message"),
    [
        ("0", TypeError, "not an integer"),
        (0.0, TypeError, "not an integer"),
        (None, TypeError, "not an integer"),
        (-1, IndexError, "out of range"),
        (19, IndexError, "out of range"),
    ],
)
def test_a_row_that_is_none_is_refused_as_scikit_learn_does(returned, error, message):
    search = RandomSearchCV(Scored(), SPACE, n_iter=20, cv=5, random_state=0,
                            refit=lambda results: returned)  # fmt: skip
    with pytest.raises(error, match=message):
        search.fit(X, y)
    assert (search.cv_results_["status"] == "complete").sum() < 20  # so row 19 is none of a rule's
    assert len(search.study_.trials) == 20


def test_with_several_objectives_a_row_that_is_none_is_refused_too():
    search = ParetoSearchCV(Scored(), SPACE, objectives=["accuracy", "f1_macro"], n_iter=3, cv=2,
                            refit=lambda results: 3)  # fmt: skip
    with pytest.raises(IndexError, match="out of range"):
        search.fit(X, y)
    assert len(search.pareto_front_) > 0


def test_what_was_found_is_there_when_the_rule_raises():
    def rule(results):
        raise ZeroDivisionError("a slip of the pen")

    search = RandomSearchCV(Scored(), SPACE, n_iter=5, cv=2, refit=rule, random_state=0)
    with pytest.raises(ZeroDivisionError, match="a slip"):
        search.fit(X, y)
    assert len(search.cv_results_["params"]) == len(search.study_.trials) == 5
    assert search.n_splits_ == 2


def test_without_a_complete_candidate_a_rule_is_not_asked():
    class HalfFailing(Scored):
        def fit(self, X, y):
            if 0.0 not in X:
                raise ValueError("this fold cannot be fitted")
            return super().fit(X, y)

    search = RandomSearchCV(HalfFailing(), SPACE, n_iter=3, cv=5, refit=greatest, pruner=None)
    with (
        pytest.warns(FitFailedWarning),
        pytest.raises(ValueError, match="none has a score on every fold"),
    ):
        search.fit(np.arange(40.0)[:, None], np.arange(40) % 2)
    assert set(search.cv_results_["status"]) == {"failed"}


# ----------------------------------------------------- rules of scikit-learn's own examples


def test_the_least_complex_within_one_deviation_of_the_best_is_found():
    def lower_bound(results):
        best = np.argmax(results["mean_test_score"])
        return results["mean_test_score"][best] - results["std_test_score"][best]

    def best_low_complexity(results):
        candidates = np.flatnonzero(results["mean_test_score"] >= lower_bound(results))
        n_components = results["param_reduce_dim__n_components"][candidates]
        return candidates[n_components.argmin()]

    pipe = Pipeline([("reduce_dim", PCA(random_state=0)), ("classify", LinearSVC(random_state=0))])
    digits, labels = load_digits(return_X_y=True)
    digits, labels = digits[:500], labels[:500]
    grid = {"reduce_dim__n_components": [4, 8, 16, 32, 48]}
    found = []
    for settings in ({"pruner": None}, {}):
        search = TPESearchCV(pipe, grid, refit=best_low_complexity, scoring="accuracy", cv=4,
                             random_state=0, **settings).fit(digits, labels)  # fmt: skip
        assert search.cv_results_["status"][search.best_index_] == "complete"
        found.append(search.best_params_)
    theirs = GridSearchCV(pipe, grid, refit=best_low_complexity, scoring="accuracy", cv=4)
    assert found[0] == theirs.fit(digits, labels).best_params_


def test_a_strategy_that_filters_a_pandas_table_is_followed():
    def strategy(cv_results):
        table = pd.DataFrame(cv_results)
        precise = table[table["mean_test_precision_macro"] > 0.9]
        precise = precise[
            ["mean_score_time", "mean_test_recall_macro", "std_test_recall_macro", "params"]
        ]
        recall = precise["mean_test_recall_macro"]
        good = precise[recall > recall.max() - recall.std()]
        return good["mean_score_time"].idxmin()

    search = TPESearchCV(
        SVC(), {"C": [0.1, 1, 10, 100, 1000], "gamma": [1e-4, 1e-3, 1e-2, 0.1]},
        scoring=["precision_macro", "recall_macro"], refit=strategy, random_state=0,
    ).fit(X, y)  # fmt: skip
    row = search.best_index_
    assert search.cv_results_["status"][row] == "complete"
    assert search.cv_results_["mean_test_precision_macro"][row] > 0.9
    assert search.best_params_ == search.cv_results_["params"][row]
