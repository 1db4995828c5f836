"""Compatibility with Optuna's samplers: constraint functions and unsupported arguments."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from skhpo._hints import did_you_mean
from skhpo.trial import FrozenTrial
from skhpo.trial._base import CONSTRAINT

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["ConstraintsFunction", "check_left_out", "record_constraints"]

ConstraintsFunction = Callable[[FrozenTrial], Sequence[float]]

# They control warnings that no sampler here issues.
_ONLY_WARNINGS = {"warn_independent_sampling", "warn_asynchronous_seeding"}


def check_left_out(
    kind: type, given: Mapping[str, Any], reasons: Mapping[str, tuple[Any, str]]
) -> None:
    """Reject arguments of Optuna's samplers that are not supported.

    Parameters
    ----------
    kind : type
        The sampler's class.
    given : mapping of str to object
        Additional keyword arguments of the constructor.
    reasons : mapping of str to tuple of object and str
        By name: the accepted value besides None, and the reason why no other value is supported.

    Raises
    ------
    TypeError
        If a name is unknown, or its value is not supported.
    """
    for name, value in given.items():
        if name in _ONLY_WARNINGS:
            continue
        if name not in reasons:
            parameters = (
                [*kind.default_params(), *reasons] if hasattr(kind, "default_params") else reasons
            )
            raise TypeError(
                f"{kind.__name__} has no argument {name!r}.{did_you_mean(name, parameters)}"
            )
        harmless, why = reasons[name]
        if value is not None and value is not harmless:
            raise TypeError(
                f"{kind.__name__} does not support `{name}`: {why}; got {name}={value!r}."
            )


def record_constraints(study: Study, trial: FrozenTrial, function: ConstraintsFunction) -> None:
    """Compute a trial's constraints and store them, with their positions as names.

    Raises
    ------
    TypeError, ValueError
        If the function does not return numbers.
    """
    returned = function(copy.deepcopy(trial))
    try:
        constraints = [float(value) for value in returned]
    except TypeError:
        raise TypeError(
            f"`constraints_func` must return a sequence of numbers; got {returned!r}."
        ) from None
    if any(map(math.isnan, constraints)):
        raise ValueError(f"`constraints_func` must not return NaN; got {returned!r}.")
    for position, value in enumerate(constraints):
        if str(position) not in trial.constraints:
            key = f"{CONSTRAINT}{position}"
            study.storage.set_trial_system_attr(trial.trial_id, key, value)
