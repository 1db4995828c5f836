"""Tuning jobs: a search that is described in JSON, in the vocabulary of managed tuners."""

from skhpo.tuning._job import DataFiles, ExperimentsLog, TuningJob, WarmStart, read_job
from skhpo.tuning._metrics import RateScorer
from skhpo.tuning._run import TuningResult, tune

__all__ = [
    "DataFiles",
    "ExperimentsLog",
    "RateScorer",
    "TuningJob",
    "TuningResult",
    "WarmStart",
    "read_job",
    "tune",
]
