import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier

from skhpo.pruners._fold_model import FoldModel


def additive_losses(n_candidates, n_folds, *, seed=0, effect=1.0, residual=0.1, spread=1.0):
    rng = np.random.default_rng(seed)
    levels = spread * rng.standard_normal((n_candidates, 1))
    effects = effect * rng.standard_normal(n_folds)
    return levels + effects + residual * rng.standard_normal((n_candidates, n_folds))


finite_losses = st.integers(2, 12).flatmap(
    lambda n_folds: st.integers(1, 12).flatmap(
        lambda n: arrays(float, (n, n_folds), elements=st.floats(-1e6, 1e6))
    )
)


def test_prediction_from_all_folds_is_the_exact_mean():
    losses = additive_losses(10, 5)
    mean, variance = FoldModel.fit(losses).predict(np.arange(5), losses[3])
    assert mean == losses[3].mean()
    assert variance == 0.0


def test_prediction_removes_the_effect_of_the_fold():
    losses = additive_losses(30, 5, effect=10.0, residual=0.01)
    model = FoldModel.fit(losses[:20])
    for candidate in losses[20:]:
        for fold in range(5):
            mean, _ = model.predict([fold], candidate[[fold]])
            assert mean == pytest.approx(candidate.mean(), abs=0.1)


def test_variance_falls_with_each_fold_seen():
    losses = additive_losses(20, 10)
    model = FoldModel.fit(losses)
    variances = [model.predict(np.arange(k), losses[0, :k])[1] for k in range(1, 11)]
    assert np.all(np.diff(variances) < 0)


def test_variance_matches_the_errors_of_the_prediction():
    losses = additive_losses(4000, 5, spread=0.0, residual=0.3)
    model = FoldModel.fit(losses[:60])
    for k in (1, 3):
        predictions = [model.predict(np.arange(k), row[:k]) for row in losses[60:]]
        errors = [p[0] - row.mean() for p, row in zip(predictions, losses[60:], strict=True)]
        assert np.std(errors) == pytest.approx(predictions[0][1] ** 0.5, rel=0.35)


def test_prediction_learns_that_two_folds_err_together():
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((200, 1))
    noise = 0.01 * rng.standard_normal((200, 4))
    losses = shared * np.array([1.0, -1.0, 0.5, -0.5]) + noise + 3
    model = FoldModel.fit(losses[:100])
    errors = [model.predict([0, 2], row[[0, 2]])[0] - row.mean() for row in losses[100:]]
    raw = [row[[0, 2]].mean() - row.mean() for row in losses[100:]]
    assert np.std(errors) < 0.7 * np.std(raw)


def test_clear_loser_is_stopped_and_clear_winner_is_not():
    losses = additive_losses(20, 5)
    model = FoldModel.fit(losses)
    best = losses[losses.mean(axis=1).argmin()]
    assert model.should_stop([2], best[[2]] + 2.0)
    assert not model.should_stop([2], best[[2]] - 2.0)


def test_larger_alpha_stops_at_smaller_losses():
    losses = additive_losses(20, 5)
    best = losses[losses.mean(axis=1).argmin()]
    steps = np.linspace(0, 1, 200)
    bars = [
        steps[
            np.argmax([FoldModel.fit(losses, alpha).should_stop([0], best[[0]] + s) for s in steps])
        ]
        for alpha in (0.3, 0.1, 0.01)
    ]
    assert bars[0] < bars[1] < bars[2]


def test_stops_the_best_candidate_seldom():
    stopped = 0
    for seed in range(300):
        losses = additive_losses(30, 5, seed=seed, spread=0.05)
        rest, winner = np.split(losses[np.argsort(-losses.mean(axis=1))], [29])
        model = FoldModel.fit(rest, alpha=0.1)
        stopped += model.should_stop([seed % 5], winner[0, [seed % 5]])
    assert stopped / 300 < 0.12


def test_candidate_that_has_seen_all_folds_is_not_stopped():
    losses = additive_losses(10, 3)
    assert not FoldModel.fit(losses).should_stop([0, 1, 2], losses.max(axis=0) + 1)


def test_nan_loss_is_stopped_even_without_an_incumbent():
    assert FoldModel.fit(additive_losses(5, 4)).should_stop([1, 2], [0.0, np.nan])
    assert FoldModel.fit(np.full((3, 4), np.nan)).should_stop([1], [np.nan])


def test_infinite_loss_is_stopped():
    model = FoldModel.fit(additive_losses(5, 4))
    assert model.should_stop([1], [np.inf])
    assert model.predict([1], [np.inf]) == (np.inf, 0.0)


def test_nothing_is_stopped_while_no_complete_candidate_is_finite():
    for losses in (np.full((3, 4), np.inf), np.empty((0, 4))):
        model = FoldModel.fit(losses)
        assert not model.should_stop([0], [1e9])
        assert model.predict([0], [2.0]) == (2.0, 0.0)


def test_candidates_with_losses_that_are_not_finite_do_not_touch_the_estimates():
    losses = additive_losses(12, 5)
    bad = np.vstack([losses[:5], np.full(5, np.nan), losses[5:], np.full(5, np.inf), losses[0]])
    bad[-1, 2] = -np.inf
    clean, dirty = FoldModel.fit(losses), FoldModel.fit(bad)
    assert dirty.best == clean.best
    assert dirty.scale == clean.scale
    np.testing.assert_array_equal(dirty.effects, clean.effects)


def test_constant_losses_give_a_variance_of_zero_and_stop_only_what_is_worse():
    model = FoldModel.fit(np.full((6, 5), 0.3))
    assert model.predict([1, 2], [0.3, 0.3]) == (pytest.approx(0.3), 0.0)
    assert model.should_stop([1], [0.4])
    assert not model.should_stop([1], [0.2])
    assert not model.should_stop([1], [0.3])


@pytest.mark.parametrize("n_complete", [1, 2, 3])
@pytest.mark.parametrize("n_folds", [2, 3, 100])
def test_few_complete_candidates_suffice(n_complete, n_folds):
    losses = additive_losses(n_complete, n_folds)
    model = FoldModel.fit(losses)
    assert np.isfinite(model.predict([0], losses[0, :1])).all()
    assert model.should_stop([0], [1e3])


def test_worse_half_of_the_candidates_does_not_matter():
    losses = additive_losses(40, 5)
    losses = losses[np.argsort(losses.mean(axis=1))]
    wild = losses.copy()
    wild[20:] += np.random.default_rng(1).exponential(100.0, (20, 5))
    np.testing.assert_array_equal(FoldModel.fit(losses).effects, FoldModel.fit(wild).effects)


def test_order_of_the_complete_candidates_does_not_matter():
    losses = additive_losses(500, 5)
    shuffled = np.random.default_rng(3).permutation(losses)
    one, other = FoldModel.fit(losses), FoldModel.fit(shuffled)
    np.testing.assert_array_equal(one.effects, other.effects)
    np.testing.assert_array_equal(one.relative_covariance, other.relative_covariance)


def test_order_of_the_folds_seen_does_not_matter():
    losses = additive_losses(15, 6)
    model = FoldModel.fit(losses)
    one = model.predict([4, 0, 2], losses[7, [4, 0, 2]])
    other = model.predict([0, 2, 4], losses[7, [0, 2, 4]])
    assert one == pytest.approx(other)


def test_verdict_does_not_depend_on_the_unit_of_the_losses():
    losses = additive_losses(15, 6)
    for unit in (1e-150, 1e-9, 1e9, 1e150):
        model, scaled = FoldModel.fit(losses), FoldModel.fit(unit * losses)
        for row in losses:
            assert model.should_stop([1, 3], row[[1, 3]]) == scaled.should_stop(
                [1, 3], unit * row[[1, 3]]
            )


def test_pickle_is_small_and_keeps_the_verdicts():
    losses = additive_losses(5000, 10)
    model = FoldModel.fit(losses)
    dumped = pickle.dumps(model)
    assert len(dumped) < 3000
    assert pickle.loads(dumped).predict([3], [0.5]) == model.predict([3], [0.5])


@settings(deadline=None)
@given(finite_losses, st.integers(0, 11), st.floats(-1e6, 1e6))
def test_any_finite_losses_give_a_finite_prediction(losses, fold, value):
    fold %= losses.shape[1]
    mean, variance = FoldModel.fit(losses).predict([fold], [value])
    assert np.isfinite(mean)
    assert np.isfinite(variance)
    assert variance >= 0


def test_saves_most_of_the_folds_of_real_models_and_keeps_the_best():
    X, y = load_breast_cancer(return_X_y=True)
    leaves = np.random.default_rng(0).permutation(np.arange(1, 97, 4))
    losses = np.array(
        [
            -cross_val_score(
                DecisionTreeClassifier(min_samples_leaf=leaf, random_state=0),
                X[:300],
                y[:300],
                cv=5,
                scoring="roc_auc",
            )
            for leaf in leaves
        ]
    )
    complete, n_fits = [], 0
    for number, row in enumerate(losses):
        folds = (number + np.arange(5)) % 5
        model = FoldModel.fit(np.array(complete), alpha=0.05) if number >= 3 else None
        stops = [model.should_stop(folds[:k], row[folds[:k]]) for k in range(1, 5)] if model else []
        n_fits += stops.index(True) + 1 if True in stops else 5
        if True not in stops:
            complete.append(row)
    assert n_fits < 0.7 * losses.size
    assert min(row.mean() for row in complete) == losses.mean(axis=1).min()
