"""Samplers: which parameters to try next."""

from skhpo.samplers import nsgaii
from skhpo.samplers._auto import AutoSampler
from skhpo.samplers._base import BaseSampler, ColumnSampler
from skhpo.samplers._brute_force import BruteForceSampler
from skhpo.samplers._cmaes import CmaEsSampler
from skhpo.samplers._gp import GPSampler
from skhpo.samplers._grid import GridSampler
from skhpo.samplers._nsgaii import NSGAIISampler
from skhpo.samplers._nsgaiii import NSGAIIISampler
from skhpo.samplers._partial_fixed import PartialFixedSampler
from skhpo.samplers._qmc import QMCSampler
from skhpo.samplers._random import RandomSampler
from skhpo.samplers._tpe import TPESampler

__all__ = [
    "AutoSampler",
    "BaseSampler",
    "BruteForceSampler",
    "CmaEsSampler",
    "ColumnSampler",
    "GPSampler",
    "GridSampler",
    "NSGAIIISampler",
    "NSGAIISampler",
    "PartialFixedSampler",
    "QMCSampler",
    "RandomSampler",
    "TPESampler",
    "nsgaii",
]
