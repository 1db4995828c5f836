"""Plots in Optuna's dialect, drawn with matplotlib."""

from skhpo.visualization.matplotlib._available import is_available
from skhpo.visualization.matplotlib._contour import plot_contour
from skhpo.visualization.matplotlib._edf import plot_edf
from skhpo.visualization.matplotlib._optimization_history import plot_optimization_history
from skhpo.visualization.matplotlib._parallel_coordinate import plot_parallel_coordinate
from skhpo.visualization.matplotlib._param_importances import plot_param_importances
from skhpo.visualization.matplotlib._rank import plot_rank
from skhpo.visualization.matplotlib._slice import plot_slice

__all__ = [
    "is_available",
    "plot_contour",
    "plot_edf",
    "plot_optimization_history",
    "plot_parallel_coordinate",
    "plot_param_importances",
    "plot_rank",
    "plot_slice",
]
