"""A parameter with many choices has no dimension for each in the Gaussian process."""

import numpy as np
import pytest

import skhpo
from skhpo.distributions import CategoricalDistribution, FloatDistribution
from skhpo.samplers import AutoSampler, CmaEsSampler, GPSampler, NSGAIISampler, TPESampler
from skhpo.samplers._gp_model import Features, GaussianProcess


def test_the_features_of_many_choices_are_those_that_were_tried_and_one_more():
    distributions = [CategoricalDistribution(range(10_000)), FloatDistribution(0, 1)]
    tried = np.array([[0.50005, 0.3], [0.10005, 0.2], [0.50005, 0.1]])
    features = Features(distributions, tried, np.random.default_rng(0))
    assert features(tried).shape == (3, 1 + 2 + 1)
    assert len(features.cells[0]) <= 2 + 8


def test_the_posterior_is_that_of_an_indicator_for_each_choice(monkeypatch):
    rng = np.random.default_rng(0)
    distributions = [CategoricalDistribution(range(60)), FloatDistribution(0, 1)]
    points = np.column_stack([(rng.integers(60, size=30) + 0.5) / 60, rng.random(30)])
    tried, asked = points[:12], points[12:]
    targets = rng.normal(size=12)

    def posterior(features):
        theta = np.log([0.6, 0.4, 1.0, 0.01])
        model = GaussianProcess(features(tried), targets, np.zeros(12), theta, features.blocks)
        return model.posterior(features(asked))

    few = posterior(Features(distributions, tried, rng))
    monkeypatch.setattr("skhpo.samplers._gp_model.MAX_INDICATORS", 60)
    np.testing.assert_allclose(few, posterior(Features(distributions)), atol=1e-9)


@pytest.mark.parametrize("make", [GPSampler, TPESampler, CmaEsSampler, NSGAIISampler, AutoSampler])
def test_samplers_find_good_values_beside_ten_thousand_choices(make):
    study = skhpo.create_study(sampler=make(seed=0))
    choices = [f"c{i}" for i in range(10_000)]
    study.optimize(
        lambda trial: (
            (trial.suggest_float("x", 0, 1) - 0.3) ** 2
            + int(trial.suggest_categorical("c", choices)[1:]) % 5
        ),
        n_trials=40,
    )
    assert study.best_value < 0.5
