"""Hyperparameter search for everyone who writes scikit-learn."""

from skhpo import (
    boosting,
    callbacks,
    distributions,
    exceptions,
    importance,
    logging,
    multi_objective,
    pruners,
    samplers,
    search_space,
    storages,
    study,
    trial,
)
from skhpo.exceptions import SearchInterruptedWarning, TrialPruned
from skhpo.search import (
    CmaEsSearchCV,
    GPSearchCV,
    HyperbandSearchCV,
    QMCSearchCV,
    RandomSearchCV,
    StudySearchCV,
    TPESearchCV,
)
from skhpo.space import suggest_space
from skhpo.study import (
    Study,
    copy_study,
    create_study,
    delete_study,
    get_all_study_names,
    get_all_study_summaries,
    load_study,
)
from skhpo.trial import FrozenTrial, Trial, TrialState, create_trial

__version__ = "0.1.0.dev0"

__all__ = [
    "CmaEsSearchCV",
    "FrozenTrial",
    "GPSearchCV",
    "HyperbandSearchCV",
    "QMCSearchCV",
    "RandomSearchCV",
    "SearchInterruptedWarning",
    "Study",
    "StudySearchCV",
    "TPESearchCV",
    "Trial",
    "TrialPruned",
    "TrialState",
    "__version__",
    "boosting",
    "callbacks",
    "copy_study",
    "create_study",
    "create_trial",
    "delete_study",
    "distributions",
    "exceptions",
    "get_all_study_names",
    "get_all_study_summaries",
    "importance",
    "load_study",
    "logging",
    "multi_objective",
    "pruners",
    "samplers",
    "search_space",
    "storages",
    "study",
    "suggest_space",
    "trial",
]
