"""What the plots of parameters in the dialect share: which trials, which parameters, which axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skhpo._hints import did_you_mean
from skhpo.logging import get_logger
from skhpo.plots._axes import LONGEST_LABEL, ParamAxis, short, tick_places
from skhpo.plots._data._scores import Scores, scores_of
from skhpo.plots._data._trials import Target
from skhpo.visualization._arguments import check_target, log_that_none_is_complete

if TYPE_CHECKING:
    from skhpo.study import Study
    from skhpo.trial import FrozenTrial

__all__ = ["axis_options", "complete_scores", "hover_texts", "shown_params"]

N_HOVER_CHARACTERS = 60  # of a value

_logger = get_logger(__name__)


def complete_scores(
    study: Study, target: Target | None, target_name: str, *, finite: bool = True
) -> Scores:
    """Return the values of the complete trials; the other trials have none.

    Parameters
    ----------
    study : Study
        The study.
    target : callable or None
        Function that takes a complete trial and returns the number to show.
    target_name : str
        Name of the values.
    finite : bool, default=True
        Whether to leave out infinite values.
    """
    check_target([study], target, target_name)
    scores = scores_of(study, target=target, name=target_name)
    value = scores.value
    if finite and np.isinf(value).any():
        numbers = scores.table.numbers[np.isinf(value)].tolist()
        _logger.warning(f"The plot omits trials whose value is infinite: {numbers}.")
        value = np.where(np.isinf(value), np.nan, value)
    if np.isnan(value).all():
        log_that_none_is_complete()
    return replace(scores, value=value, predicted=np.full_like(value, np.nan))


def shown_params(scores: Scores, params: Sequence[str] | None) -> list[str]:
    """Return the given parameters, or all that a complete trial has, in alphabetical order.

    Raises
    ------
    ValueError
        If no complete trial has a parameter.
    """
    rows = ~np.isnan(scores.value)
    known = sorted(
        name for name, values in scores.table.params.items() if not values[rows].mask.all()
    )
    if not rows.any():
        return []
    for name in params or ():
        if name not in known:
            hint = did_you_mean(name, known)
            raise ValueError(
                f"No complete trial has the parameter {name!r}; known parameters: {known}.{hint}"
            )
    return known if params is None else list(params)


def axis_options(axis: ParamAxis) -> dict[str, Any]:
    """Return the options of an axis of plotly: title, scale, range, and ticks of choices."""
    options: dict[str, Any] = {"title": {"text": axis.name}}
    low, high = axis.limits
    if axis.scale == "category":
        labels = axis.labels
        at = tick_places(len(labels))
        options |= {"tickvals": at, "range": [low, high]}
        options["ticktext"] = [short(labels[i], LONGEST_LABEL) for i in at]
    elif np.isfinite(low):
        is_log = axis.scale == "log"
        options |= {"type": "log" if is_log else "linear"}
        options["range"] = [float(np.log10(end)) if is_log else end for end in (low, high)]
    return options


def hover_texts(
    trials: Sequence[FrozenTrial], values: NDArray[np.float64], target_name: str
) -> list[str]:
    """Return a text for each trial: its number, parameters and value."""
    return [
        "<br>".join(
            [
                f"Trial #{trial.number}",
                *(
                    f"{name}: {short(str(one), N_HOVER_CHARACTERS)}"
                    for name, one in trial.params.items()
                ),
                f"<b>{target_name}: {value:.6g}</b>",
            ]
        )
        for trial, value in zip(trials, values, strict=True)
    ]
