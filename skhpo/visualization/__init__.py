"""Plots in Optuna's dialect: interactive with plotly, or with matplotlib."""

from skhpo.visualization import matplotlib
from skhpo.visualization._hypervolume_history import plot_hypervolume_history
from skhpo.visualization._intermediate_values import plot_intermediate_values
from skhpo.visualization._pareto_front import plot_pareto_front
from skhpo.visualization._plotly import is_available
from skhpo.visualization._terminator_improvement import plot_terminator_improvement
from skhpo.visualization._timeline import plot_timeline

__all__ = [
    "is_available",
    "matplotlib",
    "plot_hypervolume_history",
    "plot_intermediate_values",
    "plot_pareto_front",
    "plot_terminator_improvement",
    "plot_timeline",
]
