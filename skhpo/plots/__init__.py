"""Plots of search results, as displays in scikit-learn's style."""

from skhpo.plots._comparison import ComparisonDisplay
from skhpo.plots._history import HistoryDisplay
from skhpo.plots._pareto_front import ParetoFrontDisplay

__all__ = ["ComparisonDisplay", "HistoryDisplay", "ParetoFrontDisplay"]
