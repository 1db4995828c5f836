"""Callbacks for searches, and pruning callbacks that report a booster's rounds to a trial."""

import importlib
from typing import TYPE_CHECKING, Any

from skhpo.callbacks._live_view import LiveView
from skhpo.callbacks._search_callback import (
    CandidateEvent,
    FoldEvent,
    RefitEvent,
    SearchCallback,
    SearchEvent,
)

if TYPE_CHECKING:
    from skhpo.callbacks._catboost import CatBoostPruningCallback
    from skhpo.callbacks._lightgbm import LightGBMPruningCallback
    from skhpo.callbacks._xgboost import XGBoostPruningCallback

__all__ = [
    "CandidateEvent",
    "CatBoostPruningCallback",
    "FoldEvent",
    "LightGBMPruningCallback",
    "LiveView",
    "RefitEvent",
    "SearchCallback",
    "SearchEvent",
    "XGBoostPruningCallback",
]

_MODULES = {
    "CatBoostPruningCallback": "skhpo.callbacks._catboost",
    "LightGBMPruningCallback": "skhpo.callbacks._lightgbm",
    "XGBoostPruningCallback": "skhpo.callbacks._xgboost",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)  # may load the booster
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
