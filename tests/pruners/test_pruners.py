"""The pruners' arguments, their frozen judges, and racing in a study."""

import math

import numpy as np
import pytest

import skhpo
from skhpo.pruners import BasePruner, MedianPruner, NopPruner, PercentilePruner, RacingPruner
from skhpo.samplers import RandomSampler
from skhpo.trial import TrialState, create_trial


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: PercentilePruner(-1), "percentile"),
        (lambda: PercentilePruner(100.5), "percentile"),
        (lambda: MedianPruner(n_startup_trials=-1), "n_startup_trials"),
        (lambda: MedianPruner(n_warmup_steps=-1), "n_warmup_steps"),
        (lambda: MedianPruner(interval_steps=0), "interval_steps"),
        (lambda: MedianPruner(n_min_trials=0), "n_min_trials"),
        (lambda: RacingPruner(alpha=0), "alpha"),
        (lambda: RacingPruner(alpha=1), "alpha"),
        (lambda: RacingPruner(n_startup_trials=0), "n_startup_trials"),
    ],
)
def test_bad_arguments_are_named(make, name):
    with pytest.raises(ValueError, match=f"`{name}`"):
        make()


def study_with(pruner, curves, direction="maximize"):
    study = skhpo.create_study(direction=direction, pruner=pruner, sampler=RandomSampler(seed=0))
    for curve in curves:
        add(study, curve)
    return study


def add(study, curve):
    reports = dict(enumerate(map(float, curve)))
    study.add_trial(create_trial(value=float(np.mean(curve)), intermediate_values=reports))


def reported(study, *values):
    trial = study.ask()
    for step, value in enumerate(values):
        trial.report(value, step)
    return trial


GOOD = np.array([[0.80, 0.70, 0.90, 0.75], [0.81, 0.72, 0.90, 0.76], [0.79, 0.70, 0.89, 0.75]])


@pytest.mark.parametrize("pruner", [MedianPruner(n_startup_trials=2), RacingPruner()])
def test_a_frozen_pruner_does_not_see_what_comes_later(pruner):
    study = study_with(pruner, GOOD)
    judge = pruner.freeze(study)
    trial = reported(study, 0.85, 0.75)
    assert not judge(trial._frozen)
    for _ in range(8):
        add(study, [1.0, 1.0, 1.0, 1.0])
    assert trial.should_prune()
    assert not judge(trial._frozen)


def test_racing_stops_what_is_far_behind_and_keeps_what_leads():
    study = study_with(RacingPruner(), GOOD)
    assert reported(study, 0.30).should_prune()
    assert not reported(study, 0.85, 0.74).should_prune()


def test_racing_knows_hard_parts_from_bad_trials():
    study = study_with(RacingPruner(), GOOD)
    hard_first = study.ask()
    hard_first.report(0.715, 1)  # below every mean, yet good for this part
    assert not hard_first.should_prune()


def test_racing_minimises_too():
    study = study_with(RacingPruner(), 1 - GOOD, direction="minimize")
    assert reported(study, 0.70).should_prune()
    assert not reported(study, 0.15, 0.26).should_prune()


def test_racing_waits_for_enough_complete_trials():
    study = study_with(RacingPruner(n_startup_trials=4), GOOD)
    assert not reported(study, -9.0).should_prune()


def test_racing_stops_at_nan():
    assert reported(study_with(RacingPruner(), GOOD[:1]), math.nan).should_prune()


def test_racing_does_not_judge_a_trial_that_is_through():
    assert not reported(study_with(RacingPruner(), GOOD), 0.1, 0.1, 0.1, 0.1).should_prune()


def test_a_larger_alpha_stops_more():
    rng = np.random.default_rng(0)
    curves = 0.8 + 0.03 * rng.normal(size=(6, 5))

    def n_stopped(alpha):
        study = study_with(RacingPruner(alpha=alpha), curves)
        return sum(
            reported(
                study, *(level + 0.03 * np.random.default_rng(i).normal(size=2))
            ).should_prune()
            for i, level in enumerate(np.linspace(0.7, 0.85, 60))
        )

    counts = [n_stopped(alpha) for alpha in (0.001, 0.05, 0.3)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


@pytest.mark.parametrize("n_folds", [1, 2, 5])
@pytest.mark.parametrize("pruner", [RacingPruner(), MedianPruner(), NopPruner()])
def test_a_fold_order_is_a_permutation(pruner, n_folds):
    for number in range(12):
        assert sorted(pruner.fold_order(number, n_folds)) == list(range(n_folds))


def test_racing_starts_at_another_fold_each_time():
    starts = [RacingPruner().fold_order(number, 5)[0] for number in range(5)]
    assert sorted(starts) == [0, 1, 2, 3, 4]


def test_the_pruner_that_never_prunes():
    assert not reported(study_with(NopPruner(), GOOD), math.nan).should_prune()


def test_a_pruner_of_ones_own_needs_one_method():
    class After(BasePruner):
        def prune(self, study, trial):
            return trial.last_step == 2

    study = skhpo.create_study(pruner=After(), sampler=RandomSampler(seed=0))

    def objective(trial):
        for step in range(10):
            trial.report(1.0, step)
            if trial.should_prune():
                raise skhpo.TrialPruned
        return 1.0

    study.optimize(objective, n_trials=3)
    assert {trial.state for trial in study.trials} == {TrialState.PRUNED}
    assert {trial.last_step for trial in study.trials} == {2}


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize(
    ("best", "own", "said"),
    [
        ({1: 1.0}, {1: 1.0, 2: 2.0}, r"steps that the best trial \(0\) did not report"),
        ({1: math.nan}, {1: 1.0}, "Trial 0 reported infinity or NaN"),
        ({1: math.inf}, {1: 1.0}, "Trial 0 reported infinity or NaN"),
        ({1: 1.0}, {1: math.nan}, "Trial 1 reported infinity or NaN"),
        ({1: 1.0}, {1: -math.inf}, "Trial 1 reported infinity or NaN"),
        ({}, {1: 1.0}, "The best trial has no reports"),
    ],
)
def test_wilcoxon_says_why_it_cannot_compare(direction, best, own, said):
    study = skhpo.create_study(direction=direction, pruner=skhpo.pruners.WilcoxonPruner())
    study.add_trial(create_trial(value=0.0, intermediate_values=best))
    trial = study.ask()
    for step, value in own.items():
        trial.report(value, step)
    with pytest.warns(UserWarning, match=said):
        assert not trial.should_prune()


def test_wilcoxon_counts_the_steps_that_both_trials_have():
    study = skhpo.create_study(pruner=skhpo.pruners.WilcoxonPruner())
    study.add_trial(create_trial(value=0.0, intermediate_values=dict.fromkeys(range(6), 0.0)))
    trial = study.ask()
    for step in range(10):
        trial.report(1.0 + step, step)
    with pytest.warns(UserWarning, match="the test ignores them"):
        assert trial.should_prune()
