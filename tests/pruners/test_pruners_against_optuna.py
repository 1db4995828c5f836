"""Each pruner of the dialect decides as Optuna's does, report by report."""

import math
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.svm import SVC

import skhpo

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)
N_STEPS = 16


def make_pruner(m, name, arguments):
    arguments = dict(arguments)
    if "wrapped" in arguments:
        wrapped = arguments.pop("wrapped")
        arguments["wrapped_pruner"] = wrapped and getattr(m.pruners, wrapped)(n_startup_trials=2)
    return getattr(m.pruners, name)(**arguments)


def random_curves(seed, n_trials=30, *, with_nan=True):
    rng = np.random.default_rng(seed)
    trend = np.linspace(0, 2, N_STEPS) * rng.normal(size=(n_trials, 1))
    curves = trend + rng.normal(size=(n_trials, 1)) + 0.5 * rng.normal(size=(n_trials, N_STEPS))
    if with_nan:
        curves[rng.random(curves.shape) < 0.04] = np.nan
        curves[rng.random(n_trials) < 0.05] = np.nan
    if seed % 2:
        return curves, [np.sort(rng.choice(60, N_STEPS, replace=False)) for _ in curves]
    return curves, [np.arange(N_STEPS) + (seed % 4 == 0)] * n_trials


def decisions(m, pruner, direction, curves, steps):
    """What `should_prune` says after each report."""
    study = m.create_study(
        direction=direction, pruner=pruner, sampler=m.samplers.RandomSampler(seed=0)
    )
    said = []
    for curve, at in zip(curves, steps, strict=True):
        trial = study.ask()
        for step, value in zip(at.tolist(), curve.tolist(), strict=True):
            trial.report(value, step)
            said.append(trial.should_prune())
            if said[-1]:
                study.tell(trial, state=m.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, 0.0 if math.isnan(curve[-1]) else curve[-1])
    return said


CASES = [
    ("SuccessiveHalvingPruner", {"min_resource": 1}),
    ("SuccessiveHalvingPruner", {"min_resource": 2, "reduction_factor": 2}),
    ("SuccessiveHalvingPruner", {"min_resource": 1, "min_early_stopping_rate": 1}),
    ("SuccessiveHalvingPruner", {"min_resource": 1, "reduction_factor": 3, "bootstrap_count": 4}),
    ("PatientPruner", {"wrapped": None, "patience": 0}),
    ("PatientPruner", {"wrapped": None, "patience": 3}),
    ("PatientPruner", {"wrapped": None, "patience": 2, "min_delta": 0.5}),
    ("PatientPruner", {"wrapped": "MedianPruner", "patience": 1}),
    ("ThresholdPruner", {"upper": 1.5}),
    ("ThresholdPruner", {"lower": -1.0, "upper": 2.0, "n_warmup_steps": 3}),
    ("ThresholdPruner", {"lower": -1.0, "interval_steps": 4}),
    ("MedianPruner", {}),
    ("MedianPruner", {"n_startup_trials": 0, "n_warmup_steps": 4, "interval_steps": 3}),
    ("PercentilePruner", {"percentile": 25.0, "n_startup_trials": 2}),
    ("PercentilePruner", {"percentile": 80.0, "n_startup_trials": 1, "n_min_trials": 3}),
    ("WilcoxonPruner", {}),
    ("WilcoxonPruner", {"p_threshold": 0.3, "n_startup_steps": 0}),
    ("WilcoxonPruner", {"p_threshold": 0.05, "n_startup_steps": 6}),
]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_decisions_are_those_of_optuna(name, arguments, direction, seed):
    if name == "SuccessiveHalvingPruner":
        seed *= 2  # a report at each step: see the next test
    curves, steps = random_curves(seed, with_nan=name != "WilcoxonPruner" or seed > 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = (
            decisions(m, make_pruner(m, name, arguments), direction, curves, steps)
            for m in (skhpo, optuna)
        )
    assert ours == theirs


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_the_curves_are_such_that_pruners_prune(name, arguments):
    """So that the test above is one."""
    curves, steps = random_curves(0, with_nan=False)
    said = decisions(skhpo, make_pruner(skhpo, name, arguments), "minimize", curves, steps)
    assert 0 < sum(said)
    assert not all(said)


def test_a_report_that_passes_several_rungs_counts_at_each():
    """Optuna counts it at those before the one where the trial ended."""
    study = skhpo.create_study(
        pruner=skhpo.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
    )
    for value, ends in ((1.0, False), (3.0, True), (2.0, True), (0.5, False)):
        trial = study.ask()
        trial.report(value, 8)
        assert trial.should_prune() == ends
        study.tell(trial, value)


def test_the_first_rung_is_found_from_the_complete_trials():
    curves, steps = random_curves(0, with_nan=False)
    steps = [100 * at for at in steps]  # the largest is 1,600: a hundredth of it is 16
    auto, given = (
        decisions(skhpo, skhpo.pruners.SuccessiveHalvingPruner(first), "minimize", curves, steps)
        for first in ("auto", 16)
    )
    assert not any(auto[:N_STEPS])  # no trial is complete yet
    assert any(auto)
    complete = skhpo.create_trial(value=99.0, intermediate_values={1600: 99.0})
    studies = []
    for first in ("auto", 16):
        study = skhpo.create_study(pruner=skhpo.pruners.SuccessiveHalvingPruner(first))
        study.add_trial(complete)
        for curve in curves:
            trial = study.ask()
            for step, value in enumerate(curve.tolist()):
                trial.report(value, 10 * step)
                if trial.should_prune():
                    break
            study.tell(trial, value)
        studies.append([t.last_step for t in study.trials])
    assert studies[0] == studies[1]
    assert len(set(studies[0])) > 2
    assert given[0] is False


@pytest.mark.parametrize("settings", [(1, 27, 3), (1, 81, 3), (2, 100, 4), (3, 5, 2), (1, 1, 2)])
def test_hyperband_has_the_brackets_of_optuna(settings):
    smallest, largest, factor = settings
    theirs = optuna.pruners.HyperbandPruner(
        min_resource=smallest, max_resource=largest, reduction_factor=factor
    )
    theirs._try_initialization(optuna.create_study())
    ours = skhpo.pruners.HyperbandPruner(smallest, largest, factor)
    n_brackets = ours._n_brackets(largest)
    assert n_brackets == theirs._n_brackets
    shares = [ours._share(bracket, n_brackets) for bracket in range(n_brackets)]
    assert shares == theirs._trial_allocation_budgets
    brackets = [ours._bracket_of(number, n_brackets) for number in range(3000)]
    observed = np.bincount(brackets, minlength=n_brackets) / 3000
    assert observed == pytest.approx(np.array(shares) / sum(shares), abs=0.04)


def test_hyperband_compares_trials_of_one_bracket():
    """Without one of the brackets, the decisions in the others stay the same."""
    pruner = skhpo.pruners.HyperbandPruner(1, N_STEPS, 2)
    curves, steps = random_curves(0, 40, with_nan=False)
    n_brackets = pruner._n_brackets(N_STEPS)
    of = [pruner._bracket_of(number, n_brackets) for number in range(40)]
    lost = of[0]
    worse = curves.copy()
    worse[[k for k in range(40) if of[k] == lost]] -= 100.0  # far better than all others

    def ends(curves):
        study = skhpo.create_study(pruner=pruner)
        for curve, at in zip(curves, steps, strict=True):
            trial = study.ask()
            for step, value in zip(at.tolist(), curve.tolist(), strict=True):
                trial.report(value, step)
                if trial.should_prune():
                    study.tell(trial, state=skhpo.TrialState.PRUNED)
                    break
            else:
                study.tell(trial, curve[-1])
        return [t.last_step for t, bracket in zip(study.trials, of, strict=True) if bracket != lost]

    assert ends(curves) == ends(worse)
    assert min(ends(curves)) < N_STEPS


def test_hyperband_waits_for_a_complete_trial_if_it_is_to_find_the_largest_step():
    curves, steps = random_curves(0, with_nan=False)
    said = decisions(skhpo, skhpo.pruners.HyperbandPruner(), "minimize", curves, steps)
    assert not any(said[:N_STEPS])
    assert any(said)


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("SuccessiveHalvingPruner", {"min_resource": 0}, ValueError),
        ("SuccessiveHalvingPruner", {"min_resource": "some"}, ValueError),
        ("SuccessiveHalvingPruner", {"reduction_factor": 1}, ValueError),
        ("SuccessiveHalvingPruner", {"min_early_stopping_rate": -1}, ValueError),
        ("SuccessiveHalvingPruner", {"min_resource": 1, "bootstrap_count": -1}, ValueError),
        ("SuccessiveHalvingPruner", {"bootstrap_count": 2}, ValueError),
        ("HyperbandPruner", {"max_resource": "some"}, ValueError),
        ("HyperbandPruner", {"bootstrap_count": 1}, ValueError),
        ("PatientPruner", {"wrapped_pruner": None, "patience": -1}, ValueError),
        ("PatientPruner", {"wrapped_pruner": None, "patience": 1, "min_delta": -0.1}, ValueError),
        ("ThresholdPruner", {}, TypeError),
        ("ThresholdPruner", {"lower": "low"}, TypeError),
        ("ThresholdPruner", {"lower": 1.0, "upper": 0.0}, ValueError),
        ("ThresholdPruner", {"lower": 0.0, "n_warmup_steps": -1}, ValueError),
        ("ThresholdPruner", {"lower": 0.0, "interval_steps": 0}, ValueError),
        ("WilcoxonPruner", {"p_threshold": 1.5}, ValueError),
        ("WilcoxonPruner", {"n_startup_steps": -1}, ValueError),
    ],
)
@pytest.mark.parametrize("m", [skhpo, optuna], ids=["skhpo", "optuna"])
def test_bad_arguments_are_errors_in_both(m, name, arguments, error):
    if m is optuna:
        warnings.simplefilter("ignore")
        if name == "HyperbandPruner" and arguments != {"max_resource": "some"}:
            pytest.skip("Optuna looks when the pruner is used")
    with pytest.raises(error):
        getattr(m.pruners, name)(**arguments)


@pytest.mark.parametrize(
    "pruner",
    [
        skhpo.pruners.NopPruner(),
        skhpo.pruners.MedianPruner(n_startup_trials=2),
        skhpo.pruners.PercentilePruner(25.0, n_startup_trials=2),
        skhpo.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2),
        skhpo.pruners.HyperbandPruner(min_resource=1, max_resource=4, reduction_factor=2),
        skhpo.pruners.PatientPruner(None, patience=1, min_delta=0.001),
        skhpo.pruners.ThresholdPruner(lower=0.95),
        skhpo.pruners.WilcoxonPruner(p_threshold=0.3),
        skhpo.pruners.RacingPruner(),
    ],
    ids=lambda pruner: type(pruner).__name__,
)
def test_each_pruner_works_in_a_search(pruner):
    X, y = load_iris(return_X_y=True)
    scores = {}
    for n_jobs in (1, 2):
        search = skhpo.RandomSearchCV(
            SVC(),
            {
                "C": skhpo.distributions.FloatDistribution(1e-4, 1e3, log=True),
                "gamma": skhpo.distributions.FloatDistribution(1e-6, 1e1, log=True),
            },
            n_iter=25,
            cv=5,
            pruner=pruner,
            random_state=0,
            n_jobs=n_jobs,
            pre_dispatch=2,
        ).fit(X, y)
        scores[n_jobs] = search.cv_results_["mean_test_score"]
    np.testing.assert_array_equal(scores[1], scores[2])
    is_pruned = search.cv_results_["status"] == "pruned"
    assert is_pruned.any() == (not isinstance(pruner, skhpo.pruners.NopPruner))
    assert search.best_score_ > 0.9
