"""Branches of a ColumnTransformer or FeatureUnion are shared one by one: equality, and fits."""

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.stats import uniform
from sklearn import config_context
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    StandardScaler,
)

from skhpo import RandomSearchCV
from skhpo.search.sharing._ledger import Ledger
from tests.search.steps import Counting, FailsLater, InPlace, Locked, Noisy, Recorder, lines

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Features .* are constant"),
]

X, y = load_breast_cancer(return_X_y=True)
X, y = X[::6], y[::6]
K = 2
WORDS = np.array(["red", "green", "blue", "left", "right", "up", "down"])
FRAME = pd.DataFrame(X[:, :4]).add_prefix("x")
FRAME["kind"] = np.where(X[:, 5] > 0.1, "a", "b")
FRAME["text"] = [
    " ".join(np.random.default_rng(i).choice(WORDS, 6)) + (" warm" if target else " cold")
    for i, target in enumerate(y)
]
FRAME.loc[::7, "x1"] = np.nan
Cs = {"model__C": [0.1, 10.0]}


class TransformsInPlace(InPlace):
    """Changes its input, but not in a fit."""

    def fit_transform(self, X, y=None):
        return self.fit(X).transform(X.copy())


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
        ("without names", FunctionTransformer(np.abs), ["x2"]),
    ]
    return ColumnTransformer(parts, **settings)


def union(*steps, **settings):
    return FeatureUnion([(f"b{i}", step) for i, step in enumerate(steps)], **settings)


def of_columns(*steps, **settings):
    columns = [slice(0, 6), slice(3, 9), [1, 12], [20, 21]]
    parts = [(f"b{i}", step, columns[i]) for i, step in enumerate(steps)]
    return ColumnTransformer(parts, **settings)


NGRAMS = {"s0__text__ngram_range": [(1, 1), (1, 2)]}
TOPICS = {"s0__text__truncatedsvd__n_components": [2, 3]}
FACTORS = {"s0__b1__factor": [1.0, 2.0]}
DRAWS = {
    "a branch that is always there": (
        before_model(union(Noisy(), PCA(2), SelectKBest())),
        {"s0__b2__k": [1, 2]},
    ),
    "a branch of a later candidate": (
        before_model(union(StandardScaler(), PCA(2), Noisy())),
        {"s0__b0": [StandardScaler(), Noisy(), MinMaxScaler()]},
    ),
    "columns": (
        before_model(
            ColumnTransformer(
                [
                    ("a", StandardScaler(), lambda X: np.random.permutation(20)[:3]),  # noqa: NPY002
                    ("b", PCA(), [0, 1, 2]),
                ]
            )
        ),
        {"s0__b__n_components": [1, 2]},
    ),
}
CASES = {
    "columns, sparse": (before_model(of_frame(sparse_threshold=1.0)), FRAME, NGRAMS),
    "columns, dense": (before_model(of_frame(sparse_threshold=0.0)), FRAME, NGRAMS),
    "columns, pandas": (
        before_model(of_numbers()).set_output(transform="pandas"),
        FRAME,
        {"s0__pca__n_components": [1, 2]},
    ),
    "columns, polars": (
        before_model(of_numbers(verbose_feature_names_out=False)).set_output(transform="polars"),
        FRAME,
        {"s0__pca__n_components": [1, 2]},
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
        {"s0__b1": [MinMaxScaler(), "drop", "passthrough", StandardScaler()]},
    ),
    "remainder": (
        before_model(of_columns(StandardScaler(), SelectKBest(k=2), "drop")),
        X,
        {"s0__remainder": [MinMaxScaler(), "drop", "passthrough"], "s0__b1__k": [1, 2]},
    ),
    "remainder is shared": (
        before_model(of_columns(StandardScaler(), SelectKBest(k=2), remainder=PCA(2))),
        X,
        {"s0__b1__k": [1, 2, 3]},
    ),
    "no columns": (
        before_model(ColumnTransformer([("a", PCA(2), [0, 1, 5]), ("b", StandardScaler(), [])])),
        X,
        {"s0__a__n_components": [1, 2]},
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
        {"s0__b__n_components": [1, 2]},
    ),
    "union after a step": (
        before_model(StandardScaler(), union(PCA(2), SelectKBest(), "passthrough")),
        X,
        {"s0__with_mean": [True, False], "s1__b1__k": [2, 3]},
    ),
    "union of sparse matrices": (
        before_model(union(CountVectorizer(), TfidfVectorizer(analyzer="char"))),
        FRAME["text"].tolist(),
        {"s0__b0__binary": [False, True], "s0__b1__ngram_range": [(1, 1), (2, 2)]},
    ),
    "union, pandas": (
        before_model(union(PCA(2), StandardScaler())).set_output(transform="pandas"),
        FRAME[["x0", "x2", "x3"]],
        {"s0__b0__n_components": [1, 2]},
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
        {"s0__b2__n_components": [1, 2]},
    ),
    "changed in place by a later candidate": (
        before_model(union(StandardScaler(), MinMaxScaler(), PCA(2))),
        X,
        {"s0__b0": [StandardScaler(), MinMaxScaler(copy=False), StandardScaler(copy=False)]},
    ),
    "views of the columns changed in place": (
        before_model(of_columns(StandardScaler(), MinMaxScaler(), PCA(2))),
        X,
        {"s0__b0": [StandardScaler(), InPlace(), MinMaxScaler()]},
    ),
    "rows changed in place by a transform": (
        before_model(union(TransformsInPlace(), StandardScaler())),
        X,
        {"s0__b0__factor": [1.0, 2.0, 3.0]},
    ),
    "the step is exchanged": (
        before_model("passthrough"),
        X,
        {
            "s0": [
                ColumnTransformer([("a", StandardScaler(), [i]), ("b", PCA(), [0, 1, 2])])
                for i in (0, 1)
            ],
            "s0__b__n_components": [1, 2],
        },
    ),
    "draws with a generator of its own": (
        before_model(union(TruncatedSVD(2, random_state=np.random.RandomState(0)), SelectKBest())),
        X,
        {"s0__b1__k": [1, 2]},
    ),
    "changed by its transforms": (before_model(union(Counting(), Recorder())), X, FACTORS),
    "changed by its transforms, beside one that cannot be copied": (
        before_model(union(Counting(), Locked(), SelectKBest())),
        X,
        {"s0__b2__k": [1, 2, 3]},
    ),
    "changed by its transforms, after another one": (
        before_model(Counting(), union(Counting(), SelectKBest())),
        X,
        {"s1__b1__k": [1, 2, 3]},
    ),
    "cannot be copied": (before_model(union(Locked(), Recorder())), X, FACTORS),
}


def assert_equal(ours, theirs):
    assert ours.cv_results_["params"] == theirs.cv_results_["params"]
    for name, column in theirs.cv_results_.items():
        if name.startswith("split"):
            np.testing.assert_array_equal(column, ours.cv_results_[name], err_msg=name)


def search_in(pipeline, space, data=X, *, fit=(), kind=RandomSearchCV, **settings):
    given = {
        "cv": K,
        "return_train_score": True,
        "error_score": "raise",
        "refit": False,
    }
    if kind is RandomSearchCV:
        ours = {"n_iter": None, "pruner": None, "share_steps": True, "submodels": False}
        given |= ours | {"random_state": 0}
    return kind(pipeline, space, **(given | settings)).fit(data, y, **dict(fit))


def both(pipeline, space, data=X, **settings):
    """Our search and scikit-learn's."""
    theirs = search_in(pipeline, space, data, kind=GridSearchCV, **settings)
    return search_in(pipeline, space, data, **settings), theirs


@pytest.mark.parametrize("case", CASES)
def test_scores_are_those_of_scikit_learn(case):
    pipeline, data, space = CASES[case]
    assert_equal(*both(pipeline, space, data))


@pytest.mark.parametrize("case", DRAWS)
def test_random_numbers_are_drawn_as_without_sharing(case):
    searches = []
    for share_steps in (True, False):
        np.random.seed(0)  # noqa: NPY002
        searches.append(search_in(*DRAWS[case], share_steps=share_steps))
    assert_equal(*searches)


def test_branches_may_be_fitted_by_processes_of_the_step():
    pipeline = before_model(union(PCA(2), StandardScaler(), SelectKBest(), n_jobs=2))
    space = {"s0__b0__n_components": [1, 2], "s0__b2__k": [1, 2]}
    with joblib.parallel_config("loky"):
        search = search_in(pipeline, space, n_jobs=1)
    assert_equal(search, search_in(pipeline.set_params(s0__n_jobs=1), space, share_steps=False))


def test_threads_share_branches():
    pipeline = before_model(union(PCA(2), StandardScaler(), SelectKBest()))
    space = {"s0__b0__n_components": [1, 2, 3], "s0__b2__k": [1, 2, 3]}
    with joblib.parallel_config("threading"):
        assert_equal(*both(pipeline, space, n_jobs=3))


def test_metadata_is_routed_to_the_branches():
    weights = np.linspace(0.1, 2.0, len(y))
    with config_context(enable_metadata_routing=True):
        weighted = StandardScaler().set_fit_request(sample_weight=True)
        for step in (union(weighted, SelectKBest()), of_columns(weighted, SelectKBest())):
            pipeline = before_model(step)
            pipeline[-1].set_fit_request(sample_weight=False).set_score_request(sample_weight=True)
            space = {"s0__b1__k": [1, 2]}
            search, theirs = both(pipeline, space, fit={"sample_weight": weights})
            assert_equal(search, theirs)


# ------------------------------------------------------------------- how often branches are fitted


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def both_steps(log):
    return [
        union(Recorder(log), SelectKBest()),
        of_columns(Recorder(log), SelectKBest(), remainder=StandardScaler()),
    ]


def test_a_branch_is_fitted_once_on_each_fold_and_transforms_each_part_once(tmp_path):
    for i, step in enumerate(both_steps(tmp_path)):
        log = tmp_path / str(i)
        step.set_params(b0__log=log)
        search_in(before_model(step), {"s0__b1__k": [1, 2, "all"], **Cs})
        assert len(lines(log)) == len(set(lines(log))) == K
        assert len(lines(log, "transform")) == 3 * K  # in the fit, and for both scores


def test_a_branch_beside_one_with_a_continuous_parameter_is_fitted_once(log):
    pipeline = before_model(StandardScaler(), union(Recorder(log), Recorder()), StandardScaler())
    space = {"s1__b1__factor": uniform(1, 2), "model__C": [0.1, 1.0, 10.0]}
    scoring = ["accuracy", "roc_auc"]
    search = search_in(pipeline, space, n_iter=6, scoring=scoring)
    assert len(lines(log)) == K
    assert len(lines(log, "transform")) == 3 * K
    plain = search_in(pipeline, space, n_iter=6, scoring=scoring, share_steps=False)
    assert_equal(search, plain)


def test_the_remainder_is_fitted_once(log):
    step = of_columns(PCA(random_state=0), remainder=Recorder(log))
    search_in(before_model(step), {"s0__b0__n_components": [1, 2, 3]})
    assert len(lines(log)) == K


def test_what_is_searched_of_the_step_itself_does_not_fit_its_branches_anew(log):
    weights = [None, {"b0": 2.0}, {"b1": 3.0}]
    pipeline = before_model(union(Recorder(log), SelectKBest(k=2)))
    search_in(pipeline, {"s0__transformer_weights": weights})
    assert len(lines(log)) == K


def test_branches_that_are_exchanged_as_a_whole_are_not_mixed_up(log):
    step = ColumnTransformer([("b", Recorder(log), [0])])
    lists = [[("b", Recorder(log), [column])] for column in (0, 1, 2)]
    search = search_in(before_model(step), {"s0__transformers": lists}, share_steps=True)
    assert len(lines(log)) == 3 * K
    assert len(set(search.cv_results_["mean_train_score"])) == 3


def test_without_sharing_each_candidate_fits_all_branches(log):
    pipeline = before_model(union(Recorder(log), SelectKBest()))
    search_in(pipeline, {"s0__b1__k": [1, 2, 3]}, share_steps=False)
    assert len(lines(log)) == 3 * K


def test_branches_that_are_not_worth_it_are_shared_no_further(log, monkeypatch):
    monkeypatch.setattr(Ledger, "is_worth_it", lambda self, n_folds: self.n_found < 4)
    pipeline = before_model(union(Recorder(log), SelectKBest()))
    search_in(pipeline, {"s0__b1__k": list(range(1, 9))}, share_steps="auto", cv=2)
    assert 2 < len(lines(log)) < 2 * 8


def test_branches_do_not_exceed_the_limit(log):
    pipeline = before_model(union(Recorder(log), SelectKBest()))
    search_in(pipeline, {"s0__b1__k": [1, 2, 3]}, share_steps="1 KB")
    assert len(lines(log)) == 3 * K


def test_a_scorer_of_the_user_sees_fitted_branches_of_its_own(log):
    seen = []

    def scorer(pipeline, X, y):
        step = pipeline[0]
        if hasattr(step, "remainder"):
            assert type(step.remainder) is type(step._remainder[1]) is StandardScaler
            assert not hasattr(step.remainder, "scale_")
        branches = [*step.transformer_list] if hasattr(step, "transformer_list") else []
        branches = branches or [(name, one) for name, one, _ in step.transformers_[:2]]
        assert [type(one) for _, one in branches] == [Recorder, SelectKBest]
        unfitted = getattr(step, "transformers", [])
        assert not any(hasattr(one, "total_") for _, one, _ in unfitted)
        seen.append(id(branches[0][1]))
        kept.append(branches[0][1])  # so that no other one gets its id
        return pipeline.score(X, y)

    kept = []
    for step in both_steps(log):
        space = {"s0__b1__k": [1, 2, 3]}
        search, theirs = both(before_model(step), space, scoring=scorer, return_train_score=False)
        assert_equal(search, theirs)
    assert len(set(seen)) == len(seen) == 2 * 2 * 3 * K


def test_the_best_estimator_is_fitted_as_a_whole():
    pipeline, data, space = CASES["columns, pandas"]
    search, theirs = both(pipeline, space, data, refit=True)
    ours, own = (one.best_estimator_[0] for one in (search, theirs))
    assert [type(one) for _, one, _ in ours.transformers_] == [
        type(one) for _, one, _ in own.transformers_
    ]
    pd.testing.assert_frame_equal(ours.transform(data), own.transform(data))


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
def test_a_branch_that_cannot_transform_the_test_rows_has_the_error_score():
    pipeline = before_model(union(StandardScaler(), FailsLater()))
    search = search_in(pipeline, FACTORS, error_score=np.nan, return_train_score=False)
    isnan = np.isnan(search.cv_results_["mean_test_score"])
    assert isnan.tolist() == [
        factor["s0__b1__factor"] == 2.0 for factor in search.cv_results_["params"]
    ]


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
def test_a_branch_that_fails_leaves_the_others_shared(log):
    pipeline = before_model(union(Recorder(log), Recorder()))
    space = {"s0__b1__kind": ["good", "bad", "fine"]}
    search = search_in(pipeline, space, error_score=np.nan)
    assert len(lines(log)) == K
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [False, True, False]
