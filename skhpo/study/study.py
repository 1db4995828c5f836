"""Alias of :mod:`skhpo.study` for scripts written for Optuna."""

from skhpo.study._create import (
    copy_study,
    create_study,
    delete_study,
    get_all_study_names,
    get_all_study_summaries,
    load_study,
)
from skhpo.study._study import ObjectiveFunction as ObjectiveFuncType
from skhpo.study._study import Study

__all__ = [
    "ObjectiveFuncType",
    "Study",
    "copy_study",
    "create_study",
    "delete_study",
    "get_all_study_names",
    "get_all_study_summaries",
    "load_study",
]
