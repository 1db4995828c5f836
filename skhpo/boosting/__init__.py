"""Early stopping of boosting on an evaluation set, within the folds of a search."""

from skhpo.boosting._curves import CurveModel, FinishedFit
from skhpo.boosting._early_stopping import EarlyStopping
from skhpo.boosting._fold import Stopping, finished_fit, learning_curve
from skhpo.boosting._threads import limit_threads, limited, threads_each
from skhpo.boosting.families import (
    Evaluation,
    Family,
    evaluation_set_names,
    family_names,
    family_of,
    find_model,
    register_family,
)

__all__ = [
    "CurveModel",
    "EarlyStopping",
    "Evaluation",
    "Family",
    "FinishedFit",
    "Stopping",
    "evaluation_set_names",
    "family_names",
    "family_of",
    "find_model",
    "finished_fit",
    "learning_curve",
    "limit_threads",
    "limited",
    "register_family",
    "threads_each",
]
