"""The curated spaces: each fits, and contains the estimator's defaults."""

import inspect
import warnings

import numpy as np
import pytest
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, clone, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.covariance import OAS
from sklearn.cross_decomposition import PLSRegression
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import CategoricalNB, GaussianNB
from sklearn.neighbors import (
    KernelDensity,
    LocalOutlierFactor,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, StandardScaler
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
NO_DEFAULT_INSIDE = {"NuSVC", "NuSVR", "Nystroem", "OneClassSVM", "SVC", "SVR"}


def test_the_table_names_only_estimators_that_exist_or_boosters():
    known = {name for name, _ in all_estimators()}
    assert all(name in known or name.startswith(tuple(BOOSTERS)) for name in KNOWN)
    assert len(SKLEARN) > 80


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


REACH = 6.0  # a radius in which every row of the data below has neighbors
CONDITIONAL = [
    BaggingClassifier(SVC()),
    CalibratedClassifierCV(DecisionTreeClassifier()),
    GaussianMixture(),
    GaussianProcessRegressor(ConstantKernel() * RBF(), alpha=1e-3),
    KernelDensity(),
    LinearDiscriminantAnalysis(),
    LinearDiscriminantAnalysis(solver="lsqr"),
    LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto"),
    LocalOutlierFactor(novelty=True),
    OneHotEncoder(handle_unknown="ignore", drop="first"),
    OneHotEncoder(handle_unknown="infrequent_if_exist", drop="if_binary"),
    PLSRegression(n_components=7),
    QuantileTransformer(n_quantiles=40, subsample=40),
    RadiusNeighborsClassifier(REACH),
    RadiusNeighborsClassifier(outlier_label="most_frequent"),
    RadiusNeighborsRegressor(REACH),
    StackingClassifier(
        [("a", LinearDiscriminantAnalysis()), ("b", RadiusNeighborsClassifier(REACH))]
    ),
    TransformedTargetRegressor(Ridge(), transformer=QuantileTransformer(n_quantiles=30)),
    TruncatedSVD(n_components=6),
    VotingClassifier([("a", GaussianNB()), ("b", LinearDiscriminantAnalysis(solver="lsqr"))]),
    make_pipeline(KMeans(n_init=1), LogisticRegression()),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", CONDITIONAL, ids=lambda one: " ".join(str(one).split()))
def test_the_corners_and_random_draws_serve_rows_they_were_not_fitted_to(estimator):
    distributions = suggest_space(estimator)
    X, y = make_classification(n_samples=80, n_features=6, random_state=0)
    X = np.column_stack([X, X[:, 0]])  # singular covariances
    if isinstance(estimator, OneHotEncoder):
        X = np.clip(np.round(X), -1, 1)
    rng = np.random.default_rng(0)
    n = len(distributions)
    for units in (np.zeros(n), np.ones(n), rng.random(n), rng.random(n)):
        params = {
            name: distribution.to_external_repr(float(distribution.from_unit(unit[None])[0]))
            for (name, distribution), unit in zip(distributions.items(), units, strict=True)
        }
        params.update({k: 5 for k in ("n_estimators",) if k in params})
        model = clone(estimator).set_params(**params).fit(X[:60], y[:60])
        use = next(use for use in ("score", "predict", "transform") if hasattr(model, use))
        result = getattr(model, use)(X[60:], *([y[60:]] if use == "score" else []))
        assert np.isfinite(result.data if issparse(result) else result).all(), params


def test_ranges_depend_on_what_the_estimator_is_set_to():
    assert set(suggest_space(LinearDiscriminantAnalysis())) == {"tol"}
    lsqr = suggest_space(LinearDiscriminantAnalysis(solver="lsqr"))
    assert set(lsqr) == {"shrinkage"}
    assert {None, "auto"} < set(lsqr["shrinkage"].choices)
    eigen = suggest_space(LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto"))
    assert None not in eigen["shrinkage"].choices
    own = OAS()
    with pytest.raises(ValueError, match="nothing to search"):
        suggest_space(LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=own))

    assert suggest_space(PLSRegression(n_components=12))["n_components"].high == 12
    assert suggest_space(TruncatedSVD(n_components=100))["n_components"].high == 100
    quantiles = suggest_space(QuantileTransformer(n_quantiles=np.int64(200)))["n_quantiles"]
    assert (quantiles.low, quantiles.high) == (10, 200)
    assert set(suggest_space(QuantileTransformer(n_quantiles=10))) == {"output_distribution"}

    radius = suggest_space(RadiusNeighborsClassifier(3.0))["radius"]
    assert (radius.low, radius.high) == (3.0, 30.0)
    radius = suggest_space(RadiusNeighborsClassifier(3.0, outlier_label=0))["radius"]
    assert (radius.low, radius.high) == (0.3, 30.0)
    assert set(suggest_space(RadiusNeighborsRegressor(0.0))) == {"weights"}
    alpha = suggest_space(GaussianProcessRegressor(alpha=0.01))["alpha"]
    assert (alpha.low, alpha.high) == (0.01, 1.0)
    assert set(suggest_space(GaussianProcessRegressor(alpha=np.ones(9)))) == {"normalize_y"}
    for fixed in (
        KernelDensity(bandwidth="scott"),
        KMeans(2, init=np.eye(2)),
        OneHotEncoder(drop=["a"]),
        GaussianMixture(2, means_init=np.eye(2)),
    ):
        with pytest.raises(ValueError, match="nothing to search"):
            suggest_space(fixed)


def test_what_is_frozen_is_not_searched():
    frozen = FrozenEstimator(make_pipeline(PCA(), SVC()))
    calibrated = CalibratedClassifierCV(frozen)
    space = suggest_space(calibrated)
    assert set(space) == {"method"}
    SearchSpace.from_param_distributions(space, calibrated)
    with pytest.raises(ValueError, match="nothing to search"):
        suggest_space(frozen)


def test_parts_are_found_inside_other_estimators():
    numbers = Pipeline([("impute", SimpleImputer()), ("pca", PCA())])
    columns = ColumnTransformer([("num", numbers, [0, 1]), ("cat", OneHotEncoder(), [2])])
    pipe = Pipeline([("columns", columns), ("clf", LogisticRegression())])
    assert set(suggest_space(pipe)) == {
        "columns__num__impute__strategy",
        "columns__num__pca__n_components",
        "columns__cat__min_frequency",
        "clf__C",
        "clf__class_weight",
    }
    assert set(suggest_space(TransformedTargetRegressor(Ridge()))) == {"regressor__alpha"}
    assert "estimator__C" in suggest_space(CalibratedClassifierCV(SVC()))
    voting = VotingClassifier([("a", SVC()), ("b", DecisionTreeClassifier())])
    assert {"a__C", "b__max_depth"} < set(suggest_space(voting))
    regressor = TransformedTargetRegressor(Ridge(), transformer=QuantileTransformer())
    assert {"regressor__alpha", "transformer__n_quantiles"} < set(suggest_space(regressor))
    assert set(suggest_space(CalibratedClassifierCV(LogisticRegression()))) == {
        "method",
        "estimator__C",
        "estimator__class_weight",
    }
    stacking = StackingClassifier(
        [("a", SVC()), ("b", make_pipeline(PCA(), DecisionTreeClassifier()))],
        final_estimator=LogisticRegression(),
    )
    assert {"a__C", "b__pca__n_components", "final_estimator__C"} < set(suggest_space(stacking))
    assert {"n_estimators", "estimator__C"} < set(suggest_space(BaggingClassifier(SVC())))
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
    gp = GaussianProcessClassifier(kernel=RBF())
    for estimator in (
        gp,
        TransformedTargetRegressor(),
        LinearRegression(),
        make_pipeline(StandardScaler(), LinearRegression()),
    ):
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
