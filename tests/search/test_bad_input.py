"""Bad input is an error that says what is wrong, before the first fit."""

import pytest
from scipy.stats import uniform
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid, ParameterSampler

from skhpo import RandomSearchCV, TPESearchCV
from skhpo.distributions import FloatDistribution
from tests.search.estimators import Counting

X, y = load_iris(return_X_y=True)
GOOD = {"max_depth": [1, 2, 3]}


def assert_refused(kind, match, space=GOOD, **settings):
    Counting.n_fits = 0
    with pytest.raises(kind, match=match):
        RandomSearchCV(Counting(), space, **settings).fit(X, y)
    assert Counting.n_fits == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_iter", 0),
        ("n_iter", 2.5),
        ("n_iter", "many"),
        ("n_jobs", "two"),
        ("refit", 3.5),
        ("cv", "five"),
        ("verbose", -1),
        ("verbose", "loud"),
        ("pre_dispatch", 2.5),
        ("pre_dispatch", None),
        ("random_state", "seed"),
        ("error_score", "ignore"),
        ("return_train_score", "yes"),
        ("sampler", "tree"),
        ("pruner", "medium"),
        ("pruner", "none"),
        ("timeout", 0),
        ("timeout", -1.0),
        ("timeout", "1h"),
        ("callbacks", print),
        ("enqueue", "default"),
        ("enqueue", {"max_depth": 2}),
        ("scoring", "accurracy"),
    ],
)
def test_each_parameter_of_the_search_is_checked(name, value):
    assert_refused(ValueError, f"'?{name}'? parameter of RandomSearchCV must be", **{name: value})


@pytest.mark.parametrize("space", [7, None, "anything", {"max_depth"}])
def test_a_space_is_a_dict_a_list_or_suggest(space):
    assert_refused((ValueError, TypeError), "param_distributions", space=space)


@pytest.mark.parametrize(
    ("space", "kind", "match"),
    [
        ({"max_depth": 3}, TypeError, "'max_depth' needs to be a list"),
        ({"max_depth": "deep"}, TypeError, "'max_depth' needs to be a list"),
        ({"max_depth": []}, ValueError, "'max_depth'"),
        ({"max_dept": [1, 2]}, ValueError, "max_dept'.*Did you mean 'max_depth'"),
        ([{"max_depth": [1]}, 5], TypeError, "5"),
        ([], ValueError, "a dict or a list of dicts"),
        ({"min_impurity_decrease": uniform(0, -1)}, ValueError, "min_impurity_decrease"),
    ],
)
def test_each_entry_of_the_space_is_checked(space, kind, match):
    assert_refused(kind, match, space=space)


def test_pairs_of_a_space_and_a_budget_are_refused_with_what_to_write():
    assert_refused(TypeError, "BayesSearchCV.*Pass a list of the dicts only", space=[(GOOD, 10)])


@pytest.mark.parametrize("space", [ParameterGrid(GOOD), ParameterSampler(GOOD, 2)])
def test_a_grid_or_sampler_of_parameters_is_a_space(space):
    search = RandomSearchCV(Counting(), space, cv=2, random_state=0).fit(X, y)
    tried = [params["max_depth"] for params in search.cv_results_["params"]]
    assert sorted(tried) == GOOD["max_depth"]


def test_pre_dispatch_must_be_an_expression_of_n_jobs():
    for pre_dispatch in ("3*workers", "n_jobs - 1", "0", 0):
        assert_refused(ValueError, "pre_dispatch", pre_dispatch=pre_dispatch)


@pytest.mark.parametrize(
    "enqueue", [[{"max_depth": 99}], [{"min_samples_leaf": 2}], ["defaults"], [None], [[1, 2]]]
)
def test_what_is_enqueued_must_lie_in_the_space(enqueue):
    assert_refused(ValueError, "enqueue", enqueue=enqueue)


def test_a_fitted_parameter_error_of_scikit_learn_stays_what_it_is():
    search = TPESearchCV(
        LogisticRegression(), {"C": FloatDistribution(-2, -1)}, error_score="raise"
    )
    with pytest.raises(ValueError, match="C' parameter of LogisticRegression"):
        search.fit(X, y)


def test_an_estimator_without_score_needs_scoring():
    class NoScore:
        def fit(self, X, y):
            return self

        def get_params(self, deep=True):
            return {}

    with pytest.raises((TypeError, ValueError), match="score"):
        TPESearchCV(NoScore(), {}).fit(X, y)
