"""The distributions: their values, their codec and their equality."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.svm import SVC

from skhpo.distributions import (
    MAX_EDGES,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    OrdinalDistribution,
    QuantileDistribution,
    SequenceDistribution,
    check_distribution_compatibility,
    distribution_to_json,
    json_to_distribution,
)

pytestmark = pytest.mark.filterwarnings("ignore:step=:UserWarning")

moderate = st.floats(-1e6, 1e6, allow_subnormal=False)
positive = st.floats(1e-9, 1e9, allow_subnormal=False)
units = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20).map(np.array)


@st.composite
def continuous_floats(draw):
    log = draw(st.booleans())
    low, high = sorted((draw(positive if log else moderate), draw(positive if log else moderate)))
    return FloatDistribution(low, high, log=log)


@st.composite
def stepped_floats(draw):
    low = draw(st.decimals(-1000, 1000, places=3))
    step = draw(st.decimals("0.001", 100, places=3))
    return FloatDistribution(float(low), float(low + draw(st.integers(0, 500)) * step), step=step)


@st.composite
def integers(draw):
    log = draw(st.booleans())
    low = draw(st.integers(1, 10**6) if log else st.integers(-(10**9), 10**9))
    high = low + draw(st.integers(0, 10**6))
    return IntDistribution(low, high, log=log, step=1 if log else draw(st.integers(1, 1000)))


categoricals = st.lists(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just([1]), min_size=1
).map(CategoricalDistribution)
ordinals = st.lists(moderate, min_size=1, unique=True).map(OrdinalDistribution)
sequences = st.lists(moderate, min_size=1, unique=True).map(SequenceDistribution)
finite = stepped_floats() | integers() | categoricals | ordinals | sequences
PRIORS = [
    stats.norm(1.0, 2.0),
    stats.gamma(2.0),
    stats.expon(scale=100),
    stats.beta(2.0, 3.0),
    stats.cauchy(),
    stats.truncnorm(-1, 2),
]
DISCRETE_PRIORS = [stats.poisson(3), stats.geom(0.2), stats.binom(10, 0.3), stats.nbinom(3, 0.2)]


@given(finite, st.data())
def test_a_finite_value_survives_the_round_trip_through_the_unit_interval_exactly(d, data):
    ranks = data.draw(st.lists(st.integers(0, d.n_cells - 1), min_size=1))
    values = d.cell_values(ranks)
    unit = d.to_unit(values)
    assert np.all((unit >= 0.0) & (unit <= 1.0))
    np.testing.assert_array_equal(d.from_unit(unit), values)
    assert all(d._contains(v) for v in values)


@given(continuous_floats(), units)
def test_a_continuous_value_survives_the_round_trip_within_precision(d, u):
    values = d.from_unit(u)
    again = d.from_unit(d.to_unit(values))
    if d.log:
        np.testing.assert_allclose(again, values, rtol=1e-12)
    else:
        scale = max(abs(d.low), abs(d.high))
        np.testing.assert_allclose(again, values, atol=4 * np.finfo(float).eps * scale, rtol=0)


@given(continuous_floats() | finite, units)
def test_values_from_the_unit_interval_never_leave_the_domain(d, u):
    ends = np.array([0.0, 1.0, np.nextafter(1.0, 0.0), 5e-324, -1.0, 2.0])
    values = d.from_unit(np.concatenate([u, ends]))
    assert all(d._contains(v) for v in values)
    assert not np.isnan(d.to_unit(values)).any()


@given(continuous_floats())
def test_the_ends_of_the_unit_interval_are_the_bounds(d):
    low, high = d.from_unit([0.0, 1.0])
    assert math.isclose(low, d.low, rel_tol=1e-12)
    assert math.isclose(high, d.high, rel_tol=1e-12)


@given(finite)
def test_to_unit_gives_the_middle_of_the_cell_between_the_edges(d):
    if d.n_cells > MAX_EDGES:
        with pytest.raises(ValueError, match="edges exist for at most"):
            d.edges
        return
    edges = d.edges
    assert edges.shape == (d.n_cells + 1,)
    assert edges[0] == 0.0
    assert edges[-1] == 1.0
    assert np.all(np.diff(edges) > 0)
    middles = d.to_unit(d.cell_values(np.arange(d.n_cells)))
    np.testing.assert_allclose(middles, (edges[1:] + edges[:-1]) / 2, atol=1e-12)


@given(finite, units)
def test_from_unit_gives_the_cell_that_the_coordinate_lies_in(d, u):
    if d.n_cells > MAX_EDGES:
        return
    cell = np.clip(np.searchsorted(d.edges, u, side="right") - 1, 0, d.n_cells - 1)
    clear = np.min(np.abs(d.edges[:, None] - u), axis=0) > 1e-12  # not on a border
    np.testing.assert_array_equal(d.from_unit(u)[clear], d.cell_values(cell)[clear])


def test_the_edges_are_computed_once_and_read_only():
    d = IntDistribution(1, 5)
    assert d.edges is d.edges
    with pytest.raises(ValueError, match="read-only"):
        d.edges[0] = 1.0


def test_a_continuous_distribution_has_no_edges_and_no_cells():
    d = FloatDistribution(0, 1)
    assert d.n_cells is None
    with pytest.raises(ValueError, match="edges exist"):
        d.edges
    with pytest.raises(ValueError, match="only finite"):
        d.cell_values(0)


@pytest.mark.parametrize(
    ("distribution", "outside"),
    [
        (FloatDistribution(1.0, 2.0), [0.99, 2.01, np.nan, np.inf, -np.inf]),
        (FloatDistribution(1.0, 2.0, log=True), [0.99, 2.01, 0.0, -1.0, np.nan, np.inf]),
        (FloatDistribution(0.0, 1.0, step=0.25), [-0.25, 1.25, 0.3, np.nan, np.inf]),
        (IntDistribution(1, 9, step=2), [0, 11, 2, 3.5, np.nan, np.inf]),
        (IntDistribution(1, 9, log=True), [0, 10, 2.5, -1.0, np.nan, np.inf]),
        (CategoricalDistribution("abc"), [-1, 3, 0.5, np.nan, np.inf]),
        (QuantileDistribution(stats.expon()), [-1e-9, np.nan, np.inf]),
        (QuantileDistribution(stats.poisson(2)), [-1, 0.5, np.nan, np.inf]),
    ],
)
@pytest.mark.filterwarnings("error:.*:RuntimeWarning")
def test_values_outside_the_domain_have_no_unit_coordinate(distribution, outside):
    assert np.isnan(distribution.to_unit(outside)).all()
    assert not any(distribution._contains(v) for v in outside)


def test_nan_coordinates_stay_nan():
    for d in (FloatDistribution(0, 1), IntDistribution(1, 9, log=True), OrdinalDistribution([1])):
        assert np.isnan(d.from_unit([np.nan, 0.5])).tolist() == [True, False]


def test_shapes_are_kept():
    for d in (FloatDistribution(0, 1), IntDistribution(0, 3), QuantileDistribution(stats.norm())):
        assert d.from_unit(np.full((2, 3), 0.5)).shape == (2, 3)
        assert d.to_unit(np.ones((2, 3))).shape == (2, 3)
        assert d.to_unit(np.ones((2, 3))).dtype == np.float64


def test_the_grid_of_a_step_has_the_decimals_of_the_step():
    d = FloatDistribution(0.0, 1.0, step=0.1)
    values = [d.to_external_repr(v) for v in d.cell_values(np.arange(11))]
    assert values == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert d._contains(0.1 + 0.2)


def test_the_log_cells_of_integers_are_borders_between_the_integers():
    edges = IntDistribution(1, 4, log=True).edges
    expected = np.log(np.array([0.5, 1.5, 2.5, 3.5, 4.5]) / 0.5) / np.log(9.0)
    np.testing.assert_allclose(edges, expected, atol=1e-15)


def test_a_distribution_with_one_value_is_single():
    for d in (
        FloatDistribution(2, 2),
        FloatDistribution(2, 2, log=True),
        FloatDistribution(0, 0.5, step=1),
        IntDistribution(3, 3),
        IntDistribution(3, 4, step=2),
        CategoricalDistribution([None]),
    ):
        assert d.single()
        value = d.from_unit(0.3)
        assert d.to_unit(value) == 0.5
    assert not FloatDistribution(0, 1).single()
    assert not QuantileDistribution(stats.norm()).single()


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_bounds_whose_logarithms_are_equal_have_one_coordinate():
    d = FloatDistribution(1e300, np.nextafter(1e300, 2e300), log=True)
    assert d.to_unit([d.low, d.high]).tolist() == [0.5, 0.5]
    assert d._contains(d.from_unit(0.7))


def test_external_values_are_plain_python_numbers():
    assert type(FloatDistribution(0, 1).to_external_repr(np.float64(0.5))) is float
    assert type(IntDistribution(0, 1).to_external_repr(np.float64(1.0))) is int
    assert type(QuantileDistribution(stats.norm()).to_external_repr(np.float64(1.0))) is float
    assert type(QuantileDistribution(stats.geom(0.5)).to_external_repr(np.float64(1.0))) is int


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FloatDistribution(2, 1), "low must not be above high.*2.0.*1.0"),
        (lambda: FloatDistribution(0, 1, log=True), "low must be above 0"),
        (lambda: FloatDistribution(1, 2, log=True, step=0.1), "step must be None"),
        (lambda: FloatDistribution(1, 2, step=0), "step must be above 0"),
        (lambda: FloatDistribution(math.nan, 2), "low must be finite, but got nan"),
        (lambda: FloatDistribution(0, math.inf), "high must be finite, but got inf"),
        (lambda: FloatDistribution(-1.7e308, 1.7e308), "finite float"),
        (lambda: FloatDistribution("a", 1), "low must be a number, but got 'a'"),
        (lambda: IntDistribution(2, 1), "low must not be above high"),
        (lambda: IntDistribution(0, 2, log=True), "low must be at least 1"),
        (lambda: IntDistribution(1, 2, log=True, step=2), "step must be 1"),
        (lambda: IntDistribution(1, 2, step=0), "step must be at least 1"),
        (lambda: IntDistribution(1.5, 2), "low must be an integer, but got 1.5"),
        (lambda: IntDistribution(1, 2**60), "high must be below 2\\*\\*53"),
        (lambda: CategoricalDistribution([]), "one or more"),
        (lambda: OrdinalDistribution([1, 1.0]), "distinct numbers, but got \\(1, 1.0\\)"),
        (lambda: OrdinalDistribution([True, False]), "distinct numbers"),
        (lambda: OrdinalDistribution([1, math.nan]), "distinct numbers"),
        (lambda: SequenceDistribution([]), "one or more finite"),
        (lambda: SequenceDistribution([1, math.inf]), "one or more finite"),
        (lambda: SequenceDistribution([1, math.nan]), "one or more finite"),
        (lambda: SequenceDistribution([[1], [2]]), "one or more finite"),
        (lambda: SequenceDistribution([2, 1, 2.0]), "distinct"),
        (lambda: SequenceDistribution([1, 2**53]), "below 2\\*\\*53"),
        (lambda: SequenceDistribution([1, 2]).to_internal_repr("a"), "'a' is not a number"),
        (lambda: SequenceDistribution([1, 2]).to_internal_repr(math.nan), "not a valid value"),
        (lambda: SequenceDistribution([1, 2]).to_external_repr(3.0), "3.0 is not among"),
        (lambda: QuantileDistribution(stats.norm(0, -1)), "norm\\(0, -1\\) does not"),
        (lambda: QuantileDistribution(stats.norm([0, 1])), "one dimension"),
        (lambda: FloatDistribution(0, 1).to_internal_repr("a"), "'a' is not a number"),
        (lambda: FloatDistribution(0, 1).to_internal_repr(math.nan), "not a valid value"),
        (lambda: IntDistribution(1, 2, log=True).to_internal_repr(0), "not a valid value"),
        (lambda: CategoricalDistribution("ab").to_internal_repr("c"), "not among the choices"),
        (
            lambda: QuantileDistribution(stats.norm()).to_internal_repr(math.nan),
            "not a valid value",
        ),
        (lambda: QuantileDistribution(stats.norm()).to_internal_repr("a"), "not a number"),
    ],
)
def test_what_is_invalid_is_refused_with_the_value_and_what_is_allowed(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_an_object_without_quantiles_is_no_prior():
    with pytest.raises(TypeError, match="prior must have cdf"):
        QuantileDistribution(object())


def test_a_step_that_does_not_divide_the_range_lowers_high_with_a_warning():
    with pytest.warns(UserWarning, match="high is lowered to 0.9") as record:
        d = FloatDistribution(0.0, 1.0, step=0.3)
    assert d.high == 0.9
    assert record[0].filename == __file__
    with pytest.warns(UserWarning, match="high is lowered to 9") as record:
        assert IntDistribution(1, 10, step=2).high == 9
    assert record[0].filename == __file__


def test_distributions_are_immutable():
    d = FloatDistribution(0, 1)
    with pytest.raises(AttributeError):
        d.low = 0.5
    with pytest.raises(AttributeError):
        CategoricalDistribution("ab").choices = ()


@given(continuous_floats() | finite)
def test_copies_and_pickles_are_equal_and_hash_alike(d):
    if d.n_cells is not None and d.n_cells <= MAX_EDGES:
        d.edges  # a cache is no part of the state
    for twin in (copy.deepcopy(d), pickle.loads(pickle.dumps(d))):
        assert twin == d
        assert hash(twin) == hash(d)
        assert twin is d or "edges" not in vars(twin)


# choices


def test_a_choice_is_found_by_identity_then_by_type_then_by_equality():
    d = CategoricalDistribution([1, 1.0, True])
    assert [d.to_internal_repr(v) for v in (1, 1.0, True)] == [0.0, 1.0, 2.0]
    assert CategoricalDistribution([1, 2]).to_internal_repr(2.0) == 1.0
    assert CategoricalDistribution([0.5, 2]).to_internal_repr(np.int64(2)) == 1.0


def test_choices_may_be_any_objects():
    first, second = SVC(), SVC()
    choices = [first, second, None, np.arange(3), np.ones((2, 2)), len, float("nan"), [1], {}, (1,)]
    d = CategoricalDistribution(choices)
    assert [d.to_internal_repr(c) for c in choices] == list(range(10))
    assert d.to_internal_repr(np.arange(3)) == 3.0
    assert d.to_internal_repr(np.float32("nan")) == 6.0
    assert d.to_external_repr(1.0) is second
    assert isinstance(hash(d), int)
    assert d == CategoricalDistribution(choices)
    assert d != CategoricalDistribution(choices[::-1])
    with pytest.raises(ValueError, match="not among"):
        d.to_internal_repr(np.arange(4))


def test_a_choice_whose_comparison_fails_is_unequal_to_others():
    class Stubborn:
        __hash__ = None

        def __eq__(self, other):
            raise RuntimeError("no")

    one, other = Stubborn(), Stubborn()
    d = CategoricalDistribution([one, other])
    assert d.to_internal_repr(other) == 1.0
    assert d == CategoricalDistribution([one, other])
    assert d != CategoricalDistribution([other, one])


def test_equal_distributions_hash_alike_even_with_choices_of_other_types():
    a, b = CategoricalDistribution([1, 2]), CategoricalDistribution([1.0, np.int64(2)])
    assert a == b
    assert hash(a) == hash(b)


def test_ordinal_and_categorical_and_range_are_unequal():
    kinds = [CategoricalDistribution([1, 2]), OrdinalDistribution([1, 2]), IntDistribution(1, 2)]
    assert all((a == b) == (a is b) for a in kinds for b in kinds)
    assert FloatDistribution(1, 2) != "FloatDistribution"


def test_only_plain_categories_are_without_order():
    assert not CategoricalDistribution([1, 2]).is_ordered
    for d in (
        OrdinalDistribution([3, 2, 1]),
        FloatDistribution(0, 1),
        IntDistribution(0, 1),
        QuantileDistribution(stats.norm()),
    ):
        assert d.is_ordered


# priors


@pytest.mark.parametrize(
    ("distribution", "reference"),
    [
        (FloatDistribution(-2.0, 3.0), stats.uniform(-2.0, 5.0)),
        (FloatDistribution(1e-3, 1e3, log=True), stats.loguniform(1e-3, 1e3)),
        (IntDistribution(2, 9), stats.randint(2, 10)),
        *((QuantileDistribution(prior), prior) for prior in PRIORS + DISCRETE_PRIORS),
    ],
)
def test_uniform_coordinates_have_the_quantiles_of_the_prior(distribution, reference):
    u = (np.arange(20_000) + 0.5) / 20_000
    values = distribution.from_unit(u)
    levels = np.array([0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]) + 1e-7
    quantiles = np.quantile(values, levels, method="inverted_cdf")
    np.testing.assert_allclose(quantiles, reference.ppf(levels), rtol=0.02, atol=2e-2)


@pytest.mark.parametrize("prior", PRIORS)
@given(u=units)
@settings(max_examples=25)
def test_a_prior_keeps_its_values_in_the_round_trip(prior, u):
    d = QuantileDistribution(prior)
    values = d.from_unit(u)
    assert np.isfinite(values).all()
    np.testing.assert_allclose(d.to_unit(values), np.clip(u, *d._unit_range), atol=1e-9)


@pytest.mark.parametrize("prior", DISCRETE_PRIORS)
@given(u=units)
@settings(max_examples=25)
def test_a_discrete_prior_keeps_its_ints_in_the_round_trip(prior, u):
    d = QuantileDistribution(prior)
    values = d.from_unit(u)
    assert np.array_equal(values, np.floor(values))
    assert np.array_equal(d.from_unit(d.to_unit(values)), values)


def test_a_discrete_value_lies_in_the_middle_of_its_cell():
    prior = stats.binom(2, 0.5)
    assert QuantileDistribution(prior).to_unit([0, 1, 2]).tolist() == [0.125, 0.5, 0.875]


def test_equal_priors_are_equal_though_scipy_makes_other_objects():
    a, b = QuantileDistribution(stats.norm(0, 1)), QuantileDistribution(stats.norm(scale=1))
    assert a == b
    assert hash(a) == hash(b)
    assert a == pickle.loads(pickle.dumps(a))
    assert a != QuantileDistribution(stats.norm(0, 1.001))
    assert repr(b) == "QuantileDistribution(norm(scale=1))"


@pytest.mark.skipif(not hasattr(stats, "Normal"), reason="scipy >= 1.15 has distribution classes")
def test_the_distribution_classes_of_scipy_are_priors():
    normal = QuantileDistribution(stats.Normal(mu=1.0, sigma=2.0))
    assert not normal.is_discrete
    assert normal == QuantileDistribution(stats.norm(1.0, 2.0))
    lognorm = QuantileDistribution(stats.make_distribution(stats.lognorm)(s=1.0))
    np.testing.assert_allclose(lognorm.from_unit(0.5), 1.0)


@pytest.mark.skipif(not hasattr(stats, "Binomial"), reason="scipy >= 1.16 has discrete classes")
def test_the_discrete_distribution_classes_of_scipy_give_ints():
    d = QuantileDistribution(stats.Binomial(n=10, p=0.3))
    assert d.is_discrete
    values = d.from_unit(np.linspace(0, 1, 11))
    assert np.array_equal(
        values, QuantileDistribution(stats.binom(10, 0.3)).from_unit(np.linspace(0, 1, 11))
    )
    assert np.array_equal(d.from_unit(d.to_unit(values)), values)


# JSON and compatibility


@given(continuous_floats() | stepped_floats() | integers() | ordinals)
def test_json_gives_back_an_equal_distribution(d):
    again = json_to_distribution(distribution_to_json(d))
    assert again == d
    assert type(again) is type(d)


def test_numpy_numbers_are_written_as_plain_ones():
    d = CategoricalDistribution(np.array([3, 1, 2]))
    assert json_to_distribution(distribution_to_json(d)).choices == (3, 1, 2)


def test_a_prior_is_written_as_the_range_that_it_draws():
    read = json_to_distribution(distribution_to_json(QuantileDistribution(stats.beta(2, 2))))
    assert read == FloatDistribution(0.0, 1.0)
    read = json_to_distribution(distribution_to_json(QuantileDistribution(stats.binom(5, 0.5))))
    assert read == IntDistribution(0, 5)


@pytest.mark.parametrize("choice", [SVC(), (1, 2), np.arange(2), len])
def test_choices_that_json_can_not_hold_are_refused(choice):
    with pytest.raises(ValueError, match="only choices of None, bool, int, float and str"):
        distribution_to_json(CategoricalDistribution([choice]))


@pytest.mark.parametrize("text", ["[]", "{}", '{"name": "Normal", "attributes": {}}', "", '"a"'])
def test_other_json_is_refused(text):
    with pytest.raises(ValueError):
        json_to_distribution(text)


def test_ranges_may_change_but_kind_scale_and_choices_may_not():
    check = check_distribution_compatibility
    check(FloatDistribution(0, 1), FloatDistribution(5, 6, step=0.5))
    check(OrdinalDistribution([1, 2]), CategoricalDistribution([1, 2]))
    check(FloatDistribution(1, 2, log=True), QuantileDistribution(stats.norm()))
    check(IntDistribution(1, 2), QuantileDistribution(stats.poisson(3)))
    with pytest.raises(ValueError, match="kind"):
        check(FloatDistribution(0, 1), IntDistribution(0, 1))
    with pytest.raises(ValueError, match="kind"):
        check(FloatDistribution(0, 1), QuantileDistribution(stats.poisson(3)))
    with pytest.raises(ValueError, match="scale"):
        check(IntDistribution(1, 2), IntDistribution(1, 2, log=True))
    with pytest.raises(ValueError, match="choices"):
        check(CategoricalDistribution("ab"), CategoricalDistribution("ac"))


# long lists of numbers


numbers = st.lists(
    st.integers(-(2**52), 2**52) | moderate | st.fractions(-9, 9), min_size=1, unique_by=float
)


@given(numbers, st.data())
def test_an_element_of_a_sequence_comes_back_as_the_object_it_is(values, data):
    d = SequenceDistribution(values)
    position = data.draw(st.integers(0, len(values) - 1))
    internal = d.to_internal_repr(values[position])
    assert d.to_external_repr(internal) is values[position]
    assert d.nth(position) is values[position]


@given(numbers)
def test_a_sequence_has_the_coordinates_of_the_same_ordered_choices(values):
    sequence, choices = SequenceDistribution(values), OrdinalDistribution(sorted(values))
    numbers = [sequence.to_internal_repr(v) for v in sorted(values)]
    assert np.array_equal(sequence.to_unit(numbers), choices.to_unit(np.arange(len(values))))
    assert np.array_equal(sequence.cell_values(np.arange(len(values))), numbers)


@given(st.lists(moderate, min_size=1, unique=True))
def test_ordered_choices_keep_their_positions_and_have_the_coordinates_of_their_ranks(values):
    d = OrdinalDistribution(values)
    positions = np.arange(len(values))
    assert [d.to_internal_repr(v) for v in values] == positions.tolist()
    ranks = np.searchsorted(np.sort(values), values)
    if values != sorted(values, reverse=True):
        assert np.array_equal(d.to_unit(positions), (ranks + 0.5) / len(values))
    assert np.array_equal(d.from_unit(d.to_unit(positions)), positions)


def test_elements_of_an_array_keep_its_type_and_later_changes_of_it_have_no_effect():
    given_ = np.array([0.5, 0.25], dtype=np.float32)
    d = SequenceDistribution(given_)
    given_[0] = 9.0
    assert d.nth(0) == 0.5
    assert type(d.to_external_repr(0.5)) is np.float32


def test_sequences_are_equal_where_numbers_and_types_are():
    d = SequenceDistribution([1, 2, 3])
    assert d == SequenceDistribution([3, 2, 1])
    assert d != SequenceDistribution([1.0, 2.0, 3.0])
    assert d != SequenceDistribution(np.array([1, 2, 3]))
    assert d != SequenceDistribution([1, 2, 4])
    assert d != OrdinalDistribution([1, 2, 3])


def test_a_sequence_is_written_as_its_range_and_agrees_with_it():
    for values, expected in (
        ([3, 1, 2], IntDistribution(1, 3)),
        (np.array([0.5, 0.1]), FloatDistribution(0.1, 0.5)),
        ([1, 2.5], FloatDistribution(1.0, 2.5)),
    ):
        d = SequenceDistribution(values)
        assert json_to_distribution(distribution_to_json(d)) == expected
        check_distribution_compatibility(expected, d)


def test_many_choices_are_named_in_part_where_a_value_is_not_among_them():
    d = CategoricalDistribution([str(i) for i in range(100_000)])
    with pytest.raises(ValueError, match=r"'x' is not among .*'0', '1', '2', ... '99999'.*100000"):
        d.to_internal_repr("x")


def test_a_choice_is_found_by_its_label():
    d = CategoricalDistribution([(1, 2), "(1, 2)", len])
    assert [d.to_internal_repr(label) for label in d.labels] == [0.0, 1.0, 2.0]
