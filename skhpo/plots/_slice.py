"""Plot of the values by each parameter, with the partial dependence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plots._axes import ParamAxis, jittered, lay_out
from skhpo.plots._base import Display
from skhpo.plots._data._slice import Curve, SliceData, slice_data
from skhpo.plots._data._sources import name_of_values
from skhpo.plots._data._trials import Target, check_fitted
from skhpo.plots._style import BLUE, GREY, ORANGE, RED, dot_style, several_axes, with_direction

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["SliceDisplay"]

N_PARAMS = 9  # by default
FAR = 10.0  # interquartile ranges from the quartile: values beyond it are at the edge


class SliceDisplay(SliceData, Display):
    """Plot of the values of the candidates by each parameter, with the partial dependence.

    Create it with :meth:`from_search` or :meth:`from_study`. There is one plot per parameter.
    Complete candidates are dots. Candidates that were stopped early are open circles at their
    predicted value. Failed candidates are crosses at the lower edge. Values that are far worse
    than all others are triangles at the edge.

    The line is the partial dependence: the mean value over the other parameters, as the
    candidates have them. The band is its 95 % interval. Where no candidate is near, the band is
    wide.

    Parameters
    ----------
    axes : list of ParamAxis
        The axes of the parameters, with their names.
    positions : ndarray of shape (n_trials, n_params)
        Position of each candidate on each axis; NaN if it does not have the parameter.
    value, predicted : ndarray of shape (n_trials,)
        Measured values, and predicted values of stopped candidates.
    is_failed, is_feasible : ndarray of bool of shape (n_trials,)
        Whether a candidate failed, and whether it satisfies the constraints.
    number : ndarray of int of shape (n_trials,)
        Numbers of the candidates.
    curves : list of Curve or None
        For each parameter, the partial dependence, if known.
    name : str
        Name of the objective.
    greater_is_better : bool or None
        Whether larger values are better; None if unknown.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_params,)
        The axes of the parameters.
    ax_ : matplotlib Axes
        The first of them.
    figure_ : matplotlib Figure
        The figure of the axes.

    Notes
    -----
    The partial dependence is the posterior of a Gaussian process, fitted to the measured values
    and to the predictions of a search. If there are more than 300 of them, it uses a random
    sample. Bad values are compressed for the fit, so they count less than good ones. A parameter
    that decides which others are active is only combined with candidates in which these are
    active.

    References
    ----------
    J. Moosbauer et al., "Explaining hyperparameter optimization via partial dependence plots",
    NeurIPS 2021.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.plots import SliceDisplay
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> def objective(trial):
    ...     return trial.suggest_float("x", -5, 5) ** 2 + trial.suggest_float("y", 0, 1)
    >>> study.optimize(objective, n_trials=40)
    >>> display = SliceDisplay.from_study(study, params=["x"])
    >>> curve = display.curves[0]
    >>> bool(abs(curve.position[curve.mean.argmin()]) < 0.5)
    True
    """

    axes_: Any

    @classmethod
    def from_study(
        cls,
        study: Study,
        *,
        params: Sequence[str] | None = None,
        objective: str | None = None,
        target: Target | None = None,
        name: str | None = None,
        dependence: bool = True,
        ax: Any = None,
        scatter_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
        band_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the values of a study by each parameter.

        Parameters
        ----------
        study : Study
            A study.
        params : sequence of str, default=None
            Names of the parameters; by default, the 9 most important of those that have more than
            one value.
        objective : str, default=None
            Name of the objective; required if there are several.
        target : callable, default=None
            Function that takes a complete trial and returns the number to show instead of an
            objective.
        name : str, default=None
            Name of the values, for the label of the y-axis.
        dependence : bool, default=True
            Whether to show the partial dependence.
        ax : matplotlib Axes or array of Axes, default=None
            Axes to plot on, one per parameter; by default, those of a new figure.
        scatter_kw, line_kw, band_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : SliceDisplay
        """
        data = slice_data(
            study,
            params=params,
            objective=objective,
            target=target,
            name=name,
            dependence=dependence,
            n_params=N_PARAMS,
        )
        return cls(**vars(data)).plot(ax, scatter_kw=scatter_kw, line_kw=line_kw, band_kw=band_kw)

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        params: Sequence[str] | None = None,
        objective: str | None = None,
        dependence: bool = True,
        ax: Any = None,
        scatter_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
        band_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the scores of a fitted search by each parameter.

        Parameters
        ----------
        search : estimator
            A fitted search.
        params, objective, dependence, ax
            See :meth:`from_study`.
        scatter_kw, line_kw, band_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : SliceDisplay
        """
        check_fitted(search)
        return cls.from_study(
            search.study_,
            params=params,
            objective=objective,
            name=name_of_values(search),
            dependence=dependence,
            ax=ax,
            scatter_kw=scatter_kw,
            line_kw=line_kw,
            band_kw=band_kw,
        )

    def plot(
        self,
        ax: Any = None,
        *,
        scatter_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
        band_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the values by each parameter.

        Parameters
        ----------
        ax : matplotlib Axes or array of Axes, default=None
            Axes to plot on, one per parameter; by default, those of a new figure.
        scatter_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.scatter` for the candidates.
        line_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.plot` for the partial dependence.
        band_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.fill_between` for its interval.

        Returns
        -------
        display : SliceDisplay
            This object.
        """
        with several_axes(ax, len(self.axes), sharey=True) as axes:
            self.axes_ = axes
            self._use(axes[0])
            limits = self._limits()
            for i, axis in enumerate(self.axes):
                if self.curves[i] is not None:
                    self._draw_curve(axes[i], axis, self.curves[i], line_kw or {}, band_kw or {})
                self._draw_trials(axes[i], axis, self.positions[:, i], limits, scatter_kw or {})
                lay_out(axes[i], "x", axis)
                if limits is not None:
                    axes[i].set_ylim(limits)
            for one in axes:
                if one.get_subplotspec() is None or one.get_subplotspec().is_first_col():
                    one.set_ylabel(with_direction(self.name, self.greater_is_better))
        return self

    def _limits(self) -> tuple[float, float] | None:
        """Return the limits of the y-axis, which show all values except those far beyond."""
        values = np.concatenate([self.value, self.predicted])
        values = values[np.isfinite(values)]
        if len(values) == 0:
            return None
        lower, upper = np.quantile(values, [0.25, 0.75])
        far = FAR * (upper - lower) or np.inf
        low, high = max(values.min(), lower - far), min(values.max(), upper + far)
        if self.greater_is_better:  # good values are always shown
            high = values.max()
        elif self.greater_is_better is not None:
            low = values.min()
        margin = 0.06 * (high - low) or 0.5
        return float(low - margin), float(high + margin)

    def _draw_trials(
        self,
        ax: Axes,
        axis: ParamAxis,
        positions: Any,
        limits: tuple[float, float] | None,
        scatter_kw: dict[str, Any],
    ) -> None:
        x = jittered(positions, axis)
        n_dots = int(np.isfinite(self.value).sum())
        dots = dot_style(n_dots) | {"color": BLUE, "linewidths": 0, "label": "complete"}
        rings = {"s": 16, "facecolors": "none", "edgecolors": GREY, "zorder": 2}
        rings["label"] = "stopped (predicted)"
        crosses = {"s": 24, "marker": "x", "color": RED, "linewidths": 1.2}
        crosses["label"] = "breaks a constraint"
        for y, rows, style in (
            (self.predicted, np.isfinite(self.predicted), rings),
            (self.value, np.isfinite(self.value) & self.is_feasible, dots),
            (self.value, np.isfinite(self.value) & ~self.is_feasible, crosses),
        ):
            shown = rows & np.isfinite(x)
            if shown.any():
                ax.scatter(x[shown], y[shown], **{"zorder": 3, **style, **scatter_kw})
        failed = self.is_failed & np.isfinite(x)
        if failed.any():
            ax.plot(x[failed], np.full(failed.sum(), 0.02), "x", color=RED, label="failed",
                    transform=ax.get_xaxis_transform(), clip_on=False)  # fmt: skip
        if limits is None:
            return
        for beyond, at, marker in (
            (self.value > limits[1], 0.97, "^"),
            (self.value < limits[0], 0.03, "v"),
        ):
            rows = beyond & np.isfinite(x)
            if rows.any():
                ax.plot(x[rows], np.full(rows.sum(), at), marker, color=BLUE, ms=4, alpha=0.7,
                        label="beyond the axis", transform=ax.get_xaxis_transform())  # fmt: skip

    def _draw_curve(
        self,
        ax: Axes,
        axis: ParamAxis,
        curve: Curve | None,
        line_kw: dict[str, Any],
        band_kw: dict[str, Any],
    ) -> None:
        assert curve is not None
        x, label = curve.position, "partial dependence, 95 %"
        line = {"color": ORANGE, "linewidth": 1.8, "zorder": 4, "label": label, **line_kw}
        if axis.scale == "category":
            known = np.isfinite(curve.mean)
            ends = [(curve.mean - curve.low)[known], (curve.high - curve.mean)[known]]
            style = {"fmt": "_", "ms": 14, "mew": 2, **line}
            ax.errorbar(x[known], curve.mean[known], yerr=ends, **style)
            return
        ax.plot(x, curve.mean, **line)
        band = {"color": ORANGE, "alpha": 0.22, "linewidth": 0, "zorder": 1, **band_kw}
        ax.fill_between(x, curve.low, curve.high, **band)
