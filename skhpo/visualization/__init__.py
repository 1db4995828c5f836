"""Plots in Optuna's dialect: interactive with plotly, or with matplotlib."""

from skhpo.visualization import matplotlib
from skhpo.visualization._contour import plot_contour
from skhpo.visualization._edf import plot_edf
from skhpo.visualization._hypervolume_history import plot_hypervolume_history
from skhpo.visualization._intermediate_values import plot_intermediate_values
from skhpo.visualization._optimization_history import plot_optimization_history
from skhpo.visualization._parallel_coordinate import plot_parallel_coordinate
from skhpo.visualization._param_importances import plot_param_importances
from skhpo.visualization._pareto_front import plot_pareto_front
from skhpo.visualization._plotly import is_available
from skhpo.visualization._rank import plot_rank
from skhpo.visualization._slice import plot_slice
from skhpo.visualization._terminator_improvement import plot_terminator_improvement
from skhpo.visualization._timeline import plot_timeline

__all__ = [
    "is_available",
    "matplotlib",
    "plot_contour",
    "plot_edf",
    "plot_hypervolume_history",
    "plot_intermediate_values",
    "plot_optimization_history",
    "plot_parallel_coordinate",
    "plot_param_importances",
    "plot_pareto_front",
    "plot_rank",
    "plot_slice",
    "plot_terminator_improvement",
    "plot_timeline",
]
