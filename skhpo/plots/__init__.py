"""Plots of search results, as displays in scikit-learn's style."""

from skhpo.plots._contour import ContourDisplay
from skhpo.plots._edf import EDFDisplay
from skhpo.plots._history import HistoryDisplay
from skhpo.plots._importances import ImportancesDisplay
from skhpo.plots._parallel_coordinates import ParallelCoordinatesDisplay
from skhpo.plots._pareto_front import ParetoFrontDisplay
from skhpo.plots._rank import RankDisplay
from skhpo.plots._slice import SliceDisplay

__all__ = [
    "ContourDisplay",
    "EDFDisplay",
    "HistoryDisplay",
    "ImportancesDisplay",
    "ParallelCoordinatesDisplay",
    "ParetoFrontDisplay",
    "RankDisplay",
    "SliceDisplay",
]
