"""The search space: what users write, its names and conditions, and its candidates."""

import array
import collections
import copy
import math
import pickle
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import ParameterGrid, ParameterSampler
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    OrdinalDistribution,
    QuantileDistribution,
    SequenceDistribution,
    labelled_json,
)
from skhpo.space import SearchSpace

from_dicts = SearchSpace.from_param_distributions


def one(value, **kwargs):
    """The distribution that one parameter's value becomes."""
    return from_dicts({"x": value}, **kwargs).distributions["x"]


# values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, 10, 100], OrdinalDistribution([1, 10, 100])),
        ([3.0, 2, 1], OrdinalDistribution([3.0, 2, 1])),
        (range(3), OrdinalDistribution([0, 1, 2])),
        (np.logspace(0, 2, 3), OrdinalDistribution([1.0, 10.0, 100.0])),
        (pd.Series([1, 2], index=[7, 8]), OrdinalDistribution([1, 2])),
        ((1, 3, 2), OrdinalDistribution([1, 3, 2])),
        ([1, 1, 2, 2], OrdinalDistribution([1, 2])),
        ([5], CategoricalDistribution([5])),
        ([False, True], CategoricalDistribution([False, True])),
        (["a", None, 1], CategoricalDistribution(["a", None, 1])),
        (pd.Series(["a", "b"]), CategoricalDistribution(["a", "b"])),
        (np.array(["a", "b"]), CategoricalDistribution(["a", "b"])),
        (stats.uniform(1, 2), FloatDistribution(1.0, 3.0)),
        (stats.uniform(loc=0.5, scale=0.25), FloatDistribution(0.5, 0.75)),
        (stats.loguniform(1e-4, 1e3), FloatDistribution(1e-4, 1e3, log=True)),
        (stats.reciprocal(a=1, b=10, scale=2), FloatDistribution(2, 20, log=True)),
        (stats.randint(2, 7), IntDistribution(2, 6)),
        (stats.randint(2, 7, loc=1), IntDistribution(3, 7)),
        (
            stats.loguniform(1, 10, loc=1),
            QuantileDistribution(stats.loguniform(1, 10, loc=1)),
        ),
        (stats.expon(scale=9), QuantileDistribution(stats.expon(scale=9))),
        (stats.poisson(4), QuantileDistribution(stats.poisson(4))),
        (FloatDistribution(0, 1, step=0.5), FloatDistribution(0, 1, step=0.5)),
    ],
)
def test_what_users_write_becomes_a_distribution(value, expected):
    assert one(value) == expected


def test_optunas_distributions_are_taken():
    optuna = pytest.importorskip("optuna")
    given_ = optuna.distributions.FloatDistribution(1, 2, log=True)
    assert one(given_) == FloatDistribution(1, 2, log=True)


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6).reshape(3, 2),
        np.array([[1]]),
        pd.DataFrame({"a": [1, 2]}),
        pl.DataFrame({"a": [1, 2]}),
        sparse.csr_matrix([[1, 2]]),
        sparse.csr_array([[1, 2]]),
    ],
)
def test_what_has_several_dimensions_is_no_list_of_choices(value):
    with pytest.raises(ValueError, match=r"'x' .*one dimension, but got the shape \(\d, \d\)"):
        one(value)


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, 2, 4]),
        np.array(["a", "b"]),
        np.array([0.1, 0.3], dtype=np.float32),
        [1, 2.0, np.float64(3.5)],
        [StandardScaler(), None, "passthrough"],
        [[1], (2, 3), {"a": 1}],
    ],
)
def test_estimators_get_the_objects_that_scikit_learn_would_give(values):
    space = from_dicts({"x": values})
    got = [space.to_params(c)["x"] for c in space.candidates()]
    expected = [p["x"] for p in ParameterGrid({"x": values})]
    assert [type(v) for v in got] == [type(v) for v in expected]
    if isinstance(values, list):
        assert all(a is b for a, b in zip(got, expected))
    else:
        assert got == expected


def test_equal_values_of_one_type_are_kept_once_in_order_of_appearance():
    nan = float("nan")
    values = ["b", 1, "a", "b", 1.0, True, [1], [1], nan, np.nan, np.ones(2), np.ones(2), 1]
    kept = one(values).choices
    assert len(kept) == 8
    assert kept[:5] == ("b", 1, "a", 1.0, True)
    assert [type(k) for k in kept] == [str, int, str, float, bool, list, float, np.ndarray]


def test_drawn_numbers_are_plain_python_numbers():
    space = from_dicts(
        {"a": stats.uniform(), "b": stats.randint(1, 9), "c": stats.norm(), "d": stats.geom(0.5)}
    )
    params = space.to_params(space.random(np.random.default_rng(0)))
    assert [type(params[k]) for k in "abcd"] == [float, int, float, int]


class Draws:
    """An object that has rvs only."""

    def __init__(self, draw):
        self.draw = draw

    def rvs(self, random_state=None):
        return self.draw(random_state)


def test_an_object_with_rvs_only_becomes_the_prior_of_its_draws():
    d = one(Draws(lambda rng: rng.exponential(3.0)), random_state=0)
    assert d == one(Draws(lambda rng: rng.exponential(3.0)), random_state=0)
    assert d != one(Draws(lambda rng: rng.exponential(3.0)), random_state=1)
    assert one(Draws(lambda rng: rng.normal())) == one(Draws(lambda rng: rng.normal()))
    u = np.linspace(0, 1, 101)
    np.testing.assert_allclose(d.to_unit(d.from_unit(u)), u, atol=1e-12)
    assert abs(d.from_unit(0.5) - 3 * np.log(2)) < 0.3
    assert pickle.loads(pickle.dumps(d)) == d


def test_draws_that_are_ints_stay_ints():
    d = one(Draws(lambda rng: rng.choice([1, 2, 4, 8])), random_state=0)
    values = d.from_unit(np.linspace(0, 1, 101))
    assert set(values) == {1.0, 2.0, 4.0, 8.0}
    assert np.array_equal(d.from_unit(d.to_unit(values)), values)
    assert type(d.to_external_repr(values[0])) is int


def test_draws_that_repeat_are_not_interpolated():
    d = one(Draws(lambda rng: rng.choice([0.1, 0.5, 2.5])), random_state=0)
    values = d.from_unit(np.linspace(0, 1, 101))
    assert set(values) == {0.1, 0.5, 2.5}
    assert np.array_equal(d.from_unit(d.to_unit(values)), values)


# errors


@pytest.mark.parametrize(
    ("given_", "error", "message"),
    [
        (0, TypeError, r"Parameter .* a dict or a list, got: 0 of type int"),
        ("C", TypeError, r"Parameter .* a dict or a list, got: 'C' of type str"),
        ([{"foo": [0]}, 0], TypeError, r"Parameter .* is not a dict \(0\)"),
        ([], ValueError, r"a list of dicts, got: \[\]"),
        ({3: [1]}, TypeError, "names need to be str, got: 3 of type int"),
        (
            {"foo": 0},
            TypeError,
            r"Parameter (grid|distribution) for parameter 'foo' (is not|needs to be) "
            r"(a list or a numpy array|iterable or a distribution).*",
        ),
        ({"foo": "abc"}, TypeError, "'foo' needs to be a list .* got 'abc' .of type str"),
        ({"foo": {1, 2}}, TypeError, "'foo' needs to be a list"),
        ({"foo": {1: 2}}, TypeError, "'foo' needs to be a list"),
        ({"foo": iter([1])}, TypeError, "'foo' needs to be a list"),
        ({"foo": np.array(3)}, TypeError, "'foo' needs to be a list"),
        ({"foo": Pipeline([("a", SVC())])}, TypeError, "'foo' needs to be a list"),
        ({"foo": SVC}, TypeError, "'foo' needs to be a list"),
        ({"foo": []}, ValueError, r"'foo' needs to be a non-empty sequence, got: \[\]"),
        ({"foo": np.array([])}, ValueError, "'foo' needs to be a non-empty sequence"),
        ({"foo": stats.uniform(0, math.nan)}, ValueError, "'foo' .*uniform.0, nan. has invalid"),
        ({"foo": stats.uniform(0, -1)}, ValueError, "'foo' .*uniform.0, -1. has invalid"),
        ({"foo": stats.uniform(0, math.inf)}, ValueError, "'foo' .*uniform.0, inf. has invalid"),
        ({"foo": stats.loguniform(-1, 1)}, ValueError, "'foo' .*loguniform.-1, 1. has invalid"),
        ({"foo": stats.loguniform(2, 1)}, ValueError, "'foo' .*loguniform.2, 1. has invalid"),
        ({"foo": stats.randint(5, 5)}, ValueError, "'foo' .*randint.5, 5. has invalid"),
        ({"foo": stats.norm(0, math.nan)}, ValueError, "'foo' .*norm.0, nan. does not"),
        ({"foo": stats.uniform([0, 1], 1)}, ValueError, "'foo' .*one dimension"),
        ({"foo": stats.gamma}, TypeError, "'foo' "),
        ({"foo": Draws(lambda rng: math.inf)}, ValueError, "'foo' .*infinity"),
    ],
)
def test_what_is_no_space_is_refused_with_the_name_and_the_value(given_, error, message):
    with pytest.raises(error, match=message):
        from_dicts(given_)


def test_an_unknown_name_is_refused_with_the_closest_that_is_known():
    pipe = Pipeline([("clf", SVC())])
    with pytest.raises(ValueError, match=r"Invalid parameter 'clf__c' .*Did you mean 'clf__C'"):
        from_dicts({"clf__c": [1]}, pipe)
    with pytest.raises(ValueError, match="Invalid parameter 'qqq'"):
        from_dicts([{"clf__C": [1]}, {"qqq": [1]}], pipe)


def test_a_name_of_a_chosen_component_is_known_if_one_choice_has_it():
    pipe = Pipeline([("scale", StandardScaler()), ("clf", SVC())])
    choices = [LogisticRegression(), BaggingClassifier(DecisionTreeClassifier()), None, SVC]
    space = {
        "clf": choices,
        "clf__l1_ratio": [0.5],
        "clf__estimator__max_depth": [1],
        "clf__gamma": [1.0],
    }
    assert len(from_dicts(space, pipe).parameters) == 4
    with pytest.raises(ValueError, match="Invalid parameter 'clf__alpha'"):
        from_dicts({**space, "clf__alpha": [1]}, pipe)
    with pytest.raises(ValueError, match="Invalid parameter 'clf__l1_ratio'"):
        from_dicts(
            [space, {"clf__estimator__max_depth": [1], "clf": choices[1:]}, {"clf__l1_ratio": [1]}],
            pipe,
        )


class TakesAnything(BaseEstimator):
    """Takes names that it does not list, as XGBoost and LightGBM do; but not all."""

    def __init__(self, depth=3):
        self.depth = depth

    def set_params(self, **params):
        if "refused" in params:
            raise ValueError("No parameter 'refused'.")
        vars(self).update(params)
        return self


def test_of_a_name_that_is_not_listed_the_set_params_of_the_estimator_judges():
    from_dicts({"anything": stats.uniform(0, 1)}, TakesAnything())
    with pytest.raises(ValueError, match="Invalid parameter 'refused' for estimator Takes"):
        from_dicts({"refused": [1]}, TakesAnything())


def test_of_a_name_of_a_step_the_step_judges_that_the_dict_may_put_there():
    pipe = Pipeline([("clf", SVC())])
    with pytest.raises(ValueError, match="Invalid parameter 'clf__anything'"):
        from_dicts({"clf__anything": [1]}, pipe)
    from_dicts({"clf": [LogisticRegression(), TakesAnything()], "clf__anything": [1]}, pipe)
    from_dicts([{"clf": ["passthrough"]}, {"clf": [TakesAnything()], "clf__anything": [1]}], pipe)


def test_the_estimator_that_is_asked_stays_as_it_is():
    estimator = TakesAnything()
    from_dicts({"anything": [1]}, estimator)
    assert vars(estimator) == {"depth": 3}


def test_a_name_that_is_taken_but_nearly_one_that_is_listed_is_warned_about():
    with pytest.warns(UserWarning, match="'dept', which .* Did you mean 'depth'"):
        from_dicts({"dept": [1]}, TakesAnything())


def test_a_name_without_its_prefix_is_answered_with_it():
    pipe = Pipeline([("scale", StandardScaler()), ("svc", SVC())])
    with pytest.raises(ValueError, match=r"Invalid parameter 'C' .*Did you mean 'svc__C'"):
        from_dicts({"C": [1]}, pipe)


def test_an_estimator_that_takes_any_name_in_a_pipeline_gets_any_name():
    from_dicts({"clf__bagging_fraction": [0.5]}, Pipeline([("clf", TakesAnything())]))
    with pytest.raises(ValueError, match="Invalid parameter 'bagging_fraction'"):
        from_dicts({"bagging_fraction": [0.5]}, Pipeline([("clf", TakesAnything())]))


# branches

BRANCHES = [
    {"kernel": ["linear"], "C": stats.loguniform(1e-3, 1e3), "tol": [1e-3, 1e-4]},
    {"kernel": ["rbf"], "gamma": [0.1, 1.0], "C": stats.loguniform(1e-3, 1e3), "tol": [1e-3]},
    {"kernel": ["poly"], "C": stats.loguniform(1, 10), "gamma": [0.1, 1.0]},
]


def test_one_branch_has_one_group_and_no_choice_of_the_branch():
    space = from_dicts({"b": [1, 2], "a": ["x"]})
    assert space.branch_name is None
    assert [p.name for p in space.parameters] == ["b", "a"]
    assert [p.target for p in space.parameters] == ["b", "a"]
    (group,) = space.groups
    assert list(group.distributions) == ["b", "a"]
    assert group.branches is None
    assert space.active_groups(None) == space.groups
    assert space.branch_of({"a": "x", "b": 1}) is None


def test_parameters_are_named_by_target_and_first_branch_where_distributions_differ():
    space = from_dicts(BRANCHES)
    assert [(p.name, p.target, set(p.branches)) for p in space.parameters] == [
        ("branch", None, {0, 1, 2}),
        ("kernel[0]", "kernel", {0}),
        ("C[0]", "C", {0, 1}),
        ("tol[0]", "tol", {0}),
        ("kernel[1]", "kernel", {1}),
        ("tol[1]", "tol", {1}),
        ("gamma", "gamma", {1, 2}),
        ("kernel[2]", "kernel", {2}),
        ("C[2]", "C", {2}),
    ]
    assert space.distributions["branch"] == CategoricalDistribution([0, 1, 2])


def test_groups_hold_what_is_active_together_and_the_root_leads():
    space = from_dicts(BRANCHES)
    assert [(list(g.distributions), g.branches) for g in space.groups] == [
        (["branch"], None),
        (["kernel[0]", "tol[0]"], {0}),
        (["C[0]"], {0, 1}),
        (["kernel[1]", "tol[1]"], {1}),
        (["gamma"], {1, 2}),
        (["kernel[2]", "C[2]"], {2}),
    ]
    active = [[n for g in space.active_groups(b) for n in g.distributions] for b in range(3)]
    assert active[1] == ["branch", "C[0]", "kernel[1]", "tol[1]", "gamma"]
    assert active[2] == ["branch", "gamma", "kernel[2]", "C[2]"]


def test_what_all_branches_share_is_in_the_root_group():
    space = from_dicts([{"a": [1, 2], "b": [1]}, {"a": [1, 2]}])
    assert list(space.groups[0].distributions) == ["branch", "a"]


def test_equal_numbers_of_other_types_are_other_parameters():
    space = from_dicts([{"a": [1, 2]}, {"a": [1.0, 2.0]}])
    assert [p.name for p in space.parameters] == ["branch", "a[0]", "a[1]"]
    assert [type(space.to_params(c)["a"]) for c in space.candidates()] == [int, int, float, float]


def test_the_choice_of_the_branch_makes_way_for_the_estimators_names():
    class Tree(BaseEstimator):
        def __init__(self, branch=1, branch_=2):
            self.branch = branch
            self.branch_ = branch_

    assert from_dicts([{"branch": [1]}, {}]).branch_name == "branch_"
    assert from_dicts([{"branch": [1]}, {}], Tree()).branch_name == "branch__"


def test_params_have_the_order_that_the_user_wrote():
    space = from_dicts(BRANCHES)
    config = {"tol[1]": 1e-3, "gamma": 1.0, "C[0]": 2.0, "kernel[1]": "rbf", "branch": 1}
    assert list(space.to_params(config).items()) == [
        ("kernel", "rbf"),
        ("gamma", 1.0),
        ("C", 2.0),
        ("tol", 1e-3),
    ]


def test_params_hold_the_users_own_choices_even_for_configs_from_elsewhere():
    space = from_dicts({"a": np.array([3, 1, 2]), "b": stats.randint(1, 5)})
    params = space.to_params({"a": 3, "b": np.float64(4.0)})
    assert type(params["a"]) is np.array([3]).dtype.type
    assert type(params["b"]) is int


@pytest.mark.filterwarnings("ignore:The space has no parameter")
def test_the_empty_dict_has_one_candidate():
    space = from_dicts({})
    assert space.n_candidates == 1
    assert list(space.candidates()) == [{}]
    assert space.to_params({}) == {}
    assert len(space.groups) == 1
    assert space.random_unseen(set(), np.random.default_rng(0)) == {}
    assert space.random_unseen({space.config_key({})}, np.random.default_rng(0)) is None


values = st.lists(st.integers(-3, 3), min_size=1, max_size=4, unique=True) | st.lists(
    st.text(max_size=2), min_size=1, max_size=3, unique=True
)
grids = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), values, max_size=4),
    min_size=1,
    max_size=4,
)


@pytest.mark.filterwarnings("ignore:The space has no parameter")
@given(grids)
@settings(max_examples=60)
def test_candidates_are_those_of_a_parameter_grid_in_its_order(grid):
    space = from_dicts(grid)
    configs = list(space.candidates())
    assert [space.to_params(c) for c in configs] == list(ParameterGrid(grid))
    assert space.n_candidates == len(configs)
    assert len({space.config_key(c) for c in configs}) == len(configs)
    for config in configs:
        active = {n for g in space.active_groups(space.branch_of(config)) for n in g.distributions}
        assert active == set(config)


@pytest.mark.filterwarnings("ignore:The space has no parameter")
@given(grids, st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_params_lead_back_to_a_config_of_the_same_params(grid, seed):
    space = from_dicts(grid)
    params = space.to_params(space.random(np.random.default_rng(seed)))
    assert space.to_params(space.to_config(params)) == params


def test_to_config_takes_the_first_branch_that_contains_all():
    space = from_dicts(BRANCHES)
    params = {"kernel": "rbf", "C": 1, "gamma": 1, "tol": 0.001}
    config = space.to_config(params)
    assert config == {"branch": 1, "kernel[1]": "rbf", "gamma": 1.0, "C[0]": 1.0, "tol[1]": 1e-3}
    assert type(config["C[0]"]) is float
    assert space.to_config({"gamma": 0.1}) == {"branch": 1, "gamma": 0.1}
    assert space.to_config({"C": 5.0, "gamma": 0.1, "kernel": "poly"})["branch"] == 2
    assert space.to_config({**params, "C": 1e4}) is None
    assert space.to_config({**params, "C": True}) is None
    assert space.to_config({**params, "C": "1"}) is None
    assert space.to_config({**params, "degree": 2}) is None


def test_keys_tell_candidates_apart_and_nothing_else():
    space = from_dicts([{"a": [1, True], "b": stats.uniform()}, {"a": [1, True]}])
    key = space.config_key
    assert key({"branch": 0, "a": 1, "b": 0.5}) == key({"b": 0.5, "a": 1, "branch": 0})
    different = [
        {"branch": 0, "a": 1, "b": 0.5},
        {"branch": 0, "a": True, "b": 0.5},
        {"branch": 0, "a": 1, "b": 0.25},
        {"branch": 1, "a": 1},
    ]
    assert len({key(config) for config in different}) == 4


# random candidates


def test_a_finite_space_counts_its_candidates_and_a_continuous_one_has_no_end():
    finite = {"a": stats.randint(0, 10), "b": FloatDistribution(0, 1, step=0.25), "c": ["x", None]}
    assert from_dicts(finite).n_candidates == 100
    assert from_dicts([finite, {}]).n_candidates == 101
    assert from_dicts({**finite, "d": stats.uniform()}).n_candidates == math.inf
    assert from_dicts({f"p{i}": range(1000) for i in range(30)}).n_candidates == 1000**30
    with pytest.raises(ValueError, match="only a finite space"):
        from_dicts({"d": stats.uniform()}).candidates()


def test_random_candidates_are_uniform_over_a_finite_space():
    grid = [{"a": IntDistribution(1, 6, log=True)}, {"b": ["x", "y"]}]
    space = from_dicts(grid)
    rng = np.random.default_rng(0)
    counts = Counter(space.config_key(space.random(rng)) for _ in range(8_000))
    assert len(counts) == 8
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3


def test_random_candidates_follow_the_prior_in_an_infinite_space():
    space = from_dicts({"a": stats.norm(), "b": ["x", "y"]})
    rng = np.random.default_rng(0)
    drawn = [space.random(rng)["a"] for _ in range(1_000)]
    assert stats.kstest(drawn, "norm").pvalue > 1e-3


@pytest.mark.filterwarnings("ignore:The space has no parameter")
@given(grids, st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_unseen_candidates_exhaust_a_finite_space(grid, seed):
    space = from_dicts(grid)
    rng, seen = np.random.default_rng(seed), set()
    for _ in range(space.n_candidates):
        key = space.config_key(space.random_unseen(seen, rng))
        assert key not in seen
        seen.add(key)
    assert space.random_unseen(seen, rng) is None


def test_the_last_unseen_candidates_are_found_uniformly():
    space = from_dicts({"a": range(5_000)})
    unseen = {7, 77, 777}
    seen = {space.config_key({"a": a}) for a in range(5_000) if a not in unseen}
    rng = np.random.default_rng(0)
    counts = Counter(space.random_unseen(seen, rng)["a"] for _ in range(60))
    assert set(counts) == unseen
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3


def test_an_infinite_space_with_few_values_ends_too():
    space = from_dicts({"a": stats.binom(1, 0.5)})
    seen = {space.config_key({"a": a}) for a in (0, 1)}
    assert space.random_unseen(seen, np.random.default_rng(0)) is None


def test_a_space_survives_a_pickle():
    space = from_dicts([*BRANCHES, {"x": stats.norm()}])
    twin = pickle.loads(pickle.dumps(space))
    assert twin.parameters == space.parameters
    rngs = np.random.default_rng(0), np.random.default_rng(0)
    assert twin.random(rngs[0]) == space.random(rngs[1])


# defaults


def test_the_estimator_as_given_is_a_config_where_it_lies_in_the_space():
    space = from_dicts({"C": [1, 10], "gamma": ["scale", 0.1], "tol": stats.loguniform(1e-4, 1)})
    assert space.defaults(SVC()) == {"C": 1, "gamma": "scale", "tol": 1e-3}
    assert space.defaults(SVC(C=2.0)) is None
    assert space.defaults(SVC(gamma="auto")) is None
    assert space.defaults(SVC(tol=1e-5)) is None


def test_the_first_branch_that_contains_the_defaults_is_taken():
    space = from_dicts([{"kernel": ["linear"], "C": [1.0]}, {"kernel": ["rbf"], "C": [1.0, 2.0]}])
    assert space.defaults(SVC(C=2.0)) == {"branch": 1, "kernel[1]": "rbf", "C[1]": 2.0}
    assert space.defaults(SVC(kernel="poly")) is None


def test_a_default_component_is_found_by_class_and_parameters():
    pipe = Pipeline([("scale", StandardScaler()), ("clf", SVC(C=1.0))])
    space = from_dicts(
        {"scale": [MinMaxScaler(), StandardScaler()], "clf__C": stats.loguniform(0.1, 10)}, pipe
    )
    config = space.defaults(pipe)
    assert config["scale"] is space.distributions["scale"].choices[1]
    assert space.defaults(clone(pipe).set_params(scale=StandardScaler(with_mean=False))) is None
    bagged = BaggingClassifier(DecisionTreeClassifier(max_depth=2))
    space = from_dicts({"clf": [BaggingClassifier(DecisionTreeClassifier()), clone(bagged)]}, pipe)
    assert space.defaults(Pipeline([("scale", None), ("clf", bagged)])) is not None


def test_a_parameter_of_a_choice_only_has_no_default():
    pipe = Pipeline([("clf", SVC())])
    space = from_dicts({"clf": [Ridge(), SVC()], "clf__alpha": [1.0, 2.0]}, pipe)
    assert space.defaults(pipe) is None


@pytest.mark.parametrize(
    ("estimator", "given_"),
    [
        (RandomForestRegressor(), {"max_features": [1, 2, 3]}),  # default 1.0: all features
        (RandomForestRegressor(), {"max_features": stats.randint(1, 5)}),
        (RandomForestClassifier(), {"min_samples_leaf": FloatDistribution(0.1, 1.0)}),  # default 1
        (
            Pipeline([("forest", RandomForestRegressor())]),
            {"forest__max_features": stats.randint(1, 5)},
        ),
    ],
)
def test_a_count_is_no_default_for_a_fraction_and_the_other_way_round(estimator, given_):
    assert from_dicts(given_, estimator).defaults(estimator) is None


def test_a_number_of_another_type_is_a_default_where_it_means_the_same():
    assert from_dicts({"alpha": [1, 10]}).defaults(Ridge()) == {"alpha": 1}
    assert from_dicts({"n_estimators": [50, 100]}).defaults(RandomForestClassifier())
    assert from_dicts({"max_features": stats.uniform(0.1, 0.9)}).defaults(RandomForestRegressor())


# ranges as other libraries write them


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1e-3, 1.0, "log-uniform"), FloatDistribution(1e-3, 1.0, log=True)),
        ((0.5, 2, "uniform"), FloatDistribution(0.5, 2.0)),
        ((1, 10, "uniform"), IntDistribution(1, 10)),
        ((1, 1000, "log-uniform", 2), IntDistribution(1, 1000, log=True)),
        ((np.float64(1), np.int64(3), "uniform"), FloatDistribution(1.0, 3.0)),
    ],
)
def test_a_tuple_of_bounds_and_a_prior_is_a_range(value, expected):
    assert one(value) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((10.0, 1.0, "uniform"), "'x' is invalid: low must not be above high"),
        ((0.0, 1.0, "log-uniform"), "'x' is invalid: low must be above 0"),
        ((1, 10, "loguniform"), r"Did you mean \(1, 10, 'log-uniform'\)"),
        ((1, 10, "Uniform"), r"Did you mean \(1, 10, 'uniform'\)"),
    ],
)
def test_the_bounds_of_a_tuple_with_a_prior_are_checked(value, message):
    with pytest.raises(ValueError, match=message):
        one(value)


@pytest.mark.parametrize("value", [(1, 10), (1e-3, 1.0), (np.float64(0.1), 5)])
def test_a_tuple_of_two_numbers_is_two_choices_with_a_warning(value):
    with pytest.warns(UserWarning, match=r"'x': the tuple .* two choices, .*'log-uniform'"):
        assert one(value) == OrdinalDistribution(value)


@pytest.mark.parametrize(
    "value", [[1, 10], (10, 1), (1, 10, 100), (False, True), ("a", "b"), (1, None), (5,), (5, 5)]
)
@pytest.mark.filterwarnings("error")
def test_no_other_list_or_tuple_of_choices_gives_a_warning(value):
    assert list(one(value).choices) == list(dict.fromkeys(value))


@pytest.mark.parametrize(
    "value", [["a", "b", "uniform"], (1, 10, "linear"), [1, 10, "uniform"], ("a", "b", "uniform")]
)
def test_a_word_among_choices_is_a_choice(value):
    assert one(value) == CategoricalDistribution(value)


def dimension(kind, **attributes):
    """An object with the class names and attributes of scikit-optimize's."""
    cls = type(kind, (type("Dimension", (), {}),), {"rvs": lambda self, random_state: 1})
    instance = cls()
    vars(instance).update(attributes)
    return instance


def test_the_dimensions_of_scikit_optimize_are_read_by_their_attributes():
    log = "log-uniform"
    assert one(dimension("Real", low=1, high=2, prior="uniform")) == FloatDistribution(1, 2)
    assert one(dimension("Integer", low=1, high=9, prior=log)) == IntDistribution(1, 9, log=True)
    d = one(dimension("Categorical", categories=("a", None), prior=None))
    assert d == CategoricalDistribution(["a", None])


def test_the_dimensions_of_scikit_optimize_are_taken():
    skopt = pytest.importorskip("skopt.space")
    real = skopt.Real(1e-3, 1.0, prior="log-uniform")
    assert one(real) == FloatDistribution(1e-3, 1.0, log=True)
    assert one(skopt.Integer(1, 10)) == IntDistribution(1, 10)
    assert one(skopt.Integer(1, 10, prior="log-uniform")) == IntDistribution(1, 10, log=True)
    assert one(skopt.Categorical(["a", 1])) == CategoricalDistribution(["a", 1])
    assert one(skopt.Categorical([1, 5, 3])) == OrdinalDistribution([1, 5, 3])


def test_weights_of_choices_that_have_no_effect_are_named():
    weighted = dimension("Categorical", categories=("a", "b"), prior=[0.1, 0.9])
    with pytest.warns(UserWarning, match="weights of .* not used"):
        one(weighted)


def test_what_other_tuners_have_is_refused_with_what_to_write():
    hp = type("Apply", (), {"__module__": "hyperopt.pyll.base", "__len__": lambda self: 2})()
    domain = type("Float", (), {"__module__": "ray.tune.search.sample"})()
    with pytest.raises(TypeError, match=r"'x' .*hyperopt .*scipy.stats.loguniform\(exp"):
        one(hp)
    for value in (domain, {"grid_search": [1, 2]}):
        with pytest.raises(TypeError, match=r"'x' .*ray.tune .*a list for tune.choice"):
            one(value)


def test_the_expressions_of_hyperopt_are_refused():
    hp = pytest.importorskip("hyperopt").hp
    with pytest.raises(TypeError, match="hyperopt"):
        one(hp.loguniform("x", 0, 1))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (stats.loguniform, r"has no parameters set. Did you mean loguniform\(a, b\)"),
        (stats.randint, r"Did you mean randint\(low, high\)"),
        (stats.gamma, r"Did you mean gamma\(a\)"),
        (FloatDistribution, r"the class FloatDistribution.* Did you mean FloatDistribution\("),
        ([stats.uniform(0, 1)], "is among the choices of a list; pass it without the list"),
        ([1, FloatDistribution(0, 1)], "is among the choices of a list; pass it without the list"),
    ],
)
def test_a_distribution_that_is_not_made_is_refused_with_what_is_meant(value, message):
    with pytest.raises(TypeError, match=message):
        one(value)


@pytest.mark.skipif(not hasattr(stats, "Normal"), reason="scipy >= 1.15 has distribution classes")
def test_a_distribution_class_of_scipy_is_refused_with_what_is_meant():
    with pytest.raises(TypeError, match=r"Did you mean Normal\("):
        one(stats.Normal)


def test_a_distribution_of_scipy_that_needs_no_parameters_is_read_with_a_warning():
    with pytest.warns(UserWarning, match=r"read as uniform\(0, 1\). Did you mean uniform\(loc, sc"):
        assert one(stats.uniform) == QuantileDistribution(stats.uniform(0, 1))


def test_a_space_without_parameters_gives_a_warning_that_nothing_is_searched():
    for space in ({}, [{}]):
        with pytest.warns(UserWarning, match="The space has no parameter.*Nothing is searched"):
            from_dicts(space)


@pytest.mark.filterwarnings("error")
def test_a_branch_without_parameters_beside_others_is_the_estimator_as_given():
    assert from_dicts([{}, {"a": [1]}]).n_candidates == 2


def test_grids_and_samplers_of_parameters_are_read_as_what_they_were_made_of():
    dicts = [{"a": [1, 2]}, {"b": stats.uniform(0, 1)}]
    assert from_dicts(ParameterGrid(dicts[:1])).distributions == from_dicts(dicts[0]).distributions
    sampler = ParameterSampler(dicts, n_iter=3)
    assert from_dicts(sampler).distributions == from_dicts(dicts).distributions


# sequences of every kind


@pytest.mark.parametrize(
    "value",
    [
        pd.Index([1, 2, 3]),
        pd.Series([1, 2, 3], index=[5, 6, 7]),
        pl.Series([1, 2, 3]),
        collections.deque([1, 2, 3]),
        array.array("l", [1, 2, 3]),
        np.ma.array([1, 2, 3]),
        np.array([1, 2, 3], dtype=object),
        pd.array([1, 2, 3]),
    ],
)
def test_every_sequence_of_numbers_is_a_list_of_them(value):
    assert one(value) == OrdinalDistribution([1, 2, 3])


@pytest.mark.parametrize(
    "value",
    [
        pd.Categorical(["a", "b"]),
        pd.Series(["a", "b"]),
        pl.Series(["a", "b"]),
        np.array(["a", "b"]),
    ],
)
def test_every_sequence_of_words_is_a_list_of_them(value):
    assert one(value) == CategoricalDistribution(["a", "b"])


@pytest.mark.parametrize(
    "value",
    [
        {1: 2}.keys(),
        {1: 2}.values(),
        bytearray(b"a"),
        collections.UserString("ab"),
        {1, 2},
        frozenset({1, 2}),
        (i for i in [1]),
        np.str_("a"),
    ],
)
def test_what_has_no_order_or_ends_with_its_use_is_refused(value):
    with pytest.raises(TypeError, match="'x' needs to be a list"):
        one(value)


def test_masked_elements_are_refused():
    with pytest.raises(ValueError, match=r"(?s)'x' .*masked elements.*write .compressed\(\)"):
        one(np.ma.array([1, 2], mask=[True, False]))


@pytest.mark.parametrize("values", [[3, 1, 2], [0.5, 10, 1.0, -3], [2, 3, 1]])
def test_numbers_in_random_order_keep_their_positions_and_are_ordered_by_size(values):
    d = one(values)
    assert d.is_ordered
    assert [d.to_internal_repr(v) for v in values] == list(range(len(values)))
    by_unit = [values[int(i)] for i in np.argsort(d.to_unit(np.arange(len(values))))]
    assert by_unit == sorted(values)
    assert [c["x"] for c in from_dicts({"x": values}).candidates()] == values


# draws that are no numbers


def test_draws_of_words_are_choices_among_the_distinct_ones():
    d = one(Draws(lambda rng: rng.choice(["relu", "tanh"])), random_state=0)
    assert isinstance(d, CategoricalDistribution)
    assert sorted(d.choices) == ["relu", "tanh"]


def test_draws_of_tuples_are_the_same_choices_for_the_same_seed():
    def layers(rng):
        return tuple(int(n) for n in rng.randint(5, 100, size=rng.randint(1, 4)))

    d = one(Draws(layers), random_state=3)
    assert all(isinstance(choice, tuple) for choice in d.choices)
    assert d == one(Draws(layers), random_state=3)
    assert len(set(d.choices)) == len(d.choices) > 500


def test_draws_of_vectors_are_choices():
    d = one(stats.multivariate_normal([0, 0]), random_state=0)
    assert d.choices[0].shape == (2,)
    assert d.to_internal_repr(d.choices[7].copy()) == 7.0


# long lists


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (range(1, 10**6), IntDistribution(1, 10**6 - 1)),
        (range(10**6, 0, -5), IntDistribution(5, 10**6, step=5)),
        (np.linspace(0, 0.1, 10**6), SequenceDistribution(np.linspace(0, 0.1, 10**6))),
        (list(range(2000)), SequenceDistribution(list(range(2000)))),
        ([*range(2000), *range(2000)], SequenceDistribution(list(range(2000)))),
        ([*range(2000), 0.5], SequenceDistribution([*range(2000), 0.5])),
        (pd.Series(np.arange(2000.0)), SequenceDistribution(np.arange(2000.0).tolist())),
        ([1, 2] * 2000, OrdinalDistribution([1, 2])),
        (np.repeat([2, 1, 3], 2000), OrdinalDistribution([2, 1, 3])),
        ([True, False] * 2000, CategoricalDistribution([True, False])),
        ([*range(2000), None], CategoricalDistribution([*range(2000), None])),
        ([*range(2000), 1.0], CategoricalDistribution([*range(2000), 1.0])),
        ([*range(2000), math.inf], OrdinalDistribution([*range(2000), math.inf])),
        ([*range(2000), 2**60], OrdinalDistribution([*range(2000), 2**60])),
        (range(2**60, 2**60 + 2000), OrdinalDistribution(range(2**60, 2**60 + 2000))),
        ([*range(2000), math.nan], CategoricalDistribution([*range(2000), math.nan])),
    ],
)
def test_a_long_list_of_numbers_is_a_range_or_a_sequence(value, expected):
    assert one(value) == expected


@pytest.mark.parametrize(
    "values",
    [
        np.linspace(0, 1, 5000),
        np.linspace(0, 1, 5000).tolist(),
        np.arange(5000, dtype=np.int32),
        range(0, 50_000, 7),
        np.random.default_rng(0).permutation(5000),
        [*range(3000), 0.5],
        np.linspace(1, 2, 3000, dtype=np.float32),
    ],
)
def test_candidates_from_a_long_list_are_its_elements_in_its_order(values):
    space = from_dicts({"x": values})
    expected = [p["x"] for p in ParameterGrid({"x": list(values)})]
    got = [space.to_params(c)["x"] for c in space.candidates()]
    assert [type(v) for v in got] == [type(v) for v in expected]
    assert got == expected
    drawn = space.to_params(space.random(np.random.default_rng(0)))["x"]
    assert drawn in set(expected)


def test_the_estimator_as_given_is_found_in_a_long_list():
    space = from_dicts({"alpha": np.linspace(0, 2, 2001)})
    assert space.defaults(Ridge(alpha=1.0)) == {"alpha": 1.0}
    assert space.defaults(Ridge(alpha=math.pi)) is None


def test_a_million_values_need_no_object_each():
    values = np.linspace(0, 0.1, 10**6)
    space = from_dicts({"x": values})
    (d,) = space.distributions.values()
    assert isinstance(d.values, np.ndarray)
    assert len(repr(space)) < 200
    assert len(labelled_json(d)) < 200
    assert copy.deepcopy(d) is d


@pytest.mark.parametrize("value", [np.array(3), pd.DataFrame({"C": [1]}), {1, 2}, stats.gamma])
def test_a_mistake_in_a_value_is_named_where_the_estimator_is_known_too(value):
    with pytest.raises((TypeError, ValueError), match="'C' "):
        from_dicts({"C": value}, SVC())


def test_sets_and_generators_are_refused_with_the_advice_to_make_a_list():
    for value in ({1, 2}, (i for i in [1, 2]), {1: 2}.values()):
        with pytest.raises(TypeError, match=r"Convert it with list\(...\)"):
            one(value)


anything = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.tuples(st.integers(0, 9), st.integers(0, 9))
    | st.lists(st.integers(0, 9), max_size=2)
    | st.just(10**400)
    | st.builds(np.float32, st.floats(-1, 1, width=32))
    | st.builds(np.arange, st.integers(0, 3))
)


@given(st.lists(anything, min_size=1, max_size=8))
def test_every_list_of_choices_gives_its_own_objects_once_and_finds_them_again(values):
    space = from_dicts({"x": values})
    d = space.distributions["x"]
    candidates = list(space.candidates())
    got = [space.to_params(c)["x"] for c in candidates]
    assert all(any(g is v for v in values) for g in got)
    assert len({space.config_key(c) for c in candidates}) == len(candidates) == d.n_cells
    for value in values:  # each is there, as itself or as an equal one of its type
        found = d.to_external_repr(d.to_internal_repr(value))
        assert type(found) is type(value)


def test_an_array_of_no_axes_is_a_single_value():
    with pytest.raises(TypeError, match="Single values need to be wrapped in a list"):
        SearchSpace.from_param_distributions({"C": np.array(3)})
