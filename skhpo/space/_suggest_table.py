"""The table of `suggest_space`: by class name, the parameters worth tuning and their ranges.

A list includes the parameter's default, if there is one; the parameter is not searched if the
estimator has a value outside the list. `suggest_space` cites the sources.
"""

from typing import Any

from skhpo.distributions import FloatDistribution as Float
from skhpo.distributions import IntDistribution as Int


def _log(low: float, high: float) -> Float:
    return Float(low, high, log=True)


def _log_int(low: int, high: int) -> Int:
    return Int(low, high, log=True)


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
    "GaussianProcessClassifier",
    "GaussianProcessRegressor",
    "LassoCV",
    "LassoLarsCV",
    "LinearDiscriminantAnalysis",
    "LinearRegression",
    "LogisticRegressionCV",
    "RidgeCV",
    "RidgeClassifierCV",
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
    # neighbours
    "KNeighborsClassifier": _NEIGHBORS,
    "KNeighborsRegressor": _NEIGHBORS,
    "NearestCentroid": {"shrink_threshold": [None, 0.1, 0.3, 1.0, 3.0]},
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
    # networks, naive Bayes, discriminants
    "MLPClassifier": _PERCEPTRON,
    "MLPRegressor": _PERCEPTRON,
    "GaussianNB": {"var_smoothing": _log(1e-12, 0.1)},
    "BernoulliNB": _NAIVE_BAYES,
    "CategoricalNB": _NAIVE_BAYES,
    "ComplementNB": _NAIVE_BAYES,
    "MultinomialNB": _NAIVE_BAYES,
    "QuadraticDiscriminantAnalysis": {"reg_param": Float(0.0, 1.0)},
    # predictors with nothing to tune, or that tune themselves
    **{name: {} for name in _NOTHING_TO_SEARCH},
    # transformers
    "PCA": {"n_components": [None, 0.99, 0.95, 0.9, 0.8, 0.6]},
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
    "CountVectorizer": _WORDS,
    "TfidfVectorizer": {**_WORDS, "sublinear_tf": [False, True]},
    "TfidfTransformer": {"sublinear_tf": [False, True]},
    # gradient boosting of other libraries
    "XGBClassifier": _XGBOOST,
    "XGBRegressor": _XGBOOST,
    "LGBMClassifier": _LIGHTGBM,
    "LGBMRegressor": _LIGHTGBM,
    "CatBoostClassifier": _CATBOOST,
    "CatBoostRegressor": _CATBOOST,
}
