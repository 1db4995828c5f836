"""Plot of the importances of the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.importance import BaseImportanceEvaluator
from skhpo.plots._axes import short_names
from skhpo.plots._base import Display
from skhpo.plots._data._importances import ImportancesData, importances_data
from skhpo.plots._data._sources import name_of_values
from skhpo.plots._data._trials import Target, check_fitted
from skhpo.plots._style import BLUE, GREY, ORANGE, legend, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["ImportancesDisplay"]


class ImportancesDisplay(ImportancesData, Display):
    """Plot of the importances of the parameters, with their uncertainty.

    Create it with :meth:`from_search` or :meth:`from_study`. The importances sum to 1. The line
    at the end of each bar is one standard deviation over bootstrap samples of the candidates. The
    tick shows the importance that a parameter without any effect would have by chance, at most,
    in 95 of 100 searches. Bars that end before it are grey: these importances cannot be
    distinguished from 0. After few candidates, and for parameters that few of them have, chance may
    give more than 1; an arrow at the edge shows this.

    Parameters
    ----------
    params : list of str
        Names of the parameters, the most important first.
    importance, sd, chance : ndarray of shape (n_params,)
        Importances, their standard deviations, and the importances by chance.
    name : str
        Name of what is explained.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the axes.

    See Also
    --------
    skhpo.importance.get_param_importances : The importances as numbers.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.plots import ImportancesDisplay
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> def objective(trial):
    ...     trial.suggest_float("idle", 0, 1)
    ...     return trial.suggest_float("x", -5, 5) ** 2
    >>> study.optimize(objective, n_trials=100)
    >>> display = ImportancesDisplay.from_study(study)
    >>> display.params, display.is_clear.tolist()
    (['x', 'idle'], [True, False])
    """

    @classmethod
    def from_study(
        cls,
        study: Study,
        *,
        evaluator: BaseImportanceEvaluator | None = None,
        params: Sequence[str] | None = None,
        objective: str | None = None,
        target: Target | None = None,
        name: str | None = None,
        n_repeats: int = 25,
        seed: int = 0,
        ax: Axes | None = None,
        bar_kw: dict[str, Any] | None = None,
        error_kw: dict[str, Any] | None = None,
        chance_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the importances of the parameters of a study.

        Parameters
        ----------
        study : Study
            A study.
        evaluator : BaseImportanceEvaluator, default=None
            Evaluator of the importances. By default,
            :class:`~skhpo.importance.PedAnovaImportanceEvaluator`.
        params : sequence of str, default=None
            Parameters to evaluate. By default, those that the evaluator chooses and that have
            more than one value.
        objective : str, default=None
            Name of the objective to explain. By default, the only one. Of several, the default
            evaluator explains the Pareto front, and other evaluators need a name.
        target : callable, default=None
            Function that takes a complete trial and returns the number to explain, where smaller
            is better.
        name : str, default=None
            Name of what is explained.
        n_repeats : int, default=25
            Number of bootstrap samples, and of samples that show what chance gives. Each takes
            as long as one evaluation, with 2,000 candidates at most. With 0, the plot has bars
            only.
        seed : int, default=0
            Seed of the samples.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        bar_kw, error_kw, chance_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ImportancesDisplay
        """
        data = importances_data(
            study,
            evaluator=evaluator,
            params=params,
            objective=objective,
            target=target,
            name=name,
            n_repeats=n_repeats,
            seed=seed,
        )
        return cls(**vars(data)).plot(ax, bar_kw=bar_kw, error_kw=error_kw, chance_kw=chance_kw)

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        evaluator: BaseImportanceEvaluator | None = None,
        params: Sequence[str] | None = None,
        objective: str | None = None,
        n_repeats: int = 25,
        seed: int = 0,
        ax: Axes | None = None,
        bar_kw: dict[str, Any] | None = None,
        error_kw: dict[str, Any] | None = None,
        chance_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the importances of the parameters of a fitted search.

        Parameters
        ----------
        search : estimator
            A fitted search.
        evaluator, params, objective, n_repeats, seed
            See :meth:`from_study`.
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        bar_kw, error_kw, chance_kw : dict, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ImportancesDisplay
        """
        check_fitted(search)
        return cls.from_study(
            search.study_,
            evaluator=evaluator,
            params=params,
            objective=objective,
            name=name_of_values(search) if len(search.study_.directions) == 1 else None,
            n_repeats=n_repeats,
            seed=seed,
            ax=ax,
            bar_kw=bar_kw,
            error_kw=error_kw,
            chance_kw=chance_kw,
        )

    def plot(
        self,
        ax: Axes | None = None,
        *,
        bar_kw: dict[str, Any] | None = None,
        error_kw: dict[str, Any] | None = None,
        chance_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the importances.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; by default, those of a new figure.
        bar_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.barh`.
        error_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.errorbar` for the standard
            deviations.
        chance_kw : dict, default=None
            Keyword arguments of :meth:`matplotlib.axes.Axes.plot` for the importances by chance.

        Returns
        -------
        display : ImportancesDisplay
            This object.
        """
        is_own = ax is None
        ax = self._use(new_axes(ax))
        at = np.arange(len(self.params))
        for rows, color, label in (
            (self.is_clear, BLUE, "importance"),
            (~self.is_clear, GREY, "no clear importance"),
        ):
            if rows.any():
                style = {"height": 0.65, "color": color, "label": label, **(bar_kw or {})}
                ax.barh(at[rows], self.importance[rows], **style)
        if np.isfinite(self.sd).any():
            low = np.minimum(self.sd, self.importance)
            ends = [low, np.minimum(self.sd, 1.0 - self.importance)]
            line: dict[str, Any] = {"fmt": "none", "ecolor": ax.xaxis.label.get_color()}
            line |= {"elinewidth": 1.2, "label": "standard deviation"}
            ax.errorbar(self.importance, at, xerr=ends, **{**line, **(error_kw or {})})
        is_beyond = self.chance > 1.0
        if np.isfinite(self.chance).any():
            tick = {"color": ORANGE, "marker": "|", "ls": "", "ms": 13, "mew": 2, "zorder": 4}
            tick["label"] = "by chance (95 %)"
            within = np.where(is_beyond, np.nan, self.chance)
            ax.plot(within, at, **{**tick, **(chance_kw or {})})
        if is_beyond.any():
            arrow = {**tick, **(chance_kw or {}), "marker": ">", "ms": 6, "clip_on": False}
            arrow["label"] = "_more than 1"
            ax.plot(np.ones(is_beyond.sum()), at[is_beyond], **arrow)
            ax.set_xlim(right=1.0)
        ax.set_yticks(at, short_names(self.params))
        ax.invert_yaxis()
        ax.set_xlim(left=0.0)
        ax.set_xlabel(f"importance for {self.name}")
        if is_own and np.isfinite(self.chance).any():  # above the axes, as ticks may be anywhere
            ax.figure.legend(loc="outside upper center", ncols=2, fontsize="small", frameon=False)
        else:
            legend(ax, loc="lower right")
        return self
