"""Records of trials: set by hand, judged, and suggested from."""

import copy
import pickle
from datetime import datetime

import pytest

import skhpo
from skhpo.distributions import FloatDistribution
from skhpo.samplers import BaseSampler
from skhpo.trial import FixedTrial, TrialState, create_trial


def test_a_records_value_can_be_set():
    trial = create_trial(value=1.0)
    trial.value = 2.0
    assert trial.values == [2.0]
    trial.value = None
    assert trial.values is None
    trial.values = (1.0, 2.0)
    assert trial.values == [1.0, 2.0]
    with pytest.raises(RuntimeError, match="several values"):
        trial.value = 3.0


def test_records_are_equal_after_a_copy_and_a_pickle_until_a_value_is_set():
    trial = create_trial(value=1.0)
    copies = [copy.copy(trial), copy.deepcopy(trial), pickle.loads(pickle.dumps(trial))]
    assert all(one == trial for one in copies)
    for one in copies:
        one.value = 2.0
        assert one != trial
    assert trial.value == 1.0


def test_a_record_is_not_ordered_among_other_things():
    with pytest.raises(TypeError):
        sorted([create_trial(value=1.0), 1])


def test_records_are_ordered_by_number():
    study = skhpo.create_study()
    study.optimize(lambda trial: 0.0, n_trials=2)
    first, second = study.trials
    assert first < second
    assert first <= second
    assert first <= first
    assert not second <= first


def test_a_trial_knows_its_storage():
    study = skhpo.create_study()
    assert study.ask().storage is study.storage


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": None}, "needs a value"),
        ({"value": float("nan")}, "NaN"),
        ({"state": TrialState.FAIL}, "has no value"),
        ({"datetime_start": None}, "datetime_start"),
        ({"datetime_complete": None}, "datetime_complete"),
        ({"state": TrialState.RUNNING}, "datetime_complete"),
        ({"params": {"x": 0.5}}, "same names"),
        (
            {"params": {"x": 2.0}, "distributions": {"x": FloatDistribution(0, 1)}},
            "lies outside",
        ),
    ],
)
def test_a_record_that_contradicts_itself_is_not_added(changes, message):
    trial = create_trial(value=1.0)
    for field, value in changes.items():
        setattr(trial, field, value)
    study = skhpo.create_study()
    with pytest.raises(ValueError, match=message):
        study.add_trial(trial)
    assert study.trials == []


def test_the_start_of_a_trial_that_waits_is_open():
    trial = create_trial(state=TrialState.WAITING)
    trial.datetime_start = datetime.now()
    study = skhpo.create_study()
    study.add_trial(trial)
    assert study.ask().number == 0


@pytest.mark.parametrize("trial", [FixedTrial({}), create_trial(value=0)], ids=["fixed", "frozen"])
def test_the_first_value_of_a_constraint_stays(trial):
    trial.set_constraint("c", 1.0)
    trial.set_constraint("c", 2.0)
    assert trial.constraints == {"c": 1.0}


def test_constraints_that_are_kept_as_a_list_have_their_positions_as_names():
    trial = create_trial(value=0, system_attrs={"constraints": [1.5, -0.5]})
    assert trial.constraints == {"0": 1.5, "1": -0.5}


@pytest.mark.parametrize(
    "make",
    [lambda: skhpo.create_study().ask(), lambda: FixedTrial({"x": (1,)})],
    ids=["live", "fixed"],
)
def test_choices_that_no_database_keeps_are_warned_of(make):
    with pytest.warns(UserWarning, match="of type tuple"):
        assert make().suggest_categorical("x", [(1,)]) == (1,)


def test_each_study_warns_of_a_step_that_does_not_divide_the_range():
    for _ in range(2):
        with pytest.warns(UserWarning, match="does not divide"):
            skhpo.create_study().ask().suggest_int("n", 0, 7, step=2)


class Relative(BaseSampler):
    """Draws 5.5 for ``drawn``, and names x alone; draws 1.0 for what is left."""

    def __init__(self, drawn):
        self.drawn = drawn

    def infer_relative_search_space(self, study, trial):
        return {"x": FloatDistribution(5, 6)}

    def sample_relative(self, study, trial, search_space):
        return {self.drawn: 5.5}

    def sample_independent(self, study, trial, param_name, param_distribution):
        return 1.0


def test_a_parameter_whose_range_has_moved_away_is_drawn_by_itself():
    study = skhpo.create_study(sampler=Relative("x"))
    assert study.ask().suggest_float("x", 0, 10) == 5.5
    assert study.ask().suggest_float("x", 0, 2) == 1.0


def test_a_relative_value_of_another_kind_is_an_error():
    study = skhpo.create_study(sampler=Relative("x"))
    with pytest.raises(ValueError, match="kind"):
        study.ask().suggest_int("x", 0, 10)


def test_a_relative_value_that_the_space_does_not_name_is_an_error():
    study = skhpo.create_study(sampler=Relative("z"))
    with pytest.raises(ValueError, match="'z'"):
        study.ask().suggest_float("z", 0, 10)
