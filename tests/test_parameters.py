"""Samplers, pruners and settings are made of parameters, as scikit-learn's estimators are."""

import pickle

import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo import Cost, TPESearchCV, one_standard_error, parsimonious, pruners, samplers
from skhpo.boosting import EarlyStopping
from skhpo.samplers import nsgaii
from skhpo.study import MaxTrialsCallback, NoImprovementCallback

X, y = load_iris(return_X_y=True)

MADE = [
    (samplers.AutoSampler(), "AutoSampler()"),
    (samplers.BruteForceSampler(seed=1), "BruteForceSampler(seed=1)"),
    (samplers.CmaEsSampler(popsize=5, seed=3), "CmaEsSampler(seed=3, popsize=5)"),
    (samplers.GPSampler(acquisition="ucb"), "GPSampler(acquisition='ucb')"),
    (samplers.GridSampler({"x": [1, 2]}), "GridSampler(search_space={'x': [1, 2]})"),
    (samplers.NSGAIISampler(population_size=7), "NSGAIISampler(population_size=7)"),
    (
        samplers.NSGAIIISampler(crossover=nsgaii.SBXCrossover(eta=3.0)),
        "NSGAIIISampler(crossover=SBXCrossover(eta=3.0))",
    ),
    (
        samplers.PartialFixedSampler({"x": 1}, samplers.TPESampler()),
        "PartialFixedSampler(fixed_params={'x': 1}, base_sampler=TPESampler())",
    ),
    (samplers.QMCSampler(qmc_type="halton"), "QMCSampler(qmc_type='halton')"),
    (samplers.RandomSampler(3), "RandomSampler(seed=3)"),
    (samplers.TPESampler(n_startup_trials=6), "TPESampler()"),
    (nsgaii.PolynomialMutation(eta=4.0), "PolynomialMutation(eta=4.0)"),
    (nsgaii.UNDXCrossover(), "UNDXCrossover()"),
    (pruners.HyperbandPruner(reduction_factor=2), "HyperbandPruner(reduction_factor=2)"),
    (pruners.MedianPruner(3), "MedianPruner(n_startup_trials=3)"),
    (pruners.NopPruner(), "NopPruner()"),
    (
        pruners.PatientPruner(pruners.RacingPruner(), 2),
        "PatientPruner(wrapped_pruner=RacingPruner(), patience=2)",
    ),
    (pruners.PercentilePruner(25.0), "PercentilePruner(percentile=25.0)"),
    (pruners.RacingPruner(alpha=0.1), "RacingPruner(alpha=0.1)"),
    (
        pruners.SuccessiveHalvingPruner(min_resource=2),
        "SuccessiveHalvingPruner(min_resource=2)",
    ),
    (pruners.ThresholdPruner(upper=2), "ThresholdPruner(upper=2)"),
    (pruners.WilcoxonPruner(p_threshold=0.2), "WilcoxonPruner(p_threshold=0.2)"),
    (EarlyStopping(rounds=20, on="inner"), "EarlyStopping(rounds=20, on='inner')"),
    (
        Cost(DecisionTreeClassifier.get_n_leaves, unit="leaves"),
        "Cost(function=BaseDecisionTree.get_n_leaves, name='get_n_leaves', unit='leaves')",
    ),
    (one_standard_error("model_size"), "one_standard_error('model_size')"),
    (
        parsimonious("n_features", tolerance=0.1, metric="f1"),
        "parsimonious('n_features', tolerance=0.1, metric='f1')",
    ),
    (MaxTrialsCallback(3), "MaxTrialsCallback(n_trials=3)"),
    (NoImprovementCallback(patience=3), "NoImprovementCallback(patience=3)"),
]
by_object = pytest.mark.parametrize(("made", "text"), MADE, ids=[text for _, text in MADE])


@by_object
def test_the_repr_shows_what_differs_from_the_defaults(made, text):
    assert repr(made) == text


@by_object
def test_a_clone_is_another_object_with_the_same_parameters(made, text):
    twin = clone(made, safe=False)
    assert twin is not made
    assert repr(twin) == text
    assert type(made)(**twin.get_params(deep=False)).get_params().keys() == made.get_params().keys()


@by_object
def test_parameters_survive_a_pickle(made, text):
    assert repr(pickle.loads(pickle.dumps(made))) == text


@by_object
def test_every_argument_of_the_constructor_is_a_parameter(made, text):
    assert made.get_params(deep=False).keys() == made.default_params().keys()


def test_every_sampler_and_pruner_is_among_those_tested():
    public = {getattr(room, name) for room in (samplers, pruners) for name in room.__all__}
    concrete = {
        one for one in public if hasattr(one, "default_params") and not one.__abstractmethods__
    }
    assert concrete == {type(made) for made, _ in MADE} & public


def test_a_repr_shows_all_parameters_if_scikit_learn_is_told_to():
    with config_context(print_changed_only=False):
        assert repr(pruners.RacingPruner()) == "RacingPruner(alpha=0.05, n_startup_trials=3)"


def test_long_parameters_are_shown_without_their_middle():
    assert len(repr(samplers.GridSampler({"x": list(range(10_000))}))) < 200


def test_set_params_checks_as_the_constructor_does_and_changes_nothing_if_it_fails():
    pruner = pruners.RacingPruner()
    with pytest.raises(ValueError, match="`alpha` must be above 0"):
        pruner.set_params(n_startup_trials=5, alpha=-1)
    assert repr(pruner) == "RacingPruner()"


def test_set_params_names_the_parameters_there_are():
    with pytest.raises(ValueError, match=r"'alhpa' of RacingPruner.*Did you mean 'alpha'"):
        pruners.RacingPruner().set_params(alhpa=1)


def test_parameters_of_the_parts_of_a_search_are_set_through_it():
    search = TPESearchCV(
        SVC(),
        {"C": [1.0, 2.0]},
        pruner=pruners.PatientPruner(pruners.RacingPruner(), patience=1),
        sampler=samplers.TPESampler(),
        early_stopping=EarlyStopping(),
    )
    search.set_params(
        pruner__wrapped_pruner__alpha=0.1, sampler__n_startup_trials=9, early_stopping__rounds=7
    )
    params = search.get_params()
    assert params["pruner__wrapped_pruner__alpha"] == 0.1
    assert params["sampler__n_startup_trials"] == 9
    assert params["early_stopping__rounds"] == 7
    assert "RacingPruner(alpha=0.1)" in repr(search)
    assert "EarlyStopping(rounds=7)" in search._repr_html_()


def test_a_search_follows_the_parameters_set_through_it():
    search = TPESearchCV(
        SVC(), {"C": [1.0, 2.0, 3.0]}, sampler=samplers.TPESampler(), n_iter=2, cv=2
    )
    search.set_params(sampler__n_startup_trials=9).fit(X, y)
    assert search.study_.sampler.n_startup_trials == 9


def test_clones_of_a_search_draw_differently_if_its_sampler_has_no_seed():
    search = TPESearchCV(SVC(), {"C": [1.0]}, sampler=samplers.RandomSampler())
    draws = {clone(search).sampler.stream(0).random() for _ in range(2)}
    assert len(draws) == 2


class Doubling(samplers.RandomSampler):
    """Keeps no parameter as it was given."""

    def __init__(self, n, hidden):
        super().__init__(seed=0)
        self.n = 2 * n
        self._hidden = hidden


def test_a_clone_of_what_does_not_keep_its_parameters_is_a_copy():
    twin = clone(TPESearchCV(SVC(), {"C": [1.0]}, sampler=Doubling(3, "x"))).sampler
    assert (twin.n, twin._hidden) == (6, "x")
    assert repr(twin) == "Doubling(n=6)"


# -------------------------------------------------------------------------------- shorthands


@pytest.mark.parametrize("name", ["auto", "brute_force", "cmaes", "gp", "nsgaii", "qmc", "tpe"])
def test_a_sampler_may_be_named(name):
    search = TPESearchCV(SVC(), {"C": [1.0, 2.0, 3.0]}, sampler=name, n_iter=2, cv=2).fit(X, y)
    study = skhpo.create_study(sampler=name)
    study.optimize(lambda trial: trial.suggest_int("n", 0, 9), n_trials=2)
    assert type(search.study_.sampler) is type(study.sampler)
    assert type(study.sampler).__name__.lower().startswith(name.replace("_", ""))


@pytest.mark.parametrize("name", ["halving", "hyperband", "median", "nop", "racing", "wilcoxon"])
def test_a_pruner_may_be_named(name):
    search = TPESearchCV(SVC(), {"C": [1.0, 2.0, 3.0]}, pruner=name, n_iter=2, cv=2).fit(X, y)
    study = skhpo.create_study(pruner=name)
    assert type(search.study_.pruner) is type(study.pruner)
    assert name in type(study.pruner).__name__.lower()


@pytest.mark.parametrize(
    ("argument", "value", "match"),
    [
        ("sampler", "gpp", "Did you mean 'gp'"),
        ("sampler", samplers.TPESampler, "It is a class"),
        ("sampler", 3, "one of the names"),
        ("pruner", "medain", "Did you mean 'median'"),
        ("pruner", pruners.MedianPruner, "It is a class"),
    ],
)
def test_a_sampler_or_pruner_that_is_none_is_refused_by_study_and_search(argument, value, match):
    with pytest.raises((TypeError, ValueError), match=match):
        skhpo.create_study(**{argument: value})
    with pytest.raises(ValueError, match=match.replace("one of the names", "must be")):
        TPESearchCV(SVC(), {"C": [1.0]}, **{argument: value}).fit(X, y)


def test_samplers_and_pruners_of_optuna_are_refused_by_a_study():
    import optuna

    with pytest.raises(TypeError, match=r"use skhpo.samplers.TPESampler\."):
        skhpo.create_study(sampler=optuna.samplers.TPESampler())
    with pytest.raises(TypeError, match=r"use skhpo.pruners.MedianPruner\."):
        skhpo.create_study(pruner=optuna.pruners.MedianPruner())
    with pytest.raises(TypeError, match=r"use skhpo.storages.InMemoryStorage\."):
        skhpo.create_study(storage=optuna.storages.InMemoryStorage())


@pytest.mark.parametrize(
    ("callbacks", "match"), [([1], "got 1"), ([MaxTrialsCallback], "It is a class")]
)
def test_a_study_looks_at_callbacks_before_the_first_trial(callbacks, match):
    study = skhpo.create_study()
    with pytest.raises(TypeError, match=match):
        study.optimize(lambda trial: 0.0, n_trials=1, callbacks=callbacks)
    assert study.trials == []


@pytest.mark.parametrize("direction", ["max", "Maximize", "maximise"])
def test_a_misspelt_direction_is_answered(direction):
    with pytest.raises(ValueError, match="Did you mean 'maximize'"):
        skhpo.create_study(direction=direction)
