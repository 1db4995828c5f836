"""Pruning inside the training of boosters, in hand-written objectives; Optuna's as oracle."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

import skhpo
from skhpo.callbacks import (
    CatBoostPruningCallback,
    LightGBMPruningCallback,
    XGBoostPruningCallback,
)
from skhpo.pruners import MedianPruner, NopPruner, ThresholdPruner

X, y = load_breast_cancer(return_X_y=True)
X_train, X_valid, y_train, y_valid = X[:400], X[400:], y[:400], y[400:]
N_ROUNDS = 12


def xgboost_train(trial, rate, key="valid-logloss"):
    xgboost = pytest.importorskip("xgboost")
    train, valid = xgboost.DMatrix(X_train, y_train), xgboost.DMatrix(X_valid, y_valid)
    params = {"objective": "binary:logistic", "eval_metric": "logloss", "eta": rate, "nthread": 1}
    log = {}
    xgboost.train(params, train, N_ROUNDS, evals=[(valid, "valid")], evals_result=log,
                  verbose_eval=False, callbacks=[XGBoostPruningCallback(trial, key)])  # fmt: skip
    return log["valid"]["logloss"]


def xgboost_cv(trial, rate, key="test-logloss"):
    xgboost = pytest.importorskip("xgboost")
    params = {"objective": "binary:logistic", "eval_metric": "logloss", "eta": rate, "nthread": 1}
    callbacks = [XGBoostPruningCallback(trial, key)]
    log = xgboost.cv(params, xgboost.DMatrix(X, y), N_ROUNDS, nfold=3, seed=0, callbacks=callbacks)
    return log["test-logloss-mean"].tolist()


def xgboost_sklearn(trial, rate, key="validation_0-logloss"):
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(
        n_estimators=N_ROUNDS, learning_rate=rate, n_jobs=1, eval_metric="logloss",
        callbacks=[XGBoostPruningCallback(trial, key)],
    ).fit(X_train, y_train, eval_set=[(X_valid, y_valid)], verbose=False)  # fmt: skip
    return model.evals_result()["validation_0"]["logloss"]


def lightgbm_train(trial, rate, key="binary_logloss"):
    lightgbm = pytest.importorskip("lightgbm")
    params = {"objective": "binary", "learning_rate": rate, "verbose": -1, "num_threads": 1}
    train = lightgbm.Dataset(X_train, y_train)
    log = {}
    lightgbm.train(
        params, train, N_ROUNDS, valid_sets=[lightgbm.Dataset(X_valid, y_valid, reference=train)],
        callbacks=[lightgbm.record_evaluation(log), LightGBMPruningCallback(trial, key)],
    )  # fmt: skip
    return log["valid_0"]["binary_logloss"]


def lightgbm_cv(trial, rate, key="binary_logloss"):
    lightgbm = pytest.importorskip("lightgbm")
    params = {"objective": "binary", "learning_rate": rate, "verbose": -1, "num_threads": 1}
    log = lightgbm.cv(params, lightgbm.Dataset(X, y), N_ROUNDS, nfold=3, seed=0,
                      callbacks=[LightGBMPruningCallback(trial, key)])  # fmt: skip
    return next(values for name, values in log.items() if name.endswith("mean"))


def lightgbm_sklearn(trial, rate, key="binary_logloss"):
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMClassifier(n_estimators=N_ROUNDS, learning_rate=rate, verbose=-1, n_jobs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # LightGBM 4.7 has other names for the evaluation set
        model.fit(X_train, y_train, eval_set=[(X_valid, y_valid)],
                  callbacks=[LightGBMPruningCallback(trial, key)])  # fmt: skip
    return model.evals_result_["valid_0"]["binary_logloss"]


def catboost_fit(trial, rate, key="Logloss"):
    catboost = pytest.importorskip("catboost")
    model = catboost.CatBoostClassifier(
        iterations=N_ROUNDS, learning_rate=rate, verbose=False, allow_writing_files=False,
        thread_count=1,
    )  # fmt: skip
    callback = CatBoostPruningCallback(trial, key)
    model.fit(X_train, y_train, eval_set=(X_valid, y_valid), callbacks=[callback])
    callback.check_pruned()
    return model.get_evals_result()["validation"]["Logloss"]


WAYS = [xgboost_train, xgboost_cv, xgboost_sklearn, lightgbm_train, lightgbm_cv, lightgbm_sklearn,
        catboost_fit]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_each_round_is_reported(way):
    study = skhpo.create_study(pruner=NopPruner())
    trial = study.ask()
    losses = way(trial, 0.3)
    reported = study.trials[0].intermediate_values
    assert list(reported) == list(range(N_ROUNDS))
    np.testing.assert_allclose(list(reported.values()), losses, rtol=1e-6)


@pytest.mark.parametrize("way", WAYS)
def test_the_training_ends_when_the_pruner_says_so(way):
    study = skhpo.create_study(pruner=ThresholdPruner(lower=1e9, n_warmup_steps=4))
    with pytest.raises(skhpo.TrialPruned):
        way(study.ask(), 0.3)
    assert study.trials[0].last_step == 4


@pytest.mark.parametrize("way", WAYS)
def test_a_metric_that_is_not_there_is_told_with_those_that_are(way):
    trial = skhpo.create_study(pruner=NopPruner()).ask()
    with pytest.raises(ValueError, match=r"(?i)logloss"):
        way(trial, 0.3, key="nothing")


@pytest.mark.parametrize(("way", "name"), [
    (xgboost_sklearn, "XGBoostPruningCallback"), (xgboost_cv, "XGBoostPruningCallback"),
    (lightgbm_train, "LightGBMPruningCallback"),
])  # fmt: skip
def test_an_objective_runs_as_with_the_callback_of_optuna(way, name, monkeypatch):
    optuna = pytest.importorskip("optuna")
    theirs = getattr(pytest.importorskip("optuna_integration"), name)
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def script(module):
        study = module.create_study(pruner=module.pruners.MedianPruner(n_startup_trials=2))
        for rate in (0.3, 0.2, 0.01, 0.4, 0.05):
            study.enqueue_trial({"rate": rate})
        study.optimize(lambda t: way(t, t.suggest_float("rate", 0.001, 1))[-1], n_trials=5)
        return [(t.state.name, t.value, t.intermediate_values) for t in study.trials]

    ours = script(skhpo)
    monkeypatch.setitem(globals(), name, theirs)
    assert ours == script(optuna)
    assert "PRUNED" in {state for state, _, _ in ours}


def test_a_metric_that_points_the_other_way_is_refused():
    study = skhpo.create_study(direction="maximize")
    with pytest.raises(ValueError, match="Smaller values of 'binary_logloss' are better"):
        lightgbm_train(study.ask(), 0.3)


def test_rounds_are_reported_at_intervals():
    lightgbm = pytest.importorskip("lightgbm")
    study = skhpo.create_study(pruner=MedianPruner())
    train = lightgbm.Dataset(X_train, y_train)
    lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_threads": 1}, train, N_ROUNDS,
        valid_sets=[lightgbm.Dataset(X_valid, y_valid, reference=train)],
        callbacks=[LightGBMPruningCallback(study.ask(), "binary_logloss", report_interval=5)],
    )  # fmt: skip
    assert list(study.trials[0].intermediate_values) == [4, 9]
    with pytest.raises(ValueError, match="report_interval"):
        LightGBMPruningCallback(study.ask(), "auc", report_interval=0)
