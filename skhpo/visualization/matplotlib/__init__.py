"""Plots in Optuna's dialect, drawn with matplotlib."""

from skhpo.visualization.matplotlib._available import is_available
from skhpo.visualization.matplotlib._edf import plot_edf
from skhpo.visualization.matplotlib._optimization_history import plot_optimization_history

__all__ = [
    "is_available",
    "plot_edf",
    "plot_optimization_history",
]
