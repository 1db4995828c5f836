"""The end of a trial: check its outcome, notify the sampler, and store it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from skhpo._warnings import warn_user
from skhpo.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from skhpo.study._study import Study

__all__ = ["end_trial", "read_outcome"]


def read_outcome(
    values: Any, state: TrialState | None, n_objectives: int
) -> tuple[list[float] | None, TrialState]:
    """Check the arguments of :meth:`Study.tell`; return the values and the state.

    Parameters
    ----------
    values : float or sequence of float, optional
        As for :meth:`Study.tell`.
    state : TrialState, optional
        As for :meth:`Study.tell`.
    n_objectives : int
        Required number of values.

    Returns
    -------
    values : list of float or None
    state : TrialState
        FAIL, with a warning, if the values are invalid and no state was given.
    """
    if state in (TrialState.PRUNED, TrialState.FAIL):
        if values is not None:
            raise ValueError(f"A trial with state {state.name} takes no value; got {values!r}.")
        return None, state
    if state not in (None, TrialState.COMPLETE):
        raise ValueError(f"`state` must be COMPLETE, PRUNED or FAIL; got {state!r}.")
    try:
        return _as_numbers(values, n_objectives), TrialState.COMPLETE
    except ValueError as error:
        if state == TrialState.COMPLETE:
            raise
        warn_user(f"{error} The trial has failed.")
        return None, TrialState.FAIL


def end_trial(
    study: Study,
    trial: FrozenTrial,
    state: TrialState,
    values: list[float] | None,
    prediction: tuple[Sequence[float], Sequence[float]] | None = None,
) -> None:
    """Notify the sampler of a trial's end, and store the end even if the sampler raises an error.

    Parameters
    ----------
    study : Study
        The study.
    trial : FrozenTrial
        The record of the trial.
    state, values, prediction
        As for :meth:`TrialLog.finish`.
    """
    try:
        study.sampler.after_trial(study, trial, state, values)
    finally:
        study.log.finish(trial, state, values, prediction)


def _as_numbers(values: Any, n_objectives: int) -> list[float]:
    """Convert the values to floats; any error becomes a ValueError."""
    try:
        given = list(values) if _holds_several(values) else [values]
    except Exception as error:
        raise ValueError(f"The values cannot be read: {error!r}.") from error
    if len(given) != n_objectives:
        raise ValueError(
            f"The study has {n_objectives} objective{'s' * (n_objectives > 1)}; "
            f"got {len(given)} value{'s' * (len(given) != 1)}: {values!r}."
        )
    return [_as_number(value) for value in given]


def _holds_several(values: Any) -> bool:
    """Return whether it is a sequence, or an array, tensor or series of at least one axis."""
    if isinstance(values, str):
        return False
    return isinstance(values, Sequence) or getattr(values, "ndim", 0) > 0


def _as_number(value: Any) -> float:
    try:
        number = float(value.item() if getattr(value, "ndim", 0) > 0 else value)
    except Exception as error:
        raise ValueError(f"The value {value!r} is not a number.") from error
    if math.isnan(number):
        raise ValueError(f"The value {value!r} is not a number.")
    return number
