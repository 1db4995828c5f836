"""The default with several objectives finds at least the volume of a random search."""

import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.datasets import load_digits, make_friedman1
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeClassifier

from skhpo import Cost, ParetoSearchCV


def n_support_vectors(model):
    return len(model.support_)


def n_leaves(model):
    return model.get_n_leaves()


def volume(data, estimator, space, objectives, reference, n_fits, seed, **settings):
    """The volume of the front after a number of fits."""
    return (
        ParetoSearchCV(
            estimator, space, objectives=objectives, n_iter=None, max_fits=n_fits, cv=5,
            reference_point=reference, random_state=seed, refit=False, **settings,
        )
        .fit(*data)
        .hypervolume_
    )  # fmt: skip


def differences(seeds, *problem):
    """How much more the default finds than a random search without pruning, in its volume."""
    default = np.array([volume(*problem, seed) for seed in seeds])
    random = [volume(*problem, seed, sampler="random", pruner=None) for seed in seeds]
    return default / np.array(random) - 1.0


def test_the_default_finds_more_than_a_random_search_of_the_same_fits():
    space = {
        "C": loguniform(1e-1, 1e3),
        "gamma": loguniform(1e-3, 1),
        "epsilon": loguniform(0.01, 5),
    }
    found = differences(
        range(3),
        make_friedman1(150, noise=1.0, random_state=0),
        SVR(),
        space,
        ["r2", Cost(n_support_vectors)],
        {"r2": 0.0, "n_support_vectors": 120.0},
        150,
    )
    assert found.min() > 0.0
    assert found.mean() > 0.1  # 0.4 was measured


@pytest.mark.slow
@pytest.mark.extended
def test_the_default_is_not_behind_a_random_search_where_nearly_all_candidates_are_good():
    found = differences(
        range(6),
        load_digits(return_X_y=True),
        DecisionTreeClassifier(random_state=0),
        {
            "max_depth": randint(1, 20),
            "min_samples_leaf": randint(1, 50),
            "ccp_alpha": loguniform(1e-5, 1e-1),
        },
        ["accuracy", Cost(n_leaves)],
        {"accuracy": 0.0, "n_leaves": 300.0},
        300,
    )
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert found.mean() > -2.0 * error
