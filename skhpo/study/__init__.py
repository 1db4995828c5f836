"""Studies: a sampler, a pruner and the trials so far, joined."""

from skhpo.study._direction import StudyDirection
from skhpo.study._study import Study, create_study

__all__ = ["Study", "StudyDirection", "create_study"]
