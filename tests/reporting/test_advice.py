"""Suggestions come with evidence, and only where there is evidence."""

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

import skhpo
from skhpo.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from skhpo.reporting._advice import advise
from skhpo.reporting._subject import read_search, read_study

X, Y = load_breast_cancer(return_X_y=True)


def study_of(values, params, distributions, direction="minimize"):
    """A study with one trial per value; None fails."""
    study = skhpo.create_study(direction=direction)
    for value, one in zip(values, params, strict=True):
        study.add_trial(
            skhpo.create_trial(
                state=skhpo.TrialState.FAIL if value is None else skhpo.TrialState.COMPLETE,
                value=value,
                params=one,
                distributions=distributions,
            )
        )
    return study


def advice_on(study, importances=None):
    return advise(read_study(study), importances)


def actions(advice):
    return [one.action for one in advice]


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("distribution", "target", "expected"),
    [
        (FloatDistribution(1e-3, 1e3, log=True), 1e3, "`x` upwards, for example to `32000`"),
        (FloatDistribution(1e-3, 1e3, log=True), 1e-3, "`x` downwards, for example to `3.2e-05`"),
        (FloatDistribution(-5.0, 5.0), 5.0, "`x` upwards, for example to `10`"),
        (IntDistribution(10, 100), 100, "`x` upwards, for example to `140`"),
        (IntDistribution(10, 20), 10, "`x` downwards, for example to `5`"),
    ],
)
def test_a_best_value_at_the_edge_suggests_to_widen_the_range(distribution, target, expected):
    internal = distribution.from_unit(RNG.permutation(np.linspace(0.01, 0.99, 30)))
    params = [{"x": distribution.to_external_repr(float(v))} for v in internal]
    params[7] = {"x": target}
    units = distribution.to_unit([p["x"] for p in params])
    distance = np.abs(units - units[7])
    study = study_of(distance, params, {"x": distribution})
    (edge,) = [one for one in advice_on(study) if one.action.startswith("Widen")]
    assert expected in edge.action
    assert "of the best 5 candidates lie near this end" in edge.evidence


@pytest.mark.parametrize(
    ("distribution", "target"),
    [
        (FloatDistribution(0.0, 5.0), 0.0),  # most parameters end at 0
        (FloatDistribution(0.2, 1.0), 1.0),  # a share ends at 1
        (IntDistribution(1, 100), 1),
        (FloatDistribution(-5.0, 5.0), 0.1),  # in the middle
        (CategoricalDistribution(["a", "b", "c"]), "c"),  # has no end
    ],
)
def test_no_edge_no_advice_to_widen(distribution, target):
    internal = distribution.from_unit(RNG.random(30))
    params = [{"x": distribution.to_external_repr(float(v))} for v in internal]
    params[7] = {"x": target}
    unit = [float(distribution.to_unit(distribution.to_internal_repr(p["x"]))) for p in params]
    study = study_of([abs(u - unit[7]) for u in unit], params, {"x": distribution})
    assert not any(action.startswith("Widen") for action in actions(advice_on(study)))


def test_a_lone_best_value_at_the_edge_is_no_evidence():
    distribution = FloatDistribution(-5.0, 5.0)
    x = np.linspace(-5, 5, 31)
    values = np.abs(x)
    values[-1] = -1.0  # the best is alone at the edge, the others are in the middle
    study = study_of(values, [{"x": float(v)} for v in x], {"x": distribution})
    assert not any(action.startswith("Widen") for action in actions(advice_on(study)))


def test_the_end_of_a_grid_suggests_to_extend_the_list():
    search = GridSearchCV(SVC(), {"C": [1e-3, 1e-2, 1e-1, 1.0], "gamma": [1e-5, 1e-4, 1e-3]})
    advice = advise(read_search(search.fit(X, Y)), None)
    widen = [one for one in advice if one.action.startswith("Widen the range of `C` upwards")]
    assert "at the upper end of its list" in widen[0].evidence
    assert (
        "To improve further, widen or refine the space. More candidates do not exist."
        in actions(advice)
    )


def test_failures_are_explained_by_the_value_they_share():
    distributions = {
        "kind": CategoricalDistribution(["a", "b", "c"]), "x": FloatDistribution(0, 1)
    }  # fmt: skip
    params = [{"kind": "abc"[k % 3], "x": float(RNG.random())} for k in range(45)]
    values = [None if p["kind"] == "b" and k > 3 else p["x"] for k, p in enumerate(params)]
    (first, *_) = advice_on(study_of(values, params, distributions))
    assert first.action == "Exclude `kind` = `b` from the space, or repair the estimator there."
    assert "14 of 45 candidates ended as `failed`. 14 of these 14 have" in first.evidence
    assert "and 1 of the 31 others" in first.evidence


def test_failures_are_explained_by_the_part_of_a_range():
    params = [{"x": float(v)} for v in RNG.random(50)]
    values = [None if p["x"] > 0.8 else p["x"] for p in params]
    (first, *_) = advice_on(study_of(values, params, {"x": FloatDistribution(0, 1)}))
    smallest = min(p["x"] for p in params if p["x"] > 0.8)
    assert first.action.startswith(f"Exclude `x` of `{smallest:.5g}` or more")


def test_failures_at_random_are_not_explained():
    params = [{"x": float(v)} for v in RNG.random(60)]
    values = [None if k % 6 == 0 else 0.5 for k in range(60)]
    (first, *_) = advice_on(study_of(values, params, {"x": FloatDistribution(0, 1)}))
    assert first.action == "Read the errors of the failed candidates."


def test_a_search_that_still_improves_should_continue():
    params = [{"x": float(v)} for v in RNG.random(40)]
    study = study_of(np.linspace(1, 0, 40), params, {"x": FloatDistribution(0, 1)})
    assert "Continue with a larger budget." in actions(advice_on(study))


def test_a_search_without_progress_should_stop():
    params = [{"x": float(v)} for v in RNG.random(40)]
    values = [0.0, *np.linspace(1, 2, 39)]
    study = study_of(values, params, {"x": FloatDistribution(0, 1)})
    (stop,) = [one for one in advice_on(study) if one.action.startswith("Stop here")]
    assert "number 0. The 39 candidates after it found nothing better." in stop.evidence


def test_unimportant_parameters_are_fixed_only_with_enough_candidates():
    distributions = {name: FloatDistribution(0, 1) for name in "xyz"}
    shares = {"x": 0.95, "y": 0.03, "z": 0.02}
    for n, is_given in ((40, True), (20, False)):
        params = [{name: float(RNG.random()) for name in "xyz"} for _ in range(n)]
        study = study_of([p["x"] for p in params], params, distributions)
        fix = [one for one in advice_on(study, shares) if one.action.startswith("Fix `y` and `z`")]
        assert bool(fix) is is_given
        assert not is_given or "only 3% and 2%" in fix[0].evidence


def test_many_candidates_within_the_noise_suggest_more_folds():
    iris, target = load_iris(return_X_y=True)
    space = {"C": loguniform(1, 1e2)}
    settings = {"n_iter": 20, "pruner": None, "enqueue": None, "random_state": 0}
    search = skhpo.RandomSearchCV(SVC(), space, **settings).fit(iris, target)
    advice = advise(read_search(search), None)
    (folds,) = [one for one in advice if one.action.startswith("Use more folds")]
    assert "more candidates lie within one standard error" in folds.evidence


def test_few_candidates_for_many_parameters_are_mentioned():
    distributions = {name: FloatDistribution(0, 1) for name in "xyz"}
    params = [{name: float(RNG.random()) for name in "xyz"} for _ in range(12)]
    study = study_of([p["x"] for p in params], params, distributions)
    (few,) = [one for one in advice_on(study) if one.action.startswith("Try at least 30")]
    assert few.evidence.startswith("There were 12 candidates for 3 parameters.")


def test_a_space_is_exhausted_only_if_all_of_it_was_tried():
    distributions = {"x": IntDistribution(0, 9)}
    for tried, is_all in ((list(range(10)), True), ([*range(9), 0, 0, 1], False)):
        study = study_of(tried, [{"x": x} for x in tried], distributions)
        assert any(a.startswith("To improve further") for a in actions(advice_on(study))) is is_all


def test_an_uncertain_gain_should_be_checked():
    iris, target = load_iris(return_X_y=True)
    search = GridSearchCV(SVC(), {"C": [1.0, 3.0]}).fit(iris, target)
    assert search.best_params_ == {"C": 3.0}
    advice = advise(read_search(search), None)
    (check,) = [one for one in advice if one.action.startswith("Check the gain")]
    gain = search.best_score_ - search.cv_results_["mean_test_score"][0]
    assert f"as given, {gain:.2g}, may be chance" in check.evidence
