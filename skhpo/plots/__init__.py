"""Plots of search results, as displays in scikit-learn's style."""

from skhpo.plots._curves import CurvesDisplay
from skhpo.plots._fold_scores import FoldScoresDisplay
from skhpo.plots._history import HistoryDisplay
from skhpo.plots._hypervolume import HypervolumeDisplay
from skhpo.plots._improvement import ImprovementDisplay
from skhpo.plots._pareto_front import ParetoFrontDisplay
from skhpo.plots._racing import RacingDisplay
from skhpo.plots._timeline import TimelineDisplay

__all__ = [
    "CurvesDisplay",
    "FoldScoresDisplay",
    "HistoryDisplay",
    "HypervolumeDisplay",
    "ImprovementDisplay",
    "ParetoFrontDisplay",
    "RacingDisplay",
    "TimelineDisplay",
]
