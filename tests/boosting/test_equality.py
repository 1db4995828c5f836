"""A fold with early stopping equals the booster called by hand on the same rows."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import get_scorer, ndcg_score
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    ShuffleSplit,
    StratifiedKFold,
    StratifiedShuffleSplit,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skhpo.boosting import EarlyStopping
from tests.boosting.boosters import FAMILIES, LIMIT, MODELS, ROUNDS, search

FRACTION = 0.25

rng = np.random.default_rng(0)
X_cancer, y_cancer = load_breast_cancer(return_X_y=True)
X_cancer = X_cancer[:300, :8]
y_cancer = np.where(rng.random(300) < 0.1, 1 - y_cancer[:300], y_cancer[:300])
X_diabetes, y_diabetes = load_diabetes(return_X_y=True)
X_diabetes, y_diabetes = X_diabetes[:300], y_diabetes[:300]
DATA = {"classifier": (X_cancer, y_cancer), "regressor": (X_diabetes, y_diabetes)}


def held_out(kind, y, train):
    """The rows to learn from and those to watch, with on="inner" and random_state=0."""
    splitter = StratifiedShuffleSplit if kind == "classifier" else ShuffleSplit
    split = splitter(1, test_size=FRACTION, random_state=0).split(train, y[train])
    learn, hold = (np.sort(rows) for rows in next(split))
    return train[learn], train[hold]


def rows_of(kind, on, X, y):
    """For each of three folds: the rows to learn from, to watch, and to score."""
    cv = (StratifiedKFold if kind == "classifier" else KFold)(3)
    for train, test in cv.split(X, y):
        yield (train, test, test) if on == "fold" else (*held_out(kind, y, train), test)


def assert_equal(found, scores, rounds):
    """The search's only candidate has these scores and best iterations."""
    results = found.cv_results_
    assert [results[f"split{fold}_test_score"][0] for fold in range(3)] == scores
    assert [results[f"split{fold}_best_iteration"][0] for fold in range(3)] == rounds
    assert min(rounds) < LIMIT, "the case says nothing: no fit was stopped early"


@pytest.mark.parametrize("on", ["fold", "inner"])
@pytest.mark.parametrize(("family", "kind"), MODELS)
def test_a_booster_alone_equals_the_one_stopped_by_hand(family, kind, on):
    by_hand, (X, y) = FAMILIES[family], DATA[kind]
    model = by_hand.make(kind)
    scores, rounds = [], []
    for learn, watch, test in rows_of(kind, on, X, y):
        one = clone(model)
        rounds.append(by_hand.fit(one, X[learn], y[learn], X[watch], y[watch]))
        scores.append(one.score(X[test], y[test]))

    stopping = EarlyStopping(rounds=ROUNDS, on=on, validation_fraction=FRACTION)
    found = search(model, {by_hand.rounds: [LIMIT]}, early_stopping=stopping, refit=False)

    assert_equal(found.fit(X, y), scores, rounds)
    assert found.cv_results_["mean_best_iteration"][0] == pytest.approx(np.mean(rounds))
    assert list(found.cv_results_["early_stopping_on"]) == [on]


def steps_of(shape):
    """What precedes the model in a pipeline of some shape; by hand they are one after another."""
    encode = ColumnTransformer(
        [("words", OneHotEncoder(sparse_output=False, handle_unknown="ignore"), ["word"])],
        remainder=StandardScaler(),
        verbose_feature_names_out=False,
    )
    steps = {
        "scaled": [StandardScaler()],
        "mixed": [encode],
        "nested": [encode, StandardScaler()],
        "deep": [encode, StandardScaler(), FunctionTransformer(np.tanh)],
    }
    return [clone(step) for step in steps[shape]]


def pipeline_of(shape, model):
    """A pipeline that ends in `model`, and what precedes the names of its parameters."""
    steps = steps_of(shape)
    if shape == "nested":
        inner = Pipeline([("scale", steps[1]), ("model", model)])
        return Pipeline([("encode", steps[0]), ("inner", inner)]), "inner__model__"
    if shape == "deep":
        innermost = Pipeline([("tanh", steps[2]), ("model", model)])
        inner = Pipeline([("scale", steps[1]), ("innermost", innermost)])
        return Pipeline([("encode", steps[0]), ("inner", inner)]), "inner__innermost__model__"
    return Pipeline([("first", steps[0]), ("model", model)]), "model__"


def frame_of(X, y):
    """Data as pandas has them, with an index of its own and a column of words."""
    pd = pytest.importorskip("pandas")
    index = np.arange(len(X))[::-1] * 10
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])], index=index)
    words = np.array(["ash", "birch", "cedar"])[np.digitize(X[:, 0], np.quantile(X[:, 0], [0.3]))]
    frame.insert(1, "word", words.astype(object))
    return frame, pd.Series(y, index=index)


@pytest.mark.parametrize("on", ["fold", "inner"])
@pytest.mark.parametrize("shape", ["scaled", "mixed", "nested", "deep"])
@pytest.mark.parametrize(("family", "kind"), MODELS)
def test_at_the_end_of_a_pipeline_it_equals_the_steps_by_hand(family, kind, shape, on):
    by_hand, (X, y) = FAMILIES[family], DATA[kind]
    if shape != "scaled":
        X, y = frame_of(X, y)
    model = by_hand.make(kind)
    values = np.asarray(y)
    scores, rounds = [], []
    for learn, watch, test in rows_of(kind, on, X, values):
        parts = [X.iloc[rows] if hasattr(X, "iloc") else X[rows] for rows in (learn, watch, test)]
        for step in steps_of(shape):
            step.fit(parts[0])
            parts = [step.transform(part) for part in parts]
        one = clone(model)
        rounds.append(by_hand.fit(one, parts[0], values[learn], parts[1], values[watch]))
        scores.append(one.score(parts[2], values[test]))

    pipeline, prefix = pipeline_of(shape, model)
    stopping = EarlyStopping(rounds=ROUNDS, on=on, validation_fraction=FRACTION)
    space = {f"{prefix}{by_hand.rounds}": [LIMIT]}

    assert_equal(
        search(pipeline, space, early_stopping=stopping, refit=False).fit(X, y), scores, rounds
    )


# ------------------------------------------------------------------------------ weights and labels


@pytest.mark.parametrize("is_piped", [False, True])
@pytest.mark.parametrize("on", ["fold", "inner"])
@pytest.mark.parametrize(("family", "kind"), MODELS)
def test_sample_weights_reach_the_fit_and_the_evaluation_set(family, kind, on, is_piped):
    by_hand, (X, y) = FAMILIES[family], DATA[kind]
    model = by_hand.make(kind)
    weight = np.exp(np.random.default_rng(1).normal(0.0, 1.5, len(X)))
    scores, rounds, without = [], [], []
    for learn, watch, test in rows_of(kind, on, X, y):
        rows = (X[learn], y[learn], X[watch], y[watch])
        one = clone(model)
        rounds.append(by_hand.fit(one, *rows, weight=weight[learn], weight_val=weight[watch]))
        scores.append(one.score(X[test], y[test]))
        even = np.ones(len(watch))
        without.append(by_hand.fit(clone(model), *rows, weight=weight[learn], weight_val=even))
    assert rounds != without, "the case says nothing: the weights watched with do not matter"

    stopping = EarlyStopping(rounds=ROUNDS, on=on, validation_fraction=FRACTION)
    settings = {"early_stopping": stopping, "refit": False}
    if is_piped:
        unchanged = FunctionTransformer()
        piped = Pipeline([("same", unchanged), ("model", model)])
        found = search(piped, {f"model__{by_hand.rounds}": [LIMIT]}, **settings)
        found.fit(X, y, model__sample_weight=weight)
    else:
        found = search(model, {by_hand.rounds: [LIMIT]}, scoring=own_score, **settings)
        found.fit(X, y, sample_weight=weight)

    assert_equal(found, scores, rounds)


def own_score(model, X, y):
    """The model's ``score``, without weights."""
    return model.score(X, y)


@pytest.mark.parametrize("family", ["xgboost", "hist"])
def test_weights_that_only_a_transformer_asks_for_are_not_those_of_the_evaluation_set(family):
    by_hand, (X, y) = FAMILIES[family], DATA["regressor"]
    weight = np.where(X[:, 1] > np.median(X[:, 1]), 20.0, 0.5)
    found = {}
    for name in ("without", "with"):
        with config_context(enable_metadata_routing=name == "with"):
            model, scaler, scorer = by_hand.make("regressor"), StandardScaler(), get_scorer("r2")
            given = {}
            if name == "with":
                model.set_fit_request(sample_weight=False)
                scorer.set_score_request(sample_weight=False)
                scaler.set_fit_request(sample_weight=True)
                given = {"sample_weight": weight}
            pipeline = Pipeline([("scale", scaler), ("model", model)])
            space = {f"model__{by_hand.rounds}": [LIMIT]}
            stopping = EarlyStopping(rounds=ROUNDS)
            one = search(pipeline, space, scoring=scorer, early_stopping=stopping, refit=False)
            results = one.fit(X, y, **given).cv_results_
            found[name] = [results[f"split{fold}_best_iteration"][0] for fold in range(3)]

    assert found["with"] == found["without"]  # trees learn the same of data in another scale


@pytest.mark.parametrize("labels", [["benign", "malign"], [1, 2], [False, True]])
@pytest.mark.parametrize("on", ["fold", "inner"])
@pytest.mark.parametrize("family", ["lightgbm", "hist", "catboost"])
def test_labels_may_be_other_than_0_and_1(family, on, labels):
    by_hand, (X, y) = FAMILIES[family], DATA["classifier"]
    names = np.array(labels)[y]
    model = by_hand.make("classifier")
    scores, rounds = [], []
    for learn, watch, test in rows_of("classifier", on, X, names):
        one = clone(model)
        rounds.append(by_hand.fit(one, X[learn], names[learn], X[watch], names[watch]))
        scores.append(one.score(X[test], names[test]))

    stopping = EarlyStopping(rounds=ROUNDS, on=on, validation_fraction=FRACTION)
    found = search(model, {by_hand.rounds: [LIMIT]}, early_stopping=stopping)

    assert_equal(found.fit(X, names), scores, rounds)
    assert set(map(str, np.ravel(found.predict(X)))) == set(map(str, labels))


@pytest.mark.parametrize("labels", [["benign", "malign"], [1, 2]])
def test_lightgbm_stops_where_it_does_with_labels_0_and_1(labels):
    """LightGBM 4.7 itself does not encode the labels of ``eval_y``."""
    model, (X, y) = FAMILIES["lightgbm"].make("classifier"), DATA["classifier"]
    rounds = []
    for names in (y, np.array(labels)[y]):
        found = search(model, {"n_estimators": [LIMIT]}, early_stopping="fold", refit=False)
        results = found.fit(X, names).cv_results_
        rounds.append([results[f"split{fold}_best_iteration"][0] for fold in range(3)])

    assert rounds[0] == rounds[1]


def test_lightgbm_does_not_complain_of_how_it_is_called(recwarn):
    model, (X, y) = FAMILIES["lightgbm"].make("classifier"), DATA["classifier"]
    search(model, {"n_estimators": [LIMIT]}, early_stopping="fold").fit(X, y)

    assert not [one for one in recwarn if "eval_set" in str(one.message)]


# ----------------------------------------------------------------------------------------- metrics


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_metric_given_by_name_is_the_one_that_is_watched(family, which):
    by_hand, (X, y) = FAMILIES[family], DATA["classifier"]
    model = by_hand.make("classifier")
    rounds = {
        metric: [
            by_hand.fit(clone(model), X[learn], y[learn], X[watch], y[watch], metric=metric)
            for learn, watch, _ in rows_of("classifier", "fold", X, y)
        ]
        for metric in by_hand.metrics
    }
    first, second = rounds.values()
    assert first != second, "the case says nothing: both metrics stop at the same rounds"

    metric = by_hand.metrics[which]
    stopping = EarlyStopping(rounds=ROUNDS, metric=metric)
    found = search(model, {by_hand.rounds: [LIMIT]}, early_stopping=stopping, refit=False)
    results = found.fit(X, y).cv_results_

    assert [results[f"split{fold}_best_iteration"][0] for fold in range(3)] == rounds[metric]


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("family", ["xgboost", "lightgbm"])
def test_it_is_watched_also_where_the_model_has_metrics_of_its_own(family, which):
    by_hand, (X, y) = FAMILIES[family], DATA["classifier"]
    metric = by_hand.metrics[which]
    rounds = [
        by_hand.fit(
            by_hand.make("classifier"), X[learn], y[learn], X[watch], y[watch], metric=metric
        )
        for learn, watch, _ in rows_of("classifier", "fold", X, y)
    ]
    own = "eval_metric" if family == "xgboost" else "metric"
    for order in (1, -1):
        model = by_hand.make("classifier", **{own: list(by_hand.metrics[::order])})
        stopping = EarlyStopping(rounds=ROUNDS, metric=metric)
        found = search(model, {by_hand.rounds: [LIMIT]}, early_stopping=stopping, refit=False)
        results = found.fit(X, y).cv_results_
        assert [results[f"split{fold}_best_iteration"][0] for fold in range(3)] == rounds


def test_it_is_watched_also_where_lightgbm_is_given_others_in_fit():
    by_hand, (X, y) = FAMILIES["lightgbm"], DATA["classifier"]
    watched, other = by_hand.metrics
    model = by_hand.make("classifier")
    rounds = [
        by_hand.fit(clone(model), X[learn], y[learn], X[watch], y[watch], metric=watched)
        for learn, watch, _ in rows_of("classifier", "fold", X, y)
    ]
    stopping = EarlyStopping(rounds=ROUNDS, metric=watched)
    found = search(model, {"n_estimators": [LIMIT]}, early_stopping=stopping, refit=False)
    results = found.fit(X, y, eval_metric=[other]).cv_results_

    assert [results[f"split{fold}_best_iteration"][0] for fold in range(3)] == rounds


def absolute_error(y_true, y_pred):
    return "own", float(np.mean(np.abs(y_true - y_pred))), False


def plain_absolute_error(y_true, y_pred):
    return float(np.mean(np.abs(y_true - y_pred)))


def negative_absolute_error(model, X, y):
    return -float(np.mean(np.abs(y - model.predict(X))))


@pytest.mark.parametrize(
    ("family", "own", "builtin"),
    [
        ("xgboost", plain_absolute_error, "mae"),
        ("lightgbm", absolute_error, "l1"),
        ("hist", "neg_mean_absolute_error", negative_absolute_error),
    ],
)
def test_a_metric_of_ones_own_stops_where_the_same_one_built_in_does(family, own, builtin):
    by_hand, (X, y) = FAMILIES[family], DATA["regressor"]
    rounds = []
    for metric in (own, builtin, None):
        model = by_hand.make("regressor")
        stopping = EarlyStopping(rounds=ROUNDS, metric=metric)
        found = search(model, {by_hand.rounds: [LIMIT]}, early_stopping=stopping, refit=False)
        results = found.fit(X, y).cv_results_
        rounds.append([results[f"split{fold}_best_iteration"][0] for fold in range(3)])

    assert rounds[0] == rounds[1]
    assert rounds[0] != rounds[2], "the case says nothing: the default metric stops there, too"


# ----------------------------------------------------------------------------------------- rankers


def ranking():
    """Queries of unequal sizes, whose rows follow each other; the first column is the query."""
    rng = np.random.default_rng(3)
    queries = np.repeat(np.arange(30), rng.integers(6, 15, 30))
    X = np.c_[queries, rng.normal(size=(len(queries), 5))]
    level = X[:, 1] + np.sin(X[:, 2]) + rng.normal(0.0, 0.7, len(queries))
    return X, np.clip(np.digitize(level, [-1.0, 0.0, 1.0]), 0, 3), queries


def mean_ndcg(model, X, y):
    """The mean NDCG of the queries; the first column says which query a row belongs to."""
    predicted, y = np.asarray(model.predict(X)), np.asarray(y)
    return float(
        np.mean(
            [
                ndcg_score(y[None, X[:, 0] == query], predicted[None, X[:, 0] == query])
                for query in np.unique(X[:, 0])
            ]
        )
    )


def sizes(queries):
    return np.unique(queries, return_counts=True)[1]


def fit_xgb_ranker(model, X, y, queries, learn, watch):
    model.set_params(early_stopping_rounds=ROUNDS)
    model.fit(
        X[learn],
        y[learn],
        qid=queries[learn],
        eval_set=[(X[watch], y[watch])],
        eval_qid=[queries[watch]],
        verbose=False,
    )
    return model.best_iteration + 1


def fit_lgbm_ranker(model, X, y, queries, learn, watch):
    import lightgbm

    model.fit(
        X[learn],
        y[learn],
        group=sizes(queries[learn]),
        eval_X=X[watch],
        eval_y=y[watch],
        eval_group=[sizes(queries[watch])],
        callbacks=[lightgbm.early_stopping(ROUNDS, verbose=False)],
    )
    return model.best_iteration_


def make_ranker(library):
    if library == "xgboost":
        module = pytest.importorskip("xgboost")
        return module.XGBRanker(n_estimators=LIMIT, learning_rate=0.5, n_jobs=1), fit_xgb_ranker
    module = pytest.importorskip("lightgbm", minversion="4.7")
    model = module.LGBMRanker(
        n_estimators=LIMIT, learning_rate=0.5, num_leaves=7, min_child_samples=5, n_jobs=1,
        metric="ndcg", verbose=-1,
    )  # fmt: skip
    return model, fit_lgbm_ranker


@pytest.mark.parametrize("is_piped", [False, True])
@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_rankers_take_their_queries_from_the_groups(library, is_piped):
    model, fit = make_ranker(library)
    X, y, queries = ranking()
    scores, rounds = [], []
    for train, test in GroupKFold(3).split(X, y, queries):
        one = clone(model)
        rounds.append(fit(one, X, y, queries, train, test))
        scores.append(mean_ndcg(one, X[test], y[test]))

    estimator, name = model, "n_estimators"
    if is_piped:
        estimator = Pipeline([("same", FunctionTransformer()), ("model", model)])
        name = "model__n_estimators"
    found = search(
        estimator,
        {name: [LIMIT]},
        cv=GroupKFold(3),
        scoring=mean_ndcg,
        early_stopping=EarlyStopping(rounds=ROUNDS),
        refit=False,
    )

    assert_equal(found.fit(X, y, groups=queries), scores, rounds)


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_queries_stay_whole_when_a_part_of_the_training_rows_is_watched(library):
    model, _ = make_ranker(library)
    X, y, queries = ranking()
    settings = {"cv": GroupKFold(3), "scoring": mean_ndcg, "refit": False}
    stopping = EarlyStopping(rounds=ROUNDS, on="inner", validation_fraction=FRACTION)
    found = search(model, {"n_estimators": [LIMIT]}, early_stopping=stopping, **settings)
    results = found.fit(X, y, groups=queries).cv_results_

    rounds = [results[f"split{fold}_best_iteration"][0] for fold in range(3)]
    assert all(1 <= n < LIMIT for n in rounds)
    assert results["mean_test_score"][0] > 0.7


def test_a_pipeline_made_without_names_is_known_too():
    by_hand, (X, y) = FAMILIES["xgboost"], DATA["classifier"]
    pipeline = make_pipeline(StandardScaler(), by_hand.make("classifier"))
    found = search(pipeline, {"xgbclassifier__max_depth": [2, 3]}, n_iter=2, early_stopping="fold")
    found.fit(X, y)

    assert "xgbclassifier__n_estimators" in found.best_params_
