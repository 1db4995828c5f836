"""Callbacks of studies: those that stop a study, and a base class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo._parameters import HasParameters
from skhpo.history import History
from skhpo.multi_objective import hypervolume, reference_point
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study._study import Study

__all__ = ["MaxTrialsCallback", "NoImprovementCallback", "OptimizeCallback"]


class OptimizeCallback(ABC):
    """Base class of study callbacks that need to know when ``Study.optimize`` starts and ends."""

    @abstractmethod
    def optimizing(self, study: Study) -> AbstractContextManager[None]:
        """Return a context that is open while ``Study.optimize`` runs, in the caller's thread.

        Parameters
        ----------
        study : Study
            The study.
        """

    @abstractmethod
    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Called after each trial, in the thread of the trial.

        Parameters
        ----------
        study : Study
            The study.
        trial : FrozenTrial
            The record of the trial.
        """


class MaxTrialsCallback(HasParameters):
    """Stop when the study has `n_trials` trials, including those of earlier runs.

    Parameters
    ----------
    n_trials : int
        Number of trials.
    states : container of TrialState or None, default=(TrialState.COMPLETE,)
        Count only trials in these states; None counts all.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.study import MaxTrialsCallback
    >>> study = skhpo.create_study()
    >>> def objective(trial):
    ...     x = trial.suggest_float("x", 0, 1)
    ...     if trial.number % 2:
    ...         raise skhpo.TrialPruned()
    ...     return x
    >>> study.optimize(objective, callbacks=[MaxTrialsCallback(10)])
    >>> len(study.trials)
    19
    """

    def __init__(
        self,
        n_trials: int,
        states: Container[TrialState] | None = (TrialState.COMPLETE,),
    ) -> None:
        if n_trials < 1:
            raise ValueError(f"`n_trials` must be 1 or more; got {n_trials}.")
        self.n_trials = n_trials
        self.states = states

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Stop the study if it has enough trials."""
        if len(study.get_trials(deepcopy=False, states=self.states)) >= self.n_trials:
            study.stop()


class NoImprovementCallback(HasParameters):
    """Stop when the last trials did not improve the best value.

    The study stops once its best value is at most `min_delta` better than before the last
    `patience` trials. Failed, pruned and infeasible trials count as trials without improvement.
    The study continues until a first trial is complete and feasible.

    Parameters
    ----------
    patience : int
        Number of finished trials to wait for an improvement.
    min_delta : float, default=0.0
        Smallest difference that counts as an improvement, in the unit of the objective. With
        several objectives, in the unit of the hypervolume that the trials dominate.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.study import NoImprovementCallback
    >>> study = skhpo.create_study(sampler=skhpo.samplers.TPESampler(seed=0))
    >>> study.optimize(
    ...     lambda trial: trial.suggest_float("x", -1, 1) ** 2,
    ...     n_trials=1000,
    ...     callbacks=[NoImprovementCallback(patience=20, min_delta=1e-3)],
    ... )
    >>> len(study.trials) < 200
    True

    In a search:

    >>> from scipy.stats import randint, uniform
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> search = skhpo.TPESearchCV(
    ...     DecisionTreeClassifier(),
    ...     {"max_depth": randint(1, 20), "ccp_alpha": uniform(0.0, 0.1)},
    ...     n_iter=200,
    ...     callbacks=[NoImprovementCallback(patience=30)],
    ... )
    """

    def __init__(self, patience: int, min_delta: float = 0.0) -> None:
        if patience < 1:
            raise ValueError(f"`patience` must be 1 or more; got {patience}.")
        if not min_delta >= 0.0:
            raise ValueError(f"`min_delta` must be 0 or more; got {min_delta}.")
        self.patience = patience
        self.min_delta = min_delta

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Stop the study if the last trials did not improve the best value."""
        with study.log.lock:
            gain = _gain_of_last(study.history, self.patience)
        if gain <= self.min_delta:
            study.stop()


def _gain_of_last(history: History, n_last: int) -> float:
    """Return the improvement by the last finished trials; inf if earlier ones have no value."""
    state = history.state
    finished = np.flatnonzero((state != TrialState.RUNNING) & (state != TrialState.WAITING))
    earlier = _comparable_losses(history, finished[:-n_last])
    if len(earlier) == 0:
        return np.inf
    losses = _comparable_losses(history, finished)
    if history.n_objectives == 1:
        return float(earlier.min() - losses.min())
    reference = reference_point(losses)
    return float(hypervolume(losses, reference) - hypervolume(earlier, reference))


def _comparable_losses(history: History, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return finite losses of the complete feasible trials among `rows`."""
    complete = history.state[rows] == TrialState.COMPLETE
    losses = history.losses[rows[complete & (history.violation[rows] <= 0.0)]]
    finite: NDArray[np.float64] = losses[np.isfinite(losses).all(axis=1)]
    return finite
