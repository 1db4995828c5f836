"""The scikit-learn face: searches that take the place of GridSearchCV and RandomizedSearchCV."""

from skhpo.search._base import StudySearchCV
from skhpo.search._classes import RandomSearchCV, TPESearchCV

__all__ = ["RandomSearchCV", "StudySearchCV", "TPESearchCV"]
