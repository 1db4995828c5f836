"""Plots of searches and studies that have ended, for trackers that store pictures."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from skhpo.callbacks import SearchEvent

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["figures_of_search", "figures_of_study"]


def figures_of_search(event: SearchEvent) -> dict[str, Any]:
    """Return plots of a search as figures of matplotlib, by name; none without matplotlib."""
    return _figures(event.search, len(event.objectives), "from_search")


def figures_of_study(study: Study) -> dict[str, Any]:
    """Return plots of a study as figures of matplotlib, by name; none without matplotlib."""
    return _figures(study, len(study.directions), "from_study")


def _figures(subject: Any, n_objectives: int, method: str) -> dict[str, Any]:
    """Draw the displays of a search or a study.

    The figures do not belong to pyplot, so nothing is displayed and no figure stays open. A plot
    that has too few results is left out.
    """
    if find_spec("matplotlib") is None:
        return {}
    from matplotlib.figure import Figure

    figures = {}
    for name, display in _displays(n_objectives).items():
        figure = Figure(layout="constrained")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                getattr(display, method)(subject, ax=figure.subplots())
        except ValueError:
            continue
        figures[name] = figure
    return figures


def _displays(n_objectives: int) -> dict[str, Any]:
    """Return the classes of the plots, by the name of the plot."""
    from skhpo.plots import HistoryDisplay, ImportancesDisplay, ParetoFrontDisplay

    if n_objectives > 1:
        return {"pareto_front": ParetoFrontDisplay}
    return {"history": HistoryDisplay, "importances": ImportancesDisplay}
