"""Parzen estimators: densities of total mass 1, and samples that follow them."""

import itertools

import numpy as np
import pytest
from scipy import stats

from skhpo.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    OrdinalDistribution,
)
from skhpo.samplers._parzen import (
    BANDWIDTH_FLOOR,
    MAX_CELLS,
    Layout,
    ParzenEstimator,
    relative_spread,
)

REAL = FloatDistribution(0, 1)
LOG = FloatDistribution(1e-3, 1e2, log=True)
COUNT = IntDistribution(1, 6)
LOG_COUNT = IntDistribution(1, 40, log=True)
ORDINAL = OrdinalDistribution([1, 10, 50, 60])
KIND = CategoricalDistribution(["a", "b", "c"])
SPACES = {
    "real": [REAL],
    "two reals": [REAL, LOG],
    "integers": [COUNT],
    "log integers": [LOG_COUNT],
    "numbers in order": [ORDINAL],
    "categories": [KIND],
    "mixed": [REAL, COUNT, KIND],
    "all discrete": [ORDINAL, KIND, COUNT],
    "many integers": [IntDistribution(0, 10 * MAX_CELLS), KIND],
}


def estimator(distributions, n_kernels=7, seed=0, weights=None, spread=1.0):
    rng = np.random.default_rng(seed)
    layout = Layout(distributions)
    centres = np.column_stack(
        [d.to_unit(d.from_unit(rng.random(n_kernels))) for d in distributions]
    ).reshape(n_kernels, len(distributions))
    if weights is None:
        weights = rng.random(n_kernels)
    return ParzenEstimator(centres, weights, layout, spread=spread)


def grid_of(layout, n_points):
    """Points of a midpoint rule, and the weight of each."""
    axes, weights = [], []
    for j in range(layout.n_dims):
        if j in layout.categories:
            n = layout.categories[j]
            axes.append((np.arange(n) + 0.5) / n)
            weights.append(np.ones(n))
        elif j in layout.edges:
            edges = layout.edges[j]
            axes.append(0.5 * (edges[1:] + edges[:-1]))
            weights.append(np.ones(len(edges) - 1))
        else:
            axes.append((np.arange(n_points) + 0.5) / n_points)
            weights.append(np.full(n_points, 1 / n_points))
    points = np.array(list(itertools.product(*axes)))
    return points, np.array([np.prod(w) for w in itertools.product(*weights)])


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("n_kernels", [0, 1, 30])
@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_the_total_mass_is_one(name, n_kernels, spread):
    density = estimator(SPACES[name], n_kernels, spread=spread)
    points, weights = grid_of(density.layout, 400)
    total = np.exp(density.log_density(points)) @ weights
    assert total == pytest.approx(1.0, abs=2e-4)


@pytest.mark.parametrize("name", ["real", "integers", "log integers", "categories"])
def test_samples_follow_the_density_in_one_dimension(name):
    density = estimator(SPACES[name])
    samples = density.sample(np.random.default_rng(1), 40_000)[:, 0]
    points, weights = grid_of(density.layout, 64)
    mass = np.exp(density.log_density(points)) * weights
    edges = density.layout.edges.get(0, np.linspace(0, 1, len(mass) + 1))
    counts, _ = np.histogram(samples, edges)
    assert stats.chisquare(counts, 40_000 * mass / mass.sum()).pvalue > 1e-4


def test_samples_follow_the_density_in_mixed_dimensions():
    density = estimator(SPACES["mixed"])
    samples = density.sample(np.random.default_rng(2), 60_000)
    points, weights = grid_of(density.layout, 60)
    mass = np.exp(density.log_density(points)) * weights
    n_bins = (6, 6, 3)
    edges = [np.linspace(0, 1, n + 1) for n in n_bins]
    expected, _ = np.histogramdd(points, edges, weights=mass)
    counts, _ = np.histogramdd(samples, edges)
    expected *= 60_000 / expected.sum()
    assert ((counts - expected) ** 2 / expected).sum() < stats.chi2.ppf(1 - 1e-4, 6 * 6 * 3 - 1)


@pytest.mark.parametrize("name", SPACES)
def test_samples_lie_in_the_unit_cube_and_have_a_density(name):
    density = estimator(SPACES[name])
    samples = density.sample(np.random.default_rng(3), 500)
    assert samples.shape == (500, len(SPACES[name]))
    assert ((samples >= 0) & (samples <= 1)).all()
    assert np.isfinite(density.log_density(samples)).all()


def test_without_kernels_the_prior_is_symmetric_and_wide():
    density = estimator([REAL], n_kernels=0)
    x = np.linspace(0, 1, 101)[:, None]
    values = np.exp(density.log_density(x))
    np.testing.assert_allclose(values, values[::-1])
    assert values.min() > 0.9


def test_the_density_of_one_kernel_is_a_truncated_normal_and_the_prior():
    centre = 0.2
    density = ParzenEstimator(np.array([[centre]]), np.array([3.0]), Layout([REAL]))
    width = density.widths[0]
    x = np.linspace(0, 1, 50)
    kernel = stats.truncnorm(-centre / width, (1 - centre) / width, centre, width).pdf(x)
    prior = stats.truncnorm(-0.5, 0.5, 0.5, 1.0).pdf(x)
    np.testing.assert_allclose(
        np.exp(density.log_density(x[:, None])), 0.75 * kernel + 0.25 * prior, rtol=1e-10
    )


def test_many_points_of_a_uniform_spread_have_spread_one():
    points = np.random.default_rng(0).random((5000, 3))
    np.testing.assert_allclose(relative_spread(points, np.ones(5000)), 1.0, atol=0.03)


def test_kernels_are_narrow_where_the_points_agree_and_wide_where_they_do_not():
    points = np.column_stack([np.full(20, 0.3), np.linspace(0, 1, 20)])
    weights, layout = np.ones(20), Layout([REAL, REAL])
    spread = relative_spread(points, weights)
    assert spread[0] < 0.3 < 0.9 < spread[1]
    narrow, wide = ParzenEstimator(points, weights, layout, spread=spread).widths
    assert narrow == BANDWIDTH_FLOOR < wide


@pytest.mark.parametrize("weights", [np.ones(1), np.zeros(1)])
def test_the_spread_of_one_point_is_mostly_unknown(weights):
    assert 0.6 < relative_spread(np.array([[0.4]]), weights).item() <= 1.0


def test_points_of_small_weight_add_little_to_the_spread():
    points = np.array([[0.5], [0.5], [0.5], [1.0]])
    light, heavy = (relative_spread(points, np.array([1, 1, 1, w])) for w in (0.1, 3.0))
    assert light.item() < heavy.item()


def test_heavier_kernels_weigh_more():
    centres = np.array([[0.2], [0.8]])
    density = ParzenEstimator(centres, np.array([5.0, 1.0]), Layout([REAL]))
    low, high = density.log_density(centres)
    assert low > high


@pytest.mark.parametrize("distribution", [REAL, KIND, COUNT, LOG_COUNT])
def test_more_kernels_at_one_point_sharpen_the_peak_there(distribution):
    point = np.array([[float(distribution.to_unit(distribution.from_unit(0.4)))]])
    peaks = [
        ParzenEstimator(np.repeat(point, n, axis=0), np.ones(n), Layout([distribution]))
        .log_density(point)
        .item()
        for n in (1, 3, 10, 30)
    ]
    assert peaks == sorted(peaks)


def test_the_tails_of_narrow_kernels_stay_finite():
    fine = IntDistribution(1, MAX_CELLS)
    density = ParzenEstimator(np.full((40, 2), 1e-9), np.ones(40), Layout([REAL, fine]))
    corners = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    assert np.isfinite(density.log_density(corners)).all()
