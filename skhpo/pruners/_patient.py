"""Patience: no pruning while a trial still gets better."""

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
    """Let another pruner stop a trial only once it has not improved for some steps.

    Parameters
    ----------
    wrapped_pruner : BasePruner or None
        Decides once patience is at an end; None stops the trial then.
    patience : int
        Number of reports to wait for a better one, after the next.
    min_delta : float, default=0.0
        A trial keeps its chance while its last reports are worse than the best before by no more
        than this.

    Notes
    -----
    If the wrapped pruner compares the scores of single folds, as :class:`RacingPruner` does, the
    patience is with the mean of the folds so far.

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
        """Ask the wrapped pruner, if the last reports are no better than those before."""
        losses = study.history.sign * self._progress(trial)
        if len(losses) <= self.patience + 1:
            return False
        before = np.fmin.reduce(losses[: -self.patience - 1])  # NaN only if all are
        recent = np.fmin.reduce(losses[-self.patience - 1 :])
        with np.errstate(over="ignore"):
            has_improved = not before + self.min_delta < recent
        if has_improved:
            return False
        return self.wrapped_pruner is None or self.wrapped_pruner.prune(study, trial)

    def _progress(self, trial: FrozenTrial) -> NDArray[np.float64]:
        """The reports by step; of single folds the mean so far, in the order of the reports."""
        reported = trial.intermediate_values
        if not self.reads_fold_scores:
            return np.array([reported[step] for step in sorted(reported)])
        values = np.array(list(reported.values()))
        with np.errstate(over="ignore", invalid="ignore"):
            means: NDArray[np.float64] = np.cumsum(values) / np.arange(1, len(values) + 1)
        return means
