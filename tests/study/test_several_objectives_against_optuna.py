"""Several objectives and constraints: the same script gives the same as with Optuna."""

import math
import warnings

import numpy as np
import pytest

import skhpo

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)
MODULES = [skhpo, optuna]


def both(script):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return script(skhpo), script(optuna)


def make(m, **settings):
    return m.create_study(**({"sampler": m.samplers.RandomSampler(seed=0)} | settings))


@pytest.mark.parametrize("directions", [("minimize", "minimize"), ("maximize", "minimize")])
@pytest.mark.parametrize("seed", range(3))
def test_the_best_trials_are_the_pareto_front(directions, seed):
    values = np.random.default_rng(seed).integers(0, 6, (30, 2)).astype(float)
    values[3] = [math.inf, 0.0]

    def script(m):
        study = make(m, directions=directions)
        for pair in values:
            study.tell(study.ask(), pair.tolist())
        study.tell(study.ask(), state=m.trial.TrialState.FAIL)
        return [t.number for t in study.best_trials]

    ours, theirs = both(script)
    assert ours == sorted(theirs)


def test_only_feasible_trials_are_among_the_best():
    def script(m):
        several = make(m, directions=["minimize", "minimize"])
        one = make(m)
        for k, value in enumerate([3.0, 1.0, 2.0, 0.5]):
            for study, values in ((several, [value, -value]), (one, value)):
                trial = study.ask()
                trial.set_constraint("first", 1.0 if k in (1, 3) else 0.0)
                trial.set_constraint("second", -1.0)
                study.tell(trial, values)
        return [t.number for t in several.best_trials], one.best_trial.number, one.best_value

    ours, theirs = both(script)
    assert ours == theirs == ([0, 2], 2, 2.0)


@pytest.mark.parametrize("m", MODULES, ids=["skhpo", "optuna"])
def test_there_is_no_best_trial_where_none_is_feasible(m):
    study = make(m)
    trial = study.ask()
    trial.set_constraint("c", 0.1)
    study.tell(trial, 1.0)
    with pytest.raises(ValueError, match=r"feasible|No trials"):
        _ = study.best_trial


def test_the_first_value_of_a_constraint_stays():
    def script(m):
        study = make(m)
        trial = study.ask()
        trial.set_constraint("c", 1)
        trial.set_constraint("c", -1)
        trial.set_constraint("d", "2.5")
        return trial.constraints, study.tell(trial, 0.0).constraints

    ours, theirs = both(script)
    assert ours == theirs == ({"c": 1.0, "d": 2.5},) * 2


@pytest.mark.parametrize("value", [None, "high", math.nan])
@pytest.mark.parametrize("m", MODULES, ids=["skhpo", "optuna"])
def test_a_constraint_is_a_number(m, value):
    trial = make(m).ask()
    with pytest.raises((TypeError, ValueError)):
        trial.set_constraint("c", value)


@pytest.mark.parametrize("values", [1.0, [1.0], [1.0, 2.0, 3.0], [1.0, None], [1.0, math.nan]])
def test_values_that_do_not_fit_the_objectives(values):
    def script(m):
        study = make(m, directions=["minimize", "maximize"])
        state = study.tell(study.ask(), values).state.name
        with pytest.raises(ValueError, match=r"."):
            study.tell(study.ask(), values, state=m.trial.TrialState.COMPLETE)
        study.optimize(lambda trial: values, n_trials=1)
        return state, [t.state.name for t in study.trials]

    ours, theirs = both(script)
    assert ours == theirs
    assert ours[0] == "FAIL"


@pytest.mark.parametrize("name", ["best_trial", "best_value", "best_params", "direction"])
@pytest.mark.parametrize("m", MODULES, ids=["skhpo", "optuna"])
def test_what_one_objective_has_is_an_error_with_several(m, name):
    study = make(m, directions=["minimize", "maximize"])
    study.tell(study.ask(), [1.0, 2.0])
    with pytest.raises(RuntimeError):
        getattr(study, name)


@pytest.mark.parametrize("m", MODULES, ids=["skhpo", "optuna"])
def test_pruning_is_for_one_objective(m):
    trial = make(m, directions=["minimize", "maximize"]).ask()
    with pytest.raises(NotImplementedError):
        trial.report(1.0, 0)
    with pytest.raises(NotImplementedError):
        trial.should_prune()


@pytest.mark.parametrize(
    "settings",
    [
        {"direction": "minimize", "directions": ["minimize"]},
        {"directions": []},
        {"directions": ["up"]},
        {"direction": "up"},
    ],
)
@pytest.mark.parametrize("m", MODULES, ids=["skhpo", "optuna"])
def test_directions_that_say_nothing_are_refused(m, settings):
    with pytest.raises(ValueError, match=r"direction|objectives"):
        m.create_study(**settings)


@pytest.mark.parametrize("names", [None, ["loss", "a_gain"]])
@pytest.mark.parametrize("multi_index", [False, True])
@pytest.mark.parametrize("n_objectives", [1, 2])
def test_the_dataframe_names_the_objectives(names, multi_index, n_objectives):
    pytest.importorskip("pandas")

    def script(m):
        study = make(m, directions=["minimize", "maximize"][:n_objectives])
        if names:
            study.set_metric_names(names[:n_objectives])
        for k in range(3):
            study.tell(study.ask(), [float(k), 2.0 * k][:n_objectives])
        study.tell(study.ask(), state=m.trial.TrialState.FAIL)
        frame = study.trials_dataframe(attrs=("number", "value", "state"), multi_index=multi_index)
        return list(frame.columns), frame.iloc[:3].to_numpy().tolist()

    ours, theirs = both(script)
    assert ours == theirs


@pytest.mark.parametrize("m", MODULES, ids=["skhpo", "optuna"])
def test_there_are_as_many_names_as_objectives(m):
    study = make(m, directions=["minimize", "maximize"])
    with pytest.raises(ValueError, match=r"."):
        study.set_metric_names(["one"])


@pytest.mark.parametrize("kind", ["frozen", "fixed"])
@pytest.mark.parametrize("m", MODULES, ids=["skhpo", "optuna"])
def test_an_objective_runs_with_trials_that_are_not_live(m, kind):
    def objective(trial):
        kind = trial.suggest_categorical("kind", ["a", "b"])
        n = trial.suggest_int("n", 1, 5)
        x = trial.suggest_float("x", 0, 1)
        trial.report(x, 0)
        trial.set_user_attr("note", n)
        trial.set_constraint("c", -1)
        assert not trial.should_prune()
        return kind, n, x

    params = {"kind": "b", "n": 3, "x": 0.5}
    if kind == "fixed":
        trial = m.trial.FixedTrial(params)
    else:
        distributions = {
            "kind": m.distributions.CategoricalDistribution(["a", "b"]),
            "n": m.distributions.IntDistribution(1, 5),
            "x": m.distributions.FloatDistribution(0, 1),
        }
        trial = m.create_trial(value=0.0, params=params, distributions=distributions)
    assert objective(trial) == ("b", 3, 0.5)
    assert trial.params == params
    assert trial.user_attrs == {"note": 3}
    assert trial.constraints == {"c": -1.0}
    assert isinstance(trial, m.trial.BaseTrial)
    with pytest.raises(ValueError, match="y"):
        trial.suggest_float("y", 0, 1)
    with pytest.warns(UserWarning, match=r"x"):
        assert trial.suggest_float("x", 0.6, 1) == 0.5


@pytest.mark.parametrize("sampler", ["TPESampler", "RandomSampler"])
def test_the_sampler_gets_nearer_to_the_front_and_keeps_to_the_constraint(sampler):
    def objective(trial):
        x = [trial.suggest_float(f"x{i}", 0, 1) for i in range(4)]
        trial.set_constraint("c", 0.3 - x[0])
        g = 1 + sum(x[1:])
        return x[0], g * (1 - math.sqrt(x[0] / g))

    study = skhpo.create_study(
        directions=["minimize", "minimize"], sampler=getattr(skhpo.samplers, sampler)(seed=1)
    )
    study.optimize(objective, n_trials=120)
    late = study.trials[60:]
    feasible = np.mean([t.params["x0"] >= 0.3 for t in late])
    distance = np.mean([sum(t.params[f"x{i}"] for i in (1, 2, 3)) for t in late])
    if sampler == "TPESampler":
        assert feasible > 0.8
        assert distance < 0.8
    else:  # so the test can tell
        assert feasible < 0.8
        assert distance > 1.2
