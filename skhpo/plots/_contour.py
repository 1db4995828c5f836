"""Plot of the partial dependence on pairs of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plots._axes import ParamAxis, jittered
from skhpo.plots._base import Display
from skhpo.plots._data._contour import ContourData, Surface, contour_data
from skhpo.plots._data._pairs import evenly_chosen
from skhpo.plots._data._sources import name_of_values
from skhpo.plots._data._trials import Target, check_fitted
from skhpo.plots._pairs import lay_out_pairs, pair_axes
from skhpo.plots._style import DARK, GREY, ORANGE, RED, dark_is_good, legend, with_direction

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["ContourDisplay"]

N_LEVELS = 12
WHITE = "#ffffff"  # of dots, which lie on the colours of the surface
MAX_DOTS = 500
NEARLY_HALF = 0.4999  # of the distance between two choices


class ContourDisplay(ContourData, Display):
    """Plot of the partial dependence of the objective on pairs of parameters.

    Create it with :meth:`from_search` or :meth:`from_study`. The colour is the mean value over
    the other parameters, as the candidates have them; dark colours are better. Complete
    candidates are dots, stopped ones are open circles, and the best one is a star. Of more than
    500 candidates, an evenly spaced selection is shown. More than two parameters make a grid with
    one plot per pair.

    Parameters
    ----------
    axes : list of ParamAxis
        The axes of the parameters, with their names.
    positions : ndarray of shape (n_trials, n_params)
        Position of each candidate on each axis; NaN if it does not have the parameter.
    value, predicted : ndarray of shape (n_trials,)
        Measured values, and predicted values of stopped candidates.
    is_feasible : ndarray of bool of shape (n_trials,)
        Whether a candidate satisfies the constraints.
    number : ndarray of int of shape (n_trials,)
        Numbers of the candidates.
    name : str
        Name of the objective.
    greater_is_better : bool or None
        Whether larger values are better; None if unknown.
    surfaces : dict of (int, int) to Surface
        The partial dependence by the indices of the two parameters.

    Attributes
    ----------
    axes_ : dict of (int, int) to matplotlib Axes
        The axes of each pair of parameters, by their indices.
    ax_ : matplotlib Axes
        The first of them.
    figure_ : matplotlib Figure
        The figure of the axes.
    colorbar_ : matplotlib Colorbar or None
        The colour bar; None if there is no surface.

    See Also
    --------
    SliceDisplay : The partial dependence on one parameter, and how it is computed.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.plots import ContourDisplay
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> def objective(trial):
    ...     x, y = trial.suggest_float("x", -5, 5), trial.suggest_float("y", -5, 5)
    ...     return (x - y) ** 2
    >>> study.optimize(objective, n_trials=40)
    >>> display = ContourDisplay.from_study(study, params=["x", "y"])
    >>> display.surfaces[0, 1].mean.shape
    (30, 30)
    """

    axes_: dict[tuple[int, int], Axes]
    colorbar_: Any

    @classmethod
    def from_study(
        cls,
        study: Study,
        *,
        params: Sequence[str] | None = None,
        objective: str | None = None,
        target: Target | None = None,
        name: str | None = None,
        ax: Any = None,
        contour_kw: dict[str, Any] | None = None,
        scatter_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the partial dependence of a study on pairs of parameters.

        Parameters
        ----------
        study : Study
            A study.
        params : sequence of str, default=None
            Names of two or more parameters; by default, the 4 most important of those that have
            more than one value.
        objective : str, default=None
            Name of the objective; required if there are several.
        target : callable, default=None
            Function that takes a complete trial and returns the number to show instead of an
            objective.
        name : str, default=None
            Name of the values, for the label of the colour bar.
        ax : matplotlib Axes or array of Axes, default=None
            Axes to plot on: one for two parameters, and a grid of ``n_params - 1`` rows and
            columns for more. By default, those of a new figure.
        contour_kw, scatter_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ContourDisplay

        Raises
        ------
        ValueError
            If there are fewer than two parameters.
        """
        data = contour_data(study, params=params, objective=objective, target=target, name=name)
        return cls(**vars(data)).plot(ax, contour_kw=contour_kw, scatter_kw=scatter_kw)

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        params: Sequence[str] | None = None,
        objective: str | None = None,
        ax: Any = None,
        contour_kw: dict[str, Any] | None = None,
        scatter_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the partial dependence of a fitted search on pairs of parameters.

        Parameters
        ----------
        search : estimator
            A fitted search.
        params, objective, ax
            See :meth:`from_study`.
        contour_kw, scatter_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ContourDisplay
        """
        check_fitted(search)
        return cls.from_study(
            search.study_,
            params=params,
            objective=objective,
            name=name_of_values(search),
            ax=ax,
            contour_kw=contour_kw,
            scatter_kw=scatter_kw,
        )

    def plot(
        self,
        ax: Any = None,
        *,
        contour_kw: dict[str, Any] | None = None,
        scatter_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the partial dependence on pairs of parameters.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, default=None
            Axes to plot on: one for two parameters, and a grid of ``n_params - 1`` rows and
            columns for more. By default, those of a new figure.
        contour_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.contourf`.
        scatter_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.scatter` for the candidates.

        Returns
        -------
        display : ContourDisplay
            This object.
        """
        self.axes_ = pair_axes(ax, len(self.axes))
        self._use(self.axes_[0, 1])
        self.colorbar_ = None
        style = {"levels": self._levels(), "cmap": dark_is_good(self.greater_is_better)}
        style |= contour_kw or {}
        filled = None
        for (i, j), one in self.axes_.items():
            if (i, j) in self.surfaces:
                x, y, mean = _with_steps(self.surfaces[i, j], self.axes[i], self.axes[j])
                filled = one.contourf(x, y, mean, **style)
            self._draw_trials(one, i, j, scatter_kw or {})
        lay_out_pairs(self.axes_, self.axes)
        if filled is not None:
            self.colorbar_ = self.figure_.colorbar(filled, ax=list(self.axes_.values()))
            self.colorbar_.set_label(with_direction(self.name, self.greater_is_better))
        if len(self.axes_) == 1:
            legend(self.ax_)
        return self

    def _levels(self) -> Any:
        """Return the same levels for all surfaces."""
        from matplotlib.ticker import MaxNLocator

        means = [one.mean[np.isfinite(one.mean)] for one in self.surfaces.values()]
        known = np.concatenate(means) if means else np.empty(0)
        if len(known) == 0 or np.ptp(known) <= 1e-12 * np.abs(known).max():
            middle = known[0] if len(known) else 0.0
            return middle + np.array([-1.0, 1.0]) * max(abs(middle), 1.0) * 1e-3
        return MaxNLocator(N_LEVELS).tick_values(known.min(), known.max())

    def _draw_trials(self, ax: Axes, i: int, j: int, scatter_kw: dict[str, Any]) -> None:
        x = jittered(self.positions[:, i], self.axes[i])
        y = jittered(self.positions[:, j], self.axes[j], turned=True)
        has_both = np.isfinite(x) & np.isfinite(y)
        is_known = np.isfinite(self.value) | np.isfinite(self.predicted)
        if not (has_both & is_known).any():
            ax.text(0.5, 0.5, "never used together", transform=ax.transAxes, ha="center",
                    va="center", fontsize="small", color=DARK)  # fmt: skip
            return
        best = self.best()
        is_best_here = best is not None and has_both[best]
        has_both &= evenly_chosen(has_both & is_known, MAX_DOTS)
        size = float(np.clip(4_000 / has_both.sum(), 6.0, 16.0))
        dots = {"color": WHITE, "edgecolors": DARK, "linewidths": 0.6, "label": "complete"}
        rings = {"facecolors": "none", "edgecolors": GREY, "linewidths": 0.9}
        rings["label"] = "stopped"
        crosses = {"marker": "x", "color": RED, "linewidths": 1.2, "label": "breaks a constraint"}
        is_measured = np.isfinite(self.value)
        for rows, style in (
            (np.isfinite(self.predicted), rings),
            (is_measured & self.is_feasible, dots),
            (is_measured & ~self.is_feasible, crosses),
        ):
            shown = rows & has_both
            if shown.any():
                ax.scatter(x[shown], y[shown], **{"s": size, "zorder": 3, **style, **scatter_kw})
        if is_best_here and best is not None and self.greater_is_better is not None:
            ax.plot(x[best], y[best], "*", color=ORANGE, ms=12, mec=WHITE, mew=0.8, zorder=5,
                    label=f"best ({self.number[best]})")  # fmt: skip


def _with_steps(surface: Surface, x: ParamAxis, y: ParamAxis) -> tuple[Any, Any, Any]:
    """Return a surface that is constant around each choice, for contours without interpolation."""
    at_x, at_y, mean = surface.x, surface.y, surface.mean
    sides = np.array([-NEARLY_HALF, NEARLY_HALF])
    if x.scale == "category":
        at_x, mean = (at_x[:, None] + sides).ravel(), np.repeat(mean, 2, axis=1)
    elif len(at_x) == 1:
        at_x, mean = np.array(x.limits), np.repeat(mean, 2, axis=1)
    if y.scale == "category":
        at_y, mean = (at_y[:, None] + sides).ravel(), np.repeat(mean, 2, axis=0)
    elif len(at_y) == 1:
        at_y, mean = np.array(y.limits), np.repeat(mean, 2, axis=0)
    return at_x, at_y, mean
