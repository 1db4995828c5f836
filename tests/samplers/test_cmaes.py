"""CMA-ES: the constants and updates of the tutorial, and what the sampler makes of trials."""

import copy
import pickle

import numpy as np
import pytest

import skhpo
from skhpo.distributions import FloatDistribution
from skhpo.samplers._cma import Strategy, start_at, with_margin
from skhpo.samplers._cmaes import CmaEsSampler
from skhpo.trial import create_trial

ROTATION = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
SPACE = {f"x{i}": FloatDistribution(-5, 5) for i in range(4)}


def rotated_ellipsoid(trial):
    x = np.array([trial.suggest_float(name, -5, 5) for name in SPACE])
    return float(np.sum(10.0 ** np.arange(4) * (ROTATION @ (x - 1)) ** 2))


def study_of(objective, n_trials, **arguments):
    study = skhpo.create_study(sampler=CmaEsSampler(**arguments))
    study.optimize(objective, n_trials=n_trials)
    return study


def test_the_constants_are_those_of_the_tutorial():
    strategy = Strategy(10, 10)
    assert strategy.mu == 5
    assert strategy.mu_eff == pytest.approx(3.1672992814107026)
    assert strategy.c_sigma == pytest.approx(5.1672992814107026 / 18.1672992814107026)
    assert strategy.d_sigma == pytest.approx(1 + strategy.c_sigma)
    assert strategy.c_1 == pytest.approx(2 / (11.3**2 + strategy.mu_eff))
    assert strategy.weights[:5].sum() == pytest.approx(1.0)
    assert (np.diff(strategy.weights) < 0).all()


@pytest.mark.parametrize("n", [2, 5, 10])
def test_updates_are_those_of_the_cmaes_library(n):
    cmaes = pytest.importorskip("cmaes")
    peer = cmaes.CMA(mean=np.full(n, 0.5), sigma=0.2, seed=1)
    ours, state = Strategy(n, peer.population_size), start_at(np.full(n, 0.5), 0.2)
    object.__setattr__(ours, "c_mu", peer._cmu)  # it has eq. 58 of the tutorial's first version
    object.__setattr__(ours, "weights", peer._weights)
    rng = np.random.default_rng(0)
    scales = 10.0 ** rng.uniform(-1, 1, n)
    for _ in range(20):
        points = np.empty((0, n))
        while len(points) < peer.population_size:  # none so far out that it would be moved in
            point = state.sample(rng, 1)
            length = np.linalg.norm((point - state.mean) @ state.inverse_root) / state.sigma
            if length < np.sqrt(n):
                points = np.vstack([points, point])
        losses = ((points - 0.3) ** 2) @ scales
        peer.tell(list(zip(points, losses, strict=True)))
        state = ours.update(state, points[np.argsort(losses)])
        np.testing.assert_allclose(state.mean, peer._mean, rtol=1e-5)
        assert state.sigma == pytest.approx(peer._sigma, rel=1e-5)
        np.testing.assert_allclose(state.cov, peer._C, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(state.p_sigma, peer._p_sigma, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(state.p_c, peer._pc, rtol=1e-5, atol=1e-6)


def test_a_rotated_ellipsoid_is_descended():
    assert np.median([study_of(rotated_ellipsoid, 500, seed=s).best_value for s in range(3)]) < 1e-2


def test_the_margin_keeps_both_neighbours_within_reach():
    edges = np.linspace(0, 1, 11)
    state = with_margin(start_at(np.array([0.55, 0.55]), 1e-4), {0: edges}, popsize=6)
    drawn = state.sample(np.random.default_rng(0), 20_000)[:, 0]
    assert 0.02 < np.mean(drawn < 0.5) < 0.065
    assert 0.02 < np.mean(drawn > 0.6) < 0.065


def test_integers_do_not_freeze():
    def objective(trial):
        return sum((trial.suggest_int(f"k{i}", 0, 20) - 13) ** 2 for i in range(4))

    assert max(study_of(objective, 300, seed=s).best_value for s in range(3)) <= 1


@pytest.mark.parametrize("strategy", ["ipop", "bipop"])
def test_restarts_leave_a_local_optimum(strategy):
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        y = trial.suggest_float("y", 0, 1)
        return min((x - 0.2) ** 2 + (y - 0.2) ** 2 + 0.1, 9 * ((x - 0.9) ** 2 + (y - 0.9) ** 2))

    arguments = {"x0": {"x": 0.2, "y": 0.2}, "sigma0": 0.02, "seed": 0}
    assert study_of(objective, 900, restart_strategy=None, **arguments).best_value > 0.09
    assert study_of(objective, 900, restart_strategy=strategy, **arguments).best_value < 0.01


def test_the_next_point_survives_pickling_and_copying():
    study = study_of(rotated_ellipsoid, 60, seed=3)
    sampler = study.sampler
    copies = [sampler, pickle.loads(pickle.dumps(sampler)), copy.deepcopy(sampler)]
    drawn = [s.sample_group(study.history, 1000, SPACE)[0] for s in copies]
    assert drawn[0] == drawn[1] == drawn[2]


def test_the_order_in_which_trials_end_leaves_no_trace():
    sampler = CmaEsSampler(seed=0)
    study = skhpo.create_study(sampler=sampler)
    trials = [study.ask(SPACE) for _ in range(40)]
    for trial in [*trials[20:], *trials[:20]]:
        study.tell(trial, sum(x**2 for x in trial.params.values()))
        sampler.sample_group(study.history, 500 + trial.number, SPACE)
    fresh = CmaEsSampler(seed=0)
    drawn = [s.sample_group(study.history, 1000, SPACE)[0] for s in (sampler, fresh)]
    assert drawn[0] == drawn[1]


def test_a_warm_start_begins_where_the_source_was_good():
    points = np.random.default_rng(0).uniform(-5, 5, (200, 4))
    source = [
        create_trial(
            params=dict(zip(SPACE, point.tolist(), strict=True)),
            distributions=SPACE,
            value=float(((point - 2) ** 2).sum()),
        )
        for point in points
    ]
    study = study_of(rotated_ellipsoid, 6, seed=0, source_trials=source)
    drawn = np.array([list(trial.params.values()) for trial in study.trials[1:]])
    assert np.abs(drawn.mean(axis=0) - 2).max() < 2


@pytest.mark.parametrize(
    "arguments",
    [{"popsize": 2}, {"sigma0": 0.0}, {"inc_popsize": 0}, {"restart_strategy": "other"}],
)
def test_bad_arguments_are_named(arguments):
    with pytest.raises(ValueError, match=f"`{next(iter(arguments))}`"):
        CmaEsSampler(**arguments)
