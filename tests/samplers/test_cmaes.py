"""CMA-ES: the paper's numbers, the reference library's updates, and what it is for."""

import copy
import pickle

import numpy as np
import pytest
from scipy.stats import norm

import skhpo
from skhpo.distributions import FloatDistribution, IntDistribution
from skhpo.samplers import CmaEsSampler, RandomSampler
from skhpo.samplers._cma import (
    Strategy,
    default_popsize,
    start_at,
    start_from,
    with_margin,
)


def minimise(sampler, function, n_dims, n_trials, distribution=None):
    study = skhpo.create_study(sampler=sampler)
    space = {f"x{i}": distribution or FloatDistribution(0, 1) for i in range(n_dims)}
    for _ in range(n_trials):
        trial = study.ask(space)
        study.tell(trial, float(function(np.array(list(trial.params.values())))))
    return study


def ellipsoid(x):
    scales = 10.0 ** (3 * np.arange(len(x)) / max(len(x) - 1, 1))
    return (scales * (x - 0.6) ** 2).sum()


# -------------------------------------------------------------------------- the strategy


def test_the_constants_are_those_of_the_tutorial():
    """Table 1 for n = 10, by hand."""
    strategy = Strategy(10, default_popsize(10))
    assert strategy.popsize == 10
    raw = [np.log(5.5) - np.log(i) for i in range(1, 11)]
    mu_eff = sum(raw[:5]) ** 2 / sum(w * w for w in raw[:5])
    assert strategy.mu_eff == pytest.approx(mu_eff)
    assert strategy.weights[:5] == pytest.approx([w / sum(raw[:5]) for w in raw[:5]])
    assert strategy.weights[:5].sum() == pytest.approx(1.0)
    assert (strategy.weights[5:] < 0).all()
    assert strategy.c_sigma == pytest.approx((mu_eff + 2) / (mu_eff + 15))
    assert strategy.c_c == pytest.approx((4 + mu_eff / 10) / (14 + mu_eff / 5))
    assert strategy.c_1 == pytest.approx(2 / (11.3**2 + mu_eff))
    assert strategy.c_mu == pytest.approx(2 * (mu_eff - 1.75 + 1 / mu_eff) / (144 + mu_eff))
    assert strategy.chi_n == pytest.approx(np.sqrt(10) * (1 - 1 / 40 + 1 / 2100))


@pytest.mark.parametrize("n_dims", [2, 5, 12])
def test_updates_are_those_of_the_reference_library(n_dims):
    cmaes = pytest.importorskip("cmaes")
    rng = np.random.default_rng(n_dims)
    peer = cmaes.CMA(mean=np.full(n_dims, 0.5), sigma=0.3, seed=1)
    strategy = Strategy(n_dims, peer.population_size)
    for ours, theirs in (("c_mu", "_cmu"), ("weights", "_weights")):
        object.__setattr__(strategy, ours, getattr(peer, theirs))  # from an older tutorial
    state = start_at(np.full(n_dims, 0.5), 0.3)
    for _ in range(25):
        points = state.sample(rng, strategy.popsize)
        losses = np.array([ellipsoid(x) for x in points])
        peer.tell(list(zip(points, losses, strict=True)))
        state = strategy.update(state, points[np.argsort(losses)])
        np.testing.assert_allclose(state.mean, peer._mean, rtol=1e-6)
        np.testing.assert_allclose(state.p_sigma, peer._p_sigma, atol=1e-6)
        np.testing.assert_allclose(state.p_c, peer._pc, atol=1e-6)
        np.testing.assert_allclose(state.cov, peer._C, atol=1e-6)
        assert state.sigma == pytest.approx(peer._sigma, rel=1e-6)


def test_a_point_from_far_away_does_not_explode_the_distribution():
    strategy = Strategy(3, 7)
    state = start_at(np.full(3, 0.5), 1e-3)
    points = np.vstack([np.ones((1, 3)), state.sample(np.random.default_rng(0), 6)])
    after = strategy.update(state, points)
    assert after.sigma < 3e-3
    assert np.linalg.eigvalsh(after.cov).min() > 0


def test_the_margin_keeps_neighbouring_values_likely():
    rng = np.random.default_rng(0)
    edges = {0: np.linspace(0, 1, 11), 1: np.linspace(0, 1, 3)}
    alpha = 1 / (2 * 6)
    for _ in range(200):
        state = start_at(rng.random(2), 10 ** rng.uniform(-6, 0))
        after = with_margin(state, edges, popsize=6)
        for j, borders in edges.items():
            last = len(borders) - 2
            cell = int(np.clip(np.searchsorted(borders, after.mean[j], side="right") - 1, 0, last))
            below, above = norm.cdf(borders[[cell, cell + 1]], after.mean[j], after.widths[j])
            if cell > 0:
                assert below >= (alpha / 2 if cell < last else alpha) - 1e-9
            if cell < last:
                assert 1 - above >= (alpha / 2 if cell > 0 else alpha) - 1e-9


def test_a_warm_start_covers_the_good_points():
    points = np.array([[0.2, 0.2], [0.4, 0.4], [0.3, 0.3]])
    state = start_from(points)
    assert state.mean == pytest.approx([0.3, 0.3])
    assert state.cov[0, 1] > 0
    assert state.sigma**2 * state.cov == pytest.approx(
        0.01 * np.eye(2) + np.cov(points.T, bias=True)
    )
    assert np.linalg.det(state.cov) == pytest.approx(1.0)


# --------------------------------------------------------------------------- the sampler


@pytest.mark.parametrize("options", [{}, {"use_separable_cma": True}, {"popsize": 12}])
def test_it_finds_the_minimum_of_an_ellipsoid(options):
    for seed in range(3):
        study = minimise(CmaEsSampler(seed=seed, **options), ellipsoid, 4, 500)
        assert study.best_value < 1e-3
    assert minimise(RandomSampler(seed=0), ellipsoid, 4, 500).best_value > 1e-1


def test_it_follows_a_rotated_valley_which_a_diagonal_covariance_cannot():
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))
    scales = np.array([1, 10, 1e3, 1e4])

    def valley(x):
        return (scales * (rotation @ (x - 0.5)) ** 2).sum()

    start = {f"x{i}": 0.2 for i in range(4)}
    full, diagonal = (
        [
            minimise(
                CmaEsSampler(start, seed=s, use_separable_cma=separable), valley, 4, 600
            ).best_value
            for s in range(3)
        ]
        for separable in (False, True)
    )
    assert np.median(full) < 0.1 * np.median(diagonal)


def test_integers_do_not_freeze():
    """The optimum of each integer is found even where most trials lie elsewhere at first."""
    target = np.array([1, 18, 7, 12])

    def best_values(with_margin):
        return [
            minimise(
                CmaEsSampler(seed=s, with_margin=with_margin, restart_strategy=None),
                lambda x: ((x - target) ** 2).sum(),
                4,
                300,
                IntDistribution(0, 20),
            ).best_value
            for s in range(4)
        ]

    assert np.median(best_values(True)) == 0.0


@pytest.mark.parametrize("strategy", ["ipop", "bipop"])
def test_a_restart_leaves_a_local_minimum(strategy):
    def two_basins(x):
        return min(((x - 0.3) ** 2).sum() + 0.1, 5 * ((x - 0.9) ** 2).sum())

    def best(restarts):
        return [
            minimise(
                CmaEsSampler(start, 0.05, seed=s, restart_strategy=restarts), two_basins, 2, 900
            ).best_value
            for s in range(4)
        ]

    start = {"x0": 0.3, "x1": 0.3}
    assert min(best(None)) == pytest.approx(0.1, abs=1e-3)
    assert sorted(best(strategy))[1] < 0.01


def test_a_warm_start_helps():
    source = minimise(RandomSampler(seed=0), lambda x: ((x - 0.82) ** 2).sum(), 5, 200)

    def mean_of_best(**options):
        studies = [
            minimise(CmaEsSampler(seed=s, **options), lambda x: ((x - 0.8) ** 2).sum(), 5, 60)
            for s in range(4)
        ]
        return np.mean([study.best_value for study in studies])

    assert mean_of_best(source_trials=source.trials) < 0.7 * mean_of_best()


def test_choices_without_an_order_are_learned_too():
    def objective(trial):
        kind = trial.suggest_categorical("kind", ["a", "b", "c", "d"])
        x = trial.suggest_float("x", 0, 1)
        return (x - 0.7) ** 2 + (kind != "c")

    study = skhpo.create_study(sampler=CmaEsSampler(seed=0))
    study.optimize(objective, n_trials=120)
    assert study.best_params["kind"] == "c"
    assert study.best_value < 1e-3
    assert np.mean([t.params["kind"] == "c" for t in study.trials[60:]]) > 0.5


def test_pruned_trials_count_by_their_last_report_if_they_are_to():
    def proposals(consider):
        study = skhpo.create_study(
            sampler=CmaEsSampler(seed=0, consider_pruned_trials=consider, sigma0=0.05)
        )
        for _ in range(60):
            trial = study.ask({"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)})
            trial.report((trial.params["x"] - 0.9) ** 2, 1)
            study.tell(trial, state=skhpo.TrialState.PRUNED)
        return np.mean([t.params["x"] for t in study.trials[40:]])

    assert proposals(True) > 0.7
    assert proposals(False) == pytest.approx(0.5, abs=0.1)


def test_trials_that_break_a_constraint_rank_last():
    def objective(trial):
        x = [trial.suggest_float(f"x{i}", 0, 1) for i in range(3)]
        trial.set_constraint("c", 0.6 - x[0])
        return sum(value**2 for value in x)

    study = skhpo.create_study(sampler=CmaEsSampler(seed=0))
    study.optimize(objective, n_trials=200)
    assert study.best_value < 0.37
    assert np.mean([t.constraints["c"] <= 0 for t in study.trials[150:]]) > 0.4


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copy_goes_on_as_the_original(duplicate):
    study = minimise(CmaEsSampler(seed=4), ellipsoid, 3, 40)
    other = skhpo.create_study(sampler=duplicate(study.sampler))
    other.add_trials(study.trials)
    space = study.trials[0].distributions
    for _ in range(15):
        params = []
        for s in (study, other):
            trial = s.ask(space)
            params.append(trial.params)
            s.tell(trial, ellipsoid(np.array(list(trial.params.values()))))
        assert params[0] == params[1]


def test_trials_that_end_out_of_order_change_nothing():
    """What a late trial of a small number brings is the same as if it had come first."""
    done = minimise(CmaEsSampler(seed=4), ellipsoid, 3, 40).trials
    proposals = []
    for late in (None, 5):
        study = skhpo.create_study(sampler=CmaEsSampler(seed=9))
        for trial in done:
            if trial.number == late:
                study.enqueue_trial(trial.params)
                study.ask(trial.distributions)
            else:
                study.add_trial(trial)
        columns = study.history.columns(done[0].distributions)
        study.sampler.propose(columns, np.random.default_rng(0))  # fills the cache
        if late is not None:
            study.tell(late, done[late].value)
        columns.refresh()
        proposals.append(study.sampler.propose(columns, np.random.default_rng(0)))
    np.testing.assert_array_equal(*proposals)


def test_several_objectives_are_refused():
    study = skhpo.create_study(directions=["minimize"] * 2, sampler=CmaEsSampler())
    with pytest.raises(ValueError, match="one objective"):
        study.optimize(lambda trial: [trial.suggest_float("x", 0, 1)] * 2, n_trials=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigma0": 0.0}, "sigma0"),
        ({"popsize": 2}, "popsize"),
        ({"inc_popsize": 0}, "inc_popsize"),
        ({"restart_strategy": "often"}, "restart_strategy"),
        ({"n_startup_trials": -1}, "n_startup_trials"),
        ({"source_trials": [], "sigma0": 0.1}, "source_trials"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        CmaEsSampler(**options)


def test_a_start_outside_the_space_is_refused():
    study = skhpo.create_study(sampler=CmaEsSampler(x0={"x": 3.0}))
    with pytest.raises(ValueError, match="outside"):
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
