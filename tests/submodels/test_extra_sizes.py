"""Searches whose sampler draws the candidates score further sizes of each one on its fits."""

import warnings
from collections import Counter
from contextlib import suppress

import numpy as np
import pytest
from joblib import parallel_config
from scipy.stats import loguniform, randint, uniform
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import (
    AutoSearchCV,
    GPSearchCV,
    ParetoSearchCV,
    RandomSearchCV,
    SearchCallback,
    StudySearchCV,
    TPESearchCV,
)
from skhpo.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from skhpo.exceptions import SearchInterruptedWarning
from skhpo.multi_objective import is_nondominated
from skhpo.samplers import GPSampler
from skhpo.search.execution._told import MAX_TOLD
from skhpo.search.fidelity._submodels import MAX_SIZES, values_around
from skhpo.submodels import SubmodelFamily, register_submodels
from tests.submodels.estimators import CountingTree, Fragile, LastClass, fewer_rows

IRIS = load_iris(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
SPACE = {"ccp_alpha": loguniform(1e-4, 0.1), "max_features": [1, 2, 3, 4], "max_depth": [1, 2, 4]}


pytestmark = pytest.mark.usefixtures("counting_trees")


def counted(**settings):
    """A search that draws trees, whose prunings are further sizes."""
    settings = {"cv": 3, "random_state": 0, "n_iter": 6, "pruner": None, "refit": False} | settings
    settings = {"submodels": True} | settings
    kind, space = settings.pop("kind", TPESearchCV), settings.pop("space", SPACE)
    return kind(CountingTree(random_state=0), space, **settings)


def assert_same_table(one, other):
    one, other = one.cv_results_, other.cv_results_
    assert one.keys() == other.keys()
    assert one["params"] == other["params"]
    for name, column in one.items():
        if "time" not in name and not name.startswith("param"):
            np.testing.assert_array_equal(column, other[name], err_msg=name)


def groups_of(table):
    """The rows of each drawn candidate, itself first."""
    groups = {table["trial_number"][row]: [row] for row in np.flatnonzero(own_rows(table))}
    for row in np.flatnonzero(~own_rows(table)):
        groups[table["submodel_of"][row]].append(row)
    return list(groups.values())


def own_rows(table):
    return table["submodel_of"] == -1


@pytest.mark.parametrize(
    ("drawn", "distribution"),
    [
        (0.003, FloatDistribution(1e-4, 0.1, log=True)),
        (1e-4, FloatDistribution(1e-4, 0.1, log=True)),
        (0.3, FloatDistribution(0.0, 1.0)),
        (70, IntDistribution(1, 500, log=True)),
        (20.0, CategoricalDistribution([float(i) for i in range(40)])),
    ],
)
def test_values_lie_at_equal_distances_around_the_drawn_one(drawn, distribution):
    values = values_around(drawn, distribution)
    internal = [distribution.to_internal_repr(value) for value in values]
    assert any(value == pytest.approx(drawn) for value in values)
    assert MAX_SIZES <= len(values) <= MAX_SIZES + 1
    units = distribution.to_unit(np.array(internal))
    assert (0.0 <= units).all()
    assert (units <= 1.0).all()
    width = 1.0 / (distribution.n_cells or np.inf) if distribution.n_cells else 1e-9
    if not getattr(distribution, "log", False) or distribution.n_cells is None:
        assert np.abs(np.diff(units) - 1.0 / MAX_SIZES).max() <= width + 1e-9


def test_further_sizes_have_the_scores_of_separate_fits_and_cost_none():
    search = counted().fit(*IRIS)
    assert CountingTree.n_fits == 6 * 3
    table = search.cv_results_
    groups = groups_of(table)
    assert len(groups) == 6
    for own, *others in groups:
        assert MAX_SIZES - 1 <= len(others) <= MAX_SIZES
        for row in others:
            params = table["params"][row] | {"ccp_alpha": table["params"][own]["ccp_alpha"]}
            assert params == table["params"][own]
    for row, params in enumerate(table["params"]):
        scores = [table[f"split{fold}_test_score"][row] for fold in range(3)]
        model = CountingTree(random_state=0, **params)
        np.testing.assert_array_equal(scores, cross_val_score(model, *IRIS, cv=3))


def test_the_sampler_is_told_the_best_size_of_each_candidate():
    search = counted(pruner="racing", cv=5).fit(*CANCER)
    assert search.study_.history.n_finished == 6
    columns = search.study_.history.columns(search.study_.history.distributions)
    trials = search.study_.trials
    told = set(columns.finished.tolist())
    assert len(told) == 6
    table = search.cv_results_
    scores = np.where(
        table["status"] == "complete", table["mean_test_score"], table["predicted_test_score"]
    )
    for rows in groups_of(table):
        (best,) = told & set(table["trial_number"][rows].tolist())
        (row,) = np.flatnonzero(table["trial_number"] == best)
        assert scores[row] == scores[rows].max()
    assert len(trials) == len(table["params"])
    assert search.study_.best_trial.params == search.best_params_


@pytest.mark.parametrize("kind", [TPESearchCV, GPSearchCV, RandomSearchCV, AutoSearchCV])
def test_the_table_is_the_same_for_any_number_of_workers(kind):
    settings = {"kind": kind, "n_iter": 8, "pruner": "racing"}
    one = counted(**settings).fit(*IRIS)
    with parallel_config(backend="threading"):
        assert_same_table(one, counted(**settings, n_jobs=3).fit(*IRIS))


def test_without_submodels_each_candidate_is_a_row():
    search = counted(submodels=False).fit(*IRIS)
    assert len(search.cv_results_["params"]) == 6
    assert "submodel_of" not in search.cv_results_


def test_a_search_that_can_share_nothing_is_the_same_as_without_submodels():
    settings = {"space": {"max_depth": [1, 2, 3, 4, 5], "min_samples_leaf": randint(1, 30)}}
    assert_same_table(
        counted(**settings).fit(*IRIS), counted(submodels=False, **settings).fit(*IRIS)
    )


def test_the_sizes_of_a_short_list_are_all_scored():
    space = {"ccp_alpha": [0.0, 0.01, 0.02, 0.05], "max_depth": randint(1, 30)}
    search = counted(space=space).fit(*IRIS)
    assert [len(rows) for rows in groups_of(search.cv_results_)] == [4] * 6


def test_a_model_that_grows_is_scored_at_smaller_sizes_only():
    class Sizes(SubmodelFamily):
        parameter = "n_rows"
        is_for_samplers = True

        def view(self, model, value):
            return fewer_rows(model, value)

    register_submodels(LastClass, "n_rows", Sizes())
    settings = {"n_iter": 5, "cv": 3, "random_state": 1, "pruner": None}
    search = RandomSearchCV(LastClass(), {"n_rows": randint(1, 90)}, **settings).fit(*IRIS)
    table = search.cv_results_
    assert not own_rows(table).all()
    for own, *others in groups_of(table):
        sizes = [table["params"][row]["n_rows"] for row in others]
        assert all(size < table["params"][own]["n_rows"] for size in sizes)


def test_families_for_which_it_does_not_pay_are_left_alone_by_default():
    register_submodels(LastClass, "n_rows", fewer_rows)
    settings = {"n_iter": 5, "cv": 3, "random_state": 0}
    space = {"n_rows": randint(1, 90)}
    search = TPESearchCV(LastClass(), space, **settings).fit(*IRIS)
    assert "submodel_of" not in search.cv_results_
    search = TPESearchCV(LastClass(), space, submodels=True, **settings).fit(*IRIS)
    assert not own_rows(search.cv_results_).all()


def test_a_sampler_that_knows_costs_is_told_those_of_the_fits():
    sampler = GPSampler(seed=0, cost="seconds")
    search = counted(kind=StudySearchCV, sampler=sampler).fit(*IRIS)
    columns = search.study_.history.columns(search.study_.history.distributions)
    costs = search.study_.history.costs[columns.finished]
    table = search.cv_results_
    seconds = (table["mean_fit_time"] + table["mean_score_time"])[own_rows(table)]
    np.testing.assert_allclose(sorted(costs), sorted(seconds))


def test_further_sizes_cost_nothing_of_a_budget_of_fits():
    search = counted(n_iter=None, max_fits=9).fit(*IRIS)
    assert CountingTree.n_fits == 9
    assert own_rows(search.cv_results_).sum() == 3
    assert len(search.cv_results_["params"]) > 9


def test_first_candidates_get_further_sizes_too():
    first = [{"ccp_alpha": 0.05, "max_features": 4, "max_depth": 1}]
    search = counted(enqueue=first).fit(*IRIS)
    (rows, *_) = groups_of(search.cv_results_)
    assert search.cv_results_["params"][rows[0]] == first[0]
    assert len(rows) > 4


class Recorder(SearchCallback):
    """Counts the events of candidates."""

    def __init__(self):
        self.ended = Counter()

    def on_candidate_end(self, candidate):
        self.ended[candidate.is_extra] += 1


def test_the_bar_counts_the_drawn_candidates(capsys):
    recorder = Recorder()
    search = counted(verbose=1, callbacks=[recorder]).fit(*IRIS)
    assert recorder.ended == {False: 6, True: len(search.cv_results_["params"]) - 6}
    assert "6/6" in capsys.readouterr().err


class TestNotContained:
    """Further sizes that the fitted model does not contain are left out."""

    class Rows(SubmodelFamily):
        parameter = "n_rows"
        grows = False
        is_for_samplers = True

        def view(self, model, value):
            return fewer_rows(model, value) if value % 2 else None

    def test_what_has_no_view_is_left_out(self):
        register_submodels(LastClass, "n_rows", self.Rows())
        space = {"n_rows": [1, 2, 3, 4, 5]}
        search = RandomSearchCV(LastClass(), space, n_iter=1, cv=3, random_state=0).fit(*IRIS)
        table = search.cv_results_
        own = table["params"][0]["n_rows"]
        assert own_rows(table).sum() == 1
        assert {p["n_rows"] for p in table["params"]} == {1, 3, 5, own}
        assert set(table["status"]) == {"complete"}

    def test_a_fit_that_fails_leaves_out_its_further_sizes(self):
        class Counts(SubmodelFamily):
            parameter = "n_neighbors"
            grows = False
            is_for_samplers = True

            def view(self, model, value):
                return clone(model).set_params(n_neighbors=value)

        register_submodels(Fragile, "n_neighbors", Counts())
        space = {"n_neighbors": [2, 5, 20], "p": [1, 2]}
        first = [{"n_neighbors": 20, "p": 1}, {"n_neighbors": 2, "p": 2}]
        settings = {"n_iter": 2, "cv": 3, "enqueue": first, "pruner": None, "refit": False}
        with pytest.warns(FitFailedWarning, match="3 fits failed out of a total of 6"):
            table = TPESearchCV(Fragile(), space, **settings).fit(*IRIS).cv_results_
        assert table["params"][0] == first[0]
        assert [params for params in table["params"] if params["p"] == 1] == first[:1]
        assert table["status"][0] == "failed"

    def test_a_family_that_is_gone_leaves_the_drawn_candidate(self, tmp_path, monkeypatch):
        from skhpo.submodels import _registry

        settings = {"storage": tmp_path / "search.db", "n_iter": 4}
        monkeypatch.setattr(CountingTree, "interrupt_at", 7)
        with pytest.warns(SearchInterruptedWarning):
            counted(**settings).fit(*IRIS)
        monkeypatch.setattr(CountingTree, "interrupt_at", None)
        monkeypatch.setattr(_registry, "_BY_CLASS", {})
        search = counted(**settings).fit(*IRIS)
        assert own_rows(search.cv_results_).sum() == 4


class TestStored:
    """A search in a storage."""

    @pytest.mark.parametrize("at", [1, 8, 14])
    @pytest.mark.parametrize("kind", [TPESearchCV, GPSearchCV])
    def test_an_interrupted_search_resumes_to_the_same_result(
        self, tmp_path, monkeypatch, at, kind
    ):
        settings = {"n_iter": 8, "pruner": "racing", "kind": kind}
        whole = counted(**settings).fit(*IRIS)
        n_fits = CountingTree.n_fits
        settings |= {"storage": tmp_path / "search.db"}
        monkeypatch.setattr(CountingTree, "n_fits", 0)
        monkeypatch.setattr(CountingTree, "interrupt_at", at)
        with warnings.catch_warnings(), suppress(KeyboardInterrupt):
            warnings.simplefilter("ignore", SearchInterruptedWarning)
            counted(**settings).fit(*IRIS)
        monkeypatch.setattr(CountingTree, "interrupt_at", None)
        resumed = counted(**settings).fit(*IRIS)
        assert_same_table(resumed, whole)
        assert CountingTree.n_fits == n_fits + 1
        again = counted(**settings).fit(*IRIS)
        assert_same_table(again, whole)
        assert again.evaluations_["from_storage"].all()

    def test_a_longer_search_keeps_all_sizes_of_the_shorter_one(self, tmp_path):
        settings = {"storage": tmp_path / "search.db"}
        shorter = counted(n_iter=4, **settings).fit(*IRIS)
        n_fits = CountingTree.n_fits
        longer = counted(n_iter=7, **settings).fit(*IRIS)
        assert CountingTree.n_fits == n_fits + 3 * 3
        assert own_rows(longer.cv_results_).sum() == 7
        n_rows = len(shorter.cv_results_["params"])
        assert longer.cv_results_["params"][:n_rows] == shorter.cv_results_["params"]
        assert longer.study_.history.n_finished == 7

    def test_an_earlier_search_gives_its_sizes_and_what_the_sampler_was_told(self):
        earlier = counted(n_iter=4).fit(*IRIS)
        search = counted(n_iter=2, prior=[earlier], random_state=1).fit(*IRIS)
        assert search.study_.history.n_finished == 4 + 2
        assert len(search.cv_results_["params"]) > len(earlier.cv_results_["params"])


class TestSeveralObjectives:
    """Precision against recall, by the threshold."""

    space = {"m__threshold": uniform(0.02, 0.96), "m__estimator__C": loguniform(1e-3, 10)}

    def search(self, **settings):
        model = FixedThresholdClassifier(LogisticRegression())
        pipeline = make_pipeline(StandardScaler(), model)
        pipeline.steps[-1] = ("m", model)
        settings = {"objectives": ["precision", "recall"], "cv": 3, "random_state": 0} | settings
        return ParetoSearchCV(pipeline, self.space, n_iter=5, refit=False, **settings).fit(*CANCER)

    @pytest.mark.parametrize("pruner", [None, "racing"])
    def test_the_sampler_is_told_some_of_the_front_of_each_candidate(self, pruner):
        search = self.search(pruner=pruner)
        table, history = search.cv_results_, search.study_.history
        told = set(history.columns(history.distributions).finished.tolist())
        for rows in groups_of(table):
            numbers = table["trial_number"][rows]
            chosen = [n in told for n in numbers.tolist()]
            assert 1 <= sum(chosen) <= MAX_TOLD
            losses = history.losses[numbers]
            assert is_nondominated(losses)[chosen].all()

    def test_the_front_has_all_sizes(self):
        search = self.search(pruner=None)
        table = search.cv_results_
        values = np.column_stack([table["mean_test_precision"], table["mean_test_recall"]])
        front = np.flatnonzero(is_nondominated(-values))
        np.testing.assert_array_equal(np.sort(search.pareto_front_), front)
        assert len(front) > 5
        numbers = sorted(trial.number for trial in search.study_.best_trials)
        assert numbers == sorted(table["trial_number"][front].tolist())

    def test_the_front_dominates_that_without_further_thresholds(self):
        settings = {"pruner": None, "reference_point": {"precision": 0.0, "recall": 0.0}}
        settings |= {"sampler": "random"}
        alone = self.search(submodels=False, **settings)
        assert self.search(**settings).hypervolume_ > alone.hypervolume_
