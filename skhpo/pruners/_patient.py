"""Patience: no pruning while a trial still gets better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skhpo.pruners._base import BasePruner
from skhpo.pruners._percentile import check_at_least
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["PatientPruner"]


class PatientPruner(BasePruner):
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
        self.wrapped_pruner = wrapped_pruner
        self.patience = patience
        self.min_delta = min_delta

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Ask the wrapped pruner, if the last reports are no better than those before."""
        reports = sorted(trial.intermediate_values.items())
        if len(reports) <= self.patience + 1:
            return False
        losses = study.history.sign * np.array([value for _, value in reports])
        before = np.fmin.reduce(losses[: -self.patience - 1])  # NaN only if all are
        recent = np.fmin.reduce(losses[-self.patience - 1 :])
        if not before + self.min_delta < recent:
            return False
        return self.wrapped_pruner is None or self.wrapped_pruner.prune(study, trial)
