"""Costs of a fitted model, such as its size, which are measured in addition to its scores."""

from __future__ import annotations

import pickle
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import FitFailedWarning

from skhpo._parameters import HasParameters
from skhpo._sklearn import MultimetricScorer, raises_errors, scorers_by_name
from skhpo.search._records import FoldResult
from skhpo.search.objectives._clock import Clock

__all__ = ["KNOWN_COSTS", "Cost", "measure_costs", "stopwatch"]

FEWEST, MOST = 3, 20  # repetitions of the scoring, to measure its time
AGREE = 1.03  # ratio of the two shortest times at which they agree, so that no more are needed
SHORT = 0.2  # seconds of scoring in total after which it is not repeated again
LONG = 1.0  # elapsed seconds after which it is not either, as the processor is busy


@dataclass(frozen=True, repr=False)
class Cost(HasParameters):
    """The cost of a fitted model: a number to minimise.

    It can be an objective or have a constraint in :class:`skhpo.ParetoSearchCV`. The costs
    ``"fit_time"``, ``"score_time"``, ``"model_size"`` and ``"n_features"`` are predefined and
    can be given by name.

    Parameters
    ----------
    function : callable
        ``function(estimator)`` returns the cost of a fitted estimator as a number. It runs in
        the worker, after each fit.

    name : str, default=None
        Name of the cost in ``cv_results_``, in constraints and in `refit`. Default: the name of
        the function. If the function has none (a lambda, for example), the name is the key of
        the cost in a dict of `objectives`.

    unit : str, default=None
        The unit to show with its values in plots.

    Raises
    ------
    TypeError
        If `function` cannot be called.
    ValueError
        If the name is not an identifier.

    Examples
    --------
    >>> from skhpo import Cost
    >>> def n_leaves(tree):
    ...     return tree.get_n_leaves()
    >>> Cost(n_leaves).name
    'n_leaves'
    """

    function: Callable[[Any], float]
    name: str = ""
    unit: str | None = None

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"`function` of a Cost must be callable; got {self.function!r}.")
        if self.name and not self.name.isidentifier():
            raise ValueError(f"`name` of a Cost must be an identifier; got {self.name!r}.")
        name = getattr(self.function, "__name__", "")
        if not self.name and name.isidentifier():
            object.__setattr__(self, "name", name)

    @property
    def named(self) -> Cost:
        """This cost, if it has a name. Otherwise raise a ValueError."""
        if not self.name:
            raise ValueError(f"Give the Cost of {self.function!r} a `name`.")
        return self

    @property
    def is_time(self) -> bool:
        """Whether it is one of the times that scikit-learn measures for each fold."""
        return self.function is _taken_of_the_result  # also true for the copy in a worker


def model_size(estimator: Any) -> int:
    """Return the size of the pickled estimator in bytes."""
    return len(pickle.dumps(estimator, protocol=pickle.HIGHEST_PROTOCOL))


def n_features(estimator: Any) -> int:
    """Return the number of columns that the final model uses.

    These are the columns that reach the last step of a pipeline, without those whose coefficients
    or importances are all zero.
    """
    from sklearn.pipeline import Pipeline

    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    n_columns: int | None = getattr(estimator, "n_features_in_", None)
    for name in ("coef_", "feature_importances_"):
        weights = getattr(estimator, name, None)
        if weights is None:
            continue
        weights = np.atleast_2d(weights.toarray() if hasattr(weights, "toarray") else weights)
        if n_columns is None or weights.shape[1] == n_columns:
            return int((weights != 0.0).any(axis=0).sum())
    if n_columns is None:
        raise ValueError(
            f"'n_features' needs an estimator that knows its columns; {estimator!r} has neither "
            "`n_features_in_` nor `coef_`. Use a Cost of your own."
        )
    return n_columns


def _taken_of_the_result(estimator: Any) -> float:
    raise AssertionError("Times are taken of the fold's result.")


KNOWN_COSTS = {
    "fit_time": Cost(_taken_of_the_result, "fit_time", "s"),
    "score_time": Cost(_taken_of_the_result, "score_time", "s"),
    "model_size": Cost(model_size, "model_size", "bytes"),
    "n_features": Cost(n_features, "n_features"),
}


class Stopwatch:
    """A scorer that measures its own time, and how long the fit waited for a processor.

    It scores several times, until the two shortest times agree, and its own time is the shortest.

    Parameters
    ----------
    scorer : callable
        The scorer.
    """

    def __init__(self, scorer: Callable[..., Any]) -> None:
        self._score = scorer
        self._clock = Clock()
        self._start = time.process_time()
        self._until_scoring: tuple[float, float | None] = (0.0, None)
        self.cpu_of_fit: float | None = None
        self.seconds: float | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Score; the first call, right after the fit, scores the test part and is measured."""
        if self.seconds is not None:
            return self._score(*args, **kwargs)
        self._until_scoring = self._clock.elapsed(), self._clock.waited()
        self.cpu_of_fit = time.process_time() - self._start
        times: list[float] = []
        beginning = Clock()
        while not _suffice(times, beginning.elapsed()):
            clock = Clock()
            scores = self._score(*args, **kwargs)
            times.append(clock.seconds())
        self.seconds = min(times)
        return scores

    def without_waiting(self, fit_time: float) -> float | None:
        """Return the time of the fit without that spent waiting for a core; None if unknown."""
        elapsed, waited = self._until_scoring
        if waited is None:
            return None
        before = max(elapsed - fit_time, 0.0)  # preparing the fit; it may have waited all the time
        return fit_time - min(max(waited - before, 0.0), fit_time)


def _suffice(times: Sequence[float], elapsed: float) -> bool:
    """Return whether the scoring need not be repeated again."""
    if len(times) >= MOST or (times and (sum(times) >= SHORT or elapsed >= LONG)):
        return True
    shortest, next_one = sorted(times)[:2] if len(times) >= FEWEST else (0.0, np.inf)
    return next_one <= AGREE * shortest


class StopwatchOfSeveral(Stopwatch, MultimetricScorer):  # type: ignore[misc]
    """The same for scikit-learn's container of several scorers, which acts as a single scorer.

    Parameters
    ----------
    scorers : MultimetricScorer
        The scorers.
    """

    def __init__(self, scorers: MultimetricScorer) -> None:
        Stopwatch.__init__(self, scorers)
        MultimetricScorer.__init__(
            self, scorers=scorers_by_name(scorers), raise_exc=raises_errors(scorers)
        )


def stopwatch(scorer: Callable[..., Any]) -> Stopwatch:
    """Return a scorer that measures its own time, for one scorer or several."""
    is_bundle = isinstance(scorer, MultimetricScorer)
    return StopwatchOfSeveral(scorer) if is_bundle else Stopwatch(scorer)


def measure_costs(
    costs: Sequence[Cost],
    estimator: Any,
    result: FoldResult,
    watch: Stopwatch | None,
    *,
    is_alone: bool,
    error_score: Any,
) -> dict[str, float]:
    """Measure the costs of the fitted model of a fold.

    Parameters
    ----------
    costs : sequence of Cost
        The costs to measure.
    estimator : estimator
        The fitted model.
    result : FoldResult
        The fold's result so far.
    watch : Stopwatch or None
        The stopwatch of the fold, if there is one.
    is_alone : bool
        Whether no other fit of the search ran at the same time.
    error_score : float or "raise"
        With "raise", an error of a cost function is raised. Otherwise the cost is NaN, with a
        warning.

    Returns
    -------
    measured : dict of str to float
        The costs by name; all NaN if the fit failed.

    Notes
    -----
    Fits that run in parallel, and other programs, compete for cores and memory. On Linux, the
    time in which a fit or the scoring waited for a core does not count. Elsewhere, the time of a
    fit beside others is the processor time if this is less than the elapsed time. The scoring is
    repeated, and its time is the shortest.
    """
    measured: dict[str, float] = {}
    for cost in costs:
        if result.fit_error is not None:
            measured[cost.name] = np.nan
        elif cost.is_time:
            measured[cost.name] = _time(cost.name, result, watch, is_alone)
        else:
            measured[cost.name] = _measure(cost, estimator, error_score)
    return measured


def _time(name: str, result: FoldResult, watch: Stopwatch | None, is_alone: bool) -> float:
    seconds = float(getattr(result, name))
    if watch is None or watch.seconds is None or watch.cpu_of_fit is None:
        return seconds
    if name == "score_time":
        return watch.seconds
    undisturbed = watch.without_waiting(seconds)
    if undisturbed is not None:
        return undisturbed
    return seconds if is_alone else min(seconds, watch.cpu_of_fit)


def _measure(cost: Cost, estimator: Any, error_score: Any) -> float:
    try:
        return float(cost.function(estimator))
    except Exception as error:
        if error_score == "raise":
            raise
        warnings.warn(
            f"The cost {cost.name!r} of {estimator!r} could not be measured: "
            f"{type(error).__name__}: {error}",
            FitFailedWarning,
            stacklevel=2,
        )
        return np.nan
