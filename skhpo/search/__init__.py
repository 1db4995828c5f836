"""The scikit-learn face: searches that take the place of GridSearchCV and RandomizedSearchCV."""

from skhpo.search._base import StudySearchCV
from skhpo.search._classes import (
    CmaEsSearchCV,
    GPSearchCV,
    HyperbandSearchCV,
    QMCSearchCV,
    RandomSearchCV,
    TPESearchCV,
)

__all__ = [
    "CmaEsSearchCV",
    "GPSearchCV",
    "HyperbandSearchCV",
    "QMCSearchCV",
    "RandomSearchCV",
    "StudySearchCV",
    "TPESearchCV",
]
