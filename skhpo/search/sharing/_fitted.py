"""Fitted steps with their output, as the store keeps them."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skhpo.search.sharing._outputs import KeptOutput, keep
from skhpo.search.sharing._value_keys import dump_state, weigh

__all__ = ["Fitted", "keep_fitted"]


@dataclass(frozen=True)
class Fitted:
    """Steps that have been fitted on the training rows of a fold.

    Attributes
    ----------
    kept : tuple of estimator, or bytes
        The fitted steps. Bytes, if everyone needs copies of their own.
    output : KeptOutput
        The training rows, transformed.
    seconds : float
        How long the fits took.
    n_bytes : int
        Size of all.
    """

    kept: tuple[Any, ...] | bytes
    output: KeptOutput
    seconds: float
    n_bytes: int

    @property
    def are_common(self) -> bool:
        """Whether everyone who finds the steps gets the same ones."""
        return not isinstance(self.kept, bytes)

    def steps(self) -> list[Any]:
        """Return the fitted steps, or copies of them."""
        return list(pickle.loads(self.kept) if isinstance(self.kept, bytes) else self.kept)


def keep_fitted(
    steps: Sequence[Any], output: Any, seconds: float, *, is_private: bool
) -> Fitted | None:
    """Return fitted steps to keep; None if they cannot be kept.

    Parameters
    ----------
    steps : sequence of estimator
        The fitted steps.
    output : object
        The training rows, transformed.
    seconds : float
        How long the fits took.
    is_private : bool
        Whether nobody but scikit-learn sees the steps.
    """
    steps = list(steps)
    try:
        n_bytes, has_random_state = weigh(steps)
        kept: tuple[Any, ...] | bytes = tuple(steps)
        if has_random_state or not is_private:
            kept = dump_state(steps)
        copies = keep(output)
    except Exception:  # of whatever an estimator or its output does when it is copied
        return None
    return Fitted(kept, copies, seconds, n_bytes + copies.n_bytes)
