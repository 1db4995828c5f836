"""The times of fitting a front and of finding it: whether it is worth sharing."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median

__all__ = ["Ledger"]

N_TIMES = 15  # newest times that count
N_FOUND = 5  # times found before a decision


def _times() -> deque[float]:
    return deque(maxlen=N_TIMES)


@dataclass
class Ledger:
    """What a front has cost in one process. It decides about time only, never about a result.

    Attributes
    ----------
    fitting, finding : deque of float
        Seconds of the newest fits, and of the newest lookups with their copies.
    n_fitted, n_found : int
        How often it was fitted and found.
    is_refused : bool
        Whether it cannot be shared, because a step changes when it transforms.
    """

    fitting: deque[float] = field(default_factory=_times)
    finding: deque[float] = field(default_factory=_times)
    n_fitted: int = 0
    n_found: int = 0
    is_refused: bool = False

    def fitted(self, seconds: float) -> None:
        """Record a front that was fitted."""
        self.n_fitted += 1
        self.fitting.append(seconds)

    def found(self, seconds: float) -> None:
        """Record a front that was found."""
        self.n_found += 1
        self.finding.append(seconds)

    def is_worth_it(self, n_folds: int) -> bool:
        """Whether the front should be shared further.

        It should not if finding it takes longer than fitting it, or if it was never found among
        many: each fold fits it once before anything can be found.
        """
        if self.is_refused:
            return False
        if self.n_found == 0:
            return self.n_fitted < 20 + 3 * n_folds
        if self.n_found < N_FOUND or not self.fitting:
            return True
        return median(self.finding) < median(self.fitting)
