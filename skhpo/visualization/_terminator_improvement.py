"""Plot of the improvement that is still possible."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skhpo.logging import get_logger
from skhpo.plots._data._improvement import check_one_objective, corrected_error, improvement_data
from skhpo.study import StudyDirection
from skhpo.trial import FrozenTrial, TrialState
from skhpo.visualization._plotly import graph_objects

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from skhpo.study import Study

__all__ = [
    "DEFAULT_MIN_N_TRIALS",
    "TITLE",
    "X_LABEL",
    "Y_LABEL",
    "Evaluator",
    "Improvements",
    "improvements_with_messages",
    "plot_terminator_improvement",
]

TITLE, X_LABEL, Y_LABEL = "Terminator Improvement Plot", "Trial", "Terminator Improvement"
DEFAULT_MIN_N_TRIALS = 20
CV_SCORES = "terminator:cv_scores"  # attribute in which Optuna stores the scores of the folds
_BLUE, _PALE, _RED = "rgba(99, 110, 250, 1.0)", "rgba(99, 110, 250, 0.25)", "rgb(239, 85, 59)"

_logger = get_logger(__name__)


class Evaluator(Protocol):
    """Evaluates the possible improvement, or the error, from the complete trials."""

    def evaluate(self, trials: list[FrozenTrial], study_direction: StudyDirection) -> float:
        """Return the improvement, or the error."""


@dataclass
class Improvements:
    """The possible improvement and the error after some trials.

    Attributes
    ----------
    number : ndarray of int of shape (n_points,)
        Numbers of the trials.
    improvement : ndarray of shape (n_points,)
        Possible improvement after this trial.
    error : ndarray of shape (n_points,), or None
        Error after this trial; None if it is not shown.
    is_early : ndarray of bool of shape (n_points,)
        Whether there were too few trials to judge.
    """

    number: NDArray[np.int64]
    improvement: NDArray[np.float64]
    error: NDArray[np.float64] | None
    is_early: NDArray[np.bool_]

    @property
    def limits(self) -> tuple[float, float] | None:
        """Ends of the y-axis, which leave out large early values; None without values."""
        late = self.improvement[~self.is_early] if not self.is_early.all() else self.improvement
        shown = [*late, *([] if self.error is None else self.error)]
        low = [*shown, *self.improvement]
        shown, low = ([one for one in some if math.isfinite(one)] for some in (shown, low))
        if not shown:
            return None
        margin = 0.05 * (max(shown) - min(low)) or 0.05
        return min(low) - margin, max(shown) + margin


def plot_terminator_improvement(
    study: Study,
    plot_error: bool = False,
    improvement_evaluator: Evaluator | None = None,
    error_evaluator: Evaluator | None = None,
    min_n_trials: int = DEFAULT_MIN_N_TRIALS,
) -> Figure:
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
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        If the study has several objectives, or if there is neither an `error_evaluator` nor
        scores of folds.
    TypeError
        If an evaluator has no method ``evaluate``.
    ImportError
        If plotly is missing.

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
    >>> figure = skhpo.visualization.plot_terminator_improvement(study)
    >>> figure.data[0].name
    'Terminator Improvement'
    """
    go = graph_objects()
    data = improvements_with_messages(
        study, plot_error, improvement_evaluator, error_evaluator, min_n_trials
    )
    figure = go.Figure(
        layout=go.Layout(title=TITLE, xaxis={"title": X_LABEL}, yaxis={"title": Y_LABEL})
    )
    early = np.flatnonzero(data.is_early)
    first = max(len(early) - 1, 0)  # the two lines share a point
    for rows, color, is_named in (
        (slice(0, len(early)), _PALE, data.is_early.all()),
        (slice(first, None), _BLUE, True),
    ):
        if (len(early) > 0) if color == _PALE else not data.is_early.all():
            figure.add_scatter(
                x=data.number[rows],
                y=data.improvement[rows],
                mode="markers+lines",
                marker={"color": color},
                line={"color": color},
                name=Y_LABEL,
                showlegend=bool(is_named),
                legendgroup="improvement",
            )
    if data.error is not None:
        figure.add_scatter(
            x=data.number,
            y=data.error,
            mode="markers+lines",
            name="Error",
            marker={"color": _RED},
            line={"color": _RED},
        )
    if data.limits is not None:
        figure.update_yaxes(range=data.limits)
    return figure


def improvements_with_messages(
    study: Study,
    plot_error: bool,
    improvement_evaluator: Evaluator | None,
    error_evaluator: Evaluator | None,
    min_n_trials: int,
) -> Improvements:
    """Return the data of the plot; log why it is empty."""
    check_one_objective(study)
    for name, evaluator in (
        ("improvement_evaluator", improvement_evaluator),
        ("error_evaluator", error_evaluator),
    ):
        if evaluator is not None and not callable(getattr(evaluator, "evaluate", None)):
            raise TypeError(
                f"`{name}` must be None or an object with a method evaluate(trials, "
                f"study_direction); got {evaluator!r}."
            )
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    numbers = np.array([trial.number for trial in complete], dtype=np.int64)
    if improvement_evaluator is None:
        data = improvement_data(study)
        number, improvement = data.number, data.bound
    else:
        number = numbers
        improvement = _evaluate(improvement_evaluator, complete, numbers, study)
    error = None
    if plot_error and len(number):
        so_far = np.searchsorted(numbers, number, side="right")
        by_folds = error_evaluator if error_evaluator is not None else _ErrorOfFolds()
        error = np.array(
            [by_folds.evaluate(complete[:n], study.direction) for n in so_far.tolist()]
        )
    if len(number) == 0:
        _logger.warning("There are too few complete trials, so the plot is empty.")
    is_early = np.searchsorted(numbers, number, side="right") <= min_n_trials
    return Improvements(number, improvement, error, is_early)


def _evaluate(
    evaluator: Evaluator, complete: list[FrozenTrial], numbers: Any, study: Study
) -> NDArray[np.float64]:
    values = [evaluator.evaluate(complete[: i + 1], study.direction) for i in range(len(numbers))]
    return np.array(values, dtype=float)


class _ErrorOfFolds:
    """The corrected standard error of the best trial, from its stored scores of the folds."""

    def evaluate(self, trials: list[FrozenTrial], study_direction: StudyDirection) -> float:
        choose = max if study_direction == StudyDirection.MAXIMIZE else min
        best = choose(trials, key=_value)
        scores = best.system_attrs.get(CV_SCORES)
        if scores is None:
            raise ValueError(
                f"The error is unknown: trial {best.number} has no scores of folds. Give an "
                "`error_evaluator`, or plot a search with skhpo.plots.ImprovementDisplay."
            )
        return corrected_error(np.array(scores, dtype=float))


def _value(trial: FrozenTrial) -> float:
    assert trial.value is not None  # the trial is complete
    return trial.value
