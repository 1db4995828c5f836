"""Grid, brute force and partly fixed samplers do what Optuna's do."""

import itertools
import warnings

import pytest
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo.samplers import BruteForceSampler, GridSampler, PartialFixedSampler, TPESampler

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)
both = pytest.mark.parametrize("m", [skhpo, optuna], ids=["skhpo", "optuna"])
SPACE = {"x": [-1.0, 0.0, 0.5], "kind": ["a", "b"]}


def of_grid(trial):
    kind = trial.suggest_categorical("kind", ["a", "b"])
    return trial.suggest_float("x", -1, 1) ** 2 + (kind == "a")


def conditional(trial):
    kind = trial.suggest_categorical("kind", ["a", "b", "c"])
    if kind == "a":
        return trial.suggest_int("n", 0, 3)
    if kind == "b":
        if trial.suggest_categorical("deep", [True, False]):
            return trial.suggest_float("x", 0, 1, step=0.25)
        return 3.0
    return -1.0


def points(study):
    return sorted(repr(sorted(t.params.items())) for t in study.trials)


# ------------------------------------------------------------------------------- grid


@both
@pytest.mark.parametrize("n_jobs", [1, 3])
def test_each_combination_of_the_grid_is_tried_once(m, n_jobs):
    study = m.create_study(sampler=m.samplers.GridSampler(SPACE, seed=3))
    study.optimize(of_grid, n_jobs=n_jobs)
    tried = [(t.params["x"], t.params["kind"]) for t in study.trials]
    if n_jobs == 1:
        assert sorted(tried) == sorted(itertools.product(SPACE["x"], SPACE["kind"]))
    assert set(tried) == set(itertools.product(SPACE["x"], SPACE["kind"]))


def test_the_order_of_the_grid_follows_from_the_seed():
    def order(seed):
        study = skhpo.create_study(sampler=GridSampler(SPACE, seed=seed))
        study.optimize(of_grid)
        return [t.params for t in study.trials]

    assert order(1) == order(1)
    assert len({str(order(seed)) for seed in range(5)}) > 1


def test_enqueued_and_failed_trials_do_not_shorten_the_grid():
    def sometimes(trial):
        if trial.number == 2:
            raise ValueError("no")
        return of_grid(trial)

    study = skhpo.create_study(sampler=GridSampler(SPACE, seed=0))
    study.enqueue_trial({"x": 0.1, "kind": "a"})
    study.optimize(sometimes, catch=ValueError)
    drawn = {(t.params["x"], t.params["kind"]) for t in study.trials if t.params and t.number}
    assert len(study.trials) == 7
    assert len(drawn) >= 5


@both
def test_a_parameter_that_is_not_in_the_grid_is_an_error(m):
    study = m.create_study(sampler=m.samplers.GridSampler({"x": [0, 1]}))
    with pytest.raises(ValueError, match="y"):
        study.optimize(lambda trial: trial.suggest_float("y", 0, 1), n_trials=1)


def test_asking_beyond_the_grid_warns():
    study = skhpo.create_study(sampler=GridSampler({"x": [0.0, 1.0]}))
    for _ in range(2):
        trial = study.ask()
        study.tell(trial, trial.suggest_float("x", 0, 1))
    assert study.sampler.is_exhausted(study)
    with pytest.warns(UserWarning, match="tried again"):
        study.ask()


def test_a_grid_without_values_is_refused():
    with pytest.raises(ValueError, match="no value for 'x'"):
        GridSampler({"x": []})


# ------------------------------------------------------------------------ brute force


def test_brute_force_tries_each_point_of_a_conditional_space_once():
    found = []
    for m in (skhpo, optuna):
        study = m.create_study(sampler=m.samplers.BruteForceSampler(seed=1))
        study.optimize(conditional, n_trials=100)
        found.append(points(study))
    assert found[0] == found[1]
    assert len(found[0]) == len(set(found[0])) == 4 + 5 + 1 + 1


def test_brute_force_goes_on_where_a_study_stands():
    study = skhpo.create_study(sampler=BruteForceSampler(seed=1))
    study.enqueue_trial({"kind": "a", "n": 2})
    study.optimize(conditional, n_trials=4)
    study.sampler = BruteForceSampler(seed=2)
    study.optimize(conditional)
    assert len(points(study)) == len(set(points(study))) == 11


def test_brute_force_with_several_threads_leaves_nothing_out():
    study = skhpo.create_study(sampler=BruteForceSampler(seed=1, avoid_premature_stop=True))
    study.optimize(conditional, n_jobs=3, n_trials=60)
    assert len(set(points(study))) == 11


@both
def test_brute_force_refuses_what_is_infinite(m):
    study = m.create_study(sampler=m.samplers.BruteForceSampler())
    with pytest.raises(ValueError, match="step"):
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)


# --------------------------------------------------------------------------- partly fixed


@both
def test_fixed_parameters_keep_their_values(m):
    base = m.samplers.TPESampler(seed=0)
    study = m.create_study(sampler=m.samplers.PartialFixedSampler({"x": 0.5}, base))
    study.optimize(of_grid, n_trials=20)
    assert {t.params["x"] for t in study.trials} == {0.5}
    assert {t.params["kind"] for t in study.trials} == {"a", "b"}


def test_a_fixed_value_outside_the_range_is_used_with_a_warning():
    study = skhpo.create_study(sampler=PartialFixedSampler({"x": 5.0}, TPESampler(seed=0)))
    with pytest.warns(UserWarning, match=r"5\.0"):
        study.optimize(of_grid, n_trials=1)
    assert study.trials[0].params["x"] == 5.0


def test_the_base_must_be_a_sampler():
    with pytest.raises(TypeError, match="base_sampler"):
        PartialFixedSampler({}, None)


# ----------------------------------------------------------------------------- in a search


@pytest.mark.parametrize(
    "sampler",
    [GridSampler({"C": [0.1, 1.0, 10.0], "kernel": ["linear", "rbf"]}), BruteForceSampler()],
    ids=["grid", "brute force"],
)
def test_a_search_tries_each_combination(sampler):
    X, y = load_iris(return_X_y=True)
    space = {"C": [0.1, 1.0, 10.0], "kernel": ["linear", "rbf"]}
    search = skhpo.StudySearchCV(
        SVC(), space, n_iter=20, sampler=sampler, random_state=0, enqueue=None, pruner=None
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, y)
    params = [tuple(sorted(p.items())) for p in search.cv_results_["params"]]
    assert len(params) == len(set(params)) == 6


def test_a_search_holds_parameters_fixed():
    X, y = load_iris(return_X_y=True)
    sampler = PartialFixedSampler({"criterion": "entropy"}, TPESampler())
    space = {"criterion": ["gini", "entropy"], "max_depth": range(1, 10), "ccp_alpha": [0.0, 0.1]}
    runs = [
        skhpo.StudySearchCV(
            DecisionTreeClassifier(random_state=0), space, n_iter=10, sampler=sampler,
            random_state=seed, enqueue=None,
        ).fit(X, y)
        for seed in (0, 0, 1)
    ]  # fmt: skip
    params = [search.cv_results_["params"] for search in runs]
    assert {p["criterion"] for p in params[0]} == {"entropy"}
    assert params[0] == params[1]
    assert params[0] != params[2]
