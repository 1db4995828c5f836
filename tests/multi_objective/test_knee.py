"""The knee of a front and the choice by weights are where their definitions put them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skhpo.multi_objective import is_nondominated, knee, weighted_choice
from skhpo.multi_objective._knee import order_by_knee, order_by_weights

small_grids = st.integers(1, 4).flatmap(
    lambda m: st.integers(1, 9).flatmap(
        lambda n: arrays(float, (n, m), elements=st.integers(0, 5).map(float))
    )
)


def random_front(rng, n_points, n_objectives):
    """Convex points seen from the ideal, and the best of each objective among them."""
    directions = np.abs(rng.standard_normal((n_points, n_objectives)))
    inner = 1.0 - directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return np.vstack([inner, 1.0 - np.eye(n_objectives)])


def distance_below_the_line(losses):
    """Signed distances to the line between the ends of a front of two objectives, once scaled."""
    scaled = (losses - losses.min(axis=0)) / np.ptp(losses, axis=0)
    (x1, y1), (x2, y2) = scaled[np.argmin(losses[:, 0])], scaled[np.argmin(losses[:, 1])]
    cross = (x2 - x1) * (scaled[:, 1] - y1) - (y2 - y1) * (scaled[:, 0] - x1)
    return -cross / np.hypot(x2 - x1, y2 - y1)


@pytest.mark.parametrize("seed", range(10))
def test_with_two_objectives_the_knee_is_farthest_from_the_line_between_the_ends(seed):
    losses = random_front(np.random.default_rng(seed), 30, 2) * [1.0, 1e6] + [0.0, 1e3]
    assert knee(losses) == np.argmax(distance_below_the_line(losses))


def test_a_sharp_bend_is_the_knee():
    x = np.linspace(0.01, 1.0, 100)
    losses = np.column_stack([x, 0.01 / x])  # symmetric once scaled: the bend is at x = 0.1
    assert losses[knee(losses)] == pytest.approx([0.1, 0.1])


def test_with_three_objectives_the_knee_is_farthest_below_the_plane_through_the_best():
    extremes = [[0.0, 1.0, 0.5], [0.5, 0.0, 1.0], [1.0, 0.5, 0.0]]  # the plane x + y + z = 1.5
    inner = [[0.3, 0.3, 0.45], [0.45, 0.2, 0.3], [0.4, 0.4, 0.4]]  # sums 1.05, 0.95, 1.2
    assert knee([*extremes, *inner]) == 4


def test_the_plane_may_be_tilted():
    extremes = [[0.0, 0.1, 1.0], [1.0, 0.0, 0.2], [0.1, 1.0, 0.0]]
    normal = np.linalg.solve(extremes, np.ones(3))
    assert (normal > 0).all()
    assert len(set(normal.round(6))) == 3
    # Of equal sum; the depth below the plane, not the sum, tells them apart.
    inner = np.array([[0.3, 0.2, 0.2], [0.2, 0.3, 0.2], [0.2, 0.2, 0.3]])
    assert knee([*extremes, *inner]) == 3 + np.argmin(inner @ normal)


def test_of_points_equally_good_in_an_objective_the_one_best_in_the_others_is_extreme():
    losses = np.array([[5, 2, 3], [2, 2, 5], [0, 5, 2], [1, 4, 2], [2, 5, 1], [3, 3, 0]], float)
    scaled = (losses - losses.min(axis=0)) / np.ptp(losses, axis=0)
    normal = np.linalg.solve(scaled[[2, 1, 5]], np.ones(3))  # not 0, which is as good in the second
    assert knee(losses) == np.argmin(scaled @ normal) == 3


@given(small_grids)
def test_the_choice_lies_on_the_front(losses):
    weights = np.arange(losses.shape[1]) + 1.0
    assert is_nondominated(losses)[knee(losses)]
    assert is_nondominated(losses)[weighted_choice(losses, weights)]


@given(small_grids, st.data())
def test_the_choice_does_not_depend_on_units(losses, data):
    n_objectives = losses.shape[1]
    scales = data.draw(arrays(float, n_objectives, elements=st.sampled_from([1e-3, 1.0, 1e5])))
    shifts = data.draw(arrays(float, n_objectives, elements=st.integers(-5, 5).map(float)))
    others = scales * (losses + shifts)
    weights = np.arange(n_objectives) + 1.0
    assert knee(others) == knee(losses)
    assert weighted_choice(others, weights) == weighted_choice(losses, weights)


@given(small_grids, st.data())
def test_dominated_and_unknown_points_change_nothing(losses, data):
    worse = losses.max(axis=0) + 1.0
    unknown = np.where(np.arange(losses.shape[1]) == 0, np.nan, -100.0)
    infinite = np.where(np.arange(losses.shape[1]) == 0, np.inf, -100.0)
    more = np.vstack([losses, worse, unknown, infinite])
    weights = np.arange(losses.shape[1]) + 1.0
    assert knee(more) == knee(losses)
    assert weighted_choice(more, weights) == weighted_choice(losses, weights)


def test_of_two_points_the_knee_is_the_first_as_both_are_as_near_to_the_ideal():
    assert knee([[0.0, 3.0], [2.0, 0.0]]) == 0
    assert knee([[2.0, 0.0], [0.0, 3.0], [2.0, 3.0]]) == 0


def test_one_point_is_its_own_knee():
    assert knee([[2.0, 3.0], [1.0, 1.0]]) == 1
    assert knee([[5.0], [4.0], [6.0]]) == 1


def test_an_objective_that_is_constant_over_the_front_is_ignored():
    losses = np.array([[0.0, 1.0], [0.05, 0.6], [0.3, 0.4], [1.0, 0.0]])
    with_constant = np.insert(losses, 1, 7.0, axis=1)
    assert np.argmin(np.linalg.norm(losses, axis=1)) == 2  # nearest to the ideal, not the knee
    assert knee(with_constant) == knee(losses) == 1
    assert weighted_choice(with_constant, [1, 5, 2]) == weighted_choice(losses, [1, 2])


def test_a_front_that_bulges_away_has_no_knee_and_gives_the_point_nearest_to_the_ideal():
    losses = np.array([[0.0, 1.0], [0.5, 0.6], [0.9, 0.5], [0.95, 0.3], [1.0, 0.0]])
    assert knee(losses) == np.argmin(np.linalg.norm(losses, axis=1)) == 1


def test_extremes_that_coincide_give_the_point_nearest_to_the_ideal():
    # The first point is the best in two objectives: two extremes are left for a plane.
    losses = np.array([[0.0, 0.0, 1.0], [1.0, 1.0, 0.0], [0.3, 0.9, 0.2], [0.2, 0.5, 0.4]])
    assert knee(losses) == np.argmin(np.linalg.norm(losses, axis=1)) == 3


def test_a_plane_that_would_prefer_a_larger_loss_is_not_used():
    tilted = np.array([[0.0, 0.1, 1.0], [0.1, 0.0, 0.05], [1.0, 1.0, 0.0]])
    assert (np.linalg.solve(tilted, np.ones(3)) < 0).any()
    losses = np.vstack([tilted, [0.05, 0.06, 0.3]])
    assert is_nondominated(losses).all()
    assert knee(losses) == np.argmin(np.linalg.norm(losses, axis=1))


def test_equals_that_differ_by_rounding_only_give_the_first():
    losses = np.array([[0.0, 3.0], [2.0, 0.1], [0.1, 2.0], [3.0, 0.0]])
    assert knee(losses) == 1
    assert knee(losses + np.array([0.0, 1.4])) == 1


@given(small_grids, st.data())
def test_the_choice_by_weights_has_the_smallest_sum_of_scaled_losses(losses, data):
    n_objectives = losses.shape[1]
    weights = data.draw(
        arrays(float, n_objectives, elements=st.integers(0, 3).map(float)).filter(np.any)
    )
    front = losses[is_nondominated(losses)]
    sums = np.zeros(len(front))
    for values, weight in zip(front.T, weights, strict=True):
        if values.max() > values.min():
            sums += weight * (values - values.min()) / (values.max() - values.min())
    chosen = losses[weighted_choice(losses, weights)]
    of_chosen = sums[(front == chosen).all(axis=1)][0]
    assert of_chosen == pytest.approx(sums.min(), abs=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_with_two_objectives_and_equal_weights_the_choice_is_the_knee(seed):
    losses = random_front(np.random.default_rng(seed), 25, 2)
    assert weighted_choice(losses, [2, 2]) == knee(losses)


def test_the_order_is_by_the_distance_below_the_line_and_the_scales_may_be_those_of_others():
    losses = random_front(np.random.default_rng(3), 25, 2)
    depth = distance_below_the_line(losses)
    order = order_by_knee(losses)
    assert order[0] == knee(losses)
    assert (np.diff(depth[order]) <= 1e-9).all()
    near = order[:5]
    assert near[order_by_knee(losses[near], losses)].tolist() == near.tolist()
    assert near[order_by_weights(losses[near], [1, 1], losses)].tolist() == near.tolist()
    at_left = order_by_weights(losses, [1, 0])
    assert losses[at_left, 0].tolist() == sorted(losses[at_left, 0])


def test_only_the_proportions_of_weights_matter():
    losses = random_front(np.random.default_rng(2), 25, 3)
    chosen = weighted_choice(losses, [1, 2, 3])
    assert weighted_choice(losses, [1e307, 2e307, 3e307]) == chosen
    assert weighted_choice(losses, [1e-300, 2e-300, 3e-300]) == chosen


@pytest.mark.parametrize("weights", [[0, 0], [-1, 2], [np.nan, 1], [np.inf, 1], [1], [1, 1, 1], 1])
def test_weights_that_weigh_nothing_are_refused(weights):
    with pytest.raises(ValueError, match=r"`weights` must"):
        weighted_choice([[1.0, 2.0], [2.0, 1.0]], weights)


@pytest.mark.parametrize("losses", [np.empty((0, 2)), [[np.nan, 1.0], [1.0, np.inf]]])
def test_without_a_complete_point_there_is_nothing_to_choose(losses):
    with pytest.raises(ValueError, match="finite loss in each objective"):
        knee(losses)
    with pytest.raises(ValueError, match="finite loss in each objective"):
        weighted_choice(losses, [1, 1])


def test_losses_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"`losses` must have shape"):
        knee([1.0, 2.0, 3.0])
