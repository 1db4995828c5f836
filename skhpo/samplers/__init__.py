"""Samplers: which parameters to try next."""

from skhpo.samplers._base import BaseSampler, ColumnSampler
from skhpo.samplers._random import RandomSampler
from skhpo.samplers._tpe import TPESampler

__all__ = ["BaseSampler", "ColumnSampler", "RandomSampler", "TPESampler"]
