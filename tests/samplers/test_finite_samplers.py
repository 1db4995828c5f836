"""Grid, brute force and partly fixed samplers do what Optuna's do."""

import copy
import itertools
import pickle
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo.distributions import FloatDistribution, IntDistribution
from skhpo.samplers import (
    BruteForceSampler,
    GridSampler,
    PartialFixedSampler,
    RandomSampler,
    TPESampler,
)

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


def all_points():
    return [{"x": x, "kind": kind} for x, kind in itertools.product(SPACE["x"], SPACE["kind"])]


@pytest.mark.parametrize(
    "sampler",
    [GridSampler(SPACE, seed=1), BruteForceSampler(1), PartialFixedSampler({}, RandomSampler())],
    ids=lambda sampler: type(sampler).__name__,
)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copy_draws_as_the_sampler_does(sampler, copied):
    def objective(trial):
        trial.suggest_categorical("kind", ["a", "b"])
        return trial.suggest_float("x", -1, 0.5, step=0.5)

    found = []
    for each in (copied(sampler), sampler):
        study = skhpo.create_study(sampler=each)
        study.optimize(objective, n_trials=5)
        found.append([t.params for t in study.trials])
    assert found[0] == found[1]


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


@pytest.mark.parametrize("n_before", [1, 6, 10])
def test_the_grid_is_complete_whatever_the_study_has_tried_before(n_before):
    study = skhpo.create_study(sampler=RandomSampler(seed=0))
    study.optimize(of_grid, n_trials=n_before)
    study.sampler = GridSampler(SPACE, seed=0)
    study.optimize(of_grid)
    drawn = [(t.params["x"], t.params["kind"]) for t in study.trials[n_before:]]
    assert sorted(drawn) == sorted(itertools.product(SPACE["x"], SPACE["kind"]))


def test_a_combination_that_was_enqueued_is_not_drawn_again():
    study = skhpo.create_study(sampler=GridSampler(SPACE, seed=0))
    study.optimize(of_grid, n_trials=2)
    study.enqueue_trial({"x": 0.3, "kind": "b"})
    study.enqueue_trial(next(p for p in all_points() if p not in [t.params for t in study.trials]))
    study.optimize(of_grid)
    assert len(study.trials) == 7
    assert len(set(points(study))) == 7


def test_workers_with_orders_of_their_own_share_a_grid():
    study = skhpo.create_study(sampler=GridSampler(SPACE, seed=0))
    study.optimize(of_grid, n_trials=2)
    held = study.ask()
    study.sampler = GridSampler(SPACE, seed=1)
    study.optimize(of_grid, n_trials=3)
    study.tell(held, of_grid(held))
    assert len(set(points(study))) == 6
    assert study.sampler.is_exhausted(study)


def test_the_last_combinations_are_tried_again_while_their_worker_has_not_ended():
    study = skhpo.create_study(sampler=GridSampler({"x": [0.0, 1.0, 2.0]}))
    held = study.ask()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 2))
    assert len(study.trials) == 4
    assert held.suggest_float("x", 0, 2) == study.trials[3].params["x"]


def test_values_of_several_types_and_nan_are_each_tried():
    choices = [1, True, None, float("nan"), "1", 1]
    study = skhpo.create_study(sampler=GridSampler({"c": choices}))

    def objective(trial):
        trial.suggest_categorical("c", [1, True, None, float("nan"), "1"])
        return 0.0

    study.optimize(objective, n_trials=20)
    assert len(study.trials) == 5
    assert len(set(points(study))) == 5


@both
def test_an_enqueued_trial_that_leaves_a_parameter_of_the_grid_open_is_an_error(m):
    study = m.create_study(sampler=m.samplers.GridSampler(SPACE))
    study.enqueue_trial({"x": 0.0})
    with pytest.raises(ValueError, match=r"[Ee]nqueue"):
        study.optimize(of_grid, n_trials=1)


def test_asking_beyond_the_grid_warns():
    study = skhpo.create_study(sampler=GridSampler({"x": [0.0, 1.0]}))
    for _ in range(2):
        trial = study.ask()
        study.tell(trial, trial.suggest_float("x", 0, 1))
    assert study.sampler.is_exhausted(study)
    with pytest.warns(UserWarning, match="tried again"):
        study.ask()


def test_a_grid_without_parameters_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        GridSampler({})


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


def test_brute_force_stops_if_there_is_nothing_to_choose():
    study = skhpo.create_study(sampler=BruteForceSampler())
    study.optimize(lambda trial: 1.0, n_trials=5)
    assert len(study.trials) == 1


def test_brute_force_knows_nan_and_equal_values_of_several_types():
    def objective(trial):
        trial.suggest_float("only", 0.5, 0.5)
        trial.suggest_categorical("c", [1, True, float("nan")])
        return trial.suggest_int("n", 0, 1)

    study = skhpo.create_study(sampler=BruteForceSampler(seed=0))
    study.optimize(objective, n_trials=20)
    assert len(study.trials) == len(set(points(study))) == 6


@pytest.mark.parametrize("avoid_premature_stop", [False, True])
def test_brute_force_tries_again_what_others_have_not_ended_if_told_to(avoid_premature_stop):
    def objective(trial):
        return trial.suggest_int("n", 0, 9)

    sampler = BruteForceSampler(seed=0, avoid_premature_stop=avoid_premature_stop)
    study = skhpo.create_study(sampler=sampler)
    held = [study.ask() for _ in range(2)]
    waiting = {objective(trial) for trial in held}
    study.optimize(objective)
    assert [t.params["n"] in waiting for t in study.trials[2:10]] == [False] * 8
    assert {t.params["n"] for t in study.trials[10:]} == (
        waiting if avoid_premature_stop else set()
    )


@given(st.recursive(st.just(None), lambda below: st.lists(below, min_size=1, max_size=4)))
@settings(deadline=None, max_examples=40)
def test_brute_force_visits_each_leaf_of_any_tree_once(tree):
    leaves = []

    def objective(trial):
        node, path = tree, ()
        while node is not None:
            path += (trial.suggest_int(f"at {path}", 0, len(node) - 1),)
            node = node[path[-1]]
        leaves.append(path)
        return 0.0

    skhpo.create_study(sampler=BruteForceSampler(seed=0)).optimize(objective, n_trials=500)
    assert sorted(leaves) == sorted(leaves_of(tree))


def leaves_of(tree, path=()):
    if tree is None:
        return [path]
    return [leaf for k, below in enumerate(tree) for leaf in leaves_of(below, (*path, k))]


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


# ----------------------------------------------------- brute force, and a space that changes


def _tried(params, **distributions):
    return skhpo.create_trial(params=params, distributions=distributions, value=0.0)


CHANGES = {
    "another range": (
        _tried({"x": 0}, x=IntDistribution(0, 1)),
        lambda trial: trial.suggest_int("x", 0, 2),
    ),
    "another name": (
        _tried({"x": 0}, x=IntDistribution(0, 1)),
        lambda trial: trial.suggest_int("y", 0, 1),
    ),
    "one more": (
        _tried({"x": 0}, x=IntDistribution(0, 0)),
        lambda trial: trial.suggest_int("x", 0, 0) + trial.suggest_int("y", 0, 1),
    ),
    "one more, constant": (
        _tried({"x": 0}, x=IntDistribution(0, 0)),
        lambda trial: trial.suggest_int("x", 0, 0) + trial.suggest_int("y", 0, 0),
    ),
    "one less": (
        _tried({"x": 0, "y": 0}, x=IntDistribution(0, 0), y=IntDistribution(0, 0)),
        lambda trial: trial.suggest_int("x", 0, 0),
    ),
    "no step": (
        _tried({"x": 0.0}, x=FloatDistribution(0, 1)),
        lambda trial: trial.suggest_float("x", 0, 1, step=0.5),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_brute_force_refuses_a_space_that_changes(change):
    before, objective = CHANGES[change]
    study = skhpo.create_study(sampler=BruteForceSampler(seed=0))
    study.add_trial(before)
    with pytest.raises(ValueError, match=r"the same search space|finite domains"):
        study.optimize(objective, n_trials=5)
    assert all(trial.state.is_finished() for trial in study.trials)


def test_brute_force_says_where_the_space_changed():
    study = skhpo.create_study(sampler=BruteForceSampler(seed=0))
    message = r"'x' of IntDistribution.*high=1.*, and this one has 'x' of .*high=2"
    with pytest.raises(ValueError, match=message):
        study.optimize(lambda trial: trial.suggest_int("x", 0, 1 + trial.number), n_trials=5)


def test_brute_force_lets_trials_that_fail_or_are_pruned_end_early():
    def objective(trial):
        x = trial.suggest_int("x", 0, 2)
        if trial.number == 0:
            raise skhpo.TrialPruned
        if trial.number == 1:
            raise OSError
        return x + trial.suggest_int("y", 0, 1)

    study = skhpo.create_study(sampler=BruteForceSampler(seed=0))
    study.enqueue_trial({"x": 0})
    study.enqueue_trial({"x": 1})
    study.enqueue_trial({"x": 0})
    study.enqueue_trial({"x": 1})
    study.optimize(objective, catch=OSError)
    assert sum("y" in trial.params for trial in study.trials) == 6
