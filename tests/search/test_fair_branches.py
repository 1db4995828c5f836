"""Each branch, and each estimator among the choices, is tried a fair number of times."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo.samplers import (
    CmaEsSampler,
    GPSampler,
    NSGAIISampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)
from skhpo.space import SearchSpace
from skhpo.study._ask import ask_in_space

X, y = load_iris(return_X_y=True)
BRANCHES = [{"a": loguniform(1e-3, 10)}] + [
    {"kind": [f"k{i}"], f"x{i}": loguniform(1e-3, 10)} for i in range(4)
]


def asked(sampler, n, param_distributions=BRANCHES, name="branch", enqueued=()):
    """What a space gives when it is asked `n` times and every score is the same but one's."""
    space = SearchSpace.from_param_distributions(param_distributions)
    study = skhpo.create_study(sampler=sampler)
    seen, tried = [], set()
    for _ in range(n):
        trial, config = ask_in_space(study, space, tried, enqueued)
        seen.append(config[name])
        study.tell(trial.number, 0.0 if config[name] == seen[0] else 1.0)
    return Counter(map(str, seen))


@pytest.mark.parametrize(
    "make", [TPESampler, GPSampler, CmaEsSampler, RandomSampler, QMCSampler, NSGAIISampler]
)
def test_every_sampler_tries_each_branch_twice_first(make):
    for seed in range(3):
        assert set(asked(make(seed=seed), 10).values()) == {2}


def test_the_branch_of_what_is_enqueued_counts():
    counts = asked(TPESampler(seed=0), 10, enqueued=[{"branch": 3, "kind[3]": "k2", "x2": 1.0}])
    assert set(counts.values()) == {2}


def test_a_branch_that_is_used_up_is_not_waited_for():
    counts = asked(TPESampler(seed=0), 7, [{"a": [1]}, {"b": range(5)}, {"c": [3]}])
    assert counts == {"0": 1, "1": 5, "2": 1}


def test_a_parameter_that_switches_estimators_has_each_tried_twice():
    models = [GaussianNB(), DecisionTreeClassifier(), LogisticRegression()]
    counts = asked(
        TPESampler(seed=1), 6, {"model": models, "x": loguniform(1e-3, 10)}, name="model"
    )
    assert set(counts.values()) == {2}


def test_a_choice_that_is_no_estimator_is_left_to_the_sampler():
    values = asked(RandomSampler(seed=0), 6, {"a": ["u", "v", "w"], "x": loguniform(1, 9)}, "a")
    assert set(values.values()) != {2}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_search_with_ten_candidates_tries_each_of_five_dicts_twice(n_jobs):
    pipeline = Pipeline([("model", GaussianNB())])
    space = [
        {"model": [GaussianNB()], "model__var_smoothing": loguniform(1e-9, 1)},
        *(
            {
                "model": [DecisionTreeClassifier(random_state=0)],
                "model__criterion": [criterion],
                "model__ccp_alpha": loguniform(1e-4, 1),
            }
            for criterion in ("gini", "entropy", "log_loss")
        ),
        {"model": [LogisticRegression()], "model__C": loguniform(1e-2, 1)},
    ]
    search = skhpo.TPESearchCV(
        pipeline, space, n_iter=10, cv=2, random_state=0, n_jobs=n_jobs, refit=False
    ).fit(X, y)
    branches = np.array([trial.params["branch"] for trial in search.study_.trials])
    assert np.bincount(branches).tolist() == [2] * 5
