"""The possible improvement shrinks as the space becomes known; the error is that of the folds."""

import math

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit
from sklearn.svm import SVC

import skhpo
from skhpo.plots import ImprovementDisplay
from skhpo.plots._data._improvement import corrected_error, improvement_data, test_to_train

plt = pytest.importorskip("matplotlib.pyplot")
test_to_train.__test__ = False
X, y = load_iris(return_X_y=True)
SVM = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-4, 1e2)}


@pytest.fixture(autouse=True)
def _close_figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def study_of(objective, n_trials=40, **settings):
    study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0), **settings)
    study.optimize(objective, n_trials=n_trials)
    return study


def bowl(trial):
    return (trial.suggest_float("x", -3, 3) - 1) ** 2 + trial.suggest_float("y", -3, 3) ** 2


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_bound_holds_and_becomes_tight(direction):
    sign = 1 if direction == "minimize" else -1
    study = study_of(lambda trial: 5 + sign * bowl(trial), 80, direction=direction)
    data = improvement_data(study, n_points=12)
    best = np.minimum.accumulate([sign * (trial.value - 5) for trial in study.trials])
    possible = best[data.number]
    late = data.number >= 20
    assert (data.bound[late] >= possible[late] - 0.05).all()
    assert data.bound[-1] < 0.3 * data.bound[0]
    assert (data.expected <= data.bound + 1e-9).all()
    assert data.number[-1] == 79


def test_it_scales_with_the_objective():
    small, large = (
        improvement_data(study_of(lambda trial, unit=unit: unit * bowl(trial)), n_points=4)
        for unit in (1.0, 1000.0)
    )
    np.testing.assert_allclose(large.bound, 1000 * small.bound, rtol=1e-3)
    np.testing.assert_allclose(large.expected, 1000 * small.expected, rtol=1e-3)


def test_a_branch_that_is_hardly_known_may_still_be_better():
    branch = skhpo.distributions.CategoricalDistribution(["known", "unknown"])
    unit = skhpo.distributions.FloatDistribution(0, 1)
    alone, both = skhpo.create_study(), skhpo.create_study()
    for a in np.linspace(0, 1, 25).tolist():
        params, space = {"a": a}, {"a": unit}
        alone.add_trial(skhpo.create_trial(value=a**2, params=params, distributions=space))
        params, space = params | {"branch": "known"}, space | {"branch": branch}
        both.add_trial(skhpo.create_trial(value=a**2, params=params, distributions=space))
    params, space = {"b": 0.02, "branch": "unknown"}, {"b": unit, "branch": branch}
    both.add_trial(skhpo.create_trial(value=0.02, params=params, distributions=space))
    known, open_ = (improvement_data(study, n_points=1).bound[-1] for study in (alone, both))
    assert open_ > 2 * known


@pytest.mark.parametrize(
    ("values", "n_points"), [([], 0), ([1.0] * 4, 0), ([2.0] * 8, 4), ([1.0, math.inf] * 5, 6)]
)
def test_few_equal_and_infinite_values(values, n_points):
    study = skhpo.create_study()
    unit = {"x": skhpo.distributions.FloatDistribution(0, 1)}
    for x, value in zip(np.linspace(0, 1, len(values)).tolist(), values, strict=True):
        study.add_trial(skhpo.create_trial(value=value, params={"x": x}, distributions=unit))
    display = ImprovementDisplay.from_study(study)
    display.figure_.canvas.draw()
    if math.inf in values:
        assert len(display.number) == 1  # five finite values
    else:
        assert len(display.number) == n_points
    assert (display.bound == 0).all()


def test_failed_pruned_and_infeasible_trials_do_not_count():
    def objective(trial):
        value = bowl(trial)
        trial.report(value - 100, 0)
        if trial.number % 4 == 1:
            raise skhpo.TrialPruned
        trial.set_constraint("c", 1.0 if trial.number % 4 == 2 else -1.0)
        return value - 100 * (trial.number % 4 == 2)

    data = improvement_data(study_of(objective))
    assert (data.number % 4 != 1).all()
    assert (data.number % 4 != 2).all()
    assert data.bound.max() < 50


def test_parameters_of_one_value_and_spaces_without_parameters():
    def objective(trial):
        trial.suggest_categorical("only", ["one"])
        return float(trial.number % 3)

    assert np.isfinite(improvement_data(study_of(objective, 10)).bound).all()
    without = improvement_data(study_of(lambda trial: float(trial.number % 3), 10))
    assert (without.bound == 0).all()


def test_the_error_is_that_of_the_best_candidate_so_far():
    search = skhpo.TPESearchCV(SVC(), SVM, n_iter=25, random_state=0).fit(X, y)
    display = ImprovementDisplay.from_search(search, n_points=6)
    results = search.cv_results_
    scores = np.array([results[f"split{k}_test_score"][search.best_index_] for k in range(5)])
    assert display.error[-1] == pytest.approx(math.sqrt((1 / 5 + 1 / 4) * scores.var(ddof=1)))
    assert display.number[-1] == 24
    assert {line.get_label() for line in display.ax_.lines} == {
        "at most", "expected next", "noise (standard error)",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cv", "ratio"),
    [
        (4, None),
        (KFold(3), None),
        (RepeatedKFold(n_splits=5, n_repeats=3), 1 / 4),
        (ShuffleSplit(test_size=0.2), 1 / 4),
        ([(np.arange(30), np.arange(30, 40))], 1 / 3),
    ],
)
def test_the_correction_knows_the_sizes_of_the_folds(cv, ratio):
    search = skhpo.TPESearchCV(SVC(), SVM, cv=cv)
    assert test_to_train(search) == (None if ratio is None else pytest.approx(ratio))
    scores = np.array([0.8, 0.9, 1.0])
    expected = math.sqrt((1 / 3 + (0.5 if ratio is None else ratio)) * 0.01)
    assert corrected_error(scores, test_to_train(search)) == pytest.approx(expected)
    assert math.isnan(corrected_error(np.array([0.8])))


def test_several_objectives_are_refused():
    study = skhpo.create_study(directions=["minimize", "minimize"])
    with pytest.raises(ValueError, match=r"one objective.*HypervolumeDisplay"):
        ImprovementDisplay.from_study(study)
    with pytest.raises(ValueError, match="`n_points` must be at least 1"):
        ImprovementDisplay.from_study(skhpo.create_study(), n_points=0)
