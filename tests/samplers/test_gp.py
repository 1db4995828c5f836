"""The Gaussian process sampler: what it is told, what it proposes, and that it learns."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import skhpo
from skhpo.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from skhpo.history import PREDICTED_VALUE, PREDICTED_VARIANCE
from skhpo.multi_objective import hypervolume
from skhpo.samplers import GPSampler, RandomSampler, TPESampler
from skhpo.samplers._gp import MAX_TRIALS
from skhpo.samplers._gp_model import Features
from skhpo.trial import TrialState, create_trial

X = {"x": FloatDistribution(0, 1)}
XY = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}
COMPLETE, PRUNED, FAIL, RUNNING = (
    TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING,
)  # fmt: skip


def study_of(objective, n_trials, sampler, **settings):
    study = skhpo.create_study(sampler=sampler, **settings)
    study.optimize(objective, n_trials=n_trials)
    return study


def bowl(trial):
    x, y = trial.suggest_float("x", -5, 5), trial.suggest_float("y", 1e-3, 1e3, log=True)
    k, kind = trial.suggest_int("k", 0, 10), trial.suggest_categorical("kind", ["a", "b", "c"])
    return (x - 2) ** 2 + np.log10(y) ** 2 + 0.1 * (k - 7) ** 2 + (kind != "b")


def branches(trial):
    if trial.suggest_categorical("kind", ["line", "curve"]) == "line":
        return 1 + abs(trial.suggest_float("slope", -1, 1))
    degree = trial.suggest_int("degree", 2, 9)
    return abs(trial.suggest_float("bend", 0, 1) - 0.3) + 0.1 * abs(degree - 4)


def params_of(study):
    return [trial.params for trial in study.trials]


def told(trials, distributions=X, sampler=None, **settings):
    """A study of (params, state, fields) told beforehand."""
    study = skhpo.create_study(sampler=sampler or GPSampler(seed=0), **settings)
    for params, state, fields in trials:
        study.add_trial(
            create_trial(state=state, params=params, distributions=distributions, **fields)
        )
    return study


def slope(n=20, seed=0):
    """Complete trials of a loss that is smallest near x = 0.3."""
    xs = np.random.default_rng(seed).random(n)
    return [({"x": x}, COMPLETE, {"value": (x - 0.3) ** 2}) for x in xs]


def proposals(study, number=1000, distributions=X):
    return study.sampler.sample_group(study.history, number, distributions)


def model_of(study, distributions=X):
    """The Gaussian process of the first objective."""
    columns = study.history.columns(distributions)
    return study.sampler._objective_model(columns, Features(columns.distributions), 0)


# ------------------------------------------------------------------------ determinism


@pytest.mark.parametrize("objective", [bowl, branches])
def test_the_same_seed_gives_the_same_study(objective):
    first, second, other = (study_of(objective, 18, GPSampler(seed=s)) for s in (1, 1, 2))
    assert params_of(first) == params_of(second)
    assert params_of(first) != params_of(other)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_of_a_sampler_goes_on_as_the_original(copied):
    study = study_of(bowl, 35, GPSampler(seed=3))
    sampler = copied(study.sampler)
    study.optimize(bowl, n_trials=3)
    resumed = skhpo.create_study(sampler=sampler)
    resumed.add_trials(study.trials[:35])
    resumed.optimize(bowl, n_trials=3)
    assert params_of(resumed) == params_of(study)


def test_a_fresh_sampler_with_the_same_trials_goes_on_as_the_original():
    study = study_of(bowl, 40, GPSampler(seed=3))
    resumed = skhpo.create_study(sampler=GPSampler(seed=3))
    resumed.add_trials(study.trials[:37])
    resumed.optimize(bowl, n_trials=3)
    assert params_of(resumed) == params_of(study)


def test_maximising_mirrors_minimising():
    down = study_of(bowl, 20, GPSampler(seed=4))
    up = study_of(lambda trial: -bowl(trial), 20, GPSampler(seed=4), direction="maximize")
    assert params_of(down) == params_of(up)


def test_the_unit_of_the_values_does_not_matter():
    first = study_of(bowl, 16, GPSampler(seed=4))
    second = study_of(lambda trial: 1024.0 * bowl(trial), 16, GPSampler(seed=4))
    for one, other in zip(params_of(first), params_of(second), strict=True):
        assert one["kind"] == other["kind"]
        assert one["x"] == pytest.approx(other["x"], abs=1e-3)


# --------------------------------------------------------------------------- learning


def mean_best(objective, make, n_trials=30, n_seeds=3):
    return np.mean(
        [study_of(objective, n_trials, make(seed)).best_value for seed in range(n_seeds)]
    )


@pytest.mark.parametrize("acquisition", ["logei", "ucb"])
def test_it_beats_tpe_on_a_smooth_mixed_function(acquisition):
    ours = mean_best(bowl, lambda seed: GPSampler(seed=seed, acquisition=acquisition))
    assert ours < 0.5 * mean_best(bowl, lambda seed: TPESampler(seed=seed))


def test_by_probability_of_improvement_it_beats_random_search():
    ours = mean_best(bowl, lambda seed: GPSampler(seed=seed, acquisition="pi"))
    assert ours < 0.3 * mean_best(bowl, lambda seed: RandomSampler(seed=seed))


def test_it_learns_in_a_conditional_space():
    ours = mean_best(branches, lambda seed: GPSampler(seed=seed))
    assert ours < 0.6 * mean_best(branches, lambda seed: RandomSampler(seed=seed))


def test_a_branch_is_chosen_by_its_best_trials_and_not_by_their_mean():
    kind, extra = {"kind": CategoricalDistribution(["steady", "bold"])}, FloatDistribution(0, 1)
    study = skhpo.create_study(sampler=GPSampler(seed=0))
    rng = np.random.default_rng(0)
    for number in range(40):
        name, value = ("steady", 1.0) if number % 2 else ("bold", 3.0 if number % 8 else 0.1)
        study.add_trial(
            create_trial(
                params={"kind": name, name: rng.random()},
                distributions={**kind, name: extra},
                value=value + 0.1 * rng.random(),
            )
        )
    chosen = [proposals(study, number, kind)[0]["kind"] for number in range(20)]
    assert np.mean(np.array(chosen) == 1.0) > 0.7


def test_a_deterministic_objective_is_followed_to_its_minimum():
    def objective(trial):
        return (trial.suggest_float("x", 0, 1) - 0.3456) ** 2

    study = study_of(objective, 20, GPSampler(seed=0, deterministic_objective=True))
    assert abs(study.best_params["x"] - 0.3456) < 1e-3


def test_the_minimum_of_noisy_values_is_found():
    rng = np.random.default_rng(0)

    def objective(trial):
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        return (x - 0.6) ** 2 + (y - 0.2) ** 2 + 0.05 * rng.standard_normal()

    study = study_of(objective, 50, GPSampler(seed=0))
    last = np.array([[t.params["x"], t.params["y"]] for t in study.trials[-15:]])
    assert np.median(np.hypot(*(last - [0.6, 0.2]).T)) < 0.15


# ---------------------------------------------------------------------------- start-up


def test_startup_trials_are_drawn_by_the_independent_sampler():
    tpe = TPESampler(seed=5, n_startup_trials=2)
    sampler = GPSampler(seed=5, n_startup_trials=9, independent_sampler=tpe)
    expected = study_of(bowl, 9, TPESampler(seed=5, n_startup_trials=2))
    assert params_of(study_of(bowl, 10, sampler))[:9] == params_of(expected)


def test_startup_trials_are_spread_over_the_space():
    trials = study_of(bowl, 100, GPSampler(seed=0, n_startup_trials=100)).trials
    x = np.array([t.params["x"] for t in trials])
    assert abs(np.mean(x)) < 1
    assert np.ptp(x) > 9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_startup_trials": -1}, "n_startup_trials.*-1"),
        ({"acquisition": "ei"}, "acquisition.*logei.*'ei'"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        GPSampler(**settings)


def test_an_independent_sampler_of_another_kind_is_an_error():
    with pytest.raises(TypeError, match="independent_sampler"):
        GPSampler(independent_sampler=3)


def test_other_acquisitions_with_several_objectives_are_an_error():
    study = skhpo.create_study(directions=["minimize"] * 2, sampler=GPSampler(acquisition="ucb"))
    with pytest.raises(ValueError, match=r"'logei'.*several objectives.*'ucb'"):
        study.optimize(lambda t: (t.suggest_float("x", 0, 1), 1.0), n_trials=1)


# ---------------------------------------------------------- what trials of each kind say


def test_proposals_are_distinct_and_none_was_tried():
    space = {"a": CategoricalDistribution(["p", "q", "r"]), "k": IntDistribution(0, 3)}
    trials = [({"a": a, "k": k}, COMPLETE, {"value": k + ord(a)}) for a in "pqr" for k in range(4)][
        :10
    ]
    study = told(trials, space)
    rows = [tuple(row.values()) for row in proposals(study, distributions=space)]
    assert sorted(rows) == [(2, 2), (2, 3)]


def test_a_space_that_is_exhausted_still_gives_a_proposal():
    space = {"k": IntDistribution(0, 2)}
    study = told([({"k": k % 3}, COMPLETE, {"value": k}) for k in range(12)], space)
    assert proposals(study, distributions=space)[0]["k"] in (0, 1, 2)


def test_a_trial_under_way_is_kept_away_from():
    alone = told(slope())
    x = proposals(alone)[0]["x"]
    beside = told([*slope(), ({"x": x}, RUNNING, {})])
    assert abs(proposals(beside)[0]["x"] - x) > 1e-3


def test_parallel_asks_differ():
    study = told(slope())
    points = [study.ask(X).params["x"] for _ in range(6)]
    assert np.diff(np.sort(points)).min() > 1e-4


def test_a_trial_under_way_does_not_move_the_mean():
    with_pending = model_of(told([*slope(), ({"x": 0.9}, RUNNING, {})]))
    without = model_of(told(slope()))
    grid = np.linspace(0, 1, 50)[:, None]
    assert with_pending.posterior(grid)[0] == pytest.approx(without.posterior(grid)[0], abs=1e-6)
    assert with_pending.posterior(np.array([[0.9]]))[1] < without.posterior(np.array([[0.9]]))[1]


def test_failed_trials_repel():
    def chance(state):
        trials = [({"x": x}, COMPLETE, {"value": x}) for x in np.linspace(0.3, 0.9, 12)]
        trials += [({"x": x}, state, {}) for x in (0.02, 0.1, 0.18)] if state else []
        study = told(trials)
        return np.mean([proposals(study, number)[0]["x"] < 0.2 for number in range(8)])

    assert chance(None) == 1
    assert chance(FAIL) <= 0.5


def test_trials_stopped_early_without_a_prediction_count_as_rather_bad():
    trials = [({"x": x}, COMPLETE, {"value": x}) for x in np.linspace(0.3, 0.9, 12)]
    pruned = [
        ({"x": x}, PRUNED, {"intermediate_values": {0: 1.0}}) for x in (0.02, 0.08, 0.14, 0.2)
    ]
    assert proposals(told(trials))[0]["x"] < 0.2
    assert proposals(told(trials + pruned))[0]["x"] > 0.2


def test_a_prediction_counts_less_the_larger_its_variance():
    trials = [({"x": x}, COMPLETE, {"value": (x - 0.3) ** 2}) for x in np.linspace(0, 0.5, 12)]

    def sd_beside(variance):
        attrs = {PREDICTED_VALUE: 0.36, PREDICTED_VARIANCE: variance}
        predicted = ({"x": 0.9}, PRUNED, {"system_attrs": attrs})
        return model_of(told([*trials, predicted])).posterior(np.array([[0.9]]))[1][0]

    assert 3 * sd_beside(0.0) < sd_beside(0.01) < sd_beside(0.1)


# ------------------------------------------------------------------------ odd studies


@pytest.mark.parametrize(
    "space",
    [
        {"c": CategoricalDistribution(["a", "b"])},
        {"c": CategoricalDistribution(list("abcdefgh")), "d": CategoricalDistribution([1, 2, 3])},
        {"k": IntDistribution(5, 5)},
        {"x": FloatDistribution(2.0, 2.0), "y": FloatDistribution(0, 1)},
        {"k": IntDistribution(1, 10**6, log=True)},
        {"s": FloatDistribution(0, 1, step=0.25), "z": FloatDistribution(1e-9, 1, log=True)},
        {"c": CategoricalDistribution(list(range(100)))},
    ],
    ids=["choice", "choices", "one cell", "no width", "many cells", "steps", "many choices"],
)
def test_any_space_is_searched(space):
    rng = np.random.default_rng(0)
    study = skhpo.create_study(sampler=GPSampler(seed=0, n_startup_trials=4))
    for _ in range(12):
        trial = study.ask(space)
        for name, distribution in space.items():
            assert distribution._contains(distribution.to_internal_repr(trial.params[name]))
        study.tell(trial, rng.random())


@pytest.mark.parametrize(
    "values",
    [
        [1.0] * 20,
        [0.0] * 20,
        [1e300, -1e300] * 10,
        [float("inf")] * 20,
        [float("inf"), 1.0, 2.0, float("-inf")] * 5,
        [1e-300 * k for k in range(20)],
        [1e9 + k for k in range(20)],
        [0.5] * 19 + [1e12],
    ],
    ids=["equal", "zero", "huge", "infinite", "some infinite", "tiny", "offset", "disaster"],
)
def test_any_values_are_taken(values):
    xs = np.random.default_rng(0).random(len(values))
    trials = [({"x": x}, COMPLETE, {"value": v}) for x, v in zip(xs, values, strict=True)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = proposals(told(trials))
    assert all(0 <= row["x"] <= 1 for row in rows)


def test_the_same_point_told_often_is_no_obstacle():
    trials = [({"x": 0.5}, COMPLETE, {"value": v}) for v in np.linspace(0, 1, 25)]
    assert abs(proposals(told(trials))[0]["x"] - 0.5) > 0.05


def test_if_all_trials_fail_points_are_drawn_from_the_prior():
    study = told([({"x": 0.5}, FAIL, {})] * 20)
    assert len({proposals(study, number)[0]["x"] for number in range(5)}) == 5


def test_one_disaster_does_not_blind_it():
    disaster = ({"x": 0.95}, COMPLETE, {"value": 1e9})
    assert proposals(told([*slope(), disaster]))[0]["x"] == pytest.approx(0.3, abs=0.1)


# ------------------------------------------------------------------------- constraints


def constrained_bowl(trial):
    x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
    trial.set_constraint("sum", 1.2 - x - y)
    return x + 2 * y


def test_the_best_feasible_point_is_found():
    best = [study_of(constrained_bowl, 30, GPSampler(seed=s)).best_value for s in range(3)]
    # The optimum is x = 1, y = 0.2, with value 1.4; the best of random points is 1.5 or more.
    assert max(best) < 1.43


def test_it_finds_a_small_feasible_region():
    def objective(trial):
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        trial.set_constraint("distance", np.hypot(x - 0.83, y - 0.21) - 0.05)
        return x

    feasible = [
        sum(
            np.hypot(t.params["x"] - 0.83, t.params["y"] - 0.21) <= 0.05
            for t in study_of(objective, 25, GPSampler(seed=s)).trials
        )
        for s in range(3)
    ]
    assert min(feasible) >= 3


def test_a_constraint_that_only_some_trials_have_is_no_obstacle():
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        if x > 0.5:
            trial.set_constraint("right", x - 0.7)
        return -x

    best = study_of(objective, 25, GPSampler(seed=0)).best_params["x"]
    assert 0.65 < best <= 0.7


# -------------------------------------------------------------------- several objectives


def two_objectives(trial):
    x = np.array([trial.suggest_float(f"x{i}", 0, 1) for i in range(3)])
    return ((x - 0.2) ** 2).sum(), ((x - 0.7) ** 2).sum()


def three_objectives(trial):
    x = np.array([trial.suggest_float(f"x{i}", 0, 1) for i in range(3)])
    return tuple(((x - centre) ** 2).sum() for centre in np.eye(3))


@pytest.mark.parametrize(
    ("objectives", "n_objectives"), [(two_objectives, 2), (three_objectives, 3)]
)
def test_it_comes_closer_to_the_front_than_tpe(objectives, n_objectives):
    reference = np.full(n_objectives, 2.0)
    optimum = hypervolume(whole_front(n_objectives), reference)

    def missing(make):
        volumes = []
        for seed in range(4):
            study = study_of(objectives, 30, make(seed), directions=["minimize"] * n_objectives)
            losses = np.array([trial.values for trial in study.trials])
            volumes.append(hypervolume(losses, reference))
        return optimum - np.mean(volumes)

    ours = missing(lambda seed: GPSampler(seed=seed))
    assert ours < 0.85 * missing(lambda seed: TPESampler(seed=seed))


def whole_front(n_objectives):
    """Losses of points between the objectives' optima, which are all that is Pareto-optimal."""
    if n_objectives == 2:
        x = np.linspace(0.2, 0.7, 1000)
        return np.column_stack([3 * (x - 0.2) ** 2, 3 * (x - 0.7) ** 2])
    grid = np.linspace(0, 1, 40)
    a, b = (axis.ravel() for axis in np.meshgrid(grid, grid))
    inside = a + b <= 1
    x = np.column_stack([a, b, 1 - a - b])[inside]
    return ((x[:, None] - np.eye(3)) ** 2).sum(axis=2)


def test_directions_of_several_objectives_are_heeded():
    def mirrored(trial):
        first, second = two_objectives(trial)
        return first, -second

    one = study_of(two_objectives, 16, GPSampler(seed=0), directions=["minimize", "minimize"])
    other = study_of(mirrored, 16, GPSampler(seed=0), directions=["minimize", "maximize"])
    assert params_of(one) == params_of(other)


def test_two_objectives_under_a_constraint():
    def objective(trial):
        values = two_objectives(trial)
        trial.set_constraint("half", trial.params["x0"] - 0.4)
        return values

    study = study_of(objective, 30, GPSampler(seed=0), directions=["minimize"] * 2)
    late = [trial.params["x0"] for trial in study.trials[12:]]
    assert np.mean(np.array(late) <= 0.4) > 0.7


# ------------------------------------------------------------------------- many trials


def long_study(n):
    rng = np.random.default_rng(0)
    points = rng.random((n, 2))
    values = ((points - 0.4) ** 2).sum(axis=1) + 0.01 * rng.standard_normal(n)
    trials = [
        ({"x": x, "y": y}, COMPLETE, {"value": v}) for (x, y), v in zip(points, values, strict=True)
    ]
    return told(trials, XY)


def test_a_thousand_trials_are_seen_in_part_and_it_still_learns():
    study = long_study(1000)
    best = proposals(study, distributions=XY)[0]
    assert np.hypot(best["x"] - 0.4, best["y"] - 0.4) < 0.2
    assert len(model_of(study, XY).weights) == MAX_TRIALS


def test_the_hyperparameters_are_not_fitted_at_each_ask_of_a_long_study():
    study = long_study(100)
    for _ in range(6):
        trial = study.ask(XY)
        study.tell(trial, 0.3)
    assert len(study.sampler._fits) <= 2


def test_a_long_study_under_constraints_is_searched():
    study = skhpo.create_study(sampler=GPSampler(seed=0))
    rng = np.random.default_rng(0)
    for _ in range(400):
        x, y = rng.random(2)
        trial = create_trial(
            params={"x": x, "y": y},
            distributions=XY,
            value=x + y,
            constraints={"above": 0.5 - x, "beside": 0.3 - y},
        )
        study.add_trial(trial)
    best = proposals(study, distributions=XY)[0]
    assert best["x"] == pytest.approx(0.5, abs=0.1)
    assert best["y"] == pytest.approx(0.3, abs=0.1)
    fits = dict(study.sampler._fits)
    study.tell(study.ask(XY), 1.0)
    proposals(study, distributions=XY)
    assert study.sampler._fits == fits
