"""Base class of the displays."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Display"]


class Display:
    """Base class of the displays.

    A subclass also inherits from the dataclass of its fields, in :mod:`skhpo.plots._data`. It
    defines ``from_study`` and ``from_search``, which compute the fields, and ``plot``, which draws
    them.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the axes.
    """

    ax_: Axes
    figure_: Figure

    def _use(self, ax: Axes) -> Axes:
        """Remember the axes of the plot."""
        self.ax_ = ax
        self.figure_ = ax.figure  # type: ignore[assignment]
        return ax
