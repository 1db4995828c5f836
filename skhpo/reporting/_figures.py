"""The plots of a report. To add one, add it to ``PLOTS``."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo._warnings import warn_user
from skhpo.plots import FoldScoresDisplay, HistoryDisplay, ParetoFrontDisplay, SliceDisplay
from skhpo.reporting._document import Figure, Paragraph, code
from skhpo.reporting._subject import Subject
from skhpo.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

__all__ = ["PLOTS", "Plot", "draw_figures"]

SIZE = (7.0, 3.8)  # inches
N_SLICES = 6  # parameters
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
        Function of the subject and a matplotlib Figure that draws it.
    """

    caption: str
    is_shown: Callable[[Subject], bool]
    draw: Callable[[Subject, MatplotlibFigure], None]


def _history(subject: Subject, figure: MatplotlibFigure) -> None:
    ax = figure.subplots()
    options: dict[str, Any] = {"ax": ax}
    if subject.has_front:
        options["objective"] = subject.names[0]
    if hasattr(subject.search, "study_"):
        display = HistoryDisplay.from_search(subject.search, **options)
    else:
        name = None if subject.has_front else subject.names[0]
        display = HistoryDisplay.from_study(_study(subject), name=name, **options)
    ax.set_ylabel(subject.names[0].replace("$", r"\$"))  # no mathematics
    _zoom(subject, display, ax)


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


def _front(subject: Subject, figure: MatplotlibFigure) -> None:
    ax, names = figure.subplots(), list(subject.names[:3])
    if subject.search is not None:
        ParetoFrontDisplay.from_search(subject.search, names, ax=ax)
        return
    objectives = [
        _Objective(name, greater)
        for name, greater in zip(names, subject.greater_is_better, strict=False)
    ]
    display = ParetoFrontDisplay(
        np.where(subject.is_complete[:, None], subject.values, np.nan)[:, :3],
        objectives=objectives,
        front=subject.front,
        feasible=subject.is_feasible,
    )
    display.plot(ax)


def _slices(subject: Subject, figure: MatplotlibFigure) -> None:
    names = _sliced(subject)
    n_columns = min(3, len(names))
    n_rows = -(-len(names) // n_columns)
    figure.set_size_inches(SIZE[0], 2.6 * n_rows)
    axes = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False).ravel()
    for unused in axes[len(names) :]:
        unused.set_visible(False)
    name = None if subject.has_front else subject.names[0]
    objective = subject.names[0] if subject.has_front else None
    SliceDisplay.from_study(
        _study(subject), params=names, objective=objective, name=name, ax=axes[: len(names)]
    )


def _sliced(subject: Subject) -> list[str]:
    """Return the parameters to show: those with more than one value, and not too many."""
    several = [name for name, one in subject.distributions.items() if not one.single()]
    return several[:N_SLICES]


def _fold_scores(subject: Subject, figure: MatplotlibFigure) -> None:
    FoldScoresDisplay.from_search(subject.search, ax=figure.subplots())


def _has_fold_scores(subject: Subject) -> bool:
    is_ours = hasattr(subject.search, "study_") and not subject.has_front
    return is_ours and subject.n_fits is not None and len(subject.order) > 1


def _study(subject: Subject) -> Study:
    assert subject.study is not None
    return subject.study


@dataclass(frozen=True)
class _Objective:
    name: str
    greater_is_better: bool
    unit: str | None = None


PLOTS: tuple[Plot, ...] = (
    Plot(
        "The Pareto front. No candidate is better than one of these in all objectives. Bars are "
        "the standard errors of scores and times over the folds. As all candidates are evaluated "
        "on the same folds, two of them may differ although their bars overlap.",
        lambda subject: subject.has_front and len(subject.front) > 0,
        _front,
    ),
    Plot(
        "The candidates in their order, and the best so far. A line that still moves at the end "
        "means that more candidates may help. Very poor candidates may lie outside of the plot.",
        lambda subject: subject.study is not None,
        _history,
    ),
    Plot(
        "The candidates by each parameter. The line is the partial dependence: the expected value, "
        "averaged over the other parameters. Very poor candidates are shown at the edge.",
        lambda subject: subject.study is not None and len(_sliced(subject)) > 0,
        _slices,
    ),
    Plot(
        "The scores of the best candidates on each fold. If the folds differ more than the "
        "candidates, the order of the candidates is uncertain.",
        _has_fold_scores,
        _fold_scores,
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
        plot.draw(subject, figure)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()
