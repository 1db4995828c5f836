"""Branches of a ColumnTransformer or FeatureUnion are shared one by one: equality, and fits."""

import functools

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import uniform
from sklearn import config_context
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    StandardScaler,
)

from skhpo import RandomSearchCV
from skhpo.search.sharing import _branches
from skhpo.search.sharing._branches import BranchedStep
from skhpo.search.sharing._ledger import Ledger
from skhpo.search.sharing._store import Store
from tests.search.steps import Counting, FailsLater, InPlace, Locked, Noisy, Recorder, lines

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Features .* are constant"),
]

X, y = load_breast_cancer(return_X_y=True)
X, y = X[::5], y[::5]
K = 3
WORDS = np.array(["red", "green", "blue", "left", "right", "up", "down"])
FRAME = pd.DataFrame(X[:, :4]).add_prefix("x")
FRAME["kind"] = np.where(X[:, 5] > 0.1, "a", "b")
FRAME["text"] = [
    " ".join(np.random.default_rng(i).choice(WORDS, 6)) + (" warm" if target else " cold")
    for i, target in enumerate(y)
]
FRAME.loc[::7, "x1"] = np.nan
Cs = {"model__C": [0.1, 10.0]}


def before_model(*steps):
    named = [(f"s{i}", step) for i, step in enumerate(steps)]
    return Pipeline([*named, ("model", LogisticRegression(max_iter=20))])


def of_frame(text=None, **settings):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    parts = [
        ("numbers", numbers, make_column_selector(dtype_include=np.number)),
        ("kinds", OneHotEncoder(sparse_output=False), ["kind"]),
        ("text", text or TfidfVectorizer(), "text"),
    ]
    return ColumnTransformer(parts, **settings)


def dense_text():
    return make_pipeline(TfidfVectorizer(), TruncatedSVD(3, random_state=0))


def of_numbers(**settings):
    parts = [
        ("numbers", StandardScaler(), ["x0", "x2"]),
        ("kinds", OneHotEncoder(sparse_output=False), make_column_selector("kind")),
        ("pca", PCA(random_state=0), ["x0", "x2", "x3"]),
        ("as they are", "passthrough", ["x3"]),
    ]
    return ColumnTransformer(parts, **settings)


def union(*steps, **settings):
    return FeatureUnion([(f"b{i}", step) for i, step in enumerate(steps)], **settings)


def of_columns(*steps, **settings):
    columns = [slice(0, 6), slice(3, 9), [1, 12], [20, 21]]
    parts = [(f"b{i}", step, columns[i]) for i, step in enumerate(steps)]
    return ColumnTransformer(parts, **settings)


NGRAMS = {"s0__text__ngram_range": [(1, 1), (1, 2)], **Cs}
TOPICS = {"s0__text__truncatedsvd__n_components": [2, 3], **Cs}
FACTORS = {"s0__b1__factor": [1.0, 2.0], **Cs}
CASES = {
    "columns, sparse": (before_model(of_frame(sparse_threshold=1.0)), FRAME, NGRAMS),
    "columns, dense": (before_model(of_frame(sparse_threshold=0.0)), FRAME, NGRAMS),
    "columns, pandas": (
        before_model(of_numbers()).set_output(transform="pandas"),
        FRAME,
        {"s0__pca__n_components": [1, 2], **Cs},
    ),
    "columns, polars": (
        before_model(of_numbers(verbose_feature_names_out=False)).set_output(transform="polars"),
        FRAME,
        {"s0__pca__n_components": [1, 2], **Cs},
    ),
    "weights of the branches": (
        before_model(of_frame(dense_text(), transformer_weights={"text": 3.0, "kinds": 0.5})),
        FRAME,
        {"s0__transformer_weights": [None, {"numbers": 2.0}], **TOPICS},
    ),
    "two branches": (
        before_model(of_frame(dense_text())),
        FRAME,
        {"s0__numbers__simpleimputer__strategy": ["mean", "median"], **TOPICS},
    ),
    "a branch is exchanged, dropped or passed through": (
        before_model(of_columns(PCA(2, random_state=0), StandardScaler(), "passthrough")),
        X,
        {"s0__b1": [MinMaxScaler(), "drop", "passthrough", StandardScaler()], **Cs},
    ),
    "remainder": (
        before_model(of_columns(StandardScaler(), SelectKBest(k=2), "drop")),
        X,
        {"s0__remainder": [MinMaxScaler(), "drop", "passthrough"], "s0__b1__k": [1, 2]},
    ),
    "remainder is shared": (
        before_model(of_columns(StandardScaler(), SelectKBest(k=2), remainder=PCA(2))),
        X,
        {"s0__b1__k": [1, 2, 3], **Cs},
    ),
    "no columns": (
        before_model(ColumnTransformer([("a", PCA(2), [0, 1, 5]), ("b", StandardScaler(), [])])),
        X,
        {"s0__a__n_components": [1, 2], **Cs},
    ),
    "columns by functions": (
        before_model(
            ColumnTransformer(
                [
                    ("a", StandardScaler(), lambda X: [0, 3]),
                    ("b", PCA(random_state=0), lambda X: np.arange(X.shape[1]) > 8),
                ]
            )
        ),
        X,
        {"s0__b__n_components": [1, 2], **Cs},
    ),
    "union after a step": (
        before_model(StandardScaler(), union(PCA(2), SelectKBest(), "passthrough")),
        X,
        {"s0__with_mean": [True, False], "s1__b1__k": [2, 3], **Cs},
    ),
    "union of sparse matrices": (
        before_model(union(CountVectorizer(), TfidfVectorizer(analyzer="char"))),
        FRAME["text"].tolist(),
        {"s0__b0__binary": [False, True], "s0__b1__ngram_range": [(1, 1), (2, 2)]},
    ),
    "union, pandas": (
        before_model(union(PCA(2), StandardScaler())).set_output(transform="pandas"),
        FRAME[["x0", "x2", "x3"]],
        {"s0__b0__n_components": [1, 2], **Cs},
    ),
    "two unions": (
        before_model(
            union(PCA(8, random_state=0), SelectKBest(k=5)), union(PCA(), SelectKBest(k=3))
        ),
        X,
        {"s0__b1__k": [3, 5], "s1__b0__n_components": [1, 2]},
    ),
    "changed in place by a searched branch": (
        before_model(union(StandardScaler(), InPlace())),
        X,
        FACTORS,
    ),
    "changed in place before the others": (
        before_model(union(InPlace(), StandardScaler(), PCA(2))),
        X,
        {"s0__b2__n_components": [1, 2], **Cs},
    ),
    "changed in place by a later candidate": (
        before_model(union(StandardScaler(), MinMaxScaler(), PCA(2))),
        X,
        {"s0__b0": [StandardScaler(), MinMaxScaler(copy=False), StandardScaler(copy=False)]},
    ),
    "views of the columns changed in place": (
        before_model(of_columns(StandardScaler(), MinMaxScaler(), PCA(2))),
        X,
        {"s0__b0": [StandardScaler(), InPlace(), MinMaxScaler()], **Cs},
    ),
    "random draws": (
        before_model(union(Noisy(), PCA(2), SelectKBest())),
        X,
        {"s0__b2__k": [1, 2], **Cs},
    ),
    "random draws by a later candidate": (
        before_model(union(StandardScaler(), PCA(2), Noisy())),
        X,
        {"s0__b0": [StandardScaler(), Noisy(), MinMaxScaler()]},
    ),
    "draws with a generator of its own": (
        before_model(union(TruncatedSVD(2, random_state=np.random.RandomState(0)), SelectKBest())),
        X,
        {"s0__b1__k": [1, 2], **Cs},
    ),
    "changed by its transforms": (before_model(union(Counting(), Recorder())), X, FACTORS),
    "cannot be copied": (before_model(union(Locked(), Recorder())), X, FACTORS),
}


def assert_equal(ours, theirs):
    assert ours.cv_results_["params"] == theirs.cv_results_["params"]
    for name, column in theirs.cv_results_.items():
        if name.startswith("split"):
            np.testing.assert_array_equal(column, ours.cv_results_[name], err_msg=name)


def both(pipeline, space, data, *, ours=(), fit=(), **settings):
    """Our search and scikit-learn's, with the same random numbers."""
    given = {"cv": K, "return_train_score": True, "error_score": "raise", "refit": False}
    settings = given | settings
    np.random.seed(0)  # noqa: NPY002
    theirs = GridSearchCV(pipeline, space, **settings).fit(data, y, **dict(fit))
    shared = {"n_iter": None, "pruner": None, "share_steps": True, "submodels": False}
    np.random.seed(0)  # noqa: NPY002
    ours = RandomSearchCV(pipeline, space, **settings, **(shared | dict(ours)))
    return ours.fit(data, y, **dict(fit)), theirs


@pytest.mark.parametrize("case", CASES)
def test_scores_are_those_of_scikit_learn(case):
    pipeline, data, space = CASES[case]
    assert_equal(*both(pipeline, space, data))
