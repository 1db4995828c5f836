"""Studies as scripts written for Optuna use them: bars, tables, queues, other processes."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

import skhpo
from skhpo.distributions import FloatDistribution
from skhpo.trial import TrialState, create_trial

optuna = pytest.importorskip("optuna")


@pytest.fixture
def verbose():
    level = skhpo.logging.get_verbosity()
    skhpo.logging.set_verbosity(skhpo.logging.INFO)
    yield
    skhpo.logging.set_verbosity(level)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_bar_over_trials_shows_the_best_trial(n_jobs, capsys):
    study = skhpo.create_study()
    study.optimize(lambda trial: 1.25, n_trials=2, n_jobs=n_jobs, show_progress_bar=True)
    shown = capsys.readouterr().err
    assert "Best trial: 0. Best value: 1.25" in shown
    assert "2/2" in shown


def test_the_bar_over_trials_shows_the_time_beside_a_timeout(capsys):
    study = skhpo.create_study()
    study.optimize(lambda trial: 1.0, n_trials=1, timeout=77.0, show_progress_bar=True)
    assert "/77.0 " in capsys.readouterr().err


@pytest.mark.parametrize(("timeout", "shown"), [(59.0, "/00:59"), (86400.0, "/24:00:00")])
def test_the_bar_over_time_shows_the_timeout(timeout, shown, capsys):
    study = skhpo.create_study()
    study.optimize(
        lambda trial: 1.0,
        timeout=timeout,
        show_progress_bar=True,
        callbacks=[lambda study, trial: study.stop()],
    )
    assert shown in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [{}, {"timeout": 0.01, "n_jobs": 2}], ids=["no end", "time and threads"]
)
def test_where_no_bar_can_be_shown_a_warning_says_so(arguments, capsys):
    study = skhpo.create_study()
    with pytest.warns(UserWarning, match="No progress bar is shown"):
        study.optimize(
            lambda trial: 1.0,
            show_progress_bar=True,
            callbacks=[lambda study, trial: study.stop()],
            **arguments,
        )
    assert "%|" not in capsys.readouterr().err


def test_the_bar_shows_no_best_trial_of_several_objectives(capsys):
    study = skhpo.create_study(directions=["minimize", "minimize"])
    study.optimize(lambda trial: (1.0, 2.0), n_trials=2, show_progress_bar=True)
    shown = capsys.readouterr().err
    assert "Best trial" not in shown
    assert "2/2" in shown


def test_lines_of_the_log_go_on_after_a_bar(verbose, capsys):
    study = skhpo.create_study()
    study.optimize(lambda trial: 1.0, n_trials=1, show_progress_bar=True)
    study.optimize(lambda trial: 1.0, n_trials=1)
    shown = capsys.readouterr().err
    assert shown.count("Trial 0: value 1.0") == 1
    assert shown.count("Trial 1: value 1.0") == 1


def test_a_silenced_log_stays_silent_beside_a_bar(verbose, capsys):
    skhpo.logging.disable_default_handler()
    try:
        study = skhpo.create_study()
        study.optimize(lambda trial: 1.0, n_trials=1, show_progress_bar=True)
    finally:
        skhpo.logging.enable_default_handler()
    assert "Trial 0:" not in capsys.readouterr().err


@pytest.mark.parametrize("params", [[{"x": 1}], ["x"], "x", None, 3])
def test_only_a_dict_can_be_enqueued(params):
    study = skhpo.create_study()
    with pytest.raises(TypeError, match="`params` must be a dict"):
        study.enqueue_trial(params)
    assert study.trials == []


@pytest.mark.parametrize("in_database", [False, True])
def test_nan_is_enqueued_once_where_what_exists_is_skipped(in_database, tmp_path):
    storage = f"sqlite:///{tmp_path}/a.db" if in_database else None
    study = skhpo.create_study(storage=storage)
    for value in (float("nan"), float("nan"), 0.0):
        study.enqueue_trial({"x": value}, skip_if_exists=True)
    assert len(study.trials) == 2


@pytest.mark.parametrize("multi_index", [False, True])
def test_the_table_of_failed_trials_has_a_column_for_each_objective(multi_index):
    study = skhpo.create_study(directions=["minimize", "maximize"])
    study.add_trial(create_trial(state=TrialState.FAIL))
    table = study.trials_dataframe(attrs=("number", "value"), multi_index=multi_index)
    names = [("values", 0), ("values", 1)] if multi_index else ["values_0", "values_1"]
    assert list(table.columns)[1:] == names
    assert table.isna().to_numpy()[0, 1:].all()


def test_a_table_without_columns_has_a_row_for_each_trial():
    study = skhpo.create_study()
    study.optimize(lambda trial: 1.0, n_trials=3)
    assert study.trials_dataframe(attrs=("params",)).shape == (3, 0)


def test_steps_are_integers_in_the_tables_index_and_in_order():
    study = skhpo.create_study()
    study.add_trial(create_trial(value=0, intermediate_values={10: 0.5, 9: 0.25}))
    table = study.trials_dataframe(attrs=("intermediate_values",), multi_index=True)
    assert list(table.columns) == [("intermediate_values", 9), ("intermediate_values", 10)]
    flat = study.trials_dataframe(attrs=("intermediate_values",))
    assert list(flat.columns) == ["intermediate_values_9", "intermediate_values_10"]


def test_the_identity_of_a_trial_has_a_column_as_in_optuna():
    study, theirs = skhpo.create_study(), optuna.create_study()
    for one in (study, theirs):
        one.optimize(lambda trial: 1.0, n_trials=2)
    ours = study.trials_dataframe(attrs=("number", "_trial_id"))
    assert list(ours.columns) == ["number", "trial_id"]
    assert ours.equals(theirs.trials_dataframe(attrs=("number", "_trial_id")))


def their_trial(trial):
    x = trial.suggest_float("x", 0.1, 1, log=True)
    trial.suggest_int("n", 0, 8, step=2)
    trial.suggest_categorical("kind", ["a", None, 1])
    trial.report(x, 0)
    trial.set_user_attr("note", [1])
    trial.set_constraint("c", -1.0)
    if trial.number == 1:
        raise optuna.TrialPruned
    if trial.number == 2:
        raise ValueError
    return x


def test_trials_of_optuna_are_added_as_they_are():
    theirs = optuna.create_study()
    theirs.optimize(their_trial, n_trials=4, catch=ValueError)
    theirs.enqueue_trial({"x": 0.5})
    study = skhpo.create_study()
    study.add_trials(theirs.trials)
    for ours, other in zip(study.trials, theirs.trials, strict=True):
        for field in ("number", "values", "params", "user_attrs", "intermediate_values"):
            assert getattr(ours, field) == getattr(other, field)
        for field in ("constraints", "datetime_start", "datetime_complete", "system_attrs"):
            assert getattr(ours, field) == getattr(other, field)
        assert ours.state.name == other.state.name
    assert study.best_params == theirs.best_params
    assert study.ask().suggest_float("x", 0.1, 1, log=True) == 0.5


def test_create_trial_takes_distributions_of_optuna():
    distributions = {"x": optuna.distributions.FloatDistribution(0, 1)}
    trial = create_trial(value=0, params={"x": 0.5}, distributions=distributions)
    assert trial.distributions == {"x": FloatDistribution(0, 1)}


@pytest.mark.parametrize("trial", [None, {"value": 1.0}, 3])
def test_what_is_no_trial_is_not_added(trial):
    with pytest.raises(TypeError, match="must be a FrozenTrial"):
        skhpo.create_study().add_trial(trial)


def tell(study, number, value):
    pickle.loads(study).tell(number, value)


def test_a_trial_that_another_process_ends_counts_here(tmp_path):
    study = skhpo.create_study(storage=f"sqlite:///{tmp_path}/a.db")
    first, second = study.ask(), study.ask()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(tell, pickle.dumps(study), first.number, 1.5).result()
    assert study.best_value == 1.5
    study.tell(second, 1.0)
    assert study.best_value == 1.0
