"""Plots in Optuna's dialect, drawn with matplotlib."""

from skhpo.visualization.matplotlib._available import is_available
from skhpo.visualization.matplotlib._intermediate_values import plot_intermediate_values
from skhpo.visualization.matplotlib._timeline import plot_timeline

__all__ = [
    "is_available",
    "plot_intermediate_values",
    "plot_timeline",
]
