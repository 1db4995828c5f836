"""Ending hopeless fits of boosters: the model of learning curves, and searches that use it."""

import warnings

import joblib
import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.datasets import make_classification

from skhpo import TPESearchCV
from skhpo.boosting import CurveModel, EarlyStopping, FinishedFit
from skhpo.boosting._curves import rounds_to_keep, running_best

N_ROUNDS = 200


def curve(level, rate, rng, noise=0.002):
    """A loss that falls towards `level`, the faster the larger the rate."""
    rounds = np.arange(1, N_ROUNDS + 1)
    return level + 0.7 * np.exp(-rate * rounds) + noise * rng.standard_normal(N_ROUNDS)


def fits(n, rng):
    kept = rounds_to_keep(N_ROUNDS)
    out = []
    for _ in range(n):
        level, rate = rng.uniform(0.2, 0.5), np.exp(rng.uniform(np.log(0.01), np.log(0.3)))
        losses = curve(level, rate, rng)
        out.append(
            FinishedFit(0, float(np.log(rate)), N_ROUNDS, running_best(losses, kept),
                        float(losses.min()), 1.0)
        )  # fmt: skip
    return out


def test_too_few_fits_say_nothing():
    assert CurveModel.fit(fits(7, np.random.default_rng(0)), target=0.2) is None


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_hopeless_fits_are_ended_and_good_ones_are_not(sign):
    rng = np.random.default_rng(1)
    finished = [FinishedFit(**vars(fit) | {"sign": sign}) for fit in fits(60, rng)]
    model = CurveModel.fit(finished, target=0.22)
    assert model.n_rounds == N_ROUNDS
    ended = {"good": 0, "bad": 0}
    for _ in range(40):
        rate = np.exp(rng.uniform(np.log(0.02), np.log(0.3)))
        for kind, level in (("good", 0.2), ("bad", 0.48)):
            values = sign * curve(level, rate, rng)
            rule = model.rule(0, float(np.log(rate)))
            seen = (rule.predict_if_hopeless(values[:n]) for n in sorted(rule.rounds))
            ended[kind] += any(predicted is not None for predicted in seen)
    assert ended["bad"] >= 38
    assert ended["good"] <= 2


def test_a_fit_is_looked_at_a_few_times_only():
    model = CurveModel.fit(fits(30, np.random.default_rng(2)), target=0.0)
    rule = model.rule(0, 0.0)
    assert rule.rounds <= {10, 20, 40, 80, 140}
    assert rule.predict_if_hopeless([9.0] * 11) is None


def test_the_effect_of_a_fold_is_taken_into_account():
    rng = np.random.default_rng(3)
    easy = fits(30, rng)
    hard = [
        FinishedFit(1, fit.log_rate, N_ROUNDS, [b + 1.0 for b in fit.best], fit.final + 1.0, 1.0)
        for fit in fits(30, rng)
    ]
    model = CurveModel.fit([*easy, *hard], target=0.75)
    losses = 1.0 + curve(0.2, 0.1, rng)
    rule = model.rule(1, float(np.log(0.1)))
    assert all(rule.predict_if_hopeless(losses[:n]) is None for n in rule.rounds)


X, y = make_classification(400, 12, n_informative=5, flip_y=0.15, random_state=0)


def make(package, **settings):
    module = pytest.importorskip(package)
    if package == "xgboost":
        model = module.XGBClassifier(n_estimators=150, n_jobs=1, random_state=0)
    else:
        model = module.LGBMClassifier(n_estimators=150, n_jobs=1, verbose=-1, random_state=0)
    depth = "max_depth" if package == "xgboost" else "num_leaves"
    space = {"learning_rate": loguniform(0.005, 0.5), depth: randint(2, 10)}
    settings = {
        "n_iter": 20, "cv": 3, "random_state": 0, "refit": False, "pre_dispatch": 2,
        "scoring": "neg_log_loss", "early_stopping": EarlyStopping(30),
    } | settings  # fmt: skip
    return TPESearchCV(model, space, **settings)


def outcome(search):
    return {
        name: [repr(value) for value in column]
        for name, column in search.cv_results_.items()
        if "time" not in name
    }


@pytest.mark.parametrize("package", ["xgboost", "lightgbm"])
def test_searches_end_fits_and_find_what_they_find_without(package):
    settings = {"n_iter": 30}
    with_pruning = make(package, **settings).fit(X, y)
    without = make(package, early_stopping=EarlyStopping(30, prune=False), **settings).fit(X, y)
    ended = [
        folds["stopped_at"]
        for trial in with_pruning.study_.trials
        for folds in [trial.user_attrs]
        if "stopped_at" in folds
    ]
    assert ended == []  # what a fit was ended at is no note of the user's
    assert with_pruning.best_score_ > without.best_score_ - 0.02
    stopped = with_pruning.cv_results_["status"] == "pruned"
    assert stopped.any()


@pytest.mark.parametrize("package", ["xgboost", "lightgbm"])
def test_the_number_of_workers_changes_nothing(package):
    outcomes = []
    for n_jobs in (1, 2):
        with joblib.parallel_config("threading"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            outcomes.append(outcome(make(package, n_jobs=n_jobs).fit(X, y)))
    assert outcomes[0] == outcomes[1]


def test_a_stored_search_goes_on_to_the_same_end(tmp_path):
    whole = make("xgboost").fit(X, y)
    storage = f"sqlite:///{tmp_path}/s.db"
    make("xgboost", n_iter=12, storage=storage, study_name="s").fit(X, y)
    search = make("xgboost", storage=storage, study_name="s").fit(X, y)
    assert outcome(search) == outcome(whole)


def test_without_a_pruner_no_fit_is_ended():
    search = make("xgboost", pruner=None, n_iter=15).fit(X, y)
    assert (search.cv_results_["status"] == "complete").all()
