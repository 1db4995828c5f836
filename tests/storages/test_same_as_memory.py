"""Whatever is done to a storage: a database and the memory give equal records of it."""

import math
import tempfile
from contextlib import suppress

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from skhpo.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    OrdinalDistribution,
)
from skhpo.exceptions import UpdateFinishedTrialError
from skhpo.storages import InMemoryStorage, JournalStorage, RDBStorage
from skhpo.storages.journal import JournalFileBackend
from skhpo.trial import TrialState, create_trial
from tests.storages.records import plain

DISTRIBUTIONS = [
    FloatDistribution(0, 1),
    FloatDistribution(1e-8, 1e8, log=True),
    FloatDistribution(0, 3, step=0.25),
    IntDistribution(0, 3),
    CategoricalDistribution(["a", None, 1, 1.5]),
    CategoricalDistribution([True, False, 1, 0]),
    CategoricalDistribution([1, 0, True, False]),
    OrdinalDistribution([1, 2, 4, 8]),
]
FINISHED = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL]

studies, trials = st.integers(0, 2), st.integers(0, 9)
numbers = st.floats(allow_nan=False).map(lambda x: x + 0.0)  # SQLite knows no -0.0
reports = st.floats().map(lambda x: x + 0.0)
names = st.sampled_from(["x", "y", "größe", ""])
notes = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | reports | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@st.composite
def units(draw):
    """A value of a distribution, as its internal number."""
    distribution = draw(st.sampled_from(DISTRIBUTIONS))
    return distribution, float(distribution.from_unit(draw(st.floats(0, 1))))


@st.composite
def templates(draw):
    params = draw(st.dictionaries(names, units(), max_size=2))
    state = draw(st.sampled_from([*FINISHED, TrialState.RUNNING, TrialState.WAITING]))
    return {
        "state": state,
        "values": [draw(numbers)] if state == TrialState.COMPLETE else None,
        "params": {name: d.to_external_repr(internal) for name, (d, internal) in params.items()},
        "distributions": {name: d for name, (d, _) in params.items()},
        "user_attrs": draw(st.dictionaries(names, notes, max_size=2)),
        "system_attrs": draw(st.dictionaries(names, notes, max_size=2)),
        "intermediate_values": draw(st.dictionaries(st.integers(0, 9), reports, max_size=2)),
    }


steps = st.one_of(
    st.tuples(st.just("new"), studies),
    st.tuples(st.just("new"), studies),
    st.tuples(st.just("add"), studies, templates()),
    st.tuples(st.just("next"), studies, st.integers(0, 4)),
    st.tuples(st.just("param"), trials, names, units()),
    st.tuples(st.just("param"), trials, names, units()),
    st.tuples(st.just("report"), trials, st.integers(0, 9), reports),
    st.tuples(st.just("note"), trials, names, notes),
    st.tuples(st.just("mark"), trials, names, notes),
    st.tuples(st.just("take"), trials, names, st.sampled_from([None, 1, "a"])),
    st.tuples(st.just("start"), trials),
    st.tuples(st.just("wait"), trials),
    st.tuples(st.just("end"), trials, st.sampled_from(FINISHED), st.none() | st.tuples(numbers)),
    st.tuples(st.just("study note"), studies, names, notes),
    st.tuples(st.just("delete"), studies),
    st.tuples(st.just("create"), studies),
)
batched = steps.filter(lambda step: step[0] != "take")  # it is not to be used in a batch
scripts = st.lists(steps | st.lists(batched, max_size=5).map(lambda s: ("batch", s)), max_size=40)


ERRORS = (KeyError, ValueError, UpdateFinishedTrialError)


class Player:
    """Plays a script on a storage, and notes what each step gave."""

    def __init__(self, storage):
        self.storage = storage
        self.studies = [storage.create_new_study([1 + k % 2], f"study {k}") for k in range(3)]
        self.trials = []
        self.answers = []

    def play(self, step):
        action, *arguments = step
        if action == "batch":
            # A step that raises an error leaves the batch; the rest of it is not played.
            with suppress(*ERRORS), self.storage.batch():
                for inner in arguments[0]:
                    self._note(inner)
        else:
            with suppress(*ERRORS):
                self._note(step)

    def _note(self, step):
        try:
            answer = self._do(*step)
        except ERRORS as error:
            self.answers.append(type(error))
            raise
        self.answers.append(answer)

    def _do(self, action, index, *arguments):
        storage = self.storage
        if action in ("new", "add", "next", "study note", "delete", "create"):
            study_id = self.studies[index]
            return getattr(self, f"_{action.replace(' ', '_')}")(index, study_id, *arguments)
        if index >= len(self.trials):
            return "no such trial"
        trial_id = self.trials[index]
        if action == "param":
            name, (distribution, internal) = arguments
            return storage.set_trial_param(trial_id, name, internal, distribution)
        if action == "report":
            return storage.set_trial_intermediate_value(trial_id, *arguments)
        if action == "note":
            return storage.set_trial_user_attr(trial_id, *arguments)
        if action == "mark":
            return storage.set_trial_system_attr(trial_id, *arguments)
        if action == "take":
            name, new = arguments
            old = storage.get_trial(trial_id).system_attrs.get(name)
            wrong = storage.take_over(trial_id, name, {"not": "so"}, new)
            return wrong, storage.take_over(trial_id, name, old, new)
        if action == "start":
            return storage.set_trial_state_values(trial_id, TrialState.RUNNING)
        if action == "wait":
            return storage.set_trial_state_values(trial_id, TrialState.WAITING)
        return storage.set_trial_state_values(trial_id, *arguments)

    def _new(self, index, study_id):
        self.trials.append(self.storage.create_new_trial(study_id))

    def _add(self, index, study_id, template):
        self.trials.append(self.storage.create_new_trial(study_id, create_trial(**template)))

    def _next(self, index, study_id, number):
        trial = create_trial(state=TrialState.RUNNING)
        trial.number = number
        trial_id = self.storage.create_next_trial(study_id, trial)
        if trial_id is not None:
            self.trials.append(trial_id)
        return trial_id is not None

    def _study_note(self, index, study_id, *arguments):
        self.storage.set_study_user_attr(study_id, *arguments)

    def _delete(self, index, study_id):
        self.storage.delete_study(study_id)
        self.studies[index] = -1
        known = {t._trial_id for s in self.studies if s >= 0 for t in self._records(s)}
        self.trials = [trial_id for trial_id in self.trials if trial_id in known]

    def _create(self, index, study_id):
        if study_id < 0:
            self.studies[index] = self.storage.create_new_study([1], f"study {index}")

    def _records(self, study_id):
        return self.storage.get_all_trials(study_id)

    def seen_by(self, storage):
        """What a storage knows of the studies, but for times and ids."""
        return [
            None
            if study_id < 0
            else (
                repr(storage.get_study(study_id).user_attrs),
                storage.get_n_trials(study_id),
                [timeless(trial) for trial in storage.get_all_trials(study_id)],
            )
            for study_id in self.studies
        ]


def timeless(trial):
    record = plain(trial)
    return record | {"start": record["start"] is None, "complete": record["complete"] is None}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(scripts)
@example(  # the new trial of study 1 gets the id of the deleted one of study 0
    [
        ("new", 0),
        ("batch", [("param", 0, "x", (DISTRIBUTIONS[0], 0.0)), ("delete", 0), ("new", 1)]),
    ]
)
def test_a_database_and_the_memory_give_equal_records(script):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        url = f"sqlite:///{folder}/studies.db"
        memory, database = Player(InMemoryStorage()), Player(RDBStorage(url))
        onlooker = RDBStorage(url)  # follows from the start; the last one comes at the end
        for step in script:
            memory.play(step)
            database.play(step)
            assert repr(database.answers) == repr(memory.answers)
            assert database.seen_by(database.storage) == memory.seen_by(memory.storage)
            for study_id in database.studies:
                if study_id >= 0:
                    onlooker.get_all_trials(study_id)
        database.storage._write_delayed()  # parameters wait for up to 0.1 s
        expected = memory.seen_by(memory.storage)
        assert database.seen_by(onlooker) == expected
        last = RDBStorage(url)
        assert database.seen_by(last) == expected
        for storage in (database.storage, onlooker, last):
            storage.remove_session()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(scripts)
def test_a_journal_and_the_memory_give_equal_records(script):
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/studies.log"
        memory = Player(InMemoryStorage())
        journal = Player(JournalStorage(JournalFileBackend(path)))
        onlooker = JournalStorage(JournalFileBackend(path))
        for step in script:
            memory.play(step)
            journal.play(step)
            assert repr(journal.answers) == repr(memory.answers)
            expected = memory.seen_by(memory.storage)
            assert journal.seen_by(journal.storage) == expected
            assert journal.seen_by(onlooker) == expected
        assert journal.seen_by(JournalStorage(JournalFileBackend(path))) == memory.seen_by(
            memory.storage
        )


def test_what_is_compared_tells_records_apart():
    def record(**fields):
        return timeless(create_trial(state=TrialState.FAIL, **fields))

    choice = {"distributions": {"x": CategoricalDistribution([1, True])}}
    assert record(params={"x": 1}, **choice) != record(params={"x": True}, **choice)
    assert record(intermediate_values={0: math.nan}) == record(intermediate_values={0: math.nan})
    assert record(intermediate_values={0: math.nan}) != record(intermediate_values={0: 1.0})
    assert record(user_attrs={"a": 1}) != record(user_attrs={"a": True})
