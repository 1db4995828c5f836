"""The look of all plots: colours, new axes, and how a parameter is laid out on an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo._hints import missing_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "BLUE",
    "DARK",
    "GREY",
    "ORANGE",
    "RED",
    "SERIES",
    "legend",
    "new_axes",
    "new_grid_of_axes",
    "with_direction",
]

BLUE, ORANGE, RED, GREY, DARK = "#2166ac", "#e66101", "#c0504d", "#a9b1ba", "#5f6b76"
SERIES = (BLUE, ORANGE, "#1b9e77", "#8e63b0", "#b8860b", "#d6569a", "#17a2b8", DARK)


def new_axes(ax: Axes | None = None, **subplots_kw: Any) -> Axes:
    """Return the given axes; if None, those of a new figure.

    Raises
    ------
    ImportError
        If matplotlib is missing.
    """
    if ax is not None:
        return ax
    axes: Axes = _pyplot().subplots(**{"layout": "constrained", **subplots_kw})[1]
    return axes


def new_grid_of_axes(n_rows: int, n_columns: int, **subplots_kw: Any) -> Any:
    """Return an array of axes of a new figure, of shape (n_rows, n_columns)."""
    options = {"layout": "constrained", "squeeze": False, **subplots_kw}
    return _pyplot().subplots(n_rows, n_columns, **options)[1]


def legend(ax: Axes, **legend_kw: Any) -> None:
    """Add a legend if any artist has a label."""
    if ax.get_legend_handles_labels()[0]:
        ax.legend(**{"framealpha": 0.85, "edgecolor": "none", "fontsize": "small", **legend_kw})


def with_direction(name: str, greater_is_better: bool | None) -> str:
    """Return the label of an axis that says which values are better.

    Examples
    --------
    >>> from skhpo.plots._style import with_direction
    >>> with_direction("loss", False)
    'loss (lower is better)'
    """
    if greater_is_better is None:
        return name
    return f"{name} ({'higher' if greater_is_better else 'lower'} is better)"


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise missing_extra("Plots need matplotlib", "plot") from error
    return plt
