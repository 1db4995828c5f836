"""Several objectives: the best are evaluated again on new folds, and the rule chooses by these."""

import warnings

import joblib
import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.datasets import make_classification
from sklearn.metrics import accuracy_score, recall_score
from sklearn.model_selection import TimeSeriesSplit
from sklearn.tree import DecisionTreeClassifier

from skhpo import Cost, ParetoSearchCV, one_standard_error
from skhpo.exceptions import SearchInterruptedWarning
from skhpo.samplers import RandomSampler
from skhpo.search.selection._fresh_splits import fresh_splits

X, y = make_classification(300, 8, n_informative=4, flip_y=0.2, random_state=0)
SPACE = {"max_depth": randint(1, 9), "ccp_alpha": loguniform(1e-4, 1e-1)}


def n_leaves(model):
    return model.get_n_leaves()


def tree():
    return DecisionTreeClassifier(random_state=0)


def search(**settings):
    given = {
        "objectives": ["accuracy", Cost(n_leaves)], "n_iter": 20, "cv": 4, "random_state": 0,
        "sampler": RandomSampler(), "pruner": None, "n_confirm": 4,
    }  # fmt: skip
    return ParetoSearchCV(tree(), SPACE, **given | settings)


def again(found, name):
    return found.cv_results_[f"mean_confirmed_{name}"]


def rows_again(found, name="accuracy"):
    return np.flatnonzero(~np.isnan(again(found, name)))


def first(found, name):
    return found.cv_results_[f"mean_{found._column(name)}"]


# ------------------------------------------------------------------------- what is evaluated


def test_columns_are_the_means_over_new_folds_of_scores_costs_and_other_metrics():
    found = search(scoring=["recall"], n_confirm=3).fit(X, y)
    splits = fresh_splits(4, tree(), X, y, {}, 0)
    assert len(rows_again(found)) == 3
    for row in rows_again(found):
        values = []
        for train, test in splits:
            model = tree().set_params(**found.cv_results_["params"][row]).fit(X[train], y[train])
            predicted = model.predict(X[test])
            scores = accuracy_score(y[test], predicted), recall_score(y[test], predicted)
            values.append((*scores, model.get_n_leaves()))
        for k, name in enumerate(("accuracy", "recall", "n_leaves")):
            column = np.array(values)[:, k]
            assert again(found, name)[row] == pytest.approx(column.mean())
            assert found.cv_results_[f"std_confirmed_{name}"][row] == pytest.approx(column.std())


def test_the_search_itself_and_its_front_are_the_same_without_confirmation():
    with_it, without = (search(n_confirm=n).fit(X, y) for n in (4, 0))
    assert with_it.pareto_front_.tolist() == without.pareto_front_.tolist()
    assert with_it.pareto_values_.tolist() == without.pareto_values_.tolist()
    assert not [name for name in without.cv_results_ if "confirmed" in name]
    assert len(with_it.evaluations_["fold"]) == len(without.evaluations_["fold"])


def test_the_best_in_a_metric_meet_again():
    found = search(refit="accuracy").fit(X, y)
    worst_again, others = rows_again(found), np.setdiff1d(np.arange(20), rows_again(found))
    assert first(found, "accuracy")[worst_again].min() >= first(found, "accuracy")[others].max()
    assert again(found, "accuracy")[found.best_index_] == np.nanmax(again(found, "accuracy"))


@pytest.mark.parametrize("refit", ["knee", "all", {"accuracy": 1, "n_leaves": 1}])
def test_candidates_nearest_to_the_knee_meet_again_and_the_scales_stay_those_of_the_front(refit):
    """With two objectives, equal weights and the distance below the line between the ends agree."""
    found = search(refit=refit).fit(X, y)
    front = found.pareto_front_
    ends = found.pareto_values_
    assert len(front) > 4

    def depth(accuracy, leaves):
        low, high = ends.min(axis=0), ends.max(axis=0)
        return (accuracy - low[0]) / (high - low)[0] - (leaves - low[1]) / (high - low)[1]

    of_front = depth(*found.pareto_values_.T)
    rows = rows_again(found)
    assert set(rows) == set(front[np.argsort(-of_front, kind="stable")[:4]])
    depths = depth(again(found, "accuracy")[rows], again(found, "n_leaves")[rows])
    assert found.best_index_ == rows[np.argmax(depths)]


# ------------------------------------------------------------------- constraints, preferences


def test_a_constraint_that_fails_on_the_new_folds_excludes_a_candidate():
    constraints = {"recall": ">= 0.72"}
    found = search(refit="accuracy", constraints=constraints, n_confirm=8).fit(X, y)
    rows = rows_again(found)
    assert (first(found, "recall")[rows] >= 0.72).all()
    kept = rows[again(found, "recall")[rows] >= 0.72]
    assert 0 < len(kept) < len(rows)
    best = kept[np.argmax(again(found, "accuracy")[kept])]
    assert again(found, "accuracy")[found.best_index_] == again(found, "accuracy")[best]
    assert again(found, "recall")[found.best_index_] >= 0.72


def test_if_all_break_a_constraint_on_the_new_folds_the_nearest_is_chosen_with_a_warning():
    plain = search(n_confirm=0, refit="accuracy").fit(X, y)
    bound = plain.best_score_ - 1e-9  # only the luckiest candidates keep it, and not twice
    found = search(refit="accuracy", constraints={"accuracy": f">= {bound}"})
    with pytest.warns(UserWarning, match="new folds of `n_confirm`: No candidate satisfies"):
        found.fit(X, y)
    assert found.is_feasible_[found.best_index_]
    assert again(found, "accuracy")[found.best_index_] == np.nanmax(again(found, "accuracy"))


def test_without_a_feasible_candidate_the_nearest_ones_get_a_second_chance():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = search(constraints={"accuracy": ">= 1.5"}).fit(X, y)
    missing = np.sort(first(found, "accuracy"))[::-1][:4]
    assert sorted(first(found, "accuracy")[rows_again(found)], reverse=True) == missing.tolist()
    assert again(found, "accuracy")[found.best_index_] == np.nanmax(again(found, "accuracy"))


def test_candidates_in_the_preferred_region_come_first():
    region = {"accuracy": ">= 0.7", "n_leaves": "<= 10"}
    found = search(preferred=region, n_confirm=20).fit(X, y)
    rows = rows_again(found)
    assert 0 < found.is_preferred_[rows].sum() < len(rows)  # more than the region has
    few = search(preferred=region, n_confirm=1).fit(X, y)
    assert few.is_preferred_[rows_again(few)].all()
    inside = (again(found, "accuracy") >= 0.7) & (again(found, "n_leaves") <= 10)
    assert inside[found.best_index_]


def test_bounds_of_the_rule_hold_on_the_new_folds_or_a_warning_says_that_none_keeps_them():
    plain = search(n_confirm=0, refit="accuracy").fit(X, y)
    easy = search(refit="accuracy with n_leaves <= 8").fit(X, y)
    assert again(easy, "n_leaves")[easy.best_index_] <= 8
    bound = plain.best_score_ - 1e-9
    hard = search(refit=f"n_leaves with accuracy >= {bound}", n_confirm=2)
    with pytest.warns(UserWarning, match=r"no candidate keeps .* by the first folds is chosen"):
        hard.fit(X, y)
    assert first(hard, "accuracy")[hard.best_index_] == plain.best_score_


# ---------------------------------------------------------------------- everything around it


def test_confirmation_is_the_same_with_any_number_of_workers():
    with joblib.parallel_config(backend="threading"):
        one, two = (search(n_jobs=n, n_iter=8, pre_dispatch=2).fit(X, y) for n in (1, 2))
    np.testing.assert_array_equal(again(one, "accuracy"), again(two, "accuracy"))
    assert one.best_index_ == two.best_index_


def test_the_table_of_the_front_has_the_means_on_the_new_folds():
    found = search().fit(X, y)
    table = found.pareto_table_
    expected = again(found, "accuracy")[table.index]
    np.testing.assert_array_equal(table["confirmed_accuracy"], expected)
    assert table.loc[found.best_index_, "is_chosen"]


def test_fits_of_the_confirmation_do_not_count():
    plain, confirmed = (search(n_iter=None, max_fits=20, n_confirm=n).fit(X, y) for n in (0, 3))
    assert len(plain.cv_results_["params"]) == len(confirmed.cv_results_["params"])
    assert len(rows_again(confirmed)) == 3


def test_a_timeout_leaves_the_choice_of_the_first_folds_and_a_warning():
    found = search(n_iter=1, timeout=1e-9, n_confirm=1)
    with pytest.warns(SearchInterruptedWarning, match="confirmation was ended early by the time"):
        found.fit(X, y)
    assert not [name for name in found.cv_results_ if "confirmed" in name]
    assert found.best_index_ == 0


def test_a_candidate_that_fails_on_the_new_folds_is_not_chosen():
    seen = []

    def fails_later(model, X, y):
        seen.append(model.get_params()["ccp_alpha"])
        if seen.count(seen[-1]) > 4:  # not on the first folds
            raise ValueError("no longer")
        return accuracy_score(y, model.predict(X))

    found = search(objectives={"accuracy": fails_later, "n_leaves": Cost(n_leaves)}, n_iter=5)
    with pytest.warns(SearchInterruptedWarning, match="as fits failed: 0 of"):
        found.fit(X, y)
    assert found.best_index_ in found.pareto_front_


@pytest.mark.parametrize("refit", [False, one_standard_error("n_leaves", metric="accuracy")])
def test_a_choice_by_something_else_is_refused(refit):
    with pytest.raises(ValueError, match="`refit` must be True, a text or weights"):
        search(refit=refit).fit(X, y)


def test_what_cannot_be_used_is_refused_before_the_first_fit():
    with pytest.raises(ValueError, match="`n_confirm` needs a splitter that can draw new folds"):
        search(cv=TimeSeriesSplit(3)).fit(X, y)
    with pytest.raises(ValueError, match="'n_confirm' parameter of ParetoSearchCV must be an int"):
        search(n_confirm=-1).fit(X, y)
    with pytest.raises(ValueError, match=r"'n_confirm' parameter .* not a bool"):
        search(n_confirm=True).fit(X, y)
