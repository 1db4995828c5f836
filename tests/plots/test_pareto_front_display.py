"""The picture of a front shows each candidate in its role, and names what it shows."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo import ParetoSearchCV
from skhpo.plots import ParetoFrontDisplay

pytest.importorskip("matplotlib").use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

ACCURACY = SimpleNamespace(name="accuracy", unit=None, greater_is_better=True)
FIT_TIME = SimpleNamespace(name="fit_time", unit="s", greater_is_better=False)
SIZE = SimpleNamespace(name="size", unit="kB", greater_is_better=False)
AUC = SimpleNamespace(name="auc", unit=None, greater_is_better=True)

VALUES = np.array(
    # accuracy, seconds, kB, AUC
    [
        [0.90, 0.1, 9.0, 0.91],
        [0.95, 0.3, 5.0, 0.93],  # chosen
        [0.96, 2.0, 7.0, 0.99],
        [0.93, 0.5, 6.0, 0.92],  # dominated by 1
        [0.99, 0.1, 1.0, 0.99],  # breaks a constraint
        [np.nan, 0.2, 2.0, 0.90],  # not complete
        [0.89, 0.4, 4.0, 0.90],  # dominated, but for its size
    ]
)


def fitted_search(*objectives, front=(0, 1, 2), refit=True):
    """What the display reads of a fitted search."""
    all_objectives = [ACCURACY, FIT_TIME, SIZE, AUC]
    columns = [all_objectives.index(objective) for objective in objectives]
    search = SimpleNamespace(
        objectives_=list(objectives),
        values_=VALUES[:, columns],
        pareto_front_=np.array(front),
        is_feasible_=np.array([True, True, True, True, False, False, True]),
        n_splits_=1,
        preferred_={},
        limits_={},
    )
    if refit:
        search.best_index_ = 1
    return search


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def points_by_label(ax):
    """Coordinates of what is scattered, by the names in the legend."""
    return {
        artist.get_label(): np.asarray(artist.get_offsets()).tolist() for artist in ax.collections
    }


def annotations(ax):
    return {text.get_text(): text.xyann for text in ax.texts}


def test_each_candidate_is_drawn_in_its_role_and_incomplete_ones_are_left_out():
    display = ParetoFrontDisplay.from_search(fitted_search(ACCURACY, FIT_TIME))
    assert points_by_label(display.ax_) == {
        "Pareto front": [[0.90, 0.1], [0.95, 0.3], [0.96, 2.0]],
        "dominated": [[0.93, 0.5], [0.89, 0.4]],
        "breaks a constraint": [[0.99, 0.1]],
        "chosen (candidate 1)": [[0.95, 0.3]],
    }


def test_the_legend_names_each_role_that_occurs_and_no_other():
    display = ParetoFrontDisplay.from_search(fitted_search(ACCURACY, FIT_TIME))
    legend = {text.get_text() for text in display.ax_.get_legend().get_texts()}
    assert legend == set(points_by_label(display.ax_))
    alone = ParetoFrontDisplay(VALUES[:1, :2], objectives=[ACCURACY, FIT_TIME], front=[0]).plot()
    assert [text.get_text() for text in alone.ax_.get_legend().get_texts()] == ["Pareto front"]


def test_axes_are_named_with_units_and_say_where_good_is():
    ax = ParetoFrontDisplay.from_search(fitted_search(ACCURACY, FIT_TIME)).ax_
    assert ax.get_xlabel() == "accuracy"
    assert ax.get_ylabel() == "fit_time (s)"
    assert annotations(ax) == {"better →": (1.0, 0.5), "← better": (0.5, 0.0)}
    ax = ParetoFrontDisplay.from_search(fitted_search(FIT_TIME, ACCURACY)).ax_
    assert annotations(ax) == {"← better": (0.0, 0.5), "better →": (0.5, 1.0)}


@pytest.mark.parametrize(
    ("objectives", "steps", "corner"),
    [
        ((ACCURACY, FIT_TIME), [(0.96, 2.0), (0.95, 2.0), (0.95, 0.3), (0.9, 0.3)], (0.885, 2.095)),
        ((FIT_TIME, ACCURACY), [(0.1, 0.9), (0.3, 0.9), (0.3, 0.95), (2.0, 0.95)], (2.095, 0.885)),
    ],
)
def test_the_stairs_turn_at_the_front_and_end_at_the_bad_corner(objectives, steps, corner):
    ax = ParetoFrontDisplay.from_search(fitted_search(*objectives)).ax_
    (line,) = ax.lines
    path = line.get_xydata()
    assert path[1 : 1 + len(steps)] == pytest.approx(np.array(steps))
    (area,) = ax.patches
    assert tuple(area.get_xy()[len(path)]) == pytest.approx(corner)
    # The way in and out runs along the far edges.
    assert tuple(path[0]) == pytest.approx((steps[0][0], corner[1]))
    assert path[-1][0] == pytest.approx(corner[0])


def test_the_shade_covers_what_is_dominated_and_nothing_else():
    ax = ParetoFrontDisplay.from_search(fitted_search(FIT_TIME, ACCURACY)).ax_
    (area,) = ax.patches
    path = area.get_path()
    assert path.contains_points([[0.5, 0.93], [0.4, 0.89], [2.05, 0.955]]).all()
    assert not path.contains_points([[0.1, 0.99], [0.2, 0.94], [0.5, 0.955], [3.0, 0.9]]).any()


def test_the_shade_reaches_the_bad_ends_of_the_axes_and_leaves_room_at_the_good_ones():
    ax = ParetoFrontDisplay.from_search(fitted_search(FIT_TIME, ACCURACY)).ax_
    (area,) = ax.patches
    box = area.get_path().get_extents()
    assert ax.get_xlim()[1] == pytest.approx(box.x1)
    assert ax.get_ylim()[0] == pytest.approx(box.y0)
    assert ax.get_xlim()[0] < box.x0
    assert ax.get_ylim()[1] > 0.99


def test_candidates_without_all_values_are_left_out_even_if_called_front_or_chosen():
    values = [[0.9, 1.0], [0.95, np.nan], [0.8, np.inf]]
    display = ParetoFrontDisplay(
        values, objectives=[ACCURACY, FIT_TIME], front=[0, 1, 2], chosen=1
    ).plot()
    assert points_by_label(display.ax_) == {"Pareto front": [[0.9, 1.0]]}
    assert np.isfinite(display.ax_.lines[0].get_xydata()).all()


def test_without_a_refit_nothing_is_ringed():
    display = ParetoFrontDisplay.from_search(fitted_search(ACCURACY, FIT_TIME, refit=False))
    assert not any(label.startswith("chosen") for label in points_by_label(display.ax_))


def test_a_third_objective_is_the_colour_and_dark_is_good():
    display = ParetoFrontDisplay.from_search(fitted_search(ACCURACY, FIT_TIME, SIZE, front=(0, 1)))
    points = next(one for one in display.ax_.collections if one.get_label() == "Pareto front")
    assert points.get_array().tolist() == [9.0, 5.0]
    display.figure_.canvas.draw()
    large, small = points.get_facecolors()[:, :3].sum(axis=1)
    assert small < large
    assert display.colorbar_.ax.get_ylabel() == "size (kB)"
    assert annotations(display.colorbar_.ax) == {"← better": (0.5, 0.0)}
    assert not display.ax_.lines  # no stairs: they would say nothing of the third

    display = ParetoFrontDisplay.from_search(fitted_search(FIT_TIME, SIZE, ACCURACY, front=(0, 1)))
    points = next(one for one in display.ax_.collections if one.get_label() == "Pareto front")
    display.figure_.canvas.draw()
    low, high = points.get_facecolors()[:, :3].sum(axis=1)
    assert high < low


def study_with_latency():
    """A study of four trials; the third one failed, and the last one is dominated."""
    study = skhpo.create_study(directions=["maximize", "minimize"])
    for values, latency in (((0.9, 1.0), 5.0), ((0.8, 0.5), 3), (None, None), ((0.7, 2.0), 1.0)):
        study.add_trial(
            skhpo.create_trial(
                state=skhpo.TrialState.COMPLETE if values else skhpo.TrialState.FAIL,
                values=values,
                user_attrs={} if latency is None else {"latency": latency, "name": "a"},
            )
        )
    return study


def test_a_chosen_trial_of_a_study_is_ringed_and_an_attribute_is_the_colour():
    display = ParetoFrontDisplay.from_study(
        study_with_latency(), chosen=1, color="latency", chosen_kw={"s": 99}
    )
    points = {one.get_label(): one for one in display.ax_.collections}
    assert points["Pareto front"].get_array().tolist() == [5.0, 3.0]
    assert points["dominated"].get_offsets().tolist() == [[0.7, 2.0]]
    assert points["chosen (candidate 1)"].get_offsets().tolist() == [[0.8, 0.5]]
    assert points["chosen (candidate 1)"].get_sizes().tolist() == [99]
    assert display.colorbar_.ax.get_ylabel() == "latency"
    assert annotations(display.colorbar_.ax) == {}  # nobody knows which end is better
    plain = ParetoFrontDisplay.from_study(study_with_latency())
    stairs, others = display.ax_.lines[0].get_xydata(), plain.ax_.lines[0].get_xydata()
    assert stairs.tolist() == others.tolist()  # the colour does not change the front
    assert plain.chosen is None
    assert plain.colorbar_ is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"chosen": 2}, "`chosen` must be the number of a complete trial; got 2"),
        ({"chosen": 9}, "got 9"),
        ({"color": "name"}, "`color` must be the name of a user attribute.*trial 0.*'a'"),
        ({"color": "size"}, "trial 0 has 'size': None"),
    ],
)
def test_a_trial_or_an_attribute_that_cannot_be_shown_is_an_error(arguments, message):
    with pytest.raises(ValueError, match=message):
        ParetoFrontDisplay.from_study(study_with_latency(), **arguments)


def test_more_than_three_objectives_must_be_narrowed_down():
    search = fitted_search(ACCURACY, FIT_TIME, SIZE, AUC)
    with pytest.raises(ValueError, match=r"not 4: select them with `objectives=\[names\]`.*'size'"):
        ParetoFrontDisplay.from_search(search)
    display = ParetoFrontDisplay.from_search(search, objectives=["auc", "accuracy", "size"])
    assert display.ax_.get_xlabel() == "auc"
    assert display.ax_.get_ylabel() == "accuracy"


def test_one_objective_is_no_picture():
    with pytest.raises(ValueError, match="2 or 3 objectives, not 1"):
        ParetoFrontDisplay.from_search(fitted_search(ACCURACY))
    with pytest.raises(ValueError, match="2 or 3 objectives, not 1"):
        ParetoFrontDisplay([[0.9]], objectives=[ACCURACY], front=[0]).plot()


def test_the_front_of_some_objectives_is_found_anew_among_feasible_candidates():
    search = fitted_search(ACCURACY, FIT_TIME, SIZE, front=(0, 1, 2, 6))
    display = ParetoFrontDisplay.from_search(search, objectives=["size", "accuracy"])
    # Candidate 0 is on the whole front for its time only.
    front = points_by_label(display.ax_)["Pareto front"]
    assert front == [[5.0, 0.95], [7.0, 0.96], [4.0, 0.89]]


@pytest.mark.parametrize("names", ["accuracy", ["accuracy"], ["accuracy", "accuracy"], []])
def test_names_that_make_no_picture_are_refused(names):
    with pytest.raises(ValueError, match="list of 2 or 3 different names"):
        ParetoFrontDisplay.from_search(fitted_search(ACCURACY, FIT_TIME), objectives=names)


def test_a_name_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match=r"'speed'; the objectives are \['accuracy', 'fit_time'\]"):
        ParetoFrontDisplay.from_search(
            fitted_search(ACCURACY, FIT_TIME), objectives=["accuracy", "speed"]
        )


def test_values_must_match_the_objectives():
    with pytest.raises(ValueError, match="a column for each of the 2 objectives"):
        ParetoFrontDisplay([[0.9, 1.0, 2.0]], objectives=[ACCURACY, SIZE], front=[0]).plot()


def test_a_search_that_is_not_fitted_is_refused():
    with pytest.raises(NotFittedError, match="fitted search for several objectives"):
        ParetoFrontDisplay.from_search(SimpleNamespace())


def test_it_draws_on_the_axes_it_is_given_and_in_the_style_it_is_given():
    _, axes = plt.subplots(1, 2)
    display = ParetoFrontDisplay.from_search(
        fitted_search(ACCURACY, FIT_TIME),
        ax=axes[1],
        front_kw={"label": "best", "marker": "s"},
        chosen_kw={"label": "mine"},
        scatter_kw={"alpha": 0.123},
    )
    assert display.ax_ is axes[1]
    assert display.figure_ is axes[1].figure
    assert not axes[0].collections
    artists = {artist.get_label(): artist for artist in axes[1].collections}
    assert {"best", "mine"} < set(artists)
    assert artists["dominated"].get_alpha() == 0.123
    assert artists["best"].get_alpha() is None


def test_plot_can_be_called_again_on_other_axes():
    display = ParetoFrontDisplay.from_search(fitted_search(ACCURACY, FIT_TIME))
    first = display.ax_
    assert display.plot() is display
    assert display.ax_ is not first
    assert points_by_label(display.ax_) == points_by_label(first)


def test_a_search_without_a_feasible_candidate_shows_crosses_only():
    search = fitted_search(ACCURACY, FIT_TIME, front=(), refit=False)
    search.pareto_front_ = np.array([], dtype=int)
    search.is_feasible_[:] = False
    display = ParetoFrontDisplay.from_search(search)
    assert list(points_by_label(display.ax_)) == ["breaks a constraint"]
    assert not display.ax_.lines


def test_a_search_without_any_complete_candidate_shows_empty_axes():
    search = fitted_search(ACCURACY, FIT_TIME, front=(), refit=False)
    search.pareto_front_ = np.array([], dtype=int)
    search.values_ = np.full_like(search.values_, np.nan)
    ax = ParetoFrontDisplay.from_search(search).ax_
    assert ax.get_xlabel() == "accuracy"
    assert not ax.collections
    assert ax.get_legend() is None


def artists(ax):
    """Artists by their names in the legend."""
    return dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))


@pytest.fixture(scope="module")
def steered():
    """A search with a score, a time and a size, a preferred region, and a constraint."""
    return ParetoSearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_leaf_nodes": list(range(2, 14)), "criterion": ["gini", "entropy"]},
        objectives=["accuracy", "score_time", "model_size"],
        preferred={"accuracy": ">= 0.5", "model_size": "<= 2500 B"},
        constraints={"model_size": "<= 3 kB", "roc_auc_ovr": ">= 0.6", "any": lambda means: -1.0},
        n_iter=10,
        cv=5,
        pruner=None,
        random_state=0,
    ).fit(*load_iris(return_X_y=True))


def test_scores_and_times_of_the_front_have_their_standard_errors_as_bars(steered):
    display = ParetoFrontDisplay.from_search(steered, ["accuracy", "score_time"])
    bars = artists(display.ax_)["± standard error"]
    front = np.sort(display.front)
    for column, across, segments in zip(
        ("test_accuracy", "score_time"), (0, 1), bars.lines[2], strict=True
    ):
        folds = np.array([steered.cv_results_[f"split{k}_{column}"] for k in range(5)])[:, front]
        errors = folds.std(axis=0, ddof=1) / np.sqrt(5)
        lengths = [np.ptp(line[:, across]) for line in segments.get_segments()]
        assert lengths == pytest.approx(2.0 * errors)


def test_the_size_of_a_model_has_no_bars_and_bars_can_be_switched_off(steered):
    display = ParetoFrontDisplay.from_search(steered, ["accuracy", "model_size"])
    assert len(artists(display.ax_)["± standard error"].lines[2]) == 1
    assert display.errors[:, 0].any()
    assert not display.errors[:, 1].any()
    plain = ParetoFrontDisplay.from_search(steered, ["accuracy", "model_size"], show_errors=False)
    assert "± standard error" not in artists(plain.ax_)
    styled = ParetoFrontDisplay.from_search(
        steered, ["accuracy", "model_size"], error_kw={"label": "SE"}
    )
    assert "SE" in artists(styled.ax_)


def test_a_preferred_region_is_shaded_up_to_its_bounds_and_limits_are_lines(steered):
    display = ParetoFrontDisplay.from_search(steered, ["accuracy", "model_size"])
    shown = artists(display.ax_)
    shade = shown["preferred region"]
    assert (shade.get_x(), shade.get_y() + shade.get_height()) == pytest.approx((0.5, 2500.0))
    (low, _), (_, top) = display.ax_.get_ylim(), display.ax_.get_xlim()
    assert shade.get_y() < low
    assert shade.get_x() + shade.get_width() > top
    assert list(shown["limit of a constraint"].get_ydata()) == [3000.0, 3000.0]
    assert steered.limits_ == {"model_size": (None, 3000.0), "roc_auc_ovr": (0.6, None)}
    assert steered.preferred_ == {"accuracy": (0.5, None), "model_size": (None, 2500.0)}


def test_bounds_of_the_third_objective_are_marks_at_the_colour_bar(steered):
    display = ParetoFrontDisplay.from_search(steered)
    region, limit = display.colorbar_.ax.lines[-2:]
    assert region.get_ydata()[1] == pytest.approx(min(2500.0, display.colorbar_.vmax))
    assert list(limit.get_ydata()) == [3000.0, 3000.0]
    assert display.ax_.get_xlim()[0] < 0.5  # the axes reach a bound that is near


def test_bounds_far_away_do_not_squeeze_the_front():
    draw = {"objectives": [ACCURACY, FIT_TIME], "front": [0, 1, 2]}
    plain = ParetoFrontDisplay(VALUES[:3, :2], **draw).plot()
    far = ParetoFrontDisplay(
        VALUES[:3, :2], **draw, limits={"fit_time": (None, 1e3)}, preferred={"accuracy": (5, None)}
    ).plot()
    assert far.ax_.get_ylim() == pytest.approx(plain.ax_.get_ylim())
    assert far.ax_.get_xlim() == pytest.approx(plain.ax_.get_xlim())
    assert "limit of a constraint" not in artists(far.ax_)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"errors": [[0.1, -0.1]]}, "`errors` must be numbers of 0 or more"),
        ({"errors": [0.1]}, r"the same shape as `values`, \(1, 2\)"),
        ({"preferred": {"speed": (0, 1)}}, "`preferred` must name objectives.*'speed'"),
        ({"limits": {"accuracy": 0.9}}, "`limits` must hold pairs.*got 0.9 for 'accuracy'"),
        ({"limits": {"accuracy": (1, 0)}}, r"lower limit must not be above.*\(1, 0\)"),
    ],
)
def test_errors_and_bounds_that_cannot_be_drawn_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        ParetoFrontDisplay([[0.9, 1.0]], objectives=[ACCURACY, FIT_TIME], front=[0], **given).plot()


def test_in_small_axes_the_good_end_is_named_below_the_label():
    _, ax = plt.subplots(figsize=(3.2, 2.4))
    long = SimpleNamespace(name="size_of_the_pickled_model", unit="kB", greater_is_better=False)
    ParetoFrontDisplay([[0.9, 1.0]], objectives=[long, FIT_TIME], front=[0]).plot(ax)
    name, better = ax.get_xlabel().splitlines()
    assert name.startswith("size_of_the_pic")
    assert name.endswith("(kB)")
    assert better == "← better"


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("objectives", [(ACCURACY, FIT_TIME), (FIT_TIME, SIZE, ACCURACY)])
def test_the_picture_can_be_saved_in_any_scale(objectives, scale, tmp_path):
    display = ParetoFrontDisplay.from_search(fitted_search(*objectives))
    display.ax_.set_xscale(scale)
    display.figure_.savefig(tmp_path / "front.png")
    assert (tmp_path / "front.png").stat().st_size > 5_000


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_matplotlib_is_imported_only_to_draw():
    code = (
        "import sys, skhpo, skhpo.plots; "
        "assert not any(name.split('.')[0] == 'matplotlib' for name in sys.modules)"
    )
    outcome = run(code)
    assert outcome.returncode == 0, outcome.stderr


def test_without_matplotlib_the_extra_is_named():
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from types import SimpleNamespace as N\n"
        "from skhpo.plots import ParetoFrontDisplay\n"
        "one = N(name='a', unit=None, greater_is_better=True)\n"
        "two = N(name='b', unit=None, greater_is_better=True)\n"
        "ParetoFrontDisplay([[1, 2]], objectives=[one, two], front=[0]).plot()"
    )
    outcome = run(code)
    assert "ImportError: Plots need matplotlib" in outcome.stderr
    assert "skhpo[plot]" in outcome.stderr


def test_the_repr_says_what_is_shown():
    seconds = SimpleNamespace(name="seconds", unit="s", greater_is_better=False)
    display = ParetoFrontDisplay(
        [[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]], objectives=[seconds, seconds], front=[0, 1], chosen=1
    )
    assert repr(display) == (
        "ParetoFrontDisplay(objectives=['seconds', 'seconds'], n_candidates=3, n_front=2, chosen=1)"
    )
