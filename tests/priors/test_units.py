"""The units of parameters: they mean the same on any data, and survive a file."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skhpo.priors._families import FAMILIES
from skhpo.priors._units import (
    ChoiceUnit,
    DataTraits,
    LayersUnit,
    NumericUnit,
    unit_from_json,
)

TRAITS = DataTraits(n_features=16, variance=4.0, target_sd=10.0)
UNITS = sorted({unit for family in FAMILIES.values() for unit in family.units}, key=repr)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: f"{unit.kind}-{unit.name}")
@given(draw=st.floats(0.0, 1.0))
def test_a_value_has_the_coordinate_that_it_was_decoded_from(unit, draw):
    value = unit.decode([draw] * unit.n_draws, TRAITS)
    (coordinates,) = unit.encode([value], TRAITS)
    assert coordinates.shape == (unit.width,)
    assert np.isfinite(coordinates).all()
    if isinstance(unit, NumericUnit) and not unit.integer:
        assert coordinates[0] == pytest.approx(draw, abs=1e-9)
    elif isinstance(unit, NumericUnit):
        nearest = unit.encode([value + 1, value - 1], TRAITS)[:, 0]
        assert min(nearest) - 1e-9 <= draw <= max(nearest) + 1e-9
    elif isinstance(unit, ChoiceUnit):
        assert unit.choices[int(coordinates.argmax())] == value


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: f"{unit.kind}-{unit.name}")
def test_a_unit_survives_json(unit):
    assert unit_from_json(json.loads(json.dumps(unit.to_json()))) == unit


def test_gamma_is_relative_to_the_scale_of_the_features():
    gamma = NumericUnit("gamma", 1e-3, 1e2, log=True, scale="gamma")
    middle = math.log(1.0 / 1e-3) / math.log(1e5)
    values = ["scale", 1.0 / (16 * 4.0)]
    assert gamma.encode(values, TRAITS)[:, 0] == pytest.approx([middle, middle])
    as_array = gamma.encode(np.array([1.0 / (16 * 4.0)]), TRAITS)
    assert as_array[0, 0] == pytest.approx(middle)


def test_a_number_and_a_share_of_features_are_the_same():
    share = NumericUnit("max_features", 0.05, 1.0, log=True, share=True, none=1.0)
    coordinates = share.encode([4, 0.25, "sqrt", None, 16, 1.0], TRAITS)[:, 0]
    assert coordinates[0] == coordinates[1] == pytest.approx(coordinates[2])
    assert coordinates[3] == coordinates[4] == coordinates[5] == 1.0


def test_no_limit_is_the_largest_depth():
    depth = NumericUnit("max_depth", 1.0, 32.0, log=True, integer=True, none=32.0, negative=32.0)
    assert depth.encode([None, -1, 32, 100], TRAITS)[:, 0] == pytest.approx([1.0] * 4)
    assert depth.encode(np.array([-1.0, 1.0]), TRAITS)[:, 0] == pytest.approx([1.0, 0.0])


def test_values_outside_are_moved_to_the_range():
    alpha = NumericUnit("alpha", 1e-3, 10.0, log=True)
    assert alpha.encode([0, 1e-9, 1e9], TRAITS)[:, 0].tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("value", ["nothing", True, (1, 2), float])
def test_unknown_values_of_a_number_are_nan(value):
    assert np.isnan(NumericUnit("C", 0.1, 10.0).encode([value], TRAITS)).all()


def test_choices_are_told_apart_by_their_types():
    unit = ChoiceUnit("average", (False, True))
    assert np.isnan(unit.encode([1, 0], TRAITS)).all()
    distance = np.linalg.norm(np.subtract(*unit.encode([True, False], TRAITS)))
    assert distance == pytest.approx(1.0)
    numbers = ChoiceUnit("p", (1, 2))
    assert numbers.encode([1.0, np.int64(2)], TRAITS).argmax(axis=1).tolist() == [0, 1]


def test_layers_have_a_width_and_a_depth():
    unit = LayersUnit("hidden_layer_sizes", 8.0, 128.0, n_layers=3)
    encoded = unit.encode([(8,), 128, (32, 32), (16, 64), (8, 8, 8, 8)], TRAITS)
    assert encoded[0].tolist() == [0.0, 0.0]
    assert encoded[1].tolist() == [1.0, 0.0]
    assert encoded[2] == pytest.approx(encoded[3])  # the same mean width
    assert encoded[4].tolist() == [0.0, 1.0]
    assert np.isnan(unit.encode([(), "wide", (1.5,)], TRAITS)).all()
