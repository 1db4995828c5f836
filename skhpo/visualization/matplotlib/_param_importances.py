"""Plot of the importances of the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.importance import BaseImportanceEvaluator
from skhpo.plots._axes import short_names
from skhpo.plots._data._trials import Target
from skhpo.plots._style import SERIES, legend, new_axes
from skhpo.visualization._arguments import TARGET_NAME
from skhpo.visualization._param_importances import (
    TITLE,
    X_LABEL,
    Y_LABEL,
    importances_of_objectives,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["plot_param_importances"]

HEIGHT = 0.75  # of the bars of a parameter, of the distance between two


def plot_param_importances(
    study: Study,
    evaluator: BaseImportanceEvaluator | None = None,
    params: list[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = TARGET_NAME,
) -> Axes:
    """Plot the importances of the parameters.

    Parameters
    ----------
    study : Study
        The study.
    evaluator : BaseImportanceEvaluator, default=None
        Evaluator of the importances; by default,
        :class:`~skhpo.importance.PedAnovaImportanceEvaluator`.
    params : list of str, default=None
        Parameters to evaluate; by default, those that the evaluator chooses.
    target : callable, default=None
        Function that takes a complete trial and returns the number to explain, where smaller is
        better. By default, all objectives are explained, each in its own direction.
    target_name : str, default="Objective Value"
        Name of the values, unless the objectives have names.

    Returns
    -------
    ax : matplotlib Axes

    Raises
    ------
    ImportError
        If matplotlib is missing.

    See Also
    --------
    skhpo.plots.ImportancesDisplay : Show which importances are clearly larger than 0.

    Examples
    --------
    >>> import skhpo
    >>> def objective(trial):
    ...     trial.suggest_float("idle", 0, 1)
    ...     return trial.suggest_float("x", -5, 5) ** 2
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> study.optimize(objective, n_trials=50)
    >>> ax = skhpo.visualization.matplotlib.plot_param_importances(study)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['idle', 'x']
    """
    explained = importances_of_objectives(study, evaluator, params, target, target_name)
    ax = new_axes()
    ax.set(title=TITLE, xlabel=X_LABEL, ylabel=Y_LABEL)
    if not explained:
        return ax
    names = list(dict.fromkeys(name for data in explained for name in data.params))[::-1]
    height = HEIGHT / len(explained)
    for i, data in enumerate(explained):
        offset = HEIGHT / 2 - (i + 0.5) * height
        at = [names.index(name) + offset for name in data.params]
        color = SERIES[i % len(SERIES)]
        bars = ax.barh(at, data.importance, height, color=color, label=data.name)
        texts = [f"{one:.2f}" if one >= 0.01 else "<0.01" for one in data.importance]
        ax.bar_label(bars, texts, padding=2, fontsize="small")
    ax.set_yticks(range(len(names)), short_names(names))
    ax.margins(x=0.12)
    legend(ax, loc="lower right")
    return ax
