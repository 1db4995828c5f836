"""The tracker for MLflow as a callback of a study: a run for the study, nested runs for trials."""

import copy
import pickle
import subprocess
import sys
import textwrap
import threading

import pytest

import skhpo
from skhpo.samplers import RandomSampler
from skhpo.study import MaxTrialsCallback
from skhpo.tracking import MLflowCallback

mlflow = pytest.importorskip("mlflow")


def tracker(**arguments):
    return MLflowCallback(**{"log_plots": False, **arguments})


def new_study(**arguments):
    return skhpo.create_study(**{"sampler": RandomSampler(seed=0), **arguments})


def square(trial):
    x = trial.suggest_float("x", -1, 1)
    trial.set_user_attr("seconds (CPU)", 0.5)
    return x**2


def prunes_and_fails(trial):
    x = trial.suggest_float("x", -1, 1)
    trial.report(x, step=1)
    trial.report(x / 2, step=3)
    if trial.number == 1:
        raise skhpo.TrialPruned
    if trial.number == 2:
        raise ValueError("bad luck")
    return x**2


def test_each_trial_has_a_nested_run_with_its_parameters_value_and_attributes(experiment):
    study = new_study()
    study.optimize(square, n_trials=3, callbacks=[tracker(run_name="squares", tags={"team": "a"})])
    run = experiment.run()
    assert (run.info.run_name, run.info.status) == ("squares", "FINISHED")
    trials = experiment.candidates()
    assert sorted(trials) == [0, 1, 2]
    for trial in study.trials:
        data, info = trials[trial.number].data, trials[trial.number].info
        assert info.status == "FINISHED"
        assert info.start_time == round(1000 * trial.datetime_start.timestamp())
        assert info.end_time == round(1000 * trial.datetime_complete.timestamp())
        assert float(data.params["x"]) == trial.params["x"]
        assert data.metrics == {"value": trial.value}
        assert data.tags["skhpo.status"] == "complete"
        assert data.tags["seconds _CPU_"] == "0.5"
        assert data.tags["team"] == "a"


def test_the_run_of_the_study_has_the_best_trial_and_the_counts(experiment):
    study = new_study(direction="maximize", sampler=skhpo.samplers.TPESampler(seed=0))
    study.set_metric_names(["accuracy"])
    study.optimize(prunes_and_fails, n_trials=5, catch=ValueError, callbacks=[tracker()])
    data = experiment.run().data
    assert data.params == {"direction": "maximize"}
    counts = {"n_complete": 3, "n_pruned": 1, "n_failed": 1}
    assert data.metrics == {**counts, "best_accuracy": study.best_value}
    assert data.tags["best_trial"] == str(study.best_trial.number)
    assert float(data.tags["best_x"]) == study.best_params["x"]
    assert data.tags["skhpo.sampler"] == "TPESampler"


def test_a_pruned_trial_has_intermediate_values_and_no_value(experiment):
    new_study().optimize(prunes_and_fails, n_trials=3, catch=ValueError, callbacks=[tracker()])
    trials = experiment.candidates()
    found = {
        number: (run.info.status, run.data.tags["skhpo.status"], "value" in run.data.metrics)
        for number, run in trials.items()
    }
    assert found == {
        0: ("FINISHED", "complete", True),
        1: ("KILLED", "pruned", False),
        2: ("FAILED", "failed", False),
    }
    history = experiment.client.get_metric_history(trials[1].info.run_id, "intermediate_value")
    x = float(trials[1].data.params["x"])
    assert [(one.step, one.value) for one in history] == [(1, x), (3, x / 2)]


def test_several_objectives_are_logged_by_number_or_by_name(experiment):
    def two(trial):
        x = trial.suggest_float("x", 0, 1)
        return x, 1 - x

    study = new_study(directions=["minimize", "maximize"])
    study.optimize(two, n_trials=2, callbacks=[tracker()])
    study.set_metric_names(["error", "speed"])
    study.optimize(two, n_trials=1, callbacks=[tracker()])
    metrics = [set(run.data.metrics) for _, run in sorted(experiment.candidates().items())]
    assert metrics == [{"value_0", "value_1"}] * 2 + [{"error", "speed"}]
    assert experiment.run().data.metrics["n_front"] == len(study.best_trials)
    assert experiment.run().data.params == {"direction": '["minimize", "maximize"]'}


def test_the_plots_are_those_of_a_search(experiment):
    pytest.importorskip("matplotlib")

    def objective(trial):
        return trial.suggest_float("x", -1, 1) ** 2 + trial.suggest_float("y", -1, 1)

    new_study().optimize(objective, n_trials=8, callbacks=[MLflowCallback()])
    files = experiment.client.list_artifacts(experiment.run().info.run_id, "plots")
    assert sorted(file.path for file in files) == ["plots/history.png", "plots/importances.png"]


# ----------------------------------------------------------------------- active runs, threads


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_trials_are_nested_in_the_active_run_also_those_of_threads(experiment, n_jobs):
    with mlflow.start_run(run_name="mine") as active:
        new_study().optimize(
            square, n_trials=4, n_jobs=n_jobs, callbacks=[tracker(run_name="no name of a new run")]
        )
        assert mlflow.active_run().info.run_id == active.info.run_id
        assert experiment.client.get_run(active.info.run_id).info.status == "RUNNING"
    run = experiment.run()
    assert run.info.run_name == "mine"
    assert run.data.metrics["n_complete"] == 4
    assert sorted(experiment.candidates()) == [0, 1, 2, 3]


def test_two_studies_in_one_active_run_do_not_mix(experiment):
    callback = tracker(run_name="second")
    with mlflow.start_run():
        new_study().optimize(square, n_trials=2, callbacks=[callback])
        study = new_study()
        study.optimize(square, n_trials=1, callbacks=[callback])
        study.optimize(square, n_trials=2, callbacks=[callback])
    nested = experiment.runs(experiment.run().info.run_id)
    (second,) = [run for run in nested if "skhpo.trial" not in run.data.tags]
    assert second.info.run_name == "second"
    assert sorted(experiment.candidates(second)) == [0, 1, 2]
    assert len(nested) == 2 + 1


def test_an_objective_function_logs_to_the_run_of_its_trial_in_threads_too(experiment):
    callback = tracker()
    both_run = threading.Barrier(2, timeout=60)

    @callback.track_in_mlflow()
    def objective(trial):
        """Docstring."""
        mlflow.log_metric("number", trial.number)
        both_run.wait()
        mlflow.log_text(str(trial.number), "number.txt")
        if trial.number == 1:
            raise skhpo.TrialPruned
        return trial.suggest_float("x", 0, 1)

    assert objective.__doc__ == "Docstring."
    new_study().optimize(objective, n_trials=4, n_jobs=2, callbacks=[callback])
    trials = experiment.candidates()
    assert sorted(trials) == [0, 1, 2, 3]
    for number, run in trials.items():
        assert run.data.metrics["number"] == number
        assert experiment.artifacts(run) == ["number.txt"]
        assert run.info.status == ("KILLED" if number == 1 else "FINISHED")
    assert mlflow.active_run() is None


def test_tracking_in_an_objective_needs_the_callback_and_the_current_store(experiment, tmp_path):
    forgotten = tracker()
    with pytest.raises(RuntimeError, match="needs its MLflowCallback in the `callbacks`"):
        new_study().optimize(forgotten.track_in_mlflow()(square), n_trials=1)
    other = tracker(experiment_name=f"not {experiment.name}")
    with pytest.raises(ValueError, match="set_experiment"):
        new_study().optimize(other.track_in_mlflow()(square), n_trials=1, callbacks=[other])


# -------------------------------------------------------------------------- again, and errors


def test_a_study_that_is_optimised_again_continues_its_run(experiment, tmp_path):
    arguments = {"storage": tmp_path / "study.db", "study_name": "s", "load_if_exists": True}
    new_study(**arguments).optimize(square, n_trials=2, callbacks=[tracker()])
    study = new_study(**arguments)
    study.optimize(square, callbacks=[tracker(), MaxTrialsCallback(5)])
    assert sorted(experiment.candidates()) == list(range(5))
    run = experiment.run()
    assert run.data.metrics["n_complete"] == 5
    assert run.data.tags["best_trial"] == str(study.best_trial.number)
    assert run.info.status == "FINISHED"


def test_a_study_that_continues_in_an_active_run_takes_its_trials_along(experiment):
    study = new_study()
    study.optimize(square, n_trials=2, callbacks=[tracker()])
    first = experiment.run()
    with mlflow.start_run() as active:
        study.optimize(square, n_trials=1, callbacks=[tracker()])
        study.optimize(square, n_trials=1, callbacks=[tracker()])
    assert sorted(experiment.candidates(active)) == [0, 1, 2, 3]
    assert experiment.candidates(first) == {}


def test_trials_can_be_recorded_without_optimize(experiment):
    study, callback = new_study(), tracker()
    for value in (1.0, 0.5):
        callback(study, study.tell(study.ask(), value))
    assert experiment.run().data.metrics["best_value"] == 0.5
    assert sorted(experiment.candidates()) == [0, 1]


def test_an_error_of_the_objective_ends_all_runs(experiment):
    callback = tracker()
    objective = callback.track_in_mlflow()(prunes_and_fails)
    with pytest.raises(ValueError, match="bad luck"):
        new_study().optimize(objective, n_trials=5, callbacks=[callback])
    assert experiment.run().info.status == "FAILED"
    trials = [run for _, run in sorted(experiment.candidates().items())]
    assert [run.info.status for run in trials] == ["FINISHED", "KILLED", "FAILED"]
    assert trials[2].data.tags["skhpo.status"] == "failed"


def test_an_error_of_mlflow_is_one_warning_and_the_study_continues(experiment, monkeypatch):
    def broken(*arguments, **named):
        raise ConnectionError("the server is away")

    callback, study = tracker(), new_study()
    monkeypatch.setattr("skhpo.tracking._mlflow_runs.Runs.create", broken)
    with mlflow.start_run(), pytest.warns(UserWarning, match="the server is away") as warned:
        study.optimize(square, n_trials=3, callbacks=[callback])
    assert len(study.trials) == 3
    assert len(warned) == 1


def test_a_callback_can_be_copied_while_it_records(experiment):
    copies = []

    def objective(trial):
        copies.append((copy.deepcopy(callback), pickle.loads(pickle.dumps(callback))))
        return 0.0

    callback = tracker(run_name="name")
    study = new_study()
    study.optimize(objective, n_trials=1, callbacks=[callback])
    for one in copies[0]:
        assert one.run_name == "name"
        study.optimize(square, n_trials=1, callbacks=[one])
    assert sorted(experiment.candidates()) == [0, 1, 2]


SCRIPT = textwrap.dedent("""
    import os, sys, time
    import mlflow, skhpo
    from skhpo.storages import RDBStorage
    from skhpo.tracking import MLflowCallback

    uri, experiment, storage = sys.argv[1:]
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment(experiment)
    callback = MLflowCallback(log_plots=False)
    study = skhpo.create_study(
        storage=RDBStorage(storage, heartbeat_interval=1, grace_period=1),
        study_name="s", load_if_exists=True,
    )

    @callback.track_in_mlflow()
    def objective(trial):
        if trial.number == 1:
            os._exit(1)
        return trial.suggest_float("x", 0, 1)

    study.optimize(objective, n_trials=3, callbacks=[callback])
""")


@pytest.mark.slow
def test_a_trial_whose_process_died_has_a_failed_run_after_the_next_start(
    mlflow_store, experiment, tmp_path
):
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    command = [sys.executable, "-c", SCRIPT, mlflow_store, experiment.name, storage]
    assert subprocess.run(command).returncode == 1
    assert experiment.run().info.status == "RUNNING"
    assert experiment.candidates()[1].info.status == "RUNNING"
    skhpo.load_study(study_name="s", storage=storage).tell(1, state=skhpo.TrialState.FAIL)
    assert subprocess.run(command).returncode == 0
    statuses = [run.info.status for _, run in sorted(experiment.candidates().items())]
    assert statuses == ["FINISHED", "FAILED", "FINISHED", "FINISHED", "FINISHED"]
    assert experiment.run().info.status == "FINISHED"
