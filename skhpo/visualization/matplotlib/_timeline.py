"""Plot of the times at which the trials ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.plots import TimelineDisplay
from skhpo.visualization._timeline import TITLE, Y_LABEL, timeline_with_messages

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["plot_timeline"]


def plot_timeline(study: Study, n_recent_trials: int | None = None) -> Axes:
    """Plot the times at which the trials ran, one bar per trial.

    Parameters
    ----------
    study : Study
        The study.
    n_recent_trials : int, default=None
        If given, show only the last trials.

    Returns
    -------
    ax : matplotlib Axes
        Its x-axis has the time since the first of these trials started.

    Raises
    ------
    ValueError
        If `n_recent_trials` is not positive.
    ImportError
        If matplotlib is missing.

    See Also
    --------
    skhpo.plots.TimelineDisplay : The same, and the folds of a search by worker.

    Examples
    --------
    >>> import skhpo, skhpo.visualization
    >>> study = skhpo.create_study()
    >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=10)
    >>> skhpo.visualization.matplotlib.plot_timeline(study).get_ylabel()
    'Trial'
    """
    display = TimelineDisplay(**vars(timeline_with_messages(study, n_recent_trials))).plot()
    since = "" if display.origin is None else f" since {display.origin:%Y-%m-%d %H:%M:%S}"
    unit = display.ax_.get_xlabel()
    display.ax_.set(xlabel=f"{unit}{since}", ylabel=Y_LABEL)
    display.ax_.set_title(TITLE, pad=22)
    return display.ax_
