"""Plot of the distribution of the values of studies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from skhpo.plots import EDFDisplay
from skhpo.plots._data._trials import Target
from skhpo.plots._style import legend
from skhpo.visualization._arguments import TARGET_NAME
from skhpo.visualization._edf import TITLE, Y_LABEL, edf_of_complete

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["plot_edf"]


def plot_edf(
    study: Study | Sequence[Study],
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
) -> Axes:
    """Plot the fraction of complete trials whose value is at most each value.

    Parameters
    ----------
    study : Study or sequence of Study
        One or more studies.
    target : callable, default=None
        Function that takes a complete trial and returns the number to show; required if there
        are several objectives.
    target_name : str, default="Objective Value"
        Name of the values.

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
    skhpo.plots.EDFDisplay : The same for searches.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study()
    >>> study.optimize(lambda trial: trial.suggest_float("x", -5, 5) ** 2, n_trials=20)
    >>> skhpo.visualization.matplotlib.plot_edf(study).get_ylabel()
    'Cumulative Probability'
    """
    display = EDFDisplay(**vars(edf_of_complete(study, target, target_name))).plot()
    display.ax_.set(title=TITLE, xlabel=target_name, ylabel=Y_LABEL)
    legend(display.ax_)
    return display.ax_
