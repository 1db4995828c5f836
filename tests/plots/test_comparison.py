"""The comparison plot shows the best score so far, with its median and band over repetitions."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.svm import SVC

from skhpo import TPESearchCV, compare_searches
from skhpo.plots import ComparisonDisplay
from skhpo.plots._data._comparison import comparison_data

plt = pytest.importorskip("matplotlib.pyplot")
NAN = np.nan


@pytest.fixture(autouse=True)
def _close_figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def comparison():
    X, y = load_iris(return_X_y=True)
    space = {"C": loguniform(1e-3, 1e3)}
    searches = {
        "as given": SVC(),
        "grid": GridSearchCV(SVC(), {"C": [1e-3, 1e-1, 1e1]}),
        "random": RandomizedSearchCV(SVC(), space, n_iter=6),
        "tpe": TPESearchCV(SVC(), space, n_iter=6),
    }
    return compare_searches(searches, X, y, n_repeats=3, random_state=0)


def fake(**curves):
    """A comparison with these curves: lists of (fits, best)."""
    return SimpleNamespace(
        metric_name="accuracy",
        curves={
            name: [
                None
                if run is None
                else SimpleNamespace(
                    fits=np.array(run[0], float),
                    seconds=np.array(run[0]) / 10.0,
                    best=np.array(run[1], float),
                )
                for run in runs
            ]
            for name, runs in curves.items()
        },
    )


def test_the_line_is_the_median_from_where_all_repetitions_have_a_score():
    data = comparison_data(
        fake(a=[([5, 10, 15], [NAN, 0.6, 0.8]), ([5, 10, 20], [0.5, 0.7, 0.9])]), band=(0, 1)
    )
    curve = data.curves["a"]
    assert_array_equal(curve.x, [10, 15, 20])
    assert_allclose(curve.median, [0.65, 0.75, 0.85])
    assert_allclose(curve.low, [0.6, 0.7, 0.8])
    assert_allclose(curve.high, [0.7, 0.8, 0.9])


def test_repetitions_and_strategies_without_a_curve_are_left_out():
    data = comparison_data(fake(a=[None, ([5], [0.5])], b=[None, None]))
    assert list(data.curves) == ["a"]
    assert data.curves["a"].n_repeats == 1
    with pytest.raises(ValueError, match="No strategy of the comparison has a curve"):
        comparison_data(fake(a=[None]))


def test_a_real_comparison_is_drawn_with_a_line_and_a_band_each(comparison):
    display = ComparisonDisplay.from_comparison(comparison)
    ax = display.ax_
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "as given", "grid", "random", "tpe",
    ]  # fmt: skip
    assert ax.get_xlabel() == "fits"
    assert ax.get_ylabel() == "best CV score so far"
    assert len(ax.collections) == 3
    grid = next(line for line in ax.lines if line.get_label() == "grid")
    assert_array_equal(grid.get_xdata(), [5, 10, 15])
    scores = comparison.results["cv_score"][comparison.results["strategy"] == "grid"]
    assert grid.get_ydata()[-1] == pytest.approx(np.median(scores))


def test_an_estimator_without_a_search_is_a_level(comparison):
    ax = comparison.plot().ax_
    level = next(line for line in ax.lines if line.get_label() == "as given")
    scores = comparison.results["cv_score"][comparison.results["strategy"] == "as given"]
    assert_allclose(level.get_ydata(), np.median(scores))


def test_seconds_are_an_axis(comparison):
    display = comparison.plot(x="seconds", line_kw={"linewidth": 5}, band_kw={"alpha": 0.5})
    assert display.ax_.get_xlabel() == "seconds of fitting and scoring"
    assert display.curves["grid"].x[-1] < 5
    assert {line.get_linewidth() for line in display.ax_.lines if line.get_label()[0] != "_"} == {5}


def test_poor_first_candidates_do_not_hide_the_differences_at_the_end():
    data = comparison_data(fake(a=[([5, 10], [0.1, 0.92])], b=[([5, 10], [0.9, 0.95])]))
    ax = ComparisonDisplay(**vars(data)).plot().ax_
    low, high = ax.get_ylim()
    assert 0.8 < low < 0.9
    assert 0.95 < high < 0.96


def test_given_axes_are_used(comparison):
    _, ax = plt.subplots()
    assert comparison.plot(ax=ax).ax_ is ax


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": "candidates"}, "`x` must be one of ['fits', 'seconds']; got 'candidates'"),
        ({"band": (0.6, 0.9)}, "`band` must be two quantiles around 0.5"),
    ],
)
def test_wrong_arguments_are_refused(comparison, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        comparison.plot(**options)


def test_what_is_no_comparison_is_refused():
    with pytest.raises(TypeError, match="`comparison` must be a SearchComparison"):
        ComparisonDisplay.from_comparison(GridSearchCV(SVC(), {}))
