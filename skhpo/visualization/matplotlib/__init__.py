"""Plots in Optuna's dialect, drawn with matplotlib."""

from skhpo.visualization.matplotlib._available import is_available
from skhpo.visualization.matplotlib._hypervolume_history import plot_hypervolume_history
from skhpo.visualization.matplotlib._intermediate_values import plot_intermediate_values
from skhpo.visualization.matplotlib._pareto_front import plot_pareto_front
from skhpo.visualization.matplotlib._terminator_improvement import plot_terminator_improvement
from skhpo.visualization.matplotlib._timeline import plot_timeline

__all__ = [
    "is_available",
    "plot_hypervolume_history",
    "plot_intermediate_values",
    "plot_pareto_front",
    "plot_terminator_improvement",
    "plot_timeline",
]
