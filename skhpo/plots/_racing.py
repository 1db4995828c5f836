"""Plot of the race: which candidates were stopped, and after which fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plots._data._racing import RacingData, racing_data
from skhpo.plots._style import BLUE, GREY, ORANGE, RED, limits_without_outliers, new_grid_of_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["STATUS_COLORS", "RacingDisplay", "draw_boxes"]

STATUS_COLORS = {
    "complete": BLUE,
    "pruned": GREY,
    "failed": RED,
    "timed out": "#8e63b0",
    "out of memory": "#b8860b",
    "interrupted": "#1b9e77",
}


class RacingDisplay(RacingData):
    """Plot of the race of the candidates: who was stopped, and after how many folds.

    Create it with :meth:`from_search`. The upper axes show the mean score of each candidate over
    the folds that it has run, and the best complete one so far. The lower axes show the number of
    these folds. The title says how much work was saved by stopping candidates early. If a few
    scores lie so far out that they would hide how the others differ, they are left out;
    ``display.axes_[0].autoscale()`` shows them.

    Parameters
    ----------
    number : ndarray of int of shape (n_candidates,)
        Numbers of the trials.
    n_fits : ndarray of int of shape (n_candidates,)
        Number of evaluated folds; with a resource, at all amounts together.
    status : ndarray of str of shape (n_candidates,)
        How each candidate ended, as in ``cv_results_``.
    score : ndarray of shape (n_candidates,)
        Mean over the evaluated folds; with a resource, at the largest amount of the candidate.
    best : ndarray of shape (n_candidates,)
        Best mean of a complete candidate so far; NaN before the first.
    work : float
        The work of the search in full fits: fits with all of the resource.
    full_work : float
        The work without stopping, if every candidate had run its folds once. With a resource, the
        smaller amounts come on top, so that `work` may be larger.
    name : str
        Name of the metric.
    greater_is_better : bool
        Whether large values are good.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (2,)
        The axes of the scores and of the folds.
    figure_ : matplotlib Figure
        The figure.

    See Also
    --------
    FoldScoresDisplay : The scores of the best candidates by fold.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import TPESearchCV
    >>> from skhpo.plots import RacingDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-4, 1e2)}
    >>> search = TPESearchCV(SVC(), space, n_iter=25, random_state=0).fit(X, y)
    >>> display = RacingDisplay.from_search(search)
    >>> display.saved > 0.1
    True
    """

    axes_: Any
    figure_: Figure

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        metric: str | None = None,
        axes: Any = None,
        scatter_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
        bar_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the race of a fitted search.

        Parameters
        ----------
        search : estimator
            A fitted search.
        metric : str, default=None
            Name of a score or a cost; by default, the score that the search maximises. Required if
            there are several objectives.
        axes : sequence of 2 matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        scatter_kw, line_kw, bar_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : RacingDisplay
        """
        data = racing_data(search, metric=metric)
        return cls(**vars(data)).plot(axes, scatter_kw=scatter_kw, line_kw=line_kw, bar_kw=bar_kw)

    def plot(
        self,
        axes: Any = None,
        *,
        scatter_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
        bar_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the race.

        Parameters
        ----------
        axes : sequence of 2 matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        scatter_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.scatter` for the scores.
        line_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.plot` for the best so far.
        bar_kw : dict, default=None
            Keyword arguments of :class:`matplotlib.collections.PolyCollection` for the folds.

        Returns
        -------
        display : RacingDisplay
            This object.
        """
        if axes is None:
            axes = new_grid_of_axes(
                2, 1, sharex=True, gridspec_kw={"height_ratios": [2, 1]}
            ).ravel()
        self.axes_ = np.asarray(axes, dtype=object)
        scores, folds = self.axes_
        self.figure_ = scores.figure
        size = float(np.clip(900.0 / max(len(self.number), 1), 9.0, 26.0))
        gap = 0.2 if len(self.number) <= 150 else 0.0
        for status, color in STATUS_COLORS.items():
            rows = self.status == status
            if not rows.any():
                continue
            is_seen = rows & np.isfinite(self.score)
            dots: dict[str, Any] = {"s": size, "color": color, "linewidths": 0, "label": status}
            scores.scatter(
                self.number[is_seen], self.score[is_seen],
                **{"zorder": 3 if status == "complete" else 2, **dots, **(scatter_kw or {})},
            )  # fmt: skip
            number, height = self.number[rows], self.n_fits[rows]
            draw_boxes(
                folds, number - 0.5 + gap / 2, np.full(len(number), 1.0 - gap),
                np.zeros(len(number)), height, **{"color": color, **(bar_kw or {})},
            )  # fmt: skip
        if np.isfinite(self.best).any():
            line = {"color": ORANGE, "linewidth": 1.6, "drawstyle": "steps-post", "zorder": 4}
            scores.plot(
                self.number, self.best, **{**line, "label": "best so far", **(line_kw or {})}
            )
        limits = limits_without_outliers(self.score, self.best)
        if limits is not None:
            scores.set_ylim(limits)
        self._name_axes(scores, folds)
        return self

    def _name_axes(self, scores: Axes, folds: Axes) -> None:
        scores.set_ylabel(f"mean {self.name}")
        folds.set(xlabel="candidate", ylabel="folds run")
        if len(self.number):
            folds.set_xlim(self.number.min() - 0.8, self.number.max() + 0.8)
        for ax in (scores, folds):
            ax.tick_params(axis="both", labelsize="small")
        for axis in (folds.xaxis, folds.yaxis):
            axis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]
        saved = f"{self.saved:.0%} saved" if self.saved >= 0 else f"{-self.saved:.0%} more"
        scores.set_title(
            f"{self.work:,.0f} of {self.full_work:,.0f} full fits: {saved}",
            fontsize="medium",
            pad=22,
        )
        scores.legend(
            loc="lower center", bbox_to_anchor=(0.5, 0.99), ncols=4, frameon=False,
            fontsize="small", columnspacing=1.2, handletextpad=0.3,
        )  # fmt: skip


def draw_boxes(ax: Axes, x: Any, width: Any, y: Any, height: Any, **style: Any) -> Any:
    """Add rectangles to axes as one collection, which is fast for thousands of them."""
    from matplotlib.collections import PolyCollection

    x, y, right, top = (np.asarray(one, float) for one in (x, y, x + width, y + height))
    corners = np.stack([x, y, right, y, right, top, x, top], axis=-1).reshape(-1, 4, 2)
    boxes = ax.add_collection(PolyCollection(list(corners), **{"linewidths": 0, **style}))
    ax.autoscale_view()
    return boxes
