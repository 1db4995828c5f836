"""Callbacks: studies and searches end when they should."""

import pickle

import numpy as np
import pytest
from scipy.stats import randint, uniform
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo.samplers import RandomSampler
from skhpo.study import MaxTrialsCallback, NoImprovementCallback
from skhpo.trial import TrialState


def run(outcomes, callback, **settings):
    """Run a study whose trials end with the given outcomes; return how many were run."""
    study = skhpo.create_study(sampler=RandomSampler(seed=0), **settings)

    def objective(trial):
        outcome = outcomes[trial.number]
        if isinstance(outcome, type):
            raise outcome
        return outcome

    study.optimize(objective, n_trials=len(outcomes), callbacks=[callback], catch=ZeroDivisionError)
    return len(study.trials)


PRUNED, FAILED = skhpo.TrialPruned, ZeroDivisionError
MIXED = [PRUNED, 1.0, FAILED] * 10


@pytest.mark.parametrize(
    ("states", "n_run"),
    [
        ((TrialState.COMPLETE,), 11),
        ((TrialState.PRUNED,), 10),
        ((TrialState.PRUNED, TrialState.FAIL), 6),
        (None, 4),
    ],
)
def test_a_study_ends_after_so_many_trials_in_some_states(states, n_run):
    assert run(MIXED, MaxTrialsCallback(4, states=states)) == n_run


def test_complete_trials_are_counted_by_default():
    assert run(MIXED, MaxTrialsCallback(4)) == 11


def test_trials_of_earlier_runs_count():
    study = skhpo.create_study()
    for n_expected in (7, 8):  # a run that starts at the limit ends after its first trial
        study.optimize(lambda trial: 1.0, callbacks=[MaxTrialsCallback(7)])
        assert len(study.trials) == n_expected


def test_threads_end_after_the_trials_under_way():
    study = skhpo.create_study()
    study.optimize(lambda trial: 1.0, n_jobs=3, callbacks=[MaxTrialsCallback(10)])
    assert 10 <= len(study.trials) <= 12


@pytest.mark.parametrize(
    ("values", "n_run"),
    [
        ([5, 4, 3, 3, 3, 3, 3, 3], 6),  # equal is no better
        ([5, 6, 4, 6, 6, 3, 9, 9, 9, 9], 9),
        ([5, 6, 6, 6, 0, 0], 4),
        ([9, 8, 7, 6, 5, 4, 3, 2], 8),
        ([5, FAILED, PRUNED, FAILED, 1], 4),  # they found nothing
        ([FAILED, PRUNED, FAILED, FAILED, 3, 4, 4, 4, 4], 8),  # nothing to improve on before
    ],
)
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_a_study_ends_when_the_last_trials_found_nothing_better(values, n_run, direction):
    if direction == "maximize":
        values = [-value if isinstance(value, int) else value for value in values]
    assert run(values, NoImprovementCallback(patience=3), direction=direction) == n_run


def test_an_improvement_must_exceed_the_least_one():
    slow = [10 - 0.1 * i for i in range(50)]
    assert run(slow, NoImprovementCallback(patience=5, min_delta=0.05)) == 50
    assert run(slow, NoImprovementCallback(patience=5, min_delta=0.51)) == 6
    assert run(slow, NoImprovementCallback(patience=5, min_delta=0.49)) == 50


def test_a_trial_that_breaks_a_constraint_is_no_improvement():
    study = skhpo.create_study()

    def objective(trial):
        trial.set_constraint("c", -1.0 if trial.number == 0 else 1.0)
        return -float(trial.number)

    study.optimize(objective, n_trials=50, callbacks=[NoImprovementCallback(patience=4)])
    assert len(study.trials) == 5


def test_with_several_objectives_the_dominated_volume_must_grow():
    points = [(1, 3), (3, 1), (2, 2.5), (4, 4), (3, 3), (3, 1), (0, 0), (5, 5)]
    two = {"directions": ["minimize", "minimize"]}
    assert run(points, NoImprovementCallback(patience=3), **two) == 6
    assert run(points, NoImprovementCallback(patience=4), **two) == 8
    one_of_each = [(a, -b) for a, b in points]
    mixed = {"directions": ["minimize", "maximize"]}
    assert run(one_of_each, NoImprovementCallback(patience=3), **mixed) == 6


def test_trials_of_an_earlier_run_are_improved_on():
    study = skhpo.create_study()
    study.optimize(lambda trial: 0.0, n_trials=1)
    study.optimize(lambda trial: 1.0, n_trials=50, callbacks=[NoImprovementCallback(patience=4)])
    assert len(study.trials) == 5


@pytest.mark.parametrize(
    ("callback", "n_candidates"),
    [(MaxTrialsCallback(7), 7), (NoImprovementCallback(patience=9), range(10, 40))],
)
def test_a_search_ends_by_a_callback(callback, n_candidates):
    X, y = make_classification(100, random_state=0)
    search = skhpo.TPESearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": randint(1, 20), "ccp_alpha": uniform(0.0, 0.1)},
        n_iter=100,
        pruner=None,
        callbacks=[callback],
        pre_dispatch=1,
        random_state=0,
    ).fit(X, y)
    n = len(search.cv_results_["params"])
    assert n == n_candidates if isinstance(n_candidates, int) else n in n_candidates
    best = np.maximum.accumulate(search.cv_results_["mean_test_score"])
    if isinstance(callback, NoImprovementCallback):
        assert best[-1] == best[-callback.patience - 1]


@pytest.mark.parametrize(
    "callback", [MaxTrialsCallback(3), NoImprovementCallback(patience=2, min_delta=0.5)]
)
def test_callbacks_can_be_pickled(callback):
    assert vars(pickle.loads(pickle.dumps(callback))) == vars(callback)


@pytest.mark.parametrize(
    ("Callback", "settings"),
    [
        (MaxTrialsCallback, {"n_trials": 0}),
        (NoImprovementCallback, {"patience": 0}),
        (NoImprovementCallback, {"min_delta": -1.0, "patience": 1}),
        (NoImprovementCallback, {"min_delta": np.nan, "patience": 1}),
    ],
)
def test_bad_arguments_are_named(Callback, settings):
    name, value = next(iter(settings.items()))
    with pytest.raises(ValueError, match=f"`{name}` must be . or more; got {value}"):
        Callback(**settings)
