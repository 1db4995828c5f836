"""Every distribution of scipy.stats is a prior that is read quickly, or refused with a reason."""

import numpy as np
import pytest
from scipy import stats

from skhpo.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    QuantileDistribution,
    json_to_distribution,
    labelled_json,
)
from skhpo.space import SearchSpace

tables = pytest.importorskip("scipy.stats._distr_params")


def read(prior, random_state=0):
    space = SearchSpace.from_param_distributions({"x": prior}, random_state=random_state)
    return space.distributions["x"]


def frozen(entry):
    """One of scipy's examples: the name of a distribution, or one itself, and its shapes."""
    name, shapes = entry
    dist = getattr(stats, name, None) if isinstance(name, str) else name
    return None if dist is None else dist(*shapes)


ALL = [frozen(entry) for entry in tables.distcont + tables.distdiscrete]
ALL = [prior for prior in ALL if prior is not None and prior.dist.name != "studentized_range"]


@pytest.mark.parametrize("prior", ALL, ids=[prior.dist.name for prior in ALL])
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::scipy.integrate.IntegrationWarning")
def test_each_distribution_of_scipy_is_a_prior(prior):
    d = read(prior)
    values = d.from_unit([0.1, 0.5, 0.9])
    assert np.all(np.isfinite(values) & (d.low <= values) & (values <= d.high))
    np.testing.assert_allclose(d.from_unit(d.to_unit(values)), values, rtol=1e-3, atol=1e-6)
    draws = np.array([prior.rvs(random_state=seed) for seed in range(50)])
    assert (draws < values[1]).mean() < 0.75
    assert (draws > values[1]).mean() < 0.75
    assert json_to_distribution(labelled_json(d)).low == d.low


def test_a_prior_whose_quantiles_are_integrals_is_read_in_few_of_them(monkeypatch):
    prior = stats.studentized_range(3, 10)
    ppf, levels = prior.ppf, []
    monkeypatch.setattr(prior, "ppf", lambda u: levels.append(np.size(u)) or ppf(u), raising=False)
    d = read(prior)
    assert hash(d) == hash(d)
    assert sum(levels) < 10


HEAVY = [
    getattr(stats, name)(*arguments)
    for name, arguments in [
        ("zipf", (1.1,)),
        ("zipf", (1.01,)),
        ("zipfian", (1.1, 10**9)),
        ("yulesimon", (0.1,)),
        ("logser", (1 - 1e-9,)),
        ("betanbinom", (5, 0.2, 3)),
        ("betabinom", (10**6, 0.5, 0.5)),
        ("nchypergeom_fisher", (10**6, 10**5, 10**5, 0.5)),
        ("skellam", (1e9, 1)),
    ]
    if hasattr(stats, name)  # some are younger than the oldest scipy
]


@pytest.mark.parametrize("prior", HEAVY, ids=[prior.dist.name for prior in HEAVY])
def test_a_tail_that_is_too_long_to_walk_is_read_from_draws(prior):
    d = read(prior)
    values = d.from_unit(np.linspace(0, 1, 11))
    assert np.array_equal(values, np.floor(values))
    assert type(d.to_external_repr(values[-1])) is int
    assert np.array_equal(d.from_unit(d.to_unit(values)), values)
    start, end = prior.support()
    assert start <= d.low <= d.high <= end
    assert d == read(prior)
    assert json_to_distribution(labelled_json(d)).high == d.high


def test_a_discrete_distribution_of_ones_own_with_a_heavy_tail_is_read_from_draws():
    class InverseSquare(stats.rv_discrete):
        def _pmf(self, k):
            return 6 / np.pi**2 / k**2

        def _rvs(self, size=None, random_state=None):
            return np.floor(1 / random_state.uniform(size=size))

    d = read(InverseSquare(a=1, name="inverse square")())
    assert d.is_discrete
    assert d.from_unit(0.5) in (1.0, 2.0)
    assert d.high > 100


def test_quantiles_that_scipy_does_not_find_are_replaced_by_draws():
    d = read(stats.norminvgauss(1.25, 0.5))
    assert abs(d.from_unit(0.5) - np.median(stats.norminvgauss(1.25, 0.5).rvs(999))) < 0.3


@pytest.mark.parametrize("xk", [[1, 5, 7], [0.1, 0.5, 2.5]])
def test_a_table_of_values_gives_just_these(xk):
    table = stats.rv_discrete(values=(xk, [0.1, 0.2, 0.7]))
    for d in (read(table), read(table())):
        values = [d.to_external_repr(v) for v in d.from_unit(np.linspace(0, 1, 101))]
        assert set(values) == set(xk)
        assert 65 <= values.count(xk[-1]) <= 75


def test_integers_that_were_moved_by_a_fraction_are_floats():
    d = read(stats.poisson(3, loc=0.5))
    assert d.to_external_repr(float(d.from_unit(0.5))) == 3.5


def test_a_histogram_is_a_prior():
    histogram = stats.rv_histogram(np.histogram([1, 2, 3, 3, 5], bins=4))
    d = read(histogram)
    assert (d.low, d.high) == (1.0, 5.0)
    other = stats.rv_histogram(np.histogram([1, 2, 2, 3, 5], bins=4))
    assert read(histogram()) != read(other())


@pytest.mark.parametrize(
    "prior",
    [
        stats.dirichlet([1, 1, 1]),
        stats.multivariate_normal([0, 0]),
        stats.ortho_group(3),
        stats.multinomial(5, [0.5, 0.5]),
    ],
)
def test_a_distribution_of_vectors_gives_the_arrays_that_it_draws(prior):
    d = read(prior)
    assert isinstance(d, CategoricalDistribution)
    assert d.choices[0].shape == prior.rvs(random_state=0).shape
    assert d == read(prior)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        (stats.norm([0, 1]), "one dimension"),
        (stats.norm(0, -1), r"norm\(0, -1\) does not"),
        (stats.beta(-1, 1), r"beta\(-1, 1\) does not"),
        (stats.pareto(0.01), r"pareto\(0.01\) returned NaN or infinity"),
        (stats.randint(0, 2**60), r"below 2\*\*53"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_no_prior_is_refused_with_its_name(prior, message):
    with pytest.raises(ValueError, match=f"'x' is invalid: .*{message}"):
        read(prior)


def test_draws_that_take_too_long_are_refused(monkeypatch):
    monkeypatch.setattr("skhpo.space._empirical._MAX_SECONDS", 0)
    with pytest.raises(ValueError, match=r"'x' .*yulesimon\(0.1\) takes too long: \d+ values"):
        read(stats.yulesimon(0.1))


def test_arguments_by_position_or_name_make_the_same_prior():
    assert read(stats.gamma(2, 0, 3)) == read(stats.gamma(a=2, scale=3))
    assert read(stats.gamma(2)) != read(stats.gamma(2.001))


@pytest.mark.skipif(not hasattr(stats, "make_distribution"), reason="scipy >= 1.15 has it")
def test_the_distribution_classes_of_scipy_are_priors():
    for prior in (
        stats.Uniform(a=0, b=2),
        stats.truncate(stats.Normal(), 0, 1),
        stats.exp(stats.Normal()),
        stats.Mixture([stats.Normal(), stats.Normal(mu=4)]),
        3 * stats.Normal() + 1,
        stats.make_distribution(stats.gamma)(a=2.0),
    ):
        d = read(prior)
        assert isinstance(d, QuantileDistribution | FloatDistribution)
        values = d.from_unit([0.1, 0.5, 0.9])
        np.testing.assert_allclose(d.to_unit(values), [0.1, 0.5, 0.9], atol=1e-6)


def test_what_a_prior_raises_is_told_with_the_parameter():
    class Broken:
        def rvs(self, random_state=None):
            raise RuntimeError("no draws today")

    with pytest.raises(ValueError, match="'x' is invalid: no draws today"):
        read(Broken())
