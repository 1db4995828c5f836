"""Candidates that share fitted steps have the scores that scikit-learn's search gives them."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KernelCenterer,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)
from sklearn.svm import SVC

from skhpo import RandomSearchCV
from tests.search.steps import Counting, InPlace

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Features .* are constant"),
    pytest.mark.filterwarnings("ignore:invalid value encountered"),
]

X, y = load_breast_cancer(return_X_y=True)
X, y = X[::5], y[::5]
FRAME = pd.DataFrame(X[:, :5]).add_prefix("x")
FRAME["kind"] = np.where(X[:, 5] > 0.1, "a", "b")
FRAME.loc[::7, "x1"] = np.nan
WORDS = np.array(["red", "green", "blue", "left", "right", "up", "down"])
TEXTS = [
    " ".join(np.random.default_rng(i).choice(WORDS, 6)) + (" warm" if target else " cold")
    for i, target in enumerate(y)
]
SCORING = ["roc_auc", "accuracy"]
Cs = {"model__C": [0.1, 10.0]}


def wide(*steps, model=None):
    named = [(f"s{i}", step) for i, step in enumerate(steps)]
    return Pipeline([*named, ("model", model or LogisticRegression(max_iter=20))])


class Later(StandardScaler):
    """Keeps the rows that it is fitted on, and changes those that it transforms later."""

    def fit_transform(self, X, y=None):
        return self.fit(X).transform(X.copy())

    def transform(self, X):
        X -= self.mean_ + 0.3
        return X


def nested():
    front = make_pipeline(SimpleImputer(), PolynomialFeatures(2))
    end = Pipeline([("select", SelectKBest(k=5)), ("model", LogisticRegression(max_iter=20))])
    return Pipeline([("front", front), ("scale", StandardScaler()), ("none", None), ("end", end)])


def of_columns():
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    parts = [
        ("numbers", numbers, make_column_selector(dtype_include=np.number)),
        ("kinds", OneHotEncoder(sparse_output=False), ["kind"]),
    ]
    return wide(ColumnTransformer(parts)).set_output(transform="pandas")


CASES = {
    "two blocks": (
        wide(StandardScaler(), SelectKBest(), PCA(4, random_state=0)),
        X,
        {"s1__k": [5, 20], "s2__n_components": [2, 4], **Cs},
    ),
    "PCA without a seed": (wide(StandardScaler(), PCA(4)), X, Cs),
    "supervised step": (wide(SelectKBest(k=4)), X, Cs),
    "texts": (
        wide(TfidfVectorizer(), TruncatedSVD(3, random_state=0)),
        TEXTS,
        {"s0__ngram_range": [(1, 1), (1, 2)], **Cs},
    ),
    "sparse": (wide(TfidfVectorizer()), np.array(TEXTS, dtype=object), Cs),
    "columns": (of_columns(), FRAME, {"s0__numbers__simpleimputer__strategy": ["mean"], **Cs}),
    "columns without pandas": (
        of_columns().set_output(transform="default"),
        FRAME,
        {"s0__numbers__simpleimputer__strategy": ["mean", "median"], **Cs},
    ),
    "nested": (nested(), X[:, :6], {"end__select__k": [3, 9], "end__model__C": [0.1, 1.0]}),
    "union": (
        wide(FeatureUnion([("pca", PCA(2, random_state=0)), ("best", SelectKBest(k=3))])),
        X,
        {"s0__best__k": [2, 3], **Cs},
    ),
    "whole steps": (
        wide(StandardScaler(), PCA(3, random_state=0)),
        X,
        {"s0": [StandardScaler(), MinMaxScaler(), "passthrough"], **Cs},
    ),
    "changed in place first": (wide(StandardScaler(copy=False), PCA(3)), X, Cs),
    "changed in place last": (
        wide(StandardScaler(), InPlace()),
        X,
        {"s1__factor": [1.0, 2.0], **Cs},
    ),
    "views changed in place by transform alone": (wide(FunctionTransformer(), Later()), X, Cs),
    "changed in place by transform alone": (wide(Later(), PCA(3)), X, Cs),
    "views": (wide(FunctionTransformer(), InPlace()), X, Cs),
    "columns of a wider array": (
        wide(StandardScaler(), FunctionTransformer(lambda X: (X + 1.0)[:, :7]), model=Ridge()),
        X,
        {"model__alpha": [0.1, 1.0]},
    ),
    "random imputation": (
        wide(IterativeImputer(max_iter=2, random_state=0, sample_posterior=True)),
        FRAME.iloc[:, :4].to_numpy(),
        Cs,
    ),
    "changed by its transforms": (
        wide(StandardScaler(), Counting()),
        X,
        {"s1__factor": [1.0, 2.0], **Cs},
    ),
    "no parameter of the model": (wide(StandardScaler(), PCA()), X, {"s1__n_components": [2, 3]}),
}


def columns(search):
    return {n: c for n, c in search.cv_results_.items() if n.startswith("split")}


def assert_equal(ours, theirs):
    assert ours.cv_results_["params"] == theirs.cv_results_["params"]
    for name, column in columns(theirs).items():
        np.testing.assert_array_equal(column, ours.cv_results_[name], err_msg=name)


def both(pipeline, space, *, ours=(), fit=(), data=X, target=y, **settings):
    given = {"cv": 3, "return_train_score": True, "error_score": "raise", "refit": False}
    settings = given | settings
    theirs = GridSearchCV(pipeline, space, **settings).fit(data, target, **dict(fit))
    shared = {"n_iter": None, "pruner": None, "share_steps": True} | dict(ours)
    search = RandomSearchCV(pipeline, space, **settings, **shared).fit(data, target, **dict(fit))
    return search, theirs


@pytest.mark.parametrize("case", CASES)
def test_scores_are_those_of_scikit_learn(case):
    pipeline, data, space = CASES[case]
    scoring = None if isinstance(pipeline.steps[-1][1], Ridge) else SCORING
    assert_equal(*both(pipeline, space, data=data, scoring=scoring))


@pytest.mark.parametrize("case", ["two blocks", "changed in place first", "random imputation"])
def test_scores_of_a_single_metric_are_those_of_scikit_learn(case):
    pipeline, data, space = CASES[case]
    assert_equal(*both(pipeline, space, data=data))


@pytest.mark.parametrize(
    "step",
    [TruncatedSVD(2, random_state=0), PCA(5, svd_solver="randomized", random_state=0)],
    ids=["SVD", "PCA"],
)
def test_components_that_are_parts_of_wider_arrays_are_multiplied_as_by_scikit_learn(step):
    assert_equal(*both(wide(step), {"model__C": [0.1, 1.0, 3.0]}, scoring="neg_log_loss"))


@pytest.mark.parametrize(
    ("backend", "n_jobs", "case"),
    [("loky", 2, "two blocks"), ("threading", 3, "two blocks"), ("threading", 3, "texts")],
)
def test_scores_are_those_of_scikit_learn_on_workers(backend, n_jobs, case):
    pipeline, data, space = CASES[case]
    with joblib.parallel_config(backend):
        assert_equal(*both(pipeline, space, data=data, scoring=SCORING, ours={"n_jobs": n_jobs}))


def test_weights_reach_the_steps_and_the_model():
    weights = np.linspace(0.1, 2.0, len(y))
    fit = {"s0__sample_weight": weights, "model__sample_weight": weights}
    pipeline = wide(StandardScaler(), PCA(3, random_state=0))
    search, theirs = both(pipeline, Cs, fit=fit, scoring="neg_log_loss")
    assert_equal(search, theirs)
    plain, _ = both(pipeline, Cs, scoring="neg_log_loss")
    assert (columns(search)["split0_test_score"] != columns(plain)["split0_test_score"]).any()


def test_metadata_is_routed_to_the_steps_the_model_and_the_scorer():
    weights = np.linspace(0.1, 2.0, len(y))
    with config_context(enable_metadata_routing=True):
        pipeline = wide(
            StandardScaler().set_fit_request(sample_weight=True),
            PCA(3, random_state=0),
            model=LogisticRegression(max_iter=20).set_fit_request(sample_weight=True),
        )
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        fit = {"sample_weight": weights}
        assert_equal(*both(pipeline, Cs, fit=fit, scoring=scorer))


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_all_steps_may_return_data_frames(container):
    pipeline = wide(StandardScaler(), PCA(2, random_state=0))
    with config_context(transform_output=container):
        assert_equal(*both(pipeline, Cs, data=FRAME.iloc[:, [0, 2, 3, 4]], scoring=SCORING))


def test_groups_make_the_folds():
    groups = np.arange(len(y)) % 7
    assert_equal(*both(CASES["two blocks"][0], Cs, fit={"groups": groups}, cv=GroupKFold(3)))


def test_a_precomputed_kernel_is_split_by_rows_and_columns():
    kernel = X @ X.T
    pipeline = wide(KernelCenterer(), model=SVC(kernel="precomputed"))
    assert_equal(*both(pipeline, {"model__C": [0.1, 1.0]}, data=kernel))


def test_unsupervised_pipelines_have_no_target():
    pipeline = wide(StandardScaler(), model=PCA(2))
    space = {"model__n_components": [1, 2, 3]}
    assert_equal(*both(pipeline, space, target=None))


def test_a_step_may_be_searched_with_its_model_in_branches():
    pipeline = wide(StandardScaler(), PCA(3, random_state=0))
    space = [Cs, {"s1__n_components": [2], "model": [KNeighborsClassifier(), SVC()]}]
    assert_equal(*both(pipeline, space))
