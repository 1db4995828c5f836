"""Hyperparameter search for everyone who writes scikit-learn."""

from skhpo import distributions, exceptions, pruners, samplers, storages, study, trial
from skhpo.exceptions import SearchInterruptedWarning, TrialPruned
from skhpo.search import RandomSearchCV, StudySearchCV, TPESearchCV
from skhpo.space import suggest_space
from skhpo.study import Study, create_study
from skhpo.trial import FrozenTrial, Trial, TrialState, create_trial

__version__ = "0.1.0.dev0"

__all__ = [
    "FrozenTrial",
    "RandomSearchCV",
    "SearchInterruptedWarning",
    "Study",
    "StudySearchCV",
    "TPESearchCV",
    "Trial",
    "TrialPruned",
    "TrialState",
    "__version__",
    "create_study",
    "create_trial",
    "distributions",
    "exceptions",
    "pruners",
    "samplers",
    "storages",
    "study",
    "suggest_space",
    "trial",
]
