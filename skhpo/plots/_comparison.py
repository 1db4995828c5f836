"""Plot of a comparison of searches: the best score so far against fits or seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from skhpo.plots._base import Display
from skhpo.plots._data._comparison import ComparisonData, StrategyCurve, comparison_data
from skhpo.plots._style import BLUE, DARK, ORANGE, RED, legend, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ComparisonDisplay"]

_COLOURS = (BLUE, ORANGE, "#1b7837", "#762a83", RED, DARK, "#8c510a", "#01665e")
_DASHES = ("-", "--", "-.")
_GAPS = 4.0  # height of the plot, in units of the largest difference at the end
_X_LABELS = {"fits": "fits", "seconds": "seconds of fitting and scoring"}


class ComparisonDisplay(ComparisonData, Display):
    """Plot of the best cross-validated score so far of each strategy.

    Create it with :meth:`from_comparison`. A line is the median over the repetitions, and the
    band lies between two quantiles. An estimator without a search is a dotted line.

    Parameters
    ----------
    curves : dict of str to StrategyCurve
        The curves by strategy.
    x_name : {"fits", "seconds"}
        The unit of the x-axis.
    name : str
        Name of the score.
    band : tuple of float
        The quantiles of the band.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the axes.

    See Also
    --------
    skhpo.compare_searches : Compare searches.

    Notes
    -----
    Fits are counted on single folds. A candidate counts when it ends. Seconds are those of
    fitting and scoring, summed over the workers, without the time to propose candidates. For
    searches other than those of skhpo they come from ``cv_results_``, in the order of its rows.

    The y-axis shows the differences at the end. Poor first candidates may lie below it:
    ``display.ax_.set_ylim(...)`` shows them.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.svm import SVC
    >>> from skhpo import compare_searches
    >>> from skhpo.plots import ComparisonDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> grid = GridSearchCV(SVC(), {"C": [0.1, 1.0, 10.0]})
    >>> comparison = compare_searches({"grid": grid}, X, y, n_repeats=2, random_state=0)
    >>> display = ComparisonDisplay.from_comparison(comparison)
    >>> display.curves["grid"].x.tolist()
    [5.0, 10.0, 15.0]
    """

    @classmethod
    def from_comparison(
        cls,
        comparison: Any,
        *,
        x: str = "fits",
        band: tuple[float, float] = (0.25, 0.75),
        ax: Axes | None = None,
        line_kw: dict[str, Any] | None = None,
        band_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot a comparison.

        Parameters
        ----------
        comparison : SearchComparison
            The result of :func:`skhpo.compare_searches`.
        x : {"fits", "seconds"}, default="fits"
            The x-axis.
        band : tuple of float, default=(0.25, 0.75)
            Quantiles over the repetitions that limit the band.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw, band_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ComparisonDisplay
        """
        data = comparison_data(comparison, x=x, band=band)
        return cls(**vars(data)).plot(ax, line_kw=line_kw, band_kw=band_kw)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        line_kw: dict[str, Any] | None = None,
        band_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the comparison.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        line_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.plot` for the medians.
        band_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.fill_between` for the bands.

        Returns
        -------
        display : ComparisonDisplay
            This object.
        """
        ax = self._use(new_axes(ax))
        for place, (name, curve) in enumerate(self.curves.items()):
            style = {
                "color": _COLOURS[place % len(_COLOURS)],
                "linestyle": _DASHES[place // len(_COLOURS) % len(_DASHES)],
                "linewidth": 1.8,
                "label": name,
            }
            if curve.is_point:
                level = float(curve.median[-1])
                ax.axhline(level, **{**style, "linestyle": ":", **(line_kw or {})})
            else:
                self._draw(ax, curve, style, line_kw or {}, band_kw or {})
        ax.set_ylim(*self._limits())
        ax.set_xlabel(_X_LABELS[self.x_name])
        ax.set_ylabel(f"best CV {self.name} so far")
        legend(ax, loc="lower right")
        return self

    def _limits(self) -> tuple[float, float]:
        """Return the limits of the y-axis, which show the differences at the end.

        The first candidates of a search may be so bad that all else would be one line.
        """
        curves = list(self.curves.values())
        top = max(float(curve.high.max()) for curve in curves)
        lowest = min(float(curve.low.min()) for curve in curves)
        gap = top - min(float(curve.low[-1]) for curve in curves)
        bottom = max(lowest, top - _GAPS * gap) if gap > 0.0 else lowest
        margin = 0.05 * (top - bottom) or 0.01
        return bottom - margin, top + margin

    def _draw(
        self,
        ax: Axes,
        curve: StrategyCurve,
        style: dict[str, Any],
        line_kw: dict[str, Any],
        band_kw: dict[str, Any],
    ) -> None:
        ax.plot(curve.x, curve.median, **{**style, "drawstyle": "steps-post", **line_kw})
        ax.plot(
            curve.x[-1:], curve.median[-1:], "o", color=style["color"], markersize=4.5
        )  # where the search has ended
        if curve.n_repeats > 1:
            band = {"color": style["color"], "alpha": 0.15, "linewidth": 0, "step": "post"}
            ax.fill_between(curve.x, curve.low, curve.high, **{**band, **band_kw})
