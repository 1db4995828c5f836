"""Hyperparameter search for everyone who writes scikit-learn."""

import importlib
from typing import TYPE_CHECKING, Any

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
    submodels,
    tracking,
    trial,
)
from skhpo.callbacks import SearchCallback
from skhpo.exceptions import SearchInterruptedWarning, SearchOverfitWarning, TrialPruned
from skhpo.search import (
    AutoSearchCV,
    CmaEsSearchCV,
    Cost,
    GPSearchCV,
    HyperbandSearchCV,
    ParetoSearchCV,
    QMCSearchCV,
    RandomSearchCV,
    StudySearchCV,
    TPESearchCV,
    one_standard_error,
    parsimonious,
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

if TYPE_CHECKING:
    from skhpo import comparison, plots, reporting, tuning, visualization
    from skhpo.comparison import compare_searches
    from skhpo.reporting import report

__version__ = "0.1.0.dev0"

__all__ = [
    "AutoSearchCV",
    "CmaEsSearchCV",
    "Cost",
    "FrozenTrial",
    "GPSearchCV",
    "HyperbandSearchCV",
    "ParetoSearchCV",
    "QMCSearchCV",
    "RandomSearchCV",
    "SearchCallback",
    "SearchInterruptedWarning",
    "SearchOverfitWarning",
    "Study",
    "StudySearchCV",
    "TPESearchCV",
    "Trial",
    "TrialPruned",
    "TrialState",
    "__version__",
    "boosting",
    "callbacks",
    "compare_searches",
    "comparison",
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
    "one_standard_error",
    "parsimonious",
    "plots",
    "pruners",
    "report",
    "reporting",
    "samplers",
    "search_space",
    "storages",
    "study",
    "submodels",
    "suggest_space",
    "tracking",
    "trial",
    "tuning",
    "visualization",
]

# What is used after a search is imported at its first use, so that the import takes less time.
_LAZY = {
    "comparison": "skhpo.comparison",
    "compare_searches": "skhpo.comparison",
    "plots": "skhpo.plots",
    "report": "skhpo.reporting",
    "reporting": "skhpo.reporting",
    "tuning": "skhpo.tuning",
    "visualization": "skhpo.visualization",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(_LAZY[name])
    return module if module.__name__ == f"{__name__}.{name}" else getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
