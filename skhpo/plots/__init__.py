"""Plots of search results, as displays in scikit-learn's style."""

from skhpo.plots._comparison import ComparisonDisplay
from skhpo.plots._contour import ContourDisplay
from skhpo.plots._curves import CurvesDisplay
from skhpo.plots._edf import EDFDisplay
from skhpo.plots._fold_scores import FoldScoresDisplay
from skhpo.plots._history import HistoryDisplay
from skhpo.plots._hypervolume import HypervolumeDisplay
from skhpo.plots._importances import ImportancesDisplay
from skhpo.plots._improvement import ImprovementDisplay
from skhpo.plots._parallel_coordinates import ParallelCoordinatesDisplay
from skhpo.plots._pareto_front import ParetoFrontDisplay
from skhpo.plots._racing import RacingDisplay
from skhpo.plots._rank import RankDisplay
from skhpo.plots._slice import SliceDisplay
from skhpo.plots._timeline import TimelineDisplay

__all__ = [
    "ComparisonDisplay",
    "ContourDisplay",
    "CurvesDisplay",
    "EDFDisplay",
    "FoldScoresDisplay",
    "HistoryDisplay",
    "HypervolumeDisplay",
    "ImportancesDisplay",
    "ImprovementDisplay",
    "ParallelCoordinatesDisplay",
    "ParetoFrontDisplay",
    "RacingDisplay",
    "RankDisplay",
    "SliceDisplay",
    "TimelineDisplay",
]
