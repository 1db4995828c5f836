"""Whatever floats an objective returns, samplers propose, pruners judge, and models stay finite."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import skhpo
from skhpo.importance import (
    FanovaImportanceEvaluator,
    MeanDecreaseImpurityImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from skhpo.multi_objective import (
    crowding_distance,
    hypervolume,
    hypervolume_contributions,
    knee,
    reference_point,
    select_by_hypervolume,
)
from skhpo.pruners import (
    HyperbandPruner,
    MedianPruner,
    PatientPruner,
    PercentilePruner,
    RacingPruner,
    SuccessiveHalvingPruner,
    ThresholdPruner,
    WilcoxonPruner,
)
from skhpo.pruners._fold_model import FoldModel
from skhpo.pruners._front_race import FrontRace
from skhpo.samplers import (
    AutoSampler,
    CmaEsSampler,
    GPSampler,
    NSGAIIISampler,
    NSGAIISampler,
    QMCSampler,
    TPESampler,
)
from skhpo.search.selection._selection_bias import expected_optimism

LARGEST = np.finfo(float).max
ABSURD = [LARGEST, -LARGEST, 1e308, -1e308, 1e160, -1e160, 5e-324, -5e-324, 0.0, 1.0, -3.0]
INFINITE = [*ABSURD, np.inf, -np.inf]
FINITE = st.one_of(st.sampled_from(ABSURD), st.floats(allow_nan=False, allow_infinity=False))

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def tables(min_rows, n_columns, values=FINITE):
    rows = st.lists(values, min_size=n_columns, max_size=n_columns)
    return st.lists(rows, min_size=min_rows, max_size=12).map(np.array)


@given(tables(1, 4), st.lists(FINITE, min_size=2, max_size=2))
@settings(max_examples=100, deadline=None)
def test_the_fold_model_of_any_floats_predicts_numbers(losses, seen):
    model = FoldModel.fit(losses)
    mean, variance = model.predict([0, 2], seen)
    assert np.isfinite([mean, variance]).all()
    assert model.should_stop([0, 2], seen) in (True, False)


def test_a_diverging_candidate_does_not_keep_others_from_being_stopped():
    rng = np.random.default_rng(0)
    losses = np.vstack([0.1 + 0.01 * rng.random((9, 5)), np.full((1, 5), 1e300)])
    model = FoldModel.fit(losses)
    assert model.should_stop([0, 1], [0.9, 0.9])
    assert model.should_stop([0, 1], [1e305, 1e305])
    assert not model.should_stop([0, 1], [0.05, 0.05])


@given(tables(3, 8, st.sampled_from([*INFINITE, np.nan])), st.booleans())
@settings(max_examples=100, deadline=None)
def test_the_race_to_the_front_judges_any_floats(losses, has_bound):
    losses = losses.reshape(-1, 4, 2)
    bounds = [np.inf, 2.0] if has_bound else None
    race = FrontRace.fit(losses, 2, bounds=bounds, is_scale=[False, True])
    race.predict([0, 1], losses[0, :2])
    assert race.should_stop([0, 1], losses[0, :2]) in (True, False)


@given(tables(1, 5, st.sampled_from([*INFINITE, np.nan])))
@settings(max_examples=100, deadline=None)
def test_the_optimism_of_any_scores_is_a_number(scores):
    assert np.isfinite(expected_optimism(scores)).all()


@pytest.mark.parametrize("n_objectives", [2, 3, 4])
def test_fronts_of_any_floats_have_volumes_knees_and_distances(n_objectives):
    rng = np.random.default_rng(0)
    for _ in range(60):
        losses = rng.choice([*ABSURD, -np.inf, np.inf], size=(8, n_objectives))
        reference = reference_point(losses)
        assert not np.isnan(hypervolume(losses, reference))
        assert (hypervolume_contributions(losses, reference) >= 0).all()
        chosen = select_by_hypervolume(losses, 5, reference)
        assert len(set(chosen.tolist())) == 5
        assert not np.isnan(crowding_distance(losses)).any()
        if np.isfinite(losses).all(axis=1).any():
            assert np.isfinite(losses[knee(losses)]).all()


def test_the_volume_of_huge_and_of_tiny_losses_is_exact():
    assert hypervolume([[1e200, 2e-200], [2e200, 1e-200]], [3e200, 3e-200]) == pytest.approx(3.0)
    assert knee([[0.0, 1e308], [-1.7e308, 1.7e308], [1.7e308, -1.7e308], [-1.5e308, -1e308]]) == 3


SAMPLERS = [
    TPESampler,
    GPSampler,
    CmaEsSampler,
    AutoSampler,
    NSGAIISampler,
    NSGAIIISampler,
    QMCSampler,
]


@pytest.mark.parametrize("n_objectives", [1, 2])
@pytest.mark.parametrize("make", SAMPLERS)
def test_a_sampler_goes_on_whatever_the_values(make, n_objectives):
    if make is CmaEsSampler and n_objectives == 2:
        return
    arguments = {"population_size": 5} if "NSGA" in make.__name__ else {}
    for seed in range(2):
        rng = np.random.default_rng(seed)
        study = skhpo.create_study(
            directions=["minimize"] * n_objectives, sampler=make(seed=seed, **arguments)
        )

        def objective(trial, rng=rng):
            trial.suggest_float("x", 0, 1)
            trial.suggest_int("n", 1, 5)
            trial.suggest_categorical("c", "abc")
            return rng.choice(INFINITE, size=n_objectives).tolist()

        study.optimize(objective, n_trials=24)
        assert len(study.trials) == 24


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "make",
    [
        RacingPruner,
        MedianPruner,
        lambda: PercentilePruner(30.0),
        lambda: SuccessiveHalvingPruner(min_resource=1),
        lambda: HyperbandPruner(max_resource=5),
        lambda: ThresholdPruner(upper=1e300),
        WilcoxonPruner,
        lambda: PatientPruner(RacingPruner(), patience=0, min_delta=1e308),
    ],
)
def test_a_pruner_judges_whatever_is_reported(make):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        study = skhpo.create_study(sampler=TPESampler(seed=seed), pruner=make())

        def objective(trial, rng=rng):
            trial.suggest_float("x", 0, 1)
            for step in range(5):
                trial.report(float(rng.choice(INFINITE)), step)
                if trial.should_prune():
                    raise skhpo.TrialPruned
            return float(rng.choice(INFINITE))

        study.optimize(objective, n_trials=20)
        assert len(study.trials) == 20


@pytest.mark.parametrize(
    "make",
    [
        PedAnovaImportanceEvaluator,
        lambda: FanovaImportanceEvaluator(n_trees=4, seed=0),
        lambda: MeanDecreaseImpurityImportanceEvaluator(n_trees=4, seed=0),
    ],
)
def test_importances_of_absurd_values_are_numbers(make):
    rng = np.random.default_rng(0)
    study = skhpo.create_study(sampler=TPESampler(seed=0))
    study.optimize(
        lambda trial: (
            float(rng.choice(INFINITE))
            if trial.suggest_float("x", 0, 1) < 0.5
            else trial.suggest_float("y", 0, 1)
        ),
        n_trials=30,
    )
    importances = get_param_importances(study, evaluator=make())
    assert np.isfinite(list(importances.values())).all()


def test_one_absurd_loss_does_not_blind_the_gaussian_process():
    def regret(worst):
        study = skhpo.create_study(sampler=GPSampler(seed=0))
        study.optimize(
            lambda trial: (
                worst if trial.suggest_float("x", 0, 1) > 0.9 else (trial.params["x"] - 0.3) ** 2
            ),
            n_trials=25,
        )
        return study.best_value

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert regret(1e308) < 1e-4
