"""Making, loading, copying, deleting and listing studies, as Optuna does it."""

import copy
import pickle
import threading
import warnings

import pytest

import skhpo

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)
MODULES = [skhpo, optuna]


def parabola(trial):
    return trial.suggest_float("x", -1, 1) ** 2


def make(m, storage, name, **settings):
    settings = {"sampler": m.samplers.RandomSampler(seed=0)} | settings
    return m.create_study(storage=storage, study_name=name, **settings)


def both(script):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return script(skhpo), script(optuna)


def test_studies_are_listed_in_the_order_in_which_they_were_made():
    def script(m):
        storage = m.storages.InMemoryStorage()
        for name in ("one", "two", "three"):
            make(m, storage, name)
        m.delete_study(study_name="two", storage=storage)
        return m.get_all_study_names(storage)

    ours, theirs = both(script)
    assert ours == theirs == ["one", "three"]


@pytest.mark.parametrize("m", MODULES, ids=["skhpo", "optuna"])
def test_a_name_is_taken_once(m):
    storage = m.storages.InMemoryStorage()
    study = make(m, storage, "mine")
    study.optimize(parabola, n_trials=2)
    with pytest.raises(m.exceptions.DuplicatedStudyError, match="mine"):
        make(m, storage, "mine")
    again = make(m, storage, "mine", load_if_exists=True)
    assert len(again.trials) == 2


@pytest.mark.parametrize("m", MODULES, ids=["skhpo", "optuna"])
def test_a_study_that_is_not_there_cannot_be_loaded_or_deleted(m):
    storage = m.storages.InMemoryStorage()
    with pytest.raises(KeyError):
        m.load_study(study_name="none", storage=storage)
    with pytest.raises(KeyError):
        m.delete_study(study_name="none", storage=storage)


def test_the_only_study_is_loaded_without_its_name():
    storage = skhpo.storages.InMemoryStorage()
    make(skhpo, storage, "only")
    assert skhpo.load_study(study_name=None, storage=storage).study_name == "only"
    make(skhpo, storage, "other")
    with pytest.raises(ValueError, match="exactly one"):
        skhpo.load_study(study_name=None, storage=storage)


def test_a_summary_says_what_a_study_has():
    def script(m):
        storage = m.storages.InMemoryStorage()
        study = make(m, storage, "first", direction="maximize")
        study.set_user_attr("who", "me")
        for value in (1.0, 3.0, 2.0):
            study.tell(study.ask(), value)
        study.tell(study.ask(), state=m.trial.TrialState.FAIL)
        make(m, storage, "empty")
        make(m, storage, "several", directions=["minimize", "maximize"])
        summaries = m.get_all_study_summaries(storage)
        return [
            (
                s.study_name,
                [d.name for d in s.directions],
                s.best_trial and s.best_trial.number,
                s.user_attrs,
                s.n_trials,
                s.datetime_start is None,
            )
            for s in summaries
        ]

    ours, theirs = both(script)
    assert ours == theirs


def test_a_copy_has_all_that_the_original_has():
    def script(m):
        here, there = m.storages.InMemoryStorage(), m.storages.InMemoryStorage()
        study = make(m, here, "mine", directions=["minimize", "maximize"])
        study.set_metric_names(["loss", "gain"])
        study.set_user_attr("who", "me")

        def objective(trial):
            x = trial.suggest_float("x", 0, 1)
            trial.set_user_attr("half", x / 2)
            trial.set_constraint("c", x - 0.5)
            return x, x**2

        study.optimize(objective, n_trials=5)
        m.copy_study(from_study_name="mine", from_storage=here, to_storage=there)
        m.copy_study(
            from_study_name="mine", from_storage=here, to_storage=here, to_study_name="copy"
        )
        copies = [
            m.load_study(study_name="mine", storage=there),
            m.load_study(study_name="copy", storage=here),
        ]
        for other in copies:
            assert [t.values for t in other.trials] == [t.values for t in study.trials]
            assert [t.user_attrs for t in other.trials] == [t.user_attrs for t in study.trials]
            assert [t.constraints for t in other.trials] == [t.constraints for t in study.trials]
        other = copies[0]
        return other.metric_names, other.user_attrs, [d.name for d in other.directions]

    ours, theirs = both(script)
    assert ours == theirs


def test_two_handles_on_one_study_see_each_others_trials():
    storage = skhpo.storages.InMemoryStorage()
    first = make(skhpo, storage, "shared")
    second = skhpo.load_study(study_name="shared", storage=storage)
    trial = first.ask()
    trial.suggest_float("x", 0, 1)
    other = second.ask()  # sees the first one as running
    assert second.history.state.tolist() == [0, 0]
    first.tell(trial, 3.0)
    second.tell(other, 2.0)
    assert (first.best_value, second.best_value) == (2.0, 2.0)
    assert second.history.loss.tolist() == first.history.loss.tolist() == [3.0, 2.0]
    assert second.history.columns(trial.distributions).finished.tolist() == [0]


def test_an_enqueued_trial_is_run_by_one_of_two_handles():
    storage = skhpo.storages.InMemoryStorage()
    first = make(skhpo, storage, "shared")
    second = skhpo.load_study(study_name="shared", storage=storage)
    first.enqueue_trial({"x": 0.25})
    assert second.ask().suggest_float("x", 0, 1) == 0.25
    assert first.ask().number == 1


def test_threads_with_handles_of_their_own_make_each_trial_once():
    storage = skhpo.storages.InMemoryStorage()
    make(skhpo, storage, "shared")

    def work():
        study = skhpo.load_study(study_name="shared", storage=storage)
        study.optimize(parabola, n_trials=50)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    trials = skhpo.load_study(study_name="shared", storage=storage).trials
    assert [t.number for t in trials] == list(range(200))
    assert {t.state.name for t in trials} == {"COMPLETE"}


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copied_study_goes_on_by_itself(duplicate):
    study = make(skhpo, None, "mine", sampler=skhpo.samplers.TPESampler(seed=3))
    study.optimize(parabola, n_trials=15)
    other = duplicate(study)
    study.optimize(parabola, n_trials=5)
    assert len(other.trials) == 15
    other.optimize(parabola, n_trials=5)
    assert [t.params for t in other.trials] == [t.params for t in study.trials]


@pytest.mark.parametrize("change", ["report", "set_user_attr", "suggest_float", "set_constraint"])
@pytest.mark.parametrize("m", MODULES, ids=["skhpo", "optuna"])
def test_a_trial_that_has_ended_cannot_be_changed(m, change):
    study = make(m, None, None)
    trial = study.ask()
    study.tell(trial, 1.0)
    arguments = {
        "report": (1.0, 0),
        "set_user_attr": ("a", 1),
        "suggest_float": ("x", 0, 1),
        "set_constraint": ("c", 1.0),
    }[change]
    with pytest.raises(m.exceptions.UpdateFinishedTrialError):
        getattr(trial, change)(*arguments)


def test_what_is_no_storage_is_refused():
    with pytest.raises(TypeError, match="`storage` must be the path of an SQLite file"):
        skhpo.create_study(storage=3)


def test_summaries_are_sorted_by_the_order_in_which_the_studies_were_made(tmp_path):
    storage = f"sqlite:///{tmp_path}/s.db"
    for name in ("b", "a", "c"):
        skhpo.create_study(storage=storage, study_name=name)
    summaries = skhpo.get_all_study_summaries(storage)
    summaries.reverse()
    assert [one.study_name for one in sorted(summaries)] == ["b", "a", "c"]
    summaries.sort()
    assert summaries[0] <= summaries[0] < summaries[1]
    assert summaries[0].study_id == skhpo.load_study(storage=storage, study_name="b")._study_id
    with pytest.raises(TypeError, match="not supported"):
        summaries[0] < 1
    with pytest.raises(TypeError, match="not supported"):
        summaries[0] <= 1
