"""The curated spaces: each fits, and contains the estimator's defaults."""

import inspect
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import CategoricalNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

from skhpo.distributions import FloatDistribution
from skhpo.space import SearchSpace, suggest_space
from skhpo.space._suggest_table import KNOWN

SKLEARN = {name: cls for name, cls in all_estimators() if KNOWN.get(name)}
BOOSTERS = {"XGB", "LGBM", "CatBoost"}
TEXTS = ["some words", "other words here", "some more", "text with words", "a fifth one"] * 12
# gamma's default is a rule, not a number; other defaults mean "chosen by another parameter"
NO_DEFAULT_INSIDE = {"NuSVC", "NuSVR", "Nystroem", "SVC", "SVR"}


def test_the_table_names_only_estimators_that_exist_or_boosters():
    known = {name for name, _ in all_estimators()}
    assert all(name in known or name.startswith(tuple(BOOSTERS)) for name in KNOWN)
    assert len(SKLEARN) > 55


@pytest.mark.parametrize("name", SKLEARN)
def test_a_random_draw_fits(name):
    estimator = SKLEARN[name]()
    space = SearchSpace.from_param_distributions(suggest_space(estimator), estimator)
    X, y = make_classification(n_samples=60, n_features=6, random_state=0)
    X = TEXTS if name.endswith("Vectorizer") else np.abs(X)
    if isinstance(estimator, CategoricalNB):
        X = np.asarray(X > 1.0, dtype=int)
    if is_regressor(estimator):
        y = y + 1.0  # positive, as the Poisson and Gamma models need it
    if name.startswith("MultiTask"):
        y = np.column_stack([y, X[:, 0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(2):
            params = space.to_params(space.random(np.random.default_rng(seed)))
            params.update({k: 5 for k in ("n_estimators", "max_iter") if k in params})
            SKLEARN[name]().set_params(**params).fit(X, y)


@pytest.mark.parametrize("name", sorted(SKLEARN.keys() - NO_DEFAULT_INSIDE))
def test_the_defaults_lie_in_the_space(name):
    estimator = SKLEARN[name]()
    space = SearchSpace.from_param_distributions(suggest_space(estimator), estimator)
    assert space.defaults(estimator) is not None


def test_parts_are_found_inside_other_estimators():
    numbers = Pipeline([("impute", SimpleImputer()), ("pca", PCA())])
    columns = ColumnTransformer([("num", numbers, [0, 1]), ("cat", OneHotEncoder(), [2])])
    pipe = Pipeline([("columns", columns), ("clf", LogisticRegression())])
    assert set(suggest_space(pipe)) == {
        "columns__num__impute__strategy",
        "columns__num__pca__n_components",
        "clf__C",
        "clf__class_weight",
    }
    assert set(suggest_space(TransformedTargetRegressor(Ridge()))) == {"regressor__alpha"}
    assert "estimator__C" in suggest_space(CalibratedClassifierCV(SVC()))
    voting = VotingClassifier([("a", SVC()), ("b", DecisionTreeClassifier())])
    assert {"a__C", "b__max_depth"} < set(suggest_space(voting))
    boosted = suggest_space(AdaBoostClassifier(DecisionTreeClassifier()))
    assert {"learning_rate", "estimator__max_depth"} < set(boosted)


def test_a_subclass_has_the_space_of_its_base():
    class Mine(LogisticRegression):
        pass

    assert suggest_space(Mine()) == suggest_space(LogisticRegression())


def test_what_was_set_by_hand_outside_a_list_is_left_alone():
    assert set(suggest_space(LogisticRegression(class_weight={0: 1, 1: 5}))) == {"C"}
    imputer = SimpleImputer(strategy="most_frequent")
    assert set(suggest_space(make_pipeline(imputer, PCA(n_components=3), Ridge()))) == {
        "ridge__alpha"
    }


class Unknown(BaseEstimator):
    def fit(self, X, y):
        return self

    def predict(self, X):
        return X


def test_an_unknown_predictor_is_named():
    for estimator in (Unknown(), make_pipeline(PCA(), Unknown())):
        with pytest.raises(
            ValueError, match=r"no search space is known for Unknown\(\).*Give a dict"
        ):
            suggest_space(estimator)


def test_an_estimator_without_anything_to_search_is_named():
    gp = GaussianProcessRegressor(kernel=RBF())
    for estimator in (gp, LinearRegression(), make_pipeline(StandardScaler(), LinearRegression())):
        with pytest.raises(ValueError, match="there is nothing to search in"):
            suggest_space(estimator)


def test_parameters_that_a_version_lacks_are_left_out():
    class OldForest(BaseEstimator):
        def __init__(self, max_features="sqrt"):
            self.max_features = max_features

    OldForest.__name__ = "RandomForestClassifier"
    assert set(suggest_space(OldForest())) == {"max_features"}
    names = set(inspect.signature(HistGradientBoostingClassifier).parameters)
    assert set(suggest_space(HistGradientBoostingClassifier())) <= names


@pytest.mark.parametrize("name", ["XGBClassifier", "LGBMRegressor", "CatBoostClassifier"])
def test_boosters_of_other_libraries_are_known_by_name(name):
    def constructor(self, learning_rate=None, n_estimators=None, depth=None, **kwargs):
        pass

    booster = type(name, (), {"__init__": constructor, "get_params": lambda self, deep=True: {}})()
    space = suggest_space(booster)
    assert isinstance(space["learning_rate"], FloatDistribution)
    SearchSpace.from_param_distributions(space, booster)


def test_forests_keep_their_number_of_trees():
    assert "n_estimators" not in suggest_space(RandomForestClassifier())
