"""Plot of the history of studies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from skhpo.plots import HistoryDisplay
from skhpo.plots._data._mean_history import mean_history_data
from skhpo.plots._data._trials import Target
from skhpo.plots._style import BLUE, ORANGE, SERIES, legend, new_axes
from skhpo.visualization._arguments import TARGET_NAME
from skhpo.visualization._optimization_history import TITLE, histories_by_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.plots._data._history import HistoryData
    from skhpo.study import Study

__all__ = ["plot_optimization_history"]


def plot_optimization_history(
    study: Study | Sequence[Study],
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
    error_bar: bool = False,
) -> Axes:
    """Plot the values of the complete trials in their order, and the best so far.

    Parameters
    ----------
    study : Study or sequence of Study
        One or more studies.
    target : callable, default=None
        Function that takes a complete trial and returns the number to show; required if there
        are several objectives. With a target, the best so far is not shown.
    target_name : str, default="Objective Value"
        Name of the values.
    error_bar : bool, default=False
        Whether to show the mean and the standard deviation over all studies.

    Returns
    -------
    ax : matplotlib Axes

    Raises
    ------
    ValueError
        If a study has several objectives and there is no `target`.
    ImportError
        If matplotlib is missing.

    See Also
    --------
    skhpo.plots.HistoryDisplay : Show stopped and failed candidates too, over fits or seconds.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study()
    >>> study.optimize(lambda trial: trial.suggest_float("x", -5, 5) ** 2, n_trials=20)
    >>> ax = skhpo.visualization.matplotlib.plot_optimization_history(study)
    >>> ax.get_ylabel()
    'Objective Value'
    """
    histories = histories_by_name(study, target, target_name)
    ax = new_axes()
    if error_bar and histories:
        _draw_mean(ax, list(histories.values()), target_name, has_best=target is None)
    elif histories:
        for i, (suffix, data) in enumerate(histories.items()):
            color = None if len(histories) == 1 else SERIES[i % len(SERIES)]
            _draw(ax, data, suffix, target_name, target is None, color)
    ax.set(title=TITLE, xlabel="Trial", ylabel=target_name)
    legend(ax)
    return ax


def _draw(
    ax: Axes, data: HistoryData, suffix: str, target_name: str, has_best: bool, color: str | None
) -> None:
    """Draw the complete trials of a study."""
    fields = vars(data) | {
        "predicted": np.full_like(data.predicted, np.nan),
        "is_failed": np.zeros_like(data.is_failed),
        "best": data.best if has_best else np.full_like(data.best, np.nan),
    }
    dots = {"color": color, "alpha": 0.6} if color else {}
    line = {"color": color} if color else {}
    HistoryDisplay(**fields).plot(
        ax,
        scatter_kw={"label": f"{target_name}{suffix}", **dots},
        line_kw={"label": f"Best Value{suffix}", **line},
    )


def _draw_mean(
    ax: Axes, histories: Sequence[HistoryData], target_name: str, has_best: bool
) -> None:
    data = mean_history_data(histories)
    ax.errorbar(data.number, data.mean, data.sd, fmt="o", ms=4, lw=1, capsize=2, color=BLUE,
                label=target_name)  # fmt: skip
    if has_best:
        ax.plot(data.number, data.best_mean, color=ORANGE, label="Best Value", zorder=4)
        low, high = data.best_mean - data.best_sd, data.best_mean + data.best_sd
        ax.fill_between(data.number, low, high, color=ORANGE, alpha=0.25, linewidth=0)
