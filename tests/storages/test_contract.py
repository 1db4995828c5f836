"""What every storage promises, in memory and in databases alike."""

import copy
import math
import multiprocessing
import os
import pickle
import traceback

import numpy as np
import pytest
from scipy.stats import gamma, poisson
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

import skhpo
from skhpo.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    OrdinalDistribution,
    QuantileDistribution,
)
from skhpo.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from skhpo.storages import InMemoryStorage, JournalStorage, RDBStorage
from skhpo.storages.journal import JournalFileBackend
from skhpo.trial import TrialState, create_trial
from tests.storages.records import plain, typed
from tests.waiting import eventually

RUNNING, WAITING = TrialState.RUNNING, TrialState.WAITING
COMPLETE, PRUNED, FAIL = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL
UNIT = FloatDistribution(0, 1)


def handles(storage):
    """The storage, and what another process would see of it."""
    return [storage] if isinstance(storage, InMemoryStorage) else [storage, again(storage)]


def again(storage):
    if isinstance(storage, JournalStorage):
        return JournalStorage(JournalFileBackend(storage._backend._path))
    return RDBStorage(storage._database.url.render_as_string(hide_password=False))


def next_trial(number, **fields):
    trial = create_trial(state=RUNNING, **fields)
    trial.number = number
    return trial


# ---------------------------------------------------------------------------- studies


def test_a_study_is_found_by_its_name_and_its_id(storage):
    first = storage.create_new_study([1], "first")
    second = storage.create_new_study([2, 1, 2], "second")
    for handle in handles(storage):
        assert handle.get_study_id_from_name("first") == first
        record = handle.get_study(second)
        assert (record.study_id, record.study_name, record.directions) == (
            second, "second", (2, 1, 2),
        )  # fmt: skip
        assert [study.study_name for study in handle.get_all_studies()] == ["first", "second"]


def test_a_study_without_a_name_gets_a_unique_one(storage):
    ids = {storage.create_new_study([1]) for _ in range(5)}
    assert len(ids) == len({storage.get_study(study_id).study_name for study_id in ids}) == 5


def test_a_name_is_taken_once(storage):
    storage.create_new_study([1], "mine")
    for handle in handles(storage):
        with pytest.raises(DuplicatedStudyError, match="'mine'"):
            handle.create_new_study([1], "mine")
    assert len(storage.get_all_studies()) == 1


def test_names_of_any_characters_come_back(storage):
    name = "Größe 'x\"; DROP TABLE studies; -- 深 %s :x \\ 😀"
    study_id = storage.create_new_study([1], name)
    trial_id = storage.create_new_trial(study_id)
    storage.set_trial_param(trial_id, name, 0.5, UNIT)
    storage.set_trial_user_attr(trial_id, name, name)
    storage.set_trial_state_values(trial_id, COMPLETE, [1.0])
    for handle in handles(storage):
        assert handle.get_study(handle.get_study_id_from_name(name)).study_name == name
        [trial] = handle.get_all_trials(study_id)
        assert (trial.params, trial.user_attrs) == ({name: 0.5}, {name: name})


def test_notes_on_a_study_are_kept_and_replaced(storage):
    study_id = storage.create_new_study([1])
    other = storage.create_new_study([1])
    for value in ("old", {"nested": [1, 2.5, None, {"x": True}]}):
        storage.set_study_user_attr(study_id, "note", value)
        storage.set_study_system_attr(study_id, "sys", value)
    for handle in handles(storage):
        record = handle.get_study(study_id)
        assert record.user_attrs == {"note": {"nested": [1, 2.5, None, {"x": True}]}}
        assert record.system_attrs == {"sys": {"nested": [1, 2.5, None, {"x": True}]}}
        assert handle.get_study(other).user_attrs == {}


def test_a_deleted_study_takes_its_trials_with_it_and_no_others(storage):
    gone = storage.create_new_study([1], "gone")
    kept = storage.create_new_study([1], "kept")
    lost = full_trial(storage, gone)
    trial_id = full_trial(storage, kept)
    before = plain(storage.get_trial(trial_id))
    storage.set_study_user_attr(gone, "a", 1)
    storage.delete_study(gone)
    for handle in handles(storage):
        assert [study.study_name for study in handle.get_all_studies()] == ["kept"]
        for question in (handle.get_study, handle.get_all_trials, handle.get_n_trials):
            with pytest.raises(KeyError):
                question(gone)
        with pytest.raises(KeyError):
            handle.get_trial(lost)
        [trial] = handle.get_all_trials(kept)
        assert plain(trial) == before
    new = storage.create_new_study([2], "gone")
    for handle in handles(storage):
        assert handle.get_all_trials(new) == []
        assert handle.get_study(new).user_attrs == {}


def test_a_deleted_study_leaves_no_row_behind(url):
    storage = RDBStorage(url)
    full_trial(storage, study_id := storage.create_new_study([1, 2]))
    storage.set_study_user_attr(study_id, "a", 1)
    storage.set_study_system_attr(study_id, "a", 1)
    trial_id = storage.create_next_trial(study_id, next_trial(1))
    storage.record_heartbeat(trial_id)
    storage.delete_study(study_id)
    from skhpo.storages._tables import metadata

    def count(connection):
        return {
            name: len(connection.execute(table.select()).all())
            for name, table in metadata.tables.items()
            if name not in ("version_info", "alembic_version")
        }

    assert set(storage._database.read(count).values()) == {0}


def test_a_study_made_anew_in_the_place_of_a_deleted_one_shows_none_of_its_trials(url):
    storage, other = RDBStorage(url), RDBStorage(url)
    old = storage.create_new_study([1], "same")
    for _ in range(5):
        full_trial(storage, old)
    assert len(other.get_all_trials(old)) == 5
    storage.delete_study(old)
    new = storage.create_new_study([1], "same")
    storage.set_trial_user_attr(storage.create_new_trial(new), "new", True)
    assert [t.user_attrs for t in other.get_all_trials(new)] == [{"new": True}]
    for _ in range(7):
        full_trial(storage, new)
    assert [plain(t) for t in other.get_all_trials(new)] == [
        plain(t) for t in storage.get_all_trials(new)
    ]


def full_trial(storage, study_id):
    """A complete trial with something in each table."""
    trial_id = storage.create_new_trial(study_id)
    storage.set_trial_param(trial_id, "x", 0.25, UNIT)
    storage.set_trial_intermediate_value(trial_id, 0, 0.5)
    storage.set_trial_user_attr(trial_id, "u", 1)
    storage.set_trial_system_attr(trial_id, "s", 2)
    storage.set_trial_state_values(trial_id, COMPLETE, [1.0])
    return trial_id


# ----------------------------------------------------------------------------- trials


def test_trials_are_numbered_in_their_study(storage):
    one, two = storage.create_new_study([1]), storage.create_new_study([1])
    ids = [storage.create_new_trial(study_id) for study_id in (one, two, one, one, two)]
    assert len(set(ids)) == 5
    for handle in handles(storage):
        assert [t.number for t in handle.get_all_trials(one)] == [0, 1, 2]
        assert [t._trial_id for t in handle.get_all_trials(two)] == [ids[1], ids[4]]
        assert (handle.get_n_trials(one), handle.get_n_trials(two)) == (3, 2)
        assert handle.get_trial_id_from_study_id_trial_number(one, 2) == ids[3]
        assert handle.get_trial(ids[3]).number == 2


@pytest.mark.parametrize(
    ("distribution", "values"),
    [
        (FloatDistribution(-1.5, 2.5), [-1.5, 0.1, 1 / 3, 2.5]),
        (FloatDistribution(1e-300, 1e300, log=True), [1e-300, 1.2345678901234567e-5, 1e300]),
        (FloatDistribution(0, 1, step=0.1), [0.0, 0.1, 0.30000000000000004, 1.0]),
        (IntDistribution(-7, 2**53 - 1), [-7, 0, 2**53 - 1]),
        (IntDistribution(1, 1024, log=True), [1, 37, 1024]),
        (IntDistribution(10, 50, step=10), [10, 50]),
        (CategoricalDistribution([True, False]), [True, False]),
        (CategoricalDistribution([1, 0]), [1, 0]),
        (CategoricalDistribution([1.0, 0.0]), [1.0, 0.0]),
        (CategoricalDistribution(["a", None, 2, 2.0, True, "", "None"]), ["a", None, 2, 2.0, True]),
        (OrdinalDistribution([1, 10, 100]), [1, 10, 100]),
        (OrdinalDistribution([0.1, 0.01]), [0.1, 0.01]),
    ],
)
def test_a_parameter_comes_back_with_its_type_and_its_distribution(storage, distribution, values):
    study_id = storage.create_new_study([1])
    for value in values:
        trial_id = storage.create_new_trial(study_id)
        internal = distribution.to_internal_repr(value)
        storage.set_trial_param(trial_id, "p", internal, distribution)
        storage.set_trial_state_values(trial_id, COMPLETE, [0.0])
    for handle in handles(storage):
        trials = handle.get_all_trials(study_id)
        assert [typed(trial.params["p"]) for trial in trials] == list(map(typed, values))
        for trial in trials:
            assert trial.distributions["p"] == distribution
            assert type(trial.distributions["p"]) is type(distribution)


def test_choices_that_python_holds_to_be_equal_keep_their_types(storage):
    """1 == 1.0 == True, but an objective may well tell them apart."""
    study_id = storage.create_new_study([1])
    lists = [[1, 0], [True, False], [1.0, 0.0], [1, False], [np.int64(1), np.False_]]
    for choices in lists:
        trial_id = storage.create_new_trial(study_id)
        storage.set_trial_param(trial_id, "p", 0.0, CategoricalDistribution(choices))
        storage.set_trial_state_values(trial_id, COMPLETE, [0.0])
    expected = [[1, 0], [True, False], [1.0, 0.0], [1, False]]
    for handle in handles(storage):
        found = [trial.distributions["p"].choices for trial in handle.get_all_trials(study_id)]
        assert [list(map(typed, c)) for c in found[:4]] == [list(map(typed, c)) for c in expected]


def double(x):
    return 2 * x


def test_choices_that_are_no_json_values_are_labels_to_others(storage):
    choices = [(100, 50), LogisticRegression(C=3.0), SVC(), double, len, "l1", None]
    distribution = CategoricalDistribution(choices)
    study_id = storage.create_new_study([1])
    for i in range(len(choices)):
        trial_id = storage.create_new_trial(study_id)
        storage.set_trial_param(trial_id, "p", float(i), distribution)
        storage.set_trial_state_values(trial_id, COMPLETE, [0.0])
    labels = [
        "(100, 50)", "LogisticRegression(C=3.0)", "SVC()", f"{__name__}.double", "builtins.len",
        "l1", None,
    ]  # fmt: skip
    own, *others = handles(storage)
    assert [trial.params["p"] for trial in own.get_all_trials(study_id)] == choices
    for other in others:
        trials = other.get_all_trials(study_id)
        assert [trial.params["p"] for trial in trials] == labels
        assert trials[0].distributions["p"].choices == tuple(labels)


@pytest.mark.parametrize("law", [gamma(2.0), poisson(3)], ids=["float", "int"])
def test_a_parameter_with_a_law_of_scipy_is_a_number_to_others(storage, law):
    distribution = QuantileDistribution(law)
    study_id = storage.create_new_study([1])
    trial_id = storage.create_new_trial(study_id)
    storage.set_trial_param(trial_id, "p", 2.0, distribution)
    storage.set_trial_state_values(trial_id, COMPLETE, [0.0])
    for handle in handles(storage):
        trial = handle.get_trial(trial_id)
        assert trial.params["p"] == 2
        assert isinstance(trial.params["p"], int) == distribution.is_discrete
        assert trial.distributions["p"].low == distribution.low


def test_a_parameter_set_again_is_replaced(storage):
    trial_id = storage.create_new_trial(storage.create_new_study([1]))
    for value in (0.25, 0.75):
        storage.set_trial_param(trial_id, "x", value, UNIT)
    storage.set_trial_state_values(trial_id, COMPLETE, [0.0])
    for handle in handles(storage):
        assert handle.get_trial(trial_id).params == {"x": 0.75}


def test_a_parameter_keeps_its_kind_within_a_study(storage):
    study_id, other = storage.create_new_study([1]), storage.create_new_study([1])
    first, second = storage.create_new_trial(study_id), storage.create_new_trial(study_id)
    colours = CategoricalDistribution(["red", "blue"])
    storage.set_trial_param(first, "x", 1, colours)
    for wrong in (UNIT, CategoricalDistribution(["blue", "red"])):
        with pytest.raises(ValueError, match="cannot change"):
            storage.set_trial_param(second, "x", 0.0, wrong)
    assert storage.get_trial(second).params == {}
    elsewhere = storage.create_new_trial(other)
    storage.set_trial_param(elsewhere, "x", 0.5, UNIT)
    assert storage.get_trial(elsewhere).params == {"x": 0.5}


def test_a_parameter_of_a_template_keeps_its_kind_too(storage):
    study_id = storage.create_new_study([1])
    storage.create_new_trial(
        study_id, create_trial(value=1.0, params={"x": 0.5}, distributions={"x": UNIT})
    )
    trial_id = storage.create_new_trial(study_id)
    with pytest.raises(ValueError, match="cannot change"):
        storage.set_trial_param(trial_id, "x", 1, IntDistribution(0, 3))
    storage.set_trial_param(trial_id, "x", 1.5, FloatDistribution(0, 3))


def test_that_a_trial_has_ended_is_told_before_anything_else(storage):
    trial_id = storage.create_new_trial(storage.create_new_study([1]))
    storage.set_trial_param(trial_id, "x", 0.5, UNIT)
    storage.set_trial_state_values(trial_id, COMPLETE, [0.0])
    with pytest.raises(UpdateFinishedTrialError):
        storage.set_trial_param(trial_id, "x", 0, CategoricalDistribution(["a"]))


def test_one_template_makes_several_trials(storage):
    study_id = storage.create_new_study([1])
    template = create_trial(state=RUNNING, user_attrs={"tags": ["a"]})
    ids = [storage.create_new_trial(study_id, template) for _ in range(3)]
    storage.set_trial_user_attr(ids[0], "tags", ["b"])
    storage.set_trial_state_values(ids[1], COMPLETE, [2.0])
    template.user_attrs["tags"].append("c")
    for handle in handles(storage):
        trials = handle.get_all_trials(study_id)
        assert [t._trial_id for t in trials] == ids
        assert [t.number for t in trials] == [0, 1, 2]
        assert [t.user_attrs["tags"] for t in trials] == [["b"], ["a"], ["a"]]
        assert [t.state for t in trials] == [RUNNING, COMPLETE, RUNNING]


def test_a_record_of_a_study_has_its_direction_unless_there_are_several(storage):
    storage.create_new_study([2])
    storage.create_new_study([1, 2])
    one, two = storage.get_all_studies()
    assert one.direction == skhpo.study.StudyDirection.MAXIMIZE
    with pytest.raises(RuntimeError, match="several objectives"):
        two.direction
    assert [one._study_id, two._study_id] == [one.study_id, two.study_id]


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e308, 5e-324, 1 / 3])
def test_values_come_back_to_the_last_bit(storage, value):
    study_id = storage.create_new_study([1, 2, 1])
    trial_id = storage.create_new_trial(study_id)
    storage.set_trial_intermediate_value(trial_id, 3, value)
    storage.set_trial_state_values(trial_id, COMPLETE, [value, 0.5, value])
    for handle in handles(storage):
        trial = handle.get_trial(trial_id)
        assert repr(trial.values) == repr([value, 0.5, value])
        assert repr(trial.intermediate_values) == repr({3: value})


def test_a_report_may_be_nan_and_may_be_replaced(storage):
    study_id = storage.create_new_study([1])
    trial_id = storage.create_new_trial(study_id)
    for step, value in [(5, math.nan), (1, 2.0), (0, 1.0), (1, math.nan), (2**31 - 1, 3.0)]:
        storage.set_trial_intermediate_value(trial_id, step, value)
    storage.set_trial_state_values(trial_id, FAIL)
    for handle in handles(storage):
        trial = handle.get_trial(trial_id)
        reports = {step: repr(value) for step, value in trial.intermediate_values.items()}
        assert reports == {5: "nan", 1: "nan", 0: "1.0", 2**31 - 1: "3.0"}
        assert trial.values is None


def test_notes_of_any_json_and_of_numpy_come_back(storage):
    trial_id = storage.create_new_trial(storage.create_new_study([1]))
    notes = {
        "nested": {"a": [1, {"b": None}], "c": "é"},
        "nan": [math.nan, math.inf],
        "empty": "",
        "long": "x" * 100_000,
    }
    arrays = {"array": np.arange(6.0).reshape(2, 3), "number": np.float32(0.5), "flag": np.True_}
    for key, value in (notes | arrays).items():
        storage.set_trial_user_attr(trial_id, key, value)
        storage.set_trial_system_attr(trial_id, key, value)
    storage.set_trial_state_values(trial_id, COMPLETE, [0.0])
    for handle in handles(storage):
        trial = handle.get_trial(trial_id)
        for attrs in (trial.user_attrs, trial.system_attrs):
            assert repr({key: attrs[key] for key in notes}) == repr(notes)
            assert np.array_equal(attrs["array"], arrays["array"])
            assert (attrs["number"], attrs["flag"]) == (0.5, True)


def test_a_note_that_is_changed_afterwards_is_kept_as_it_was_given(url):
    storage = RDBStorage(url)
    trial_id = storage.create_new_trial(storage.create_new_study([1]))
    note = [1, 2]
    storage.set_trial_user_attr(trial_id, "note", note)
    note.append(3)
    for handle in handles(storage):
        assert handle.get_trial(trial_id).user_attrs == {"note": [1, 2]}


def test_a_note_that_no_database_can_hold_says_so_and_changes_nothing(url):
    storage = RDBStorage(url)
    trial_id = storage.create_new_trial(study_id := storage.create_new_study([1]))
    with pytest.raises(TypeError, match=r"'model' cannot be stored.*SVC"):
        storage.set_trial_user_attr(trial_id, "model", SVC())
    with pytest.raises(TypeError, match="'model' cannot be stored"):
        storage.set_study_user_attr(study_id, "model", {"a": SVC()})
    with pytest.raises(ValueError, match="at most 512 characters"):
        storage.set_trial_user_attr(trial_id, "k" * 513, 1)
    for handle in handles(storage):
        assert handle.get_trial(trial_id).user_attrs == handle.get_study(study_id).user_attrs == {}


def test_a_template_is_kept_as_it_is(storage):
    study_id = storage.create_new_study([1, 2])
    fields = {
        "params": {"x": 0.5, "kind": None},
        "distributions": {"x": UNIT, "kind": CategoricalDistribution(["a", None])},
        "user_attrs": {"u": [1]},
        "system_attrs": {"s": "t"},
        "intermediate_values": {2: 0.5, 0: math.nan},
        "constraints": {"c": -1.0},
    }
    templates = [
        create_trial(state=COMPLETE, values=[math.inf, 2.0], **fields),
        create_trial(state=PRUNED, **fields),
        create_trial(state=FAIL, **fields),
        create_trial(state=RUNNING, **fields),
        create_trial(state=WAITING, **fields),
    ]
    expected = [plain(template) for template in templates]
    for number, template in enumerate(templates):
        storage.create_new_trial(study_id, template)
        expected[number]["number"] = number
    for handle in handles(storage):
        assert [by_step(plain(t)) for t in handle.get_all_trials(study_id)] == list(
            map(by_step, expected)
        )


def by_step(record):
    return record | {"reports": sorted(record["reports"].items())}


def test_times_are_local_and_in_their_order(storage):
    trial_id = storage.create_new_trial(storage.create_new_study([1]))
    assert storage.get_trial(trial_id).datetime_complete is None
    storage.set_trial_state_values(trial_id, COMPLETE, [0.0])
    first, *others = [handle.get_trial(trial_id) for handle in handles(storage)]
    assert first.datetime_start <= first.datetime_complete
    assert first.datetime_start.tzinfo is None
    for other in others:
        assert other.datetime_start == first.datetime_start
        assert other.datetime_complete == first.datetime_complete


def test_a_waiting_trial_is_started_once(storage):
    study_id = storage.create_new_study([1])
    trial_id = storage.create_new_trial(study_id, create_trial(state=WAITING))
    first, *others = handles(storage)
    for other in others:
        assert other.get_trial(trial_id).state == WAITING
    assert first.get_trial(trial_id).datetime_start is None
    assert first.set_trial_state_values(trial_id, RUNNING)
    for handle in (first, *others):
        assert not handle.set_trial_state_values(trial_id, RUNNING)
        assert handle.get_trial(trial_id).state == RUNNING
        assert handle.get_trial(trial_id).datetime_start is not None


def test_a_running_trial_may_wait_again(storage):
    study_id = storage.create_new_study([1])
    trial_id = storage.create_new_trial(study_id)
    assert storage.set_trial_state_values(trial_id, WAITING)
    for handle in handles(storage):
        assert handle.get_trial(trial_id).state == WAITING
    assert storage.set_trial_state_values(trial_id, RUNNING)


@pytest.mark.parametrize("state", [COMPLETE, PRUNED, FAIL], ids=lambda state: state.name)
def test_a_finished_trial_cannot_be_changed(storage, state):
    study_id = storage.create_new_study([1])
    trial_id = storage.create_new_trial(study_id)
    storage.set_trial_state_values(trial_id, state, [1.0] if state == COMPLETE else None)
    before = plain(storage.get_trial(trial_id))
    for handle in handles(storage):
        for change in (
            lambda: handle.set_trial_param(trial_id, "x", 0.5, UNIT),
            lambda: handle.set_trial_intermediate_value(trial_id, 0, 0.5),
            lambda: handle.set_trial_user_attr(trial_id, "u", 1),
            lambda: handle.set_trial_system_attr(trial_id, "s", 1),
            lambda: handle.set_trial_state_values(trial_id, COMPLETE, [2.0]),
            lambda: handle.set_trial_state_values(trial_id, FAIL),
        ):
            with pytest.raises(UpdateFinishedTrialError, match=rf"Trial 0 is {state.name}"):
                change()
        assert not handle.take_over(trial_id, "key", None, "me")
        assert not handle.set_trial_state_values(trial_id, RUNNING)
    for handle in handles(storage):
        assert plain(handle.get_trial(trial_id)) == before


def test_what_is_unknown_raises_a_key_error(storage):
    study_id = storage.create_new_study([1])
    storage.create_new_trial(study_id)
    for question in (
        lambda: storage.get_study(999),
        lambda: storage.get_study_id_from_name("no such"),
        lambda: storage.delete_study(999),
        lambda: storage.set_study_user_attr(999, "a", 1),
        lambda: storage.set_study_system_attr(999, "a", 1),
        lambda: storage.create_new_trial(999),
        lambda: storage.create_next_trial(999, next_trial(0)),
        lambda: storage.get_all_trials(999),
        lambda: storage.get_n_trials(999),
        lambda: storage.get_trial(999),
        lambda: storage.get_trial_id_from_study_id_trial_number(study_id, 1),
        lambda: storage.get_trial_id_from_study_id_trial_number(study_id, -1),
        lambda: storage.get_trial_id_from_study_id_trial_number(999, 0),
        lambda: storage.set_trial_param(999, "x", 0.5, UNIT),
        lambda: storage.set_trial_intermediate_value(999, 0, 0.5),
        lambda: storage.set_trial_user_attr(999, "a", 1),
        lambda: storage.set_trial_system_attr(999, "a", 1),
        lambda: storage.set_trial_state_values(999, COMPLETE, [1.0]),
        lambda: storage.take_over(999, "a", None, 1),
    ):
        with pytest.raises(KeyError):
            question()
    assert storage.get_n_trials(study_id) == 1


def test_the_next_trial_is_made_only_with_the_next_number(storage):
    study_id = storage.create_new_study([1])
    fields = {"params": {"x": 0.5}, "distributions": {"x": UNIT}, "system_attrs": {"a": 1}}
    for handle in handles(storage):
        number = storage.get_n_trials(study_id)
        assert handle.create_next_trial(study_id, next_trial(number + 1)) is None
        trial_id = handle.create_next_trial(study_id, next_trial(number, **fields))
        assert handle.create_next_trial(study_id, next_trial(number)) is None
        trial = storage.get_trial(trial_id)
        assert (trial.number, trial.params, trial.system_attrs) == (number, {"x": 0.5}, {"a": 1})


def test_the_next_trial_has_a_sign_of_life_from_its_first_moment(url):
    storage = RDBStorage(url)
    study_id = storage.create_new_study([1])
    without = storage.create_new_trial(study_id)
    trial_id = storage.create_next_trial(study_id, next_trial(1))
    assert storage.get_stale_trial_ids(study_id, grace_period=3600) == []
    assert storage.get_stale_trial_ids(study_id, grace_period=-3600) == [trial_id] != [without]


def test_a_trial_is_taken_over_by_one_only(storage):
    study_id = storage.create_new_study([1])
    trial_id = storage.create_new_trial(study_id)
    first, *others = handles(storage)
    assert not first.take_over(trial_id, "owner", "nobody", "me")
    assert first.take_over(trial_id, "owner", None, "me")
    for other in others:
        assert not other.take_over(trial_id, "owner", None, "you")
        assert other.take_over(trial_id, "owner", "me", {"new": [1, 2]})
        assert first.take_over(trial_id, "owner", {"new": [1, 2]}, "me")
    for handle in handles(storage):
        assert handle.get_trial(trial_id).system_attrs == {"owner": "me"}


def test_who_takes_a_trial_over_sees_all_that_its_owner_wrote(url):
    storage, other = RDBStorage(url), RDBStorage(url)
    study_id = storage.create_new_study([1])
    trial_id = storage.create_new_trial(study_id)
    assert other.get_trial(trial_id).params == {}
    storage.set_trial_param(trial_id, "x", 0.5, UNIT)
    storage.set_trial_user_attr(trial_id, "u", 1)
    storage.set_trial_intermediate_value(trial_id, 0, 0.5)
    assert other.take_over(trial_id, "owner", None, "other")
    trial = other.get_trial(trial_id)
    assert (trial.params, trial.user_attrs, trial.intermediate_values) == (
        {"x": 0.5}, {"u": 1}, {0: 0.5},
    )  # fmt: skip


def test_who_takes_over_a_trial_that_runs_here_keeps_what_is_on_its_way(url):
    storage = RDBStorage(url)
    trial_id = storage.create_new_trial(storage.create_new_study([1]))
    storage.set_trial_param(trial_id, "x", 0.5, UNIT)
    assert storage.take_over(trial_id, "owner", None, "me")
    assert storage.get_trial(trial_id).params == {"x": 0.5}


# ------------------------------------------------------------------------------ batch


def test_a_batch_is_seen_as_a_whole(storage):
    study_id = storage.create_new_study([1])
    one, two = storage.create_new_trial(study_id), storage.create_new_trial(study_id)
    _, *others = handles(storage)
    with storage.batch():
        storage.set_trial_param(one, "x", 0.5, UNIT)
        storage.set_trial_user_attr(two, "u", 1)
        with storage.batch():
            storage.set_trial_intermediate_value(one, 0, 0.5)
        storage.set_trial_state_values(one, COMPLETE, [2.0])
        assert storage.get_trial(one).state == COMPLETE
        for other in others:
            seen = other.get_all_trials(study_id)
            assert [t.state for t in seen] == [RUNNING, RUNNING]
            assert [(t.params, t.user_attrs, t.intermediate_values) for t in seen] == [
                ({}, {}, {}), ({}, {}, {}),
            ]  # fmt: skip
    for handle in (storage, *others):
        trial, second = handle.get_all_trials(study_id)
        assert (trial.state, trial.values, trial.params) == (COMPLETE, [2.0], {"x": 0.5})
        assert (trial.intermediate_values, second.user_attrs) == ({0: 0.5}, {"u": 1})


def test_a_batch_that_an_error_leaves_keeps_what_was_set_until_then(storage):
    trial_id = storage.create_new_trial(storage.create_new_study([1]))

    def fail():
        with storage.batch():
            storage.set_trial_user_attr(trial_id, "u", 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    for handle in handles(storage):
        assert handle.get_trial(trial_id).user_attrs == {"u": 1}


def test_a_batch_with_a_trial_that_others_have_ended_keeps_the_rest(url):
    storage, other = RDBStorage(url), RDBStorage(url)
    study_id = storage.create_new_study([1])
    ended, kept = storage.create_new_trial(study_id), storage.create_new_trial(study_id)
    other.set_trial_state_values(ended, FAIL)

    def write():
        with storage.batch():
            storage.set_trial_user_attr(ended, "u", 1)
            storage.set_trial_user_attr(kept, "u", 2)
            storage.set_trial_state_values(ended, COMPLETE, [1.0])
            storage.set_trial_state_values(kept, COMPLETE, [2.0])

    with pytest.raises(UpdateFinishedTrialError, match="Trial 0 is FAIL"):
        write()
    for handle in (RDBStorage(url), storage):
        first, second = handle.get_all_trials(study_id)
        assert (first.state, first.values) == (FAIL, None)
        assert (second.state, second.values, second.user_attrs) == (COMPLETE, [2.0], {"u": 2})


def test_parameters_of_one_trial_are_not_lost_because_others_ended_another(url):
    """They wait a moment to be written together, and that one of them cannot be harms no other."""
    storage, other = RDBStorage(url), RDBStorage(url)
    study_id = storage.create_new_study([1])
    for end in (True, False):  # written by what comes next; written by themselves
        ended, kept = storage.create_new_trial(study_id), storage.create_new_trial(study_id)
        other.set_trial_state_values(ended, FAIL)
        storage.set_trial_param(ended, "x", 0.25, UNIT)
        storage.set_trial_param(kept, "x", 0.5, UNIT)
        if end:
            storage.set_trial_state_values(kept, COMPLETE, [1.0])
        eventually(lambda: other.get_trial(kept).params == {"x": 0.5})
        if not end:
            storage.set_trial_state_values(kept, COMPLETE, [1.0])
        assert other.get_trial(kept).values == [1.0]
        with pytest.raises(UpdateFinishedTrialError):
            storage.set_trial_state_values(ended, COMPLETE, [1.0])
        assert other.get_trial(ended).state == FAIL


def test_a_study_deleted_elsewhere_does_not_harm_the_trials_of_another(url):
    storage, other = RDBStorage(url), RDBStorage(url)
    gone, kept = storage.create_new_study([1], "gone"), storage.create_new_study([1], "kept")
    lost, trial_id = storage.create_new_trial(gone), storage.create_new_trial(kept)
    storage.set_trial_param(lost, "x", 0.25, UNIT)
    storage.set_trial_param(trial_id, "x", 0.5, UNIT)
    other.delete_study(gone)
    eventually(lambda: other.get_trial(trial_id).params == {"x": 0.5})
    storage.set_trial_state_values(trial_id, COMPLETE, [1.0])
    assert other.get_trial(trial_id).values == [1.0]


# -------------------------------------------------------- handles, copies and processes


def test_two_handles_see_what_the_other_writes(url):
    """A parameter is written within a moment, everything else at once."""
    one, two = RDBStorage(url), RDBStorage(url)
    study_id = one.create_new_study([1])
    assert two.get_all_trials(study_id) == []
    for number in range(3):
        trial_id = one.create_new_trial(study_id)
        assert two.get_n_trials(study_id) == number + 1
        one.set_trial_param(trial_id, "x", 0.5, UNIT)
        eventually(lambda: two.get_trial(trial_id).params == {"x": 0.5})
        one.set_trial_intermediate_value(trial_id, 0, 0.25)
        assert two.get_trial(trial_id).intermediate_values == {0: 0.25}
        two.set_trial_user_attr(trial_id, "from", "two")
        one.set_trial_state_values(trial_id, COMPLETE, [float(number)])
        assert two.get_trial(trial_id).values == [number]
        assert [t.values for t in two.get_all_trials(study_id)] == [[k] for k in range(number + 1)]
    assert [plain(t) for t in two.get_all_trials(study_id)] == [
        plain(t) for t in RDBStorage(url).get_all_trials(study_id)
    ]


def test_a_handle_learns_that_another_ended_its_trial(url):
    one, two = RDBStorage(url), RDBStorage(url)
    study_id = one.create_new_study([1])
    trial_id = one.create_new_trial(study_id)
    two.set_trial_user_attr(trial_id, "by", "two")
    two.set_trial_state_values(trial_id, FAIL)
    [trial] = one.get_all_trials(study_id)
    assert (trial.state, trial.user_attrs) == (FAIL, {"by": "two"})


def test_hundreds_of_open_trials_are_followed(url):
    """A query cannot list any number of ids."""
    one, two = RDBStorage(url), RDBStorage(url)
    study_id = one.create_new_study([1])
    ids = [one.create_new_trial(study_id, create_trial(state=WAITING)) for _ in range(450)]
    other_study = one.create_new_study([1])
    one.create_new_trial(other_study)
    assert two.get_n_trials(study_id) == 450
    for trial_id in ids[::2]:
        one.set_trial_state_values(trial_id, RUNNING)
    for trial_id in ids[::2]:
        one.set_trial_state_values(trial_id, COMPLETE, [float(trial_id)])
    states = [t.state for t in two.get_all_trials(study_id)]
    assert states == [COMPLETE, WAITING] * 225
    assert [plain(t) for t in two.get_all_trials(study_id)] == [
        plain(t) for t in RDBStorage(url).get_all_trials(study_id)
    ]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copy_of_a_storage_leads_to_the_same_database(url, copied):
    storage = RDBStorage(url, heartbeat_interval=7, grace_period=9)
    study_id = storage.create_new_study([1], "one")
    full_trial(storage, study_id)
    other = copied(storage)
    full_trial(other, study_id)
    assert storage.get_n_trials(study_id) == other.get_n_trials(study_id) == 2
    assert (other.heartbeat_interval, other.grace_period) == (7, 9)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copy_of_a_storage_in_memory_is_on_its_own(copied):
    storage = InMemoryStorage()
    study_id = storage.create_new_study([1], "one")
    full_trial(storage, study_id)
    other = copied(storage)
    full_trial(other, study_id)
    assert (storage.get_n_trials(study_id), other.get_n_trials(study_id)) == (1, 2)


def test_a_password_stays_out_of_texts(postgresql_url, postgresql):
    storage = RDBStorage(postgresql_url)
    for text in (repr(storage), storage.url):
        assert "***" in text
        assert "p4ss-word" not in text


def test_closed_connections_are_opened_anew(url):
    storage = RDBStorage(url)
    study_id = storage.create_new_study([1])
    storage.remove_session()
    full_trial(storage, study_id)
    assert storage.get_n_trials(study_id) == 1


def in_child(function):
    """Run a function in a forked process; return what it raised there, as a text."""
    context = multiprocessing.get_context("fork")
    errors = context.SimpleQueue()

    def run():
        try:
            function()
            errors.put("")
        except BaseException:
            errors.put(traceback.format_exc())

    process = context.Process(target=run)
    process.start()
    process.join(40)
    alive = process.is_alive()
    process.kill()
    process.join()
    assert not alive, "the child hangs"
    assert not errors.empty(), f"the child ended with {process.exitcode}"
    return errors.get()


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_uses_the_storage_it_was_born_with(url):
    storage = RDBStorage(url)
    study_id = storage.create_new_study([1])
    full_trial(storage, study_id)
    assert in_child(lambda: [full_trial(storage, study_id) for _ in range(5)]) == ""
    full_trial(storage, study_id)
    for handle in handles(storage):
        trials = handle.get_all_trials(study_id)
        assert [t.number for t in trials] == list(range(7))
        assert {t.state for t in trials} == {COMPLETE}


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_outlives_the_connections_of_its_parent(url, tmp_path):
    """SQLite's last user removes its log: nobody may be taken for the last who is not."""
    storage = RDBStorage(url)
    study_id = storage.create_new_study([1])
    full_trial(storage, study_id)

    def child():
        full_trial(storage, study_id)
        (tmp_path / "begun").touch()
        eventually((tmp_path / "closed").exists, 50)
        for _ in range(5):
            full_trial(storage, study_id)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    eventually((tmp_path / "begun").exists)
    storage.remove_session()
    (tmp_path / "closed").touch()
    process.join(40)
    assert process.exitcode == 0
    assert [t.number for t in RDBStorage(url).get_all_trials(study_id)] == list(range(7))


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_parameters_on_their_way_are_written_by_the_process_that_set_them(url):
    """A child born in that moment neither writes them nor is kept from writing its own."""
    storage, other = RDBStorage(url), RDBStorage(url)
    study_id = storage.create_new_study([1])
    parents, childs = storage.create_new_trial(study_id), storage.create_new_trial(study_id)
    storage.set_trial_param(parents, "x", 0.25, UNIT)

    def child():
        other.set_trial_state_values(parents, FAIL)
        storage.set_trial_param(childs, "x", 0.5, UNIT)
        eventually(lambda: RDBStorage(url).get_trial(childs).params == {"x": 0.5}, 20)
        storage.set_trial_state_values(childs, COMPLETE, [1.0])

    assert in_child(child) == ""
    assert RDBStorage(url).get_trial(childs).values == [1.0]


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_forked_while_a_thread_holds_the_storage_does_not_hang(url):
    storage = RDBStorage(url)
    study_id = storage.create_new_study([1])
    with storage._lock, storage._database._lock:  # as a thread of the parent would hold them

        def child():
            import threading

            thread = threading.Thread(target=full_trial, args=(storage, study_id))
            thread.start()
            thread.join(30)
            assert not thread.is_alive()

        assert in_child(child) == ""
    assert storage.get_n_trials(study_id) == 1


def test_a_study_of_many_threads_counts_each_trial_once(url):
    study = skhpo.create_study(storage=url)
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=40, n_jobs=8)
    trials = skhpo.load_study(study_name=study.study_name, storage=url).trials
    assert [t.number for t in trials] == list(range(40))
    assert all(t.values == [t.params["x"]] for t in trials)


def test_a_database_in_memory_serves_all_threads():
    study = skhpo.create_study(storage="sqlite:///:memory:")
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=40, n_jobs=8)
    assert [t.number for t in study.trials] == list(range(40))
    assert all(t.values == [t.params["x"]] for t in study.trials)
