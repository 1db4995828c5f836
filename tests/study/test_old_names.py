"""Names that Optuna has given up, and that public code still uses."""

import json

import pytest

import skhpo
from skhpo import distributions as d
from skhpo.trial import FixedTrial

optuna = pytest.importorskip("optuna")

OLD_SUGGESTIONS = [
    ("suggest_uniform", (0.0, 1.0), d.FloatDistribution(0.0, 1.0)),
    ("suggest_loguniform", (0.1, 1.0), d.FloatDistribution(0.1, 1.0, log=True)),
    ("suggest_discrete_uniform", (0.0, 1.0, 0.5), d.FloatDistribution(0.0, 1.0, step=0.5)),
]
OLD_DISTRIBUTIONS = [
    ("UniformDistribution", (0.0, 1.0), d.FloatDistribution(0.0, 1.0)),
    ("LogUniformDistribution", (0.1, 1.0), d.FloatDistribution(0.1, 1.0, log=True)),
    ("DiscreteUniformDistribution", (0.0, 1.0, 0.5), d.FloatDistribution(0.0, 1.0, step=0.5)),
    ("IntUniformDistribution", (0, 8, 2), d.IntDistribution(0, 8, step=2)),
    ("IntLogUniformDistribution", (1, 8), d.IntDistribution(1, 8, log=True)),
]


def trials_of_each_kind():
    study = skhpo.create_study()
    study.enqueue_trial({"x": 0.5})
    frozen = skhpo.create_trial(
        value=0, params={"x": 0.5}, distributions={"x": d.FloatDistribution(0, 1)}
    )
    return [study.ask(), FixedTrial({"x": 0.5}), frozen]


@pytest.mark.parametrize("which", range(3), ids=["Trial", "FixedTrial", "FrozenTrial"])
@pytest.mark.parametrize(("name", "args", "distribution"), OLD_SUGGESTIONS)
def test_an_old_way_to_suggest_works_and_names_the_new_one(which, name, args, distribution):
    trial = trials_of_each_kind()[which]
    if which == 2:
        trial.distributions["x"] = distribution
    with pytest.warns(FutureWarning, match="use `suggest_float"):
        assert getattr(trial, name)("x", *args) == 0.5
    assert trial.distributions == {"x": distribution}


@pytest.mark.parametrize(("name", "args", "distribution"), OLD_DISTRIBUTIONS)
def test_an_old_distribution_is_the_new_one_and_names_it(name, args, distribution):
    with pytest.warns(FutureWarning, match="use `(Float|Int)Distribution"):
        old = getattr(d, name)(*args)
    assert old == distribution
    assert type(old) is type(distribution)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(("name", "args", "distribution"), OLD_DISTRIBUTIONS)
def test_json_of_an_old_distribution_is_read_as_the_new_one(name, args, distribution):
    text = optuna.distributions.distribution_to_json(getattr(optuna.distributions, name)(*args))
    assert json.loads(text)["name"] == name
    assert d.json_to_distribution(text) == distribution


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(("name", "args", "distribution"), OLD_DISTRIBUTIONS)
def test_optunas_old_distribution_is_taken_as_ours(name, args, distribution):
    old = getattr(optuna.distributions, name)(*args)
    trial = skhpo.create_study().ask({"x": old})
    assert trial.distributions == {"x": distribution}


@pytest.mark.parametrize(
    ("text", "distribution"),
    [
        ('{"type": "int", "low": 1, "high": 9, "step": 2}', d.IntDistribution(1, 9, step=2)),
        ('{"type": "float", "low": 1, "high": 9, "log": true}', d.FloatDistribution(1, 9, True)),
        ('{"type": "categorical", "choices": ["a"]}', d.CategoricalDistribution(["a"])),
    ],
)
def test_the_short_json_of_distributions_is_read(text, distribution):
    assert d.json_to_distribution(text) == distribution


def test_short_json_of_an_unknown_type_is_an_error():
    with pytest.raises(ValueError, match="FloatDistribution"):
        d.json_to_distribution('{"type": "word", "low": 1}')
