"""What a wrapper wraps behaves as it does alone."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo.pruners import (
    HyperbandPruner,
    MedianPruner,
    PatientPruner,
    PercentilePruner,
    RacingPruner,
    SuccessiveHalvingPruner,
    ThresholdPruner,
    WilcoxonPruner,
    WrappingPruner,
)
from skhpo.samplers import RandomSampler
from skhpo.search.fidelity._resource import Resource, pruner_on

X, y = make_classification(120, n_features=6, random_state=0)


class Plain(WrappingPruner):
    """A user's wrapper that adds nothing."""

    def prune(self, study, trial):
        return self.wrapped_pruner.prune(study, trial)


def outcome(pruner, **arguments):
    search = skhpo.RandomSearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": range(1, 40), "min_samples_leaf": range(1, 40)},
        n_iter=10,
        cv=5 if not arguments else 2,
        pruner=pruner,
        sampler=RandomSampler(),
        random_state=0,
        refit=False,
        **arguments,
    ).fit(X, y)
    return [(t.params, t.state, list(t.intermediate_values.items())) for t in search.study_.trials]


@pytest.mark.parametrize(
    "make",
    [
        RacingPruner,
        WilcoxonPruner,
        MedianPruner,
        lambda: PercentilePruner(25.0),
        SuccessiveHalvingPruner,
        lambda: ThresholdPruner(lower=0.7),
    ],
)
def test_between_folds_a_wrapped_pruner_stops_what_it_stops_alone(make):
    alone = outcome(make())
    assert outcome(Plain(make())) == alone
    assert outcome(Plain(Plain(make()))) == alone


@pytest.mark.parametrize(
    "make", [HyperbandPruner, lambda: SuccessiveHalvingPruner(reduction_factor=2), MedianPruner]
)
def test_along_a_resource_a_wrapped_pruner_stops_what_it_stops_alone(make):
    alone = outcome(make(), resource="n_samples")
    assert outcome(Plain(make()), resource="n_samples") == alone


def test_a_patient_racing_pruner_is_given_single_folds_in_its_own_order():
    bare, patient = outcome(RacingPruner()), outcome(PatientPruner(RacingPruner(), patience=0))
    for (_, _, alone), (_, _, wrapped) in zip(bare, patient, strict=True):
        shared = min(len(alone), len(wrapped))
        assert wrapped[:shared] == alone[:shared]


def test_a_patient_hyperband_pruner_has_the_rungs_of_the_resource():
    given = PatientPruner(HyperbandPruner(), patience=1)
    pruner = pruner_on(Resource("n_samples", (10, 30, 90), 0), given)
    assert (pruner.wrapped_pruner.min_resource, pruner.wrapped_pruner.max_resource) == (10, 90)
    assert [pruner.least_resource(n) for n in range(9)] == [
        pruner.wrapped_pruner.least_resource(n) for n in range(9)
    ]
    assert given.wrapped_pruner.min_resource == 1


def test_a_wrapped_pruner_that_compares_folds_is_refused_along_a_resource():
    with pytest.raises(ValueError, match="compares folds"):
        outcome(PatientPruner(RacingPruner(), patience=1), resource="n_samples")


def test_patience_with_single_folds_is_with_their_mean_so_far():
    study = skhpo.create_study(direction="maximize")
    trial = skhpo.trial.create_trial(
        state=skhpo.trial.TrialState.RUNNING, intermediate_values={3: 0.9, 4: 0.7, 0: 0.8, 1: 0.79}
    )

    class AlwaysStops(RacingPruner):
        def prune(self, study, trial):
            return True

    assert PatientPruner(AlwaysStops(), patience=1).prune(study, trial)
    assert not PatientPruner(AlwaysStops(), patience=1, min_delta=0.2).prune(study, trial)


def test_a_frozen_wrapper_judges_by_the_frozen_pruner_inside():
    study = skhpo.create_study(direction="maximize", pruner=Plain(RacingPruner()))
    rng = np.random.default_rng(0)

    def objective(trial):
        scores = 0.8 + 0.01 * rng.normal(size=5)
        for fold, score in enumerate(scores):
            trial.report(score, fold)
        return scores.mean()

    study.optimize(objective, n_trials=2)
    judge = study.pruner.freeze(study)
    study.optimize(objective, n_trials=10)
    bad = skhpo.trial.create_trial(
        state=skhpo.trial.TrialState.RUNNING, intermediate_values={0: 0.1}
    )
    assert not judge(bad)
    assert study.pruner.freeze(study)(bad)
