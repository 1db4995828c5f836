"""Losses as the Gaussian process sees them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skhpo.samplers._gp_transform import clip_infinite, scale, soften, standardise

LOSSES = arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e300, 1e300))


@settings(max_examples=200, deadline=None)
@given(LOSSES)
def test_targets_are_finite_and_keep_the_order(losses):
    targets, variance = standardise(losses, np.ones(len(losses)))
    assert np.isfinite(targets).all()
    assert (np.diff(targets[np.argsort(losses, kind="stable")]) >= 0).all()
    assert not np.isnan(variance).any()


@settings(max_examples=100, deadline=None)
@given(LOSSES, st.floats(1e-3, 1e3), st.floats(-10, 10))
def test_targets_have_mean_0_and_variance_1_or_are_all_0(losses, factor, shift):
    targets, _ = standardise(losses, np.zeros(len(losses)))
    assert targets.mean() == pytest.approx(0, abs=1e-6)
    assert targets.std() == pytest.approx(1) or not targets.any()


def test_normal_losses_are_left_alone():
    losses = np.random.default_rng(0).standard_normal(200)
    targets, _ = standardise(losses, np.zeros(200))
    assert np.corrcoef(targets, losses)[0, 1] == pytest.approx(1)


def test_disasters_are_pulled_in():
    losses = np.append(np.random.default_rng(0).standard_normal(50), [1e3, 1e6])
    targets, _ = standardise(losses, np.zeros(52))
    assert targets[:50].std() > 0.3
    assert np.sort(targets)[-1] < 10


def test_the_better_half_is_only_shifted_and_scaled():
    losses = np.exp(3 * np.random.default_rng(0).standard_normal(100))
    softened, slope = soften(losses)
    better = losses <= np.median(losses)
    assert np.ptp(softened[better] / losses[better]) == pytest.approx(0, abs=1e-12)
    assert (slope[~better] < slope[better].min()).all()


def test_the_slope_is_that_of_finite_differences():
    losses = np.exp(3 * np.random.default_rng(0).standard_normal(100))
    softened, slope = soften(losses)
    order = np.argsort(losses)
    secant = np.diff(softened[order]) / np.diff(losses[order])
    assert (secant <= slope[order][:-1] * (1 + 1e-9)).all()
    assert (secant >= slope[order][1:] * (1 - 1e-9)).all()


def test_known_variance_follows_the_unit_of_the_losses():
    losses = np.random.default_rng(0).standard_normal(50)
    _, variance = standardise(losses, np.full(50, 0.5))
    _, rescaled = standardise(1000 * losses, np.full(50, 0.5 * 1000**2))
    assert variance == pytest.approx(rescaled)


def test_equal_losses_become_0():
    targets, variance = standardise(np.full(5, 3.7), np.ones(5))
    assert targets.tolist() == [0] * 5
    assert np.isfinite(variance).all()


def test_infinite_losses_become_the_worst_and_best_finite_ones():
    clipped = clip_infinite(np.array([np.inf, 1.0, -2.0, -np.inf, np.nan]))
    assert clipped[:4].tolist() == [1.0, 1.0, -2.0, -2.0]
    assert clip_infinite(np.full(3, np.inf)).tolist() == [0, 0, 0]


def test_a_constraint_is_met_below_its_threshold():
    values = np.array([-3.0, 1.0, 0.5, -0.1])
    targets, threshold = scale(values)
    assert (targets <= threshold).tolist() == [True, False, False, True]


@pytest.mark.parametrize(("value", "is_met"), [(-2.0, True), (0.0, True), (3.0, False)])
def test_a_constant_constraint_is_met_or_not(value, is_met):
    targets, threshold = scale(np.full(4, value))
    assert (targets <= threshold).all() == is_met
