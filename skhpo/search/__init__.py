"""Searches for scikit-learn, which replace GridSearchCV and RandomizedSearchCV."""

from skhpo.search._classes import (
    AutoSearchCV,
    CmaEsSearchCV,
    GPSearchCV,
    HyperbandSearchCV,
    QMCSearchCV,
    RandomSearchCV,
    TPESearchCV,
)
from skhpo.search._pareto_search import ParetoSearchCV
from skhpo.search._study_search import StudySearchCV
from skhpo.search.objectives._costs import Cost
from skhpo.search.selection._rules import one_standard_error, parsimonious

__all__ = [
    "AutoSearchCV",
    "CmaEsSearchCV",
    "Cost",
    "GPSearchCV",
    "HyperbandSearchCV",
    "ParetoSearchCV",
    "QMCSearchCV",
    "RandomSearchCV",
    "StudySearchCV",
    "TPESearchCV",
    "one_standard_error",
    "parsimonious",
]
