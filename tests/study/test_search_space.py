"""The common search space of trials, against the definition and against Optuna."""

import copy
import pickle

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import skhpo
from skhpo.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from skhpo.search_space import IntersectionSearchSpace, intersection_search_space
from skhpo.trial import TrialState, create_trial

DISTRIBUTIONS = {
    "x": [FloatDistribution(0, 1), FloatDistribution(0, 2)],
    "k": [IntDistribution(0, 9), IntDistribution(0, 9, step=3)],
    "c": [CategoricalDistribution(["a", "b"])],
}
VALUES = {"x": 0.5, "k": 3, "c": "b"}


@st.composite
def records(draw):
    names = draw(st.lists(st.sampled_from(sorted(DISTRIBUTIONS)), unique=True))
    state = draw(st.sampled_from([s for s in TrialState if s != TrialState.WAITING]))
    return create_trial(
        state=state,
        value=1.0 if state == TrialState.COMPLETE else None,
        params={name: VALUES[name] for name in names},
        distributions={name: draw(st.sampled_from(DISTRIBUTIONS[name])) for name in names},
    )


def optuna_twin(trial):
    return optuna.trial.create_trial(
        state=optuna.trial.TrialState[trial.state.name],
        value=trial.value,
        params=trial.params,
        distributions={
            name: getattr(optuna.distributions, type(d).__name__)(**d._asdict())
            for name, d in trial.distributions.items()
        },
    )


@settings(deadline=None)
@given(st.lists(records(), max_size=6), st.booleans())
def test_the_common_space_is_that_of_optuna(trials, include_pruned):
    expected = optuna.search_space.intersection_search_space(
        [optuna_twin(trial) for trial in trials], include_pruned
    )
    got = intersection_search_space(trials, include_pruned)
    assert list(got) == list(expected)
    assert {name: (type(d).__name__, d._asdict()) for name, d in got.items()} == {
        name: (type(d).__name__, d._asdict()) for name, d in expected.items()
    }


@settings(deadline=None)
@given(st.lists(records(), max_size=8), st.booleans())
def test_kept_up_to_date_it_is_the_same(trials, include_pruned):
    study = skhpo.create_study()
    space = IntersectionSearchSpace(include_pruned)
    for trial in trials:
        study.add_trial(trial)
        assert space.calculate(study) == intersection_search_space(study.trials, include_pruned)


def test_trials_may_end_in_any_order():
    study = skhpo.create_study()
    space = IntersectionSearchSpace()
    first, second = study.ask(), study.ask()
    second.suggest_float("x", 0, 1)
    second.suggest_float("y", 0, 1)
    study.tell(second, 1.0)
    assert list(space.calculate(study)) == ["x", "y"]
    first.suggest_float("x", 0, 1)
    study.tell(first, 1.0)
    assert list(space.calculate(study)) == ["x"]


def test_what_is_returned_may_be_changed():
    study = skhpo.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    space = IntersectionSearchSpace()
    space.calculate(study).clear()
    assert list(space.calculate(study)) == ["x"]
    intersection_search_space(study.get_trials(deepcopy=False)[:1]).clear()
    assert list(study.trials[0].distributions) == ["x"]


def test_an_empty_study_has_an_empty_space():
    assert IntersectionSearchSpace().calculate(skhpo.create_study()) == {}
    assert intersection_search_space([]) == {}


@pytest.mark.parametrize("copy_of", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_goes_on(copy_of):
    study = skhpo.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    space = IntersectionSearchSpace()
    assert (
        copy_of(space).calculate(study) == space.calculate(study) == copy_of(space).calculate(study)
    )


def test_another_study_is_refused():
    space = IntersectionSearchSpace()
    space.calculate(skhpo.create_study(study_name="first"))
    with pytest.raises(ValueError, match="'first', but got 'second'"):
        space.calculate(skhpo.create_study(study_name="second"))
