"""The Gaussian process with a prior: it believes it as far as the losses agree."""

import numpy as np
import pytest
from scipy.stats import norm

import skhpo
from skhpo.distributions import FloatDistribution
from skhpo.samplers import GPSampler
from skhpo.samplers._gp_model import Features
from skhpo.samplers._gp_prior import Mixture, _expected, cells_of, experts_of

BEST = np.array([0.2, 0.7])


class Learned:
    """The loss has its minimum at `centre`; datasets differ in where it rises faster."""

    residual = 0.1

    def __init__(self, centre=BEST):
        self.centre = np.asarray(centre)

    def __call__(self, points):
        away = points - self.centre
        return 4.0 * (away**2).sum(axis=1) - 1.0, away

    def bind(self, names, distributions):
        return [self] if len(names) == 2 else []


def loss(points):
    return 3.0 + 0.5 * (4.0 * ((points - BEST) ** 2).sum(axis=1))


def mixture_of(learned, n, rng, pending=0):
    features = Features([FloatDistribution(0, 1)] * 2)
    points = rng.random((n, 2))
    theta = np.log([0.5, 0.5, 1.0, 0.01])
    return Mixture(
        experts_of([learned], features, theta),
        points,
        loss(points),
        np.zeros(n),
        rng.random((pending, 2)),
    )


def test_the_expected_improvement_is_that_of_a_normal_distribution():
    z = np.linspace(-12, 3, 61)
    expected = norm.pdf(z) + z * norm.cdf(z)
    assert _expected(z)[z > -5] == pytest.approx(expected[z > -5], rel=1e-6)
    tail = _expected(z)
    assert (tail > 0).all()
    assert (np.diff(tail) > 0).all()


def test_a_right_prior_is_believed_and_shows_the_minimum_at_once():
    rng = np.random.default_rng(0)
    mixture = mixture_of(Learned(), 3, rng)
    assert mixture.weights.sum() == pytest.approx(1.0)
    assert mixture.weights[0] > 0.5
    pool = rng.random((500, 2))
    found = pool[mixture(pool).argmax()]
    assert np.linalg.norm(found - BEST) < 0.3


def test_a_wrong_prior_loses_its_weight_with_the_losses():
    wrong = Learned(centre=[0.9, 0.1])
    weights = [mixture_of(wrong, n, np.random.default_rng(1)).weights[0] for n in (1, 30)]
    assert weights[1] < 0.01 < weights[0]


def test_pending_trials_lower_the_improvement_around_them():
    rng = np.random.default_rng(2)
    features = Features([FloatDistribution(0, 1)] * 2)
    points = rng.random((6, 2))
    where = np.array([[0.25, 0.65]])
    experts = experts_of([Learned()], features, np.log([0.5, 0.5, 1.0, 0.01]))
    without = Mixture(experts, points, loss(points), np.zeros(6), np.empty((0, 2)))
    beside = Mixture(experts, points, loss(points), np.zeros(6), where)
    assert beside(where)[0] < without(where)[0]
    # What is known of the trials is the same: a pending trial has no loss.
    assert beside.weights == pytest.approx(without.weights)
    assert beside.mean(where) == pytest.approx(without.mean(where))


@pytest.mark.parametrize(
    "losses", [[1.0], [1.0, 1.0], [1e300, 2e300], [-5.0, 1e12, 0.0], [0.0, 1e-300]]
)
def test_any_losses_have_finite_targets(losses):
    cells = cells_of(np.array(losses))
    assert np.isfinite(cells.targets).all()
    assert np.isfinite(cells.log_jacobian).all()
    assert (cells.scale > 0).all()


def test_the_scale_of_the_losses_does_not_matter():
    def improvement(factor, shift):
        rng = np.random.default_rng(3)
        features = Features([FloatDistribution(0, 1)] * 2)
        points, pool = rng.random((5, 2)), rng.random((50, 2))
        experts = experts_of([Learned()], features, np.log([0.5, 0.5, 1.0, 0.01]))
        mixture = Mixture(
            experts, points, shift + factor * loss(points), np.zeros(5), np.empty((0, 2))
        )
        return mixture(pool) - np.log(factor)

    assert improvement(1e-3, 7.0) == pytest.approx(improvement(1.0, 0.0), abs=1e-6)


def objective(trial):
    x = [trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)]
    return float(loss(np.array([x]))[0])


def test_a_study_with_a_prior_begins_where_the_prior_is_best():
    def best_of(prior, seed):
        study = skhpo.create_study(sampler=GPSampler(seed=seed, prior=prior))
        study.optimize(objective, n_trials=5)
        return study.best_value

    with_prior = [best_of(Learned(), seed) for seed in range(5)]
    without = [best_of(None, seed) for seed in range(5)]
    assert np.mean(with_prior) < np.mean(without)
    assert max(with_prior) < 3.05


def test_the_same_seed_gives_the_same_trials():
    def params(seed):
        study = skhpo.create_study(sampler=GPSampler(seed=seed, prior=Learned()))
        study.optimize(objective, n_trials=8)
        return [trial.params for trial in study.trials]

    assert params(0) == params(0)
    assert params(0) != params(1)


def test_failed_and_pruned_trials_are_used_as_by_the_plain_model():
    def failing(trial):
        x = trial.suggest_float("x", 0, 1)
        y = trial.suggest_float("y", 0, 1)
        if x < 0.3:
            raise ValueError
        if y < 0.2:
            raise skhpo.TrialPruned
        return float(loss(np.array([[x, y]]))[0])

    study = skhpo.create_study(sampler=GPSampler(seed=0, prior=Learned()))
    study.optimize(failing, n_trials=25, catch=(ValueError,))
    assert study.best_value < 3.2
    points = [tuple(trial.params.values()) for trial in study.trials]
    assert len(set(points)) == len(points)
