"""Fronts, ranks, crowding and hypervolumes agree with their definitions."""

import itertools

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
    reference_point,
    select_by_hypervolume,
)

# Few distinct values, so that ties and twins are common.
small_grids = st.integers(1, 4).flatmap(
    lambda m: st.integers(1, 9).flatmap(
        lambda n: arrays(float, (n, m), elements=st.integers(0, 5).map(float))
    )
)


def dominates(a, b):
    return bool((a <= b).all() and (a < b).any())


def volume_by_inclusion_and_exclusion(points, reference):
    total = 0.0
    for size in range(1, len(points) + 1):
        for subset in itertools.combinations(points, size):
            corner = np.max(subset, axis=0)
            total -= (-1) ** size * np.prod(np.maximum(reference - corner, 0.0))
    return total


@given(small_grids)
def test_a_point_is_nondominated_if_no_other_dominates_it(losses):
    expected = [not any(dominates(other, point) for other in losses) for point in losses]
    assert is_nondominated(losses).tolist() == expected


@given(small_grids)
def test_ranks_are_fronts_peeled_off_one_by_one(losses):
    rank = nondomination_rank(losses)
    for k in range(rank.max() + 1):
        left = losses[rank >= k]
        assert ((rank[rank >= k] == k) == is_nondominated(left)).all()


@given(small_grids, st.integers(0, 9))
def test_ranks_that_stop_early_agree_as_far_as_they_go(losses, n_below):
    whole, part = nondomination_rank(losses), nondomination_rank(losses, n_below=n_below)
    last = part.max()
    assert (part[whole < last] == whole[whole < last]).all()
    assert (part[whole >= last] == last).all()
    assert (part < last).sum() >= min(n_below, len(losses)) or last == whole.max()


@given(small_grids, st.data())
def test_points_that_break_constraints_come_after_all_others(losses, data):
    violation = data.draw(arrays(float, len(losses), elements=st.integers(-1, 2).map(float)))
    rank = nondomination_rank(losses, violation)
    for a, b in itertools.permutations(range(len(losses)), 2):
        broken_a, broken_b = max(violation[a], 0.0), max(violation[b], 0.0)
        if broken_a < broken_b:
            assert rank[a] < rank[b]
        elif broken_a == broken_b > 0.0:
            assert rank[a] == rank[b]
        elif broken_a == 0.0 and dominates(losses[a], losses[b]):
            assert rank[a] < rank[b]


@settings(deadline=None)
@given(small_grids)
def test_the_hypervolume_is_that_of_the_union_of_boxes(losses):
    reference = np.full(losses.shape[1], 4.5)
    expected = volume_by_inclusion_and_exclusion(losses, reference)
    assert hypervolume(losses, reference) == pytest.approx(expected)


@pytest.mark.parametrize("n_objectives", [2, 3, 4, 5])
def test_the_hypervolume_agrees_with_random_points(n_objectives):
    rng = np.random.default_rng(n_objectives)
    losses = rng.random((30, n_objectives))
    sample = rng.random((200_000, n_objectives)) * 1.1
    covered = np.zeros(len(sample), dtype=bool)
    for point in losses:
        covered |= (sample >= point).all(axis=1)
    expected = covered.mean() * 1.1**n_objectives
    assert hypervolume(losses, np.full(n_objectives, 1.1)) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("n_objectives", [2, 3, 4, 5])
def test_the_hypervolume_is_that_of_optuna(n_objectives):
    theirs = pytest.importorskip("optuna._hypervolume")
    losses = np.random.default_rng(0).random((60, n_objectives))
    reference = np.ones(n_objectives)
    expected = theirs.compute_hypervolume(losses, reference)
    assert hypervolume(losses, reference) == pytest.approx(expected)


@settings(deadline=None)
@given(small_grids)
def test_a_contribution_is_what_is_lost_without_the_point(losses):
    reference = np.full(losses.shape[1], 4.5)
    whole = hypervolume(losses, reference)
    expected = [whole - hypervolume(np.delete(losses, k, 0), reference) for k in range(len(losses))]
    assert hypervolume_contributions(losses, reference) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(small_grids, st.integers(0, 9))
def test_points_are_chosen_by_their_gain_in_volume(losses, n):
    reference = np.full(losses.shape[1], 5.5)
    chosen = select_by_hypervolume(losses, n, reference).tolist()
    assert len(set(chosen)) == min(n, len(losses))
    for k, index in enumerate(chosen):
        before = hypervolume(losses[chosen[:k]], reference) if k else 0.0
        left = [i for i in range(len(losses)) if i not in chosen[:k]]
        gains = {i: hypervolume(losses[[*chosen[:k], i]], reference) - before for i in left}
        assert gains[index] == pytest.approx(max(gains.values()))


def test_infinite_losses_do_no_harm():
    losses = np.array([[np.inf, 0.0], [1.0, 1.0], [0.0, np.inf], [np.inf, np.inf]])
    assert is_nondominated(losses).tolist() == [True, True, True, False]
    assert reference_point(losses).tolist() == pytest.approx([1.1, 1.1])
    assert hypervolume(losses, [2.0, 2.0]) == 1.0
    assert select_by_hypervolume(losses, 1, [2.0, 2.0]).tolist() == [1]
    assert not np.isnan(crowding_distance(losses)).any()


@pytest.mark.parametrize("n_objectives", [2, 3, 4, 5])
def test_what_is_bounded_by_nothing_is_infinite(n_objectives):
    losses = np.random.default_rng(0).random((5, n_objectives))
    reference = np.ones(n_objectives)
    reference[-1] = np.inf
    assert hypervolume(losses, reference) == np.inf
    assert hypervolume(losses + 1.0, reference) == 0.0


@pytest.mark.parametrize("n_objectives", [4, 5])
def test_the_hypervolume_is_the_same_in_many_blocks_of_boxes(n_objectives, monkeypatch):
    losses = np.random.default_rng(0).dirichlet(np.ones(n_objectives), 40)
    reference = np.ones(n_objectives)
    at_once = hypervolume(losses, reference)
    monkeypatch.setattr("skhpo.multi_objective._boxes.BLOCK", 10)
    assert hypervolume(losses, reference) == pytest.approx(at_once, rel=1e-12)


def test_dominated_points_and_twins_contribute_exactly_nothing():
    front = np.random.default_rng(0).dirichlet(np.ones(4), 20)
    losses = np.vstack([front, front[3], front[7] + 0.01])
    contributions = hypervolume_contributions(losses, np.full(4, 1.1))
    assert contributions[[3, 20, 21]].tolist() == [0.0, 0.0, 0.0]
    assert (np.delete(contributions, [3, 20, 21]) > 0.0).all()


def test_what_is_infinitely_good_dominates_an_infinite_volume():
    losses = np.array([[-np.inf, 0.5], [0.2, 0.2], [0.3, -np.inf], [0.9, 0.9]])
    assert hypervolume(losses, [1.0, 1.0]) == np.inf
    assert np.isfinite(hypervolume_contributions(losses, [1.0, 1.0])).all()
    assert sorted(select_by_hypervolume(losses, 3, [1.0, 1.0])) == [0, 1, 2]
    assert not np.isnan(crowding_distance(losses)).any()


def test_unknown_losses_count_as_infinite():
    unknown, infinite = np.array([[np.nan, 0.0], [0.0, 1.0]]), np.array([[np.inf, 0.0], [0.0, 1.0]])
    assert is_nondominated(unknown).tolist() == is_nondominated(infinite).tolist()
    assert nondomination_rank(unknown).tolist() == nondomination_rank(infinite).tolist()
    assert hypervolume(unknown, [2.0, 2.0]) == 2.0
    assert select_by_hypervolume(unknown, 2, [2.0, 2.0]).tolist() == [1, 0]


@pytest.mark.parametrize("n_objectives", [2, 3, 4])
def test_fronts_of_many_points_are_found(n_objectives):
    rng = np.random.default_rng(0)
    front = rng.dirichlet(np.ones(n_objectives), 400)
    behind = front + rng.uniform(0.001, 1, (400, 1))
    order = rng.permutation(800)
    losses = np.vstack([front, behind])[order]
    assert (is_nondominated(losses) == (order < 400)).all()
    assert ((nondomination_rank(losses) == 0) == (order < 400)).all()


@pytest.mark.parametrize("n_objectives", [2, 3])
def test_a_choice_from_many_points_grows_by_the_largest_gain(n_objectives):
    losses = np.random.default_rng(1).random((150, n_objectives)) ** 0.3
    reference = np.full(n_objectives, 1.1)
    chosen = select_by_hypervolume(losses, 12, reference)
    for k in range(1, 12):
        grown = [hypervolume(losses[[*chosen[:k], i]], reference) for i in range(150)]
        assert grown[chosen[k]] == pytest.approx(max(grown))


def test_empty_sets_have_no_front_and_no_volume():
    nothing = np.empty((0, 2))
    assert is_nondominated(nothing).tolist() == []
    assert nondomination_rank(nothing).tolist() == []
    assert hypervolume(nothing, [1.0, 1.0]) == 0.0
    assert crowding_distance(nothing).tolist() == []
    assert select_by_hypervolume(nothing, 3, [1.0, 1.0]).tolist() == []


def test_crowding_is_the_relative_gap_between_the_neighbours():
    losses = [[0.0, 10.0], [1.0, 6.0], [3.0, 5.0], [10.0, 0.0]]
    expected = [np.inf, 3 / 10 + 5 / 10, 9 / 10 + 6 / 10, np.inf]
    assert crowding_distance(losses).tolist() == pytest.approx(expected)


def test_the_reference_point_is_worse_than_the_worst():
    losses = np.array([[1.0, -2.0, 0.0], [3.0, -1.0, -1.0]])
    assert (reference_point(losses) > losses.max(axis=0)).all()


def test_shapes_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="reference_point"):
        hypervolume([[1.0, 2.0]], [3.0])
