"""Acquisition functions against quadrature, Monte Carlo and finite differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import approx_fprime
from scipy.stats import norm

from skhpo.multi_objective import hypervolume, is_nondominated
from skhpo.samplers._gp_acquisition import (
    ExpectedHypervolumeImprovement,
    ExpectedImprovement,
    Feasibility,
    LowerConfidenceBound,
    ProbabilityOfImprovement,
    constrained,
    log_expected_excess,
    nondominated_boxes,
)

FRONT = np.array([[0.0, 1.0], [0.4, 0.3], [1.0, -0.2]])
REFERENCE = np.array([1.5, 1.4])
FRONT_3 = np.array([[0.0, 1.0, 0.5], [0.4, 0.3, 0.2], [1.0, -0.2, 0.5], [0.5, 0.5, 0.0]])
REFERENCE_3 = np.array([1.5, 1.4, 0.8])
CASES = {
    "ei": (ExpectedImprovement(-0.3), 1),
    "pi": (ProbabilityOfImprovement(-0.3), 1),
    "lcb": (LowerConfidenceBound(1.8), 1),
    "ehvi": (ExpectedHypervolumeImprovement(FRONT, REFERENCE), 2),
    "ehvi of three": (ExpectedHypervolumeImprovement(FRONT_3, REFERENCE_3), 3),
    "feasibility": (Feasibility(np.array([0.1, -0.5])), 2),
    "constrained": (
        constrained(ExpectedImprovement(-0.3), 1, Feasibility(np.array([0.1, -0.5]))),
        3,
    ),
}


@pytest.mark.parametrize("u", [-30.0, -8.0, -2.0, -0.5, 0.0, 0.7, 3.0, 20.0, 30.0])
def test_the_expected_excess_is_that_of_quadrature(u):
    # E[max(u + e, 0)], with phi(u) taken out of the integral where it would underflow.
    reach = max(0.0, -u)
    integral, _ = quad(
        lambda s: s * np.exp(-0.5 * s * s - s * reach) if u < 0 else s * norm.pdf(s - u),
        0.0,
        np.inf if u < 0 else u + 40.0,
        points=None if u < 0 else [u],
    )
    expected = np.log(integral) + (norm.logpdf(u) if u < 0 else 0.0)
    assert log_expected_excess(np.array(u))[0] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_expected_excess_increases_far_beyond_underflow():
    u = -np.logspace(8, -1, 2000)
    log_h, cdf_ratio, pdf_ratio = log_expected_excess(u)
    assert np.isfinite(log_h).all()
    assert (np.diff(log_h) > 0).all()
    assert (cdf_ratio > 0).all()
    assert (pdf_ratio > 0).all()


@pytest.mark.parametrize("u", [-2e4, -9e3, -50.0, -5.0, -1.0, 0.0, 2.0, 24.0, 26.0])
def test_the_ratios_are_derivatives_of_the_expected_excess(u):
    step = 1e-4 * max(1.0, abs(u)) if u < -100 else 1e-5
    below, above = (log_expected_excess(np.array(u + s))[0] for s in (-step, step))
    _, cdf_ratio, pdf_ratio = log_expected_excess(np.array(u))
    assert cdf_ratio == pytest.approx((above - below) / (2 * step), rel=1e-3)
    # h = phi + u Phi, hence 1 = phi / h + u Phi / h
    assert pdf_ratio + u * cdf_ratio == pytest.approx(1.0, abs=1e-5 * max(1.0, pdf_ratio))


@pytest.mark.parametrize("name", CASES)
def test_slopes_are_those_of_finite_differences(name):
    acquisition, n = CASES[name]
    rng = np.random.default_rng(1)
    for _ in range(10):
        mean, sd = rng.normal(0.2, 0.7, n), rng.uniform(0.1, 1.0, n)
        _, by_mean, by_sd = acquisition(mean[None], sd[None])
        numeric = approx_fprime(mean, lambda m: acquisition(m[None], sd[None])[0][0], 1e-7)
        assert by_mean[0] == pytest.approx(numeric, abs=1e-4, rel=1e-4)
        numeric = approx_fprime(sd, lambda s: acquisition(mean[None], s[None])[0][0], 1e-7)
        assert by_sd[0] == pytest.approx(numeric, abs=1e-4, rel=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_many_points_are_valued_as_one_by_one(name):
    acquisition, n = CASES[name]
    rng = np.random.default_rng(2)
    mean, sd = rng.normal(0, 1, (7, n)), rng.uniform(0.1, 1, (7, n))
    together = acquisition(mean, sd)[0]
    alone = [acquisition(mean[[i]], sd[[i]])[0][0] for i in range(7)]
    assert together == pytest.approx(np.array(alone))


def test_improvement_is_that_of_a_sample():
    mean, sd = np.array([[0.1]]), np.array([[0.6]])
    sample = mean[0] + sd[0] * np.random.default_rng(0).standard_normal(400_000)
    gain = np.maximum(-0.3 - sample, 0)
    assert np.exp(ExpectedImprovement(-0.3)(mean, sd)[0][0]) == pytest.approx(gain.mean(), rel=0.01)
    assert np.exp(ProbabilityOfImprovement(-0.3)(mean, sd)[0][0]) == pytest.approx(
        np.mean(gain > 0), rel=0.01
    )


@pytest.mark.parametrize(
    ("front", "reference"),
    [
        (FRONT, REFERENCE),
        (FRONT[1:2], REFERENCE),
        (np.empty((0, 2)), REFERENCE),
        (FRONT_3, REFERENCE_3),
    ],
)
def test_hypervolume_improvement_is_that_of_a_sample(front, reference):
    mean, sd = np.array([0.3, 0.4, 0.1]), np.array([0.5, 0.7, 0.6])
    mean, sd = mean[: len(reference)], sd[: len(reference)]
    sample = mean + sd * np.random.default_rng(0).standard_normal((5000, len(mean)))
    before = hypervolume(front, reference)
    gains = [hypervolume(np.vstack([front, y]), reference) - before for y in sample]
    value = ExpectedHypervolumeImprovement(front, reference)(mean[None], sd[None])[0][0]
    assert np.exp(value) == pytest.approx(np.mean(gains), abs=4 * np.std(gains) / 5000**0.5)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(0, 9))
def test_boxes_fill_what_a_front_leaves(seed, n_objectives, n_points):
    points = np.round(np.random.default_rng(seed).random((n_points, n_objectives)), 1)
    front = points[is_nondominated(points)]
    reference = np.full(n_objectives, 1.2)
    lower, upper = nondominated_boxes(front, reference)
    filled = np.prod(upper - np.maximum(lower, 0.0), axis=1).sum()
    assert filled == pytest.approx(1.2**n_objectives - hypervolume(front, reference))


def test_a_point_that_dominates_the_front_for_sure_gains_the_volume_between():
    point = np.array([[-0.5, -0.5]])
    value = ExpectedHypervolumeImprovement(FRONT, REFERENCE)(point, np.full((1, 2), 1e-6))[0][0]
    gain = hypervolume(point, REFERENCE) - hypervolume(FRONT, REFERENCE)
    assert np.exp(value) == pytest.approx(gain, rel=1e-4)


def test_feasibility_is_the_product_of_probabilities():
    mean, sd = np.array([[0.2, -0.4]]), np.array([[0.3, 0.5]])
    expected = norm.cdf((0.1 - 0.2) / 0.3) * norm.cdf((-0.5 + 0.4) / 0.5)
    value = Feasibility(np.array([0.1, -0.5]))(mean, sd)[0][0]
    assert np.exp(value) == pytest.approx(expected)
