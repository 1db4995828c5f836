"""Plots in Optuna's dialect: interactive with plotly, or with matplotlib."""

from skhpo.visualization import matplotlib
from skhpo.visualization._contour import plot_contour
from skhpo.visualization._edf import plot_edf
from skhpo.visualization._optimization_history import plot_optimization_history
from skhpo.visualization._parallel_coordinate import plot_parallel_coordinate
from skhpo.visualization._param_importances import plot_param_importances
from skhpo.visualization._plotly import is_available
from skhpo.visualization._rank import plot_rank
from skhpo.visualization._slice import plot_slice

__all__ = [
    "is_available",
    "matplotlib",
    "plot_contour",
    "plot_edf",
    "plot_optimization_history",
    "plot_parallel_coordinate",
    "plot_param_importances",
    "plot_rank",
    "plot_slice",
]
