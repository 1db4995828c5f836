"""The pruner that never prunes."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Return False."""
        return False
