"""Pruners that wrap another pruner and delegate the calls of a search to it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skhpo.pruners._base import BasePruner
from skhpo.pruners._decision import Decision, StoppingRule
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from typing import Self

    from skhpo.study import Study

__all__ = ["WrappingPruner"]


class WrappingPruner(BasePruner):
    """Base class of pruners that add a rule to another pruner.

    A subclass implements :meth:`prune`, which calls ``self.wrapped_pruner.prune(study, trial)``.
    A search uses the wrapped pruner as if it were not wrapped: it reads the same values, its
    fold order applies, and it receives the rungs of a resource.

    Parameters
    ----------
    wrapped_pruner : BasePruner or None
        The wrapped pruner; None if there is none.

    Examples
    --------
    A pruner that never stops every tenth trial:

    >>> from skhpo.pruners import RacingPruner, WrappingPruner
    >>> class SparesSome(WrappingPruner):
    ...     def prune(self, study, trial):
    ...         return trial.number % 10 > 0 and self.wrapped_pruner.prune(study, trial)
    >>> SparesSome(RacingPruner()).reads_fold_scores
    True
    """

    def __init__(self, wrapped_pruner: BasePruner | None) -> None:
        self.wrapped_pruner = wrapped_pruner

    @property
    def reads_fold_scores(self) -> bool:  # type: ignore[override]
        """Whether the wrapped pruner reads the scores of single folds."""
        return self.wrapped_pruner is not None and self.wrapped_pruner.reads_fold_scores

    @property
    def resource_factor(self) -> int | None:
        """Return the resource factor of the wrapped pruner."""
        return None if self.wrapped_pruner is None else self.wrapped_pruner.resource_factor

    def freeze(self, study: Study) -> StoppingRule:
        """Return the pruner's current rule, with the wrapped pruner frozen, too."""
        if self.wrapped_pruner is None:
            return super().freeze(study)
        inside = self.wrapped_pruner.freeze(study)
        outside = BasePruner.freeze(self._around(_Frozen(self.wrapped_pruner, inside)), study)

        def decide(trial: FrozenTrial) -> Decision:
            decision = outside(trial)
            if not decision:
                return decision
            wrapped = inside(trial)
            reason = ", ".join(filter(None, (decision.reason, wrapped.reason)))
            return Decision(True, reason, wrapped.predicted, wrapped.variance)

        return decide

    def fold_order(self, number: int, n_folds: int) -> NDArray[np.int64]:
        """Return the fold order of the wrapped pruner."""
        if self.wrapped_pruner is None:
            return super().fold_order(number, n_folds)
        return self.wrapped_pruner.fold_order(number, n_folds)

    def least_resource(self, number: int) -> int:
        """Return the first step for the wrapped pruner."""
        return 0 if self.wrapped_pruner is None else self.wrapped_pruner.least_resource(number)

    def on_rungs(self, smallest: int, largest: int) -> Self:
        """Return a copy whose wrapped pruner uses the rungs of a resource."""
        if self.wrapped_pruner is None:
            return copy.deepcopy(self)
        return copy.deepcopy(self._around(self.wrapped_pruner.on_rungs(smallest, largest)))

    def _around(self, pruner: BasePruner) -> Self:
        """Return a shallow copy that wraps another pruner."""
        around = copy.copy(self)
        around.wrapped_pruner = pruner
        return around


class _Frozen(WrappingPruner):
    """A frozen pruner with the interface of the original one."""

    def __init__(self, pruner: BasePruner, rule: StoppingRule) -> None:
        super().__init__(pruner)
        self._rule = rule

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        return bool(self._rule(trial))
