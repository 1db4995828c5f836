"""Samplers learn where trials fail."""

import numpy as np
import pytest

import skhpo
from skhpo.samplers import (
    AutoSampler,
    CmaEsSampler,
    GPSampler,
    NSGAIIISampler,
    NSGAIISampler,
    TPESampler,
)
from skhpo.trial import TrialState

N_TRIALS = 50


def n_failures(sampler, n_objectives=1):
    """How many trials fail in a space of which 80 % fails."""
    study = skhpo.create_study(directions=["minimize"] * n_objectives, sampler=sampler)
    for _ in range(N_TRIALS):
        trial = study.ask()
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        if max(abs(x - 0.75), abs(y - 0.25)) > 0.2236:
            study.tell(trial, state=TrialState.FAIL)
        else:
            values = [(x - 0.7) ** 2 + (y - 0.3) ** 2, (x - 0.8) ** 2 + (y - 0.2) ** 2]
            study.tell(trial, values[:n_objectives])
    return sum(trial.state == TrialState.FAIL for trial in study.trials)


@pytest.mark.parametrize(
    ("make", "n_objectives"),
    [
        (TPESampler, 1),
        (TPESampler, 2),
        (GPSampler, 1),
        (GPSampler, 2),
        (AutoSampler, 1),
        (CmaEsSampler, 1),
        (NSGAIISampler, 1),
        (NSGAIISampler, 2),
        (NSGAIIISampler, 2),
    ],
)
def test_far_fewer_trials_fail_than_at_random(make, n_objectives):
    n_seeds = 1 if make in (GPSampler, AutoSampler) else 5
    counts = [n_failures(make(seed=seed), n_objectives) for seed in range(n_seeds)]
    assert np.median(counts) <= 0.6 * N_TRIALS  # 40 at random


def test_cmaes_starts_where_a_trial_has_not_failed():
    study = skhpo.create_study(sampler=CmaEsSampler(seed=0))
    for _ in range(40):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        y = trial.suggest_float("y", 0, 1)
        if x < 0.8:
            study.tell(trial, state=TrialState.FAIL)
        else:
            study.tell(trial, (x - 0.9) ** 2 + (y - 0.5) ** 2)
    states = [trial.state for trial in study.trials[-10:]]
    assert states.count(TrialState.FAIL) <= 3
