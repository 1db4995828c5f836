"""Low-discrepancy sequences: even, reproducible, and independent of the order of trials."""

import pickle
import warnings

import numpy as np
import pytest
from scipy.stats import qmc

import skhpo
from skhpo.distributions import CategoricalDistribution, FloatDistribution
from skhpo.samplers import QMCSampler, RandomSampler

SPACE = {f"x{i}": FloatDistribution(0, 1) for i in range(4)}


def drawn(sampler, n_trials, space=SPACE):
    study = skhpo.create_study(sampler=sampler)
    for name, distribution in space.items():  # so that the group is known from the start
        study.history._note_pattern(frozenset(space))
        study.history.distributions[name] = distribution
    params = []
    for _ in range(n_trials):
        trial = study.ask(space)
        params.append(list(trial.params.values()))
        study.tell(trial, 0.0)
    return np.array(params)


@pytest.mark.parametrize("kind", ["sobol", "halton"])
def test_points_are_more_even_than_random_ones(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        even = [qmc.discrepancy(drawn(QMCSampler(qmc_type=kind, seed=s), 64)) for s in range(5)]
    uneven = [qmc.discrepancy(drawn(RandomSampler(seed=s), 64)) for s in range(5)]
    assert max(even) < 0.5 * min(uneven)


@pytest.mark.parametrize(("kind", "engine"), [("sobol", qmc.Sobol), ("halton", qmc.Halton)])
def test_without_scrambling_the_sequence_is_the_textbooks(kind, engine):
    ours = drawn(QMCSampler(qmc_type=kind, scramble=False, seed=1), 32)
    np.testing.assert_allclose(ours, engine(4, scramble=False).random(32))


def test_each_eighth_of_each_axis_gets_the_same_number_of_points():
    points = drawn(QMCSampler(seed=3), 64)
    for column in points.T:
        assert np.bincount((8 * column).astype(int), minlength=8).tolist() == [8] * 8


def test_a_trials_point_depends_on_the_seed_and_its_number_only():
    sampler = QMCSampler(seed=5)
    history = skhpo.create_study().history
    forwards = [sampler.sample_group(history, t, SPACE)[0] for t in range(200)]
    other = pickle.loads(pickle.dumps(QMCSampler(seed=5)))
    backwards = [other.sample_group(history, t, SPACE)[0] for t in reversed(range(200))]
    assert forwards == backwards[::-1]
    assert forwards[7] != QMCSampler(seed=6).sample_group(history, 7, SPACE)[0]


def test_groups_of_parameters_have_sequences_of_their_own():
    sampler, history = QMCSampler(seed=0), skhpo.create_study().history
    a = [
        sampler.sample_group(history, t, {"a": FloatDistribution(0, 1)})[0]["a"] for t in range(64)
    ]
    b = [
        sampler.sample_group(history, t, {"b": FloatDistribution(0, 1)})[0]["b"] for t in range(64)
    ]
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.3


def test_a_finite_space_is_searched_to_its_end():
    space = {"a": CategoricalDistribution(range(5)), "b": CategoricalDistribution("xyz")}
    from sklearn.datasets import load_iris
    from sklearn.tree import DecisionTreeClassifier

    X, y = load_iris(return_X_y=True)
    search = skhpo.StudySearchCV(
        DecisionTreeClassifier(),
        {"max_depth": [1, 2, 3, 4], "min_samples_leaf": [1, 2, 3]},
        n_iter=50,
        sampler=QMCSampler(),
        random_state=0,
    ).fit(X, y)
    assert len(search.cv_results_["params"]) == 12
    values = drawn(QMCSampler(seed=0), 64, space)
    assert set(values[:, 0].tolist()) == set("01234")


def test_an_unknown_sequence_is_refused():
    with pytest.raises(ValueError, match="sobol"):
        QMCSampler(qmc_type="latin")
