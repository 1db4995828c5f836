"""States of a trial."""

from enum import IntEnum

__all__ = ["TrialState"]


class TrialState(IntEnum):
    """State of a trial.

    ``WAITING`` (enqueued, not started) and ``RUNNING`` are open states; ``COMPLETE``, ``PRUNED``
    and ``FAIL`` are final.

    Examples
    --------
    >>> from skhpo.trial import TrialState
    >>> TrialState.PRUNED.is_finished()
    True
    """

    RUNNING = 0
    COMPLETE = 1
    PRUNED = 2
    FAIL = 3
    WAITING = 4

    def is_finished(self) -> bool:
        """Return whether the state is final."""
        return self not in (TrialState.RUNNING, TrialState.WAITING)
