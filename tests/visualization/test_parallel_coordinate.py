"""The lines in Optuna's dialect are those that Optuna shows."""

import numpy as np
import optuna
import pytest

import skhpo.visualization as vis
from tests.plots.studies import (
    HARD,
    conditional,
    mixed,
    study_of,
    two_objectives,
    with_all_ends,
)


def ours_as_texts(figure):
    """The lines as sets of (axis, value), with choices and missing parameters as texts."""
    if not figure.data:
        return []
    (lines,) = figure.data
    columns = []
    for dimension in lines.dimensions:
        if dimension.label == "feasible":
            continue
        ticks = dict(zip(dimension.tickvals, dimension.ticktext))
        is_choice = dimension.label in ("kind", "only", "branch")
        columns.append(
            [
                (dimension.label, ticks[v] if is_choice or ticks.get(v) == "None" else f"{v:.3g}")
                for v in dimension.values
            ]
        )
    return sorted(zip(*columns))


def theirs_as_texts(figure):
    lines = []
    for trace in figure.data:
        if trace.customdata is not None:
            lines.append([(label, text) for label, text in trace.customdata])
    return lines


@pytest.mark.parametrize("kind", HARD)
def test_the_same_lines_as_optuna(kind):
    study = HARD[kind]()
    ours = ours_as_texts(vis.plot_parallel_coordinate(study))
    theirs = theirs_as_texts(optuna.visualization.plot_parallel_coordinate(study.to_optuna()))
    assert len(ours) == len(theirs)
    for label in {label for line in ours for label, _ in line} - {"y", "curve[1]"}:  # not the logs
        mine = sorted(text for line in ours for one, text in line if one == label)
        other = sorted(text for line in theirs for one, text in line if one == label)
        assert mine == other, label
    vis.matplotlib.plot_parallel_coordinate(study).figure.canvas.draw()


def test_log_scales_and_missing_parameters():
    study = study_of(conditional)
    (lines,) = vis.plot_parallel_coordinate(study).data
    labels = [dimension.label for dimension in lines.dimensions]
    assert labels == ["Objective Value", "branch", "curve[1]", "line[0]", "shared"]
    curve = lines.dimensions[2]
    assert curve.ticktext[0] == "None"
    for trial, value in zip(study.trials, curve.values):
        if "curve[1]" in trial.params:
            assert value == pytest.approx(np.log10(trial.params["curve[1]"]))
        else:
            assert value == curve.tickvals[0] < np.log10(0.01)


def test_colours_are_the_values():
    (lines,) = vis.plot_parallel_coordinate(study_of(mixed)).data
    assert list(lines.line.color) == list(lines.dimensions[0]["values"])
    assert lines.line.reversescale
    (lines,) = vis.plot_parallel_coordinate(study_of(mixed, direction="maximize")).data
    assert not lines.line.reversescale


def test_constraints_are_an_axis():
    study = study_of(with_all_ends)
    (lines,) = vis.plot_parallel_coordinate(study).data
    feasible = lines.dimensions[-1]
    assert feasible.label == "feasible"
    assert 0 < sum(feasible["values"]) < len(feasible["values"])


def test_several_objectives_are_coloured_by_pareto_rank():
    study = study_of(two_objectives, directions=["minimize", "maximize"])
    (lines,) = vis.plot_parallel_coordinate(study).data
    assert [d.label for d in lines.dimensions] == ["Objective 0", "Objective 1", "x", "y"]
    theirs = optuna.visualization.plot_parallel_coordinate(study.to_optuna())
    assert max(lines.line.color) == theirs.data[-1].marker.cmax - 0.5
    front = {trial.number for trial in study.best_trials}
    assert {number for number, rank in enumerate(lines.line.color) if rank == 0} == front
    ax = vis.matplotlib.plot_parallel_coordinate(study)
    assert [label.get_text() for label in ax.get_xticklabels()][-1] == "Pareto Rank"
    study.set_metric_names(["a", "b"])
    (lines,) = vis.plot_parallel_coordinate(study).data
    assert [d.label for d in lines.dimensions][:2] == ["a", "b"]


def test_targets_and_unknown_parameters():
    study = study_of(two_objectives, directions=["minimize", "maximize"])
    options = {"target": lambda trial: trial.values[1], "target_name": "second"}
    (lines,) = vis.plot_parallel_coordinate(study, **options).data
    assert lines.dimensions[0].label == "second"
    vis.matplotlib.plot_parallel_coordinate(study, **options)
    with pytest.raises(ValueError, match="No complete trial has the parameter 'z'"):
        vis.plot_parallel_coordinate(study, params=["z"])
