"""Arguments that code written for Optuna gives to samplers."""

import numpy as np
import pytest

import skhpo
from skhpo.samplers import (
    AutoSampler,
    CmaEsSampler,
    GPSampler,
    NSGAIIISampler,
    NSGAIISampler,
    QMCSampler,
    TPESampler,
)
from skhpo.samplers.nsgaii import SBXCrossover, VSBXCrossover
from skhpo.trial import TrialState

WITH_CONSTRAINTS = [TPESampler, GPSampler, NSGAIISampler, NSGAIIISampler]


def outside_the_disc(trial):
    return (1 - trial.params["x"] ** 2 - trial.params["y"] ** 2,)


def objective(trial):
    return trial.suggest_float("x", -3, 3) ** 2 + trial.suggest_float("y", -3, 3) ** 2


@pytest.mark.parametrize("sampler", WITH_CONSTRAINTS)
def test_a_constraint_function_is_kept_with_each_trial_and_decides_on_the_best(sampler):
    study = skhpo.create_study(sampler=sampler(constraints_func=outside_the_disc, seed=0))
    study.optimize(objective, n_trials=25)
    assert [t.constraints for t in study.trials] == [
        {"0": outside_the_disc(t)[0]} for t in study.trials
    ]
    assert study.best_trial.constraints["0"] <= 0
    assert study.best_value >= 1


@pytest.mark.parametrize("sampler", WITH_CONSTRAINTS)
def test_a_constraint_function_steers_as_set_constraint_does(sampler):
    def with_constraint(trial):
        value = objective(trial)
        trial.set_constraint("0", outside_the_disc(trial)[0])
        return value

    by_function = skhpo.create_study(sampler=sampler(constraints_func=outside_the_disc, seed=0))
    by_function.optimize(objective, n_trials=25)
    by_hand = skhpo.create_study(sampler=sampler(seed=0))
    by_hand.optimize(with_constraint, n_trials=25)
    assert [t.params for t in by_function.trials] == [t.params for t in by_hand.trials]


def test_a_constraint_function_is_not_called_for_trials_that_failed():
    called = []

    def constraints(trial):
        called.append(trial.number)
        return [0.0]

    study = skhpo.create_study(sampler=TPESampler(constraints_func=constraints))
    for state in (TrialState.FAIL, TrialState.PRUNED, TrialState.COMPLETE):
        values = 1.0 if state == TrialState.COMPLETE else None
        study.tell(study.ask(), values, state=state)
    assert called == [1, 2]


@pytest.mark.parametrize(
    ("returned", "error"), [([float("nan")], ValueError), (3.0, TypeError), (None, TypeError)]
)
def test_what_no_constraints_are_is_an_error_and_the_trial_is_kept(returned, error):
    study = skhpo.create_study(sampler=TPESampler(constraints_func=lambda trial: returned))
    with pytest.raises(error, match="constraints_func"):
        study.optimize(objective, n_trials=1)
    assert study.trials[0].state == TrialState.COMPLETE


@pytest.mark.parametrize("sampler", [TPESampler, GPSampler, CmaEsSampler, QMCSampler])
def test_an_argument_that_only_concerns_warnings_changes_nothing(sampler):
    studies = []
    for arguments in ({}, {"warn_independent_sampling": False}):
        study = skhpo.create_study(sampler=sampler(seed=0, **arguments))
        study.optimize(objective, n_trials=12)
        studies.append(study)
    assert [t.params for t in studies[0].trials] == [t.params for t in studies[1].trials]


@pytest.mark.parametrize(
    ("sampler", "arguments"),
    [
        (TPESampler, {"consider_prior": False}),
        (TPESampler, {"consider_magic_clip": False}),
        (TPESampler, {"consider_endpoints": True}),
        (TPESampler, {"categorical_distance_func": {"x": abs}}),
        (CmaEsSampler, {"lr_adapt": True}),
        (QMCSampler, {"independent_sampler": TPESampler()}),
        (NSGAIISampler, {"child_generation_strategy": print}),
        (NSGAIIISampler, {"after_trial_strategy": print}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value.__name__,
)
def test_what_a_sampler_cannot_do_is_refused_with_the_reason(sampler, arguments):
    (name,) = arguments
    with pytest.raises(TypeError, match=f"{sampler.__name__} does not support `{name}`: "):
        sampler(**arguments)


@pytest.mark.parametrize("sampler", [*WITH_CONSTRAINTS, CmaEsSampler, QMCSampler])
def test_an_unknown_argument_is_refused_with_the_closest_that_is_known(sampler):
    with pytest.raises(TypeError, match=r"has no argument 'sead'\. Did you mean 'seed'"):
        sampler(sead=1)


def test_hyperopts_parameters_make_a_sampler_that_finds_the_minimum():
    study = skhpo.create_study(sampler=TPESampler(**TPESampler.hyperopt_parameters(), seed=0))
    study.optimize(objective, n_trials=80)
    assert study.best_value < 0.3


def drawn_by(**arguments):
    study = skhpo.create_study(sampler=TPESampler(seed=0, **arguments))
    study.optimize(objective, n_trials=60)
    return np.array([[t.params["x"], t.params["y"]] for t in study.trials[20:]])


def test_gamma_is_asked_how_many_of_the_trials_are_good():
    asked = []

    def gamma(n_trials):
        asked.append(n_trials)
        return max(1, n_trials // 5)

    drawn_by(gamma=gamma, n_startup_trials=10)
    assert asked == list(range(10, 60))


def test_a_heavy_prior_spreads_the_points():
    assert drawn_by(prior_weight=0.01).std() < 0.8 * drawn_by(prior_weight=1000.0).std()


def test_weights_by_age_can_have_the_oldest_trials_ignored():
    """Good trials of old weigh nothing, so points come from around the newest good trial."""

    def newest(n):
        weights = np.zeros(n)
        weights[-1:] = 1.0
        return weights

    sampler = TPESampler(seed=0, weights=newest, n_startup_trials=0, prior_weight=1e-9)
    study = skhpo.create_study(sampler=sampler)
    space = {"x": skhpo.distributions.FloatDistribution(0, 1)}
    for i in range(40):  # the best trials first at 0.1, then as good ones at 0.9
        value = 0.0 if i in (0, 1, 2, 30) else 1.0
        x = 0.1 if i < 3 else 0.9 if i == 30 else 0.5
        study.add_trial(skhpo.create_trial(value=value, params={"x": x}, distributions=space))
    # ceil(0.15 * 40) = 6 are good: the four at 0, and two of those at 0.5, of which 4 is newer
    xs = [study.ask(space).params["x"] for _ in range(10)]
    assert np.median(xs) > 0.6


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"gamma": 0.2}, TypeError),
        ({"weights": [1.0]}, TypeError),
        ({"prior_weight": 0.0}, ValueError),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(arguments, error):
    with pytest.raises(error, match=next(iter(arguments))):
        TPESampler(**arguments)


@pytest.mark.parametrize(
    "arguments", [{"gamma": lambda n: -1}, {"weights": lambda n: np.ones(n + 1)}]
)
def test_functions_that_return_nonsense_are_named(arguments):
    study = skhpo.create_study(sampler=TPESampler(n_startup_trials=0, **arguments))
    with pytest.raises(ValueError, match=f"`{next(iter(arguments))}` must return"):
        study.optimize(objective, n_trials=10)


@pytest.mark.parametrize("sampler", WITH_CONSTRAINTS)
def test_a_constraint_function_is_a_parameter_of_the_sampler(sampler):
    made = sampler(constraints_func=outside_the_disc)
    assert made.get_params()["constraints_func"] is outside_the_disc
    assert "constraints_func=outside_the_disc" in repr(made)


def test_defaults_of_optuna_may_be_written_out():
    assert CmaEsSampler(seed=0, inc_popsize=-1).inc_popsize == -1
    with pytest.raises(ValueError, match="`inc_popsize` must be 1 or more; got -2"):
        CmaEsSampler(inc_popsize=-2)

    def params(sampler):
        study = skhpo.create_study(sampler=sampler)
        study.optimize(
            lambda t: t.suggest_float("x", 0, 1) + t.suggest_float("y", 0, 1), n_trials=30
        )
        return [trial.params for trial in study.trials]

    assert params(CmaEsSampler(seed=0, inc_popsize=-1)) == params(CmaEsSampler(seed=0))
    assert params(TPESampler(seed=0, multivariate=None)) == params(TPESampler(seed=0))
    for kind in (SBXCrossover, VSBXCrossover):
        of_none, of_default = (
            params(NSGAIISampler(seed=0, population_size=5, crossover=crossover))
            for crossover in (kind(eta=None), kind())
        )
        assert of_none == of_default


def test_auto_sampler_takes_a_constraint_function():
    sampler = AutoSampler(seed=0, constraints_func=lambda trial: (0.5 - trial.params["x"],))
    study = skhpo.create_study(sampler=sampler)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=20)
    assert study.trials[0].constraints == {"0": 0.5 - study.trials[0].params["x"]}
    assert study.best_value >= 0.5
