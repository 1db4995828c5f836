"""The Gaussian process weighs the improvement against the cost of a trial."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import uniform
from sklearn.datasets import make_classification

import skhpo
from skhpo import GPSearchCV
from skhpo.exceptions import TrialPruned
from skhpo.history import COST
from skhpo.samplers import GPSampler, TPESampler
from skhpo.samplers._gp_acquisition import ExpectedImprovement
from skhpo.samplers._gp_cost import PerCost, standardised_log
from tests.search.estimators import Slow

X, y = make_classification(n_samples=60, n_features=4, random_state=0)


def expensive(trial):
    """Two equal minima; the one at x = 0.8 costs a hundred times as much as that at 0.2."""
    x = trial.suggest_float("x", 0, 1)
    return min((x - 0.2) ** 2, (x - 0.8) ** 2)


def cost_of(trial):
    return 1.0 if trial.params["x"] < 0.5 else 100.0


def run(objective, n_trials=25, **settings):
    study = skhpo.create_study(sampler=GPSampler(n_startup_trials=4, **settings))
    study.optimize(objective, n_trials=n_trials)
    return study


# ------------------------------------------------------------------------ the mathematics


def test_the_acquisition_per_cost_is_that_of_the_formula_and_its_slopes_are_right():
    rng = np.random.default_rng(0)
    mean, sd = rng.normal(size=(7, 2)), rng.uniform(0.1, 1.0, size=(7, 2))
    plain, per_cost = ExpectedImprovement(0.3), PerCost(ExpectedImprovement(0.3), 1.7)
    value, by_mean, by_sd = per_cost(mean, sd)
    assert_allclose(value, plain(mean[:, :1], sd[:, :1])[0] - 1.7 * mean[:, 1])
    step = 1e-6
    for k in range(2):
        for slopes, array in ((by_mean, mean), (by_sd, sd)):
            up, down = array.copy(), array.copy()
            up[:, k] += step
            down[:, k] -= step
            ends = [(up, sd), (down, sd)] if array is mean else [(mean, up), (mean, down)]
            high, low = (per_cost(*end)[0] for end in ends)
            assert_allclose(slopes[:, k], (high - low) / (2 * step), rtol=1e-5, atol=1e-7)


def test_logarithms_of_costs_are_standardised():
    costs = np.array([1.0, 10.0, 1000.0])
    targets, spread = standardised_log(costs)
    assert_allclose([targets.mean(), targets.std()], [0, 1], atol=1e-12)
    assert_allclose(np.exp(targets * spread + np.log(costs).mean()), costs)
    assert standardised_log(np.full(3, 7.0))[1] == 0.0


# ------------------------------------------------------------------------------ proposals


def test_of_two_equal_regions_the_cheap_one_is_tried():
    def n_expensive(**settings):
        trials = [t for seed in range(2) for t in run(expensive, seed=seed, **settings).trials[4:]]
        return sum(trial.params["x"] >= 0.5 for trial in trials)

    assert n_expensive(cost=cost_of) < 0.75 * n_expensive()


def test_an_expensive_region_that_is_better_is_found():
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        return min((x - 0.2) ** 2 + 0.05, (x - 0.8) ** 2)

    assert run(objective, seed=0, cost=cost_of, n_trials=40).best_value < 0.001


def test_equal_costs_change_nothing():
    plain = run(expensive, seed=3)
    same = run(expensive, seed=3, cost=lambda trial: 5.0)
    assert [t.params for t in plain.trials] == [t.params for t in same.trials]


def test_the_unit_of_the_cost_changes_nothing():
    one = run(expensive, seed=3, cost=cost_of)
    other = run(expensive, seed=3, cost=lambda trial: 1024.0 * cost_of(trial))
    assert_allclose(
        [t.params["x"] for t in one.trials], [t.params["x"] for t in other.trials], atol=1e-3
    )


def test_the_same_seed_gives_the_same_trials_also_when_the_study_is_resumed(tmp_path):
    whole = run(expensive, seed=1, cost=cost_of, n_trials=14)
    settings = {"study_name": "one", "storage": f"sqlite:///{tmp_path}/s.db"}
    for _ in range(2):
        study = skhpo.create_study(
            sampler=GPSampler(seed=1, n_startup_trials=4, cost=cost_of), load_if_exists=True,
            **settings,
        )  # fmt: skip
        study.optimize(expensive, n_trials=7)
    assert [t.params for t in whole.trials] == [t.params for t in study.trials]


def test_trials_of_another_sampler_have_no_cost_and_do_no_harm():
    study = skhpo.create_study(sampler=TPESampler(seed=0))
    study.optimize(expensive, n_trials=8)
    study.sampler = GPSampler(seed=0, n_startup_trials=4, cost=cost_of)
    study.optimize(expensive, n_trials=10)
    assert np.isnan(study.history.costs[:8]).all()
    assert not np.isnan(study.history.costs[8:]).any()


def test_costs_work_with_constraints_and_several_objectives():
    def objective(trial):
        x, z = trial.suggest_float("x", 0, 1), trial.suggest_int("z", 1, 9)
        trial.set_constraint("c", 0.1 - x)
        return (x - 0.2) ** 2 + z, (x - 0.8) ** 2

    sampler = GPSampler(seed=0, n_startup_trials=5, cost=cost_of)
    study = skhpo.create_study(directions=["minimize", "minimize"], sampler=sampler)
    study.optimize(objective, n_trials=15)
    assert len(study.best_trials) > 1


def test_stopped_trials_have_a_cost_and_failed_ones_none():
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        if trial.number % 3 == 1:
            raise TrialPruned
        if trial.number % 3 == 2:
            raise ValueError
        return x

    study = skhpo.create_study(sampler=GPSampler(seed=0, n_startup_trials=4, cost=cost_of))
    study.optimize(objective, n_trials=15, catch=ValueError)
    known = ~np.isnan(study.history.costs)
    assert known.tolist() == [n % 3 != 2 for n in range(15)]


# -------------------------------------------------------------------------------- seconds


def test_seconds_of_a_study_are_recorded():
    study = run(expensive, seed=0, cost="seconds", n_trials=8)
    assert (study.history.costs > 0).all()


@pytest.mark.parametrize("resource", [None, "k"])
def test_in_a_search_they_are_those_of_a_fold(resource):
    search = GPSearchCV(
        Slow(seconds=0.002), {"x": uniform(0, 1)}, n_iter=12, cv=3, random_state=0,
        sampler=GPSampler(n_startup_trials=4, cost="seconds"), resource=resource,
        **({} if resource is None else {"max_resources": 9, "min_resources": 1}),
    ).fit(X, y)  # fmt: skip
    results = search.cv_results_
    is_complete = results["status"] == "complete"
    assert is_complete.any()
    costs = search.study_.history.costs
    known = np.isfinite(costs)
    assert (known == is_complete).all() if resource else known.all()
    times = results["mean_fit_time"] + results["mean_score_time"]
    assert_allclose(costs[is_complete], times[is_complete], rtol=1e-6)
    assert all(
        trial.system_attrs[COST] == costs[trial.number]
        for trial in search.study_.trials if known[trial.number]
    )  # fmt: skip


def test_a_search_with_a_cost_function_is_reproducible():
    def params():
        search = GPSearchCV(
            Slow(seconds=0.0), {"x": uniform(0, 1)}, n_iter=14, cv=3, random_state=0,
            sampler=GPSampler(n_startup_trials=4, cost=cost_of),
        ).fit(X, y)  # fmt: skip
        assert np.isfinite(search.study_.history.costs).all()
        return search.cv_results_["params"]

    assert params() == params()


# ------------------------------------------------------------------------------ bad input


def test_what_is_no_cost_is_refused():
    for wrong in ("minutes", 3, True):
        with pytest.raises(TypeError, match="`cost` must be a callable, 'seconds' or None; got"):
            GPSampler(cost=wrong)
    with pytest.raises(ValueError, match="`cost` needs an acquisition"):
        GPSampler(cost="seconds", acquisition="ucb")


@pytest.mark.parametrize("wrong", [0, -1.0, np.nan, np.inf])
def test_a_cost_that_is_not_positive_is_an_error(wrong):
    with pytest.raises(ValueError, match="`cost` must return a positive and finite number"):
        run(expensive, cost=lambda trial: wrong)


def test_a_cost_that_is_no_number_is_an_error():
    with pytest.raises(TypeError, match="`cost` must return a number; got 'much'"):
        run(expensive, cost=lambda trial: "much")
