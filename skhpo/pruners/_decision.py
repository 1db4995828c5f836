"""What a pruner decides of a trial under way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from skhpo.trial import FrozenTrial

__all__ = ["Decision", "StoppingRule"]


@dataclass(frozen=True)
class Decision:
    """Whether to stop a trial, why, and what its value would have been.

    A decision is true if the trial is to be stopped.

    Parameters
    ----------
    stop : bool
        Whether to stop the trial.
    reason : str, default=""
        Why, for people; empty if the trial goes on.
    predicted : float, default=None
        The value that the trial is expected to have at its end; None if the pruner does not
        predict it.
    variance : float, default=None
        Variance of the error of that prediction.

    Examples
    --------
    >>> from skhpo.pruners import Decision
    >>> decision = Decision(True, reason="worse than the median at step 3")
    >>> bool(decision)
    True
    """

    stop: bool
    reason: str = ""
    predicted: float | None = None
    variance: float | None = None

    def __bool__(self) -> bool:
        return self.stop


StoppingRule: TypeAlias = Callable[[FrozenTrial], Decision]
"""A pruner as of some moment: decides on a trial under way."""
