"""By how much the chosen candidate beats the estimator as given, and whether that is luck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skhpo._statistics import PairedDifference, corrected_t_test
from skhpo.reporting._document import number, signed
from skhpo.reporting._subject import FloatArray, Subject
from skhpo.search.selection._selection_bias import expected_optimism

__all__ = ["Gain", "Luck", "gain_of", "luck_of", "verdict"]


@dataclass(frozen=True)
class Luck:
    """The selection bias of the best score.

    Attributes
    ----------
    optimism : float
        By how much the score of the best candidate is probably too good.
    error : float
        Standard error of the mean score of a candidate, compared with others on the same folds.
    n_complete : int
        Number of complete candidates.
    """

    optimism: float
    error: float
    n_complete: int


@dataclass(frozen=True)
class Gain:
    """The gain over the estimator as given, over the folds.

    Attributes
    ----------
    gain : float
        Mean improvement; positive is better, whatever the direction of the objective.
    paired : PairedDifference or None
        Interval and test over the folds; None without complete folds, or for a splitter whose
        sizes are unknown.
    """

    gain: float
    paired: PairedDifference | None


def luck_of(subject: Subject) -> Luck | None:
    """Return the selection bias of the best score; None without fold scores."""
    complete = subject.is_complete
    if subject.folds is None or subject.has_front or complete.sum() < 2:
        return None
    folds = _as_scores(subject, subject.folds[complete])
    if np.isnan(folds).any():
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        optimism, error = expected_optimism(folds)
    return Luck(optimism, error, int(complete.sum()))


def gain_of(subject: Subject) -> Gain | None:
    """Return the gain in the first objective; None if either candidate is unknown."""
    best, default = subject.best, subject.default
    if best is None or default is None or not subject.is_complete[[best, default]].all():
        return None
    sign = 1.0 if subject.greater_is_better[0] else -1.0
    gain = sign * float(subject.values[best, 0] - subject.values[default, 0])
    paired = None
    if subject.folds is not None and subject.test_per_train is not None:
        scores = _as_scores(subject, subject.folds)
        paired = corrected_t_test(scores[best] - scores[default], subject.test_per_train)
        paired = paired if paired.n >= 2 else None
    return Gain(gain, paired)


def verdict(subject: Subject, gain: Gain | None, luck: Luck | None) -> str:
    """Return one or two sentences on whether the gain is real."""
    if gain is None:
        return "The report cannot compare the winner with the estimator as given."
    if subject.best == subject.default:
        return "The estimator as given is the winner. The search found nothing better."
    if gain.gain <= 0.0:
        return "The winner is not better than the estimator as given on these folds."
    optimism = 0.0 if luck is None else luck.optimism
    if luck is not None and gain.gain < luck.optimism + luck.error:
        return (
            "The gain is about what the luck of choosing the best of many candidates gives "
            f"({number(luck.optimism, 2)} ± {number(luck.error, 2)}). On new data, expect little "
            "or no improvement."
        )
    if gain.paired is None:
        return "Whether the gain is luck was not tested, as scores of the folds are missing."
    if gain.paired.low - optimism > 0.0:
        return "The gain is larger than chance and the luck of the choice explain."
    return (
        "The gain may be chance: without the luck of the choice, its 95% interval contains 0. More "
        "folds would tell."
    )


def describe_gain(gain: Gain) -> str:
    """Return the gain with its interval and p-value."""
    text = signed(gain.gain)
    if gain.paired is None:
        return text
    return (
        f"{text} (95% interval {signed(gain.paired.low)} to {signed(gain.paired.high)}, "
        f"p = {number(gain.paired.p_value, 2)})"
    )


def _as_scores(subject: Subject, folds: FloatArray) -> FloatArray:
    return folds if subject.greater_is_better[0] else -folds
