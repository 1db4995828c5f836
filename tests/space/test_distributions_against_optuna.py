"""Optuna's distributions as the oracle of ours: validation, bounds, membership and JSON."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skhpo import distributions as ours

theirs = pytest.importorskip("optuna.distributions")

pytestmark = pytest.mark.filterwarnings("ignore")

bounds = st.integers(-50, 50) | st.decimals(-50, 50, places=2).map(float)
arguments = st.fixed_dictionaries(
    {"low": bounds, "high": bounds, "log": st.booleans()},
    optional={"step": st.none() | st.decimals(-1, 20, places=2).map(float)},
)
int_arguments = st.fixed_dictionaries(
    {"low": st.integers(-20, 200), "high": st.integers(-20, 200), "log": st.booleans()},
    optional={"step": st.integers(-1, 7)},
)
CHOICES = [None, True, False, 1, 2.5, "a", float("nan"), "b"]


def both(name, kwargs):
    """Make a distribution in both libraries; each is None where it was refused."""
    made = []
    for module in (theirs, ours):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made.append(getattr(module, name)(**kwargs))
        except ValueError:
            made.append(None)
    return made


@given(arguments)
def test_floats_are_refused_and_adjusted_alike(kwargs):
    theirs_, ours_ = both("FloatDistribution", kwargs)
    assert (theirs_ is None) == (ours_ is None)
    if ours_ is not None:
        assert ours_._asdict() == theirs_._asdict()
        assert ours_.single() == theirs_.single()


@given(int_arguments)
def test_ints_are_refused_and_adjusted_alike(kwargs):
    theirs_, ours_ = both("IntDistribution", kwargs)
    assert (theirs_ is None) == (ours_ is None)
    if ours_ is not None:
        assert ours_._asdict() == theirs_._asdict()
        assert ours_.single() == theirs_.single()


@given(
    st.sampled_from(["FloatDistribution", "IntDistribution"]),
    int_arguments,
    st.integers(-30, 210) | st.floats(-30, 210),
)
def test_both_contain_the_same_values(name, kwargs, value):
    if name == "FloatDistribution" and kwargs["log"]:
        kwargs = {k: v for k, v in kwargs.items() if k != "step"}
    theirs_, ours_ = both(name, kwargs)
    if ours_ is not None:
        assert ours_._contains(value) == theirs_._contains(value)
        assert ours_._contains(value) == (not np.isnan(ours_.to_unit(value)))


@given(st.permutations(CHOICES))
def test_choices_have_the_same_internal_representation(choices):
    theirs_, ours_ = both("CategoricalDistribution", {"choices": choices})
    for choice in choices:
        if choice is not True and choice != 1:  # Optuna takes 1 and True for the same
            assert ours_.to_internal_repr(choice) == theirs_.to_internal_repr(choice)
    assert ours_.choices == theirs_.choices


@given(st.sampled_from(["FloatDistribution", "IntDistribution"]), int_arguments)
def test_each_reads_the_others_json(name, kwargs):
    if name == "FloatDistribution" and kwargs["log"]:
        kwargs = {k: v for k, v in kwargs.items() if k != "step"}
    theirs_, ours_ = both(name, kwargs)
    if ours_ is not None:
        assert theirs.json_to_distribution(ours.distribution_to_json(ours_)) == theirs_
        assert ours.json_to_distribution(theirs.distribution_to_json(theirs_)) == ours_


def test_optuna_reads_our_ordinals_and_categories_as_categories():
    for ours_ in (ours.OrdinalDistribution([1, 2, 4]), ours.CategoricalDistribution([1, 2, 4])):
        read = theirs.json_to_distribution(ours.distribution_to_json(ours_))
        assert read == theirs.CategoricalDistribution([1, 2, 4])
        theirs.check_distribution_compatibility(read, theirs.CategoricalDistribution([1, 2, 4]))


def test_we_read_optunas_categories():
    text = theirs.distribution_to_json(theirs.CategoricalDistribution([None, "a", 1.5]))
    assert ours.json_to_distribution(text) == ours.CategoricalDistribution([None, "a", 1.5])


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (theirs.FloatDistribution(1, 2, log=True), ours.FloatDistribution(1, 2, log=True)),
        (theirs.FloatDistribution(0, 1, step=0.5), ours.FloatDistribution(0, 1, step=0.5)),
        (theirs.IntDistribution(1, 9, step=2), ours.IntDistribution(1, 9, step=2)),
        (theirs.CategoricalDistribution(["a", 1]), ours.CategoricalDistribution(["a", 1])),
    ],
)
def test_optunas_distributions_become_ours(obj, expected):
    assert ours.as_distribution(obj) == expected


def test_a_subclass_of_optunas_distribution_becomes_ours():
    assert ours.as_distribution(theirs.UniformDistribution(0, 1)) == ours.FloatDistribution(0, 1)


def test_our_distributions_pass_and_others_are_refused():
    d = ours.FloatDistribution(0, 1)
    assert ours.as_distribution(d) is d
    with pytest.raises(TypeError, match="a distribution must be one of"):
        ours.as_distribution([1, 2])
