"""Searches with a resource: candidates get more of it as they prove themselves."""

import numpy as np
import pytest
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import HyperbandSearchCV, RandomSearchCV, StudySearchCV, TPESearchCV
from skhpo.pruners import HyperbandPruner, MedianPruner, RacingPruner, SuccessiveHalvingPruner
from tests.search.estimators import Cut, Cutting, Scored

X, y = make_classification(n_samples=240, n_features=6, flip_y=0.1, random_state=0)
CV = StratifiedKFold(3)


class Learning(Cutting):
    """Its score grows with `n`, for most candidates; counts what it has fitted."""

    amounts = []

    def __init__(self, x=0.5, k=3, kind="a", n=27):
        super().__init__(x, k, kind)
        self.n = n

    def fit(self, X, y):
        Learning.amounts.append((len(X), self.n))
        return super().fit(X, y)

    def score(self, X, y):
        return super().score(X, y) - 1.0 / self.n


SPACE = {"x": uniform(0, 1), "k": randint(1, 9)}
HALVING = {"n_iter": 30, "cv": 3, "random_state": 0, "resource": "n", "refit": False}


def outcome(search):
    return {
        name: [repr(value) for value in column]
        for name, column in search.cv_results_.items()
        if "time" not in name
    }


def test_fewer_and_fewer_candidates_get_more_and_more():
    search = RandomSearchCV(Learning(), SPACE, **HALVING).fit(X, y)
    reached = search.cv_results_["n_resources"]
    counts = {int(n): int((reached >= n).sum()) for n in (1, 3, 9, 27)}
    assert set(reached.tolist()) <= {1, 3, 9, 27}
    assert counts[1] == 30
    assert 30 > counts[3] > counts[9] >= counts[27] >= 1
    complete = search.cv_results_["status"] == "complete"
    assert (reached[complete] == 27).all()
    assert (reached[~complete] < 27).all()
    assert np.isnan(search.cv_results_["mean_test_score"][~complete]).all()
    assert complete[search.best_index_]
    assert search.best_params_["n"] == 27


def test_at_each_rung_the_best_third_goes_on():
    search = RandomSearchCV(Learning(), SPACE, pre_dispatch=1, **HALVING).fit(X, y)
    values = {}  # by rung, in the order of the candidates
    for trial in search.study_.trials:
        reports = trial.intermediate_values
        for step, value in reports.items():
            known = values.setdefault(step, [])
            known.append(value)
            went_on = max(reports) > step
            rank = sorted(known, reverse=True).index(value)
            if step < 27:
                assert went_on == (rank < max(1, len(known) // 3))


def test_a_report_is_the_mean_over_the_folds_of_a_rung():
    search = RandomSearchCV(Learning(), SPACE, **HALVING).fit(X, y)
    for row, trial in enumerate(search.study_.trials):
        scores = [search.cv_results_[f"split{k}_test_score"][row] for k in range(3)]
        step = search.cv_results_["n_resources"][row]
        assert trial.intermediate_values[step] == pytest.approx(np.mean(scores), rel=1e-12)


def test_with_all_of_the_resource_scores_are_those_of_scikit_learn():
    forest = RandomForestClassifier(random_state=0, n_estimators=27)
    space = {"max_depth": randint(2, 9), "min_samples_leaf": randint(1, 9)}
    search = TPESearchCV(forest, space, n_iter=9, cv=CV, resource="n_estimators", random_state=0)
    search.fit(X, y)
    for row in np.flatnonzero(search.cv_results_["status"] == "complete"):
        params = search.cv_results_["params"][row]
        expected = cross_val_score(forest.set_params(**params), X, y, cv=CV)
        found = [search.cv_results_[f"split{k}_test_score"][row] for k in range(3)]
        np.testing.assert_array_equal(found, expected)


def test_without_a_pruner_all_get_all_at_once():
    Learning.amounts.clear()
    search = TPESearchCV(Learning(), SPACE, **HALVING | {"pruner": None, "n_iter": 5}).fit(X, y)
    assert {n for _, n in Learning.amounts} == {27}
    assert len(Learning.amounts) == 15
    assert (search.cv_results_["n_resources"] == 27).all()


# ----------------------------------------------------------------------------- rows


def test_rows_are_taken_in_proportion_to_the_classes_and_each_rung_has_those_of_the_last():
    seen = {}

    class Seeing(SVC):
        def fit(self, X, y):
            seen.setdefault(len(y), []).append((X[:, 0].tolist(), y.mean()))
            return super().fit(X, y)

    rare = (np.arange(240) % 6 == 0).astype(int)
    search = RandomSearchCV(Seeing(), {"C": loguniform(0.1, 10)}, n_iter=6, cv=CV, random_state=0,
                            resource="n_samples", min_resources=30)  # fmt: skip
    search.fit(X, rare)
    sizes = sorted(seen)[:-1]
    assert len(sizes) == 2
    for size in sizes:
        assert all(abs(share - 1 / 6) < 0.06 for _, share in seen[size])
    smaller, larger = sizes
    for rows, _ in seen[larger]:
        assert any(set(few) < set(rows) for few, _ in seen[smaller])


def test_hyperband_begins_with_few_rows_for_some_and_many_for_others():
    Learning.amounts.clear()
    search = HyperbandSearchCV(Learning(), SPACE, n_iter=30, cv=3, random_state=0, refit=False)
    search.fit(X, y)
    first = [min(trial.intermediate_values) for trial in search.study_.trials]
    assert len(set(first)) >= 2
    assert set(search.cv_results_["n_resources"].tolist()) <= {26, 80, 240}
    assert {size for size, _ in Learning.amounts} <= {17, 53, 160}


def test_hyperband_finds_good_candidates_on_real_data():
    X, y = load_digits(return_X_y=True)
    space = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-6, 1e-1)}
    search = HyperbandSearchCV(SVC(), space, n_iter=25, cv=3, random_state=0).fit(X[:900], y[:900])
    assert search.best_score_ > 0.93
    assert search.best_estimator_.score(X[900:], y[900:]) > 0.9


# ------------------------------------------------------------------- going on training


@pytest.mark.parametrize("model", [
    RandomForestClassifier(random_state=0),
    GradientBoostingClassifier(random_state=0, subsample=0.7),
    HistGradientBoostingClassifier(random_state=0, early_stopping=False),
], ids=lambda model: type(model).__name__)  # fmt: skip
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_training_that_goes_on_gives_the_model_that_is_trained_at_once(model, in_pipeline):
    name = "max_iter" if isinstance(model, HistGradientBoostingClassifier) else "n_estimators"
    prefix = f"{type(model).__name__.lower()}__" if in_pipeline else ""
    estimator = make_pipeline(StandardScaler(), model) if in_pipeline else model
    search = RandomSearchCV(
        estimator, {f"{prefix}max_depth": [1, 2, 3, 4, 5]}, n_iter=5, cv=CV, random_state=0,
        resource=f"{prefix}{name}", max_resources=18, refit=False,
    ).fit(X, y)  # fmt: skip
    gone_on = np.flatnonzero(search.cv_results_["n_resources"] == 18)
    assert len(gone_on) >= 1
    for row in gone_on:
        params = search.cv_results_["params"][row] | {f"{prefix}{name}": 18}
        expected = cross_val_score(estimator.set_params(**params), X, y, cv=CV)
        found = [search.cv_results_[f"split{k}_test_score"][row] for k in range(3)]
        np.testing.assert_allclose(found, expected)


class Trees(RandomForestClassifier):
    """Counts the trees that are grown."""

    n_grown = 0

    def fit(self, X, y):
        before = len(getattr(self, "estimators_", ())) if self.warm_start else 0
        super().fit(X, y)
        Trees.n_grown += len(self.estimators_) - before
        return self


def test_no_tree_is_grown_twice():
    Trees.n_grown = 0
    search = RandomSearchCV(Trees(random_state=0), {"max_depth": randint(2, 9)}, n_iter=6, cv=CV,
                            random_state=0, resource="n_estimators", max_resources=27,
                            refit=False).fit(X, y)  # fmt: skip
    assert Trees.n_grown == 3 * search.cv_results_["n_resources"].sum()


@pytest.mark.parametrize("model", [
    SGDClassifier(random_state=0, tol=None), MLPClassifier((4,), random_state=0),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_models_with_epochs_are_trained_further(model):
    search = TPESearchCV(
        make_pipeline(StandardScaler(), model),
        {f"{type(model).__name__.lower()}__alpha": loguniform(1e-6, 1e3)}, n_iter=9, cv=CV,
        resource=f"{type(model).__name__.lower()}__max_iter", max_resources=27, random_state=0,
    ).fit(X, y)  # fmt: skip
    assert len(set(search.cv_results_["n_resources"].tolist())) >= 2
    assert search.best_estimator_[-1].max_iter == 27


@pytest.mark.parametrize("package", ["xgboost", "lightgbm"])
def test_boosters_are_trained_further(package):
    module = pytest.importorskip(package)
    model = (
        module.XGBClassifier(n_jobs=1) if package == "xgboost"
        else module.LGBMClassifier(n_jobs=1, verbose=-1)
    )  # fmt: skip
    space = {"learning_rate": loguniform(0.02, 0.5)}
    search = RandomSearchCV(model, space, n_iter=6, cv=CV, random_state=0, refit=False,
                            resource="n_estimators", max_resources=27).fit(X, y)  # fmt: skip
    row = int(search.best_index_)
    params = search.cv_results_["params"][row] | {"n_estimators": 27}
    expected = cross_val_score(model.set_params(**params), X, y, cv=CV)
    found = [search.cv_results_[f"split{k}_test_score"][row] for k in range(3)]
    np.testing.assert_allclose(found, expected, atol=0.03)


# ------------------------------------------------------------- same seed, same answer


@pytest.mark.parametrize("Search", [TPESearchCV, HyperbandSearchCV])
def test_the_number_of_workers_changes_nothing(Search):
    import joblib

    outcomes = []
    for n_jobs in (1, 2):
        search = Search(Learning(), SPACE, n_jobs=n_jobs, pre_dispatch=3, **HALVING)
        with joblib.parallel_config("threading"):
            outcomes.append(outcome(search.fit(X, y)))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("Search", [TPESearchCV, HyperbandSearchCV])
def test_a_search_that_is_cut_goes_on_to_the_same_end(Search, tmp_path):
    settings = HALVING | {"n_iter": 16, "pre_dispatch": 2}
    Learning.last = None
    whole = Search(Learning(), SPACE, **settings).fit(X, y)
    search = Search(Learning(), SPACE, storage=f"sqlite:///{tmp_path}/s.db", **settings)
    Cutting.n_fits, cuts = 0, 0
    while True:
        Cutting.last = Cutting.n_fits + 5 + cuts % 4
        try:
            search.fit(X, y)
            break
        except Cut:
            cuts += 1
    Cutting.last = None
    assert cuts > 3
    assert outcome(search) == outcome(whole)


# -------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(("given", "message"), [
    ({"resource": "depth"}, "`resource` must be 'n_samples' or a parameter"),
    ({"resource": "x"}, "also searched"),
    ({"resource": "kind"}, "`max_resources` must be given"),
    ({"resource": "n_samples", "max_resources": 10**6}, "at most 240"),
    ({"resource": "n", "min_resources": 99}, "at most `max_resources`, 27"),
    ({"resource": "n", "pruner": RacingPruner()}, "RacingPruner compares folds"),
    ({"resource": "n", "early_stopping": "fold"}, "one of them|for models that learn"),
    ({"min_resources": 3}, "`min_resources` is for a search with a `resource`"),
    ({"resource": "n", "min_resources": 0}, "'min_resources' parameter"),
])  # fmt: skip
def test_a_resource_that_cannot_be_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        TPESearchCV(Learning(), SPACE, cv=3, **given).fit(X, y)


@pytest.mark.parametrize("pruner", [
    SuccessiveHalvingPruner(reduction_factor=2), HyperbandPruner(),
    MedianPruner(n_startup_trials=2),
], ids=lambda pruner: type(pruner).__name__)  # fmt: skip
def test_pruners_that_compare_steps_may_be_given(pruner):
    search = StudySearchCV(Learning(), SPACE, pruner=pruner, **HALVING).fit(X, y)
    assert "pruned" in search.cv_results_["status"]
    assert "complete" in search.cv_results_["status"]


def test_a_failed_fit_ends_its_candidate():
    class Failing(Scored):
        def __init__(self, x=0.5, n=9):
            super().__init__(x)
            self.n = n

        def fit(self, X, y):
            if self.n > 1 and self.x > 0.2:
                raise ValueError("too much")
            return super().fit(X, y)

    search = RandomSearchCV(Failing(), {"x": uniform(0, 1)}, n_iter=12, cv=2, resource="n",
                            random_state=0, refit=False)  # fmt: skip
    with pytest.warns(Warning, match="too much"):
        search.fit(X, y)
    assert "failed" in search.cv_results_["status"]
