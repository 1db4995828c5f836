"""The refit learns as many rounds as its folds have found to be best; and copies of callbacks."""

import functools

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.datasets import load_breast_cancer
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import RandomSearchCV, TPESearchCV
from skhpo.boosting import EarlyStopping
from tests.boosting.boosters import FAMILIES, LIMIT, ROUNDS, search

X, y = load_breast_cancer(return_X_y=True)
X, y = X[:240, :8], y[:240]
y = np.where(np.random.default_rng(0).random(240) < 0.1, 1 - y, y)


def rounds_of_best(found):
    """The best iteration of each fold of the best candidate."""
    columns = [f"split{fold}_best_iteration" for fold in range(found.n_splits_)]
    return np.array([found.cv_results_[name][found.best_index_] for name in columns])


# --------------------------------------------------------------------------------- how many rounds


@pytest.mark.parametrize("refit", ["mean", "median", "max"])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_refit_has_the_rounds_of_the_best_candidates_folds(family, refit):
    by_hand = FAMILIES[family]
    space = {"learning_rate": [0.2, 0.4, 0.6]}
    stopping = EarlyStopping(rounds=ROUNDS, refit=refit)
    found = search(by_hand.make("classifier"), space, n_iter=3, early_stopping=stopping).fit(X, y)

    rounds = rounds_of_best(found)
    expected = round(float(getattr(np, refit)(rounds)))
    assert found.best_params_[by_hand.rounds] == expected
    assert found.best_estimator_.get_params()[by_hand.rounds] == expected
    assert by_hand.n_rounds(found.best_estimator_) == expected
    assert expected < LIMIT
    assert found.best_params_["learning_rate"] in space["learning_rate"]


@pytest.mark.parametrize("on", ["fold", "inner"])
@pytest.mark.parametrize("family", FAMILIES)
def test_rounds_grow_with_the_rows_if_wanted(family, on):
    by_hand = FAMILIES[family]
    stopping = EarlyStopping(
        rounds=ROUNDS, refit="max", scale=True, on=on, validation_fraction=0.25
    )
    space = {"learning_rate": [0.1]}
    found = search(by_hand.make("classifier"), space, cv=KFold(2), early_stopping=stopping)
    found.fit(X, y)

    growth = 2.0 if on == "fold" else 2.0 / 0.75
    expected = round(max(rounds_of_best(found)) * growth)
    assert found.best_params_[by_hand.rounds] == expected
    assert by_hand.n_rounds(found.best_estimator_) == expected


def test_rounds_of_folds_with_unequal_rows_grow_by_the_mean():
    by_hand = FAMILIES["xgboost"]
    cv = [(np.arange(0, 60), np.arange(180, 240)), (np.arange(0, 180), np.arange(180, 240))]
    stopping = EarlyStopping(rounds=ROUNDS, scale=True)
    found = search(by_hand.make("classifier"), {"max_depth": [3]}, cv=cv, early_stopping=stopping)
    found.fit(X, y)

    assert found.best_params_["n_estimators"] == round(np.mean(rounds_of_best(found)) * 2.0)


@pytest.mark.parametrize(
    ("family", "alias"),
    [
        ("xgboost", "n_estimators"),
        ("lightgbm", "num_iterations"),
        ("lightgbm", "max_iter"),
        ("catboost", "n_estimators"),
        ("catboost", "num_trees"),
    ],
)
def test_the_name_by_which_the_user_limits_the_rounds_is_kept(family, alias):
    by_hand = FAMILIES[family]
    model = by_hand.make("classifier")
    if family == "catboost":
        given = model.get_params()
        del given["iterations"]
        model = type(model)(**given, **{alias: LIMIT})
    else:
        model.set_params(**{by_hand.rounds: None, alias: LIMIT})
    found = search(model, {"learning_rate": [0.5]}, early_stopping=EarlyStopping(rounds=ROUNDS))
    found.fit(X, y)

    expected = round(np.mean(rounds_of_best(found)))
    assert expected < LIMIT
    assert found.best_params_[alias] == expected
    assert by_hand.n_rounds(found.best_estimator_) == expected


def test_a_space_that_varies_the_limit_of_the_rounds_does_not_decide_the_refit():
    by_hand = FAMILIES["xgboost"]
    space = {"n_estimators": [2, LIMIT]}
    stopping = EarlyStopping(rounds=ROUNDS)
    found = search(by_hand.make("classifier"), space, n_iter=2, early_stopping=stopping).fit(X, y)

    assert found.best_params_["n_estimators"] == round(np.mean(rounds_of_best(found)))
    assert [params["n_estimators"] for params in found.cv_results_["params"]] in ([2, 60], [60, 2])


def test_the_rounds_of_a_model_at_the_end_of_pipelines_are_set_there():
    by_hand = FAMILIES["xgboost"]
    inner = Pipeline([("scale", StandardScaler()), ("model", by_hand.make("classifier"))])
    pipeline = Pipeline([("scale", StandardScaler()), ("inner", inner)])
    space = {"inner__model__max_depth": [2, 4]}
    stopping = EarlyStopping(rounds=ROUNDS)
    found = search(pipeline, space, n_iter=2, early_stopping=stopping).fit(X, y)

    expected = round(np.mean(rounds_of_best(found)))
    assert found.best_params_["inner__model__n_estimators"] == expected
    assert by_hand.n_rounds(found.best_estimator_[-1][-1]) == expected


def test_without_refit_the_rounds_are_in_the_best_parameters_too():
    by_hand = FAMILIES["xgboost"]
    stopping = EarlyStopping(rounds=ROUNDS)
    found = search(
        by_hand.make("classifier"), {"max_depth": [3]}, early_stopping=stopping, refit=False
    ).fit(X, y)

    assert found.best_params_["n_estimators"] == round(np.mean(rounds_of_best(found)))


def test_candidates_keep_the_parameters_that_were_tried():
    by_hand = FAMILIES["hist"]
    found = search(by_hand.make("classifier"), {"max_iter": [LIMIT]}, early_stopping="fold")
    found.fit(X, y)

    assert found.cv_results_["params"] == [{"max_iter": LIMIT}]
    assert found.best_params_ != {"max_iter": LIMIT}


# --------------------------------------------------------------------- nothing ends the refit early


@pytest.mark.parametrize(
    ("family", "own"),
    [
        ("xgboost", {"early_stopping_rounds": 2}),
        ("lightgbm", {"early_stopping_round": 2}),
        ("lightgbm", {"early_stopping_rounds": 2}),
        ("lightgbm", {"n_iter_no_change": 2}),
        ("catboost", {"early_stopping_rounds": 2}),
        ("catboost", {"od_type": "Iter", "od_wait": 2}),
        ("catboost", {"use_best_model": True}),
        ("hist", {"early_stopping": True, "n_iter_no_change": 2}),
        ("hist", {"early_stopping": "auto"}),
    ],
)
def test_early_stopping_that_the_model_has_of_its_own_gives_way(family, own):
    """In the folds the rounds of the search hold; the refit is watched on nothing."""
    by_hand = FAMILIES[family]
    rounds = []
    for given in ({}, own):
        stopping = EarlyStopping(rounds=ROUNDS)
        model = by_hand.make("classifier", **given)
        found = search(model, {"learning_rate": [0.3]}, early_stopping=stopping).fit(X, y)
        rounds.append(rounds_of_best(found).tolist())
        assert by_hand.n_rounds(found.best_estimator_) == round(np.mean(rounds[-1]))

    assert rounds[0] == rounds[1]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_refit_learns_from_all_rows_and_is_watched_on_none(family, monkeypatch):
    by_hand = FAMILIES[family]
    model = by_hand.make("classifier")
    calls, own_fit = [], type(model).fit

    @functools.wraps(own_fit)
    def fit(self, X, y, *args, **params):
        calls.append((len(X), sorted(params)))
        return own_fit(self, X, y, *args, **params)

    monkeypatch.setattr(type(model), "fit", fit)
    search(model, {"learning_rate": [0.3]}, early_stopping="fold", refit=True).fit(X, y)

    assert len(calls) == 4
    assert all(n_rows == 160 and params for n_rows, params in calls[:3])
    assert calls[3] == (240, [])


# ------------------------------------------------------------------------- models with and without


def mixed_space(by_hand):
    booster = by_hand.make("classifier")
    return [
        {"model": [LogisticRegression(max_iter=5000)], "model__C": [0.1, 1.0]},
        {"model": [booster], "model__learning_rate": [0.2, 0.5]},
    ]


@pytest.mark.parametrize(
    "family",
    [
        "xgboost",
        "lightgbm",
        "hist",
        "catboost",
    ],
)
def test_of_several_models_those_without_rounds_have_no_best_iteration(family):
    by_hand = FAMILIES[family]
    pipeline = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())])
    stopping = EarlyStopping(rounds=ROUNDS)
    found = search(pipeline, mixed_space(by_hand), n_iter=4, early_stopping=stopping).fit(X, y)

    for params, mean in zip(
        found.cv_results_["params"], found.cv_results_["mean_best_iteration"], strict=True
    ):
        assert np.isnan(mean) == isinstance(params["model"], LogisticRegression)
    assert np.isnan(found.cv_results_["mean_best_iteration"]).sum() == 2


@pytest.mark.parametrize("wins", ["booster", "linear"])
def test_the_refit_of_one_of_several_models_knows_whether_it_has_rounds(wins):
    by_hand = FAMILIES["xgboost"]
    pipeline = Pipeline([("scale", StandardScaler()), ("model", DummyClassifier())])

    def scorer(estimator, X, y):
        is_linear = isinstance(estimator[-1], LogisticRegression)
        return float(is_linear == (wins == "linear"))

    stopping = EarlyStopping(rounds=ROUNDS)
    found = search(
        pipeline, mixed_space(by_hand), n_iter=4, scoring=scorer, early_stopping=stopping
    ).fit(X, y)

    if wins == "linear":
        assert set(found.best_params_) == {"model", "model__C"}
    else:
        expected = round(np.mean(rounds_of_best(found)))
        assert found.best_params_["model__n_estimators"] == expected
        assert by_hand.n_rounds(found.best_estimator_[-1]) == expected


def test_models_of_the_space_are_not_changed_by_the_search():
    by_hand = FAMILIES["xgboost"]
    booster = by_hand.make("classifier")
    before = booster.get_params()
    pipeline = Pipeline([("scale", StandardScaler()), ("model", DummyClassifier())])
    space = {"model": [booster, LogisticRegression()]}
    search(pipeline, space, n_iter=2, early_stopping=EarlyStopping(rounds=ROUNDS)).fit(X, y)

    assert booster.get_params() == before


# ----------------------------------------------------------------------------- folds without result


def test_folds_that_fail_have_no_best_iteration():
    by_hand = FAMILIES["xgboost"]
    space = {"booster": ["gbtree", "no such"]}
    found = RandomSearchCV(
        by_hand.make("classifier"),
        space,
        n_iter=2,
        cv=3,
        random_state=0,
        pruner=None,
        early_stopping=EarlyStopping(rounds=ROUNDS),
    )
    with pytest.warns(FitFailedWarning, match="3 fits failed"):
        found.fit(X, y)

    failed = [params["booster"] == "no such" for params in found.cv_results_["params"]]
    assert np.isnan(found.cv_results_["mean_best_iteration"]).tolist() == failed
    assert np.isnan(found.cv_results_["split1_best_iteration"]).tolist() == failed
    assert found.best_params_["booster"] == "gbtree"
    assert found.best_params_["n_estimators"] == round(np.mean(rounds_of_best(found)))


def test_folds_that_were_not_run_have_no_best_iteration_and_do_not_count():
    by_hand = FAMILIES["lightgbm"]
    found = TPESearchCV(
        by_hand.make("classifier"),
        {"learning_rate": uniform(0.001, 0.9)},
        n_iter=12,
        cv=5,
        random_state=0,
        early_stopping=EarlyStopping(rounds=ROUNDS),
    ).fit(X, y)

    table = np.array([found.cv_results_[f"split{fold}_best_iteration"] for fold in range(5)]).T
    n_run = (~np.isnan(table)).sum(axis=1)
    n_stopped = np.zeros(12, dtype=int)
    for row in (~np.isnan(found.evaluations_["stopped_at"])).nonzero()[0]:
        n_stopped[found.evaluations_["candidate"][row]] += 1
    assert (n_run + n_stopped).tolist() == found.cv_results_["n_splits_evaluated"].tolist()
    assert n_run.min() < 5, "the case says nothing: no candidate was pruned"
    means = [np.nanmean(row) if n else np.nan for n, row in zip(n_run, table, strict=True)]
    assert found.cv_results_["mean_best_iteration"] == pytest.approx(means, nan_ok=True)


@pytest.mark.parametrize(
    ("settings", "growth", "expected"),
    [
        ({}, 2.0, 20),
        ({"refit": "median"}, 2.0, 15),
        ({"refit": "max"}, 2.0, 35),
        ({"scale": True}, 1.5, 30),
        ({"refit": "max", "scale": True}, 1.1, 38),
    ],
)
def test_folds_without_rounds_do_not_count_for_the_refit(settings, growth, expected):
    rounds = EarlyStopping(**settings).rounds_for_refit([10.0, np.nan, 15.0, 35.0, np.nan], growth)

    assert rounds == expected
    assert isinstance(rounds, int)


def test_the_refit_has_one_round_at_least():
    assert EarlyStopping(scale=True).rounds_for_refit([1.0, 1.0], 0.2) == 1


def test_the_same_space_without_early_stopping_has_no_such_columns():
    by_hand = FAMILIES["hist"]
    found = search(by_hand.make("classifier"), {"learning_rate": [0.5]}).fit(X, y)

    assert not [name for name in found.cv_results_ if "best_iteration" in name]
    assert "early_stopping_on" not in found.cv_results_
    assert found.best_params_ == {"learning_rate": 0.5}


# ---------------------------------------------------------------------------------------- callbacks


class Counter:
    """A callback of LightGBM that notes how often it was called before."""

    seen = []  # of all copies, in the order of the calls

    def __init__(self):
        self.n_calls = 0

    def __call__(self, env):
        Counter.seen.append(self.n_calls)
        self.n_calls += 1


def test_callbacks_given_to_fit_are_copied_for_each_fold():
    Counter.seen.clear()
    callback = Counter()
    by_hand = FAMILIES["lightgbm"]
    stopping = EarlyStopping(rounds=ROUNDS)
    found = search(
        by_hand.make("classifier"), {"learning_rate": [0.5]}, early_stopping=stopping, refit=False
    )
    found.fit(X, y, callbacks=[callback])

    assert callback.n_calls == 0
    assert Counter.seen.count(0) == 3
    assert max(Counter.seen) < LIMIT


@pytest.mark.parametrize("on", ["fold", "inner"])
def test_callbacks_given_to_a_step_of_a_pipeline_are_copied_too(on):
    Counter.seen.clear()
    callback = Counter()
    by_hand = FAMILIES["lightgbm"]
    pipeline = Pipeline([("scale", StandardScaler()), ("model", by_hand.make("classifier"))])
    stopping = EarlyStopping(rounds=ROUNDS, on=on)
    found = search(pipeline, {"model__learning_rate": [0.5]}, early_stopping=stopping, refit=False)
    found.fit(X, y, model__callbacks=[callback])

    assert callback.n_calls == 0
    assert Counter.seen.count(0) == 3


def test_what_lightgbm_records_in_a_fold_does_not_reach_the_next():
    lightgbm = pytest.importorskip("lightgbm")
    by_hand = FAMILIES["lightgbm"]
    record = {}
    callbacks = [lightgbm.record_evaluation(record)]
    stopping = EarlyStopping(rounds=ROUNDS)
    found = search(
        by_hand.make("classifier"), {"learning_rate": [0.5]}, early_stopping=stopping, refit=False
    )
    found.fit(X, y, callbacks=callbacks)

    assert record == {}


def test_the_users_own_early_stopping_of_lightgbm_starts_anew_in_each_fold():
    """It stops where it does in a fit of its own, on each fold, if it is the stricter one."""
    lightgbm = pytest.importorskip("lightgbm")
    by_hand = FAMILIES["lightgbm"]
    rounds = []
    for patience, callbacks in (
        (2, None),
        (20, [lightgbm.early_stopping(2, verbose=False)]),
    ):
        found = search(
            by_hand.make("classifier"),
            {"learning_rate": [0.3]},
            early_stopping=EarlyStopping(rounds=patience),
            refit=False,
        )
        rounds.append(rounds_of_best(found.fit(X, y, callbacks=callbacks)).tolist())

    assert rounds[0] == rounds[1]


def test_callbacks_of_the_model_itself_are_copied_for_each_fold():
    xgboost = pytest.importorskip("xgboost")

    class Counting(xgboost.callback.TrainingCallback):
        seen = []

        def __init__(self):
            self.n_calls = 0

        def after_iteration(self, model, epoch, evals_log):
            Counting.seen.append(self.n_calls)
            self.n_calls += 1
            return False

    callback = Counting()
    model = FAMILIES["xgboost"].make("classifier", callbacks=[callback])
    stopping = EarlyStopping(rounds=ROUNDS)
    search(model, {"max_depth": [2, 3]}, n_iter=2, early_stopping=stopping).fit(X, y)

    assert callback.n_calls == 0
    assert Counting.seen.count(0) == 7  # three folds of two candidates, and the refit


def test_early_stopping_of_xgboost_as_a_callback_gives_way_too():
    xgboost = pytest.importorskip("xgboost")
    by_hand = FAMILIES["xgboost"]
    rounds = []
    for callbacks in (None, [xgboost.callback.EarlyStopping(rounds=1)]):
        model = by_hand.make("classifier", callbacks=callbacks)
        stopping = EarlyStopping(rounds=ROUNDS)
        found = search(model, {"learning_rate": [0.3]}, early_stopping=stopping).fit(X, y)
        rounds.append(rounds_of_best(found).tolist())
        assert by_hand.n_rounds(found.best_estimator_) == round(np.mean(rounds[-1]))

    assert rounds[0] == rounds[1]


def test_the_users_own_early_stopping_of_lightgbm_does_not_make_the_refit_fail():
    lightgbm = pytest.importorskip("lightgbm")
    by_hand = FAMILIES["lightgbm"]
    stopping = EarlyStopping(rounds=ROUNDS)
    found = search(
        by_hand.make("classifier"), {"learning_rate": [0.3]}, early_stopping=stopping
    ).fit(X, y, callbacks=[lightgbm.early_stopping(2, verbose=False)])

    assert by_hand.n_rounds(found.best_estimator_) == round(np.mean(rounds_of_best(found)))


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_a_ranker_is_refitted_with_the_queries_of_all_rows(library):
    name = {"xgboost": "XGBRanker", "lightgbm": "LGBMRanker"}[library]
    ranker = getattr(pytest.importorskip(library), name)(n_estimators=10, n_jobs=1)
    queries = np.repeat(np.arange(24), 10)

    def scorer(model, X, y):
        return float(np.corrcoef(model.predict(X), y)[0, 1])

    settings = {"cv": GroupKFold(3), "scoring": scorer, "early_stopping": "fold"}
    found = search(ranker, {"learning_rate": [0.3]}, **settings).fit(X, y, groups=queries)

    assert found.predict(X).shape == (240,)
