"""The same script gives the same with our study layer as with Optuna."""

import math
import warnings

import numpy as np
import pytest

import skhpo

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)
MODULES = [skhpo, optuna]


def both(script):
    """Run a script with both modules; return what it gave."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return script(skhpo), script(optuna)


def told(study):
    """What a study has recorded, but for times and random numbers."""
    return [(t.number, t.state.name, t.value, dict(t.intermediate_values)) for t in study.trials]


def make(m, **settings):
    settings = {"sampler": m.samplers.RandomSampler(seed=0)} | settings
    return m.create_study(**settings)


# ------------------------------------------------------------------------ ask and tell


def test_states_and_values_of_what_is_told():
    def script(m):
        study = make(m)
        state = m.trial.TrialState
        study.tell(study.ask(), 1.5)
        study.tell(study.ask().number, [2])
        study.tell(study.ask(), state=state.FAIL)
        study.tell(study.ask(), state=state.PRUNED)
        trial = study.ask()
        for step, value in ((0, 4.0), (5, 3.0), (2, 9.0)):
            trial.report(value, step)
        study.tell(trial, state=state.PRUNED)
        study.tell(study.ask(), math.nan)
        study.tell(study.ask(), math.inf)
        study.tell(study.ask(), -7, state=state.COMPLETE)
        study.tell(study.ask())
        study.tell(study.ask(), "no number")
        study.ask()
        study.tell(0, 99.0, skip_if_finished=True)
        return told(study), study.best_value, study.best_trial.number

    ours, theirs = both(script)
    assert ours == theirs


@pytest.mark.parametrize("reports", [[], [math.nan], [1.0, math.nan], [math.inf]])
def test_the_value_of_a_pruned_trial(reports):
    def script(m):
        study = make(m)
        trial = study.ask()
        for step, value in enumerate(reports):
            trial.report(value, step)
        study.tell(trial, state=m.trial.TrialState.PRUNED)
        return repr(told(study))

    ours, theirs = both(script)
    assert ours == theirs


@pytest.mark.parametrize(
    "tell",
    [
        lambda m, study, trial: study.tell(99, 1.0),
        lambda m, study, trial: study.tell(trial, 1.0, state=m.trial.TrialState.FAIL),
        lambda m, study, trial: study.tell(trial, 1.0, state=m.trial.TrialState.PRUNED),
        lambda m, study, trial: study.tell(trial, 1.0, state=m.trial.TrialState.RUNNING),
        lambda m, study, trial: study.tell(trial, state=m.trial.TrialState.COMPLETE),
        lambda m, study, trial: study.tell(trial, [1.0, 2.0], state=m.trial.TrialState.COMPLETE),
        lambda m, study, trial: (study.tell(trial, 1.0), study.tell(trial, 2.0)),
    ],
)
def test_what_cannot_be_told_is_an_error_in_both(tell):
    for m in MODULES:
        study = make(m)
        with pytest.raises(ValueError):
            tell(m, study, study.ask())


def test_fixed_distributions_are_suggested_at_once():
    def script(m):
        d = m.distributions
        space = {
            "x": d.FloatDistribution(0, 1),
            "k": d.IntDistribution(1, 9, step=2),
            "c": d.CategoricalDistribution(["a", "b"]),
        }
        trial = make(m).ask(fixed_distributions=space)
        return {name: type(value) for name, value in trial.params.items()}

    ours, theirs = both(script)
    assert ours == theirs


# ---------------------------------------------------------------------------- optimize


def test_a_study_of_successes_failures_and_pruned_trials():
    def script(m):
        def objective(trial):
            trial.suggest_float("x", 0, 1)
            n = trial.number
            trial.report(float(n), 0)
            if n == 2:
                raise m.TrialPruned
            if n == 3:
                raise ValueError("caught")
            if n == 5:
                return math.nan
            if n == 6:
                return None
            return 10.0 - n

        study = make(m, direction="maximize")
        study.optimize(objective, n_trials=8, catch=(ValueError,))
        return told(study), study.best_value, study.best_trial.number, study.direction.name

    ours, theirs = both(script)
    assert ours == theirs


def test_an_exception_that_is_not_caught_fails_the_trial_and_is_raised():
    def script(m):
        def objective(trial):
            if trial.number == 1:
                raise KeyError("not caught")
            return 0.0

        study = make(m)
        with pytest.raises(KeyError):
            study.optimize(objective, n_trials=5, catch=(ValueError,))
        return told(study)

    ours, theirs = both(script)
    assert ours == theirs


def test_stop_in_the_objective_and_in_a_callback():
    def script(m):
        def objective(trial):
            if trial.number == 3:
                trial.study.stop()
            return 1.0

        first, second, seen = make(m), make(m), []

        def callback(study, trial):
            seen.append((trial.number, trial.state.name, trial.value))
            if trial.number == 2:
                study.stop()

        first.optimize(objective, n_trials=10)
        second.optimize(lambda trial: 2.0, n_trials=10, callbacks=[callback])
        second.optimize(lambda trial: 3.0, n_trials=2)
        return told(first), told(second), seen

    ours, theirs = both(script)
    assert ours == theirs


def test_optimize_does_not_run_within_itself():
    for m in MODULES:
        study = make(m)

        def objective(trial, study=study):
            study.optimize(lambda t: 0.0, n_trials=1)

        with pytest.raises(RuntimeError):
            study.optimize(objective, n_trials=1)
        with pytest.raises(RuntimeError):
            study.stop()


def test_threads_run_just_as_many_trials():
    def script(m):
        study = make(m)
        study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=25, n_jobs=4)
        return sorted(t.number for t in study.trials), {t.state.name for t in study.trials}

    ours, theirs = both(script)
    assert ours == theirs


def test_a_timeout_starts_no_further_trial():
    for m in MODULES:
        study = make(m)
        study.optimize(lambda t: 0.0, n_trials=10**9, timeout=0.05)
        assert len(study.trials) >= 1


# -------------------------------------------------------------------- enqueue and add


def test_enqueued_trials_come_first():
    def script(m):
        def objective(trial):
            x = trial.suggest_float("x", 0, 10)
            return x + trial.suggest_int("k", 0, 3)

        study = make(m)
        study.enqueue_trial({"x": 4.0, "k": 1}, user_attrs={"why": "a guess"})
        study.enqueue_trial({"x": 5.0})
        study.enqueue_trial({"x": 4.0, "k": 1}, skip_if_exists=True)
        study.enqueue_trial({"x": 4.0, "k": 1})
        waiting = [t.state.name for t in study.trials]
        study.optimize(objective, n_trials=5)
        xs = [trial.params["x"] for trial in study.trials]
        return waiting, xs[:3], study.trials[0].user_attrs, study.trials[0].system_attrs

    ours, theirs = both(script)
    assert ours == theirs


def test_an_enqueued_value_outside_the_range_is_used_all_the_same():
    def script(m):
        study = make(m)
        study.enqueue_trial({"x": 40.0})
        study.optimize(lambda t: t.suggest_float("x", 0, 10), n_trials=1)
        return study.trials[0].params

    ours, theirs = both(script)
    assert ours == theirs


def test_trials_made_elsewhere_are_added():
    def script(m):
        d = m.distributions
        study = make(m, direction="maximize")
        state = m.trial.TrialState
        x = {"x": d.FloatDistribution(0, 1)}
        study.add_trial(m.trial.create_trial(value=0.3, params={"x": 0.2}, distributions=x))
        study.add_trials(
            [
                m.trial.create_trial(state=state.PRUNED, intermediate_values={0: 1.0, 3: 0.5}),
                m.trial.create_trial(state=state.FAIL),
                m.trial.create_trial(values=[0.9], params={"x": 0.8}, distributions=x,
                                     user_attrs={"a": 1}, system_attrs={"b": 2}),
            ]
        )  # fmt: skip
        study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
        copy = make(m, direction="maximize")
        copy.add_trials(study.trials)
        same = told(copy) == told(study)
        return told(study)[:4], study.best_params if study.best_value == 0.9 else None, same

    ours, theirs = both(script)
    assert ours == theirs


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"value": 1.0, "params": {"x": 0.5}},
        {"value": 1.0, "params": {"x": 5.0}, "distributions": "x"},
        {"value": 1.0, "values": [1.0]},
        {"value": math.nan},
    ],
)
def test_a_record_that_contradicts_itself_is_an_error_in_both(fields):
    for m in MODULES:
        given = dict(fields)
        if "distributions" in given:
            given["distributions"] = {"x": m.distributions.FloatDistribution(0, 1)}
        with pytest.raises(ValueError):
            m.trial.create_trial(**given)


# --------------------------------------------------------------------- define-by-run


def test_suggestions_are_repeated_within_a_trial():
    def script(m):
        trial = make(m).ask()
        x = trial.suggest_float("x", 0, 1)
        same = trial.suggest_float("x", 0, 1) == x == trial.suggest_float("x", 0, 2)
        return same, trial.suggest_int("one", 3, 3), trial.suggest_categorical("c", ["only"])

    ours, theirs = both(script)
    assert ours == theirs


@pytest.mark.parametrize(
    "suggest",
    [
        lambda t: t.suggest_float("x", 1, 0),
        lambda t: t.suggest_float("x", 0, 1, log=True),
        lambda t: t.suggest_float("x", 0.1, 1, log=True, step=0.1),
        lambda t: t.suggest_int("k", 0, 5, step=0),
        lambda t: t.suggest_int("k", 0, 5, log=True),
        lambda t: t.suggest_categorical("c", []),
        lambda t: (t.suggest_float("x", 0, 1), t.suggest_int("x", 0, 1)),
        lambda t: t.report(1.0, -1),
    ],
)
def test_what_cannot_be_suggested_or_reported_is_an_error_in_both(suggest):
    for m in MODULES:
        with pytest.raises(ValueError):
            suggest(make(m).ask())


@pytest.mark.parametrize("report", [("high", 0), (1.0, "first"), (None, 0)])
def test_a_report_takes_numbers(report):
    for m in MODULES:
        with pytest.raises((TypeError, ValueError)):
            make(m).ask().report(*report)


def test_ranges_may_change_between_trials_but_not_choices():
    for m in MODULES:
        study = make(m)
        for high in (1, 5, 2):
            trial = study.ask()
            assert 0 <= trial.suggest_float("x", 0, high) <= high
            trial.suggest_categorical("c", ["a", "b"])
            study.tell(trial, 0.0)
        with pytest.raises(ValueError):
            study.ask().suggest_categorical("c", ["a", "b", "c"])


def test_the_dataframe_has_the_same_columns():
    pytest.importorskip("pandas")

    def script(m):
        def objective(trial):
            x = trial.suggest_float("x", 0, 1)
            if trial.number == 2:
                trial.suggest_int("k", 0, 1)
            trial.set_user_attr("note", trial.number)
            if trial.number == 1:
                raise m.TrialPruned
            return x

        study = make(m)
        empty = study.trials_dataframe().shape
        study.optimize(objective, n_trials=4)
        frame, multi = study.trials_dataframe(), study.trials_dataframe(multi_index=True)
        short = study.trials_dataframe(attrs=("number", "state", "params"))
        return (
            empty, list(frame.columns), frame["number"].tolist(), frame["state"].tolist(),
            frame["user_attrs_note"].tolist(), frame["params_k"].isna().tolist(),
            multi.columns.tolist(), list(short.columns),
        )  # fmt: skip

    ours, theirs = both(script)
    assert ours == theirs


def test_attributes_of_studies_and_trials():
    def script(m):
        study = make(m, study_name="mine")
        study.set_user_attr("data", "iris")
        trial = study.ask()
        trial.set_user_attr("a", [1, 2])
        frozen = study.tell(trial, 1.0)
        return (
            study.study_name, study.user_attrs, trial.user_attrs, frozen.user_attrs,
            [d.name for d in study.directions], frozen.duration is not None, frozen.last_step,
        )  # fmt: skip

    ours, theirs = both(script)
    assert ours == theirs


def test_there_is_no_best_trial_before_one_is_complete():
    for m in MODULES:
        study = make(m)
        study.tell(study.ask(), state=m.trial.TrialState.FAIL)
        with pytest.raises(ValueError):
            _ = study.best_trial


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_of_equals_the_first_is_best(direction):
    def script(m):
        study = make(m, direction=direction)
        for value in (1.0, 0.0, 1.0, 0.0):
            study.tell(study.ask(), value)
        return study.best_trial.number

    ours, theirs = both(script)
    assert ours == theirs


# ----------------------------------------------------------------------------- pruners


def random_curves(seed, n_trials=25, n_steps=8):
    rng = np.random.default_rng(seed)
    curves = rng.normal(size=(n_trials, 1)) + rng.normal(size=(n_trials, n_steps))
    curves[rng.random(curves.shape) < 0.07] = np.nan
    curves[rng.random(n_trials) < 0.1] = np.nan
    steps = [np.sort(rng.choice(30, n_steps, replace=False)) for _ in range(n_trials)]
    return curves, steps if seed % 2 else [np.arange(n_steps)] * n_trials


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("MedianPruner", {}),
        ("MedianPruner", {"n_startup_trials": 0}),
        ("MedianPruner", {"n_startup_trials": 2, "n_warmup_steps": 3}),
        ("MedianPruner", {"n_startup_trials": 2, "interval_steps": 3}),
        ("MedianPruner", {"n_startup_trials": 2, "n_warmup_steps": 2, "interval_steps": 4}),
        ("MedianPruner", {"n_startup_trials": 1, "n_min_trials": 4}),
        ("PercentilePruner", {"percentile": 25.0, "n_startup_trials": 2}),
        ("PercentilePruner", {"percentile": 90.0, "n_startup_trials": 2, "n_min_trials": 3}),
        ("PercentilePruner", {"percentile": 0.0, "n_startup_trials": 3}),
        ("PercentilePruner", {"percentile": 100.0, "n_startup_trials": 3}),
        ("NopPruner", {}),
    ],
)
def test_pruners_decide_alike_on_random_curves(name, arguments, direction, seed):
    curves, steps = random_curves(seed)

    def script(m):
        study = make(m, direction=direction, pruner=getattr(m.pruners, name)(**arguments))
        decisions = []
        for curve, at in zip(curves, steps, strict=True):
            trial = study.ask()
            for step, value in zip(at.tolist(), curve.tolist(), strict=True):
                trial.report(value, step)
                decisions.append(trial.should_prune())
                if decisions[-1]:
                    study.tell(trial, state=m.trial.TrialState.PRUNED)
                    break
            else:
                study.tell(trial, 0.0 if math.isnan(curve[-1]) else curve[-1])
        return decisions

    ours, theirs = both(script)
    assert ours == theirs
