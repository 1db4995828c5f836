"""Searches fit the largest model once and score its submodels, with the scores of separate fits."""

import warnings
from contextlib import suppress

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, ShuffleSplit
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skhpo import (
    Cost,
    GPSearchCV,
    ParetoSearchCV,
    RandomSearchCV,
    SearchCallback,
    StudySearchCV,
    TPESearchCV,
)
from skhpo.exceptions import SearchInterruptedWarning
from skhpo.plots import HistoryDisplay
from skhpo.samplers import BruteForceSampler, PartialFixedSampler, RandomSampler
from skhpo.submodels import SubmodelFamily, fits_by_row, register_submodels
from skhpo.submodels._trees import PrunedTree
from tests.submodels.estimators import CountingTree, Fragile, LastClass, fewer_rows

IRIS = load_iris(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
ALPHAS = [0.0, 0.002, 0.01, 0.05]
TREES = {"max_depth": [2, 4], "ccp_alpha": ALPHAS}


pytestmark = pytest.mark.usefixtures("counting_trees")


def counted(**settings):
    """A search over two depths of a tree, whose four prunings are submodels."""
    settings = {"cv": 4, "random_state": 0, "pruner": None, "refit": False} | settings
    kind = settings.pop("kind", TPESearchCV)
    grid = settings.pop("grid", TREES)
    return kind(CountingTree(random_state=0), grid, **settings)


def measured(table):
    """The columns that do not depend on the time."""
    return {
        name: column
        for name, column in table.items()
        if "time" not in name and not name.startswith("param")
    }


def assert_as_grid_search(search, grid_search):
    ours, theirs = search.cv_results_, grid_search.cv_results_
    assert ours["params"] == theirs["params"]
    for name, column in measured(theirs).items():
        np.testing.assert_array_equal(ours[name], column, err_msg=name)


def assert_same_table(one, other):
    one, other = one.cv_results_, other.cv_results_
    assert one.keys() == other.keys()
    assert one["params"] == other["params"]
    for name, column in measured(one).items():
        np.testing.assert_array_equal(column, other[name], err_msg=name)


def forest_in_a_pipeline():
    model = make_pipeline(StandardScaler(), RandomForestClassifier(random_state=0))
    name = "randomforestclassifier"
    grid = {f"{name}__n_estimators": [3, 6, 9], f"{name}__max_depth": [2, None]}
    return model, grid, CANCER, {"scoring": ["accuracy", "roc_auc"], "refit": "roc_auc"}


def neighbors():
    grid = {"n_neighbors": range(1, 8), "weights": ["uniform", "distance"]}
    return KNeighborsClassifier(), grid, IRIS, {"scoring": "neg_log_loss"}


def neighbors_of_numbers():
    model = Pipeline([("scale", StandardScaler()), ("knn", KNeighborsRegressor())])
    return model, {"knn__n_neighbors": [30, 2, 9]}, DIABETES, {}


def two_metrics(estimator, X, y):
    predicted = estimator.predict(X)
    return {"a": accuracy_score(y, predicted), "b": balanced_accuracy_score(y, predicted)}


def trees():
    grid = [
        {"ccp_alpha": ALPHAS, "max_depth": [3]},
        {"ccp_alpha": [0.0, 0.3], "splitter": ["best"]},
    ]
    return (
        DecisionTreeClassifier(random_state=0),
        grid,
        IRIS,
        {"scoring": two_metrics, "refit": "b"},
    )


def rounds():
    model = HistGradientBoostingClassifier(max_leaf_nodes=4)
    return (
        model,
        {"max_iter": [2, 4, 8], "learning_rate": [0.1, 1.0]},
        IRIS,
        {"scoring": "accuracy"},
    )


def models_by_choice():
    model = Pipeline([("model", DecisionTreeClassifier())])
    grid = [
        {"model": [RandomForestClassifier(random_state=0)], "model__n_estimators": [2, 4]},
        {"model": [KNeighborsClassifier()], "model__n_neighbors": [1, 5, 9]},
    ]
    return model, grid, IRIS, {}


def thresholds():
    model = make_pipeline(StandardScaler(), FixedThresholdClassifier(LogisticRegression()))
    name = "fixedthresholdclassifier"
    grid = {f"{name}__threshold": [0.9, 0.1, "auto", 0.5], f"{name}__estimator__C": [0.01, 1.0]}
    return model, grid, CANCER, {"scoring": ["precision", "recall", "roc_auc"], "refit": "recall"}


@pytest.mark.parametrize(
    "task",
    [
        forest_in_a_pipeline, neighbors, neighbors_of_numbers, trees, rounds, models_by_choice,
        thresholds,
    ],
)  # fmt: skip
@pytest.mark.parametrize("seed", [None, 0])
def test_all_rows_have_the_scores_of_grid_search(task, seed):
    model, grid, (X, y), settings = task()
    settings = {"cv": 3, "return_train_score": True, "error_score": "raise"} | settings
    theirs = GridSearchCV(model, grid, **settings).fit(X, y)
    ours = RandomSearchCV(model, grid, pruner=None, random_state=seed, **settings).fit(X, y)
    assert_as_grid_search(ours, theirs)
    assert (ours.cv_results_["submodel_of"] >= 0).any()
    assert ours.best_params_ == theirs.best_params_
    assert repr(ours.best_estimator_) == repr(theirs.best_estimator_)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_steps_and_sizes_are_shared_at_once():
    model, grid, (X, y), settings = forest_in_a_pipeline()
    settings = {"cv": 3, "return_train_score": True} | settings
    theirs = GridSearchCV(model, grid, **settings).fit(X, y)
    ours = RandomSearchCV(model, grid, pruner=None, share_steps=True, **settings).fit(X, y)
    assert_as_grid_search(ours, theirs)
    assert (ours.cv_results_["submodel_of"] >= 0).sum() == 4


def test_weighted_rows_have_the_scores_of_grid_search():
    X, y = DIABETES
    weight = np.random.default_rng(0).uniform(0.1, 3.0, len(X))
    model, grid = DecisionTreeRegressor(random_state=0), {"ccp_alpha": [0.0, 10.0, 100.0]}
    theirs = GridSearchCV(model, grid).fit(X, y, sample_weight=weight)
    ours = RandomSearchCV(model, grid, pruner=None).fit(X, y, sample_weight=weight)
    assert_as_grid_search(ours, theirs)
    assert (ours.cv_results_["submodel_of"] >= 0).sum() == 2


def test_a_fit_serves_all_sizes():
    search = counted().fit(*IRIS)
    assert CountingTree.n_fits == 2 * 4  # depths and folds
    table = search.cv_results_
    assert len(table["params"]) == 8
    assert (table["n_splits_evaluated"] == 4).all()
    own = table["submodel_of"] == -1
    assert own.sum() == 2
    assert {table["params"][row]["ccp_alpha"] for row in np.flatnonzero(own)} == {0.0}
    numbers = table["trial_number"]
    for row in np.flatnonzero(~own):
        (source,) = np.flatnonzero(numbers == table["submodel_of"][row])
        assert table["params"][source]["max_depth"] == table["params"][row]["max_depth"]
    assert (table["mean_fit_time"][~own] == 0.0).all()
    assert (table["mean_fit_time"][own] > 0.0).all()
    assert (table["mean_score_time"] > 0.0).all()


def test_without_submodels_each_size_is_fitted():
    search = counted(submodels=False).fit(*IRIS)
    assert CountingTree.n_fits == 8 * 4
    assert "submodel_of" not in search.cv_results_
    means = counted().fit(*IRIS).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], means)


@pytest.mark.parametrize("kind", [TPESearchCV, GPSearchCV, RandomSearchCV])
def test_the_table_is_the_same_for_any_number_of_workers(kind):
    model = DecisionTreeClassifier(random_state=0)
    grid = {"max_depth": [1, 2, 3, 5], "min_samples_leaf": [1, 9], "ccp_alpha": ALPHAS}
    settings = {"cv": 4, "random_state": 0, "pruner": "racing"}
    one = kind(model, grid, **settings).fit(*IRIS)
    with parallel_config(backend="threading"):
        assert_same_table(one, kind(model, grid, **settings, n_jobs=3).fit(*IRIS))
    assert_same_table(one, kind(model, grid, **settings).fit(*IRIS))


def test_a_fit_is_stopped_when_all_of_its_sizes_have_little_chance():
    grid = {"max_features": [1, 2, 5, 30], "max_depth": [1, 3], "ccp_alpha": [0.0, 0.01, 0.02]}
    cv = ShuffleSplit(10, test_size=0.5, random_state=0)
    search = counted(grid=grid, cv=cv, pruner="racing").fit(*CANCER)
    table = search.cv_results_
    assert set(table["status"]) == {"complete", "pruned"}
    for row in np.flatnonzero(table["submodel_of"] >= 0):
        (source,) = np.flatnonzero(table["trial_number"] == table["submodel_of"][row])
        assert table["status"][row] == table["status"][source]
        assert table["n_splits_evaluated"][row] == table["n_splits_evaluated"][source]
    pruned = table["status"] == "pruned"
    assert np.isfinite(table["predicted_test_score"][pruned]).all()
    assert (table["std_error_predicted_test_score"][pruned] > 0.0).all()
    assert CountingTree.n_fits == table["n_splits_evaluated"][table["submodel_of"] == -1].sum()


def test_submodels_cost_no_fits_of_the_budget():
    search = counted(max_fits=8).fit(*IRIS)
    assert CountingTree.n_fits == 8
    assert len(search.cv_results_["params"]) == 8
    search = counted(max_fits=5).fit(*IRIS)
    assert CountingTree.n_fits == 8 + 4
    assert len(search.cv_results_["params"]) == 4


def test_the_sampler_is_told_all_sizes():
    search = counted().fit(*IRIS)
    trials = search.study_.trials
    assert len(trials) == 8
    assert all(trial.state.name == "COMPLETE" for trial in trials)
    means = dict(zip(search.cv_results_["trial_number"], search.cv_results_["mean_test_score"]))
    assert {trial.number: trial.value for trial in trials} == means


def test_enqueued_candidates_run_first():
    grid = {"max_depth": [1, 2, 3, 4], "ccp_alpha": ALPHAS}
    first = [{"max_depth": 3, "ccp_alpha": 0.05}, {"max_depth": 1, "ccp_alpha": 0.0}]
    search = counted(grid=grid, enqueue=first, random_state=None).fit(*IRIS)
    trials = [trial for trial in search.study_.trials if trial.params["ccp_alpha"] == 0.0]
    assert [trial.params["max_depth"] for trial in trials][:2] == [3, 1]


def test_evaluations_and_events_name_the_submodels():
    class Recorder(SearchCallback):
        def __init__(self):
            self.started, self.ended, self.folds = [], [], []

        def on_candidate_start(self, candidate):
            self.started.append(candidate.number)

        def on_fold_end(self, fold):
            self.folds.append(fold.number)

        def on_candidate_end(self, candidate):
            self.ended.append((candidate.number, candidate.submodel_of, candidate.objectives))

    recorder, seen = Recorder(), []
    callbacks = [recorder, lambda study, trial: seen.append(trial.number)]
    search = counted(callbacks=callbacks, n_jobs=None, random_state=None).fit(*IRIS)
    table = search.cv_results_
    assert sorted(recorder.started) == sorted(seen) == list(range(8))
    assert len(recorder.folds) == 8
    sources = dict(zip(table["trial_number"], table["submodel_of"]))
    assert {n: -1 if source is None else source for n, source, _ in recorder.ended} == sources
    means = dict(zip(table["trial_number"], table["mean_test_score"]))
    assert {n: values[0] for n, _, values in recorder.ended} == means
    evaluations = search.evaluations_
    assert len(evaluations["fold"]) == 8 * 4
    assert (evaluations["seconds"] > 0.0).all()
    assert (np.diff(evaluations["started_at"]) >= 0.0).all()


class TestFallBack:
    """What the large model does not contain is fitted separately."""

    def test_a_fit_that_fails_is_repeated_for_each_size(self):
        register_submodels(Fragile, "n_neighbors", lambda model, n: None)
        grid = {"n_neighbors": [1, 5, 20]}
        with pytest.warns(FitFailedWarning, match="too many"):
            theirs = GridSearchCV(Fragile(), grid, cv=3).fit(*IRIS)
        with pytest.warns(FitFailedWarning, match="too many"):
            ours = RandomSearchCV(Fragile(), grid, cv=3, pruner=None).fit(*IRIS)
        assert_as_grid_search(ours, theirs)
        assert sorted(ours.cv_results_["status"]) == ["complete", "complete", "failed"]

    def test_a_view_that_raises_an_error_is_reported(self):
        def wrong(model, n_rows):
            raise RuntimeError("no view")

        register_submodels(LastClass, "n_rows", wrong)
        grid = {"n_rows": [5, 50, 100]}
        theirs = GridSearchCV(LastClass(), grid).fit(*IRIS)
        with pytest.warns(UserWarning, match="fitted separately: RuntimeError: no view"):
            ours = RandomSearchCV(LastClass(), grid, pruner=None).fit(*IRIS)
        assert_as_grid_search(ours, theirs)

    def test_sizes_that_are_not_contained_are_fitted(self):
        register_submodels(
            LastClass, "n_rows", lambda model, n: fewer_rows(model, n) if n != 50 else None
        )
        grid = {"n_rows": [5, 50, 100]}
        theirs = GridSearchCV(LastClass(), grid).fit(*IRIS)
        ours = RandomSearchCV(LastClass(), grid, pruner=None).fit(*IRIS)
        assert_as_grid_search(ours, theirs)
        fit_time = ours.cv_results_["mean_fit_time"]
        assert fit_time[1] > 0.0
        assert fit_time[0] == 0.0

    def test_scores_that_fail_are_those_of_grid_search(self):
        grid = {"n_neighbors": [1, 5, 120]}  # more than the rows of a fold
        with pytest.warns(UserWarning, match="Scoring failed"):
            theirs = GridSearchCV(KNeighborsClassifier(), grid, cv=3).fit(*IRIS)
        for pruner in (None, "racing"):
            with pytest.warns(UserWarning, match="Scoring failed"):
                ours = RandomSearchCV(KNeighborsClassifier(), grid, cv=3, pruner=pruner).fit(*IRIS)
            assert_as_grid_search(ours, theirs)
            assert list(ours.cv_results_["status"]) == ["complete", "complete", "failed"]

    def test_values_that_are_no_sizes_are_fitted(self):
        grid = {"min_samples_leaf": [1, 5, 0.1]}
        model = CountingTree(random_state=0)

        class Leaves(SubmodelFamily):
            parameter = "min_samples_leaf"

            def view(self, model, value):
                return None

        register_submodels(CountingTree, "min_samples_leaf", Leaves())
        theirs = GridSearchCV(clone(model), grid, cv=3).fit(*IRIS)
        ours = RandomSearchCV(model, grid, cv=3, pruner=None).fit(*IRIS)
        assert_as_grid_search(ours, theirs)


OFF = {
    "a resource": {"resource": "n_samples"},
    "a sampler of points": {"kind": StudySearchCV, "sampler": BruteForceSampler(seed=0)},
}


@pytest.mark.parametrize("case", OFF)
def test_fits_are_not_shared_where_each_one_counts(case):
    search = counted(**OFF[case]).fit(*IRIS)
    assert "submodel_of" not in search.cv_results_


@pytest.mark.slow
@pytest.mark.parametrize("limit", [{"fit_timeout": 60.0}, {"fit_memory": "8 GB"}])
def test_fits_with_a_limit_are_not_shared(limit):
    model = DecisionTreeClassifier(random_state=0)
    search = TPESearchCV(model, TREES, cv=2, **limit).fit(*IRIS)
    assert "submodel_of" not in search.cv_results_


@pytest.mark.slow
def test_workers_of_other_processes_return_the_submodels():
    register_submodels(LastClass, "n_rows", fewer_rows)  # the workers do not register it
    grid = {"n_rows": [5, 50, 100]}
    theirs = GridSearchCV(LastClass(), grid).fit(*IRIS)
    ours = RandomSearchCV(LastClass(), grid, pruner=None, n_jobs=2).fit(*IRIS)
    assert_as_grid_search(ours, theirs)
    assert ours.cv_results_["submodel_of"].tolist() == [0, 0, -1]


def test_sizes_that_the_sampler_holds_are_not_added():
    sampler = PartialFixedSampler({"ccp_alpha": 0.01}, RandomSampler())
    search = counted(kind=StudySearchCV, sampler=sampler, enqueue=None).fit(*IRIS)
    assert {params["ccp_alpha"] for params in search.cv_results_["params"]} == {0.01}


def test_parameters_of_fit_that_may_change_the_model_switch_it_off():
    register_submodels(CountingTree, "ccp_alpha", PrunedTree())
    search = counted().fit(*IRIS, check_input=True)
    assert "submodel_of" not in search.cv_results_


def test_steps_that_write_into_the_data_switch_it_off():
    model = make_pipeline(StandardScaler(copy=False), KNeighborsClassifier())
    grid = {"kneighborsclassifier__n_neighbors": [1, 3, 5]}
    theirs = GridSearchCV(model, grid).fit(*IRIS)
    ours = RandomSearchCV(model, grid, pruner=None).fit(*IRIS)
    assert_as_grid_search(ours, theirs)
    assert "submodel_of" not in ours.cv_results_


class TestCosts:
    """Several objectives."""

    def test_costs_are_those_of_separate_fits(self):
        settings = {
            "objectives": ["accuracy", "model_size", Cost(n_leaves)],
            "cv": 3,
            "pruner": None,
            "random_state": 0,
        }
        model = DecisionTreeClassifier(random_state=0)
        ours = ParetoSearchCV(model, TREES, **settings).fit(*IRIS)
        alone = ParetoSearchCV(model, TREES, submodels=False, **settings).fit(*IRIS)
        assert (ours.cv_results_["submodel_of"] >= 0).sum() == 6
        for name in ("mean_test_accuracy", "mean_model_size", "mean_n_leaves"):
            np.testing.assert_array_equal(ours.cv_results_[name], alone.cv_results_[name])
        np.testing.assert_array_equal(ours.pareto_front_, alone.pareto_front_)

    def test_the_front_of_precision_and_recall_takes_one_fit_for_all_thresholds(self):
        settings = {"objectives": ["precision", "recall"], "cv": 3, "pruner": None}
        model = FixedThresholdClassifier(CountingTree(max_depth=4, random_state=0))
        grid = {"threshold": [0.05, 0.2, 0.5, 0.8, 0.95], "estimator__min_samples_leaf": [5, 20]}
        ours = ParetoSearchCV(model, grid, **settings, refit=False).fit(*CANCER)
        assert CountingTree.n_fits == 2 * 3
        alone = ParetoSearchCV(model, grid, **settings, submodels=False).fit(*CANCER)
        for name in ("mean_test_precision", "mean_test_recall"):
            np.testing.assert_array_equal(ours.cv_results_[name], alone.cv_results_[name])
        np.testing.assert_array_equal(ours.pareto_front_, alone.pareto_front_)
        assert len(ours.pareto_front_) > 2

    def test_with_the_time_as_an_objective_each_size_is_fitted(self):
        search = ParetoSearchCV(
            DecisionTreeClassifier(random_state=0), TREES, objectives=["accuracy", "fit_time"]
        ).fit(*IRIS)
        assert "submodel_of" not in search.cv_results_


def n_leaves(tree):
    return tree.get_n_leaves()


class TestStored:
    """A search in a storage."""

    settings = {"pruner": "racing", "grid": {"max_depth": [1, 2, 3, 4, 5, 6], "ccp_alpha": ALPHAS}}

    @pytest.mark.parametrize("at", [1, 3, 9, 17, 19])
    @pytest.mark.parametrize("seed", [0, None])
    def test_an_interrupted_search_resumes_to_the_same_result(
        self, tmp_path, monkeypatch, at, seed
    ):
        whole = counted(**self.settings, random_state=seed).fit(*IRIS)
        n_fits = CountingTree.n_fits
        settings = self.settings | {"storage": tmp_path / "search.db", "random_state": seed}
        monkeypatch.setattr(CountingTree, "n_fits", 0)
        monkeypatch.setattr(CountingTree, "interrupt_at", at)
        with warnings.catch_warnings(), suppress(KeyboardInterrupt):  # raised if none is complete
            warnings.simplefilter("ignore", SearchInterruptedWarning)
            counted(**settings).fit(*IRIS)
        monkeypatch.setattr(CountingTree, "interrupt_at", None)
        resumed = counted(**settings).fit(*IRIS)
        assert len(resumed.study_.trials) == 24
        if seed is not None:
            assert_same_table(resumed, whole)
            assert CountingTree.n_fits == n_fits + 1  # the interrupted one
        again = counted(**settings).fit(*IRIS)
        assert_same_table(again, resumed)
        assert again.evaluations_["from_storage"].all()

    def test_it_resumes_without_submodels_and_with_them(self, tmp_path, monkeypatch):
        settings = self.settings | {"storage": tmp_path / "search.db", "pruner": None}
        whole = counted(**settings | {"storage": None}).fit(*IRIS)
        monkeypatch.setattr(CountingTree, "n_fits", 0)
        monkeypatch.setattr(CountingTree, "interrupt_at", 7)
        with pytest.warns(SearchInterruptedWarning):
            counted(**settings).fit(*IRIS)
        monkeypatch.setattr(CountingTree, "interrupt_at", 20)
        with pytest.warns(SearchInterruptedWarning):
            counted(**settings, submodels=False).fit(*IRIS)
        monkeypatch.setattr(CountingTree, "interrupt_at", None)
        resumed = counted(**settings).fit(*IRIS)
        assert len(resumed.study_.trials) == 24
        for name in ("params", "mean_test_score", "status"):
            np.testing.assert_array_equal(resumed.cv_results_[name], whole.cv_results_[name])

    def test_a_family_that_is_no_longer_registered_is_fitted_separately(
        self, tmp_path, monkeypatch
    ):
        from skhpo.submodels import _registry

        settings = self.settings | {"storage": tmp_path / "search.db", "pruner": None}
        whole = counted(**settings | {"storage": None}).fit(*IRIS)
        monkeypatch.setattr(CountingTree, "n_fits", 0)
        monkeypatch.setattr(CountingTree, "interrupt_at", 7)
        with pytest.warns(SearchInterruptedWarning):
            counted(**settings).fit(*IRIS)
        monkeypatch.setattr(CountingTree, "interrupt_at", None)
        monkeypatch.setattr(_registry, "_BY_CLASS", {})
        resumed = counted(**settings).fit(*IRIS)
        np.testing.assert_array_equal(
            resumed.cv_results_["mean_test_score"], whole.cv_results_["mean_test_score"]
        )


@pytest.mark.parametrize("value", ["off", None, 1])
def test_the_argument_is_checked(value):
    with pytest.raises(ValueError, match="'submodels' parameter of TPESearchCV must be"):
        counted(submodels=value).fit(*IRIS)


def test_the_number_of_fits_counts_no_submodels():
    search = counted(refit=True, pruner=None).fit(*IRIS)
    assert fits_by_row(search.cv_results_).sum() == 8
    assert "8 of 32 (75% saved)" in search._repr_html_()
    assert HistoryDisplay.from_search(search, x="fits").x.max() == 8
