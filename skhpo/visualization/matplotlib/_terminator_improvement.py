"""Plot of the improvement that is still possible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.plots._style import BLUE, RED, legend, new_axes
from skhpo.visualization._terminator_improvement import (
    DEFAULT_MIN_N_TRIALS,
    TITLE,
    X_LABEL,
    Y_LABEL,
    Evaluator,
    improvements_with_messages,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skhpo.study import Study

__all__ = ["plot_terminator_improvement"]


def plot_terminator_improvement(
    study: Study,
    plot_error: bool = False,
    improvement_evaluator: Evaluator | None = None,
    error_evaluator: Evaluator | None = None,
    min_n_trials: int = DEFAULT_MIN_N_TRIALS,
) -> Axes:
    """Plot the improvement that is still possible, which shows whether it is worth continuing.

    Parameters
    ----------
    study : Study
        A study with one objective.
    plot_error : bool, default=False
        Whether to show the error of the values, too. A smaller improvement is not noticeable.
    improvement_evaluator : object, default=None
        An object whose method ``evaluate(trials, study_direction)`` returns the possible
        improvement from the complete trials so far. By default, it is an upper bound from a
        Gaussian process (Makarova et al. 2022), computed for 20 numbers of trials.
    error_evaluator : object, default=None
        The same for the error. By default, the standard error of the best trial's mean over the
        folds, from the scores that Optuna's ``report_cross_validation_scores`` has stored.
    min_n_trials : int, default=20
        Number of trials before which the improvement is shown in a pale colour.

    Returns
    -------
    ax : matplotlib Axes

    Raises
    ------
    ValueError
        If the study has several objectives, or if there is neither an `error_evaluator` nor
        scores of folds.
    TypeError
        If an evaluator has no method ``evaluate``.
    ImportError
        If matplotlib is missing.

    See Also
    --------
    skhpo.plots.ImprovementDisplay : The same for searches, with the error from their folds.

    References
    ----------
    A. Makarova et al., "Automatic termination for hyperparameter optimization", AutoML 2022.

    Examples
    --------
    >>> import skhpo, skhpo.visualization
    >>> study = skhpo.create_study(sampler=skhpo.samplers.RandomSampler(seed=0))
    >>> study.optimize(lambda trial: trial.suggest_float("x", -5, 5) ** 2, n_trials=30)
    >>> skhpo.visualization.matplotlib.plot_terminator_improvement(study).get_xlabel()
    'Trial'
    """
    data = improvements_with_messages(
        study, plot_error, improvement_evaluator, error_evaluator, min_n_trials
    )
    ax = new_axes()
    n_early = int(data.is_early.sum())
    pale: dict[str, Any] = {"color": BLUE, "alpha": 0.3, "marker": "o", "markersize": 3.5}
    if n_early:
        label = Y_LABEL if n_early == len(data.number) else None
        ax.plot(data.number[:n_early], data.improvement[:n_early], label=label, **pale)
    if n_early < len(data.number):
        late = slice(max(n_early - 1, 0), None)  # the two lines share a point
        ax.plot(data.number[late], data.improvement[late], label=Y_LABEL, **pale | {"alpha": 1.0})
    if data.error is not None:
        ax.plot(data.number, data.error, color=RED, marker="o", markersize=3.5, label="Error")
    if data.limits is not None:
        ax.set_ylim(*data.limits)
    ax.set(title=TITLE, xlabel=X_LABEL, ylabel=Y_LABEL)
    legend(ax)
    return ax
