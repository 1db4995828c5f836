"""The table of `suggest_space`: by class name, the parameters worth tuning and their ranges.

A list includes the parameter's default, if there is one; the parameter is not searched if the
estimator has a value outside the list. A function takes the estimator's parameters, and returns a
list, a distribution, or None if the parameter is not to be searched. `suggest_space` cites the
sources.
"""

from collections.abc import Callable, Mapping
from math import inf
from numbers import Real
from typing import Any

from skhpo.distributions import FloatDistribution as Float
from skhpo.distributions import IntDistribution as Int
from skhpo.space._values import is_sequence


def _log(low: float, high: float) -> Float:
    return Float(low, high, log=True)


def _log_int(low: int, high: int) -> Int:
    return Int(low, high, log=True)


def _number(value: Any) -> float:
    """Return a number, or 0.0 for anything else, such as "scott" or an array."""
    return float(value) if isinstance(value, Real) else 0.0


def _up_to_own(name: str, low: int = 1) -> Callable[[Mapping[str, Any]], Int | None]:
    """Return the range from low to the estimator's own value, which its data allow."""

    def values(params: Mapping[str, Any]) -> Int | None:
        own = int(_number(params.get(name)))
        return _log_int(low, own) if own > low else None

    return values


def _around_own(own: float, below: float, above: float) -> Float | None:
    """Return the range around the estimator's own value, whose scale is that of the data."""
    return _log(own / below, own * above) if 0 < own < inf else None


def _radius(params: Mapping[str, Any]) -> Float | None:
    """Return radii; a smaller one may leave a row without neighbors and without a label."""
    below = 1.0 if params.get("outlier_label") is None else 10.0
    return _around_own(_number(params.get("radius")), below, above=10.0)


def _bandwidth(params: Mapping[str, Any]) -> Float | None:
    return _around_own(_number(params.get("bandwidth")), below=10.0, above=10.0)


def _noise(params: Mapping[str, Any]) -> Float | None:
    """Return variances of the noise; a smaller one may make the kernel matrix singular."""
    own = _number(params.get("alpha"))
    return _log(own, 1.0) if 0 < own < 1 else None


def _tolerance(params: Mapping[str, Any]) -> Float | None:
    """Return tolerances of a discriminant analysis, which only the solver "svd" uses."""
    return _log(1e-5, 0.1) if params.get("solver") == "svd" else None


def _shrinkage(params: Mapping[str, Any]) -> list[Any] | None:
    """Return shrinkages: the solver "svd" takes none, and "eigen" may need one."""
    if params.get("solver") == "svd" or params.get("covariance_estimator") is not None:
        return None
    shrinkages = ["auto", 0.001, 0.01, 0.03, 0.1, 0.3, 0.6, 1.0]
    needs_one = params.get("solver") == "eigen" and params.get("shrinkage") is not None
    return shrinkages if needs_one else [None, *shrinkages]


def _unless_arrays(values: Any, *names: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return the values, unless one of the named parameters is an array, which may not fit them."""

    def checked(params: Mapping[str, Any]) -> Any:
        given = [params.get(name) for name in names]
        return None if any(is_sequence(value) for value in given) else values

    return checked


_BALANCE: dict[str, Any] = {"class_weight": [None, "balanced"]}
_KERNEL: dict[str, Any] = {"gamma": _log(1e-4, 10.0)}
_TREE: dict[str, Any] = {
    "max_depth": [None, 2, 3, 4, 6, 8, 12, 16, 24],
    "min_samples_split": _log_int(2, 60),
    "min_samples_leaf": _log_int(1, 60),
}
_FOREST: dict[str, Any] = {"min_samples_leaf": _log_int(1, 20)}
_TREE_SPLIT: dict[str, Any] = {"criterion": ["gini", "entropy"]}
_FOREST_CLASSIFIER = {
    "max_features": ["sqrt", "log2", 0.1, 0.25, 0.5, 0.75, 1.0],
    **_FOREST,
    **_TREE_SPLIT,
    **_BALANCE,
}
_FOREST_REGRESSOR = {"max_features": Float(0.1, 1.0), **_FOREST}
_GRADIENT_BOOSTING: dict[str, Any] = {
    "learning_rate": _log(0.01, 1.0),
    "n_estimators": _log_int(50, 500),
    "max_depth": Int(1, 10),
    "min_samples_leaf": _log_int(1, 50),
    "subsample": Float(0.5, 1.0),
    "max_features": [None, "sqrt", 0.3, 0.5, 0.7],
}
_HIST_GRADIENT_BOOSTING: dict[str, Any] = {
    "learning_rate": _log(0.01, 1.0),
    "max_iter": _log_int(50, 500),
    "max_leaf_nodes": _log_int(4, 256),
    "min_samples_leaf": _log_int(1, 100),
    "l2_regularization": [0.0, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0],
    "max_features": Float(0.3, 1.0),
}
_ADA_BOOST = {"n_estimators": _log_int(20, 500), "learning_rate": _log(0.01, 2.0)}
_BAGGING = {"n_estimators": _log_int(10, 100), "max_features": Float(0.3, 1.0)}
_NEIGHBORS: dict[str, Any] = {
    "n_neighbors": _log_int(1, 50),
    "weights": ["uniform", "distance"],
    "p": [1, 2],
}
_RADIUS_NEIGHBORS: dict[str, Any] = {"radius": _radius, "weights": ["uniform", "distance"]}
_OUTLIERS: dict[str, Any] = {"contamination": ["auto", 0.01, 0.02, 0.05, 0.1, 0.2, 0.3]}
_ONE_CLASS: dict[str, Any] = {"nu": _log(0.01, 0.9)}
_K_MEANS = {"n_clusters": _unless_arrays(_log_int(2, 50), "init")}
_STARTS = ("weights_init", "means_init", "precisions_init")
_MIXTURE = {
    "n_components": _unless_arrays(Int(1, 10), *_STARTS),
    "covariance_type": _unless_arrays(["full", "tied", "diag", "spherical"], *_STARTS),
}
_ONE_HOT = {"min_frequency": _unless_arrays([None, 0.001, 0.003, 0.01, 0.03, 0.1], "drop")}
_PERCEPTRON: dict[str, Any] = {
    "hidden_layer_sizes": [(100,), (25,), (50,), (200,), (50, 50), (100, 100), (200, 200)],
    "activation": ["relu", "tanh"],
    "alpha": _log(1e-7, 0.1),
    "learning_rate_init": _log(1e-4, 0.1),
}
_SGD: dict[str, Any] = {
    "alpha": _log(1e-7, 0.1),
    "penalty": ["l2", "l1", "elasticnet"],
    "average": [False, True],
}
_NAIVE_BAYES: dict[str, Any] = {"alpha": _log(1e-2, 100.0), "fit_prior": [True, False]}
_BAYESIAN_LINEAR = {
    name: _log(1e-10, 1e-3) for name in ("alpha_1", "alpha_2", "lambda_1", "lambda_2")
}
_WORDS: dict[str, Any] = {
    "ngram_range": [(1, 1), (1, 2)],
    "min_df": _log_int(1, 10),
    "max_df": Float(0.5, 1.0),
}
_XGBOOST: dict[str, Any] = {
    "learning_rate": _log(0.01, 1.0),
    "n_estimators": _log_int(50, 1000),
    "max_depth": Int(1, 11),
    "min_child_weight": _log(1.0, 100.0),
    "subsample": Float(0.5, 1.0),
    "colsample_bytree": Float(0.5, 1.0),
    "colsample_bylevel": Float(0.5, 1.0),
    "gamma": _log(1e-8, 7.0),
    "reg_alpha": _log(1e-8, 100.0),
    "reg_lambda": _log(1e-3, 100.0),
}
_LIGHTGBM: dict[str, Any] = {
    "learning_rate": _log(0.01, 1.0),
    "n_estimators": _log_int(50, 1000),
    "num_leaves": _log_int(4, 256),
    "min_child_samples": _log_int(1, 100),
    "colsample_bytree": Float(0.4, 1.0),
    "reg_alpha": [0.0, 1e-3, 1e-2, 0.1, 1.0, 10.0],
    "reg_lambda": [0.0, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0],
}
_CATBOOST: dict[str, Any] = {
    "learning_rate": _log(0.01, 0.3),
    "depth": Int(4, 10),
    "l2_leaf_reg": _log(1.0, 100.0),
    "random_strength": _log(0.1, 10.0),
}

_NOTHING_TO_SEARCH = (
    "DummyClassifier",
    "DummyRegressor",
    "ElasticNetCV",
    "FrozenEstimator",
    "GaussianProcessClassifier",
    "LarsCV",
    "LassoCV",
    "LassoLarsCV",
    "LassoLarsIC",
    "LinearRegression",
    "LogisticRegressionCV",
    "MultiTaskElasticNetCV",
    "MultiTaskLassoCV",
    "OrthogonalMatchingPursuitCV",
    "RidgeCV",
    "RidgeClassifierCV",
    "TransformedTargetRegressor",
)

KNOWN: dict[str, dict[str, Any]] = {
    # linear
    "LogisticRegression": {"C": _log(1e-4, 1e4), **_BALANCE},
    "LinearSVC": {"C": _log(1e-4, 1e3), **_BALANCE},
    "LinearSVR": {"C": _log(1e-4, 1e3)},
    "Ridge": {"alpha": _log(1e-3, 1e3)},
    "RidgeClassifier": {"alpha": _log(1e-3, 1e3), **_BALANCE},
    "Lasso": {"alpha": _log(1e-4, 10.0)},
    "LassoLars": {"alpha": _log(1e-4, 10.0)},
    "ElasticNet": {"alpha": _log(1e-4, 10.0), "l1_ratio": Float(0.05, 1.0)},
    "MultiTaskLasso": {"alpha": _log(1e-4, 10.0)},
    "MultiTaskElasticNet": {"alpha": _log(1e-4, 10.0), "l1_ratio": Float(0.05, 1.0)},
    "BayesianRidge": _BAYESIAN_LINEAR,
    "ARDRegression": _BAYESIAN_LINEAR,
    "HuberRegressor": {"epsilon": Float(1.01, 3.0), "alpha": _log(1e-6, 1.0)},
    "QuantileRegressor": {"alpha": _log(1e-4, 10.0)},
    "PoissonRegressor": {"alpha": _log(1e-4, 100.0)},
    "GammaRegressor": {"alpha": _log(1e-4, 100.0)},
    "TweedieRegressor": {"alpha": _log(1e-4, 100.0)},
    "PLSRegression": {"n_components": _up_to_own("n_components")},
    "SGDClassifier": {**_SGD, **_BALANCE},
    "SGDRegressor": {**_SGD, "eta0": _log(1e-4, 0.1)},
    "Perceptron": {"alpha": _log(1e-7, 0.1), "penalty": [None, "l2", "l1"], **_BALANCE},
    "PassiveAggressiveClassifier": {"C": _log(1e-4, 10.0), **_BALANCE},
    "PassiveAggressiveRegressor": {"C": _log(1e-4, 10.0)},
    # kernels
    "SVC": {"C": _log(1e-2, 1e3), **_KERNEL, **_BALANCE},
    "SVR": {"C": _log(1e-2, 1e3), **_KERNEL, "epsilon": _log(1e-3, 1.0)},
    "NuSVC": {"nu": Float(0.05, 0.5), **_KERNEL},
    "NuSVR": {"nu": Float(0.05, 0.95), "C": _log(1e-2, 1e3), **_KERNEL},
    "KernelRidge": {"alpha": _log(1e-6, 10.0), "kernel": ["linear", "rbf", "laplacian"]},
    "GaussianProcessRegressor": {"alpha": _noise, "normalize_y": [False, True]},
    # neighbours
    "KNeighborsClassifier": _NEIGHBORS,
    "KNeighborsRegressor": _NEIGHBORS,
    "NearestCentroid": {"shrink_threshold": [None, 0.1, 0.3, 1.0, 3.0]},
    "RadiusNeighborsClassifier": _RADIUS_NEIGHBORS,
    "RadiusNeighborsRegressor": _RADIUS_NEIGHBORS,
    # trees and their ensembles
    "DecisionTreeClassifier": {**_TREE, **_TREE_SPLIT, **_BALANCE},
    "DecisionTreeRegressor": _TREE,
    "ExtraTreeClassifier": {**_TREE, **_TREE_SPLIT, **_BALANCE},
    "ExtraTreeRegressor": _TREE,
    "RandomForestClassifier": _FOREST_CLASSIFIER,
    "RandomForestRegressor": _FOREST_REGRESSOR,
    "ExtraTreesClassifier": _FOREST_CLASSIFIER,
    "ExtraTreesRegressor": _FOREST_REGRESSOR,
    "GradientBoostingClassifier": _GRADIENT_BOOSTING,
    "GradientBoostingRegressor": _GRADIENT_BOOSTING,
    "HistGradientBoostingClassifier": {**_HIST_GRADIENT_BOOSTING, **_BALANCE},
    "HistGradientBoostingRegressor": _HIST_GRADIENT_BOOSTING,
    "AdaBoostClassifier": _ADA_BOOST,
    "AdaBoostRegressor": {**_ADA_BOOST, "loss": ["linear", "square", "exponential"]},
    "BaggingClassifier": _BAGGING,
    "BaggingRegressor": _BAGGING,
    # probabilities of another classifier
    "CalibratedClassifierCV": {"method": ["sigmoid", "isotonic"]},
    # networks, naive Bayes, discriminants
    "MLPClassifier": _PERCEPTRON,
    "MLPRegressor": _PERCEPTRON,
    "GaussianNB": {"var_smoothing": _log(1e-12, 0.1)},
    "BernoulliNB": _NAIVE_BAYES,
    "CategoricalNB": _NAIVE_BAYES,
    "ComplementNB": _NAIVE_BAYES,
    "MultinomialNB": _NAIVE_BAYES,
    "QuadraticDiscriminantAnalysis": {"reg_param": Float(0.0, 1.0)},
    "LinearDiscriminantAnalysis": {"tol": _tolerance, "shrinkage": _shrinkage},
    # outliers
    "EllipticEnvelope": {
        "contamination": _log(0.01, 0.5),
        "support_fraction": [None, 0.75, 0.9, 1.0],
    },
    "IsolationForest": {
        "max_samples": ["auto", 32, 64, 128, 512, 1024],
        "max_features": Float(0.1, 1.0),
        **_OUTLIERS,
    },
    "LocalOutlierFactor": {"n_neighbors": _log_int(5, 100), **_OUTLIERS},
    "OneClassSVM": {**_ONE_CLASS, **_KERNEL},
    "SGDOneClassSVM": _ONE_CLASS,
    # clusters and densities
    "KMeans": _K_MEANS,
    "BisectingKMeans": _K_MEANS,
    "MiniBatchKMeans": _K_MEANS,
    "GaussianMixture": _MIXTURE,
    "KernelDensity": {"bandwidth": _bandwidth},
    # predictors with nothing to tune, or that tune themselves
    **{name: {} for name in _NOTHING_TO_SEARCH},
    # transformers
    "PCA": {"n_components": [None, 0.99, 0.95, 0.9, 0.8, 0.6]},
    "TruncatedSVD": {"n_components": _up_to_own("n_components")},
    "RBFSampler": {"gamma": _log(1e-3, 10.0)},
    "Nystroem": _KERNEL,
    "SelectKBest": {"k": [10, 5, 20, 50, "all"]},
    "SelectPercentile": {"percentile": Int(5, 100)},
    "SelectFpr": {"alpha": _log(1e-4, 0.5)},
    "SelectFdr": {"alpha": _log(1e-4, 0.5)},
    "SelectFwe": {"alpha": _log(1e-4, 0.5)},
    "SimpleImputer": {"strategy": ["mean", "median"]},
    "KNNImputer": {"n_neighbors": Int(1, 20), "weights": ["uniform", "distance"]},
    "PolynomialFeatures": {"degree": [1, 2], "interaction_only": [False, True]},
    "SplineTransformer": {"n_knots": Int(3, 12), "degree": [1, 2, 3]},
    "KBinsDiscretizer": {"n_bins": Int(2, 20), "strategy": ["quantile", "uniform"]},
    "QuantileTransformer": {
        "n_quantiles": _up_to_own("n_quantiles", low=10),
        "output_distribution": ["uniform", "normal"],
    },
    "OneHotEncoder": _ONE_HOT,
    "TargetEncoder": {"smooth": ["auto", 1.0, 3.0, 10.0, 30.0, 100.0]},
    "CountVectorizer": _WORDS,
    "TfidfVectorizer": {**_WORDS, "sublinear_tf": [False, True]},
    "TfidfTransformer": {"sublinear_tf": [False, True]},
    "HashingVectorizer": {"ngram_range": [(1, 1), (1, 2)]},
    # gradient boosting of other libraries
    "XGBClassifier": _XGBOOST,
    "XGBRegressor": _XGBOOST,
    "LGBMClassifier": _LIGHTGBM,
    "LGBMRegressor": _LIGHTGBM,
    "CatBoostClassifier": _CATBOOST,
    "CatBoostRegressor": _CATBOOST,
}
