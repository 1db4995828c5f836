"""The Gaussian process: features, hyperparameters, posterior, all with gradients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from skhpo.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from skhpo.samplers._gp_model import Features, GaussianProcess, fit_hyperparameters, log_posterior

MIXED = (
    FloatDistribution(0, 1),
    CategoricalDistribution(["a", "b", "c"]),
    IntDistribution(0, 4),
    FloatDistribution(1e-3, 1, log=True),
    IntDistribution(1, 1000, log=True),
)


def data(distributions=MIXED, n=25, seed=0):
    rng = np.random.default_rng(seed)
    features = Features(distributions)
    points = features.snap(rng.random((n, len(distributions))))
    targets = np.sin(5 * points[:, 0]) + 0.3 * rng.standard_normal(n)
    variance = np.where(rng.random(n) < 0.3, 0.2, 0.0)
    return features, points, targets, variance


def test_different_choices_have_distance_1_and_equal_ones_0():
    features = Features((CategoricalDistribution(["a", "b", "c"]),))
    a, b, c = features(np.array([[1 / 6], [0.5], [5 / 6]]))
    assert np.sum((a - b) ** 2) == pytest.approx(1)
    assert np.sum((a - c) ** 2) == pytest.approx(1)
    assert np.sum((features(np.array([[0.4]]))[0] - b) ** 2) == 0


def test_points_of_the_same_cell_are_snapped_to_the_same_point():
    features = Features(MIXED)
    points = np.array([[0.31, 0.1, 0.21, 0.77, 0.1], [0.31, 0.3, 0.39, 0.77, 0.1]])
    first, second = features.snap(points)
    assert first.tolist() == second.tolist()
    assert first[[0, 3]].tolist() == [0.31, 0.77]


@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_of_the_posterior_density_is_that_of_finite_differences(seed):
    features, points, targets, variance = data(seed=seed)
    theta = np.random.default_rng(seed).normal(-0.7, 0.7, len(MIXED) + 2)
    arguments = features(points), targets, variance, features.blocks
    _, gradient = log_posterior(theta, *arguments)
    numeric = approx_fprime(theta, lambda t: log_posterior(t, *arguments)[0], 1e-6)
    assert gradient == pytest.approx(numeric, abs=1e-3, rel=1e-4)


def test_the_posterior_is_that_of_scikit_learn():
    features, points, targets, variance = data(MIXED[:1] + MIXED[3:])
    theta = np.log([0.3, 0.7, 1.5, 2.0, 0.05])
    ours = GaussianProcess(features(points), targets, variance, theta, features.blocks)
    kernel = ConstantKernel(2.0) * Matern([0.3, 0.7, 1.5], nu=2.5)
    theirs = GaussianProcessRegressor(kernel, alpha=0.05 + variance, optimizer=None)
    theirs.fit(points, targets)
    new = np.random.default_rng(1).random((50, 3))
    for result, expected in zip(
        ours.posterior(new), theirs.predict(new, return_std=True), strict=True
    ):
        assert result == pytest.approx(expected, abs=1e-6)


def test_the_likelihood_is_that_of_scikit_learn_up_to_the_prior():
    features, points, targets, _ = data(MIXED[:1] + MIXED[3:])
    kernel = ConstantKernel(2.0) * Matern([0.3, 0.7, 1.5], nu=2.5)
    theirs = GaussianProcessRegressor(kernel, alpha=0.05, optimizer=None).fit(points, targets)

    def density(theta):
        zeros = np.zeros(len(targets))
        value, _ = log_posterior(theta, features(points), targets, zeros, features.blocks)
        at_zero, _ = log_posterior(theta, features(points), zeros, zeros, features.blocks)
        return value - at_zero

    theta = np.log([0.3, 0.7, 1.5, 2.0, 0.05])
    flat = GaussianProcessRegressor(kernel, alpha=0.05, optimizer=None)
    flat.fit(points, np.zeros(len(targets)))
    expected = theirs.log_marginal_likelihood_value_ - flat.log_marginal_likelihood_value_
    assert density(theta) == pytest.approx(expected, abs=1e-8)


def test_the_posteriors_gradients_are_those_of_finite_differences():
    features, points, targets, variance = data()
    theta = np.full(len(MIXED) + 2, -0.5)
    model = GaussianProcess(features(points), targets, variance, theta, features.blocks)
    at = features(features.snap(np.random.default_rng(3).random((4, len(MIXED)))))
    mean, sd, mean_gradient, sd_gradient = model.posterior_gradient(at)
    for i, row in enumerate(at):
        numeric = approx_fprime(row, lambda f: model.posterior(f[None])[0][0], 1e-6)
        assert mean_gradient[i] == pytest.approx(numeric, abs=1e-4)
        numeric = approx_fprime(row, lambda f: model.posterior(f[None])[1][0], 1e-6)
        assert sd_gradient[i] == pytest.approx(numeric, abs=1e-4)
    assert mean == pytest.approx(model.posterior(at)[0])
    assert sd == pytest.approx(model.posterior(at)[1])


def test_the_fit_is_a_maximum():
    features, points, targets, variance = data(n=40)
    arguments = features(points), targets, variance, features.blocks
    theta = fit_hyperparameters(*arguments)
    best, _ = log_posterior(theta, *arguments)
    rng = np.random.default_rng(0)
    for _ in range(50):
        moved = theta + rng.normal(0, 0.3, len(theta))
        assert log_posterior(moved, *arguments)[0] < best + 1e-2


def test_the_fit_finds_which_parameter_matters():
    rng = np.random.default_rng(0)
    features = Features((FloatDistribution(0, 1),) * 3)
    points = rng.random((40, 3))
    targets = np.sin(8 * points[:, 1])
    theta = fit_hyperparameters(points, targets, np.zeros(40), features.blocks)
    assert theta[1] < min(theta[0], theta[2]) - 1
    assert np.exp(theta[-1]) < 1e-2


def test_a_deterministic_fit_has_the_least_noise():
    features, points, targets, variance = data()
    theta = fit_hyperparameters(
        features(points), targets, 0 * variance, features.blocks, is_noisy=False
    )
    assert np.exp(theta[-1]) == pytest.approx(1e-6)


def test_a_target_with_known_variance_weighs_less():
    features, points, _, _ = data(n=2)
    theta = np.log([0.5] * len(MIXED) + [1.0, 0.01])
    sure, unsure = (
        GaussianProcess(
            features(points), np.array([0.0, 2.0]), np.array([0.0, v]), theta, features.blocks
        ).posterior(features(points))[0][1]
        for v in (0.0, 1.0)
    )
    assert 0 < unsure < 0.7 * sure


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(2, 30))
def test_the_posterior_is_finite_even_where_all_points_are_the_same(seed, d, n):
    rng = np.random.default_rng(seed)
    features = Features((FloatDistribution(0, 1),) * d)
    points = np.tile(rng.random(d), (n, 1))
    targets = rng.standard_normal(n)
    theta = fit_hyperparameters(points, targets, np.zeros(n), features.blocks)
    model = GaussianProcess(points, targets, np.zeros(n), theta, features.blocks)
    mean, sd = model.posterior(rng.random((20, d)))
    assert np.isfinite(mean).all()
    assert (sd > 0).all()
