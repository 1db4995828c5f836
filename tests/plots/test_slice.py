"""The slice plot shows each candidate as it ended, and the partial dependence."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import skhpo
from skhpo.plots import SliceDisplay
from skhpo.plots._data._slice import slice_data
from tests.plots.studies import (
    HARD,
    big,
    conditional,
    mixed,
    study_of,
    two_objectives,
    with_all_ends,
)


def labels(ax):
    found = {artist.get_label() for artist in [*ax.collections, *ax.lines]}
    return {label for label in found if not label.startswith("_")}


def test_positions_and_values_are_those_of_the_trials():
    study = study_of(conditional)
    data = slice_data(study, params=["line[0]", "branch"])
    for row, trial in enumerate(study.trials):
        assert data.value[row] == trial.value
        x, branch = data.positions[row]
        assert branch == ["line", "curve"].index(trial.params["branch"])
        assert x == trial.params.get("line[0]") or np.isnan(x)


def test_parameters_with_one_value_are_left_out_and_the_important_come_first():
    display = SliceDisplay.from_study(study_of(mixed, 60))
    names = [axis.name for axis in display.axes]
    assert set(names) == {"x", "y", "k", "kind"}
    assert names[0] == "x"
    assert [
        axis.name for axis in SliceDisplay.from_study(study_of(mixed), params=["only"]).axes
    ] == ["only"]


def test_every_end_of_a_trial_has_its_own_mark():
    study = study_of(with_all_ends)
    display = SliceDisplay.from_study(study, params=["x"])
    assert labels(display.ax_) >= {
        "complete",
        "stopped (predicted)",
        "breaks a constraint",
        "failed",
        "partial dependence, 95 %",
    }
    n_failed = sum(t.state == skhpo.TrialState.FAIL for t in study.trials)
    (failed,) = (line for line in display.ax_.lines if line.get_label() == "failed")
    assert len(failed.get_xdata()) == n_failed


def test_predictions_of_a_search_are_rings(fitted):
    display = SliceDisplay.from_search(fitted, params=["C"])
    results = fitted.cv_results_
    is_pruned = results["status"] == "pruned"
    assert_array_equal(np.isfinite(display.predicted), is_pruned)
    assert np.isnan(display.value[is_pruned]).all()
    assert display.ax_.get_ylabel() == "score (higher is better)"
    assert display.ax_.get_xscale() == "log"


def test_a_search_with_branches_has_a_plot_for_each_parameter(fitted_branches):
    display = SliceDisplay.from_search(fitted_branches)
    shown = [ax.get_xlabel() for ax in display.axes_]
    assert {"branch", "gamma", "degree"} <= set(shown)
    assert len(display.figure_.axes) == len(shown)


@pytest.mark.parametrize("kind", HARD)
def test_hard_studies_make_a_plot(kind):
    SliceDisplay.from_study(HARD[kind]()).figure_.canvas.draw()


def test_values_far_beyond_are_at_the_edge():
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        return 1e9 if trial.number == 5 else x

    ax = SliceDisplay.from_study(study_of(objective)).ax_
    assert ax.get_ylim()[1] < 100
    assert "beyond the axis" in labels(ax)
    ax = SliceDisplay.from_study(study_of(objective, direction="maximize")).ax_
    assert ax.get_ylim()[1] > 1e9  # a good value is always shown


def test_large_studies_are_drawn_in_small_dots():
    display = SliceDisplay.from_study(big(3_000), params=["x"])
    (dots,) = (one for one in display.ax_.collections if one.get_label() == "complete")
    assert dots.get_sizes()[0] < 10


def test_several_objectives_need_a_name_or_a_target():
    study = study_of(two_objectives, directions=["minimize", "maximize"])
    study.set_metric_names(["sum", "rest"])
    with pytest.raises(ValueError, match="select it with `objective=`"):
        SliceDisplay.from_study(study)
    display = SliceDisplay.from_study(study, objective="rest")
    assert display.ax_.get_ylabel() == "rest (higher is better)"
    display = SliceDisplay.from_study(study, target=lambda t: t.values[1] * 2, name="double")
    assert display.ax_.get_ylabel() == "double"


def test_axes_can_be_given():
    import matplotlib.pyplot as plt

    study = study_of(mixed)
    ax = plt.subplots()[1]
    assert SliceDisplay.from_study(study, params=["x"], ax=ax).ax_ is ax
    given = plt.subplots(1, 2)[1]
    display = SliceDisplay.from_study(study, params=["x", "y"], ax=given)
    assert list(display.axes_) == list(given)
    with pytest.raises(ValueError, match="`ax` must have 3 axes"):
        SliceDisplay.from_study(study, params=["x", "y", "k"], ax=given)


def test_styles_are_passed_on_and_the_dependence_is_optional():
    study = study_of(mixed)
    display = SliceDisplay.from_study(
        study, params=["x"], scatter_kw={"alpha": 0.123}, line_kw={"color": "green"}
    )
    assert display.ax_.collections[-1].get_alpha() == 0.123
    assert display.ax_.lines[0].get_color() == "green"
    assert SliceDisplay.from_study(study, dependence=False).curves == [None] * 4


def test_unknown_parameters_are_refused(fitted):
    with pytest.raises(ValueError, match=r"Unknown parameter 'gama'.*Did you mean 'gamma'"):
        SliceDisplay.from_search(fitted, params=["gama"])
    with pytest.raises(TypeError, match="`params` must be a list of names"):
        SliceDisplay.from_search(fitted, params="gamma")
