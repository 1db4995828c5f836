"""Storages answer single questions by the names and with the errors of Optuna's storages."""

import pytest

import skhpo
from skhpo.distributions import CategoricalDistribution
from skhpo.exceptions import UpdateFinishedTrialError
from skhpo.study import StudyDirection
from skhpo.trial import TrialState, create_trial

RUNNING, COMPLETE, FAIL = TrialState.RUNNING, TrialState.COMPLETE, TrialState.FAIL
KIND = CategoricalDistribution(["a", "b", "c"])


@pytest.fixture
def study_id(storage):
    """A study of three complete trials, a failed one and one that runs."""
    study_id = storage.create_new_study([StudyDirection.MAXIMIZE], "named")
    for value, kind in ((1.0, "a"), (3.0, "c"), (2.0, "b")):
        storage.create_new_trial(
            study_id,
            create_trial(
                value=value,
                params={"kind": kind},
                distributions={"kind": KIND},
                user_attrs={"by": "me"},
                system_attrs={"by": "us"},
            ),
        )
    storage.create_new_trial(study_id, create_trial(state=FAIL))
    storage.create_new_trial(study_id)
    return study_id


def test_a_study_is_read_part_by_part(storage, study_id):
    storage.set_study_user_attr(study_id, "owner", "me")
    storage.set_study_system_attr(study_id, "note", [1])
    assert storage.get_study_name_from_id(study_id) == "named"
    [direction] = storage.get_study_directions(study_id)
    assert direction is StudyDirection.MAXIMIZE
    assert storage.get_study_user_attrs(study_id) == {"owner": "me"}
    assert storage.get_study_system_attrs(study_id) == {"note": [1]}


def test_a_trial_is_read_part_by_part(storage, study_id):
    trial_id = storage.get_trial_id_from_study_id_trial_number(study_id, 1)
    assert storage.get_trial_number_from_id(trial_id) == 1
    assert storage.get_trial_param(trial_id, "kind") == 2.0
    assert storage.get_trial_params(trial_id) == {"kind": "c"}
    assert storage.get_trial_user_attrs(trial_id) == {"by": "me"}
    assert storage.get_trial_system_attrs(trial_id) == {"by": "us"}


def test_a_part_that_is_changed_leaves_the_record_as_it_is(storage, study_id):
    trial_id = storage.get_trial_id_from_study_id_trial_number(study_id, 1)
    storage.get_trial_params(trial_id)["kind"] = "a"
    storage.get_trial_user_attrs(trial_id).clear()
    storage.get_study_user_attrs(study_id)["new"] = 1
    assert storage.get_trial_params(trial_id) == {"kind": "c"}
    assert storage.get_trial_user_attrs(trial_id) == {"by": "me"}
    assert storage.get_study_user_attrs(study_id) == {}


@pytest.mark.parametrize(
    ("state", "number"),
    [(None, 5), (COMPLETE, 3), ((RUNNING, FAIL), 2), ((), 0), (TrialState.WAITING, 0)],
)
def test_trials_are_counted_by_state(storage, study_id, state, number):
    assert storage.get_n_trials(study_id, state) == number
    assert storage.get_n_trials(study_id, state=state) == number


def test_trials_are_listed_by_state(storage, study_id):
    numbers = [t.number for t in storage.get_all_trials(study_id, states=(FAIL, RUNNING))]
    assert numbers == [3, 4]
    assert storage.get_all_trials(study_id, states=()) == []


def test_trials_are_copies_unless_asked_otherwise(storage, study_id):
    storage.get_all_trials(study_id)[0].params["kind"] = "b"
    assert storage.get_all_trials(study_id)[0].params == {"kind": "a"}
    once, twice = (storage.get_all_trials(study_id, deepcopy=False)[0] for _ in range(2))
    assert once is twice


@pytest.mark.parametrize(
    ("direction", "number"), [(StudyDirection.MINIMIZE, 0), (StudyDirection.MAXIMIZE, 1)]
)
def test_the_best_trial_is_that_of_the_direction(storage, direction, number):
    study_id = storage.create_new_study([direction])
    for value in (1.0, 3.0, 3.0, 1.0):
        storage.create_new_trial(study_id, create_trial(value=value))
    assert storage.get_best_trial(study_id).number == number


def test_there_is_no_best_trial_before_one_is_complete(storage):
    study_id = storage.create_new_study([StudyDirection.MINIMIZE])
    storage.create_new_trial(study_id)
    with pytest.raises(ValueError, match="No trial is complete"):
        storage.get_best_trial(study_id)


def test_several_objectives_have_no_single_best_trial(storage):
    study_id = storage.create_new_study([StudyDirection.MINIMIZE] * 2)
    storage.create_new_trial(study_id, create_trial(values=[1.0, 2.0]))
    with pytest.raises(RuntimeError, match="several objectives"):
        storage.get_best_trial(study_id)


def test_only_a_state_of_a_finished_trial_forbids_a_change(storage, study_id):
    trial_id = storage.get_trial_id_from_study_id_trial_number(study_id, 3)
    storage.check_trial_is_updatable(trial_id, RUNNING)
    with pytest.raises(UpdateFinishedTrialError, match="Trial 3 is FAIL"):
        storage.check_trial_is_updatable(trial_id, FAIL)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("get_study_name_from_id", ()),
        ("get_study_directions", ()),
        ("get_study_user_attrs", ()),
        ("get_study_system_attrs", ()),
        ("get_best_trial", ()),
        ("get_n_trials", ()),
        ("get_trial_id_from_study_id_trial_number", (0,)),
        ("get_trial_number_from_id", ()),
        ("get_trial_param", ("kind",)),
        ("get_trial_params", ()),
        ("get_trial_user_attrs", ()),
        ("get_trial_system_attrs", ()),
    ],
)
def test_what_is_unknown_is_a_key_error(storage, study_id, method, arguments):
    with pytest.raises(KeyError):
        getattr(storage, method)(99_999, *arguments)


def test_an_unknown_parameter_is_a_key_error(storage, study_id):
    trial_id = storage.get_trial_id_from_study_id_trial_number(study_id, 0)
    with pytest.raises(KeyError):
        storage.get_trial_param(trial_id, "nothing")


def test_a_storage_goes_on_after_its_session_was_removed(storage, study_id):
    storage.remove_session()
    assert storage.get_n_trials(study_id) == 5


def test_a_database_hands_out_its_engine(sqlite_url):
    storage = skhpo.storages.RDBStorage(sqlite_url)
    storage.create_new_study([1], "named")
    with storage.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT study_name FROM studies").all()
    assert [tuple(row) for row in rows] == [("named",)]


def test_storages_have_every_public_method_of_optunas():
    optuna = pytest.importorskip("optuna", minversion="5.0")
    for name in ("BaseStorage", "InMemoryStorage", "RDBStorage"):
        theirs, ours = (getattr(m.storages, name) for m in (optuna, skhpo))
        upkeep = {"upgrade", "get_current_version", "get_head_version", "get_all_versions"}
        missing = {n for n in dir(theirs) if not n.startswith("_")} - set(dir(ours)) - upkeep
        assert missing - {"get_failed_trial_callback"} == set()
