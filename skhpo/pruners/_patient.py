"""Patience: a trial that still improves is not pruned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo.pruners._base import BasePruner
from skhpo.pruners._percentile import check_at_least
from skhpo.pruners._wrapping import WrappingPruner
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["PatientPruner"]


class PatientPruner(WrappingPruner):
    """Let another pruner stop a trial only after several steps without improvement.

    Parameters
    ----------
    wrapped_pruner : BasePruner or None
        Decides whether to stop the trial once the patience is exhausted. If None, the trial
        always stops then.
    patience : int
        Number of further reports without improvement to allow, after the first one.
    min_delta : float, default=0.0
        A trial continues while its last reports are worse than the best earlier one by at most
        this amount.

    Notes
    -----
    If the wrapped pruner compares the scores of single folds, as :class:`RacingPruner` does,
    improvement is measured by the mean of the folds so far.

    Examples
    --------
    >>> import skhpo
    >>> from skhpo.pruners import MedianPruner, PatientPruner
    >>> study = skhpo.create_study(pruner=PatientPruner(MedianPruner(), patience=3))
    """

    def __init__(
        self, wrapped_pruner: BasePruner | None, patience: int, min_delta: float = 0.0
    ) -> None:
        check_at_least("patience", patience, 0)
        if not min_delta >= 0.0:
            raise ValueError(f"`min_delta` must be 0 or more; got {min_delta}.")
        super().__init__(wrapped_pruner)
        self.patience = patience
        self.min_delta = min_delta

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Ask the wrapped pruner if the last reports are no better than the earlier ones."""
        losses = study.history.sign * self._progress(trial)
        if len(losses) <= self.patience + 1:
            return False
        before = np.fmin.reduce(losses[: -self.patience - 1])  # NaN only if all values are NaN
        recent = np.fmin.reduce(losses[-self.patience - 1 :])
        with np.errstate(over="ignore"):
            has_improved = not before + self.min_delta < recent
        if has_improved:
            return False
        return self.wrapped_pruner is None or self.wrapped_pruner.prune(study, trial)

    def _progress(self, trial: FrozenTrial) -> NDArray[np.float64]:
        """Return the reports by step; for single folds, the running means in report order."""
        reported = trial.intermediate_values
        if not self.reads_fold_scores:
            return np.array([reported[step] for step in sorted(reported)])
        values = np.array(list(reported.values()))
        with np.errstate(over="ignore", invalid="ignore"):
            means: NDArray[np.float64] = np.cumsum(values) / np.arange(1, len(values) + 1)
        return means
