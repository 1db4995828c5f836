"""Pruners: which trials to stop early."""

from skhpo.pruners._base import BasePruner, Judge
from skhpo.pruners._nop import NopPruner
from skhpo.pruners._percentile import MedianPruner, PercentilePruner
from skhpo.pruners._racing import RacingPruner

__all__ = ["BasePruner", "Judge", "MedianPruner", "NopPruner", "PercentilePruner", "RacingPruner"]
