"""Plots of a search that has ended, for trackers that store pictures."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import Any

from skhpo.callbacks import SearchEvent

__all__ = ["figures_of"]


def figures_of(event: SearchEvent) -> dict[str, Any]:
    """Return plots of a search as figures of matplotlib, by name; none without matplotlib.

    The figures do not belong to pyplot, so nothing is displayed and no figure stays open. A plot
    that the search has too few results for is left out.
    """
    if find_spec("matplotlib") is None:
        return {}
    from matplotlib.figure import Figure

    figures = {}
    for name, display in _displays(event).items():
        figure = Figure(layout="constrained")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                display(event.search, ax=figure.subplots())
        except ValueError:
            continue
        figures[name] = figure
    return figures


def _displays(event: SearchEvent) -> dict[str, Any]:
    """Return functions that draw a fitted search on axes, by the name of the plot."""
    from skhpo.plots import HistoryDisplay, ImportancesDisplay, ParetoFrontDisplay

    if len(event.objectives) > 1:
        return {"pareto_front": ParetoFrontDisplay.from_search}
    return {"history": HistoryDisplay.from_search, "importances": ImportancesDisplay.from_search}
