"""Choosing among the good: the simplest, the confirmed, and how lucky the best one was."""

import warnings

import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.tree import DecisionTreeClassifier

from skhpo import Cost, RandomSearchCV, TPESearchCV, one_standard_error, parsimonious
from skhpo.exceptions import SearchOverfitWarning
from skhpo.search.selection._fresh_splits import fresh_splits
from skhpo.search.selection._selection_bias import expected_optimism

X, y = load_breast_cancer(return_X_y=True)
SPACE = {"max_leaf_nodes": randint(2, 40)}


def tree():
    return DecisionTreeClassifier(random_state=0)


def search(**settings):
    given = {"n_iter": 12, "random_state": 0, "cv": 4}
    return RandomSearchCV(tree(), SPACE, **given | settings)


# -------------------------------------------------------------------- the simplest of the good


@pytest.mark.parametrize("cost", ["model_size", "max_leaf_nodes", "mean_fit_time"])
def test_one_standard_error_chooses_the_cheapest_that_is_as_good_as_can_be_told(cost):
    found = search(refit=one_standard_error(cost)).fit(X, y)
    results = found.cv_results_
    means = results["mean_test_score"]
    best = np.nanargmax(means)
    folds = [results[f"split{k}_test_score"][best] for k in range(4)]
    good = means >= means[best] - np.std(folds, ddof=1) / 2
    column = {"model_size": "mean_model_size", "max_leaf_nodes": "param_max_leaf_nodes"}
    costs = np.asarray(results[column.get(cost, cost)], dtype=float)
    assert costs[found.best_index_] == costs[good].min()
    assert (
        found.best_estimator_.get_params() == tree().set_params(**found.best_params_).get_params()
    )


def test_parsimonious_gives_up_a_share_of_the_score():
    leaves = Cost(lambda model: model.get_n_leaves(), name="leaves")
    picked = [search(refit=parsimonious(leaves, tolerance=t)).fit(X, y) for t in (0.0, 0.02, 1.0)]
    results = picked[0].cv_results_
    scores, sizes = results["mean_test_score"], results["mean_leaves"]
    assert scores[picked[0].best_index_] == np.nanmax(scores)
    assert scores[picked[1].best_index_] >= 0.98 * np.nanmax(scores)
    assert sizes[picked[2].best_index_] == sizes[~np.isnan(scores)].min()


def test_with_several_metrics_the_rule_names_its_own():
    rule = one_standard_error("model_size", metric="recall")
    found = search(scoring=["accuracy", "recall"], refit=rule).fit(X, y)
    assert found.best_index_ == rule(found.cv_results_)


def test_bad_rules_say_what_is_wrong():
    with pytest.raises(ValueError, match="tolerance"):
        parsimonious("model_size", tolerance=-0.1)
    with pytest.raises(ValueError, match="'n_leafs'"):
        search(refit=one_standard_error("n_leafs")).fit(X, y)
    with pytest.raises(ValueError, match="`name`"):
        search(refit=one_standard_error(Cost(lambda model: 0))).fit(X, y)
    with pytest.raises(ValueError, match="`name` of a Cost"):
        Cost(len, name="a b")
    with pytest.raises(TypeError, match="callable"):
        Cost(3)


# ---------------------------------------------------------------------------- confirmation


def test_the_best_are_run_again_on_fresh_folds_and_the_best_there_is_chosen():
    found = search(n_confirm=3).fit(X, y)
    results = found.cv_results_
    confirmed = np.flatnonzero(~np.isnan(results["mean_confirmed_score"]))
    order = np.argsort(-np.nan_to_num(results["mean_test_score"], nan=-1), kind="stable")
    assert set(confirmed) == set(order[:3])
    assert found.best_index_ == np.nanargmax(results["mean_confirmed_score"])
    assert found.best_params_ == results["params"][found.best_index_]
    splits = fresh_splits(4, tree(), X, y, {}, 0)
    scores = [
        tree().set_params(**found.best_params_).fit(X[a], y[a]).score(X[b], y[b]) for a, b in splits
    ]
    assert results["mean_confirmed_score"][found.best_index_] == pytest.approx(np.mean(scores))
    assert results["std_confirmed_score"][found.best_index_] == pytest.approx(np.std(scores))


def test_confirmation_is_the_same_for_the_same_seed_and_any_number_of_workers():
    one, two = (search(n_confirm=3, n_jobs=n, pre_dispatch=2).fit(X, y) for n in (1, 2))
    columns = [s.cv_results_["mean_confirmed_score"] for s in (one, two)]
    np.testing.assert_array_equal(*columns)


def test_choosing_by_fresh_folds_is_less_optimistic():
    """Among candidates that differ by luck alone, the confirmed score has no winner's curse."""
    X, y = make_classification(80, 10, flip_y=1.0, random_state=0)  # nothing to be learned
    excess = []
    for seed in range(8):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SearchOverfitWarning)
            found = RandomSearchCV(
                DecisionTreeClassifier(random_state=0),
                {"max_leaf_nodes": randint(2, 40), "min_samples_leaf": randint(1, 20)},
                n_iter=30, random_state=seed, pruner=None, n_confirm=1, cv=KFold(4),
            ).fit(X, y)  # fmt: skip
        row = found.best_index_
        results = found.cv_results_
        excess.append(results["mean_test_score"][row] - results["mean_confirmed_score"][row])
    assert np.mean(excess) > 0.01


@pytest.mark.parametrize(
    ("cv", "n_splits"),
    [
        (3, 6), (KFold(3), 6), (StratifiedKFold(3), 6), (GroupKFold(3), 6),
        (ShuffleSplit(5, random_state=0), 5), (RepeatedStratifiedKFold(n_splits=2, n_repeats=2), 4),
    ],
)  # fmt: skip
def test_fresh_folds_are_of_the_same_kind_and_not_the_same(cv, n_splits):
    groups = np.repeat(np.arange(60), 10)[: len(X)]
    fresh = fresh_splits(cv, tree(), X, y, {"groups": groups}, 0)
    assert len(fresh) == n_splits
    if isinstance(cv, GroupKFold):
        assert all(not set(groups[a]) & set(groups[b]) for a, b in fresh)
    if hasattr(cv, "split"):
        old = list(cv.split(X, y, groups))
        assert not any(np.array_equal(b, c) for _, b in fresh for _, c in old)


@pytest.mark.parametrize("cv", [TimeSeriesSplit(3), PredefinedSplit([0, 1] * 284 + [0])])
def test_folds_that_cannot_be_drawn_anew_are_refused_before_the_first_fit(cv):
    with pytest.raises(ValueError, match="`n_confirm` needs a splitter that can draw new folds"):
        search(cv=cv, n_confirm=2).fit(X, y)


@pytest.mark.parametrize("refit", [False, one_standard_error("model_size")])
def test_confirmation_and_another_choice_exclude_each_other(refit):
    with pytest.raises(ValueError, match="`n_confirm` chooses by the score"):
        search(n_confirm=2, refit=refit).fit(X, y)


# -------------------------------------------------------------------------------- optimism


@pytest.mark.parametrize("spread", [0.0, 0.01, 0.03])
def test_the_expected_optimism_is_what_the_winner_owes_to_luck(spread):
    """Over many draws, the mean estimate is near the true excess of the winner's score."""
    rng = np.random.default_rng(0)
    true, estimated = [], []
    for _ in range(150):
        level = 0.8 + spread * rng.normal(size=40)
        noise = 0.03 * rng.normal(size=(40, 5))
        scores = level[:, None] + noise + 0.05 * rng.normal(size=5)
        winner = scores.mean(axis=1).argmax()
        lucky_folds = scores.mean() - level.mean() - noise.mean()
        true.append(scores[winner].mean() - level[winner] - lucky_folds)
        estimated.append(expected_optimism(scores)[0])
    assert np.mean(estimated) == pytest.approx(np.mean(true), rel=0.35)


def test_the_table_tells_the_optimism_of_the_best_alone():
    found = search(pruner=None).fit(X, y)
    column = found.cv_results_["optimism_test_score"]
    assert np.flatnonzero(~np.isnan(column)).tolist() == [found.best_index_]
    folds = np.stack([found.cv_results_[f"split{k}_test_score"] for k in range(4)], axis=1)
    assert column[found.best_index_] == expected_optimism(folds)[0]


@pytest.mark.parametrize("seed", [0, 7])
def test_a_gain_that_luck_explains_is_warned_of(seed):
    X, y = make_classification(60, 5, flip_y=1.0, random_state=seed)  # nothing to be learned
    ranges = {"max_leaf_nodes": randint(2, 40), "min_samples_leaf": randint(1, 20)}
    hunt = RandomSearchCV(tree(), ranges, n_iter=30, random_state=0, pruner=None)
    hunt.set_params(estimator__max_leaf_nodes=10)
    with pytest.warns(SearchOverfitWarning, match="more than the estimator as given"):
        hunt.fit(X, y)


def test_a_gain_beyond_luck_is_not_warned_of(recwarn):
    X, y = make_classification(600, 10, n_informative=6, random_state=0)
    TPESearchCV(
        LogisticRegression(C=1e-6), {"C": loguniform(1e-6, 1e2)}, n_iter=20, random_state=0
    ).fit(X, y)
    assert not [w for w in recwarn if issubclass(w.category, SearchOverfitWarning)]


@pytest.mark.parametrize("scoring", [None, "accuracy", lambda estimator, X, y: 1.0])
def test_times_are_measured_whatever_the_scorer(scoring):
    X, y = load_breast_cancer(return_X_y=True)
    search = TPESearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": [1, 2, 3]},
        scoring=scoring,
        refit=one_standard_error("fit_time"),
        error_score="raise",
        n_iter=3,
        random_state=0,
    ).fit(X, y)
    assert (search.cv_results_["mean_fit_time"] > 0.0).all()
    assert search.best_params_ in list(search.cv_results_["params"])
