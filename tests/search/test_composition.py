"""A search is an estimator: in pipelines, in other searches, cloned, pickled, and delegating."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator, clone, is_classifier, is_clusterer, is_regressor
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import RandomizedSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import estimator_html_repr, get_tags
from sklearn.utils.validation import check_is_fitted

from skhpo import RandomSearchCV, StudySearchCV, TPESearchCV

X, y = load_iris(return_X_y=True)
C = {"C": loguniform(1e-2, 1e2)}


def small(estimator=None, space=None, **settings):
    settings = {"n_iter": 4, "cv": 3, "random_state": 0} | settings
    if estimator is None:
        estimator, space = DecisionTreeClassifier(random_state=0), {"max_depth": randint(1, 6)}
    return TPESearchCV(estimator, space, **settings)


# ------------------------------------------------------------------------------- tags


@pytest.mark.parametrize(
    ("estimator", "kind"),
    [(LogisticRegression(), is_classifier), (Ridge(), is_regressor), (KMeans(), is_clusterer)],
)
def test_a_search_is_of_its_estimators_kind(estimator, kind):
    if kind is is_clusterer and get_tags(RandomizedSearchCV(estimator, {})).estimator_type is None:
        pytest.skip("scikit-learn's own search is none here")
    search = TPESearchCV(estimator, {})
    kinds = [test for test in (is_classifier, is_regressor, is_clusterer) if test(search)]
    assert kinds == [kind]


@pytest.mark.parametrize("estimator", [SVC(), SVC(kernel="precomputed"), Ridge(), PCA(), KMeans()])
def test_tags_of_the_input_are_those_of_scikit_learns_search(estimator):
    ours, theirs = get_tags(TPESearchCV(estimator, {})), get_tags(RandomizedSearchCV(estimator, {}))
    assert ours.input_tags == theirs.input_tags
    assert ours.estimator_type == theirs.estimator_type
    assert ours.classifier_tags == theirs.classifier_tags
    assert ours.regressor_tags == theirs.regressor_tags


def test_several_targets_are_possible_where_the_estimator_takes_them():
    assert get_tags(TPESearchCV(Ridge(), {})).target_tags.multi_output
    assert not get_tags(TPESearchCV(SVC(), {})).target_tags.multi_output


def test_a_precomputed_kernel_is_cut_on_both_sides():
    search = small(SVC(kernel="precomputed"), C).fit(rbf_kernel(X), y)
    assert search.best_score_ > 0.9
    assert cross_val_score(search, rbf_kernel(X), y, cv=3).mean() > 0.9


# ------------------------------------------------------------------------- delegation


def test_methods_are_those_of_the_best_estimator():
    search = small(LogisticRegression(max_iter=500), C).fit(X, y)
    best = search.best_estimator_
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        np.testing.assert_array_equal(getattr(search, method)(X), getattr(best, method)(X))
    assert search.score(X, y) == best.score(X, y)
    np.testing.assert_array_equal(search.classes_, best.classes_)
    assert search.n_features_in_ == 4


def test_methods_that_the_estimator_lacks_are_lacking():
    search = small(LinearSVC(), C)
    assert not hasattr(search, "predict_proba")
    assert not hasattr(search, "transform")
    with pytest.raises(NotFittedError):
        check_is_fitted(search)
    check_is_fitted(search.fit(X, y))


def test_a_transformer_transforms_there_and_back():
    search = small(PCA(), {"n_components": [1, 2, 3]}, pruner=None).fit(X)
    assert search.best_params_ == {"n_components": 3}
    reduced = search.transform(X)
    assert reduced.shape == (150, 3)
    np.testing.assert_allclose(
        search.inverse_transform(reduced), search.best_estimator_.inverse_transform(reduced)
    )


def test_without_refit_there_is_nothing_to_predict_with():
    search = small(refit=False).fit(X, y)
    assert set(search.best_params_) == {"max_depth"}
    assert search.best_score_ == max(
        search.cv_results_["mean_test_score"][search.cv_results_["status"] == "complete"]
    )
    assert not hasattr(search, "best_estimator_")
    with pytest.raises(AttributeError, match="predict"):
        search.predict(X)


# ------------------------------------------------------------------------ composition


def test_cross_validation_around_a_search_stratifies():
    ordered = np.argsort(y)  # unstratified folds would lack classes
    scores = cross_val_score(small(), X[ordered], y[ordered], cv=3)
    assert scores.min() > 0.85
    assert len(cross_val_predict(small(), X, y, cv=3)) == 150


def test_a_search_may_be_searched_over():
    inner = small(n_iter=3, cv=2)
    outer = small(inner, {"estimator__min_samples_leaf": [1, 5, 40]}, cv=2).fit(X, y)
    assert outer.best_score_ > 0.85
    assert isinstance(outer.best_estimator_, TPESearchCV)
    assert outer.best_estimator_.best_params_.keys() == {"max_depth"}


def test_scikit_learns_search_goes_over_ours():
    outer = RandomizedSearchCV(small(cv=2), {"n_iter": [2, 3]}, n_iter=2, cv=2).fit(X, y)
    assert outer.best_score_ > 0.85


def test_nested_searches_share_the_workers():
    inner = small(n_iter=3, cv=2, n_jobs=2)
    outer = small(inner, {"estimator__min_samples_leaf": [1, 5]}, cv=2, n_jobs=2).fit(X, y)
    assert outer.best_score_ > 0.85


def test_a_search_is_a_step_of_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), small()).fit(X, y)
    assert pipeline.score(X, y) > 0.9
    assert make_pipeline(small(PCA(), {"n_components": [2, 3]}), SVC()).fit(X, y).score(X, y) > 0.9


def test_a_pipeline_is_searched():
    pipeline = make_pipeline(StandardScaler(), SVC())
    search = small(pipeline, {"svc__C": loguniform(1e-2, 1e2), "svc__gamma": loguniform(1e-3, 1)})
    assert search.fit(X, y).best_score_ > 0.85
    assert set(search.best_params_) == {"svc__C", "svc__gamma"}


# ----------------------------------------------------------------- clone, pickle, repr


@pytest.mark.parametrize("Search", [TPESearchCV, RandomSearchCV, StudySearchCV])
def test_a_clone_has_the_same_parameters_and_no_results(Search):
    search = Search(SVC(), C, n_iter=3, cv=2, timeout=60.0, enqueue=[{"C": 1.0}]).fit(X, y)
    copy = clone(search)
    assert not hasattr(copy, "study_")
    ours, theirs = search.get_params(deep=False), copy.get_params(deep=False)
    assert ours.keys() == theirs.keys()
    assert theirs["enqueue"] == [{"C": 1.0}]
    assert theirs["timeout"] == 60.0


def test_fit_does_not_change_the_parameters():
    space, enqueue = {"max_depth": [3, 4, 5, 6]}, [{"max_depth": 4}]
    estimator = DecisionTreeClassifier()
    search = small(estimator, space, enqueue=enqueue)
    before = {name: id(value) for name, value in search.get_params(deep=False).items()}
    search.fit(X, y)
    assert {n: id(value) for n, value in search.get_params(deep=False).items()} == before
    assert space == {"max_depth": [3, 4, 5, 6]}
    assert enqueue == [{"max_depth": 4}]
    assert not hasattr(estimator, "tree_")


def test_a_sampler_and_a_pruner_given_are_not_changed_by_fit():
    from skhpo.pruners import RacingPruner
    from skhpo.samplers import TPESampler

    sampler, pruner = TPESampler(seed=3), RacingPruner()
    before = pickle.dumps((sampler, pruner))
    search = small(sampler=sampler, pruner=pruner, random_state=None).fit(X, y)
    assert pickle.dumps((sampler, pruner)) == before
    assert search.study_.sampler is not sampler


def test_a_fitted_search_survives_pickling_with_its_study():
    search = small().fit(X, y)
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))
    assert again.study_.trials == search.study_.trials
    assert again.best_params_ == search.best_params_
    again.fit(X, y)
    np.testing.assert_array_equal(
        again.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"]
    )


def test_the_study_of_a_pickled_search_goes_on():
    study = pickle.loads(pickle.dumps(small().fit(X, y))).study_
    trial = study.ask()
    trial.suggest_int("max_depth", 1, 5)
    study.tell(trial, 0.5)
    assert len(study.trials) == 5


def test_the_representation_shows_what_differs_from_the_defaults():
    assert repr(TPESearchCV(SVC(), {"C": [1, 2]}, n_iter=7)) == (
        "TPESearchCV(estimator=SVC(), n_iter=7, param_distributions={'C': [1, 2]})"
    )


def test_the_html_representation_shows_the_estimator_then_the_best():
    search = small(make_pipeline(StandardScaler(), SVC()), {"svc__C": [1, 2]})
    for state in (search, search.fit(X, y)):
        html = estimator_html_repr(state)
        assert "TPESearchCV" in html
        assert "StandardScaler" in html
    assert "best_estimator_" in html


# ------------------------------------------------------------------------- second fit


def test_a_second_fit_starts_afresh():
    search = small().fit(X, y)
    first = search.study_
    search.fit(X[:100], y[:100])
    assert search.study_ is not first
    assert len(search.study_.trials) == len(search.cv_results_["params"])
    assert len(search.classes_) == 2


def test_a_warm_estimator_is_cloned_for_each_fold():
    class Remembers(BaseEstimator):
        def __init__(self, x=0):
            self.x = x

        def fit(self, X, y):
            assert not hasattr(self, "fitted_")
            self.fitted_ = True
            return self

        def score(self, X, y):
            return float(self.x)

    search = small(Remembers(), {"x": [1, 2, 3]}, error_score="raise").fit(X, y)
    assert search.best_params_ == {"x": 3}


def test_sparse_input_works_throughout():
    search = small(LogisticRegression(max_iter=300), C)
    for as_sparse in (sparse.csr_matrix, sparse.csr_array):
        assert search.fit(as_sparse(X), y).score(as_sparse(X), y) > 0.9
