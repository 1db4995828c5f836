"""Hypervolumes, fronts and constrained domination are those of pymoo."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skhpo.multi_objective import (
    crowding_distance,
    hypervolume,
    hypervolume_contributions,
    is_nondominated,
    nondomination_rank,
)

pytest.importorskip("pymoo")

from pymoo.indicators.hv import HV
from pymoo.operators.survival.rank_and_crowding.metrics import calc_crowding_distance
from pymoo.util.dominator import Dominator
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

# Few distinct values, so that ties and twins are common.
grids = st.integers(2, 5).flatmap(
    lambda m: st.integers(1, 25).flatmap(
        lambda n: arrays(float, (n, m), elements=st.integers(0, 7).map(float))
    )
)


def front_of(shape, n_points, n_objectives):
    """Points of a front that is flat, or bent to the ideal or away from it."""
    rng = np.random.default_rng(n_points + n_objectives)
    if shape == "flat":
        return rng.dirichlet(np.ones(n_objectives), n_points)
    directions = np.abs(rng.standard_normal((n_points, n_objectives)))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return 1.0 - directions if shape == "convex" else directions


@settings(deadline=None)
@given(grids)
def test_hypervolumes_with_ties_are_the_same(losses):
    reference = np.full(losses.shape[1], 6.5)
    expected = HV(ref_point=reference)(losses)
    assert hypervolume(losses, reference) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("shape", ["flat", "convex", "concave"])
@pytest.mark.parametrize(
    ("n_points", "n_objectives"), [(500, 2), (500, 3), (300, 4), (80, 5), (40, 6), (15, 8)]
)
def test_hypervolumes_of_large_fronts_are_the_same(shape, n_points, n_objectives):
    losses = front_of(shape, n_points, n_objectives)
    reference = np.full(n_objectives, 1.1)
    expected = HV(ref_point=reference)(losses)
    assert hypervolume(losses, reference) == pytest.approx(expected, rel=1e-10)


def test_hypervolumes_of_objectives_of_very_different_scales_are_the_same():
    scales = np.array([1e-6, 1.0, 1e8, 1e3])
    losses, reference = front_of("convex", 100, 4) * scales, 1.1 * scales
    expected = HV(ref_point=reference)(losses)
    assert hypervolume(losses, reference) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("n_objectives", [3, 4, 5])
def test_contributions_are_differences_of_pymoos_hypervolumes(n_objectives):
    losses = front_of("flat", 30, n_objectives)
    reference = np.full(n_objectives, 1.1)
    volume = HV(ref_point=reference)
    expected = [volume(losses) - volume(np.delete(losses, k, 0)) for k in range(30)]
    assert hypervolume_contributions(losses, reference) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(grids)
def test_fronts_are_the_same(losses):
    fronts = NonDominatedSorting().do(losses)
    expected = np.empty(len(losses), dtype=int)
    for k, front in enumerate(fronts):
        expected[front] = k
    assert nondomination_rank(losses).tolist() == expected.tolist()
    assert np.flatnonzero(is_nondominated(losses)).tolist() == sorted(fronts[0].tolist())


@pytest.mark.parametrize("n_objectives", [2, 3, 4])
def test_fronts_of_many_points_are_the_same(n_objectives):
    losses = np.random.default_rng(n_objectives).random((600, n_objectives))
    rank = nondomination_rank(losses)
    fronts = NonDominatedSorting().do(losses)
    assert rank.max() == len(fronts) - 1
    for k, front in enumerate(fronts):
        assert np.flatnonzero(rank == k).tolist() == sorted(front.tolist())


@settings(deadline=None)
@given(grids, st.data())
def test_constrained_domination_is_the_same(losses, data):
    violation = data.draw(arrays(float, len(losses), elements=st.integers(-1, 3).map(float)))
    relation = Dominator.calc_domination_matrix_loop(losses, violation[:, None])
    # Theirs also compares the objectives of points that break constraints by the same amount.
    rank = nondomination_rank(losses, violation)
    same_violation = (violation[:, None] == violation) & (violation > 0.0)[:, None]
    first, second = np.nonzero((relation == 1) & ~same_violation)
    assert (rank[first] < rank[second]).all()
    is_best = ~(relation == -1).any(axis=1)
    if (violation <= 0.0).any():
        assert (rank == 0).tolist() == is_best.tolist()


@settings(deadline=None)
@given(grids, st.data())
def test_fronts_under_constraints_are_the_same_for_distinct_violations(losses, data):
    n_points = len(losses)
    violation = np.array(data.draw(st.permutations(range(n_points))), dtype=float) - n_points // 2
    relation = Dominator.calc_domination_matrix_loop(losses, violation[:, None])
    rank = nondomination_rank(losses, violation)
    for k in range(rank.max() + 1):
        left = rank >= k
        is_front = ~(relation[np.ix_(left, left)] == -1).any(axis=1)
        assert (is_front == (rank[left] == k)).all()


@pytest.mark.parametrize("n_objectives", [2, 3, 4])
def test_crowding_distances_are_the_same_up_to_the_number_of_objectives(n_objectives):
    losses = front_of("flat", 40, n_objectives)
    theirs = calc_crowding_distance(losses)  # a mean where Deb et al. have a sum
    assert crowding_distance(losses) == pytest.approx(theirs * n_objectives)
