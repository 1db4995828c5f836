"""The surrogate recovers the mean over the other parameters, and knows how well."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

import skhpo
from skhpo.plots._data._scores import scores_of
from tests.plots.studies import conditional, study_of


def dependence(study, name, at):
    model, names = scores_of(study).surrogate()
    return model.dependence([names.index(name)], np.array(at, dtype=float)[:, None])


def additive(trial):
    x, y = trial.suggest_float("x", -1, 1), trial.suggest_float("y", 1e-3, 1e3, log=True)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    return 3 * x**2 + math.log10(y) + 2 * (kind == "b")


def centred(values):
    return values - np.mean(values)


def test_an_additive_objective_is_recovered():
    study = study_of(additive, 100)
    at = np.linspace(-0.9, 0.9, 9)
    assert_allclose(centred(dependence(study, "x", at).mean), centred(3 * at**2), atol=0.15)
    at = np.logspace(-2, 2, 5)
    assert_allclose(centred(dependence(study, "y", at).mean), centred(np.log10(at)), atol=0.15)
    found = dependence(study, "kind", [0, 1]).mean
    assert found[1] - found[0] == pytest.approx(2, abs=0.15)


def test_a_log_scale_is_smooth_on_the_log_scale():
    study = study_of(lambda t: math.log10(t.suggest_float("y", 1e-6, 1e6, log=True)), 30)
    assert_allclose(dependence(study, "y", [1e-4, 1, 1e4]).mean, [-4, 0, 4], atol=0.2)


@pytest.mark.parametrize("sign", [1, -1])
def test_bad_values_do_not_hide_the_good_ones(sign):
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        return sign * ((x - 0.3) ** 2 + (1e6 * x if x > 0.9 else 0))

    study = study_of(objective, 60, direction="minimize" if sign == 1 else "maximize")
    at = np.linspace(0.05, 0.8, 16)
    found = dependence(study, "x", at).mean
    assert at[np.argmin(sign * found)] == pytest.approx(0.3, abs=0.1)


def test_the_interval_is_wide_where_no_trial_is_near_and_covers_the_truth():
    study = skhpo.create_study()
    distribution = {"x": skhpo.distributions.FloatDistribution(0, 10)}
    rng = np.random.default_rng(0)
    for x in [*rng.uniform(0, 4, 25), 10.0]:
        value = math.sin(x) + rng.normal(0, 0.1)
        trial = skhpo.create_trial(value=value, params={"x": x}, distributions=distribution)
        study.add_trial(trial)
    near, far = np.linspace(0.5, 3.5, 7), [7.0]
    at_near, at_far = dependence(study, "x", near), dependence(study, "x", far)
    assert (at_far.high - at_far.low)[0] > 3 * (at_near.high - at_near.low).max()
    assert np.mean((at_near.low <= np.sin(near)) & (np.sin(near) <= at_near.high)) > 0.7


def test_a_branch_is_combined_with_its_own_parameters_only():
    def objective(trial):
        if trial.suggest_categorical("branch", ["line", "curve"]) == "line":
            return 5 + trial.suggest_float("slope", 0, 1)
        return trial.suggest_float("radius", 0, 1)

    study = study_of(objective, 60)
    found = dependence(study, "branch", [0, 1]).mean
    assert_allclose(found, [5.5, 0.5], atol=0.2)
    assert_allclose(dependence(study, "slope", [0.1, 0.9]).mean, [5.1, 5.9], atol=0.2)


def test_a_number_of_layers_controls_their_sizes():
    def objective(trial):
        n_layers = trial.suggest_int("n_layers", 1, 3)
        return sum(1 + trial.suggest_float(f"size {i}", 0, 0.1) for i in range(n_layers))

    found = dependence(study_of(objective, 60), "n_layers", [1, 2, 3]).mean
    assert_allclose(found, [1.05, 2.1, 3.15], atol=0.1)


def test_shared_parameters_use_the_trials_of_all_branches():
    study = study_of(lambda t: min(conditional(t), 3.0), 80)
    found = dependence(study, "shared", [0.1, 0.9]).mean
    assert found[1] - found[0] == pytest.approx(0.8, abs=0.35)


def test_choices_that_were_not_tried_are_unknown():
    def objective(trial):
        kind = trial.suggest_categorical("kind", list("abcdefgh"))
        return "abcdefgh".index(kind) + trial.suggest_float("x", 0, 1)

    study = study_of(objective, 12)
    tried = {"abcdefgh".index(trial.params["kind"]) for trial in study.trials}
    assert len(tried) < 8
    found = dependence(study, "kind", range(8)).mean
    assert set(np.flatnonzero(np.isfinite(found)).tolist()) == tried


def test_few_trials_or_no_parameters_have_no_surrogate():
    assert scores_of(study_of(additive, 4)).surrogate()[0] is None
    assert scores_of(study_of(lambda trial: 1.0, 10)).surrogate()[0] is None


def test_equal_values_have_no_uncertainty():
    study = study_of(lambda trial: 2.5 + 0 * trial.suggest_float("x", 0, 1), 10)
    found = dependence(study, "x", [0.2, 0.8])
    assert_allclose([found.low, found.mean, found.high], 2.5)


def test_predictions_of_a_search_count_and_last_reports_do_not(fitted):
    model, _ = scores_of(fitted.study_).surrogate()
    assert len(model._positions) == len(fitted.cv_results_["params"])

    def stopped(trial):
        trial.report(trial.suggest_float("x", 0, 1), 0)
        raise skhpo.TrialPruned

    assert scores_of(study_of(stopped, 10)).surrogate()[0] is None
