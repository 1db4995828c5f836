"""Ranks colour each complete candidate by its place among the others."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skhpo.plots import RankDisplay
from tests.plots.studies import HARD, conditional, mixed, study_of, two_objectives, with_all_ends


def test_ranks_go_from_the_smallest_to_the_largest_value():
    display = RankDisplay.from_study(study_of(mixed), params=["x", "y"])
    assert_array_equal(np.argsort(display.rank), np.argsort(display.value))
    assert display.rank.min() == 0.0
    assert display.rank.max() == 1.0
    labels = [text.get_text() for text in display.colorbar_.ax.get_yticklabels()]
    assert labels[0] == f"{display.value.min():.3g}"
    assert labels[-1] == f"{display.value.max():.3g}"


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_blue_is_good(direction):
    study = study_of(mixed, direction=direction)
    display = RankDisplay.from_study(study, params=["x", "y"])
    (dots,) = display.ax_.collections
    display.figure_.canvas.draw()
    best = study.best_trial.params
    at = np.flatnonzero((dots.get_offsets().data == [best["x"], best["y"]]).all(axis=1))
    red, _, blue, _ = dots.get_facecolors()[at[0]]
    assert blue > red


def test_stopped_and_infeasible_candidates_have_no_rank_colour():
    display = RankDisplay.from_study(study_of(with_all_ends))
    n_by_label = {one.get_label(): len(one.get_offsets()) for one in display.ax_.collections}
    assert n_by_label["stopped"] == 6
    measured = ~np.isnan(display.rank)
    assert n_by_label["breaks a constraint"] == (measured & ~display.is_feasible).sum()


def test_only_candidates_with_both_parameters_are_shown():
    study = study_of(conditional)
    display = RankDisplay.from_study(study, params=["shared", "line[0]"])
    n_lines = sum("line[0]" in trial.params for trial in study.trials)
    assert len(display.ax_.collections[0].get_offsets()) == n_lines


@pytest.mark.parametrize("kind", ["mixed", "conditional", "all ends", "one trial", "two trials"])
def test_hard_studies_make_a_plot(kind):
    RankDisplay.from_study(HARD[kind]()).figure_.canvas.draw()


@pytest.mark.parametrize("kind", ["no trials", "all pruned", "no parameters"])
def test_fewer_than_two_parameters_are_an_error(kind):
    with pytest.raises(ValueError, match="the study has fewer"):
        RankDisplay.from_study(HARD[kind]())


def test_searches_and_objectives(fitted):
    display = RankDisplay.from_search(fitted)
    assert display.colorbar_.ax.get_ylabel() == "score (higher is better), by rank"
    study = study_of(two_objectives, directions=["minimize", "maximize"])
    with pytest.raises(ValueError, match="select it with `objective=`"):
        RankDisplay.from_study(study)
    assert RankDisplay.from_study(study, objective="value 1").greater_is_better
