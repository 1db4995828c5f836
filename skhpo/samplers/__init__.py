"""Samplers: which parameters to try next."""

from skhpo.samplers._base import BaseSampler, ColumnSampler
from skhpo.samplers._brute_force import BruteForceSampler
from skhpo.samplers._grid import GridSampler
from skhpo.samplers._partial_fixed import PartialFixedSampler
from skhpo.samplers._random import RandomSampler
from skhpo.samplers._tpe import TPESampler

__all__ = [
    "BaseSampler",
    "BruteForceSampler",
    "ColumnSampler",
    "GridSampler",
    "PartialFixedSampler",
    "RandomSampler",
    "TPESampler",
]
