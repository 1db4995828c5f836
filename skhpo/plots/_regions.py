"""Bounds of objectives on a plot: a region that is shaded, and limits that are lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo.plots._style import GREEN, RED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Bounds", "Limits", "bounds_by_axis", "draw_limits", "draw_region", "extent"]

Limits = tuple[float | None, float | None]
Bounds = dict[int, tuple[float, float]]  # lower and upper bound by number of the axis; may be inf
FloatArray = NDArray[np.float64]

NEAR = 1.0  # an axis reaches a bound that is at most this far from the values, in their spans
FAR = 1e3  # spans from the values to the end of a region without a bound
COLOR = 2  # number of the axis that is a colour


def bounds_by_axis(
    limits: Mapping[str, Limits] | None, names: Sequence[str | None], what: str
) -> Bounds:
    """Return bounds by the number of the axis.

    Parameters
    ----------
    limits : mapping of str to tuple or None
        Lower and upper limit by the name of an objective; None for no limit.
    names : sequence of str
        Names of the objectives, in the order of the axes.
    what : str
        Name of the parameter, for errors.

    Returns
    -------
    bounds : dict of int to tuple

    Raises
    ------
    ValueError
        If an objective is unknown, or its limits are not a pair in the right order.

    Examples
    --------
    >>> from skhpo.plots._regions import bounds_by_axis
    >>> bounds_by_axis({"size": (None, 60.0)}, ["accuracy", "size"], "`limits`")
    {1: (-inf, 60.0)}
    """
    bounds: Bounds = {}
    for name, pair in (limits or {}).items():
        if name not in names:
            raise ValueError(f"{what} must name objectives that are shown, {names}; got {name!r}.")
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise ValueError(
                f"{what} must hold pairs (lower limit, upper limit), with None for no limit; got "
                f"{pair!r} for {name!r}."
            )
        low = -np.inf if pair[0] is None else float(pair[0])
        high = np.inf if pair[1] is None else float(pair[1])
        if not low <= high:
            raise ValueError(
                f"{what}: the lower limit must not be above the upper one; got {pair!r} for "
                f"{name!r}."
            )
        bounds[list(names).index(name)] = (low, high)
    return bounds


def extent(values: FloatArray, bounds: Sequence[Bounds]) -> FloatArray:
    """Return the smallest and the largest of values and of the bounds that are near to them.

    Parameters
    ----------
    values : ndarray of shape (n_points, n_axes)
        Finite values.
    bounds : sequence of Bounds
        Bounds of some axes.

    Returns
    -------
    ends : ndarray of shape (2, n_axes), or (0, n_axes) without values

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.plots._regions import extent
    >>> values = np.array([[0.8, 10.0], [0.9, 20.0]])
    >>> extent(values, [{0: (0.95, np.inf), 1: (-np.inf, 100.0)}]).tolist()
    [[0.8, 10.0], [0.95, 20.0]]
    """
    if len(values) == 0:
        return values
    low, high = values.min(axis=0), values.max(axis=0)
    ends = np.array([low, high])
    reach = NEAR * (high - low)
    for one in bounds:
        for axis, pair in one.items():
            for bound in pair:
                if low[axis] - reach[axis] <= bound <= high[axis] + reach[axis]:
                    ends[0, axis] = min(ends[0, axis], bound)
                    ends[1, axis] = max(ends[1, axis], bound)
    return ends


def draw_region(ax: Axes, color_ax: Axes | None, ends: FloatArray, region: Bounds) -> None:
    """Shade a region.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes with the values of axes 0 and 1.
    color_ax : matplotlib Axes or None
        Axes of the colour bar.
    ends : ndarray of shape (2, n_axes)
        What :func:`extent` returned.
    region : Bounds
        The region; no bound, no shade.
    """
    if len(ends) == 0 or not region:
        return
    _reach(ax, ends)
    low, high = ends[0] - FAR * _span(ends), ends[1] + FAR * _span(ends)
    corners = [
        np.clip(region.get(axis, (-np.inf, np.inf)), low[axis], high[axis]) for axis in (0, 1)
    ]
    if {0, 1} & set(region):
        from matplotlib.patches import Rectangle

        (left, right), (bottom, top) = corners
        shade = Rectangle((left, bottom), right - left, top - bottom, zorder=0.5)
        shade.set(facecolor=(GREEN, 0.18), edgecolor=(GREEN, 0.7), label="preferred region")
        ax.add_artist(shade)  # unlike a patch, it does not change the limits of the axes
    if color_ax is not None and COLOR in region:
        low_color, high_color = color_ax.get_ylim()
        from_, to = np.clip(region[COLOR], low_color, high_color)
        color_ax.plot([-0.2, -0.2], [from_, to], color=GREEN, linewidth=3.0, solid_capstyle="butt",
                      transform=color_ax.get_yaxis_transform(), clip_on=False)  # fmt: skip


def draw_limits(ax: Axes, color_ax: Axes | None, ends: FloatArray, limits: Bounds) -> None:
    """Draw limits as dashed lines; for the parameters, see :func:`draw_region`."""
    if len(ends) == 0:
        return
    from matplotlib.lines import Line2D

    _reach(ax, ends)
    label = "limit of a constraint"
    for axis, pair in limits.items():
        for bound in pair:
            if not np.isfinite(bound):
                continue
            if axis == COLOR:
                if color_ax is not None:
                    color_ax.axhline(bound, color=RED, linestyle="--", linewidth=1.6)
                continue
            across = ax.get_xaxis_transform() if axis == 0 else ax.get_yaxis_transform()
            along = ([bound, bound], [0.0, 1.0])
            line = Line2D(*(along if axis == 0 else along[::-1]), transform=across, zorder=1.5)
            line.set(color=RED, linestyle="--", linewidth=1.2, alpha=0.8)
            if ends[0, axis] <= bound <= ends[1, axis]:
                line.set_label(label)
                label = "_"
            ax.add_artist(line)


def _reach(ax: Axes, ends: FloatArray) -> None:
    """Let the axes show at least these values."""
    ax.update_datalim(ends[:, :2])
    ax.autoscale_view()


def _span(ends: FloatArray) -> FloatArray:
    span = ends[1] - ends[0]
    filled: FloatArray = np.where(span > 0.0, span, np.maximum(np.abs(ends[1]), 1.0))
    return filled
