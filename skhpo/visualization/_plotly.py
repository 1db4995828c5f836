"""Access to plotly, which is imported when a figure is made."""

from __future__ import annotations

from typing import Any

from skhpo._hints import missing_extra

__all__ = ["INFEASIBLE", "graph_objects", "grid_figure", "is_available"]

INFEASIBLE = "#cccccc"  # colour of trials that break a constraint


def is_available() -> bool:
    """Return whether plotly is installed.

    Examples
    --------
    >>> import skhpo
    >>> skhpo.visualization.is_available()
    True
    """
    try:
        import plotly.graph_objects  # noqa: F401
    except ImportError:
        return False
    return True


def graph_objects() -> Any:
    """Return the module ``plotly.graph_objects``.

    Raises
    ------
    ImportError
        If plotly is missing.
    """
    try:
        import plotly.graph_objects as go
    except ImportError as error:
        raise missing_extra("Plots in `skhpo.visualization` need plotly", "plotly") from error
    return go


def grid_figure(n_rows: int, n_columns: int, **options: Any) -> Any:
    """Return a figure with a grid of axes.

    Parameters
    ----------
    n_rows, n_columns : int
        Size of the grid.
    **options
        Options of :func:`plotly.subplots.make_subplots`.
    """
    graph_objects()
    from plotly.subplots import make_subplots

    return make_subplots(rows=n_rows, cols=n_columns, **options)
