"""Studies: a sampler, a pruner and the trials so far."""

from skhpo.study._callbacks import MaxTrialsCallback, NoImprovementCallback
from skhpo.study._create import (
    copy_study,
    create_study,
    delete_study,
    get_all_study_names,
    get_all_study_summaries,
    load_study,
)
from skhpo.study._direction import StudyDirection
from skhpo.study._study import Study
from skhpo.study._summary import StudySummary

__all__ = [
    "MaxTrialsCallback",
    "NoImprovementCallback",
    "Study",
    "StudyDirection",
    "StudySummary",
    "copy_study",
    "create_study",
    "delete_study",
    "get_all_study_names",
    "get_all_study_summaries",
    "load_study",
]
