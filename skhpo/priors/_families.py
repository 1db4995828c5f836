"""The estimators of which priors are learned, and the units of their parameters.

The ranges are those of `suggest_space`. Where people search more parameters than it suggests, the
further ones are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skhpo.distributions import BaseDistribution, FloatDistribution, IntDistribution
from skhpo.priors._units import ChoiceUnit, LayersUnit, NumericUnit, Unit
from skhpo.space._suggest_table import KNOWN

__all__ = ["FAMILIES", "Family"]


@dataclass(frozen=True)
class Family:
    """An estimator with a prior.

    Parameters
    ----------
    name : str
        Name of the class.
    units : tuple of Unit
        The parameters.
    requires : dict of str to object
        Values of other parameters without which the prior means nothing.
    is_scaled : bool
        Whether the features were standardised.
    """

    name: str
    units: tuple[Unit, ...]
    requires: Mapping[str, Any]
    is_scaled: bool


_DEPTH = NumericUnit("max_depth", 1.0, 32.0, log=True, integer=True, none=32.0, negative=32.0)
_SHARE = NumericUnit("max_features", 0.05, 1.0, log=True, share=True, none=1.0)
_SPLIT = NumericUnit("min_samples_split", 2.0, 60.0, log=True, integer=True)
_GAMMA = NumericUnit("gamma", 1e-3, 1e2, log=True, scale="gamma")
_TREES = NumericUnit("n_estimators", 20.0, 200.0, log=True, integer=True)
_ROUNDS = NumericUnit("n_estimators", 20.0, 400.0, log=True, integer=True)
_LAYERS = LayersUnit("hidden_layer_sizes", 8.0, 256.0, n_layers=3)


def _log(name: str, low: float, high: float, scale: str = "") -> NumericUnit:
    return NumericUnit(name, low, high, log=True, scale=scale)


_FURTHER: dict[str, tuple[Unit, ...]] = {
    "SVC": (_GAMMA,),
    "SVR": (_GAMMA, _log("C", 1e-2, 1e3, "target"), _log("epsilon", 1e-3, 1.0, "target")),
    "Lasso": (_log("alpha", 1e-4, 10.0, "target"),),
    "ElasticNet": (_log("alpha", 1e-4, 10.0, "target"),),
    "SGDClassifier": (ChoiceUnit("loss", ("hinge", "log_loss", "modified_huber")),),
    "DecisionTreeClassifier": (_DEPTH, _SHARE, _log("ccp_alpha", 1e-5, 0.1)),
    "DecisionTreeRegressor": (_DEPTH, _SHARE),
    **{
        name: (_TREES, _DEPTH, _SHARE, _SPLIT)
        for kind in ("Classifier", "Regressor")
        for name in (f"RandomForest{kind}", f"ExtraTrees{kind}")
    },
    **{
        f"GradientBoosting{kind}": (_ROUNDS, _SHARE, _SPLIT) for kind in ("Classifier", "Regressor")
    },
    **{
        f"HistGradientBoosting{kind}": (
            NumericUnit("max_iter", 20.0, 400.0, log=True, integer=True),
            NumericUnit("max_leaf_nodes", 4.0, 256.0, log=True, integer=True, none=256.0),
            _log("l2_regularization", 1e-3, 100.0),
            _DEPTH,
        )
        for kind in ("Classifier", "Regressor")
    },
    **{
        f"LGBM{kind}": (
            _ROUNDS,
            _DEPTH,
            _log("reg_alpha", 1e-3, 10.0),
            _log("reg_lambda", 1e-3, 100.0),
        )
        for kind in ("Classifier", "Regressor")
    },
    **{f"XGB{kind}": (_ROUNDS,) for kind in ("Classifier", "Regressor")},
    **{f"MLP{kind}": (_LAYERS,) for kind in ("Classifier", "Regressor")},
}

_REQUIRES: dict[str, dict[str, Any]] = {
    "SVC": {"kernel": "rbf"},
    "SVR": {"kernel": "rbf"},
}

_ON_SCALED = (
    "LogisticRegression",
    "Ridge",
    "Lasso",
    "ElasticNet",
    "SGDClassifier",
    "SVC",
    "SVR",
    "LinearSVC",
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "MLPClassifier",
    "MLPRegressor",
)
_AS_THEY_ARE = tuple(
    f"{name}{kind}"
    for name in (
        "DecisionTree",
        "RandomForest",
        "ExtraTrees",
        "GradientBoosting",
        "HistGradientBoosting",
        "LGBM",
        "XGB",
    )
    for kind in ("Classifier", "Regressor")
)


def _unit(name: str, values: Any) -> Unit:
    """Return the unit of a parameter with a range of `suggest_space`."""
    if isinstance(values, FloatDistribution | IntDistribution):
        return NumericUnit(
            name,
            float(values.low),
            float(values.high),
            log=values.log,
            integer=isinstance(values, IntDistribution),
        )
    if isinstance(values, BaseDistribution):
        raise TypeError(f"no unit is known for {values!r}")
    return ChoiceUnit(name, tuple(values))


def _family(name: str) -> Family:
    units = {key: _unit(key, values) for key, values in KNOWN[name].items()}
    units |= {unit.name: unit for unit in _FURTHER.get(name, ())}
    return Family(name, tuple(units.values()), _REQUIRES.get(name, {}), name in _ON_SCALED)


FAMILIES: dict[str, Family] = {name: _family(name) for name in (*_ON_SCALED, *_AS_THEY_ARE)}
"""The families by the names of their classes."""
