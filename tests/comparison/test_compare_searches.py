"""Strategies are compared on the same rows and folds, with seeds of their own repetition."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    ShuffleSplit,
    StratifiedShuffleSplit,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import (
    HyperbandSearchCV,
    ParetoSearchCV,
    SearchInterruptedWarning,
    TPESearchCV,
    compare_searches,
)
from skhpo.pruners import RacingPruner

X, Y = load_iris(return_X_y=True)
SPACE = {"C": loguniform(1e-2, 1e2), "gamma": loguniform(1e-3, 1e1)}
GRID = {"C": [0.1, 1.0, 10.0], "gamma": [0.01, 0.1]}
NAMES = ["as given", "grid", "random", "tpe"]


def strategies():
    return {
        "as given": SVC(),
        "grid": GridSearchCV(SVC(), GRID, cv=4),
        "random": RandomizedSearchCV(SVC(), SPACE, n_iter=6, cv=4),
        "tpe": TPESearchCV(SVC(), SPACE, n_iter=6, cv=4),
    }


@pytest.fixture(scope="module")
def comparison():
    return compare_searches(strategies(), X, Y, n_repeats=3, random_state=0)


class Witness(ClassifierMixin, BaseEstimator):
    """A classifier that notes the rows on which it is fitted and scored."""

    seen: list = []

    def __init__(self, k=1, name=""):
        self.k = k
        self.name = name

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        Witness.seen.append(("fit", self.name, self.k, frozenset(X[:, 0].astype(int))))
        return self

    def predict(self, X):
        Witness.seen.append(("predict", self.name, self.k, frozenset(X[:, 0].astype(int))))
        return np.zeros(len(X), dtype=int)


def rows_seen(name):
    return [(kind, rows) for kind, who, _, rows in Witness.seen if who == name]


def test_all_strategies_get_the_same_rows_and_folds_and_none_sees_the_held_out_rows():
    Witness.seen.clear()
    data = np.column_stack([np.arange(120), np.zeros(120)])
    target = np.repeat([0, 1, 2], 40)
    grid = {"k": [1]}
    compare_searches(
        {
            "a": GridSearchCV(Witness(name="a"), grid, cv=3),
            "b": TPESearchCV(Witness(name="b"), grid, cv=3),
            "c": RandomizedSearchCV(Witness(name="c"), grid, n_iter=1, cv=3),
        },
        data, target, n_repeats=2, test_size=0.25, random_state=0,
    )  # fmt: skip
    a, b, c = (rows_seen(name) for name in "abc")
    assert set(a) == set(b) == set(c)
    for repetition in (a[: len(a) // 2], a[len(a) // 2 :]):
        (*folds, refit), held_out = (
            [rows for kind, rows in repetition if kind == "fit"],
            repetition[-1][1],
        )
        assert len(folds) == 3
        assert len(refit) == 90
        assert len(held_out) == 30
        assert not refit & held_out
        assert all(fold < refit for fold in folds)
    assert a[: len(a) // 2] != a[len(a) // 2 :]  # another split in each repetition


def test_held_out_rows_are_stratified_for_classifiers():
    Witness.seen.clear()
    data = np.column_stack([np.arange(200), np.zeros(200)])
    target = (np.arange(200) < 20).astype(int)  # one in ten
    compare_searches(
        {"a": Witness(name="a")}, data, target, n_repeats=4, random_state=0, test_size=40
    )
    held_out = [rows for kind, rows in rows_seen("a") if kind == "predict" and len(rows) == 40]
    assert [len(rows & set(range(20))) for rows in held_out] == [4] * 4


def test_groups_are_kept_together_in_rows_and_folds():
    Witness.seen.clear()
    data = np.column_stack([np.arange(120), np.zeros(120)])
    groups = np.arange(120) // 10
    target = np.arange(120) % 2
    searches = {
        "a": GridSearchCV(Witness(name="a"), {"k": [1]}, cv=3),
        "b": TPESearchCV(Witness(name="b"), {"k": [1]}, cv=3),
        "c": Witness(name="c"),
    }
    compare_searches(searches, data, target, groups=groups, n_repeats=2, random_state=0)
    for name in "abc":
        for _, rows in rows_seen(name):
            assert {row // 10 for row in rows} == {g for g in range(12) if g * 10 in rows}
            assert len(rows) % 10 == 0


def test_a_baseline_is_cross_validated_and_fitted_on_the_same_rows(comparison):
    results = comparison.results
    is_baseline = results["strategy"] == "as given"
    assert_array_equal(results["fits"][is_baseline], [5, 5, 5])
    assert all(params == {} for params in results["best_params"][is_baseline])
    assert (results["cv_score"][is_baseline] > 0.9).all()


def test_the_same_seed_gives_the_same_results(comparison):
    again = compare_searches(strategies(), X, Y, n_repeats=3, random_state=0)
    for name in ("strategy", "repeat", "cv_score", "held_out_score", "fits", "best_params"):
        assert_array_equal(again.results[name], comparison.results[name])
    other = compare_searches(strategies(), X, Y, n_repeats=3, random_state=1)
    assert not np.array_equal(other.results["cv_score"], comparison.results["cv_score"])


def test_each_repetition_has_other_seeds_of_the_searches(comparison):
    params = comparison.results["best_params"][comparison.results["strategy"] == "random"]
    assert len({tuple(sorted(one.items())) for one in params}) == 3


def test_the_results_are_those_of_the_searches_alone():
    """With data that is split by hand, the scores and fits are those of scikit-learn."""
    folds = KFold(3, shuffle=True, random_state=7)
    grid = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 5, 9]}, cv=folds)
    comparison = compare_searches({"grid": grid}, X, Y, n_repeats=1, random_state=3)
    seed = np.random.RandomState(3).randint(np.iinfo(np.int32).max, size=(1, 3))[0, 0]
    splitter = StratifiedShuffleSplit(1, test_size=0.25, random_state=seed)
    train, test = next(splitter.split(X, Y))
    alone = GridSearchCV(
        KNeighborsClassifier(),
        {"n_neighbors": [1, 5, 9]},
        cv=KFold(3, shuffle=True, random_state=7),
    ).fit(X[train], Y[train])
    assert comparison.results["cv_score"][0] == alone.best_score_
    assert comparison.results["held_out_score"][0] == alone.score(X[test], Y[test])
    assert comparison.results["best_params"][0] == alone.best_params_
    assert comparison.results["fits"][0] == 9


def test_fits_of_a_search_that_stops_candidates_are_those_that_ran(comparison):
    fits = comparison.results["fits"]
    strategy = comparison.results["strategy"]
    assert_array_equal(fits[strategy == "grid"], 6 * 4)
    assert_array_equal(fits[strategy == "random"], 6 * 4)
    assert (fits[strategy == "tpe"] <= 6 * 4).all()
    for run, curve in zip(fits[strategy == "tpe"], comparison.curves["tpe"], strict=True):
        assert curve.fits[-1] == run


def test_fits_on_small_amounts_of_a_resource_are_counted():
    search = HyperbandSearchCV(SVC(), SPACE, n_iter=5, cv=3)
    comparison = compare_searches({"h": search}, X, Y, n_repeats=1, random_state=0)
    curve = comparison.curves["h"][0]
    assert comparison.results["fits"][0] == curve.fits[-1] > 5 * 3


def test_fits_of_a_confirmation_are_counted():
    settings = {"n_iter": 4, "cv": 3, "pruner": None}
    searches = {
        "without": TPESearchCV(SVC(), SPACE, **settings),
        "with": TPESearchCV(SVC(), SPACE, n_confirm=2, **settings),
        "several": ParetoSearchCV(
            SVC(), SPACE, n_confirm=1, objectives=["accuracy", "model_size"], **settings
        ),
    }
    comparison = compare_searches(searches, X, Y, n_repeats=1, scoring="accuracy", random_state=0)
    assert_array_equal(comparison.results["fits"], [12, 12 + 2 * 2 * 3, 12 + 2 * 3])


def test_curves_end_at_the_cv_score_and_never_fall(comparison):
    results = comparison.results
    for name, curves in comparison.curves.items():
        scores = results["cv_score"][results["strategy"] == name]
        for curve, score in zip(curves, scores, strict=True):
            assert curve.best[-1] == pytest.approx(score)
            known = curve.best[~np.isnan(curve.best)]
            assert (np.diff(known) >= 0).all()
            assert (np.diff(curve.fits) >= 0).all()
            assert (np.diff(curve.seconds) >= 0).all()


def test_the_curve_of_successive_halving_counts_the_last_iteration_only():
    search = HalvingGridSearchCV(SVC(), GRID, cv=3)
    comparison = compare_searches({"halving": search}, X, Y, n_repeats=1, random_state=0)
    curve = comparison.curves["halving"][0]
    assert np.isnan(curve.best[0])
    assert curve.best[-1] == pytest.approx(comparison.results["cv_score"][0])


@pytest.mark.parametrize(("budget", "n_iter"), [(40, 10), (43, 10), (4, 1)])
def test_a_budget_is_the_largest_number_of_fits(budget, n_iter):
    searches = {
        "random": RandomizedSearchCV(SVC(), SPACE, n_iter=99, cv=4),
        "tpe": TPESearchCV(SVC(), SPACE, n_iter=1, cv=4, pruner=None),
    }
    comparison = compare_searches(searches, X, Y, n_repeats=1, budget=budget, random_state=0)
    assert_array_equal(comparison.results["fits"], [n_iter * 4, n_iter * 4])


def test_a_search_of_ours_spends_what_stopped_candidates_save():
    searches = {
        "racing": TPESearchCV(SVC(), SPACE, n_iter=1, cv=4, pruner=RacingPruner(0.4)),
        "hyperband": HyperbandSearchCV(SVC(), SPACE, n_iter=1, cv=4),
    }
    comparison = compare_searches(searches, X, Y, n_repeats=1, budget=60, random_state=0)
    fits = comparison.results["fits"]
    assert 56 < fits[0] <= 60
    assert 60 - 4 * 1.5 < fits[1] <= 60


def test_a_budget_includes_the_confirmation():
    search = TPESearchCV(SVC(), SPACE, cv=3, n_confirm=2, pruner=None)
    comparison = compare_searches({"a": search}, X, Y, n_repeats=1, budget=30, random_state=0)
    assert comparison.results["fits"][0] == 6 * 3 + 2 * 2 * 3


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (GridSearchCV(SVC(), GRID, cv=4), "'it' needs 24 fits, more than `budget=20`"),
        (HalvingGridSearchCV(SVC(), GRID, cv=4), "`budget` cannot be kept by 'it', as Halving"),
        (
            HyperbandSearchCV(SVC(), SPACE, cv=11),
            "`budget=20` is too small for 'it', which needs 22",
        ),
        (
            RandomizedSearchCV(SVC(), SPACE, cv=30),
            "`budget=20` is too small for 'it', which needs 30",
        ),
        (TPESearchCV(SVC(), SPACE, cv=4, n_confirm=3), "and 24 fits for `n_confirm`"),
    ],
)
def test_a_strategy_that_cannot_keep_the_budget_is_refused_before_any_fit(search, message):
    Witness.seen.clear()
    searches = {"first": Witness(name="first"), "it": search}
    with pytest.raises(ValueError, match=re.escape(message)):
        compare_searches(searches, X, Y, n_repeats=1, budget=20)
    assert Witness.seen == []


def test_a_grid_within_the_budget_runs():
    search = GridSearchCV(SVC(), GRID, cv=4)
    comparison = compare_searches({"a": search}, X, Y, n_repeats=1, budget=24, random_state=0)
    assert comparison.results["fits"][0] == 24


class Fragile(Witness):
    """A classifier that cannot be fitted."""

    def fit(self, X, y):
        raise RuntimeError("no model today")


def test_a_strategy_that_fails_warns_and_costs_only_its_own_results():
    searches = {"bad": Fragile(), "good": DummyClassifier()}
    with pytest.warns(UserWarning, match="'bad' failed in repetition 0") as caught:
        comparison = compare_searches(searches, X, Y, n_repeats=2, random_state=0)
    assert len([w for w in caught if "failed in repetition" in str(w.message)]) == 2
    results = comparison.results
    assert np.isnan(results["held_out_score"][:2]).all()
    assert not np.isnan(results["held_out_score"][2:]).any()
    assert all("no model today" in error for error in results["error"][:2])
    assert comparison.summary()["n_repeats"].tolist() == [0, 2]
    assert "2 of 4 runs failed" in str(comparison)


@pytest.mark.filterwarnings("ignore:The strategy")
def test_if_every_run_fails_that_is_an_error():
    with pytest.raises(ValueError, match=r"Every run failed.*no model today"):
        compare_searches({"bad": Fragile()}, X, Y, n_repeats=2)


class Interrupted(Witness):
    """A classifier in whose 8th fit the user presses Ctrl-C."""

    fits = 0

    def fit(self, X, y):
        Interrupted.fits += 1
        if Interrupted.fits == 8:
            raise KeyboardInterrupt
        return super().fit(X, y)


@pytest.mark.parametrize("search", [GridSearchCV, TPESearchCV])
def test_ctrl_c_ends_the_comparison_and_keeps_the_runs_that_have_ended(search):
    Interrupted.fits = 0
    searches = {
        "first": search(Interrupted(), {"k": [2]}, cv=3),
        "second": search(Interrupted(), {"k": [2, 3]}, cv=3),
    }
    message = "ended early by Ctrl-C: 1 of 10 runs have ended"
    with pytest.warns(SearchInterruptedWarning, match=message):
        comparison = compare_searches(searches, X, Y, n_repeats=5, random_state=0)
    assert comparison.n_repeats == 1
    assert comparison.results["error"].tolist() == ["", "KeyboardInterrupt"]
    assert np.isnan(comparison.results["held_out_score"]).tolist() == [False, True]
    assert "too few to say" in str(comparison)


def test_ctrl_c_before_the_first_result_is_raised():
    Interrupted.fits = 6
    with pytest.raises(KeyboardInterrupt):
        compare_searches({"a": Interrupted()}, X, Y)


def test_scoring_is_the_metric_of_the_held_out_rows_and_of_searches_without_one():
    data, target = load_breast_cancer(return_X_y=True)
    searches = {
        "grid": GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 3]}, cv=3),
        "own": GridSearchCV(
            DecisionTreeClassifier(random_state=0), {"max_depth": [1, 3]}, cv=3,
            scoring="neg_log_loss",
        ),
        "front": ParetoSearchCV(
            DecisionTreeClassifier(random_state=0), {"max_depth": [1, 3]}, cv=3,
            objectives=["roc_auc", "model_size"],
        ),
    }  # fmt: skip
    comparison = compare_searches(
        searches, data, target, n_repeats=1, scoring="roc_auc", random_state=0
    )
    assert (comparison.results["held_out_score"] > 0.85).all()
    assert comparison.results["cv_score"][0] > 0.85
    assert comparison.results["cv_score"][1] < 0.0
    assert comparison.results["cv_score"][2] > 0.85


def test_the_metric_of_the_searches_is_used_if_they_agree():
    data, target = load_diabetes(return_X_y=True)
    searches = {
        "ridge": GridSearchCV(
            Ridge(), {"alpha": [0.1, 1.0]}, scoring="neg_root_mean_squared_error"
        ),
        "several": GridSearchCV(
            Ridge(), {"alpha": [0.1, 1.0]}, refit="rmse",
            scoring={"rmse": "neg_root_mean_squared_error", "r2": "r2"},
        ),
        "as given": Ridge(),
    }  # fmt: skip
    comparison = compare_searches(searches, data, target, n_repeats=2, random_state=0)
    assert (comparison.results["held_out_score"] < -40).all()
    assert (comparison.results["cv_score"] < -40).all()
    assert "neg_root_mean_squared_error" in str(comparison)


def test_a_splitter_without_a_seed_gives_the_same_folds_to_all():
    splitter = ShuffleSplit(3, test_size=0.3)
    searches = {name: GridSearchCV(SVC(), {"C": [1.0]}, cv=splitter) for name in ("a", "b")}
    comparison = compare_searches(searches, X, Y, n_repeats=2, random_state=0)
    cv_score = comparison.results["cv_score"]
    assert_array_equal(cv_score[:2], cv_score[2:])
    assert splitter.random_state is None


def test_the_searches_given_are_not_changed():
    given = strategies()
    before = {name: repr(one) for name, one in given.items()}
    compare_searches(given, X, Y, n_repeats=1, n_jobs=2, budget=24, random_state=0)
    assert {name: repr(one) for name, one in given.items()} == before
    assert not any(hasattr(one, "best_score_") for one in given.values())


def test_data_frames_and_text_labels_work():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcd"))
    labels = np.array(["x", "y", "z"])[Y]
    searches = {"lr": LogisticRegression(max_iter=500), "tpe": TPESearchCV(SVC(), SPACE, n_iter=3)}
    comparison = compare_searches(searches, frame, labels, n_repeats=1, random_state=0)
    assert (comparison.results["held_out_score"] > 0.8).all()


@pytest.mark.filterwarnings("ignore")
def test_searches_of_optuna_are_compared():
    pytest.importorskip("optuna_integration")
    optuna = pytest.importorskip("optuna")
    from optuna_integration import OptunaSearchCV

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = {"C": optuna.distributions.FloatDistribution(1e-2, 1e2, log=True)}
    search = OptunaSearchCV(SVC(), space, n_trials=50, cv=3)
    comparison = compare_searches({"o": search}, X, Y, n_repeats=1, budget=12, random_state=0)
    assert comparison.results["fits"][0] == 12
    assert comparison.curves["o"][0].best[-1] == comparison.results["cv_score"][0]


SVC_GRID = GridSearchCV(SVC(), GRID)


@pytest.mark.parametrize(
    ("searches", "options", "message"),
    [
        ({}, {}, "`searches` must be a dict"),
        ([SVC()], {}, "`searches` must be a dict"),
        ({"a": SVC}, {}, "'a' must be an estimator"),
        ({"a": SVC()}, {"n_repeats": 0}, "`n_repeats` must be an int of 1 or more; got 0"),
        ({"a": SVC()}, {"budget": 1.5}, "`budget` must be an int of 1 or more; got 1.5"),
        ({"a": GridSearchCV(SVC(), GRID, refit=False)}, {}, "'a' has `refit=False`"),
        ({"a": GridSearchCV(SVC(), GRID, cv=[([0], [1])])}, {}, "'a' is a list of splits"),
        ({"a": TPESearchCV(SVC(), GRID, storage="x.db")}, {}, "'a' has a `storage`"),
        ({"a": SVC_GRID, "b": clone(SVC_GRID).set_params(scoring="f1_macro")}, {},
         "The searches use different metrics (a: None, b: 'f1_macro')"),
        ({"a": ParetoSearchCV(SVC(), GRID, objectives=["accuracy", "fit_time"])}, {},
         "'a' has several objectives"),
        ({"a": SVC()}, {"scoring": "acuracy"}, "acuracy"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused_with_the_reason(searches, options, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        compare_searches(searches, X, Y, **options)


def test_verbose_prints_a_line_for_each_run(capsys):
    compare_searches({"a": DummyClassifier()}, X, Y, n_repeats=2, random_state=0, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": held")[0] for line in lines] == [
        "repetition 1/2, a",
        "repetition 2/2, a",
    ]


def test_a_scorer_function_is_a_metric():
    def my_accuracy(estimator, X, y):
        return accuracy_score(y, estimator.predict(X))

    comparison = compare_searches(
        {"a": SVC_GRID, "b": SVC()}, X, Y, n_repeats=2, scoring=my_accuracy, random_state=0
    )
    default = compare_searches({"a": SVC_GRID, "b": SVC()}, X, Y, n_repeats=2, random_state=0)
    assert_allclose(comparison.results["held_out_score"], default.results["held_out_score"])
    assert "my_accuracy" in str(comparison)
    assert cross_val_score(SVC(), X, Y, scoring=my_accuracy).mean() > 0.9
