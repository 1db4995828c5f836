"""Parallel coordinates show each complete candidate as one line."""

import matplotlib.colors
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from numpy.testing import assert_allclose, assert_array_equal

import skhpo
from skhpo.plots import ParallelCoordinatesDisplay
from tests.plots.studies import HARD, conditional, mixed, study_of, two_objectives, with_all_ends


def lines_of(display):
    """The heights of all lines, by the number of the candidate."""
    collections = [one for one in display.ax_.collections if isinstance(one, LineCollection)]
    heights = [segment[:, 1] for one in collections for segment in one.get_segments()]
    return np.array(heights)


def texts(display):
    return [text.get_text() for text in display.ax_.texts]


def test_each_complete_candidate_is_a_line():
    study = study_of(with_all_ends)
    display = ParallelCoordinatesDisplay.from_study(study)
    finite = [
        trial.number
        for trial in study.trials
        if trial.state == skhpo.TrialState.COMPLETE and np.isfinite(trial.value)
    ]
    assert_array_equal(display.number, finite)
    assert len(lines_of(display)) == len(finite)


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_best_candidate_ends_at_the_top_and_lies_above(direction):
    study = study_of(mixed, direction=direction)
    display = ParallelCoordinatesDisplay.from_study(study, params=["x", "y"])
    last = lines_of(display)[-1]
    assert last[-1] == 1.0
    x = [trial.params["x"] for trial in study.trials]
    expected = (study.best_params["x"] - min(x)) / (max(x) - min(x))
    assert last[0] == pytest.approx(expected)


def test_log_scales_are_even():
    study = study_of(mixed)
    display = ParallelCoordinatesDisplay.from_study(study, params=["y"])
    y = np.log([trial.params["y"] for trial in study.trials])
    expected = (y - y.min()) / (y.max() - y.min())
    assert_allclose(np.sort(lines_of(display)[:, 0]), np.sort(expected))
    assert "1" in texts(display)


def test_parameters_that_are_not_used_have_a_tick_of_their_own():
    study = study_of(conditional)
    display = ParallelCoordinatesDisplay.from_study(study, params=["branch", "line[0]", "shared"])
    is_line = np.array([trial.params["branch"] == "line" for trial in study.trials])
    heights = lines_of(display)
    assert ((heights[:, 1] < 0) == (heights[:, 0] == 1.0)).all()
    assert (heights[:, 1] < 0).sum() == (~is_line).sum()
    assert texts(display).count("not used") == 1
    assert "not used" not in texts(ParallelCoordinatesDisplay.from_study(study_of(mixed)))


def test_infeasible_candidates_are_named():
    display = ParallelCoordinatesDisplay.from_study(study_of(with_all_ends))
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == [
        "breaks a constraint"
    ]


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_good_lines_stand_out_from_the_background(style):
    import matplotlib.pyplot as plt

    with plt.style.context(style):
        display = ParallelCoordinatesDisplay.from_study(study_of(mixed))
    lines = display.ax_.collections[-1]
    display.figure_.canvas.draw()
    background = np.array(matplotlib.colors.to_rgb(display.ax_.get_facecolor()))
    bad, good = np.abs(lines.get_colors()[[0, -1], :3] - background).sum(axis=1)
    assert good > bad


@pytest.mark.parametrize("kind", HARD)
def test_hard_studies_make_a_plot(kind):
    ParallelCoordinatesDisplay.from_study(HARD[kind]()).figure_.canvas.draw()


def test_searches_and_objectives(fitted_branches):
    display = ParallelCoordinatesDisplay.from_search(fitted_branches)
    labels = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert labels[-1] == "score"
    assert {"branch", "degree", "gamma"} <= set(labels)
    study = study_of(two_objectives, directions=["minimize", "maximize"])
    with pytest.raises(ValueError, match="select it with `objective=`"):
        ParallelCoordinatesDisplay.from_study(study)
    assert ParallelCoordinatesDisplay.from_study(study, objective="value 1").greater_is_better


def test_styles_are_passed_on():
    display = ParallelCoordinatesDisplay.from_study(study_of(mixed), line_kw={"alpha": 0.123})
    assert display.ax_.collections[-1].get_alpha() == 0.123


def test_the_front_has_an_axis_for_each_objective_with_the_better_end_at_the_top():
    study = study_of(two_objectives, directions=["minimize", "maximize"])
    display = ParallelCoordinatesDisplay.from_study(study, front=True)
    assert_array_equal(display.number, sorted(trial.number for trial in study.best_trials))
    labels = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert labels == ["x", "y", "value 1", "value 0"]
    values = np.array([study.trials[number].values for number in display.number])
    heights = lines_of(display)[np.argsort(np.argsort(-values[:, 0]))]  # the worst is drawn first
    ends = values.min(axis=0), values.max(axis=0)
    share = (values - ends[0]) / (ends[1] - ends[0])
    assert_allclose(heights[:, 2], share[:, 1])
    assert_allclose(heights[:, 3], 1.0 - share[:, 0])
    turned = ParallelCoordinatesDisplay.from_study(study, front=True, objective="value 1")
    assert turned.axes[-1].name == "value 0"
    assert turned.axes[-1].to_unit(np.array(ends)[:, 0]).tolist() == [1.0, 0.0]


def test_without_several_objectives_there_is_no_front():
    with pytest.raises(ValueError, match="`front=True` shows the Pareto front"):
        ParallelCoordinatesDisplay.from_study(study_of(mixed), front=True)
    empty = skhpo.create_study(directions=["minimize", "minimize"])
    assert len(ParallelCoordinatesDisplay.from_study(empty, front=True).number) == 0


def test_names_in_narrow_axes_are_turned():
    import matplotlib.pyplot as plt

    _, ax = plt.subplots(figsize=(3.2, 2.4))
    study = study_of(two_objectives, directions=["minimize", "maximize"])
    study.set_metric_names(["size_of_the_model", "accuracy_of_the_model"])
    ParallelCoordinatesDisplay.from_study(study, front=True, ax=ax)
    wide = ParallelCoordinatesDisplay.from_study(study, front=True).ax_
    assert ax.get_xticklabels()[0].get_rotation() != wide.get_xticklabels()[0].get_rotation()
