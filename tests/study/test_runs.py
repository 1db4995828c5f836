"""Several runs of one study at once, nested runs, and the request to stop."""

import io
import pickle
import threading

import pytest

import skhpo
from skhpo.samplers import RandomSampler
from skhpo.trial import TrialState


def objective(trial):
    return trial.suggest_float("x", 0, 1)


@pytest.fixture
def study():
    return skhpo.create_study(sampler=RandomSampler(seed=0))


def in_threads(*functions):
    """Call functions in a thread each; return the errors that they raise."""
    errors = []

    def call(function):
        try:
            function()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=call, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


def test_several_threads_may_run_one_study(study):
    both_run = threading.Barrier(2, timeout=30)

    def waits_for_the_other(trial):
        if trial.number < 2:
            both_run.wait()
        return objective(trial)

    def run():
        study.optimize(waits_for_the_other, n_trials=10)

    assert in_threads(run, run) == []
    assert [trial.number for trial in study.trials] == list(range(20))
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}
    assert not study.is_running


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_run_within_a_run_is_an_error(study, n_jobs):
    def nested(trial):
        study.optimize(objective, n_trials=1)

    with pytest.raises(RuntimeError, match="cannot be called within itself"):
        study.optimize(nested, n_trials=1, n_jobs=n_jobs)
    with pytest.raises(RuntimeError, match="cannot be called within itself"):
        study.optimize(
            objective, n_trials=1, n_jobs=n_jobs, callbacks=[lambda study, trial: nested(trial)]
        )
    study.optimize(objective, n_trials=1)  # the error leaves nothing behind


def test_stop_ends_all_runs_and_the_next_one_starts(study):
    started = threading.Event()

    def until_stopped():
        started.set()
        study.optimize(objective)

    def stops():
        started.wait(30)
        study.optimize(
            objective, callbacks=[lambda study, trial: trial.number > 20 and study.stop()]
        )

    assert in_threads(until_stopped, stops) == []
    n_trials = len(study.trials)
    study.optimize(objective, n_trials=3)
    assert len(study.trials) == n_trials + 3


def test_a_run_that_begins_later_does_not_undo_the_stop(study):
    """While one run ends its last trial, the request to stop holds for another that begins."""
    stopped, joined = threading.Event(), threading.Event()

    def slow(trial):
        study.stop()
        stopped.set()
        joined.wait(30)
        return objective(trial)

    def late():
        stopped.wait(30)
        study.optimize(objective, n_trials=5)
        joined.set()

    assert in_threads(lambda: study.optimize(slow, n_trials=5), late) == []
    assert len(study.trials) == 1


def test_a_copy_made_during_a_run_does_not_run(study):
    copies = []
    study.optimize(objective, n_trials=1, callbacks=[lambda s, t: copies.append(pickle.dumps(s))])
    copy = pickle.loads(copies[0])
    assert not copy.is_running
    copy.optimize(objective, n_trials=2)
    assert len(copy.trials) == 3
    with pytest.raises(RuntimeError, match="nothing to stop"):
        copy.stop()


def test_without_a_console_a_progress_bar_is_left_out(study, monkeypatch):
    monkeypatch.setattr("sys.stderr", None)
    study.optimize(objective, n_trials=2, show_progress_bar=True)
    assert len(study.trials) == 2


class Console(io.StringIO):
    """Takes what is written until it is gone."""

    is_gone = False

    def write(self, text):
        if self.is_gone:
            raise BrokenPipeError("the terminal is gone")
        return super().write(text)


@pytest.mark.filterwarnings(  # a bar of an old tqdm that could not be made
    "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("how", ["gone", "closed"])
@pytest.mark.parametrize("when", ["before the run", "during the run"])
def test_a_run_whose_console_goes_away_continues(study, monkeypatch, how, when):
    console = Console()
    monkeypatch.setattr("sys.stderr", console)

    def go_away(*_):
        if how == "closed":
            console.close()
        console.is_gone = True

    if when == "before the run":
        go_away()
    study.optimize(objective, n_trials=3, callbacks=[go_away], show_progress_bar=True)
    study.optimize(objective, n_trials=2)
    assert len(study.trials) == 5
