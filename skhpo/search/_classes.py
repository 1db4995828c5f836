"""The searches by name: they differ in their sampler."""

from __future__ import annotations

from skhpo.samplers import BaseSampler, RandomSampler, TPESampler
from skhpo.search._base import StudySearchCV

__all__ = ["RandomSearchCV", "TPESearchCV"]


class TPESearchCV(StudySearchCV):
    __doc__ = StudySearchCV.__doc__

    def _default_sampler(self) -> BaseSampler:
        return TPESampler()


class RandomSearchCV(StudySearchCV):
    __doc__ = StudySearchCV.__doc__

    def _default_sampler(self) -> BaseSampler:
        return RandomSampler()
