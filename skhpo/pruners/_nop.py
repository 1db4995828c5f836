"""The pruner that never prunes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar

from skhpo.pruners._base import BasePruner
from skhpo.trial import FrozenTrial

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["NopPruner"]


class NopPruner(BasePruner):
    """Let every trial run to its end.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study(pruner=skhpo.pruners.NopPruner())
    """

    can_stop: ClassVar[bool] = False
    reads_fold_scores: ClassVar[bool] = True

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Return False."""
        return False

    def least_resource(self, number: int) -> int:
        """Return the largest integer: without pruning, only the last rung matters."""
        return sys.maxsize
