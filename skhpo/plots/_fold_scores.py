"""Plot of the scores of the best candidates by fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plots._base import Display
from skhpo.plots._data._evaluations import shortened
from skhpo.plots._data._fold_scores import FoldScoresData, fold_scores_data
from skhpo.plots._style import BLUE, GREY, ORANGE, legend, new_axes, with_direction

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FoldScoresDisplay"]

_KINDS = ("strip", "box")
_MANY_FOLDS = 10  # with more folds, they have no colours of their own
_NARROW = 4.5  # inches; in narrower figures, there is no legend of the folds
_SHARE_OF_LABELS = 0.42  # of the width of the figure
_CHARACTERS_PER_INCH = 14.5


class FoldScoresDisplay(FoldScoresData, Display):
    """Plot of the scores of the best candidates by fold.

    Create it with :meth:`from_search`. It shows whether the best candidate is better than the
    others on all folds, or only on some. Each row is a complete candidate, the best one on top.
    Thin lines connect the scores on the same fold.

    Parameters
    ----------
    scores : ndarray of shape (n_candidates, n_folds)
        Scores by candidate, the best first, and by fold.
    candidate : ndarray of int of shape (n_candidates,)
        Rows of the candidates in ``cv_results_``.
    labels : list of str
        Rank of each candidate, and the parameters in which the candidates differ.
    name : str
        Name of the metric.
    greater_is_better : bool
        Whether large values are good.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the axes.

    See Also
    --------
    RacingDisplay : Which candidates were stopped, and after which fold.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import TPESearchCV
    >>> from skhpo.plots import FoldScoresDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> search = TPESearchCV(SVC(), {"C": [0.1, 1, 10]}, pruner=None, random_state=0).fit(X, y)
    >>> display = FoldScoresDisplay.from_search(search)
    >>> display.scores.shape
    (3, 5)
    >>> sorted(label.split()[1] for label in display.labels)
    ['C=0.1', 'C=1', 'C=10']
    """

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        n_best: int = 10,
        metric: str | None = None,
        kind: str = "strip",
        ax: Axes | None = None,
        scatter_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
        box_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the best candidates of a fitted search.

        Parameters
        ----------
        search : estimator
            A fitted search.
        n_best : int, default=10
            Maximal number of candidates.
        metric : str, default=None
            Name of a score or a cost; by default, the score that the search maximises. Required if
            there are several objectives.
        kind : {"strip", "box"}, default="strip"
            Whether to add boxes to the dots.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        scatter_kw, line_kw, box_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : FoldScoresDisplay
        """
        data = fold_scores_data(search, n_best=n_best, metric=metric)
        return cls(**vars(data)).plot(
            ax, kind=kind, scatter_kw=scatter_kw, line_kw=line_kw, box_kw=box_kw
        )

    def plot(
        self,
        ax: Axes | None = None,
        *,
        kind: str = "strip",
        scatter_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
        box_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        kind : {"strip", "box"}, default="strip"
            Whether to add boxes to the dots.
        scatter_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.scatter` for the folds.
        line_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.plot` for the lines that connect the
            same fold.
        box_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.boxplot`.

        Returns
        -------
        display : FoldScoresDisplay
            This object.
        """
        if kind not in _KINDS:
            raise ValueError(f"`kind` must be one of {list(_KINDS)}; got {kind!r}.")
        n_candidates, n_folds = self.scores.shape
        ax = self._use(new_axes(ax, figsize=(6.4, max(2.4, 1.4 + 0.34 * n_candidates))))
        scores = np.where(np.isfinite(self.scores), self.scores, np.nan)
        rows = np.arange(n_candidates)
        line: dict[str, Any] = {"color": GREY, "linewidth": 0.7, "alpha": 0.7, "zorder": 1}
        ax.plot(scores, rows, **{**line, **(line_kw or {})})
        if kind == "box":
            self._draw_boxes(ax, scores, box_kw or {})
        dots: dict[str, Any] = {"s": 20, "linewidths": 0, "zorder": 3}
        if n_folds <= _MANY_FOLDS:
            folds = np.tile(np.arange(n_folds), n_candidates)
            dots |= {"c": folds, "cmap": "tab10", "vmin": -0.5, "vmax": 9.5}
        else:
            dots |= {"color": BLUE, "alpha": 0.5, "s": 12}
        points = ax.scatter(
            scores.ravel(), np.repeat(rows, n_folds), **{**dots, **(scatter_kw or {})}
        )
        self._draw_means(ax, scores)
        width = self.figure_.get_size_inches()[0]
        n_characters = int(_SHARE_OF_LABELS * width * _CHARACTERS_PER_INCH)
        labels = [shortened(label, n_characters) for label in self.labels]
        ax.set_yticks(rows, labels, fontsize="small")
        ax.set_ylim(n_candidates - 0.5, -0.5)
        ax.set_xlabel(with_direction(self.name, self.greater_is_better))
        legend(ax, loc="best")
        if n_folds <= _MANY_FOLDS and points.get_array() is not None and width > _NARROW:
            handles, names = points.legend_elements(num=list(range(n_folds)))
            ax.legend(
                [*handles, *ax.get_legend_handles_labels()[0]], [*names, "mean"], title="fold",
                loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False,
                fontsize="small", title_fontsize="small",
            )  # fmt: skip
        return self

    def _draw_means(self, ax: Axes, scores: Any) -> None:
        is_known = np.isfinite(scores).any(axis=1)
        with np.errstate(over="ignore"):  # scores may be huge
            means = np.nanmean(scores[is_known], axis=1)
        style: dict[str, Any] = {"marker": "|", "s": 190, "color": ORANGE, "linewidths": 2.4}
        ax.scatter(means, np.flatnonzero(is_known), **style, zorder=4, label="mean")

    def _draw_boxes(self, ax: Axes, scores: Any, box_kw: dict[str, Any]) -> None:
        frame = {"color": GREY, "linewidth": 1.1}
        style: dict[str, Any] = {"orientation": "horizontal", "showfliers": False, "widths": 0.55}
        style |= {f"{part}props": frame for part in ("box", "whisker", "cap", "median")}
        known = [row[np.isfinite(row)] for row in scores]
        ax.boxplot(known, positions=np.arange(len(known)), **{**style, "zorder": 2, **box_kw})
