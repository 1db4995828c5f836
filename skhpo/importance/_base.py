"""Base class of importance evaluators, and the choice of the trials they use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo.history import PREDICTED_VALUE
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["BaseImportanceEvaluator", "Target", "by_importance", "check_params", "read_trials"]

Target = Callable[[FrozenTrial], float]


class BaseImportanceEvaluator(ABC):
    """Base class of evaluators of parameter importances.

    Subclasses define :meth:`evaluate`. Pass an instance to :func:`get_param_importances`.
    """

    @abstractmethod
    def evaluate(
        self, study: Study, params: Sequence[str] | None = None, *, target: Target | None = None
    ) -> dict[str, float]:
        """Return the importance of each parameter.

        Parameters
        ----------
        study : Study
            The study.
        params : sequence of str, optional
            Names of the parameters.
        target : callable, optional
            Function that takes a trial and returns the number to explain. Default: the
            objective's value.

        Returns
        -------
        importances : dict of str to float
            Importances by name, 0 or more, the largest first.
        """


def read_trials(
    study: Study, target: Target | None
) -> tuple[list[FrozenTrial], NDArray[np.float64]]:
    """Return the trials to use and their values; trials with infinite values are left out.

    Parameters
    ----------
    study : Study
        The study.
    target : callable or None
        Function applied to the complete trials. None uses the values of the complete trials, and
        the predicted values of those that were stopped early.

    Returns
    -------
    trials : list of FrozenTrial
    values : ndarray of shape (n_trials, n_objectives), or (n_trials, 1) with a target
    """
    trials: list[FrozenTrial] = []
    rows: list[Sequence[float]] = []
    for trial in study.get_trials(deepcopy=False):
        if trial.state == TrialState.COMPLETE:
            assert trial.values is not None
            rows.append(trial.values if target is None else [float(target(trial))])
            trials.append(trial)
        elif target is None and PREDICTED_VALUE in trial.system_attrs:
            rows.append(np.atleast_1d(trial.system_attrs[PREDICTED_VALUE]).tolist())
            trials.append(trial)
    n_values = len(study.directions) if target is None else 1
    values = np.array(rows, dtype=np.float64).reshape(len(trials), n_values)
    finite = np.isfinite(values).all(axis=1)
    return [trials[i] for i in np.flatnonzero(finite)], values[finite]


def check_params(params: Sequence[str] | None) -> None:
    """Raise a TypeError if `params` is not a list of names."""
    if params is None:
        return
    if isinstance(params, str) or not isinstance(params, Sequence):
        raise TypeError(f"`params` must be a list of names; got {params!r}.")
    if not all(isinstance(name, str) for name in params):
        raise TypeError(f"`params` must hold names only; got {params!r}.")


def by_importance(importances: Mapping[str, float]) -> dict[str, float]:
    """Sort importances, the largest first; equal ones keep their order."""
    return dict(sorted(importances.items(), key=lambda item: -item[1]))
