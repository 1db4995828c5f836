"""The automatic choice is that of its rule, and does as well as what it chooses."""

import copy
import pickle

import numpy as np
import pytest

import skhpo
from skhpo.distributions import FloatDistribution
from skhpo.samplers import AutoSampler, GPSampler, TPESampler
from skhpo.samplers._auto import MAX_TRIALS_OF_GP


def study_of(n_trials, n_params=3, n_objectives=1, conditional=False):
    """A study of random trials."""
    study = skhpo.create_study(directions=["minimize"] * n_objectives)
    rng = np.random.default_rng(0)
    for k in range(n_trials):
        names = [f"x{i}" for i in range(n_params)]
        if conditional and k % 2:
            names = names[:-1]
        params = {name: rng.random() for name in names}
        study.add_trial(
            skhpo.create_trial(
                params=params,
                distributions=dict.fromkeys(names, FloatDistribution(0, 1)),
                values=[
                    sum((x - 0.4) ** 2 for x in params.values()) + j for j in range(n_objectives)
                ],
            )
        )
    return study


@pytest.mark.parametrize(
    ("study", "group", "chosen"),
    [
        (study_of(20), ["x0", "x1", "x2"], GPSampler),
        (study_of(20, n_objectives=2), ["x0", "x1", "x2"], GPSampler),
        (study_of(20, n_objectives=5), ["x0", "x1", "x2"], TPESampler),
        (study_of(20, n_params=40), [f"x{i}" for i in range(40)], TPESampler),
        (study_of(MAX_TRIALS_OF_GP + 1), ["x0", "x1", "x2"], TPESampler),
        (study_of(40, conditional=True), ["x2"], TPESampler),
        (study_of(40, conditional=True), ["x0", "x1"], GPSampler),
    ],
    ids=["flat", "two objectives", "five objectives", "wide", "long", "branch", "root"],
)
def test_the_sampler_suits_the_space_and_the_number_of_trials(study, group, chosen):
    columns = study.history.columns(dict.fromkeys(group, FloatDistribution(0, 1)))
    by_rule = AutoSampler(seed=0).propose(columns, np.random.default_rng(1))
    expected = chosen(seed=0).propose(columns, np.random.default_rng(1))
    np.testing.assert_array_equal(by_rule, expected)


def test_with_several_objectives_the_process_and_tpe_take_turns():
    history = study_of(20, n_objectives=2).history
    space = dict.fromkeys(["x0", "x1", "x2"], FloatDistribution(0, 1))
    for number, turn in ((20, GPSampler), (21, TPESampler)):
        drawn = AutoSampler(seed=0).sample_group(history, number, space)
        assert drawn == turn(seed=0).sample_group(history, number, space)


def test_a_conditional_space_is_searched():
    def objective(trial):
        if trial.suggest_categorical("kind", ["far", "near"]) == "far":
            return 1.0 + trial.suggest_float("a", 0, 1)
        return abs(trial.suggest_float("b", 0, 1) - 0.3)

    study = skhpo.create_study(sampler=AutoSampler(seed=0))
    study.optimize(objective, n_trials=60)
    assert study.best_value < 0.02


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copy_proposes_the_same(duplicate):
    study = study_of(30)
    sampler = AutoSampler(seed=3)
    other = duplicate(sampler)
    space = dict.fromkeys(["x0", "x1", "x2"], FloatDistribution(0, 1))
    assert sampler.sample_group(study.history, 30, space) == other.sample_group(
        study.history, 30, space
    )


def test_the_seed_reaches_what_is_chosen():
    space = dict.fromkeys(["x0", "x1", "x2"], FloatDistribution(0, 1))
    study = study_of(30)
    drawn = [AutoSampler(seed=seed).sample_group(study.history, 30, space)[0] for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_trial_that_fails_before_it_asks_for_anything_does_not_make_the_space_conditional():
    study = study_of(20)
    study.tell(study.ask(), state=skhpo.TrialState.FAIL)
    space = dict.fromkeys(["x0", "x1", "x2"], FloatDistribution(0, 1))
    columns = study.history.columns(space)
    by_rule = AutoSampler(seed=0).propose(columns, np.random.default_rng(1))
    expected = GPSampler(seed=0).propose(columns, np.random.default_rng(1))
    np.testing.assert_array_equal(by_rule, expected)
