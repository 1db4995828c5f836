"""NSGA-II and NSGA-III: who survives, how children are made, and that they find fronts."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import skhpo
from skhpo.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from skhpo.history import PREDICTED_VALUE
from skhpo.multi_objective import hypervolume, is_nondominated, nondomination_rank
from skhpo.samplers import RandomSampler
from skhpo.samplers._nsgaii import NSGAIISampler
from skhpo.samplers._nsgaiii import NSGAIIISampler, associate, normalize, simplex_lattice
from skhpo.samplers.nsgaii import (
    BaseCrossover,
    BaseMutation,
    BLXAlphaCrossover,
    PolynomialMutation,
    SBXCrossover,
    SPXCrossover,
    UNDXCrossover,
    UniformCrossover,
    UniformMutation,
    VSBXCrossover,
)
from skhpo.trial import TrialState, create_trial

SAMPLERS = [NSGAIISampler, NSGAIIISampler]
CROSSOVERS = [
    UniformCrossover, BLXAlphaCrossover, SBXCrossover, VSBXCrossover, SPXCrossover, UNDXCrossover,
]  # fmt: skip
UNIT = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}


def study_of(objective, n_trials, sampler, n_objectives=2):
    study = skhpo.create_study(sampler=sampler, directions=["minimize"] * n_objectives)
    study.optimize(objective, n_trials=n_trials)
    return study


def zdt1(trial):
    x = [trial.suggest_float(f"x{i}", 0, 1) for i in range(6)]
    g = 1 + 9 * np.mean(x[1:])
    return x[0], g * (1 - np.sqrt(x[0] / g))


def mixed(trial):
    x, k = trial.suggest_float("x", 1e-3, 1e3, log=True), trial.suggest_int("k", 0, 9)
    cost = {"a": 0.0, "b": 0.4, "c": 1.0}[trial.suggest_categorical("kind", ["c", "a", "b"])]
    return (np.log10(x) - 1) ** 2 + cost, 0.1 * (k - 7) ** 2 + (np.log10(x) + 1) ** 2 + cost


def volume(study):
    return hypervolume([trial.values for trial in study.trials], [1.1, 6.0])


@pytest.mark.parametrize("Sampler", SAMPLERS)
@pytest.mark.parametrize(("objective", "best"), [(zdt1, 6.6 - 1 / 3), (mixed, 4.66)])
def test_fronts_are_found_faster_than_by_random_search(Sampler, objective, best):
    def mean_volume(Sampler):
        return np.mean([volume(study_of(objective, 100, Sampler(seed=s))) for s in range(5)])

    assert best - mean_volume(Sampler) < 0.7 * (best - mean_volume(RandomSampler))


@pytest.mark.parametrize("Sampler", SAMPLERS)
def test_one_objective_is_minimised(Sampler):
    def bowl(trial):
        return sum((trial.suggest_float(f"x{i}", -5, 5) - 1) ** 2 for i in range(4))

    best = [study_of(bowl, 100, Sampler(seed=s), 1).best_value for s in range(4)]
    random = [study_of(bowl, 100, RandomSampler(seed=s), 1).best_value for s in range(4)]
    assert np.mean(best) < 0.4 * np.mean(random)


@pytest.mark.parametrize("Sampler", SAMPLERS)
@pytest.mark.parametrize("objective", [zdt1, mixed])
def test_the_same_seed_gives_the_same_study(Sampler, objective):
    first, second, other = (study_of(objective, 70, Sampler(seed=s)) for s in (1, 1, 2))
    assert [t.params for t in first.trials] == [t.params for t in second.trials]
    assert [t.params for t in first.trials] != [t.params for t in other.trials]


@pytest.mark.parametrize("Sampler", SAMPLERS)
@pytest.mark.parametrize("copies", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copied_sampler_goes_on_as_the_original(Sampler, copies):
    study = study_of(mixed, 50, Sampler(seed=3))
    twin = skhpo.create_study(sampler=copies(study.sampler), directions=["minimize"] * 2)
    for trial in study.trials:
        twin.add_trial(trial)
    study.optimize(mixed, n_trials=10)
    twin.optimize(mixed, n_trials=10)
    assert [t.params for t in study.trials] == [t.params for t in twin.trials]


@pytest.mark.parametrize("Sampler", SAMPLERS)
@settings(deadline=None, max_examples=20)
@given(order=st.permutations(range(60)), asks=st.sets(st.integers(0, 59), max_size=10))
def test_the_order_in_which_trials_end_does_not_matter(Sampler, order, asks):
    study = skhpo.create_study(
        sampler=Sampler(seed=0, population_size=8), directions=["minimize"] * 2
    )
    rng = np.random.default_rng(0)
    for x, y in rng.random((60, 2)):
        params = {"x": x, "y": y}
        study.add_trial(create_trial(state=TrialState.RUNNING, params=params, distributions=UNIT))
    values = rng.random((60, 2))
    for k, number in enumerate(order):
        study.tell(number, values[number])
        if k in asks:  # what is kept from here must do no harm later
            study.sampler.sample_group(study.history, 1000 + k, UNIT)
    fresh = Sampler(seed=0, population_size=8)
    drawn = [s.sample_group(study.history, 2000, UNIT) for s in (study.sampler, fresh)]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("Sampler", SAMPLERS)
def test_the_first_trials_are_drawn_from_the_prior(Sampler):
    study = study_of(zdt1, 20, Sampler(seed=0, population_size=20))
    random = study_of(zdt1, 20, Sampler(seed=0, population_size=500))
    assert [t.params for t in study.trials] == [t.params for t in random.trials]


@pytest.mark.parametrize("Sampler", SAMPLERS)
def test_constraints_come_first(Sampler):
    def objective(trial):
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        trial.set_constraint("far enough", 0.7 - x)
        return x, y + (1 - x)

    study = study_of(objective, 120, Sampler(seed=0))
    late = [trial.params["x"] for trial in study.trials[60:]]
    assert np.mean(np.array(late) >= 0.7) > 0.6


@pytest.mark.parametrize("Sampler", SAMPLERS)
def test_failed_trials_are_no_parents_and_predicted_ones_are(Sampler):
    def draws(fields, state):
        study = skhpo.create_study(sampler=Sampler(seed=0, population_size=10))
        for x in np.linspace(0, 1, 30):
            trial = create_trial(params={"x": x, "y": 0.5}, distributions=UNIT, value=1.0 + x)
            study.add_trial(trial)
        for x in np.linspace(0.9, 0.95, 10):
            study.add_trial(
                create_trial(state=state, params={"x": x, "y": 0.5}, distributions=UNIT, **fields)
            )
        rows = [study.sampler.sample_group(study.history, 50 + k, UNIT)[0] for k in range(40)]
        return np.median([row["x"] for row in rows])

    assert draws({}, TrialState.FAIL) < 0.5
    assert draws({"system_attrs": {PREDICTED_VALUE: -1.0}}, TrialState.PRUNED) > 0.8


@pytest.mark.parametrize("Sampler", SAMPLERS)
def test_infinite_values_do_no_harm(Sampler):
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        return (np.inf if x > 0.5 else x), (-np.inf if x < 0.01 else 1 - x)

    assert len(study_of(objective, 80, Sampler(seed=0)).trials) == 80


@pytest.mark.parametrize("Sampler", SAMPLERS)
def test_a_small_space_is_searched_without_repeats(Sampler):
    space = {"k": IntDistribution(0, 5), "c": CategoricalDistribution(["a", "b", "c", "d", "e"])}
    study = skhpo.create_study(
        sampler=Sampler(seed=0, population_size=6), directions=["minimize"] * 2
    )
    for _ in range(24):
        trial = study.ask(space)
        k, c = trial.params["k"], "abcde".index(trial.params["c"])
        study.tell(trial, [abs(k - 2) + c, abs(k - 4) + c])
    later = [tuple(trial.params.values()) for trial in study.trials[6:]]
    assert len(set(later)) >= len(later) - 1


@settings(deadline=None)
@given(st.data())
def test_survivors_of_nsga2_are_those_of_the_first_fronts(data):
    losses = data.draw(arrays(float, (12, 2), elements=st.integers(0, 6).map(float)))
    violation = data.draw(arrays(float, 12, elements=st.integers(0, 2).map(float)))
    for Sampler in SAMPLERS:
        survivors = Sampler(seed=0)._survivors(losses, violation, 5)
        rank = nondomination_rank(losses, violation)
        assert len(set(survivors)) == 5
        assert sorted(rank[survivors]) == sorted(rank)[:5]
        assert (np.diff(rank[survivors]) >= 0).all()


def test_nsga2_keeps_the_ends_and_drops_the_crowded():
    losses = np.array([[0, 10], [1, 8], [1.1, 7.9], [1.2, 7.8], [5, 4], [10, 0]], dtype=float)
    survivors = NSGAIISampler(seed=0)._survivors(losses, np.zeros(6), 4)
    assert {0, 4, 5} < set(survivors.tolist())


def test_nsga3_keeps_one_trial_for_each_direction():
    angles = np.concatenate([np.linspace(0, 0.1, 20), [np.pi / 4, np.pi / 2]])
    losses = np.column_stack([np.cos(angles), np.sin(angles)])
    sampler = NSGAIIISampler(seed=0, reference_points=[[1, 0], [1, 1], [0, 1]])
    survivors = sampler._survivors(losses, np.zeros(22), 3)
    assert sorted(survivors.tolist()) == [0, 20, 21]


@pytest.mark.parametrize(("m", "p", "n"), [(2, 3, 4), (3, 3, 10), (3, 12, 91), (5, 4, 70)])
def test_the_lattice_covers_the_simplex(m, p, n):
    lattice = simplex_lattice(m, p)
    assert lattice.shape == (n, m)
    assert len(np.unique(lattice, axis=0)) == n
    assert lattice.sum(axis=1) == pytest.approx(1.0)
    assert ((lattice >= 0) & (lattice * p == pytest.approx(np.round(lattice * p)))).all()


def test_normalized_fronts_meet_the_axes_at_one():
    rng = np.random.default_rng(0)
    simplex = np.vstack([rng.dirichlet(np.ones(3), 50), np.eye(3)])
    losses = simplex * [1.0, 100.0, 0.01] + [5.0, -3.0, 0.0]
    assert normalize(losses, np.ones(53, dtype=bool)) == pytest.approx(simplex, abs=1e-9)


def test_points_belong_to_the_nearest_direction():
    points = np.array([[2.0, 0.1], [3.0, 3.0], [0.0, 0.5]])
    niche, distance = associate(points, np.array([[1.0, 0.0], [2.0, 2.0], [0.0, 3.0]]))
    assert niche.tolist() == [0, 1, 2]
    assert distance == pytest.approx([0.1, 0.0, 0.0], abs=1e-7)


# ------------------------------------------------------------------------- crossovers


def children(crossover, parents, n=2000, seed=0):
    rng = np.random.RandomState(seed)
    bounds = np.tile([0.0, 1.0], (parents.shape[1], 1))
    return np.array([crossover.crossover(parents, rng, None, bounds) for _ in range(n)])


@pytest.mark.parametrize("Crossover", CROSSOVERS)
def test_children_keep_the_mean_of_their_parents(Crossover):
    parents = np.random.default_rng(0).uniform(0.4, 0.6, (Crossover.n_parents, 3))
    expected = parents[:2] if Crossover is UNDXCrossover else parents
    made = children(Crossover(), parents, n=10_000)
    assert made.mean(axis=0) == pytest.approx(expected.mean(axis=0), abs=0.01)


@pytest.mark.parametrize("Crossover", CROSSOVERS)
def test_children_of_equal_parents_are_as_their_parents(Crossover):
    parents = np.tile([0.0, 0.3, 1.0], (Crossover.n_parents, 1))
    assert children(Crossover(), parents, n=50) == pytest.approx(
        np.tile([0.0, 0.3, 1.0], (50, 1)), abs=1e-6
    )


@pytest.mark.parametrize("Crossover", CROSSOVERS)
def test_a_crossover_serves_a_study(Crossover):
    study = study_of(mixed, 60, NSGAIISampler(crossover=Crossover(), seed=0, population_size=10))
    assert is_nondominated([t.values for t in study.best_trials]).all()


@given(arrays(float, (2, 4), elements=st.floats(0, 1)), st.integers(0, 9))
def test_simulated_binary_crossover_stays_in_bounds(parents, seed):
    made = children(SBXCrossover(eta=1.0), parents, n=20, seed=seed)
    assert ((made >= -1e-9) & (made <= 1 + 1e-9)).all()


@pytest.mark.parametrize("Crossover", [SBXCrossover, VSBXCrossover])
def test_a_larger_eta_keeps_children_near_their_parents(Crossover):
    parents = np.array([[0.3], [0.7]])
    far, near = (
        np.abs(children(Crossover(eta=eta, use_child_gene_prob=1.0), parents) - parents.T)
        .min(axis=1)
        .mean()
        for eta in (1.0, 30.0)
    )
    assert near < 0.3 * far


def test_the_spread_of_simulated_binary_crossover_has_its_density():
    # Without bounds, P(spread <= 1) = 1/2 and P(spread > b) = b^-(eta + 1) / 2.
    parents = np.array([[0.499], [0.501]])
    made = children(SBXCrossover(eta=2.0, use_child_gene_prob=1.0), parents, n=10_000)
    spread = np.abs(made - 0.5) / 0.001
    assert (spread > 1).mean() == pytest.approx(0.5, abs=0.02)
    assert (spread > 2).mean() == pytest.approx(0.5 / 8, abs=0.01)


def test_uniform_crossover_takes_the_first_parent_as_often_as_told():
    made = children(UniformCrossover(swapping_prob=0.2), np.array([[0.0] * 3, [1.0] * 3]))
    assert set(np.unique(made)) == {0.0, 1.0}
    assert made.mean() == pytest.approx(0.8, abs=0.03)


def test_blend_crossover_fills_the_enlarged_box():
    made = children(BLXAlphaCrossover(alpha=0.5), np.array([[0.4], [0.6]]))
    assert made.min() == pytest.approx(0.3, abs=0.01)
    assert made.max() == pytest.approx(0.7, abs=0.01)


def test_simplex_crossover_fills_the_triangle():
    triangle = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    made = children(SPXCrossover(epsilon=1.0), triangle, n=10_000)
    assert (made >= 0).all()
    assert (made.sum(axis=1) <= 1).all()
    assert (made.sum(axis=1) < 0.5).mean() == pytest.approx(0.25, abs=0.02)


def test_normal_crossover_scales_with_its_parents():
    parents = np.array([[0.4, 0.5, 0.5], [0.6, 0.5, 0.5], [0.5, 0.8, 0.5]])
    made = children(UNDXCrossover(sigma_xi=0.5, sigma_eta=0.2), parents, n=10_000)
    assert made.std(axis=0) == pytest.approx([0.5 * 0.2, 0.2 * 0.3, 0.2 * 0.3], rel=0.05)


class Middle(BaseCrossover):
    n_parents = 3

    def crossover(self, parents_params, rng, study, search_space_bounds):
        assert parents_params.shape == (3, 2)
        assert search_space_bounds.tolist() == [[0, 1], [0, 1]]
        assert study.directions
        return parents_params.mean(axis=0) + 0.001 * rng.randn(2)


class Jump(BaseMutation):
    def mutation(self, param, rng, study, search_space_bounds):
        assert 0 <= param <= 1
        return 7.0 + rng.rand()


def test_operators_of_ones_own_read_the_study_and_the_legacy_stream():
    sampler = NSGAIISampler(crossover=Middle(), population_size=5, mutation_prob=0.0, seed=0)
    study = study_of(mixed, 30, sampler)
    assert len(study.trials) == 30


def test_what_mutation_moves_out_of_bounds_is_moved_back():
    sampler = NSGAIISampler(mutation=Jump(), population_size=5, mutation_prob=1.0, seed=0)
    study = skhpo.create_study(sampler=sampler)
    study.optimize(lambda trial: trial.suggest_float("x", -2, 3), n_trials=6)
    assert study.trials[-1].params["x"] == 3.0


# -------------------------------------------------------------------------- mutations


@given(st.floats(0, 1), st.floats(0, 100), st.integers(0, 99))
def test_polynomial_mutation_stays_in_bounds(param, eta, seed):
    rng = np.random.RandomState(seed)
    mutated = PolynomialMutation(eta).mutation(param, rng, None, np.array([0.0, 1.0]))
    assert -1e-9 <= mutated <= 1 + 1e-9


def test_polynomial_mutation_has_its_density():
    # Far from the bounds, P(|step| > s) = (1 - s)^(eta + 1).
    rng, bounds = np.random.RandomState(0), np.array([0.0, 1.0])
    mutation = PolynomialMutation(eta=40.0)
    steps = np.array([mutation.mutation(0.5, rng, None, bounds) - 0.5 for _ in range(10_000)])
    assert (np.abs(steps) > 0.03).mean() == pytest.approx(0.97**41, abs=0.02)
    assert steps.mean() == pytest.approx(0.0, abs=0.002)


def test_uniform_mutation_draws_from_the_whole_range():
    rng, bounds = np.random.RandomState(0), np.array([0.0, 1.0])
    drawn = [UniformMutation().mutation(0.5, rng, None, bounds) for _ in range(2000)]
    assert np.quantile(drawn, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.05)


# --------------------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"population_size": 1}, "population_size"),
        ({"population_size": 2, "crossover": SPXCrossover()}, "population_size"),
        ({"mutation_prob": 1.5}, "mutation_prob"),
        ({"crossover_prob": -0.1}, "crossover_prob"),
        ({"swapping_prob": 2}, "swapping_prob"),
    ],
)
@pytest.mark.parametrize("Sampler", SAMPLERS)
def test_arguments_out_of_range_are_refused(Sampler, arguments, match):
    with pytest.raises(ValueError, match=match):
        Sampler(**arguments)


@pytest.mark.parametrize("name", ["mutation", "crossover"])
def test_operators_must_be_operators(name):
    with pytest.raises(TypeError, match=name):
        NSGAIISampler(**{name: "sbx"})


@pytest.mark.parametrize(
    "arguments",
    [
        {"dividing_parameter": 0},
        {"reference_points": [1.0, 2.0]},
        {"reference_points": [[0.0, 0.0]]},
        {"reference_points": [[np.nan, 1.0]]},
    ],
)
def test_directions_that_are_none_are_refused(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        NSGAIIISampler(**arguments)


def test_directions_need_a_column_for_each_objective():
    sampler = NSGAIIISampler(reference_points=np.eye(3), population_size=4, seed=0)
    with pytest.raises(ValueError, match="2 columns, one per objective"):
        study_of(zdt1, 10, sampler)


@pytest.mark.parametrize("Crossover", [SBXCrossover, VSBXCrossover])
@pytest.mark.parametrize("name", ["eta", "uniform_crossover_prob", "use_child_gene_prob"])
def test_settings_of_crossovers_are_checked(Crossover, name):
    with pytest.raises(ValueError, match=name):
        Crossover(**{name: -1.0})
    with pytest.raises(ValueError, match="alpha"):
        BLXAlphaCrossover(alpha=-1.0)
    with pytest.raises(ValueError, match="epsilon"):
        SPXCrossover(epsilon=0.0)
    with pytest.raises(ValueError, match="sigma_eta"):
        UNDXCrossover(sigma_eta=-1.0)
    with pytest.raises(ValueError, match="eta"):
        PolynomialMutation(eta=-1.0)
