"""The contours show the partial dependence on two parameters, in their own scales."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import skhpo
from skhpo.plots import ContourDisplay
from skhpo.plots._data._contour import contour_data
from skhpo.plots._data._interpolation import fill, grid_of_values, places
from tests.plots.studies import HARD, big, conditional, mixed, study_of, with_all_ends


def interaction(trial):
    x, y = trial.suggest_float("x", -1, 1), trial.suggest_float("y", -1, 1)
    return x * y + trial.suggest_float("z", 0, 1)


def test_an_interaction_is_recovered():
    data = contour_data(study_of(interaction, 150), params=["x", "y"])
    surface = data.surfaces[0, 1]
    expected = np.outer(surface.y, surface.x) + 0.5
    inside = np.ix_(np.abs(surface.y) < 0.8, np.abs(surface.x) < 0.8)
    assert_allclose(surface.mean[inside], expected[inside], atol=0.15)


def test_pairs_that_never_occur_together_have_no_surface():
    data = contour_data(study_of(conditional, 60), params=["line[0]", "curve[1]", "shared"])
    assert set(data.surfaces) == {(0, 2), (1, 2)}
    display = ContourDisplay(**vars(data)).plot()
    assert [text.get_text() for text in display.axes_[0, 1].texts] == ["never used together"]


def test_a_branch_without_the_parameter_is_blank():
    data = contour_data(study_of(conditional, 60), params=["line[0]", "branch"])
    mean = data.surfaces[0, 1].mean
    assert np.isfinite(mean[0]).all()
    assert np.isnan(mean[1]).all()


def test_scales_and_choices_are_laid_out():
    display = ContourDisplay.from_study(study_of(mixed, 40), params=["y", "kind"])
    ax = display.ax_
    assert ax.get_xscale() == "log"
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "None", "True", "2"]
    assert display.colorbar_.ax.get_ylabel() == "value (lower is better)"


def test_contours_do_not_interpolate_between_choices():
    display = ContourDisplay.from_study(study_of(mixed, 40), params=["kind", "k"])
    filled = display.ax_.collections[0]
    at = np.concatenate([path.vertices[:, 0] for path in filled.get_paths() if len(path.vertices)])
    from_edge = np.abs(at - np.round(at - 0.5) - 0.5)
    assert (from_edge < 2e-4).all()


TOO_FEW = ["no parameters", "equal values", "all pruned"]


@pytest.mark.parametrize("kind", sorted(HARD.keys() - set(TOO_FEW)))
def test_hard_studies_make_a_plot(kind):
    if kind == "no trials":
        with pytest.raises(ValueError, match="needs two or more parameters"):
            ContourDisplay.from_study(HARD[kind]())
        return
    ContourDisplay.from_study(HARD[kind]()).figure_.canvas.draw()


@pytest.mark.parametrize("kind", TOO_FEW)
def test_fewer_than_two_parameters_are_an_error(kind):
    with pytest.raises(ValueError, match="the study has fewer"):
        ContourDisplay.from_study(HARD[kind]())
    with pytest.raises(ValueError, match=r"`params` is \['x'\], which has fewer"):
        ContourDisplay.from_study(study_of(mixed), params=["x"])


def test_equal_values_make_a_plot():
    def constant(trial):
        trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        return 0.0

    ContourDisplay.from_study(study_of(constant)).figure_.canvas.draw()


def test_the_best_feasible_candidate_is_marked():
    study = study_of(with_all_ends, 40)
    display = ContourDisplay.from_study(study)
    (star,) = (line for line in display.ax_.lines if line.get_marker() == "*")
    feasible = [
        trial
        for trial in study.trials
        if trial.state == skhpo.TrialState.COMPLETE and trial.constraints["c"] <= 0
    ]
    best = min(feasible, key=lambda trial: trial.value)
    names = [axis.name for axis in display.axes]
    assert star.get_xydata()[0] == pytest.approx([best.params[name] for name in names])


def test_searches_and_grids_of_axes(fitted, fitted_branches):
    display = ContourDisplay.from_search(fitted)
    assert display.colorbar_.ax.get_ylabel() == "score (higher is better)"
    display = ContourDisplay.from_search(fitted_branches)
    n_params = len(display.axes)
    assert len(display.axes_) == n_params * (n_params - 1) // 2
    import matplotlib.pyplot as plt

    given = plt.subplots(2, 2)[1]
    display = ContourDisplay.from_study(study_of(mixed), params=["x", "y", "k"], ax=given)
    assert display.axes_[0, 1] is given[0, 0]
    assert display.axes_[1, 2] is given[1, 1]
    with pytest.raises(ValueError, match=r"`ax` must be an array of 2 x 2 Axes"):
        ContourDisplay.from_study(study_of(mixed), params=["x", "y", "k"], ax=given[0])


def test_large_studies_show_a_selection():
    display = ContourDisplay.from_study(big(2_000), params=["x", "y"])
    (dots,) = (one for one in display.ax_.collections if one.get_label() == "complete")
    assert len(dots.get_offsets()) == 500


def test_gaps_are_filled_smoothly_between_the_values():
    grid = np.full((20, 20), np.nan)
    grid[0], grid[-1] = 0.0, 19.0
    assert_allclose(fill(grid), np.repeat(np.arange(20.0)[:, None], 20, axis=1), atol=1e-8)


def test_the_better_of_two_values_at_one_place_counts():
    study = skhpo.create_study()
    distributions = {name: skhpo.distributions.FloatDistribution(0, 1) for name in "xy"}
    for value in (2.0, 1.0, 3.0):
        study.add_trial(
            skhpo.create_trial(
                value=value, params={"x": 0.5, "y": 0.5}, distributions=distributions
            )
        )
    data = contour_data(study, params=["x", "y"])
    at = tuple(places(axis, data.positions[:, k]) for k, axis in enumerate(data.axes))
    for greater, expected in ((False, 1.0), (True, 3.0), (None, 3.0)):
        grid = grid_of_values(tuple(data.axes), at, data.positions, data.value, greater)
        assert np.nanmax(grid) == expected
