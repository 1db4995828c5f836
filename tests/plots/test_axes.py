"""A parameter lies on an axis in its own order and scale."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from skhpo.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    OrdinalDistribution,
    QuantileDistribution,
    SequenceDistribution,
)
from skhpo.plots._axes import lay_out, param_axis, short, short_names, tick_places

LONG = "columntransformer__numeric__simpleimputer__strategy"


@pytest.mark.parametrize(
    ("distribution", "scale"),
    [
        (FloatDistribution(1, 100), "linear"),
        (FloatDistribution(1, 100, log=True), "log"),
        (IntDistribution(1, 100, log=True), "log"),
        (QuantileDistribution(stats.norm()), "linear"),
        (QuantileDistribution(stats.lognorm(1.0)), "log"),
        (SequenceDistribution(np.arange(2_000)), "linear"),
        (SequenceDistribution(np.logspace(-3, 3, 2_000)), "log"),
        (CategoricalDistribution(["a", None, (1, 2)]), "category"),
        (OrdinalDistribution([1, 10, 100]), "category"),
        (OrdinalDistribution([1, 2, 3, 5, 8, 13, 21]), "category"),
        (OrdinalDistribution(range(10, 20)), "linear"),
        (OrdinalDistribution([0.001, 0.01, 0.1, 1, 10, 100]), "log"),
    ],
)
def test_scales_follow_the_distribution(distribution, scale):
    value = distribution.nth(1) if hasattr(distribution, "choices") else 2.0
    assert param_axis("p", distribution, [value]).scale == scale


def test_choices_have_places_in_their_order():
    axis = param_axis("p", CategoricalDistribution(["b", None, True, (1, 2)]), [])
    assert_array_equal(axis.positions([None, (1, 2), "b"]), [1, 3, 0])
    assert axis.labels == ["b", "None", "True", "(1, 2)"]
    axis = param_axis("p", OrdinalDistribution([10, 1, 100]), [])
    assert_array_equal(axis.positions([1, 10, 100]), [0, 1, 2])
    assert axis.labels == ["1", "10", "100"]
    axis = param_axis("p", OrdinalDistribution([5, 4, 3, 2, 1, 0]), [3, 1])
    assert_array_equal(axis.positions([3, 1]), [3, 1])
    assert (axis.low, axis.high) == (1, 3)


def test_limits_have_a_margin_on_the_scale_of_the_axis():
    log = param_axis("p", FloatDistribution(1e-4, 1e4, log=True), [0.01, 100.0])
    low, high = log.limits
    assert 0.005 < low < 0.01
    assert low * high == pytest.approx(1.0)
    for one in (0.0, 7.0):
        low, high = param_axis("p", FloatDistribution(-10, 10), [one]).limits
        assert low < one < high
    low, high = param_axis("p", FloatDistribution(0.1, 10, log=True), [3.0]).limits
    assert low < 3.0 < high


def test_grids_stay_inside_and_are_even_on_the_scale():
    log = param_axis("p", FloatDistribution(1e-4, 1e4, log=True), [0.01, 100.0])
    assert_allclose(log.grid(5), [0.01, 0.1, 1, 10, 100])
    whole = param_axis("p", IntDistribution(0, 100), [3, 7])
    assert_array_equal(whole.grid(50), [3, 4, 5, 6, 7])
    assert_allclose(whole.to_unit(whole.grid(50)), [0, 0.25, 0.5, 0.75, 1])


def test_names_are_shortened_but_stay_different():
    assert short(LONG, 30) == "…simpleimputer__strategy"
    assert short("x" * 50, 10) == "x" * 9 + "…"
    names = [f"{step}__{LONG}" for step in ("a", "b")]
    assert short_names(names) == names


def test_many_choices_have_few_ticks():
    assert tick_places(3) == [0, 1, 2]
    places = tick_places(1_000)
    assert len(places) <= 12
    assert places[0] == 0
    assert places[-1] == 999


def test_axes_of_matplotlib_get_scale_ticks_and_label():
    import matplotlib.pyplot as plt

    ax = plt.subplots()[1]
    lay_out(ax, "x", param_axis(LONG, FloatDistribution(0.1, 10, log=True), [1.0, 2.0]))
    lay_out(ax, "y", param_axis("kind", CategoricalDistribution(["a", "b" * 40]), []))
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel() == "…simpleimputer__strategy"
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b" * 13 + "…"]
