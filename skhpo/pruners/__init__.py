"""Pruners, which decide which trials to stop early."""

from skhpo.pruners._base import BasePruner
from skhpo.pruners._decision import Decision, StoppingRule
from skhpo.pruners._hyperband import HyperbandPruner
from skhpo.pruners._nop import NopPruner
from skhpo.pruners._patient import PatientPruner
from skhpo.pruners._percentile import MedianPruner, PercentilePruner
from skhpo.pruners._racing import RacingPruner
from skhpo.pruners._successive_halving import SuccessiveHalvingPruner
from skhpo.pruners._threshold import ThresholdPruner
from skhpo.pruners._wilcoxon import WilcoxonPruner
from skhpo.pruners._wrapping import WrappingPruner

__all__ = [
    "BasePruner",
    "Decision",
    "HyperbandPruner",
    "MedianPruner",
    "NopPruner",
    "PatientPruner",
    "PercentilePruner",
    "RacingPruner",
    "StoppingRule",
    "SuccessiveHalvingPruner",
    "ThresholdPruner",
    "WilcoxonPruner",
    "WrappingPruner",
]
