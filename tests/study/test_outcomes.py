"""What an objective may return or raise, and how its trial ends."""

import warnings

import numpy as np
import pandas as pd
import pytest

import skhpo
from skhpo.trial import TrialState

optuna = pytest.importorskip("optuna")


class Scalar:
    """Like a tensor of no axes: ``float()`` and ``item()`` read it."""

    ndim = 0

    def __init__(self, value):
        self.value = value

    def item(self):
        return self.value

    def __float__(self):
        return float(self.value)


class Unreadable:
    def __float__(self):
        raise RuntimeError("this device is away")


class UnreadableSequence(list):
    def __iter__(self):
        raise RuntimeError("this device is away")


@pytest.mark.parametrize("error", [optuna.TrialPruned, skhpo.TrialPruned])
def test_either_librarys_pruned_exception_ends_a_trial_as_pruned(error):
    def objective(trial):
        trial.report(0.5, step=3)
        raise error("no use")

    study = skhpo.create_study()
    study.optimize(objective, n_trials=2)
    assert [t.state for t in study.trials] == [TrialState.PRUNED] * 2
    assert study.trials[0].value == 0.5


def test_a_subclass_of_optunas_pruned_exception_ends_a_trial_as_pruned():
    class Stop(optuna.TrialPruned):
        pass

    def objective(trial):
        raise Stop

    study = skhpo.create_study()
    study.optimize(objective, n_trials=1)
    assert study.trials[0].state == TrialState.PRUNED


def test_an_exception_of_another_package_that_has_the_name_is_an_error():
    namesake = type("TrialPruned", (Exception,), {})

    def objective(trial):
        raise namesake

    study = skhpo.create_study()
    with pytest.raises(namesake):
        study.optimize(objective, n_trials=1)
    assert study.trials[0].state == TrialState.FAIL


ONE_NUMBER = [
    np.array(0.25),
    np.array([0.25]),
    np.array([[0.25]]),
    np.float32(0.25),
    [np.array(0.25)],
    [np.array([0.25])],
    pd.Series([0.25], index=["a"]),
    Scalar(0.25),
    "0.25",
]


@pytest.mark.parametrize("value", ONE_NUMBER)
def test_one_number_is_taken_in_whatever_array_it_comes(value):
    study = skhpo.create_study()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study.optimize(lambda trial: value, n_trials=1)
        study.tell(study.ask(), value)
    assert [t.value for t in study.trials] == [0.25, 0.25]


def test_an_array_of_two_numbers_is_the_values_of_two_objectives():
    study = skhpo.create_study(directions=["minimize", "maximize"])
    study.optimize(lambda trial: np.array([1.0, 2.0]), n_trials=1)
    study.optimize(lambda trial: (np.array(1.0), np.array([2.0])), n_trials=1)
    assert [t.values for t in study.trials] == [[1.0, 2.0], [1.0, 2.0]]


NO_NUMBER = [
    None,
    "a word",
    float("nan"),
    np.array([]),
    np.array([1.0, 2.0]),
    np.array("a word"),
    10**400,
    {},
    {"loss": 1.0},
    object(),
    Unreadable(),
    UnreadableSequence([1.0]),
]


@pytest.mark.parametrize("value", NO_NUMBER, ids=lambda value: type(value).__name__)
def test_a_trial_whose_outcome_cannot_be_read_has_failed(value):
    study = skhpo.create_study()
    with pytest.warns(UserWarning, match="has failed"):
        study.optimize(lambda trial: value, n_trials=1)
    with pytest.warns(UserWarning, match="has failed"):
        study.tell(study.ask(), value)
    assert [t.state for t in study.trials] == [TrialState.FAIL] * 2


def test_scripts_find_studies_under_optunas_module_path():
    from skhpo.study.study import Study, create_study

    assert isinstance(create_study(), Study)
    assert Study is skhpo.Study


def test_a_filter_of_experimental_warnings_works():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=skhpo.exceptions.ExperimentalWarning)
        warnings.warn("new", skhpo.exceptions.ExperimentalWarning, stacklevel=1)
