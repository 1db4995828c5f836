"""Reading what a study is told at the end of a trial."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from skhpo.trial import TrialState

__all__ = ["read_outcome"]


def read_outcome(
    values: Any, state: TrialState | None, n_objectives: int
) -> tuple[list[float] | None, TrialState]:
    """Check what :meth:`Study.tell` is given; return the values and the state.

    Parameters
    ----------
    values : float or sequence of float, optional
        As given.
    state : TrialState, optional
        As given.
    n_objectives : int
        How many values there should be.

    Returns
    -------
    values : list of float or None
    state : TrialState
        FAIL, with a warning, if the values are not what they should be and no state was given.
    """
    if state in (TrialState.PRUNED, TrialState.FAIL):
        if values is not None:
            raise ValueError(f"A trial told as {state.name} takes no value; got {values!r}.")
        return None, state
    if state not in (None, TrialState.COMPLETE):
        raise ValueError(f"`state` must be COMPLETE, PRUNED or FAIL; got {state!r}.")
    try:
        return _as_numbers(values, n_objectives), TrialState.COMPLETE
    except ValueError as error:
        if state == TrialState.COMPLETE:
            raise
        warnings.warn(f"{error} The trial has failed.", stacklevel=3)
        return None, TrialState.FAIL


def _as_numbers(values: Any, n_objectives: int) -> list[float]:
    is_sequence = isinstance(values, Sequence | np.ndarray) and not isinstance(values, str)
    given = list(values) if is_sequence else [values]
    if len(given) != n_objectives:
        raise ValueError(
            f"The study has {n_objectives} objective{'s' * (n_objectives > 1)}; "
            f"got {len(given)} value{'s' * (len(given) != 1)}: {values!r}."
        )
    return [_as_number(value) for value in given]


def _as_number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"The value {value!r} is no number.") from None
    if math.isnan(number):
        raise ValueError(f"The value {value!r} is no number.")
    return number
