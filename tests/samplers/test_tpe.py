"""TPE: what it is told, what it draws, and that it learns."""

import numpy as np
import pytest

import skhpo
from skhpo.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from skhpo.history import PREDICTED_VALUE, PREDICTED_VARIANCE
from skhpo.samplers import RandomSampler, TPESampler
from skhpo.samplers._tpe import log_rank_weights
from skhpo.trial import TrialState, create_trial

X = {"x": FloatDistribution(0, 1)}


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


@pytest.mark.parametrize("objective", [bowl, branches])
def test_the_same_seed_gives_the_same_study(objective):
    first, second, other = (study_of(objective, 40, TPESampler(seed=s)) for s in (1, 1, 2))
    assert [t.params for t in first.trials] == [t.params for t in second.trials]
    assert [t.params for t in first.trials] != [t.params for t in other.trials]


def test_without_a_seed_each_study_differs():
    first, second = (study_of(bowl, 3, TPESampler()) for _ in range(2))
    assert [t.params for t in first.trials] != [t.params for t in second.trials]


def test_reseeding_makes_a_sampler_anew():
    sampler = TPESampler(seed=1)
    first = study_of(bowl, 5, sampler)
    sampler.reseed_rng()
    assert study_of(bowl, 5, sampler).trials[0].params != first.trials[0].params


def test_what_is_drawn_lies_in_the_space():
    def objective(trial):
        assert 1e-6 <= trial.suggest_float("l", 1e-6, 1e-1, log=True) <= 1e-1
        s = trial.suggest_float("s", 0.0, 1.0, step=0.25)
        assert s in (0.0, 0.25, 0.5, 0.75, 1.0)
        assert trial.suggest_int("k", 1, 1000, log=True) in range(1, 1001)
        assert trial.suggest_int("e", 0, 10, step=5) in (0, 5, 10)
        assert trial.suggest_categorical("c", [None, True, 3, "x", 2.5]) in (
            None,
            True,
            3,
            "x",
            2.5,
        )
        return s

    study_of(objective, 60, TPESampler(seed=0))


@pytest.mark.parametrize("objective", [bowl, branches])
def test_tpe_beats_random_search(objective):
    def mean_best(Sampler):
        return np.mean([study_of(objective, 50, Sampler(seed=s)).best_value for s in range(15)])

    assert mean_best(TPESampler) < 0.6 * mean_best(RandomSampler)


def test_maximising_mirrors_minimising():
    down = study_of(bowl, 40, TPESampler(seed=4))
    up = study_of(lambda trial: -bowl(trial), 40, TPESampler(seed=4), direction="maximize")
    assert [t.params for t in down.trials] == [t.params for t in up.trials]


def parts(study, names, first, last):
    """In which of `last - first` equal parts of its range each parameter of the trials lies."""
    n = last - first
    trials = study.trials[first:last]
    return [sorted(int(trial.params[name] * n) for trial in trials) for name in names]


@pytest.mark.parametrize("multivariate", [True, False])
def test_startup_trials_are_a_latin_hypercube(multivariate):
    sampler = TPESampler(seed=0, n_startup_trials=7, multivariate=multivariate)
    study = study_of(
        lambda trial: trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1), 7, sampler
    )
    assert parts(study, ["x", "y"], 0, 7) == [list(range(7))] * 2
    x, y = ([trial.params[name] for trial in study.trials] for name in "xy")
    assert np.argsort(x).tolist() != np.argsort(y).tolist()


def test_trials_that_start_together_are_latin_hypercubes_one_after_the_other():
    study = skhpo.create_study(sampler=TPESampler(seed=0, n_startup_trials=5))
    for _ in range(10):
        study.ask(X | {"y": FloatDistribution(0, 1)})
    for first, last in ((0, 5), (5, 10)):
        assert parts(study, ["x", "y"], first, last) == [list(range(5))] * 2


def test_the_start_fills_what_given_trials_leave_free():
    study = skhpo.create_study(sampler=TPESampler(seed=0, n_startup_trials=6))
    space = X | {"kind": CategoricalDistribution(["a", "b", "c"])}
    study.enqueue_trial({"x": 0.9, "kind": "b"})
    for _ in range(6):
        study.ask(space)
    assert parts(study, ["x"], 0, 6) == [list(range(6))]
    assert sorted(trial.params["kind"] for trial in study.trials) == list("aabbcc")


def test_the_start_depends_on_the_trials_and_the_stream_alone():
    """So a sampler that draws its start by TPE needs no seed but its own."""
    columns = told_study([(0.1, COMPLETE, {"value": 1.0})]).history.columns(X)
    first, second = (TPESampler(seed=s).propose(columns, np.random.default_rng(5)) for s in (1, 2))
    np.testing.assert_array_equal(first, second)


def test_the_hypercube_of_another_seed_is_another():
    orders = {
        tuple(np.argsort([t.params["x"] for t in study_of(bowl, 6, TPESampler(seed=s)).trials]))
        for s in range(5)
    }
    assert len(orders) > 1


def told_study(trials, seed=0):
    """A study of (x, state, value) told beforehand."""
    study = skhpo.create_study(sampler=TPESampler(seed=seed))
    for x, state, fields in trials:
        study.add_trial(create_trial(state=state, params={"x": x}, distributions=X, **fields))
    return study


def draws(study, n=60):
    """Where trials would be drawn, one at a time, with nothing told in between."""
    xs = []
    for number in range(n):
        rows = study.sampler.sample_group(study.history, 10_000 + number, X)
        xs.append(rows[0]["x"])
    return np.array(xs)


COMPLETE, PRUNED, FAIL, RUNNING = (
    TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING,
)  # fmt: skip


def flat(n=30):
    """Trials over the whole range that tell nothing but that 0.2 is good."""
    others = [(x, COMPLETE, {"value": 1.0}) for x in np.linspace(0, 1, n)]
    return [*others, *[(0.2 + d, COMPLETE, {"value": 0.0}) for d in np.linspace(-0.01, 0.01, 7)]]


def near(study, x, width=0.1):
    return np.mean(np.abs(draws(study) - x) < width)


def test_draws_gather_where_trials_were_good():
    assert near(told_study(flat()), 0.2) > 0.7


def test_trials_under_way_keep_others_away():
    pending = [(0.2 + d, RUNNING, {}) for d in np.linspace(-0.03, 0.03, 12)]
    assert near(told_study(flat() + pending), 0.2, 0.05) < near(told_study(flat()), 0.2, 0.05)


def test_failed_trials_keep_others_away():
    failed = [(0.2 + d, FAIL, {}) for d in np.linspace(-0.03, 0.03, 12)]
    assert near(told_study(flat() + failed), 0.2, 0.02) < near(told_study(flat()), 0.2, 0.02)


def test_a_pruned_trial_counts_by_its_prediction():
    good = {"system_attrs": {PREDICTED_VALUE: -5.0, PREDICTED_VARIANCE: 0.1}}
    bad = {"system_attrs": {PREDICTED_VALUE: 5.0, PREDICTED_VARIANCE: 0.1}}
    assert near(told_study(flat() + [(0.8 + d, PRUNED, good) for d in (-0.02, 0, 0.02)]), 0.8) > 0.3
    assert near(told_study(flat() + [(0.8 + d, PRUNED, bad) for d in (-0.02, 0, 0.02)]), 0.8) < 0.1


def test_pruned_trials_without_a_prediction_come_after_the_complete_ones():
    pruned = [(0.8, PRUNED, {"intermediate_values": {0: -9.0}}) for _ in range(5)]
    assert near(told_study(flat() + pruned), 0.8) < 0.2


def test_if_every_trial_was_pruned_the_furthest_is_best():
    early = [(x, PRUNED, {"intermediate_values": {0: 0.0}}) for x in np.linspace(0, 1, 20)]
    late = [
        (0.7 + d, PRUNED, {"intermediate_values": {0: 9.0, 5: 9.0}})
        for d in (-0.02, -0.01, 0, 0.01, 0.02)
    ]
    assert near(told_study(early + late), 0.7) > 0.4


def test_if_every_trial_failed_sampling_goes_on():
    study = told_study([(x, FAIL, {}) for x in np.linspace(0, 1, 20)])
    assert ((draws(study) >= 0) & (draws(study) <= 1)).all()


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300])
def test_infinite_values_are_ranked(value):
    study = told_study([*flat(), (0.9, COMPLETE, {"value": value})])
    assert np.isfinite(draws(study)).all()


def test_branches_are_modelled_on_the_trials_that_took_them():
    study = study_of(branches, 80, TPESampler(seed=0))
    late = [trial for trial in study.trials[40:] if trial.params["kind"] == "curve"]
    assert len(late) > 25
    assert all("slope" not in trial.params for trial in late)
    bends = np.array([trial.params["bend"] for trial in late])
    assert np.median(np.abs(bends - 0.3)) < 0.15


def test_a_space_that_grows_is_followed():
    def objective(trial):
        total = abs(trial.suggest_float("x0", 0, 1) - 0.5)
        for i in range(1, 1 + trial.number // 15):
            total += abs(trial.suggest_float(f"x{i}", 0, 1) - 0.5)
        return total

    study = study_of(objective, 60, TPESampler(seed=0))
    assert len(study.trials[-1].params) == 4


def test_a_range_that_moves_is_followed():
    def objective(trial):
        low = trial.number // 10
        x = trial.suggest_float("x", low, low + 2)
        assert low <= x <= low + 2
        return x

    study_of(objective, 50, TPESampler(seed=0))


def test_threads_share_a_study():
    study = skhpo.create_study(sampler=TPESampler(seed=0))
    study.optimize(bowl, n_trials=60, n_jobs=4)
    assert sorted(t.number for t in study.trials) == list(range(60))
    assert all(len(t.params) == 4 for t in study.trials)


def test_ask_and_tell_may_overlap():
    study = skhpo.create_study(sampler=TPESampler(seed=0))
    space = X | {"k": IntDistribution(1, 5), "c": CategoricalDistribution("ab")}
    open_trials = [study.ask(space) for _ in range(10)]
    for _ in range(30):
        trial = open_trials.pop(len(open_trials) // 2)
        study.tell(trial, trial.params["x"])
        open_trials.append(study.ask(space))
    assert len({trial.params["x"] for trial in study.trials}) == 40


@pytest.mark.parametrize("n", [1, 2, 5, 25])
def test_weights_fall_with_the_rank_and_have_mean_one(n):
    weights = log_rank_weights(n)
    assert weights.mean() == pytest.approx(1.0)
    assert (np.diff(weights) <= 0).all()


def test_of_points_that_promise_as_much_the_cheaper_is_tried():
    def draws_with(cost):
        values = np.arange(30) % 6  # good trials over the whole range
        trials = zip(np.linspace(0, 1, 30), values, strict=True)
        study = told_study([(x, COMPLETE, {"value": float(value)}) for x, value in trials])
        study.sampler.relative_cost = cost
        return draws(study)

    blind = draws_with(None)
    assert draws_with(lambda params: 100.0 ** -params["x"]).mean() > blind.mean() + 0.1
    np.testing.assert_array_equal(draws_with(lambda params: 1.0), blind)


@pytest.mark.parametrize("cost", [0.0, -1.0, np.nan, np.inf])
def test_a_cost_that_nothing_can_be_divided_by_is_refused(cost):
    study = told_study(flat())
    study.sampler.relative_cost = lambda params: cost
    with pytest.raises(ValueError, match="`relative_cost` must return a number above 0"):
        draws(study, 1)


def test_a_cost_that_is_no_function_is_refused():
    with pytest.raises(TypeError, match="`relative_cost` must be a function"):
        TPESampler(relative_cost=2.0)


@pytest.mark.parametrize("arguments", [{"n_startup_trials": -1}, {"n_ei_candidates": 0}])
def test_bad_arguments_are_named(arguments):
    with pytest.raises(ValueError, match=f"`{next(iter(arguments))}`"):
        TPESampler(**arguments)


def test_random_draws_follow_the_prior():
    study = study_of(bowl, 400, RandomSampler(seed=0))
    logs = np.log10([trial.params["y"] for trial in study.trials])
    assert abs(logs.mean()) < 0.3
    kinds = [trial.params["kind"] for trial in study.trials]
    assert min(kinds.count(kind) for kind in "abc") > 100
