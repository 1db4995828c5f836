"""The model of one of several objectives: what other data say counts as far as it agrees."""

import numpy as np
import pytest

from skhpo.distributions import FloatDistribution
from skhpo.samplers._gp_informed import InformedProcess, posteriors
from skhpo.samplers._gp_model import Features, GaussianProcess, fit_hyperparameters

NAMES = [FloatDistribution(0.0, 1.0), FloatDistribution(0.0, 1.0)]


class Learned:
    """A loss that was learned: a bowl, and datasets that differ in its first coordinate."""

    residual = 0.1

    def __init__(self, sign=1.0):
        self.sign = sign

    def __call__(self, points):
        mean = self.sign * 6.0 * ((points - 0.3) ** 2).sum(axis=1)
        return mean, 0.3 * points[:, :1]


def true_loss(points):
    return 5.0 + 40.0 * ((points - 0.3) ** 2).sum(axis=1)


def models(n_trials, sources, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.random((n_trials, 2))
    features = Features(NAMES, points, rng)
    losses = true_loss(points)
    targets = (losses - losses.mean()) / losses.std()
    variance = np.zeros(n_trials)
    theta = fit_hyperparameters(features(points), targets, variance, features.blocks)
    informed = InformedProcess(sources, features, points, targets, variance, theta)
    plain = GaussianProcess(features(points), targets, variance, theta, features.blocks)
    at = rng.random((200, 2))
    truth = (true_loss(at) - losses.mean()) / losses.std()
    (means, sds) = posteriors([informed, plain], features, at)
    return informed, means, sds, truth


def error(means, truth):
    return np.sqrt(np.mean((means - truth[:, None]) ** 2, axis=0))


@pytest.mark.parametrize("seed", range(3))
def test_a_few_trials_suffice_if_the_data_are_like_others(seed):
    _, means, _, truth = models(5, [Learned()], seed)
    of_informed, of_plain = error(means, truth)
    assert of_informed < 0.5 * of_plain


@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_prior_loses_its_weight(seed):
    right, *_ = models(12, [Learned()], seed)
    wrong, means, _, truth = models(12, [Learned(sign=-1.0)], seed)
    assert wrong.share_of_plain > 10 * right.share_of_plain
    of_informed, of_plain = error(means, truth)
    assert of_informed < of_plain + 0.1


def test_several_sources_are_weighed_against_each_other():
    _, means, _, truth = models(6, [Learned(sign=-1.0), Learned()])
    _, alone, _, _ = models(6, [Learned()])
    assert error(means, truth)[0] == pytest.approx(error(alone, truth)[0], abs=0.1)


def test_the_spread_covers_the_errors_and_shrinks_with_trials():
    few, many = (models(n, [Learned()]) for n in (4, 30))
    for _, means, sds, truth in (few, many):
        assert np.mean(np.abs(means[:, 0] - truth) < 3 * sds[:, 0]) > 0.9
    assert many[2][:, 0].mean() < few[2][:, 0].mean()
