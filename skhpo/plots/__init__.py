"""Plots of search results, as displays in scikit-learn's style."""

from skhpo.plots._fold_scores import FoldScoresDisplay
from skhpo.plots._history import HistoryDisplay
from skhpo.plots._pareto_front import ParetoFrontDisplay
from skhpo.plots._racing import RacingDisplay

__all__ = [
    "FoldScoresDisplay",
    "HistoryDisplay",
    "ParetoFrontDisplay",
    "RacingDisplay",
]
