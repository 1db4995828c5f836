"""The look of all plots: colours, new axes, and how a parameter is laid out on an axis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from skhpo._hints import missing_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "BLUE",
    "DARK",
    "GREEN",
    "GREY",
    "ORANGE",
    "RED",
    "SERIES",
    "X_LABELS",
    "contrast_is_good",
    "dark_is_good",
    "dot_style",
    "inches_of",
    "legend",
    "limits_without_outliers",
    "new_axes",
    "new_grid_of_axes",
    "several_axes",
    "with_direction",
]

FEWEST_FOR_OUTLIERS = 10
OUTLIER = 6.0  # interquartile ranges from the quartiles
BLUE, ORANGE, RED, GREY, DARK = "#2166ac", "#e66101", "#c0504d", "#a9b1ba", "#5f6b76"
GREEN = "#1b9e77"
SERIES = (BLUE, ORANGE, GREEN, "#8e63b0", "#b8860b", "#d6569a", "#17a2b8", DARK)
X_LABELS = {"candidates": "candidate", "fits": "fits", "seconds": "seconds"}


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


def inches_of(ax: Axes) -> tuple[float, float]:
    """Return width and height of axes, before a layout makes place for labels."""
    box = ax.get_position()
    figure: Any = ax.get_figure(root=True)
    width, height = figure.get_size_inches()
    return float(box.width * width), float(box.height * height)


def legend(ax: Axes, **legend_kw: Any) -> None:
    """Add a legend if any artist has a label."""
    if ax.get_legend_handles_labels()[0]:
        ax.legend(**{"framealpha": 0.85, "edgecolor": "none", "fontsize": "small", **legend_kw})


def contrast_is_good(ax: Axes) -> str:
    """Return the colour map whose upper end stands out most from the background of axes."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(ax.get_facecolor())
    return "viridis_r" if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else "viridis"


def dark_is_good(greater_is_better: bool | None) -> str:
    """Return the colour map whose dark end is the better one."""
    return "viridis_r" if greater_is_better else "viridis"


def dot_style(n_dots: int) -> dict[str, Any]:
    """Return size and transparency of dots: smaller and fainter if there are many."""
    size = min(22.0, max(3.0, 6_000.0 / max(n_dots, 1)))
    return {"s": size, "alpha": 0.9 if n_dots < 200 else 0.55, "rasterized": n_dots > 2_000}


@contextmanager
def several_axes(ax: Any, n_axes: int, **subplots_kw: Any) -> Iterator[Any]:
    """Provide axes to plot on, and add one legend for all of them at the end.

    Parameters
    ----------
    ax : matplotlib Axes, array of Axes or None
        The axes; None for those of a new figure, in up to 3 columns.
    n_axes : int
        Number of axes.
    **subplots_kw
        Options of a new figure.

    Yields
    ------
    axes : ndarray of matplotlib Axes of shape (n_axes,), or (1,) if `n_axes` is 0

    Raises
    ------
    ValueError
        If the number of the given axes is wrong.
    """
    import numpy as np

    if ax is not None:
        axes = np.ravel(np.array(ax, dtype=object))
        if len(axes) != max(n_axes, 1):
            raise ValueError(f"`ax` must have {n_axes} axes, one per plot; got {len(axes)}.")
        yield axes
        legend(axes[0])
        return
    n_columns = 2 if n_axes == 4 else max(1, min(3, n_axes))
    n_rows = max(1, -(-n_axes // n_columns))
    size = (6.4, 4.8) if n_axes <= 1 else (0.8 + 3.2 * n_columns, 0.6 + 2.6 * n_rows)
    grid = new_grid_of_axes(n_rows, n_columns, **{"figsize": size, **subplots_kw})
    axes, unused = grid.ravel()[: max(n_axes, 1)], grid.ravel()[max(n_axes, 1) :]
    for one in unused:
        one.remove()
    yield axes
    handles: dict[str, Any] = {}
    for one in axes:
        found, labels = one.get_legend_handles_labels()
        handles |= dict(zip(labels, found, strict=True))
    if len(handles) > 1:
        axes[0].figure.legend(
            list(handles.values()),
            list(handles),
            loc="outside lower center",
            ncols=min(len(handles), 2 * n_columns),
            fontsize="small",
            frameon=False,
        )


def limits_without_outliers(values: Any, shown: Any) -> tuple[float, float] | None:
    """Return limits of an axis on which a few outliers do not hide all other values.

    Parameters
    ----------
    values : ndarray of float
        The values; those that are not finite are ignored.
    shown : ndarray of float
        Values that are no outliers in any case.

    Returns
    -------
    limits : tuple of (float, float) or None
        The limits; None if there are no outliers.

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.plots._style import limits_without_outliers
    >>> values = np.append(np.linspace(0.9, 1.0, 20), 0.1)
    >>> [round(end, 3) for end in limits_without_outliers(values, values[:0])]
    [0.895, 1.005]
    """
    import numpy as np

    values, shown = (np.asarray(one, float)[np.isfinite(one)] for one in (values, shown))
    if len(values) < FEWEST_FOR_OUTLIERS:
        return None
    lower, upper = np.quantile(values, [0.25, 0.75])
    reach = OUTLIER * (upper - lower)
    is_inside = (values >= lower - reach) & (values <= upper + reach)
    if is_inside.all() or reach == 0.0:
        return None
    inside = np.concatenate([values[is_inside], shown])
    margin = 0.05 * (inside.max() - inside.min())
    return float(inside.min() - margin), float(inside.max() + margin)


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
