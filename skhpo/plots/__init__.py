"""Pictures of what a search has found, in scikit-learn's display convention."""

from skhpo.plots._pareto_front import ParetoFrontDisplay

__all__ = ["ParetoFrontDisplay"]
