"""Journals: files to which each change is appended, shared with Optuna and among processes."""

import json
import math
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading

import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

import skhpo
from skhpo.exceptions import StorageInternalError
from skhpo.storages import JournalStorage
from skhpo.storages.journal import (
    JournalFileBackend,
    JournalFileOpenLock,
    JournalFileSymlinkLock,
)
from skhpo.trial import TrialState
from tests.storages.records import plain

LOCKS = [JournalFileSymlinkLock, JournalFileOpenLock]


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "study.log")


def open_journal(path, m=skhpo):
    return m.storages.JournalStorage(m.storages.journal.JournalFileBackend(path))


def fill(path, n_trials=5, m=skhpo):
    study = m.create_study(storage=open_journal(path, m), study_name="study", load_if_exists=True)
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=n_trials)
    return study


# ------------------------------------------------------------------------------ with Optuna


def varied(m):
    """An objective with parameters of all kinds, notes, reports, and each way to end."""

    def objective(trial):
        x = trial.suggest_float("x", -1.5, 2)
        trial.suggest_float("log", 1e-6, 1e6, log=True)
        trial.suggest_int("n", 10, 50, step=10)
        trial.suggest_categorical("kind", ["a", None, 2, 2.5, True, "ü"])
        trial.set_user_attr("note", {"x": [x, None, {"ü": True}]})
        trial.set_constraint("c", x - 1)
        for step, value in ((0, x), (3, math.inf), (5, math.nan)):
            trial.report(value, step)
        if trial.number % 4 == 1:
            raise m.TrialPruned
        if trial.number % 4 == 2:
            raise ValueError("this trial is to fail")
        return -math.inf if trial.number % 4 == 3 else x

    return objective


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("we_write", [True, False], ids=["ours for optuna", "optuna's for us"])
def test_both_libraries_read_the_same_trials_from_a_journal(path, we_write):
    optuna = pytest.importorskip("optuna", minversion="5.0")
    writer, reader = (skhpo, optuna) if we_write else (optuna, skhpo)
    study = writer.create_study(
        storage=open_journal(path, writer),
        study_name="study",
        direction="maximize",
        sampler=writer.samplers.RandomSampler(seed=0),
    )
    study.set_user_attr("owner", {"name": "me"})
    study.enqueue_trial({"x": 0.5, "kind": None}, user_attrs={"why": "a guess"})
    study.optimize(varied(writer), n_trials=12, catch=(ValueError,))
    study.ask()
    study.enqueue_trial({"x": 0.25})
    study.add_trial(
        writer.create_trial(
            value=1.0,
            params={"x": 1.0},
            distributions={"x": writer.distributions.FloatDistribution(-1.5, 2)},
            intermediate_values={3: 0.5},
        )
    )
    other = reader.load_study(storage=open_journal(path, reader), study_name="study")
    assert [plain(t) for t in other.trials] == [plain(t) for t in study.trials]
    assert other.direction.name == "MAXIMIZE"
    assert other.user_attrs == {"owner": {"name": "me"}}
    assert other.best_trial.number == study.best_trial.number
    # And what the reader adds, the writer sees.
    other.optimize(varied(reader), n_trials=3, catch=(ValueError,))
    assert [plain(t) for t in other.trials] == [plain(t) for t in study.trials]
    assert len(study.trials) == 17


@pytest.mark.slow
def test_workers_of_both_libraries_share_a_journal(path):
    pytest.importorskip("optuna", minversion="5.0")
    fill(path, 0)
    worker = """
import sys
m = __import__(sys.argv[1])
m.logging.set_verbosity(m.logging.ERROR)
storage = m.storages.JournalStorage(m.storages.journal.JournalFileBackend(sys.argv[2]))
study = m.load_study(storage=storage, study_name="study", sampler=m.samplers.RandomSampler())
study.optimize(lambda trial: trial.suggest_float("x", -1, 1), n_trials=15)
"""
    processes = [
        subprocess.Popen([sys.executable, "-W", "ignore", "-c", worker, name, path])
        for name in ("skhpo", "optuna", "skhpo")
    ]
    assert [process.wait(120) for process in processes] == [0, 0, 0]
    trials = skhpo.load_study(storage=open_journal(path), study_name="study").trials
    assert [t.number for t in trials] == list(range(45))
    assert all(t.state == TrialState.COMPLETE and t.value == t.params["x"] for t in trials)


def test_each_waiting_trial_is_taken_by_one_worker(path):
    study = fill(path, 0)
    for k in range(6):
        study.enqueue_trial({"x": k / 10})
    other = skhpo.load_study(storage=open_journal(path), study_name="study")
    taken = [(study if k % 2 else other).ask().number for k in range(6)]
    assert taken == list(range(6))


# ------------------------------------------------------------------------------ searches


@pytest.mark.slow
def test_a_search_lives_in_a_journal_and_goes_on_there(path):
    X, y = load_iris(return_X_y=True)
    space = {"clf": [LogisticRegression(max_iter=500), SVC()]}

    def search(n_iter):
        return skhpo.TPESearchCV(
            Pipeline([("clf", SVC())]),
            space | {"clf__C": skhpo.distributions.FloatDistribution(0.1, 10, log=True)},
            n_iter=n_iter,
            cv=3,
            random_state=0,
            storage=open_journal(path),
            study_name="search",
        ).fit(X, y)

    first = search(4)
    again = search(6)
    n = len(first.cv_results_["params"])
    assert len(again.cv_results_["params"]) == 6
    assert list(again.cv_results_["mean_test_score"][:n]) == list(
        first.cv_results_["mean_test_score"]
    )


# -------------------------------------------------------------------------------- trouble


def test_a_line_that_was_not_finished_is_left_out_and_written_over(path):
    study = fill(path, 3)
    with open(path, "ab") as file:
        file.write(b'{"op_code":4,"worker_id":"dead","stu')
    other = skhpo.load_study(storage=open_journal(path), study_name="study")
    assert len(other.trials) == 3
    other.optimize(lambda trial: trial.suggest_float("x", -1, 1), n_trials=2)
    assert len(study.trials) == 5
    with open(path, "rb") as file:
        assert all(json.loads(line) for line in file)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{broken\n", "line 2 is damaged"),
        (b"\xff\xfe\x00\n", "line 2 is damaged"),
        (b"[1, 2]\n", "line 2 is damaged"),
        (b'{"op_code": 99}\n', "entry 2 is invalid"),
        (b'{"op_code": 4}\n', "entry 2 is invalid"),
        (b'{"worker_id": ""}\n', "entry 2 is invalid"),
    ],
)
def test_a_damaged_journal_is_told_by_file_and_line(path, line, said):
    fill(path, 0)
    with open(path, "ab") as file:
        file.write(line)
    with pytest.raises(StorageInternalError, match=said) as caught:
        open_journal(path)
    assert path in str(caught.value)


def test_a_folder_is_no_journal(tmp_path):
    with pytest.raises(StorageInternalError, match="cannot be used") as caught:
        JournalFileBackend(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_a_journal_that_was_cut_is_told(path):
    study = fill(path, 3)
    os.truncate(path, 10)
    with pytest.raises(StorageInternalError, match="has become shorter"):
        study.get_trials()


def test_a_path_is_no_backend(path):
    with pytest.raises(TypeError, match=r"JournalFileBackend\('study.log'\)"):
        JournalStorage(path)


def test_another_kind_of_parameter_is_refused_and_leaves_the_journal_as_it_is(path):
    storage = fill(path, 1)._storage
    trial_id = storage.create_new_trial(0)
    size = os.path.getsize(path)
    choice = skhpo.distributions.CategoricalDistribution(["a", "b"])
    with pytest.raises(ValueError, match="kind"):
        storage.set_trial_param(trial_id, "x", 0, choice)
    assert os.path.getsize(path) == size


def test_entries_of_other_programs_that_change_nothing_are_passed_over(path):
    study = fill(path, 2)
    study._storage._backend.append_logs([{"op_code": 10, "worker_id": "", "trial_ids": [0]}])
    assert len(study.trials) == 2


def test_a_batch_is_written_at_its_end(path):
    storage = fill(path, 0)._storage
    trial_id = storage.create_new_trial(0)
    size = os.path.getsize(path)
    with storage.batch():
        storage.set_trial_user_attr(trial_id, "a", 1)
        storage.set_trial_user_attr(trial_id, "b", 2)
        assert os.path.getsize(path) == size
        assert storage.get_trial(trial_id).user_attrs == {"a": 1, "b": 2}
    assert open_journal(path).get_trial(trial_id).user_attrs == {"a": 1, "b": 2}


def test_a_pickled_journal_leads_to_the_same_file(path):
    study = fill(path, 2)
    again = pickle.loads(pickle.dumps(study))
    again.optimize(lambda trial: trial.suggest_float("x", -1, 1), n_trials=1)
    assert [t.number for t in study.trials] == [0, 1, 2]


def _add_trials(path, queue):
    storage = open_journal(path)
    queue.put([storage.get_trial_number_from_id(storage.create_new_trial(0)) for _ in range(20)])


@pytest.mark.slow
def test_processes_number_their_trials_one_by_one(path):
    fill(path, 0)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    workers = [context.Process(target=_add_trials, args=(path, queue)) for _ in range(2)]
    for worker in workers:
        worker.start()
    numbers = [number for _ in workers for number in queue.get(timeout=60)]
    for worker in workers:
        worker.join()
    assert sorted(numbers) == list(range(40))


# ---------------------------------------------------------------------------------- locks


@pytest.mark.parametrize("kind", LOCKS)
def test_one_at_a_time_holds_a_lock(path, kind):
    one, two = kind(path), kind(path)
    one.acquire()
    waiting = threading.Thread(target=two.acquire, daemon=True)
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    one.release()
    waiting.join(10)
    assert not waiting.is_alive()
    two.release()
    assert os.listdir(os.path.dirname(path)) == []


@pytest.mark.filterwarnings("ignore:A `grace_period`")
@pytest.mark.parametrize("kind", LOCKS)
def test_the_lock_of_a_dead_process_is_broken(path, kind):
    kind(path).acquire()
    other = kind(path, grace_period=0.2)
    assert other.acquire()
    other.release()


@pytest.mark.parametrize("kind", LOCKS)
def test_a_lock_that_is_not_held_cannot_be_given_back(path, kind):
    with pytest.raises(RuntimeError, match="is not held"):
        kind(path).release()


@pytest.mark.parametrize("kind", LOCKS)
@pytest.mark.parametrize("grace_period", [0, -1])
def test_a_grace_period_is_positive(path, kind, grace_period):
    with pytest.raises(ValueError, match="grace_period"):
        kind(path, grace_period)


@pytest.mark.parametrize("kind", LOCKS)
def test_locks_are_those_of_optuna(path, kind):
    optuna = pytest.importorskip("optuna", minversion="5.0")
    theirs = getattr(optuna.storages.journal, kind.__name__)(path)
    theirs.acquire()
    with pytest.raises(FileExistsError):
        kind(path)._make()
    theirs.release()
