"""Pruners: which trials to stop early."""

from skhpo.pruners._base import BasePruner
from skhpo.pruners._nop import NopPruner
from skhpo.pruners._percentile import MedianPruner, PercentilePruner
from skhpo.pruners._racing import RacingPruner

__all__ = ["BasePruner", "MedianPruner", "NopPruner", "PercentilePruner", "RacingPruner"]
