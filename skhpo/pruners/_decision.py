"""The decision of a pruner on a running trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from skhpo.trial import FrozenTrial

__all__ = ["Decision", "StoppingRule"]


@dataclass(frozen=True)
class Decision:
    """Decision whether to stop a trial, with the reason and the predicted value.

    A decision is true if the trial should stop.

    Parameters
    ----------
    stop : bool
        Whether to stop the trial.
    reason : str, default=""
        The reason, readable by humans; empty if the trial continues.
    predicted : float, default=None
        Predicted final value of the trial; None if the pruner does not predict it.
    variance : float, default=None
        Variance of the prediction error.

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
"""A frozen pruner: a function that decides on a running trial."""
