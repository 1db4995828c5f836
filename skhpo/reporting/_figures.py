"""The plots of a report. To add one, add it to ``PLOTS``."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo._warnings import warn_user
from skhpo.plots import HistoryDisplay, ParetoFrontDisplay
from skhpo.reporting._document import Figure, Paragraph, code
from skhpo.reporting._subject import Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PLOTS", "Plot", "draw_figures"]

SIZE = (7.0, 3.8)  # inches
ZOOM = 3.0  # height of the history, in units of the distance from the best to the median


@dataclass(frozen=True)
class Plot:
    """A plot of a report.

    Attributes
    ----------
    caption : str
        What it shows, and how to read it.
    is_shown : callable
        Function of the subject that says whether the plot makes sense.
    draw : callable
        Function of the subject and the axes that draws it.
    """

    caption: str
    is_shown: Callable[[Subject], bool]
    draw: Callable[[Subject, Axes], Any]


def _history(subject: Subject, ax: Axes) -> Any:
    options: dict[str, Any] = {"ax": ax}
    if subject.has_front:
        options["objective"] = subject.names[0]
    if hasattr(subject.search, "study_"):
        display = HistoryDisplay.from_search(subject.search, **options)
    else:
        name = None if subject.has_front else subject.names[0]
        display = HistoryDisplay.from_study(subject.study, name=name, **options)  # type: ignore[arg-type]
    ax.set_ylabel(subject.names[0].replace("$", r"\$"))  # no mathematics
    _zoom(subject, display, ax)
    return display


def _zoom(subject: Subject, display: HistoryDisplay, ax: Axes) -> None:
    """Show the better half of the candidates in most of the plot, and cut off very poor ones."""
    shown = np.where(np.isnan(display.value), display.predicted, display.value)
    shown = shown[np.isfinite(shown)]
    best = display.best[np.isfinite(display.best)]
    if len(best) == 0 or len(shown) < 5:
        return
    end = best[-1] + ZOOM * (np.median(shown) - best[-1])
    margin = 0.05 * abs(end - best[-1])
    if subject.greater_is_better[0] and end > shown.min():
        ax.set_ylim(end, best[-1] + margin)
    elif not subject.greater_is_better[0] and end < shown.max():
        ax.set_ylim(best[-1] - margin, end)


def _front(subject: Subject, ax: Axes) -> Any:
    names = list(subject.names[:3])
    if subject.search is not None:
        return ParetoFrontDisplay.from_search(subject.search, names, ax=ax)
    objectives = [
        _Objective(name, greater)
        for name, greater in zip(subject.names[:3], subject.greater_is_better, strict=False)
    ]
    display = ParetoFrontDisplay(
        np.where(subject.is_complete[:, None], subject.values, np.nan)[:, :3],
        objectives=objectives,
        front=subject.front,
        feasible=subject.is_feasible,
    )
    return display.plot(ax)


@dataclass(frozen=True)
class _Objective:
    name: str
    greater_is_better: bool
    unit: str | None = None


PLOTS: tuple[Plot, ...] = (
    Plot(
        "The Pareto front. No candidate is better than one of these in all objectives.",
        lambda subject: subject.has_front and len(subject.front) > 0,
        _front,
    ),
    Plot(
        "The candidates in their order, and the best so far. A line that still moves at the end "
        "means that more candidates may help. Very poor candidates may lie outside of the plot.",
        lambda subject: subject.study is not None,
        _history,
    ),
)


def draw_figures(subject: Subject) -> Iterator[Figure | Paragraph]:
    """Draw the plots that make sense for a subject.

    Parameters
    ----------
    subject : Subject
        The search.

    Yields
    ------
    figure : Figure or Paragraph
        A plot; a text in place of one that fails, as the rest of the report is still of use.

    Raises
    ------
    ImportError
        If matplotlib is missing.
    """
    import matplotlib.figure  # noqa: F401  (if it is missing, no plot can be drawn)

    for plot in PLOTS:
        if not plot.is_shown(subject):
            continue
        try:
            svg = _svg(plot, subject)
        except Exception as error:
            text = f"A plot could not be drawn: {type(error).__name__}: {error}"
            warn_user(text)
            yield Paragraph(f"A plot could not be drawn: {code(error)}.")
        else:
            yield Figure(svg, plot.caption.partition(".")[0], plot.caption)


def _svg(plot: Plot, subject: Subject) -> str:
    from matplotlib import rc_context
    from matplotlib.figure import Figure as MatplotlibFigure

    with rc_context({"svg.fonttype": "path", "svg.hashsalt": "skhpo"}):
        figure = MatplotlibFigure(figsize=SIZE, layout="constrained")
        plot.draw(subject, figure.subplots())
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()
