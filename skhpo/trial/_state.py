"""The states that a trial passes through."""

from enum import IntEnum

__all__ = ["TrialState"]


class TrialState(IntEnum):
    """State of a trial.

    ``WAITING`` (enqueued, not yet asked for) and ``RUNNING`` are open;
    ``COMPLETE``, ``PRUNED`` and ``FAIL`` are final.

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
        """Whether the trial has ended, in whichever way."""
        return self not in (TrialState.RUNNING, TrialState.WAITING)
