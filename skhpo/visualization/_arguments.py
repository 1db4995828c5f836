"""Arguments that the plots of the dialect share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from skhpo._warnings import warn_user
from skhpo.logging import get_logger
from skhpo.plots._data._trials import Target

if TYPE_CHECKING:
    from skhpo.study import Study

__all__ = ["TARGET_NAME", "check_target", "log_that_none_is_complete"]

TARGET_NAME = "Objective Value"

_logger = get_logger(__name__)


def check_target(studies: Sequence[Study], target: Target | None, target_name: str) -> None:
    """Check that the values to plot are clear.

    Raises
    ------
    ValueError
        If a study has several objectives and there is no target.
    """
    if target is None and any(len(study.directions) > 1 for study in studies):
        raise ValueError(
            "The study has several objectives: give a `target`, for example "
            "target=lambda trial: trial.values[0]."
        )
    if target is not None and target_name == TARGET_NAME:
        warn_user("`target` is given without `target_name`, which is the label of the values.")


def log_that_none_is_complete() -> None:
    """Log that a plot is empty because no trial is complete."""
    _logger.warning("There are no complete trials, so the plot is empty.")
